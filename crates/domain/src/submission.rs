//! Sending cases to the Ministry of Finance together (domain contract 8, E45 and E46).
//!
//! A submission takes every one of its cases over the same step of the workflow as a single status
//! change would, so the step itself is decided by [`crate::status::decide`]; what is added here is
//! who submits, and what makes cases belong together.

use crate::ids::{BudgetRoundId, DepartmentId};
use crate::role::Role;
use crate::status::{Status, Step, StepRefusal, StepRequest, decide};
use crate::visibility::Viewer;

/// Status of every case that has been submitted.
pub const SUBMITTED: Status = Status::SendtTilFin;

/// What every case of a submission must agree with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Role of the one who submits.
    pub role: Role,
    /// The ministry whose cases are sent.
    pub department_id: DepartmentId,
    /// The round they are for.
    pub budget_round_id: BudgetRoundId,
}

/// What the rules need to know of one case that is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The ministry that owns it.
    pub department_id: DepartmentId,
    /// Its round.
    pub budget_round_id: BudgetRoundId,
    /// Its status.
    pub status: Status,
    /// Whether any opinion of the case is still pending.
    pub pending_opinions: bool,
}

/// Why a case cannot be part of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ineligible {
    /// No such case, as far as the submitting ministry can tell.
    #[error("not a case of the submitting department")]
    NotInDepartment,
    /// A case of another round.
    #[error("a case of another round")]
    OtherRound,
    /// The political leadership has not approved it, or it has been sent already.
    #[error("the case has status {0}")]
    NotApproved(Status),
    /// Somebody has been asked for an opinion and has not answered.
    #[error("an opinion on the case is pending")]
    PendingOpinions,
}

/// Whether the role submits cases at all.
#[must_use]
pub fn can_submit(role: Role) -> bool {
    role.is_fag_lead() || role.is_admin()
}

/// The only ministry whose submissions the viewer makes and sees; `None` for a viewer who belongs
/// to no spending ministry and is not bound to one (5.3).
#[must_use]
pub fn bound_department(viewer: &Viewer) -> Option<DepartmentId> {
    viewer.role.is_fag().then_some(viewer.department_id)
}

impl Terms {
    /// Decides whether a case may be sent on these terms, and what becomes of it then.
    ///
    /// # Errors
    ///
    /// The first reason against it. Nothing is said about a case of another ministry but that it is
    /// not one of this ministry's.
    pub fn admits(&self, case: &Candidate) -> Result<Step, Ineligible> {
        if case.department_id != self.department_id {
            return Err(Ineligible::NotInDepartment);
        }
        if case.budget_round_id != self.budget_round_id {
            return Err(Ineligible::OtherRound);
        }
        // The workflow knows a second way to `sendt_til_fin`, back from FIN's assessment, and an
        // administrator may take it; it is no submission.
        if case.status != Status::GodkjentPol {
            return Err(Ineligible::NotApproved(case.status));
        }
        let request = StepRequest {
            from: case.status,
            to: SUBMITTED,
            role: self.role,
            reason: None,
            pending_opinions: case.pending_opinions,
        };
        decide(&request).map_err(|refusal| match refusal {
            StepRefusal::PendingOpinions => Ineligible::PendingOpinions,
            StepRefusal::NotAllowed | StepRefusal::ReasonRequired => {
                Ineligible::NotApproved(case.status)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ids::UserId;
    use crate::status::FinHandler;

    const MINE: DepartmentId = DepartmentId::new(Uuid::from_u128(10));
    const OTHER: DepartmentId = DepartmentId::new(Uuid::from_u128(11));
    const ROUND: BudgetRoundId = BudgetRoundId::new(Uuid::from_u128(20));
    const READY: Candidate = Candidate {
        department_id: MINE,
        budget_round_id: ROUND,
        status: Status::GodkjentPol,
        pending_opinions: false,
    };

    fn terms(role: Role) -> Terms {
        Terms { role, department_id: MINE, budget_round_id: ROUND }
    }

    #[test]
    fn leaders_in_the_ministries_and_administrators_submit() {
        let submitters: Vec<_> = Role::ALL.into_iter().filter(|role| can_submit(*role)).collect();
        assert_eq!(
            submitters,
            [
                Role::BudsjettenhetFag,
                Role::UnderdirektorFag,
                Role::AvdelingsdirektorFag,
                Role::EkspedisjonssjefFag,
                Role::DepartementsraadFag,
                Role::Administrator,
            ]
        );
    }

    #[test]
    fn whoever_may_submit_may_take_the_step_and_nobody_else() {
        for role in Role::ALL {
            assert_eq!(terms(role).admits(&READY).is_ok(), can_submit(role), "{role}");
        }
    }

    #[test]
    fn an_admitted_case_arrives_at_fin_and_gets_a_handler() {
        let step = terms(Role::BudsjettenhetFag).admits(&READY).unwrap();
        assert_eq!(step.to, SUBMITTED);
        assert_eq!(step.fin_handler, FinHandler::AssignIfMissing);
        assert!(!step.may_close_round);
    }

    #[test]
    fn no_status_but_the_approved_one_is_sent_not_even_by_an_administrator() {
        for role in Role::ALL.into_iter().filter(|role| can_submit(*role)) {
            for status in Status::ALL.into_iter().filter(|status| *status != READY.status) {
                let case = Candidate { status, ..READY };
                assert_eq!(terms(role).admits(&case), Err(Ineligible::NotApproved(status)));
            }
        }
    }

    #[test]
    fn a_pending_opinion_keeps_a_case_back() {
        let case = Candidate { pending_opinions: true, ..READY };
        let refused = terms(Role::Administrator).admits(&case);
        assert_eq!(refused, Err(Ineligible::PendingOpinions));
    }

    #[test]
    fn cases_of_one_submission_share_ministry_and_round() {
        let elsewhere = BudgetRoundId::new(Uuid::from_u128(21));
        let moved = Candidate { budget_round_id: elsewhere, ..READY };
        assert_eq!(terms(Role::BudsjettenhetFag).admits(&moved), Err(Ineligible::OtherRound));
    }

    #[test]
    fn i6_of_another_ministrys_case_nothing_is_told() {
        for status in Status::ALL {
            for pending_opinions in [false, true] {
                let case = Candidate { department_id: OTHER, status, pending_opinions, ..READY };
                let refused = terms(Role::BudsjettenhetFag).admits(&case);
                assert_eq!(refused, Err(Ineligible::NotInDepartment));
            }
        }
    }

    #[test]
    fn the_ministries_are_bound_to_their_own_submissions() {
        for role in Role::ALL {
            let me = UserId::new(Uuid::from_u128(1));
            let viewer = Viewer { user_id: me, role, department_id: MINE };
            assert_eq!(bound_department(&viewer), role.is_fag().then_some(MINE), "{role}");
        }
    }
}
