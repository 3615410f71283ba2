//! The transition table of the contract, and the decision over it.

use super::Status;
use crate::ids::UserId;
use crate::role::Role;

use Column::{AD, FL, LN, SF, SN, UN};
use Status::{
    AvvistAvFin, Draft, FerdigbehandletFin, GodkjentPol, Klarert, Regjeringsbehandlet,
    ReturnertTilFag, SendtTilFin, SendtTilRegjeringen, TilAvklaring, UnderArbeid,
    UnderVurderingFin,
};

/// Contract 4.1, row by row in its order, so that a reviewer can compare line by line.
const STEPS: [Step; 24] = [
    step(Draft, UnderArbeid, &[SF, FL, AD]),
    step(UnderArbeid, TilAvklaring, &[SF, FL, AD]),
    step(UnderArbeid, Draft, &[SF, FL, AD]),
    step(TilAvklaring, Klarert, &[FL, AD]),
    step(TilAvklaring, UnderArbeid, &[FL, AD]),
    step(Klarert, GodkjentPol, &[FL, AD]),
    step(Klarert, UnderArbeid, &[FL, AD]),
    step(Klarert, TilAvklaring, &[FL, AD]),
    step(GodkjentPol, SendtTilFin, &[FL, AD]),
    step(GodkjentPol, UnderArbeid, &[FL, AD]),
    step(GodkjentPol, TilAvklaring, &[FL, AD]),
    step(GodkjentPol, Klarert, &[FL, AD]),
    step(SendtTilFin, UnderVurderingFin, &[SN, LN, AD]),
    step(SendtTilFin, GodkjentPol, &[FL, AD]),
    step(SendtTilFin, Klarert, &[SN, UN, LN, AD]),
    step(UnderVurderingFin, ReturnertTilFag, &[SN, LN, AD]).needs_reason(),
    step(UnderVurderingFin, AvvistAvFin, &[SN, LN, AD]).needs_reason(),
    step(UnderVurderingFin, FerdigbehandletFin, &[SN, UN, LN, AD]),
    step(UnderVurderingFin, SendtTilFin, &[SN, LN, AD]),
    step(ReturnertTilFag, Klarert, &[SF, FL, AD]),
    step(FerdigbehandletFin, SendtTilRegjeringen, &[SN, UN, LN, AD]),
    step(FerdigbehandletFin, UnderVurderingFin, &[SN, UN, LN, AD]),
    step(SendtTilRegjeringen, Regjeringsbehandlet, &[UN, LN, AD]),
    step(SendtTilRegjeringen, FerdigbehandletFin, &[UN, LN, AD]),
];

/// What a step does to the case's FIN handler (domain contract 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FinHandler {
    /// The handler stays as it is.
    Keep,
    /// The case leaves the Ministry of Finance: no handler any more.
    Clear,
    /// The case arrives there: find a handler, unless it has one.
    AssignIfMissing,
}

impl FinHandler {
    /// The handler after the step. `arriving` is who takes cases of the department that arrive now,
    /// if anybody does.
    #[must_use]
    pub fn after(self, present: Option<UserId>, arriving: Option<UserId>) -> Option<UserId> {
        match self {
            Self::Keep => present,
            Self::Clear => None,
            Self::AssignIfMissing => present.or(arriving),
        }
    }
}

/// One row of the transition table: a step a case may take, and what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Status before.
    pub from: Status,
    /// Status after.
    pub to: Status,
    /// What happens to the FIN handler.
    pub fin_handler: FinHandler,
    /// Whether the round is closed if this was its last unfinished case (4.4).
    pub may_close_round: bool,
    columns: &'static [Column],
    needs_reason: bool,
}

/// What somebody asks to do with a case, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct StepRequest<'a> {
    /// The case's status.
    pub from: Status,
    /// The status asked for.
    pub to: Status,
    /// Role of the one who asks.
    pub role: Role,
    /// Reason given, if any; blank counts as none.
    pub reason: Option<&'a str>,
    /// Whether any opinion of the case is still pending.
    pub pending_opinions: bool,
}

/// Why a case does not take a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepRefusal {
    /// Somebody has been asked for an opinion and has not answered (4.2).
    #[error("an opinion on the case is pending")]
    PendingOpinions,
    /// The table has no such step for this role.
    #[error("no such step from this status for this role")]
    NotAllowed,
    /// Returning and rejecting must say why.
    #[error("the step needs a reason")]
    ReasonRequired,
}

/// The whole table, in the order of the contract.
#[must_use]
pub const fn steps() -> &'static [Step] {
    &STEPS
}

/// Whether a case that arrives at this status may be the last of its round (4.4).
#[must_use]
pub const fn closes_rounds(to: Status) -> bool {
    matches!(to, Regjeringsbehandlet)
}

/// Decides whether a case takes a step. Access to the case is the caller's to check first.
///
/// # Errors
///
/// The first that applies, in the order the client relies on (4.2):
/// [`StepRefusal::PendingOpinions`], [`StepRefusal::NotAllowed`], [`StepRefusal::ReasonRequired`].
pub fn decide(request: &StepRequest<'_>) -> Result<Step, StepRefusal> {
    if request.pending_opinions {
        return Err(StepRefusal::PendingOpinions);
    }
    let step = STEPS
        .iter()
        .find(|step| step.from == request.from && step.to == request.to)
        .filter(|step| step.allows(request.role))
        .ok_or(StepRefusal::NotAllowed)?;
    let reason_given = request.reason.is_some_and(|reason| !reason.trim().is_empty());
    if step.needs_reason && !reason_given {
        return Err(StepRefusal::ReasonRequired);
    }
    Ok(*step)
}

impl Step {
    /// Whether the table lets this role take the step.
    #[must_use]
    pub fn allows(&self, role: Role) -> bool {
        self.columns.contains(&Column::of(role))
    }

    /// Whether the step is refused without a reason.
    #[must_use]
    pub const fn requires_reason(&self) -> bool {
        self.needs_reason
    }

    const fn needs_reason(mut self) -> Self {
        self.needs_reason = true;
        self
    }
}

/// The role columns of contract 4.1, by its abbreviations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    SF,
    FL,
    SN,
    UN,
    LN,
    AD,
}

impl Column {
    const fn of(role: Role) -> Self {
        match role {
            Role::SaksbehandlerFag => SF,
            Role::BudsjettenhetFag
            | Role::UnderdirektorFag
            | Role::AvdelingsdirektorFag
            | Role::EkspedisjonssjefFag
            | Role::DepartementsraadFag => FL,
            Role::SaksbehandlerFin => SN,
            Role::UnderdirektorFin => UN,
            Role::AvdelingsdirektorFin | Role::EkspedisjonssjefFin | Role::DepartementsraadFin => {
                LN
            }
            Role::Administrator => AD,
        }
    }
}

const fn step(from: Status, to: Status, columns: &'static [Column]) -> Step {
    let fin_handler = match to {
        Draft | UnderArbeid | TilAvklaring | Klarert | GodkjentPol => FinHandler::Clear,
        SendtTilFin => FinHandler::AssignIfMissing,
        UnderVurderingFin | FerdigbehandletFin | SendtTilRegjeringen | Regjeringsbehandlet
        | ReturnertTilFag | AvvistAvFin => FinHandler::Keep,
    };
    let may_close_round = closes_rounds(to);
    Step { from, to, fin_handler, may_close_round, columns, needs_reason: false }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use proptest::sample::select;
    use uuid::Uuid;

    use super::*;
    use crate::status::{CLOSED, PRE_FIN};

    fn a_status() -> impl Strategy<Value = Status> {
        select(Status::ALL.to_vec())
    }

    fn a_role() -> impl Strategy<Value = Role> {
        select(Role::ALL.to_vec())
    }

    fn request(from: Status, to: Status, role: Role) -> StepRequest<'static> {
        StepRequest {
            from,
            to,
            role,
            reason: Some("Mangler kostnadsanslag"),
            pending_opinions: false,
        }
    }

    #[test]
    fn the_table_has_exactly_24_different_steps() {
        let pairs: BTreeSet<_> = steps().iter().map(|step| (step.from, step.to)).collect();
        assert_eq!(pairs.len(), 24);
        assert!(steps().iter().all(|step| step.from != step.to));
    }

    #[test]
    fn a_handler_is_kept_cleared_or_found_but_never_replaced() {
        let (present, arriving) =
            (UserId::new(Uuid::from_u128(1)), UserId::new(Uuid::from_u128(2)));
        let after = |rule: FinHandler, present| rule.after(present, Some(arriving));
        assert_eq!(after(FinHandler::Keep, Some(present)), Some(present));
        assert_eq!(after(FinHandler::Keep, None), None);
        assert_eq!(after(FinHandler::Clear, Some(present)), None);
        assert_eq!(after(FinHandler::AssignIfMissing, Some(present)), Some(present));
        assert_eq!(after(FinHandler::AssignIfMissing, None), Some(arriving));
        assert_eq!(FinHandler::AssignIfMissing.after(None, None), None);
    }

    /// Contract 4.1 as it is printed there: from, to, and a tick under each of its six headings.
    const CONTRACT: &str = "
        from                  to                    SF FL SN UN LN AD
        draft                 under_arbeid          x  x  .  .  .  x
        under_arbeid          til_avklaring         x  x  .  .  .  x
        under_arbeid          draft                 x  x  .  .  .  x
        til_avklaring         klarert               .  x  .  .  .  x
        til_avklaring         under_arbeid          .  x  .  .  .  x
        klarert               godkjent_pol          .  x  .  .  .  x
        klarert               under_arbeid          .  x  .  .  .  x
        klarert               til_avklaring         .  x  .  .  .  x
        godkjent_pol          sendt_til_fin         .  x  .  .  .  x
        godkjent_pol          under_arbeid          .  x  .  .  .  x
        godkjent_pol          til_avklaring         .  x  .  .  .  x
        godkjent_pol          klarert               .  x  .  .  .  x
        sendt_til_fin         under_vurdering_fin   .  .  x  .  x  x
        sendt_til_fin         godkjent_pol          .  x  .  .  .  x
        sendt_til_fin         klarert               .  .  x  x  x  x
        under_vurdering_fin   returnert_til_fag     .  .  x  .  x  x
        under_vurdering_fin   avvist_av_fin         .  .  x  .  x  x
        under_vurdering_fin   ferdigbehandlet_fin   .  .  x  x  x  x
        under_vurdering_fin   sendt_til_fin         .  .  x  .  x  x
        returnert_til_fag     klarert               x  x  .  .  .  x
        ferdigbehandlet_fin   sendt_til_regjeringen .  .  x  x  x  x
        ferdigbehandlet_fin   under_vurdering_fin   .  .  x  x  x  x
        sendt_til_regjeringen regjeringsbehandlet   .  .  .  x  x  x
        sendt_til_regjeringen ferdigbehandlet_fin   .  .  .  x  x  x
    ";

    #[test]
    fn the_table_agrees_with_the_contract_cell_by_cell() {
        let printed: Vec<_> = CONTRACT.split_whitespace().collect();
        let coded = steps().iter().flat_map(|step| {
            let ticks = [SF, FL, SN, UN, LN, AD]
                .map(|column| if step.columns.contains(&column) { "x" } else { "." });
            [step.from.as_str(), step.to.as_str()].into_iter().chain(ticks)
        });
        assert_eq!(coded.collect::<Vec<_>>(), printed[8..]);
    }

    #[test]
    fn terminal_statuses_have_no_exits_and_all_others_have() {
        for status in Status::ALL {
            let has_exit = steps().iter().any(|step| step.from == status);
            assert_eq!(has_exit, !CLOSED.contains(&status), "{status}");
        }
    }

    #[test]
    fn every_status_is_reachable_from_draft() {
        let mut reached = BTreeSet::from([Draft]);
        while let Some(next) =
            steps().iter().find(|s| reached.contains(&s.from) && !reached.contains(&s.to))
        {
            reached.insert(next.to);
        }
        assert_eq!(reached, BTreeSet::from(Status::ALL));
    }

    #[test]
    fn every_open_case_can_still_reach_a_terminal_status() {
        let mut finishing = BTreeSet::from(CLOSED);
        while let Some(next) =
            steps().iter().find(|s| finishing.contains(&s.to) && !finishing.contains(&s.from))
        {
            finishing.insert(next.from);
        }
        assert_eq!(finishing, BTreeSet::from(Status::ALL));
    }

    #[test]
    fn the_administrator_may_take_every_step_of_the_table() {
        assert!(steps().iter().all(|step| step.allows(Role::Administrator)));
    }

    #[test]
    fn only_return_and_rejection_need_a_reason_and_blank_is_none() {
        for step in steps() {
            let without = StepRequest {
                reason: Some("  \n"),
                ..request(step.from, step.to, Role::Administrator)
            };
            let expected = matches!(step.to, ReturnertTilFag | AvvistAvFin);
            assert_eq!(step.requires_reason(), expected);
            assert_eq!(decide(&without) == Err(StepRefusal::ReasonRequired), expected);
            assert_eq!(decide(&StepRequest { reason: None, ..without }), decide(&without));
        }
    }

    #[test]
    fn the_fin_handler_is_cleared_before_fin_assigned_on_arrival_and_kept_otherwise() {
        for step in steps() {
            let expected = match step.to {
                to if PRE_FIN.contains(&to) => FinHandler::Clear,
                SendtTilFin => FinHandler::AssignIfMissing,
                _ => FinHandler::Keep,
            };
            assert_eq!(step.fin_handler, expected, "{} -> {}", step.from, step.to);
        }
    }

    #[test]
    fn only_the_governments_decision_may_close_a_round() {
        let closing: Vec<_> =
            steps().iter().filter(|s| s.may_close_round).map(|s| (s.from, s.to)).collect();
        assert_eq!(closing, [(SendtTilRegjeringen, Regjeringsbehandlet)]);
    }

    proptest! {
        #[test]
        fn a_step_not_in_the_table_is_refused_for_every_role(
            from in a_status(), to in a_status(), role in a_role(),
        ) {
            let row = steps().iter().find(|step| step.from == from && step.to == to);
            let decision = decide(&request(from, to, role));
            match row {
                Some(row) if row.allows(role) => prop_assert_eq!(decision, Ok(*row)),
                _ => prop_assert_eq!(decision, Err(StepRefusal::NotAllowed)),
            }
        }

        #[test]
        fn a_pending_opinion_refuses_every_step_before_anything_else(
            from in a_status(), to in a_status(), role in a_role(), reason: Option<String>,
        ) {
            let pending = StepRequest {
                pending_opinions: true,
                reason: reason.as_deref(),
                ..request(from, to, role)
            };
            prop_assert_eq!(decide(&pending), Err(StepRefusal::PendingOpinions));
        }

        #[test]
        fn a_missing_reason_never_hides_that_the_step_is_not_allowed(
            from in a_status(), to in a_status(), role in a_role(),
        ) {
            let refused = decide(&request(from, to, role)) == Err(StepRefusal::NotAllowed);
            let without = StepRequest { reason: None, ..request(from, to, role) };
            prop_assert_eq!(decide(&without) == Err(StepRefusal::NotAllowed), refused);
        }

        #[test]
        fn nobody_but_fin_or_admin_moves_a_case_that_fin_assesses(role in a_role(), to in a_status()) {
            if decide(&request(UnderVurderingFin, to, role)).is_ok() {
                prop_assert!(role.is_fin() || role.is_admin());
            }
        }
    }
}
