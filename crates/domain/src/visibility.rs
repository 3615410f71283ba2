//! Who sees which cases, who edits them, and who reads FIN's own text (domain contract 5, api 9).
//!
//! Two shapes of the same rules. A list is scoped in SQL, so [`list_scope`] and [`history_scope`]
//! name the set; a single case is loaded first, so [`can_open`] and [`can_edit_content`] judge its
//! facts. This is one half of invariant I6; the other half is that every endpoint asks.

use serde::{Deserialize, Serialize};

use crate::ids::{DepartmentId, UserId};
use crate::role::{Role, Side};
use crate::status::{FIN_TEXT_VISIBLE_TO_FAG, Status};

/// The one who asks: all that any visibility rule needs to know of a user.
///
/// Serialisable, because an export job must apply its requester's rules long after the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Viewer {
    /// The user.
    pub user_id: UserId,
    /// The user's role.
    pub role: Role,
    /// The user's home department.
    pub department_id: DepartmentId,
}

/// What the rules need to know of one case, as seen by one viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseFacts {
    /// Department that owns the case.
    pub department_id: DepartmentId,
    /// Status of the case.
    pub status: Status,
    /// FAG handler.
    pub assigned_to: Option<UserId>,
    /// FIN handler.
    pub fin_assigned_to: Option<UserId>,
    /// Whether the viewer is, or ever was, asked for an opinion on the case.
    pub is_opinion_assignee: bool,
    /// Whether the case's budget round is closed.
    pub round_closed: bool,
}

/// The cases a viewer's ordinary lists are drawn from (5.1, E14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListScope {
    /// Every status, this department only.
    OwnDepartment(DepartmentId),
    /// Every department, only statuses in [`crate::status::FIN_VISIBLE`].
    FinVisible,
    /// No restriction.
    Everything,
}

/// The cases of closed rounds a viewer may search (E16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryScope {
    /// This department only.
    OwnDepartment(DepartmentId),
    /// No restriction.
    AllDepartments,
}

/// What "my cases" means for a viewer (E17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MyCasesScope {
    /// Cases where the viewer is FAG handler.
    Handler,
    /// Cases where the viewer is FIN handler.
    FinHandler,
    /// As [`MyCasesScope::FinHandler`], and FIN-visible cases of the viewer's assigned departments.
    FinHandlerOrPortfolio,
}

/// The set of cases this viewer's lists show.
#[must_use]
pub fn list_scope(viewer: &Viewer) -> ListScope {
    match viewer.role.side() {
        Some(Side::Fag) => ListScope::OwnDepartment(viewer.department_id),
        Some(Side::Fin) => ListScope::FinVisible,
        None => ListScope::Everything,
    }
}

/// The set of closed-round cases this viewer may search.
#[must_use]
pub fn history_scope(viewer: &Viewer) -> HistoryScope {
    if viewer.role.is_fag() && !reads_all_history(viewer.role) {
        HistoryScope::OwnDepartment(viewer.department_id)
    } else {
        HistoryScope::AllDepartments
    }
}

/// The set of cases that are this viewer's own work.
#[must_use]
pub fn my_cases_scope(viewer: &Viewer) -> MyCasesScope {
    if viewer.role.is_fin_lead() {
        MyCasesScope::FinHandlerOrPortfolio
    } else if viewer.role.is_fin() {
        MyCasesScope::FinHandler
    } else {
        MyCasesScope::Handler
    }
}

/// Whether the viewer may open the case at all (5.1, D-26).
#[must_use]
pub fn can_open(viewer: &Viewer, case: &CaseFacts) -> bool {
    let involved = case.is_opinion_assignee
        || case.assigned_to == Some(viewer.user_id)
        || case.fin_assigned_to == Some(viewer.user_id);
    match viewer.role.side() {
        None => true,
        Some(Side::Fag) => {
            involved
                || case.department_id == viewer.department_id
                || (case.round_closed && reads_all_history(viewer.role))
        }
        Some(Side::Fin) => involved || case.round_closed || case.status.is_fin_visible(),
    }
}

/// Whether the viewer may save content of the case (api 9, the table above E23).
///
/// Being asked for an opinion opens a case but never makes it editable: FAG edits its own
/// department's cases only.
#[must_use]
pub fn can_edit_content(viewer: &Viewer, case: &CaseFacts) -> bool {
    let (fag, fin, admin) = match case.status {
        Status::Regjeringsbehandlet | Status::AvvistAvFin => (false, false, false),
        Status::SendtTilFin | Status::UnderVurderingFin | Status::FerdigbehandletFin => {
            (false, true, true)
        }
        Status::SendtTilRegjeringen => (true, true, true),
        Status::ReturnertTilFag
        | Status::Draft
        | Status::UnderArbeid
        | Status::TilAvklaring
        | Status::Klarert
        | Status::GodkjentPol => (true, false, true),
    };
    match viewer.role.side() {
        Some(Side::Fag) => fag && case.department_id == viewer.department_id,
        Some(Side::Fin) => fin,
        None => admin,
    }
}

/// Whether FIN's texts are kept from this role (5.2; api 2.6.1, D-27).
///
/// `in_history` is true when the case is read as part of a closed round's history.
#[must_use]
pub fn hides_fin_text(role: Role, status: Status, in_history: bool) -> bool {
    role.is_fag() && !in_history && !FIN_TEXT_VISIBLE_TO_FAG.contains(&status)
}

/// Budget units and secretaries general read the history of every ministry (E16).
fn reads_all_history(role: Role) -> bool {
    matches!(role, Role::BudsjettenhetFag | Role::DepartementsraadFag)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use uuid::Uuid;

    use super::*;

    const ME: UserId = UserId::new(Uuid::from_u128(1));
    const COLLEAGUE: UserId = UserId::new(Uuid::from_u128(2));
    const MINE: DepartmentId = DepartmentId::new(Uuid::from_u128(10));
    const OTHER: DepartmentId = DepartmentId::new(Uuid::from_u128(11));

    fn viewer(role: Role) -> Viewer {
        Viewer { user_id: ME, role, department_id: MINE }
    }

    fn case(department_id: DepartmentId, status: Status) -> CaseFacts {
        CaseFacts {
            department_id,
            status,
            assigned_to: Some(COLLEAGUE),
            fin_assigned_to: None,
            is_opinion_assignee: false,
            round_closed: false,
        }
    }

    prop_compose! {
        fn a_viewer()(role in select(Role::ALL.to_vec())) -> Viewer {
            viewer(role)
        }
    }

    prop_compose! {
        fn a_case()(
            department_id in select(vec![MINE, OTHER]),
            status in select(Status::ALL.to_vec()),
            assigned_to in select(vec![None, Some(ME), Some(COLLEAGUE)]),
            fin_assigned_to in select(vec![None, Some(ME), Some(COLLEAGUE)]),
            is_opinion_assignee: bool,
            round_closed: bool,
        ) -> CaseFacts {
            CaseFacts {
                department_id, status, assigned_to, fin_assigned_to, is_opinion_assignee,
                round_closed,
            }
        }
    }

    #[test]
    fn a_ministry_opens_its_own_cases_in_every_status_and_no_others() {
        for role in Role::ALL.into_iter().filter(|role| role.is_fag()) {
            for status in Status::ALL {
                assert!(can_open(&viewer(role), &case(MINE, status)));
                assert!(!can_open(&viewer(role), &case(OTHER, status)));
            }
        }
    }

    #[test]
    fn handlers_and_opinion_assignees_open_a_case_of_any_department() {
        let foreign = case(OTHER, Status::Draft);
        for role in [Role::SaksbehandlerFag, Role::SaksbehandlerFin] {
            let me = viewer(role);
            assert!(!can_open(&me, &foreign));
            assert!(can_open(&me, &CaseFacts { assigned_to: Some(ME), ..foreign }));
            assert!(can_open(&me, &CaseFacts { fin_assigned_to: Some(ME), ..foreign }));
            assert!(can_open(&me, &CaseFacts { is_opinion_assignee: true, ..foreign }));
        }
    }

    #[test]
    fn closed_rounds_open_to_fin_and_to_two_fag_roles() {
        let closed = CaseFacts { round_closed: true, ..case(OTHER, Status::Draft) };
        for role in Role::ALL {
            let expected = !role.is_fag()
                || matches!(role, Role::BudsjettenhetFag | Role::DepartementsraadFag);
            assert_eq!(can_open(&viewer(role), &closed), expected, "{role}");
            assert_eq!(
                history_scope(&viewer(role)) == HistoryScope::AllDepartments,
                expected,
                "{role}"
            );
        }
    }

    #[test]
    fn editing_follows_the_contracts_table_for_every_role_and_status() {
        use Status::{
            AvvistAvFin, FerdigbehandletFin, Regjeringsbehandlet, ReturnertTilFag, SendtTilFin,
            SendtTilRegjeringen, UnderVurderingFin,
        };
        for role in Role::ALL {
            for status in Status::ALL {
                let closed = matches!(status, Regjeringsbehandlet | AvvistAvFin);
                let at_fin = matches!(status, SendtTilFin | UnderVurderingFin | FerdigbehandletFin);
                let expected = match role.side() {
                    None => !closed,
                    Some(Side::Fag) => !closed && !at_fin,
                    Some(Side::Fin) => at_fin || status == SendtTilRegjeringen,
                };
                assert_eq!(
                    can_edit_content(&viewer(role), &case(MINE, status)),
                    expected,
                    "{role} {status}"
                );
            }
        }
        assert!(!can_edit_content(&viewer(Role::SaksbehandlerFin), &case(MINE, ReturnertTilFag)));
    }

    #[test]
    fn fin_text_is_hidden_from_fag_alone_and_until_the_government_has_the_case() {
        for role in Role::ALL {
            for status in Status::ALL {
                let shown =
                    matches!(status, Status::SendtTilRegjeringen | Status::Regjeringsbehandlet);
                assert_eq!(hides_fin_text(role, status, false), role.is_fag() && !shown);
                assert!(!hides_fin_text(role, status, true));
            }
        }
    }

    #[test]
    fn my_cases_are_those_i_handle_and_leaders_at_fin_add_their_portfolio() {
        let scope = |role| my_cases_scope(&viewer(role));
        assert_eq!(scope(Role::EkspedisjonssjefFin), MyCasesScope::FinHandlerOrPortfolio);
        assert_eq!(scope(Role::SaksbehandlerFin), MyCasesScope::FinHandler);
        assert_eq!(scope(Role::BudsjettenhetFag), MyCasesScope::Handler);
        assert_eq!(scope(Role::Administrator), MyCasesScope::Handler);
    }

    proptest! {
        #[test]
        fn i6_whatever_a_list_shows_can_be_opened(viewer in a_viewer(), case in a_case()) {
            let listed = match list_scope(&viewer) {
                ListScope::OwnDepartment(id) => case.department_id == id,
                ListScope::FinVisible => case.status.is_fin_visible(),
                ListScope::Everything => true,
            };
            prop_assert!(!listed || can_open(&viewer, &case));
        }

        #[test]
        fn i6_whatever_the_history_shows_can_be_opened(viewer in a_viewer(), case in a_case()) {
            let case = CaseFacts { round_closed: true, ..case };
            let listed = match history_scope(&viewer) {
                HistoryScope::OwnDepartment(id) => case.department_id == id,
                HistoryScope::AllDepartments => true,
            };
            prop_assert!(!listed || can_open(&viewer, &case));
        }

        #[test]
        fn i6_whoever_may_edit_may_open(viewer in a_viewer(), case in a_case()) {
            prop_assert!(!can_edit_content(&viewer, &case) || can_open(&viewer, &case));
        }

        #[test]
        fn nobody_edits_a_closed_case(viewer in a_viewer(), case in a_case()) {
            prop_assert!(!case.status.is_closed() || !can_edit_content(&viewer, &case));
        }
    }
}
