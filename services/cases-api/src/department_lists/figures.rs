//! A figure for a section of a list (the database's part of E88).

use domain::department_list::{ListFigure, content_with_figure, may_use_lists};
use domain::ids::{DepartmentListId, ListSectionId};
use edge::actor::Actor;
use store::department_lists::figures::{self, NewFigure};
use store::pool::PooledConnection;
use store::transaction::transaction;

use super::error::ListError;
use super::{admit, require_list};

/// Lets those pass who may add figures to a list that there is: asked before a figure is read,
/// which takes long and would be in vain.
///
/// # Errors
///
/// [`ListError::ListNotFound`], [`ListError::Forbidden`] or [`ListError::Store`].
pub async fn admit_figure(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    list: DepartmentListId,
) -> Result<(), ListError> {
    require_list(conn, list).await?;
    if may_use_lists(actor.role) { Ok(()) } else { Err(ListError::Forbidden) }
}

/// Adds a stored figure to a section, and its address and caption to what the section holds.
///
/// # Errors
///
/// [`ListError::ListNotFound`], [`ListError::Forbidden`], a wrong value when the list has no such
/// section, or [`ListError::Store`].
pub async fn add_figure(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    list: DepartmentListId,
    section: ListSectionId,
    figure: NewFigure,
) -> Result<ListFigure, ListError> {
    admit(conn, actor, list).await?;
    transaction(conn, async |conn| {
        let target = figures::open_figure_target(conn, list, section).await?;
        if !target.list_exists {
            return Err(ListError::ListNotFound);
        }
        if !target.section_exists {
            return Err(ListError::invalid("sectionId", "Listen har ikke dette kapittelet."));
        }
        let caption = figure.caption.as_deref();
        let content = content_with_figure(target.content, &figure.file_url, caption);
        let place = (list, section);
        Ok(figures::insert_figure(conn, place, &figure, actor.user_id, &content).await?)
    })
    .await
}
