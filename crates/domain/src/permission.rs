//! Who may do what with a case beyond reading and editing it (domain contract 3, api 1.4).
//!
//! Every rule here is asked *after* [`crate::visibility::can_open`]: a role alone never opens a
//! case. Handlers count by person, whatever department they come from, because the contract lets a
//! case be handled and judged across ministries (domain contract 5.1).

use crate::ids::{DepartmentId, UserId};
use crate::role::{Role, Side};
use crate::visibility::{CaseFacts, Viewer};

/// Whether the viewer may give the case another handler on this side (E29, E30): whoever handles
/// it there now, FIN's leaders, the administrator, and for a ministry's handler its leaders.
#[must_use]
pub fn can_change_handler(viewer: &Viewer, case: &CaseFacts, side: Side) -> bool {
    let role = viewer.role;
    let leads = role.is_fin_lead() || (side == Side::Fag && role.is_fag_lead());
    leads || role.is_admin() || handler(case, side) == Some(viewer.user_id)
}

/// Whether somebody of this role and department may become the case's handler on this side: a
/// ministry's case stays with its ministry, and FIN's handler works at FIN.
#[must_use]
pub fn can_be_handler(
    role: Role,
    department_id: DepartmentId,
    case: &CaseFacts,
    side: Side,
) -> bool {
    match side {
        Side::Fag => department_id == case.department_id,
        Side::Fin => role.is_fin(),
    }
}

/// Whether this role sets a case's place on FIN's lists and its priority (E31).
#[must_use]
pub fn can_place_case(role: Role) -> bool {
    role.is_fin() || role.is_admin()
}

/// Whether the viewer may ask a colleague for an opinion or an approval (E32): the handlers of
/// both sides, leaders of both sides, the administrator.
#[must_use]
pub fn can_request_opinion(viewer: &Viewer, case: &CaseFacts) -> bool {
    let role = viewer.role;
    let is_handler = Side::ALL.into_iter().any(|side| handler(case, side) == Some(viewer.user_id));
    is_handler || role.is_fag_lead() || role.is_fin_lead() || role.is_admin()
}

fn handler(case: &CaseFacts, side: Side) -> Option<UserId> {
    match side {
        Side::Fag => case.assigned_to,
        Side::Fin => case.fin_assigned_to,
    }
}

#[cfg(test)]
mod tests {
    use Role::{
        Administrator, AvdelingsdirektorFag, AvdelingsdirektorFin, BudsjettenhetFag,
        DepartementsraadFag, DepartementsraadFin, EkspedisjonssjefFag, EkspedisjonssjefFin,
        SaksbehandlerFag, SaksbehandlerFin, UnderdirektorFag, UnderdirektorFin,
    };
    use uuid::Uuid;

    use super::*;
    use crate::status::Status;

    const ME: UserId = UserId::new(Uuid::from_u128(1));
    const COLLEAGUE: UserId = UserId::new(Uuid::from_u128(2));
    const OWNER: DepartmentId = DepartmentId::new(Uuid::from_u128(10));
    const OTHER: DepartmentId = DepartmentId::new(Uuid::from_u128(11));

    /// The capabilities of one role that handles nothing, in the order of [`capabilities`].
    const TABLE: [(Role, [bool; 4]); 12] = [
        (SaksbehandlerFag, [false, false, false, false]),
        (BudsjettenhetFag, [true, false, false, true]),
        (UnderdirektorFag, [true, false, false, true]),
        (AvdelingsdirektorFag, [true, false, false, true]),
        (EkspedisjonssjefFag, [true, false, false, true]),
        (DepartementsraadFag, [true, false, false, true]),
        (SaksbehandlerFin, [false, false, true, false]),
        (UnderdirektorFin, [true, true, true, true]),
        (AvdelingsdirektorFin, [true, true, true, true]),
        (EkspedisjonssjefFin, [true, true, true, true]),
        (DepartementsraadFin, [true, true, true, true]),
        (Administrator, [true, true, true, true]),
    ];

    fn viewer(role: Role) -> Viewer {
        Viewer { user_id: ME, role, department_id: OWNER }
    }

    fn case(assigned_to: Option<UserId>, fin_assigned_to: Option<UserId>) -> CaseFacts {
        CaseFacts {
            department_id: OWNER,
            status: Status::UnderVurderingFin,
            assigned_to,
            fin_assigned_to,
            is_opinion_assignee: false,
            round_closed: false,
        }
    }

    /// Changes the ministry's handler, changes FIN's handler, places the case, asks for opinions.
    fn capabilities(viewer: &Viewer, case: &CaseFacts) -> [bool; 4] {
        [
            can_change_handler(viewer, case, Side::Fag),
            can_change_handler(viewer, case, Side::Fin),
            can_place_case(viewer.role),
            can_request_opinion(viewer, case),
        ]
    }

    #[test]
    fn every_role_has_the_capabilities_of_the_contract() {
        assert_eq!(TABLE.map(|(role, _)| role), Role::ALL);
        for (role, expected) in TABLE {
            for handlers in [case(None, None), case(Some(COLLEAGUE), Some(COLLEAGUE))] {
                assert_eq!(capabilities(&viewer(role), &handlers), expected, "{role}");
            }
        }
    }

    #[test]
    fn a_handler_of_any_role_hands_over_on_the_own_side_and_asks_for_opinions() {
        for (role, [fag, fin, place, _]) in TABLE {
            let me = viewer(role);
            assert_eq!(capabilities(&me, &case(Some(ME), None)), [true, fin, place, true]);
            assert_eq!(capabilities(&me, &case(None, Some(ME))), [fag, true, place, true]);
        }
    }

    #[test]
    fn a_ministrys_handler_is_of_the_ministry_and_fins_handler_of_fin() {
        for role in Role::ALL {
            let facts = case(None, None);
            assert!(can_be_handler(role, OWNER, &facts, Side::Fag));
            assert!(!can_be_handler(role, OTHER, &facts, Side::Fag));
            assert_eq!(can_be_handler(role, OTHER, &facts, Side::Fin), role.is_fin(), "{role}");
        }
    }
}
