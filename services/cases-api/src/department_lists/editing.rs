//! Changing a list and its sections (E80 to E82).

use domain::department_list::{ListHead, ListStatus};
use domain::ids::{DepartmentListId, ListSectionId};
use domain::list_template::MAX_TITLE;
use edge::actor::Actor;
use store::department_lists::{self, sections, sections::SectionChanges};
use store::pool::PooledConnection;
use store::transaction::transaction;

use super::error::ListError;
use super::{admit, require_list, rich_content};
use crate::cases::FieldErrors;

/// What changes in a section; `None` leaves it as it is.
#[derive(Debug)]
pub struct SectionInput {
    /// New heading; an empty one removes it.
    pub title: Option<String>,
    /// New content, as JSON text.
    pub content_json: Option<String>,
}

/// Gives a list another status, and returns its head.
///
/// # Errors
///
/// [`ListError::ListNotFound`], [`ListError::Forbidden`], a wrong value, or [`ListError::Store`].
pub async fn change_list_status(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    list: DepartmentListId,
    status: &str,
) -> Result<ListHead, ListError> {
    admit(conn, actor, list).await?;
    let Ok(status) = status.parse::<ListStatus>() else {
        require_list(conn, list).await?;
        return Err(ListError::invalid("status", "Statusen finnes ikke."));
    };
    if !department_lists::update_status(conn, list, status).await? {
        return Err(ListError::ListNotFound);
    }
    department_lists::find_list(conn, list).await?.ok_or(ListError::ListNotFound)
}

/// Deletes a list with everything in it.
///
/// # Errors
///
/// [`ListError::ListNotFound`], [`ListError::Forbidden`] or [`ListError::Store`].
pub async fn delete_list(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    list: DepartmentListId,
) -> Result<(), ListError> {
    admit(conn, actor, list).await?;
    if department_lists::delete_list(conn, list).await? {
        Ok(())
    } else {
        Err(ListError::ListNotFound)
    }
}

/// Changes heading or content of a section.
///
/// # Errors
///
/// [`ListError::ListNotFound`], [`ListError::SectionNotFound`], [`ListError::Forbidden`], a wrong
/// value, [`ListError::Content`] or [`ListError::Store`].
pub async fn edit_section(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    list: DepartmentListId,
    section: ListSectionId,
    input: SectionInput,
) -> Result<(), ListError> {
    admit(conn, actor, list).await?;
    // Before the list is locked: a large content takes its time.
    let changes = checked(input);
    transaction(conn, async |conn| {
        let (list_exists, section_exists) = sections::touch_section(conn, list, section).await?;
        if !list_exists {
            return Err(ListError::ListNotFound);
        }
        if !section_exists {
            return Err(ListError::SectionNotFound);
        }
        Ok(sections::update_section(conn, section, &changes?).await?)
    })
    .await
}

fn checked(input: SectionInput) -> Result<SectionChanges, ListError> {
    let mut errors = FieldErrors::default();
    if let Some(title) = &input.title {
        errors.longest("title", title, MAX_TITLE);
    }
    errors.finish()?;
    Ok(SectionChanges {
        title: input.title,
        content_json: rich_content("contentJson", input.content_json)?,
    })
}
