//! Which case of a ministry stands where: round, status, versions and questions by index
//! (seed-data 4.1), and the steps that lead to each status (4.5).
//!
//! Indexes 0–39 are the contract's 40 cases per ministry and are exact. Indexes 40–51 are its
//! recommended extras. They live in rounds of their own, MARS2027 and RNB2026, so that the counts and
//! shares of AUG2026 and MARS2026 stay what the contract says, while every view of the client has
//! something to show in MARS2027.

use std::ops::Range;

use domain::status::Status;

use super::organisation::Round;

/// The contract's cases of a ministry.
pub(super) const BASE: Range<usize> = 0..40;
/// All seeded cases of a ministry.
pub(super) const WITH_EXTRAS: Range<usize> = 0..52;

/// Where one case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CasePlan {
    pub(super) round: Round,
    pub(super) status: Status,
    pub(super) versions: usize,
    pub(super) questions: usize,
    pub(super) answered: usize,
}

const fn plan(round: Round, status: Status, versions: usize) -> CasePlan {
    CasePlan { round, status, versions, questions: 0, answered: 0 }
}

const fn asked(plan: CasePlan, questions: usize, answered: usize) -> CasePlan {
    CasePlan { questions, answered, ..plan }
}

#[rustfmt::skip]
const EXTRAS: [CasePlan; 12] = [
    plan(Round::Mars2027, Status::Draft, 1),
    plan(Round::Mars2027, Status::UnderArbeid, 2),
    plan(Round::Mars2027, Status::TilAvklaring, 2),
    plan(Round::Mars2027, Status::ReturnertTilFag, 4),
    plan(Round::Mars2027, Status::AvvistAvFin, 4),
    plan(Round::Mars2027, Status::SendtTilRegjeringen, 4),
    plan(Round::Mars2027, Status::GodkjentPol, 2),
    plan(Round::Mars2027, Status::FerdigbehandletFin, 4),
    plan(Round::Mars2027, Status::UnderVurderingFin, 4),
    plan(Round::Mars2027, Status::UnderVurderingFin, 4),
    plan(Round::Rnb2026, Status::UnderArbeid, 2),
    plan(Round::Rnb2026, Status::Draft, 1),
];

/// The plan for the `index`th case of every ministry.
pub(super) fn case_plan(index: usize) -> CasePlan {
    match index {
        0..=5 => plan(Round::Aug2026, Status::Klarert, 2),
        6..=11 => plan(Round::Aug2026, Status::GodkjentPol, 2),
        12..=20 => asked(plan(Round::Aug2026, Status::SendtTilFin, 3), 3, 2),
        21..=26 => asked(plan(Round::Aug2026, Status::UnderVurderingFin, 4), 4, 3),
        27..=29 => asked(plan(Round::Aug2026, Status::FerdigbehandletFin, 4), 3, 3),
        30..=39 => plan(Round::Mars2026, Status::Regjeringsbehandlet, 2),
        _ => EXTRAS[(index - BASE.end) % EXTRAS.len()],
    }
}

/// A status change in a case's past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PastStep {
    pub(super) from: Status,
    pub(super) to: Status,
    /// Days after creation.
    pub(super) day: usize,
    /// Taken by the FIN handler rather than the ministry's budget unit.
    pub(super) by_fin: bool,
}

const fn step(from: Status, to: Status, day: usize, by_fin: bool) -> PastStep {
    PastStep { from, to, day, by_fin }
}

const MAIN_PATH: [PastStep; 6] = [
    step(Status::UnderArbeid, Status::Klarert, 6, false),
    step(Status::Klarert, Status::GodkjentPol, 10, false),
    step(Status::GodkjentPol, Status::SendtTilFin, 15, false),
    step(Status::SendtTilFin, Status::UnderVurderingFin, 18, true),
    step(Status::UnderVurderingFin, Status::FerdigbehandletFin, 28, true),
    step(Status::FerdigbehandletFin, Status::SendtTilRegjeringen, 32, true),
];

/// The steps a case with this status has behind it, oldest first. Those of the closed MARS2026 round
/// are not recorded (seed-data 4.5).
pub(super) fn past_steps(status: Status) -> Vec<PastStep> {
    let along = |count: usize| MAIN_PATH.iter().take(count).copied();
    let branch = |to, day| step(Status::UnderVurderingFin, to, day, true);
    match status {
        Status::Draft | Status::UnderArbeid | Status::Regjeringsbehandlet => Vec::new(),
        Status::TilAvklaring => vec![step(Status::UnderArbeid, status, 4, false)],
        Status::Klarert => along(1).collect(),
        Status::GodkjentPol => along(2).collect(),
        Status::SendtTilFin => along(3).collect(),
        Status::UnderVurderingFin => along(4).collect(),
        Status::FerdigbehandletFin => along(5).collect(),
        Status::SendtTilRegjeringen => along(6).collect(),
        Status::ReturnertTilFag => along(4).chain([branch(status, 24)]).collect(),
        Status::AvvistAvFin => along(4).chain([branch(status, 26)]).collect(),
    }
}

/// The step that led to a status, also where the demo records none.
pub(super) fn last_step(status: Status) -> PastStep {
    past_steps(status).pop().unwrap_or(match status {
        Status::Regjeringsbehandlet => step(Status::SendtTilRegjeringen, status, 35, true),
        _ => step(Status::Draft, status, 0, false),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn the_base_has_the_contracts_distribution() {
        let mut counts = BTreeMap::new();
        for index in BASE {
            let plan = case_plan(index);
            *counts.entry((plan.round.name(), plan.status.as_str())).or_default() += 1;
        }
        let expected = [
            (("AUG2026", "klarert"), 6),
            (("AUG2026", "godkjent_pol"), 6),
            (("AUG2026", "sendt_til_fin"), 9),
            (("AUG2026", "under_vurdering_fin"), 6),
            (("AUG2026", "ferdigbehandlet_fin"), 3),
            (("MARS2026", "regjeringsbehandlet"), 10),
        ];
        assert_eq!(counts, BTreeMap::from(expected));
    }

    #[test]
    fn with_the_extras_every_status_has_a_case() {
        let seen: BTreeSet<Status> = WITH_EXTRAS.map(|index| case_plan(index).status).collect();
        assert_eq!(seen.len(), Status::ALL.len());
        assert_eq!(WITH_EXTRAS.len() - BASE.len(), EXTRAS.len());
    }

    #[test]
    fn the_past_ends_in_the_present_and_has_no_gaps() {
        for status in Status::ALL {
            let steps = past_steps(status);
            assert!(steps.iter().zip(steps.iter().skip(1)).all(|(a, b)| a.to == b.from));
            assert!(steps.iter().zip(steps.iter().skip(1)).all(|(a, b)| a.day < b.day));
            if let Some(last) = steps.last() {
                assert_eq!(last.to, status);
            }
        }
    }
}
