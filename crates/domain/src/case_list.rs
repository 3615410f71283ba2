//! Which cases a list or export means: filters, and the scope they narrow (E14, E54).
//!
//! SQL answers this for a database and [`CaseListFilters::matches`] for one case in memory. The
//! second serves the list cache, which holds a department's unfiltered items, and the tests that
//! hold the two in agreement.

use serde::{Deserialize, Serialize};

use crate::ids::{BudgetRoundId, CaseId, DepartmentId};
use crate::status::Status;
use crate::visibility::{ListScope, Viewer, list_scope};

/// Filters of a case list; an absent one restricts nothing.
///
/// Values are resolved: the edge has turned a department code into an id, an unknown code into
/// [`DepartmentId::nil`], which matches no case, and dropped empty texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CaseListFilters {
    /// Only this round.
    pub budget_round_id: Option<BudgetRoundId>,
    /// Only this department.
    pub department_id: Option<DepartmentId>,
    /// Only this status. A text, because an unknown status is an empty list, not an error.
    pub status: Option<String>,
    /// Only this case type, by code.
    pub case_type: Option<String>,
    /// Only names containing this, in any letter case.
    pub search: Option<String>,
    /// Only this responsible division, exactly.
    pub division: Option<String>,
    /// Whether FIN's assigned departments narrow the list; absent means yes (E14).
    pub my_departments: Option<bool>,
    /// Only these cases; empty means all.
    pub case_ids: Vec<CaseId>,
}

/// The departments a list is drawn from, as far as filters and portfolio say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DepartmentSet<'a> {
    /// Any department.
    Any,
    /// This one.
    One(DepartmentId),
    /// The viewer's portfolio.
    Portfolio(&'a [DepartmentId]),
}

impl DepartmentSet<'_> {
    /// Whether the set has this department.
    #[must_use]
    pub fn contains(&self, department: DepartmentId) -> bool {
        match self {
            Self::Any => true,
            Self::One(only) => *only == department,
            Self::Portfolio(assigned) => assigned.contains(&department),
        }
    }
}

/// What the filters look at in one case.
#[derive(Clone, Copy, Debug)]
pub struct CaseListFacts<'a> {
    /// The case.
    pub id: CaseId,
    /// Its round.
    pub budget_round_id: BudgetRoundId,
    /// Its owner.
    pub department_id: DepartmentId,
    /// Its status.
    pub status: Status,
    /// Its name.
    pub case_name: &'a str,
    /// Its case-type code.
    pub case_type: &'a str,
    /// Division that answers for it.
    pub responsible_division: Option<&'a str>,
}

impl CaseListFilters {
    /// The departments asked for. `portfolio` is FIN's default filter: it applies when the caller
    /// is FIN, has one, names no department and has not switched it off (E14). It never grants or
    /// restricts access (domain contract 6).
    #[must_use]
    pub fn departments<'a>(
        &self,
        viewer: &Viewer,
        portfolio: &'a [DepartmentId],
    ) -> DepartmentSet<'a> {
        match self.department_id {
            Some(department) => DepartmentSet::One(department),
            None if viewer.role.is_fin()
                && self.my_departments != Some(false)
                && !portfolio.is_empty() =>
            {
                DepartmentSet::Portfolio(portfolio)
            }
            None => DepartmentSet::Any,
        }
    }

    /// Whether this viewer's list, so filtered, has the case.
    #[must_use]
    pub fn matches(
        &self,
        viewer: &Viewer,
        portfolio: &[DepartmentId],
        case: &CaseListFacts<'_>,
    ) -> bool {
        let in_scope = match list_scope(viewer) {
            ListScope::OwnDepartment(own) => case.department_id == own,
            ListScope::FinVisible => case.status.is_fin_visible(),
            ListScope::Everything => true,
        };
        let is = |filter: &Option<String>, value| {
            filter.as_deref().is_none_or(|wanted| Some(wanted) == value)
        };
        in_scope
            && self.departments(viewer, portfolio).contains(case.department_id)
            && self.budget_round_id.is_none_or(|round| round == case.budget_round_id)
            && is(&self.status, Some(case.status.as_str()))
            && is(&self.case_type, Some(case.case_type))
            && is(&self.division, case.responsible_division)
            && self
                .search
                .as_deref()
                .is_none_or(|text| contains_ignoring_case(case.case_name, text))
            && (self.case_ids.is_empty() || self.case_ids.contains(&case.id))
    }
}

fn contains_ignoring_case(name: &str, wanted: &str) -> bool {
    name.to_lowercase().contains(&wanted.to_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use uuid::Uuid;

    use super::*;
    use crate::ids::UserId;
    use crate::role::Role;

    const OWN: DepartmentId = DepartmentId::new(Uuid::from_u128(10));
    const OTHER: DepartmentId = DepartmentId::new(Uuid::from_u128(11));
    const ROUND: BudgetRoundId = BudgetRoundId::new(Uuid::from_u128(20));

    fn viewer(role: Role) -> Viewer {
        Viewer { user_id: UserId::new(Uuid::from_u128(1)), role, department_id: OWN }
    }

    fn case(department_id: DepartmentId, status: Status) -> CaseListFacts<'static> {
        CaseListFacts {
            id: CaseId::new(Uuid::from_u128(30)),
            budget_round_id: ROUND,
            department_id,
            status,
            case_name: "Økt satsing på jernbane",
            case_type: "satsingsforslag",
            responsible_division: Some("Jernbaneavdelingen"),
        }
    }

    fn none() -> CaseListFilters {
        CaseListFilters::default()
    }

    #[test]
    fn a_ministry_asking_for_another_department_gets_an_empty_list() {
        let filters = CaseListFilters { department_id: Some(OTHER), ..none() };
        let me = viewer(Role::DepartementsraadFag);
        assert!(!filters.matches(&me, &[], &case(OTHER, Status::Draft)));
        assert!(!filters.matches(&me, &[], &case(OWN, Status::Draft)));
        assert!(none().matches(&me, &[], &case(OWN, Status::Draft)));
    }

    #[test]
    fn the_portfolio_narrows_fins_list_unless_told_otherwise() {
        let me = viewer(Role::SaksbehandlerFin);
        let elsewhere = case(OTHER, Status::SendtTilFin);
        assert!(!none().matches(&me, &[OWN], &elsewhere));
        assert!(none().matches(&me, &[], &elsewhere));
        let all = CaseListFilters { my_departments: Some(false), ..none() };
        assert!(all.matches(&me, &[OWN], &elsewhere));
        let named = CaseListFilters { department_id: Some(OTHER), ..none() };
        assert!(named.matches(&me, &[OWN], &elsewhere));
        assert!(none().matches(&viewer(Role::Administrator), &[OWN], &elsewhere));
    }

    #[test]
    fn search_ignores_letter_case_also_in_norwegian() {
        let me = viewer(Role::SaksbehandlerFag);
        let found = |text: &str| {
            CaseListFilters { search: Some(text.to_owned()), ..none() }.matches(
                &me,
                &[],
                &case(OWN, Status::Draft),
            )
        };
        assert!(found("øKT") && found("JERNBANE") && !found("veg"));
        // A wildcard of SQL is an ordinary character here, and must be there.
        assert!(!found("%") && !found("_"));
    }

    #[test]
    fn unknown_values_and_ids_match_nothing() {
        let me = viewer(Role::Administrator);
        let unknown = [
            CaseListFilters { status: Some("lukket".to_owned()), ..none() },
            CaseListFilters { case_type: Some("annet".to_owned()), ..none() },
            CaseListFilters { division: Some("jernbaneavdelingen".to_owned()), ..none() },
            CaseListFilters { department_id: Some(DepartmentId::nil()), ..none() },
            CaseListFilters { case_ids: vec![CaseId::nil()], ..none() },
            CaseListFilters { budget_round_id: Some(BudgetRoundId::nil()), ..none() },
        ];
        for filters in unknown {
            assert!(!filters.matches(&me, &[], &case(OWN, Status::Draft)), "{filters:?}");
        }
    }

    proptest! {
        #[test]
        fn i6_no_filter_widens_what_a_viewer_sees(
            role in select(Role::ALL.to_vec()),
            status in select(Status::ALL.to_vec()),
            department in select(vec![OWN, OTHER]),
            wanted in proptest::option::of(select(vec![OWN, OTHER])),
            my_departments: Option<bool>,
            portfolio in select(vec![vec![], vec![OWN], vec![OWN, OTHER]]),
        ) {
            let me = viewer(role);
            let filters = CaseListFilters { department_id: wanted, my_departments, ..none() };
            let everything = CaseListFilters { my_departments: Some(false), ..none() };
            let facts = case(department, status);
            prop_assert!(
                !filters.matches(&me, &portfolio, &facts)
                    || everything.matches(&me, &portfolio, &facts)
            );
        }
    }
}
