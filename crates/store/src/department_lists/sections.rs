//! Sections of a department list: what their editors write into them.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{DepartmentListId, ListSectionId};
use domain::list_template::SectionType;
use futures_util::future::try_join;
use uuid::Uuid;

use super::touch_list;
use crate::error::StoreError;
use crate::json::JsonText;
use crate::schema::{department_list_sections, department_list_template_sections};

/// What changes in a section; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SectionChanges {
    /// New heading.
    pub title: Option<String>,
    /// New content.
    pub content_json: Option<JsonText>,
}

/// Touches a list and tells whether the list, and in it the section, exists. Part of the caller's
/// transaction.
pub async fn touch_section(
    conn: &mut AsyncPgConnection,
    list: DepartmentListId,
    section: ListSectionId,
) -> Result<(bool, bool), StoreError> {
    let conn: &AsyncPgConnection = conn;
    let mut reader = conn;
    let found = department_list_sections::table
        .find(Uuid::from(section))
        .filter(department_list_sections::department_list_id.eq(Uuid::from(list)));
    let section_exists =
        async { Ok(diesel::select(exists(found)).get_result::<bool>(&mut reader).await?) };
    try_join(touch_list(conn, list), section_exists).await
}

/// Changes a section. Part of the caller's transaction, after [`touch_section`].
pub async fn update_section(
    conn: &mut AsyncPgConnection,
    section: ListSectionId,
    changes: &SectionChanges,
) -> Result<(), StoreError> {
    let new_values = (
        changes.title.as_ref().map(|title| department_list_sections::title.eq(title)),
        changes.content_json.as_ref().map(|text| department_list_sections::content_json.eq(text)),
    );
    // Without a value there is no statement to send.
    if matches!(new_values, (None, None)) {
        return Ok(());
    }
    diesel::update(department_list_sections::table.find(Uuid::from(section)))
        .set(new_values)
        .execute(conn)
        .await?;
    Ok(())
}

/// The kind of a section of this list; `None` when the list has no such section.
pub(super) async fn section_type_of(
    mut conn: &AsyncPgConnection,
    list: DepartmentListId,
    section: ListSectionId,
) -> Result<Option<SectionType>, StoreError> {
    let found = department_list_sections::table
        .inner_join(department_list_template_sections::table)
        .filter(department_list_sections::id.eq(Uuid::from(section)))
        .filter(department_list_sections::department_list_id.eq(Uuid::from(list)))
        .select(department_list_template_sections::section_type)
        .first::<String>(&mut conn)
        .await
        .optional()?;
    found.map(|text| text.parse().map_err(StoreError::corrupt)).transpose()
}
