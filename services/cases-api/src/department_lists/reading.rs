//! Reading lists (E77, E78).

use domain::department_list::{DepartmentList, ListHead, may_use_lists};
use domain::ids::DepartmentListId;
use domain::list_render_config::for_client;
use edge::actor::Actor;
use store::department_lists::{self, ListFilter};
use store::pool::PooledConnection;

use super::admit;
use super::error::ListError;

/// Lists the lists that match, newest first, without their sections.
///
/// # Errors
///
/// [`ListError::Forbidden`] or [`ListError::Store`].
pub async fn list_lists(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    filter: ListFilter,
) -> Result<Vec<ListHead>, ListError> {
    if !may_use_lists(actor.role) {
        return Err(ListError::Forbidden);
    }
    Ok(department_lists::list_lists(conn, filter).await?)
}

/// Loads a list with its sections and cases, as the client shows them.
///
/// # Errors
///
/// [`ListError::ListNotFound`], [`ListError::Forbidden`] or [`ListError::Store`].
pub async fn get_list(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    list: DepartmentListId,
) -> Result<DepartmentList, ListError> {
    admit(conn, actor, list).await?;
    let found = department_lists::find_list_page(conn, &actor.viewer(), list).await?;
    let found = found.ok_or(ListError::ListNotFound)?;
    Ok(DepartmentList { sections: for_client(found.sections), ..found })
}
