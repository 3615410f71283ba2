//! Use cases of department lists: made from a template, filled with cases, edited, done.
//!
//! Who works with lists is one rule ([`domain::department_list::may_use_lists`]), asked by `admit`
//! before anything else; a case that is put into a list must also be one that the caller may open
//! (D-26). There is no version check: the last write wins, and the client guards a list with a lock.

mod creating;
mod editing;
mod entries;
mod error;
mod figures;
mod placing;
mod reading;

pub use creating::{NewListInput, create_list};
pub use editing::{SectionInput, change_list_status, delete_list, edit_section};
pub use entries::{EntryInput, EntryPatch, add_entry, edit_entry, remove_entry};
pub use error::ListError;
pub use figures::{add_figure, admit_figure};
pub use placing::{PlacedCase, place_case, place_cases};
pub use reading::{get_list, list_lists};

use domain::department_list::may_use_lists;
use domain::document::Document;
use domain::ids::DepartmentListId;
use edge::actor::Actor;
use store::department_lists;
use store::json::JsonText;
use store::pool::PooledConnection;

/// Lets those pass who work with lists. The others learn at most whether there is such a list.
async fn admit(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    list: DepartmentListId,
) -> Result<(), ListError> {
    if may_use_lists(actor.role) {
        return Ok(());
    }
    require_list(conn, list).await?;
    Err(ListError::Forbidden)
}

/// Lets those pass who work with lists, and only to a list that there is.
///
/// # Errors
///
/// [`ListError::ListNotFound`] or [`ListError::Forbidden`].
pub async fn admit_to(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    list: DepartmentListId,
) -> Result<(), ListError> {
    // The role first: whether a list exists is no business of those who use none.
    if !may_use_lists(actor.role) {
        return Err(ListError::Forbidden);
    }
    require_list(conn, list).await
}

async fn require_list(
    conn: &mut PooledConnection<'_>,
    list: DepartmentListId,
) -> Result<(), ListError> {
    if department_lists::list_exists(conn, list).await? {
        Ok(())
    } else {
        Err(ListError::ListNotFound)
    }
}

/// Reads rich content as a client sent it, within the limits of a case document, and writes it anew:
/// what PostgreSQL cannot store is refused here.
fn rich_content(field: &'static str, text: Option<String>) -> Result<Option<JsonText>, ListError> {
    let parse = |text: String| {
        let document =
            Document::parse(&text).map_err(|error| ListError::Content { field, error })?;
        Ok(JsonText::from(document.to_json()))
    };
    text.map(parse).transpose()
}
