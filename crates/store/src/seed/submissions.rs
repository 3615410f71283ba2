//! What the ministries have sent to FIN in AUG2026: one ordinary submission and one supplement each.
//!
//! Cases created on the same day took the step `godkjent_pol → sendt_til_fin` at the same instant, so
//! each day's cases make one submission, dated by that step.

use std::ops::Range;

use super::cases::DemoCase;
use super::ids::{days, stable_id};
use super::organisation::Round;
use super::rows::{SubmissionCaseRow, SubmissionRow};

/// Days from creation to the step that sends a case to FIN (seed-data 4.5).
const SENT_DAY: usize = 15;
/// Indexes of the cases sent together, by creation day; the second set is the supplement.
const SETS: [Range<usize>; 2] = [12..20, 20..30];

/// Submissions and their links to cases.
#[derive(Default)]
pub(super) struct Submissions {
    pub(super) rows: Vec<SubmissionRow>,
    pub(super) links: Vec<SubmissionCaseRow>,
}

/// The two submissions of the ministry whose cases these are.
pub(super) fn submissions(cases: &[DemoCase<'_>]) -> Submissions {
    let mut submissions = Submissions::default();
    for (nth, indexes) in SETS.into_iter().enumerate() {
        let sent: Vec<&DemoCase<'_>> =
            cases.iter().filter(|case| indexes.contains(&case.index)).collect();
        let Some(first) = sent.first() else { continue };
        let id = stable_id("submission", &format!("{} {nth}", first.ministry.code));
        submissions.rows.push(SubmissionRow {
            id,
            budget_round_id: Round::Aug2026.id(),
            department_id: first.ministry.id(),
            submitted_by: first.team.budsjettenhet,
            is_supplement: nth > 0,
            submitted_at: first.created_at + days(SENT_DAY),
        });
        let link = |case: &&DemoCase<'_>| SubmissionCaseRow { submission_id: id, case_id: case.id };
        submissions.links.extend(sent.iter().map(link));
    }
    submissions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::cases::demo_cases;
    use crate::seed::organisation::MINISTRIES;
    use crate::seed::people::Team;
    use crate::seed::plan::past_steps;
    use domain::status::Status;

    #[test]
    fn every_case_of_a_submission_was_sent_at_its_instant() {
        for (nth, ministry) in MINISTRIES.iter().enumerate() {
            let team = Team::of(ministry);
            let cases = demo_cases(nth, ministry, &team, None);
            let submissions = submissions(&cases);
            assert_eq!((submissions.rows.len(), submissions.links.len()), (2, 18));
            for link in &submissions.links {
                let case = cases.iter().find(|case| case.id == link.case_id).unwrap();
                let steps = past_steps(case.plan.status);
                let sent = steps.iter().find(|step| step.to == Status::SendtTilFin).unwrap();
                let row = submissions.rows.iter().find(|row| row.id == link.submission_id).unwrap();
                assert_eq!(row.submitted_at, case.created_at + days(sent.day), "{}", case.index);
            }
        }
    }
}
