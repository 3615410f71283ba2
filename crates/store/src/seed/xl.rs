//! The sizing reference for indexes (seed-data 8): 2 000 cases with 50 versions each, spread over all
//! ministries and four rounds of their own.

use domain::case_type::StandardCaseType;
use domain::status::Status;

use super::bulk::BulkCase;
use super::ids::{stable_id, utc};
use super::lines::BudgetLines;
use super::organisation::{MINISTRIES, Ministry, round_row};
use super::people::Team;
use super::rows::RoundRow;
use super::subjects::subject_of_type;

/// Cases over all ministries and rounds.
pub(super) const CASES: usize = 2_000;
/// Versions of each case.
pub(super) const VERSIONS: usize = 50;

const SMALLEST_BYTES: usize = 3_000;
const LARGEST_BYTES: usize = 5_000;

/// Statuses in the open rounds, in turn.
const OPEN: [Status; 7] = [
    Status::UnderArbeid,
    Status::Klarert,
    Status::GodkjentPol,
    Status::SendtTilFin,
    Status::UnderVurderingFin,
    Status::FerdigbehandletFin,
    Status::SendtTilRegjeringen,
];

/// The rounds of an xl run; the last one is closed.
pub(super) fn rounds(label: Option<&str>) -> Vec<RoundRow> {
    let prefix = label.map_or_else(|| "XL".to_owned(), |label| format!("XL-{label}"));
    let deadline = utc((2026, 10, 31), (23, 59, 59));
    let closed_at = utc((2026, 11, 10), (12, 0, 0));
    [("august", None), ("mars", None), ("rnb", None), ("saldert", Some(closed_at))]
        .into_iter()
        .zip(1..)
        .map(|((kind, closed_at), number)| {
            round_row(&format!("{prefix}-{number}"), (kind, 2026), deadline, closed_at)
        })
        .collect()
}

/// All ministries with their people.
pub(super) fn ministries() -> Vec<(&'static Ministry, Team)> {
    MINISTRIES.iter().map(|ministry| (ministry, Team::of(ministry))).collect()
}

/// The cases of a run.
pub(super) fn cases<'a>(
    rounds: &[RoundRow],
    ministries: &'a [(&'static Ministry, Team)],
    lines: Option<&BudgetLines>,
) -> Vec<BulkCase<'a>> {
    (0..CASES)
        .map(|nth| {
            let (ministry, team) = &ministries[nth % ministries.len()];
            let index = nth / ministries.len();
            let round = &rounds[index % rounds.len()];
            let case_type = StandardCaseType::ALL[(index / 3) % StandardCaseType::ALL.len()];
            let is_closed = round.closed_at.is_some();
            BulkCase {
                id: stable_id("case", &format!("{} {nth}", round.name)),
                round_id: round.id,
                ministry,
                team,
                subject: subject_of_type(ministry, index, case_type, lines),
                status: if is_closed {
                    Status::Regjeringsbehandlet
                } else {
                    OPEN[index % OPEN.len()]
                },
                versions: VERSIONS,
                nth,
                size: SMALLEST_BYTES..=LARGEST_BYTES - 500 * (nth % 4),
            }
        })
        .collect()
}
