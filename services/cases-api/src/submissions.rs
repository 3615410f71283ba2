//! Sending cases to the Ministry of Finance together (E45 and E46).
//!
//! All or nothing (I1): every case is locked, then judged, then sent, in one transaction. What a
//! submission does to a case is what a status change to `sendt_til_fin` does, by the same rules
//! (D-24); only the event differs.

use std::collections::{HashMap, HashSet};

use domain::ids::{BudgetRoundId, CaseId, DepartmentId, UserId};
use domain::status::Step;
use domain::submission::{Candidate, Ineligible, SUBMITTED, Terms, bound_department};
use domain::visibility::can_open;
use edge::actor::Actor;
use store::cases::CaseRow;
use store::pool::PooledConnection;
use store::submissions::{self, CandidateRow, NamedSubmissionRow, NewSubmission};
use store::transaction::transaction;
use store::{StoreError, case_status, rounds};
use uuid::Uuid;

use crate::cases::{CaseError, FieldErrors, expect_open_round};
use crate::changes::Changes;
use crate::list_cache::PageKey;

/// Most cases of one submission: ten times what a ministry has in a round.
pub const MAX_CASES: usize = 500;

/// Why cases were not sent, or submissions not listed.
#[derive(Debug, thiserror::Error)]
pub enum SubmissionError {
    /// What was sent breaks a rule, whatever the cases are like.
    #[error(transparent)]
    Invalid(#[from] CaseError),
    /// Some of the cases cannot be sent.
    #[error("cases cannot be sent")]
    Refused(Vec<RefusedCase>),
    /// The database failed.
    #[error("submission could not be loaded or saved")]
    Store(#[from] StoreError),
}

/// A case that keeps a submission back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedCase {
    /// Its place in the list that was sent.
    pub position: usize,
    /// Its name; not to be shown when the case is not of the submitting ministry.
    pub case_name: String,
    /// What is wrong.
    pub reason: Ineligible,
}

/// A submission that somebody asks for.
#[derive(Debug)]
pub struct SubmissionInput {
    /// The round.
    pub budget_round_id: BudgetRoundId,
    /// The cases.
    pub case_ids: Vec<CaseId>,
    /// Whether it comes after an earlier one.
    pub is_supplement: bool,
}

/// A submission with its cases as they are now.
#[derive(Debug)]
pub struct Submission {
    /// The submission with names.
    pub row: NamedSubmissionRow,
    /// The cases that the reader may open, by name.
    pub cases: Vec<CaseRow>,
}

/// Lists the submissions that the caller sees, newest first (E45).
///
/// A case that its ministry has taken back is gone from what the Ministry of Finance sees of the
/// submission, because its present amount and status are no business of theirs any more (I6).
///
/// # Errors
///
/// When the database fails.
pub async fn list_submissions(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    round: Option<BudgetRoundId>,
    department: Option<DepartmentId>,
) -> Result<Vec<Submission>, StoreError> {
    let viewer = actor.viewer();
    let department = match (bound_department(&viewer), department) {
        (Some(own), Some(wanted)) if own != wanted => return Ok(Vec::new()),
        (Some(own), _) => Some(own),
        (None, wanted) => wanted,
    };
    let rows = submissions::list_submissions(conn, round, department).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.submission.id).collect();
    let mut cases: HashMap<Uuid, Vec<CaseRow>> = HashMap::new();
    for row in submissions::list_submitted_cases(conn, &ids, actor.user_id).await? {
        if can_open(&viewer, &row.facts.facts()?) {
            cases.entry(row.submission_id).or_default().push(row.facts.case);
        }
    }
    let submission = |row: NamedSubmissionRow| Submission {
        cases: cases.remove(&row.submission.id).unwrap_or_default(),
        row,
    };
    Ok(rows.into_iter().map(submission).collect())
}

/// Sends cases to the Ministry of Finance (E46), for a caller whose role may submit.
///
/// # Errors
///
/// Every [`SubmissionError`]; nothing has been written then.
pub(crate) async fn submit(
    conn: &mut PooledConnection<'_>,
    changes: &Changes,
    actor: &Actor,
    input: &SubmissionInput,
) -> Result<Submission, SubmissionError> {
    check(&input.case_ids)?;
    let submission = transaction(conn, async |conn| {
        case_status::lock_cases(conn, &input.case_ids).await?;
        let candidates = submissions::list_candidates(conn, &input.case_ids).await?;
        let round_status = match known_status(input.budget_round_id, &candidates) {
            None => rounds::find_round_status(conn, input.budget_round_id).await?,
            known => known,
        };
        expect_open_round(round_status.as_deref())?;
        let terms = Terms {
            role: actor.role,
            department_id: submitting_department(actor, &input.case_ids, &candidates),
            budget_round_id: input.budget_round_id,
        };
        let admitted = admit(&terms, &input.case_ids, candidates)?;
        let arriving = case_status::find_fin_handler(conn, terms.department_id).await?;
        let new = NewSubmission {
            budget_round_id: terms.budget_round_id,
            department_id: terms.department_id,
            submitted_by: actor.user_id,
            is_supplement: input.is_supplement,
            status: SUBMITTED,
            cases: admitted
                .iter()
                .map(|(case, step)| {
                    let present = case.fin_assigned_to.map(UserId::from);
                    (case.id.into(), step.fin_handler.after(present, arriving))
                })
                .collect(),
        };
        let row = submissions::insert_submission(conn, &new).await?;
        let sent = |(case, step): (CaseRow, Step)| CaseRow {
            status: step.to.as_str().to_owned(),
            updated_at: row.submission.submitted_at,
            ..case
        };
        let cases = admitted.into_iter().map(sent).collect();
        Ok::<_, SubmissionError>(Submission { row, cases })
    })
    .await?;
    let written = &submission.row.submission;
    let list =
        PageKey { round: written.budget_round_id.into(), department: written.department_id.into() };
    changes.announce(list, input.case_ids.iter().map(|case| (*case, None))).await;
    Ok(submission)
}

/// Refuses a list that no state of the cases could make right.
fn check(case_ids: &[CaseId]) -> Result<(), CaseError> {
    if case_ids.len() > MAX_CASES {
        let detail = format!("Et innspill kan ha høyst {MAX_CASES} saker.");
        return Err(CaseError::invalid("caseIds", detail));
    }
    let mut errors = FieldErrors::default();
    if case_ids.is_empty() {
        errors.push("caseIds", "Innspillet må ha minst én sak.");
    }
    let mut seen = HashSet::new();
    for (position, id) in case_ids.iter().enumerate() {
        if !seen.insert(id) {
            errors.push(format!("caseIds/{position}"), "Saken er ført opp flere ganger.");
        }
    }
    errors.finish()
}

/// Status of the round as one of its cases knows it.
///
/// That is as good as asking the round itself: a round closes when all its cases have ended, which a
/// case that is locked here and can be sent has not. Only when no case is of the round, the round
/// has to be asked.
fn known_status(round: BudgetRoundId, candidates: &[CandidateRow]) -> Option<String> {
    let of_round = candidates.iter().find(|row| row.case.budget_round_id == *round.as_uuid());
    of_round.map(|row| row.round_status.clone())
}

/// The ministry that submits: the caller's own, or for an administrator the one that owns the first
/// of the cases.
fn submitting_department(
    actor: &Actor,
    case_ids: &[CaseId],
    candidates: &[CandidateRow],
) -> DepartmentId {
    let owner = |id: &CaseId| {
        let row = candidates.iter().find(|row| row.case.id == *id.as_uuid())?;
        Some(row.case.department_id.into())
    };
    bound_department(&actor.viewer())
        .or_else(|| case_ids.iter().find_map(owner))
        .unwrap_or_else(DepartmentId::nil)
}

/// Judges every case, so that the caller learns all that keeps the submission back at once.
fn admit(
    terms: &Terms,
    case_ids: &[CaseId],
    candidates: Vec<CandidateRow>,
) -> Result<Vec<(CaseRow, Step)>, SubmissionError> {
    let mut positions: HashMap<CaseId, usize> = case_ids.iter().copied().zip(0..).collect();
    let (mut admitted, mut refused) = (Vec::new(), Vec::new());
    for CandidateRow { case, pending_opinions, .. } in candidates {
        let position = positions.remove(&case.id.into()).unwrap_or_default();
        let candidate = Candidate {
            department_id: case.department_id.into(),
            budget_round_id: case.budget_round_id.into(),
            status: case.status()?,
            pending_opinions,
        };
        match terms.admits(&candidate) {
            Ok(step) => admitted.push((case, step)),
            Err(reason) => {
                refused.push(RefusedCase { position, case_name: case.case_name, reason });
            }
        }
    }
    // What is left does not exist, and is told apart from nobody else's case (I6).
    let unknown = |position| {
        let reason = Ineligible::NotInDepartment;
        RefusedCase { position, case_name: String::new(), reason }
    };
    refused.extend(positions.into_values().map(unknown));
    refused.sort_by_key(|case| case.position);
    if refused.is_empty() { Ok(admitted) } else { Err(SubmissionError::Refused(refused)) }
}
