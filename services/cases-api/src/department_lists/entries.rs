//! Cases put into a list by hand, changed and taken out (E83 to E85).

use domain::department_list::ListEntry;
use domain::ids::{CaseId, DepartmentListId, ListEntryId, ListSectionId};
use domain::list_render_config::OTHERS;
use domain::visibility::can_open;
use edge::actor::Actor;
use store::StoreError;
use store::department_lists::entries::{
    self, EntryChanges, EntryTarget, ManualEntry, ONE_ENTRY_OF_A_CASE,
};
use store::department_lists::reading::get_entry;
use store::pool::PooledConnection;
use store::transaction::transaction;

use super::error::ListError;
use super::{admit, rich_content};
use crate::cases::{CaseError, FieldErrors};

/// Longest value of a subgroup, in characters.
const MAX_SUBGROUP: usize = 20;

/// A case to be put into a list.
#[derive(Debug)]
pub struct EntryInput {
    /// The section.
    pub section_id: ListSectionId,
    /// The case.
    pub case_id: CaseId,
    /// Value of the subgroup.
    pub subgroup: Option<String>,
    /// Its place in the section.
    pub sort_order: i32,
}

/// What changes in an entry; `None` leaves it as it is.
#[derive(Debug)]
pub struct EntryPatch {
    /// New value of the subgroup.
    pub subgroup: Option<String>,
    /// New place in the section.
    pub sort_order: Option<i32>,
    /// New content instead of the case's own, as JSON text.
    pub override_content: Option<String>,
}

/// Puts a case into a section of a list.
///
/// # Errors
///
/// [`ListError::ListNotFound`], [`ListError::Forbidden`], a wrong value when the section or the case
/// does not exist, [`CaseError::Forbidden`] when the case is not the caller's to see,
/// [`ListError::CaseListed`] or [`ListError::Store`].
pub async fn add_entry(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    list: DepartmentListId,
    input: EntryInput,
) -> Result<ListEntry, ListError> {
    admit(conn, actor, list).await?;
    let EntryInput { section_id, case_id, subgroup, sort_order } = input;
    let subgroup = checked(subgroup);
    let mut entry = ManualEntry { section_id, case_id, subgroup: None, sort_order };
    transaction(conn, async |conn| {
        let target = entries::open_entry_target(conn, list, &entry, actor.user_id).await?;
        check(actor, target)?;
        entry.subgroup = subgroup?;
        let id = entries::insert_entry(conn, list, &entry).await.map_err(already_there)?;
        Ok(get_entry(conn, &actor.viewer(), id).await?)
    })
    .await
}

/// Changes an entry.
///
/// # Errors
///
/// [`ListError::ListNotFound`], [`ListError::EntryNotFound`], [`ListError::Forbidden`], a wrong
/// value, [`ListError::Content`] or [`ListError::Store`].
pub async fn edit_entry(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    list: DepartmentListId,
    entry: ListEntryId,
    patch: EntryPatch,
) -> Result<(), ListError> {
    admit(conn, actor, list).await?;
    // Before the list is locked: a large content takes its time.
    let changes = changes(patch);
    transaction(conn, async |conn| {
        require(entries::touch_entry(conn, list, entry).await?)?;
        Ok(entries::update_entry(conn, entry, &changes?).await?)
    })
    .await
}

/// Takes a case out of a list.
///
/// # Errors
///
/// [`ListError::ListNotFound`], [`ListError::EntryNotFound`], [`ListError::Forbidden`] or
/// [`ListError::Store`].
pub async fn remove_entry(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    list: DepartmentListId,
    entry: ListEntryId,
) -> Result<(), ListError> {
    admit(conn, actor, list).await?;
    transaction(conn, async |conn| require(entries::delete_entry(conn, list, entry).await?)).await
}

fn require((list_exists, entry_exists): (bool, bool)) -> Result<(), ListError> {
    match (list_exists, entry_exists) {
        (true, true) => Ok(()),
        (true, false) => Err(ListError::EntryNotFound),
        (false, _) => Err(ListError::ListNotFound),
    }
}

fn check(actor: &Actor, target: EntryTarget) -> Result<(), ListError> {
    if !target.list_exists {
        return Err(ListError::ListNotFound);
    }
    let Some(case) = target.case else {
        return Err(ListError::invalid("caseId", "Saken finnes ikke."));
    };
    if !can_open(&actor.viewer(), &case.facts()?) {
        return Err(CaseError::Forbidden.into());
    }
    // Clients are not shown structural sections, so a case in one would be lost.
    if target.section_type.is_none_or(domain::list_template::SectionType::is_structural) {
        return Err(ListError::invalid("sectionId", "Listen har ikke dette kapittelet."));
    }
    Ok(())
}

/// A subgroup as it is stored. The one that only answers have means none of the configured.
fn checked(subgroup: Option<String>) -> Result<Option<String>, ListError> {
    let mut errors = FieldErrors::default();
    if let Some(value) = &subgroup {
        errors.longest("subgroup", value, MAX_SUBGROUP);
    }
    errors.finish()?;
    Ok(subgroup.filter(|value| value != OTHERS))
}

fn changes(patch: EntryPatch) -> Result<EntryChanges, ListError> {
    Ok(EntryChanges {
        subgroup: checked(patch.subgroup)?,
        sort_order: patch.sort_order,
        override_content: rich_content("overrideContent", patch.override_content)?,
    })
}

fn already_there(error: StoreError) -> ListError {
    if error.violates(ONE_ENTRY_OF_A_CASE) { ListError::CaseListed } else { error.into() }
}
