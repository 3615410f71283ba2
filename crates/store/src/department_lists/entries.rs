//! Entries of a department list: cases put in by hand, changed and taken out.
//!
//! Placement by rule is in [`super::placing`].

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{CaseId, DepartmentListId, ListEntryId, ListSectionId, UserId};
use domain::list_template::SectionType;
use futures_util::future::try_join3;
use uuid::Uuid;

use super::sections::section_type_of;
use super::touch_list;
use crate::cases::{CaseFactsRow, case_facts_of};
use crate::error::StoreError;
use crate::json::JsonText;
use crate::schema::department_list_case_entries;
use crate::transaction::both;

/// Unique key: a case is in a list once.
pub const ONE_ENTRY_OF_A_CASE: &str = "department_list_case_entries_department_list_id_case_id_key";

/// An entry to be put in by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManualEntry {
    /// The section.
    pub section_id: ListSectionId,
    /// The case.
    pub case_id: CaseId,
    /// Value of the subgroup; at most 20 characters.
    pub subgroup: Option<String>,
    /// Its place in the section.
    pub sort_order: i32,
}

/// What is known when an entry is put in by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryTarget {
    /// Whether there is such a list.
    pub list_exists: bool,
    /// Kind of the section; `None` when the list has no such section.
    pub section_type: Option<SectionType>,
    /// What decides whether the caller may open the case; `None` when there is no such case.
    pub case: Option<CaseFactsRow>,
}

/// What changes in an entry; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryChanges {
    /// New value of the subgroup; at most 20 characters.
    pub subgroup: Option<String>,
    /// New place in the section.
    pub sort_order: Option<i32>,
    /// New content instead of the case's own.
    pub override_content: Option<JsonText>,
}

/// Touches a list and finds what an entry to be put in refers to. Part of the caller's transaction.
pub async fn open_entry_target(
    conn: &mut AsyncPgConnection,
    list: DepartmentListId,
    entry: &ManualEntry,
    user: UserId,
) -> Result<EntryTarget, StoreError> {
    let conn: &AsyncPgConnection = conn;
    let (list_exists, section_type, case) = try_join3(
        touch_list(conn, list),
        section_type_of(conn, list, entry.section_id),
        case_facts_of(conn, entry.case_id, user),
    )
    .await?;
    Ok(EntryTarget { list_exists, section_type, case })
}

/// Inserts an entry. Part of the caller's transaction, after [`open_entry_target`].
///
/// # Errors
///
/// [`StoreError::UniqueViolation`] of [`ONE_ENTRY_OF_A_CASE`] when the list has the case already.
pub async fn insert_entry(
    conn: &mut AsyncPgConnection,
    list: DepartmentListId,
    entry: &ManualEntry,
) -> Result<ListEntryId, StoreError> {
    let id = Uuid::now_v7();
    diesel::insert_into(department_list_case_entries::table)
        .values((
            department_list_case_entries::id.eq(id),
            department_list_case_entries::department_list_id.eq(Uuid::from(list)),
            department_list_case_entries::section_id.eq(Uuid::from(entry.section_id)),
            department_list_case_entries::case_id.eq(Uuid::from(entry.case_id)),
            department_list_case_entries::subgroup.eq(&entry.subgroup),
            department_list_case_entries::sort_order.eq(entry.sort_order),
        ))
        .execute(conn)
        .await?;
    Ok(id.into())
}

/// Touches a list and tells whether the list, and in it the entry, exists. Part of the caller's
/// transaction.
pub async fn touch_entry(
    conn: &mut AsyncPgConnection,
    list: DepartmentListId,
    entry: ListEntryId,
) -> Result<(bool, bool), StoreError> {
    let conn: &AsyncPgConnection = conn;
    let mut reader = conn;
    let found = department_list_case_entries::table
        .find(Uuid::from(entry))
        .filter(department_list_case_entries::department_list_id.eq(Uuid::from(list)));
    let entry_exists =
        async { Ok(diesel::select(exists(found)).get_result::<bool>(&mut reader).await?) };
    both(touch_list(conn, list), entry_exists).await
}

/// Changes an entry. Part of the caller's transaction, after [`touch_entry`].
pub async fn update_entry(
    conn: &mut AsyncPgConnection,
    entry: ListEntryId,
    changes: &EntryChanges,
) -> Result<(), StoreError> {
    use department_list_case_entries as entries;
    let new_values = (
        changes.subgroup.as_ref().map(|value| entries::subgroup.eq(value)),
        changes.sort_order.map(|place| entries::sort_order.eq(place)),
        changes.override_content.as_ref().map(|text| entries::override_content.eq(text)),
    );
    // Without a value there is no statement to send.
    if matches!(new_values, (None, None, None)) {
        return Ok(());
    }
    diesel::update(entries::table.find(Uuid::from(entry))).set(new_values).execute(conn).await?;
    Ok(())
}

/// Touches a list and deletes one of its entries; tells whether the list and the entry existed. Part
/// of the caller's transaction.
pub async fn delete_entry(
    conn: &mut AsyncPgConnection,
    list: DepartmentListId,
    entry: ListEntryId,
) -> Result<(bool, bool), StoreError> {
    let conn: &AsyncPgConnection = conn;
    let mut writer = conn;
    let deleted = async {
        let deleted = diesel::delete(
            department_list_case_entries::table
                .find(Uuid::from(entry))
                .filter(department_list_case_entries::department_list_id.eq(Uuid::from(list))),
        )
        .execute(&mut writer)
        .await?;
        Ok(deleted == 1)
    };
    both(touch_list(conn, list), deleted).await
}
