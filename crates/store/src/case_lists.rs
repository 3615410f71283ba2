//! Lists of cases: who sees which, and what narrows them, all in SQL.
//!
//! One query serves the case list, history, my cases and exports, because the rules of who sees
//! what (I6) must not exist twice. The domain states them ([`domain::visibility`],
//! [`domain::case_list`]); this module says the same to PostgreSQL, and a test holds the two in
//! agreement.

use chrono::{DateTime, TimeZone, Utc};
use diesel::dsl::{AsSelect, Desc, IntoBoxed, Order, Select};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::case_list::{CaseListFilters, DepartmentSet};
use domain::ids::{BudgetRoundId, CaseId, DepartmentId, UserId};
use domain::status::{FIN_VISIBLE, Status};
use domain::visibility::{ListScope, Viewer, list_scope};
use uuid::Uuid;

use crate::cases::{CaseRow, ROUND_CLOSED};
use crate::error::StoreError;
use crate::schema::{budget_rounds, cases, user_department_assignments};

/// Which cases the caller may list at all (contract, domain.md 5.1); filters only narrow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseScope {
    /// Every case.
    Everything,
    /// The cases of one ministry, in any status.
    Department(DepartmentId),
    /// The cases that have reached the Ministry of Finance.
    FinVisible,
    /// Where the user is the responsible case worker in the ministry.
    AssignedTo(UserId),
    /// Where the user is the responsible case worker in the Ministry of Finance.
    FinAssignedTo(UserId),
    /// The cases of a leader in the Ministry of Finance: their own, and those of their portfolio
    /// that have reached the ministry (E17).
    FinLeader(UserId),
}

/// What to list: a base set and what narrows it. `None` never filters.
#[derive(Debug, Clone)]
pub struct CaseQuery {
    /// The caller's base set.
    pub scope: CaseScope,
    /// Only these ministries.
    pub departments: Option<Vec<Uuid>>,
    /// Only this round.
    pub budget_round_id: Option<BudgetRoundId>,
    /// Exact status; an unknown value finds nothing.
    pub status: Option<String>,
    /// Exact case type.
    pub case_type: Option<String>,
    /// Exact responsible division.
    pub division: Option<String>,
    /// Part of the case name, in any letter case.
    pub search: Option<String>,
    /// Only these cases.
    pub case_ids: Option<Vec<Uuid>>,
    /// Only closed rounds, narrowed further (E16).
    pub history: Option<HistoryFilters>,
}

/// What narrows a search in closed rounds.
#[derive(Debug, Clone, Default)]
pub struct HistoryFilters {
    /// Exact budget chapter.
    pub chapter: Option<String>,
    /// Exact budget item.
    pub post: Option<String>,
    /// Year of the round, or of the case's creation (D-23).
    pub year: Option<i32>,
}

impl CaseQuery {
    /// Everything `scope` holds.
    #[must_use]
    pub fn new(scope: CaseScope) -> Self {
        Self {
            scope,
            departments: None,
            budget_round_id: None,
            status: None,
            case_type: None,
            division: None,
            search: None,
            case_ids: None,
            history: None,
        }
    }

    /// What `viewer` sees of the case list under `filters`: the rules of E14, also E54's.
    ///
    /// `portfolio` are the departments assigned to the viewer. The in-memory twin of this query is
    /// [`CaseListFilters::matches`]; a test holds the two in agreement.
    #[must_use]
    pub fn for_list(
        viewer: &Viewer,
        filters: &CaseListFilters,
        portfolio: &[DepartmentId],
    ) -> Self {
        let scope = match list_scope(viewer) {
            ListScope::OwnDepartment(id) => CaseScope::Department(id),
            ListScope::FinVisible => CaseScope::FinVisible,
            ListScope::Everything => CaseScope::Everything,
        };
        let departments = match filters.departments(viewer, portfolio) {
            DepartmentSet::Any => None,
            DepartmentSet::One(id) => Some(vec![id.into()]),
            DepartmentSet::Portfolio(ids) => Some(ids.iter().copied().map(Uuid::from).collect()),
        };
        let case_ids = filters.case_ids.iter().copied().map(Uuid::from).collect::<Vec<_>>();
        Self {
            scope,
            departments,
            budget_round_id: filters.budget_round_id,
            status: filters.status.clone(),
            case_type: filters.case_type.clone(),
            division: filters.division.clone(),
            search: filters.search.clone(),
            case_ids: (!case_ids.is_empty()).then_some(case_ids),
            history: None,
        }
    }
}

/// Lists cases, newest change first; the id settles ties, so that two calls agree. Their names are
/// in the [`crate::directory`].
pub async fn list_cases(
    conn: &mut AsyncPgConnection,
    query: &CaseQuery,
) -> Result<Vec<CaseRow>, StoreError> {
    Ok(selected(query).load::<CaseRow>(conn).await?)
}

/// Lists the ids of [`list_cases`], in its order.
pub async fn list_case_ids(
    conn: &mut AsyncPgConnection,
    query: &CaseQuery,
) -> Result<Vec<CaseId>, StoreError> {
    let ids = selected(query).select(cases::id).load::<Uuid>(conn).await?;
    Ok(ids.into_iter().map(CaseId::from).collect())
}

type SelectedCases<'a> = IntoBoxed<
    'a,
    Order<Select<cases::table, AsSelect<CaseRow, Pg>>, (Desc<cases::updated_at>, Desc<cases::id>)>,
    Pg,
>;

fn selected(query: &CaseQuery) -> SelectedCases<'_> {
    let select = cases::table
        .select(CaseRow::as_select())
        .order((cases::updated_at.desc(), cases::id.desc()))
        .into_boxed();
    filtered(scoped(select, query.scope), query)
}

/// Narrows a list to the caller's base set.
fn scoped(select: SelectedCases<'_>, scope: CaseScope) -> SelectedCases<'_> {
    match scope {
        CaseScope::Everything => select,
        CaseScope::Department(id) => select.filter(cases::department_id.eq(Uuid::from(id))),
        CaseScope::FinVisible => select.filter(cases::status.eq_any(fin_visible())),
        CaseScope::AssignedTo(id) => select.filter(cases::assigned_to.eq(Uuid::from(id))),
        CaseScope::FinAssignedTo(id) => select.filter(cases::fin_assigned_to.eq(Uuid::from(id))),
        CaseScope::FinLeader(id) => {
            let portfolio = user_department_assignments::table
                .filter(user_department_assignments::user_id.eq(Uuid::from(id)))
                .select(user_department_assignments::department_id);
            let in_portfolio =
                cases::department_id.eq_any(portfolio).and(cases::status.eq_any(fin_visible()));
            select.filter(
                cases::fin_assigned_to.is_not_distinct_from(Uuid::from(id)).or(in_portfolio),
            )
        }
    }
}

/// Applies the filters that the caller asked for.
fn filtered<'a>(mut select: SelectedCases<'a>, query: &'a CaseQuery) -> SelectedCases<'a> {
    match query.departments.as_deref() {
        // Not `= ANY` of one element: PostgreSQL guesses at ten, finds its generic plan too dear and
        // plans the commonest list of all anew at every call, which takes longer than running it.
        Some([only]) => select = select.filter(cases::department_id.eq(only)),
        Some(several) => select = select.filter(cases::department_id.eq_any(several)),
        None => {}
    }
    if let Some(id) = query.budget_round_id {
        select = select.filter(cases::budget_round_id.eq(Uuid::from(id)));
    }
    if let Some(status) = &query.status {
        select = select.filter(cases::status.eq(status));
    }
    if let Some(case_type) = &query.case_type {
        select = select.filter(cases::case_type.eq(case_type));
    }
    if let Some(division) = &query.division {
        select = select.filter(cases::responsible_division.eq(division));
    }
    if let Some(part) = &query.search {
        select = select.filter(cases::case_name.ilike(containing(part)));
    }
    if let Some(ids) = &query.case_ids {
        select = select.filter(cases::id.eq_any(ids));
    }
    match &query.history {
        Some(history) => in_history(select, history),
        None => select,
    }
}

/// Keeps the cases of closed rounds that match.
fn in_history<'a>(mut select: SelectedCases<'a>, history: &'a HistoryFilters) -> SelectedCases<'a> {
    let closed = budget_rounds::table
        .filter(budget_rounds::status.eq(ROUND_CLOSED))
        .select(budget_rounds::id);
    select = select.filter(cases::budget_round_id.eq_any(closed));
    if let Some(chapter) = &history.chapter {
        select = select.filter(cases::chapter.eq(chapter));
    }
    if let Some(post) = &history.post {
        select = select.filter(cases::post.eq(post));
    }
    let Some(year) = history.year else { return select };
    let rounds = budget_rounds::table.filter(budget_rounds::year.eq(year));
    let of_the_round = cases::budget_round_id.eq_any(rounds.select(budget_rounds::id));
    match (new_year(year), year.checked_add(1).and_then(new_year)) {
        (Some(from), Some(to)) => {
            select.filter(of_the_round.or(cases::created_at.ge(from).and(cases::created_at.lt(to))))
        }
        _ => select.filter(of_the_round),
    }
}

fn fin_visible() -> Vec<&'static str> {
    FIN_VISIBLE.into_iter().map(Status::as_str).collect()
}

/// The first instant of a year of four digits; PostgreSQL's calendar begins later than ours.
fn new_year(year: i32) -> Option<DateTime<Utc>> {
    if !(1..=9999).contains(&year) {
        return None;
    }
    Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).single()
}

/// A `LIKE` pattern for text that contains `part` literally.
fn containing(part: &str) -> String {
    let mut pattern = String::with_capacity(part.len() + 2);
    pattern.push('%');
    for character in part.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_means_its_characters_literally() {
        assert_eq!(containing("100 %_\\"), r"%100 \%\_\\%");
    }

    #[test]
    fn a_year_outside_the_calendar_has_no_first_day() {
        assert!(new_year(2026).is_some());
        for year in [i32::MIN, -17_039, 0, 10_000, i32::MAX] {
            assert!(new_year(year).is_none(), "{year}");
        }
    }
}
