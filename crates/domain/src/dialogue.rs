//! Who says what about a case: comments, questions and answers, conclusions (domain contract 3, 9
//! and 11).
//!
//! Being able to open the case ([`crate::visibility::can_open`]) is the first condition of
//! everything here and is asked separately; these rules only narrow it. Commenting has no rule of
//! its own: whoever opens a case may comment on it.

use crate::ids::{DepartmentId, UserId};
use crate::role::Role;
use crate::visibility::Viewer;

/// Whether the role asks questions about cases (E42).
#[must_use]
pub fn can_ask(role: Role) -> bool {
    role.is_fin() || role.is_admin()
}

/// Whether the viewer answers questions about cases of `department` (E43).
///
/// Nobody who may answer is kept from opening such a case.
#[must_use]
pub fn can_answer(viewer: &Viewer, department: DepartmentId) -> bool {
    viewer.role.is_admin() || (viewer.role.is_fag() && viewer.department_id == department)
}

/// Whether the role writes a case's conclusions (E61 to E64).
#[must_use]
pub fn can_write_conclusions(role: Role) -> bool {
    role.is_fin() || role.is_admin()
}

/// Whether the viewer takes back a comment that `author` wrote (E40). Not even an administrator
/// removes the words of somebody else.
#[must_use]
pub fn can_delete_comment(viewer: &Viewer, author: UserId) -> bool {
    viewer.user_id == author
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::status::Status;
    use crate::visibility::{CaseFacts, can_open};

    const ME: UserId = UserId::new(Uuid::from_u128(1));
    const MINE: DepartmentId = DepartmentId::new(Uuid::from_u128(10));
    const OTHER: DepartmentId = DepartmentId::new(Uuid::from_u128(11));

    /// The capability table of the domain contract, section 3, spelled out by role: asks, answers
    /// for the own department, answers for another one, concludes.
    const TABLE: &str = "
        saksbehandler_fag     . x . .
        budsjettenhet_fag     . x . .
        underdirektor_fag     . x . .
        avdelingsdirektor_fag . x . .
        ekspedisjonssjef_fag  . x . .
        departementsraad_fag  . x . .
        saksbehandler_fin     x . . x
        underdirektor_fin     x . . x
        avdelingsdirektor_fin x . . x
        ekspedisjonssjef_fin  x . . x
        departementsraad_fin  x . . x
        administrator         x x x x
    ";

    fn viewer(role: Role) -> Viewer {
        Viewer { user_id: ME, role, department_id: MINE }
    }

    #[test]
    fn the_rules_agree_with_the_table_cell_by_cell() {
        let cells: Vec<_> = TABLE.split_whitespace().collect();
        let rows: Vec<_> = cells.chunks(5).collect();
        assert_eq!(rows.len(), Role::ALL.len());
        for row in rows {
            let role: Role = row[0].parse().unwrap();
            let me = viewer(role);
            let allowed = [
                can_ask(role),
                can_answer(&me, MINE),
                can_answer(&me, OTHER),
                can_write_conclusions(role),
            ];
            assert_eq!(allowed.map(|allowed| if allowed { "x" } else { "." }), row[1..], "{role}");
        }
    }

    #[test]
    fn only_its_author_deletes_a_comment() {
        for role in Role::ALL {
            assert!(can_delete_comment(&viewer(role), ME));
            assert!(!can_delete_comment(&viewer(role), UserId::new(Uuid::from_u128(2))));
        }
    }

    #[test]
    fn i6_whoever_may_answer_may_open_the_case() {
        for role in Role::ALL {
            for status in Status::ALL {
                for department_id in [MINE, OTHER] {
                    let case = CaseFacts {
                        department_id,
                        status,
                        assigned_to: None,
                        fin_assigned_to: None,
                        is_opinion_assignee: false,
                        round_closed: false,
                    };
                    let me = viewer(role);
                    assert!(!can_answer(&me, department_id) || can_open(&me, &case), "{role}");
                }
            }
        }
    }
}
