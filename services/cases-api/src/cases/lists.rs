//! Lists of cases: the case list, the history of closed rounds, and one's own work.

use domain::case_list::CaseListFilters;
use domain::ids::{BudgetRoundId, DepartmentId};
use domain::visibility::{HistoryScope, MyCasesScope, history_scope, my_cases_scope};
use edge::actor::Actor;
use store::StoreError;
use store::case_lists::{self, CaseQuery, CaseScope, HistoryFilters};
use store::cases::CaseListRow;
use store::pool::PooledConnection;
use store::users;

use crate::directory::DirectoryCache;

/// What narrows a search in the history.
#[derive(Debug, Default)]
pub struct HistoryInput {
    /// Exact budget chapter.
    pub chapter: Option<String>,
    /// Exact budget item.
    pub post: Option<String>,
    /// Year of the round, or of the case's creation (D-23).
    pub year: Option<i32>,
    /// Only this department.
    pub department_id: Option<DepartmentId>,
}

/// Lists the cases the caller sees (E14, E15).
///
/// # Errors
///
/// When the database fails.
pub async fn list_cases(
    conn: &mut PooledConnection<'_>,
    directory: &DirectoryCache,
    actor: &Actor,
    filters: &CaseListFilters,
) -> Result<Vec<CaseListRow>, StoreError> {
    // Only the Ministry of Finance has portfolios, and only an unfiltered list is narrowed by one.
    let wants_portfolio = actor.role.is_fin()
        && filters.department_id.is_none()
        && filters.my_departments != Some(false);
    let portfolio = if wants_portfolio {
        users::list_assigned_department_ids(conn, actor.user_id).await?
    } else {
        Vec::new()
    };
    let query = CaseQuery::for_list(&actor.viewer(), filters, &portfolio);
    list_named(conn, directory, &query).await
}

/// Lists the cases of closed rounds (E16).
///
/// # Errors
///
/// When the database fails.
pub async fn list_history(
    conn: &mut PooledConnection<'_>,
    directory: &DirectoryCache,
    actor: &Actor,
    input: HistoryInput,
) -> Result<Vec<CaseListRow>, StoreError> {
    let scope = match history_scope(&actor.viewer()) {
        HistoryScope::OwnDepartment(id) => CaseScope::Department(id),
        HistoryScope::AllDepartments => CaseScope::Everything,
    };
    let query = CaseQuery {
        departments: input.department_id.map(|id| vec![id.into()]),
        history: Some(HistoryFilters {
            chapter: input.chapter,
            post: input.post,
            year: input.year,
        }),
        ..CaseQuery::new(scope)
    };
    list_named(conn, directory, &query).await
}

/// Lists the cases that are the caller's own work (E17).
///
/// # Errors
///
/// When the database fails.
pub async fn list_my_cases(
    conn: &mut PooledConnection<'_>,
    directory: &DirectoryCache,
    actor: &Actor,
    budget_round_id: Option<BudgetRoundId>,
) -> Result<Vec<CaseListRow>, StoreError> {
    let scope = match my_cases_scope(&actor.viewer()) {
        MyCasesScope::Handler => CaseScope::AssignedTo(actor.user_id),
        MyCasesScope::FinHandler => CaseScope::FinAssignedTo(actor.user_id),
        MyCasesScope::FinHandlerOrPortfolio => CaseScope::FinLeader(actor.user_id),
    };
    let query = CaseQuery { budget_round_id, ..CaseQuery::new(scope) };
    list_named(conn, directory, &query).await
}

async fn list_named(
    conn: &mut PooledConnection<'_>,
    directory: &DirectoryCache,
    query: &CaseQuery,
) -> Result<Vec<CaseListRow>, StoreError> {
    let cases = case_lists::list_cases(conn, query).await?;
    directory.name_all(conn, cases).await
}
