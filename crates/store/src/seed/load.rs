//! The requirement's load-test data (seed-data 8): 500 cases in 15 ministries with 10–30 versions of
//! 3–20 KB each, one department list per ministry with 20–40 cases, and 1 000 events.
//!
//! They live in an open round of their own, `LAST2026`, so that the demo's rounds keep their counts
//! and a ministry can have a second department list. Load scripts find the cases under the
//! department with or without naming the round.

use domain::case_type::StandardCaseType;
use domain::status::Status;
use rand::RngExt;
use uuid::Uuid;

use super::bulk::BulkCase;
use super::ids::{base_date, days, stable_id, utc};
use super::lines::BudgetLines;
use super::lists::{Lists, NewList};
use super::organisation::{MINISTRIES, Ministry, round_row};
use super::people::{SCRIPT_CODES, Team};
use super::rows::{CaseRow, RoundRow};
use super::subjects::subject_of_type;
use super::template::Template;

/// Cases over all ministries.
pub(super) const CASES: usize = 500;

/// Documents start at the lower bound and end somewhere up to the upper; both leave room for the
/// last block to cross the target.
const SMALLEST_BYTES: usize = 3_300;
const LARGEST_BYTES: usize = 18_500;

/// Statuses of the cases that are not yet in a list, in turn.
const WAITING: [Status; 6] = [
    Status::UnderArbeid,
    Status::GodkjentPol,
    Status::UnderArbeid,
    Status::SendtTilFin,
    Status::Klarert,
    Status::GodkjentPol,
];

/// Types that a department list has a section for.
const LISTED_TYPES: [StandardCaseType; 3] = [
    StandardCaseType::Satsingsforslag,
    StandardCaseType::Budsjettiltak,
    StandardCaseType::AndreSaker,
];

/// The round of a load run.
pub(super) fn round(label: Option<&str>) -> RoundRow {
    let name = match label {
        Some(label) => format!("LAST2026-{label}"),
        None => "LAST2026".to_owned(),
    };
    round_row(&name, ("august", 2026), utc((2026, 9, 30), (23, 59, 59)), None)
}

/// Ministries that take part, in the order of the requirement's script, with their people.
pub(super) fn ministries() -> Vec<(&'static Ministry, Team)> {
    SCRIPT_CODES
        .iter()
        .filter_map(|(_, code)| MINISTRIES.iter().find(|ministry| ministry.code == *code))
        .map(|ministry| (ministry, Team::of(ministry)))
        .collect()
}

/// The cases of a run.
pub(super) fn cases<'a>(
    round: &RoundRow,
    ministries: &'a [(&'static Ministry, Team)],
    lines: Option<&BudgetLines>,
) -> Vec<BulkCase<'a>> {
    (0..CASES)
        .map(|nth| {
            let place = nth % ministries.len();
            let (ministry, team) = &ministries[place];
            let index = nth / ministries.len();
            // 21 to 26 of a ministry's 33 or 34 cases are in its list.
            let is_listed = index < 21 + place % 6;
            let case_type = if is_listed {
                LISTED_TYPES[index % LISTED_TYPES.len()]
            } else {
                StandardCaseType::ALL[index % StandardCaseType::ALL.len()]
            };
            let status = match index {
                _ if !is_listed => WAITING[index % WAITING.len()],
                _ if index % 4 == 3 => Status::FerdigbehandletFin,
                _ => Status::UnderVurderingFin,
            };
            let id = case_id(round, nth);
            let mut rng = BulkCase::rng(id);
            BulkCase {
                id,
                round_id: round.id,
                ministry,
                team,
                subject: subject_of_type(ministry, index, case_type, lines),
                status,
                versions: rng.random_range(10..=30),
                nth,
                size: SMALLEST_BYTES..=rng.random_range(2 * SMALLEST_BYTES..=LARGEST_BYTES),
            }
        })
        .collect()
}

fn case_id(round: &RoundRow, nth: usize) -> Uuid {
    stable_id("case", &format!("{} {nth}", round.name))
}

/// One list per ministry, filled by automatic placement.
pub(super) fn lists(
    round: &RoundRow,
    ministries: &[(&'static Ministry, Team)],
    cases: &[CaseRow],
) -> Lists {
    let template = Template::august();
    let mut lists = Lists::default();
    for (nth, (ministry, _)) in ministries.iter().enumerate() {
        let list = NewList {
            ministry,
            template: &template,
            round_id: round.id,
            status: "in_progress",
            created_at: base_date() + days(60 + nth),
        };
        lists.add(&list, cases);
    }
    lists
}
