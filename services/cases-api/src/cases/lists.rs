//! Lists of cases: the case list, the history of closed rounds, and one's own work.

use std::sync::Arc;

use domain::case_list::{CaseListFilters, DepartmentSet};
use domain::ids::{BudgetRoundId, DepartmentId};
use domain::visibility::{
    HistoryScope, ListScope, MyCasesScope, history_scope, list_scope, my_cases_scope,
};
use edge::actor::Actor;
use edge::rate_limit::{Lists, Uncounted};
use store::StoreError;
use store::case_lists::{self, CaseQuery, CaseScope, HistoryFilters};
use store::cases::CaseListRow;
use store::pool::PooledConnection;

use super::CaseListError;
use crate::app::AppState;
use crate::directory::DirectoryCache;
use crate::list_cache::{Body, BodyKey, Form, PageKey, compose};

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

/// Lists the cases the caller sees (E14, E15). A list of one round is cut from the cache's pages;
/// one of all rounds is rare and read from the database.
///
/// # Errors
///
/// When the caller has asked too often, or the database fails.
pub(crate) async fn list_cases(
    state: &AppState,
    caller: &Uncounted<Lists>,
    filters: CaseListFilters,
    form: Form,
) -> Result<Arc<Body>, CaseListError> {
    let directory = state.directory.current().await?;
    let actor = &caller.actor;
    let portfolio = directory.portfolio(actor.user_id);
    let viewer = actor.viewer();
    let Some(round) = filters.budget_round_id else {
        caller.admit().await?;
        let query = CaseQuery::for_list(&viewer, &filters, portfolio);
        let rows = list_named(&mut state.pool.get().await?, &state.directory, &query).await?;
        return Ok(Arc::new(Body::of(rows, form)?));
    };
    let scope = list_scope(&viewer);
    let asked = match (scope, filters.departments(&viewer, portfolio)) {
        // Another ministry's list is an empty one.
        (ListScope::OwnDepartment(own), asked) => {
            if asked.contains(own) {
                vec![own]
            } else {
                Vec::new()
            }
        }
        (_, DepartmentSet::One(department)) => vec![department],
        (_, DepartmentSet::Portfolio(assigned)) => assigned.to_vec(),
        (_, DepartmentSet::Any) => directory.departments().map(|found| found.id).collect(),
    };
    let keys: Vec<PageKey> =
        asked.into_iter().map(|department| PageKey { round, department }).collect();
    // Every cached list asks Redis these two questions; together they cost one wait.
    let (admitted, held) = tokio::join!(caller.admit(), state.lists.held(&keys));
    admitted?;
    let pages = state.lists.pages(&keys, held).await?;
    let key = BodyKey::new(&pages, filters.clone(), scope, form);
    Ok(state
        .lists
        .body(&key, || compose(&pages, form, |case| filters.matches(&viewer, portfolio, case))))
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
