//! Templates of department lists and their sections (domain 1.16 and 1.17).
//!
//! Written by `cases-api` alone. Whoever changes sections takes the template's row first
//! ([`lock_template`]), then the rows of the lists made from it ([`lock_lists`]), and only then
//! sections: edits of one template take turns, and an edit never waits for somebody who waits for
//! it, because whoever writes to a list takes the list's row first as well.

mod writing;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::TemplateId;
use domain::list_template::{InstantiatedSection, TemplateSection};
use uuid::Uuid;

use crate::error::StoreError;
use crate::json::JsonText;
use crate::schema::{
    department_list_sections, department_list_template_sections, department_list_templates,
    department_lists, departments,
};
use crate::sql::clock_timestamp;
use crate::transaction::both;

pub use writing::{NewTemplate, insert_template, write_sections};

/// Name of the foreign key that keeps a template while lists are made from it (D-30).
pub const LISTS_KEY: &str = "department_lists_template_id_fkey";

/// A template without its sections.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = department_list_templates, check_for_backend(Pg))]
pub struct TemplateRow {
    /// The template.
    pub id: Uuid,
    /// Name shown to users.
    pub name: String,
    /// Kind of round it is for.
    pub budget_round_type: String,
    /// What stands for the department's name while the template is edited.
    pub department_name_placeholder: String,
    /// Whether lists may be made from it in the client.
    pub is_active: bool,
    /// Text of the classification box.
    pub classification_text: Option<String>,
    /// Who made it.
    pub created_by: Uuid,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it, or one of its sections, last changed.
    pub updated_at: DateTime<Utc>,
}

/// A template with all its sections, in no order.
pub type Template = (TemplateRow, Vec<TemplateSection>);

/// What a change says about a template; `None` leaves a value as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = department_list_templates)]
pub struct TemplateChangeset {
    /// New name.
    pub name: Option<String>,
    /// Kind of round it is for from now on.
    pub budget_round_type: Option<String>,
    /// New placeholder.
    pub department_name_placeholder: Option<String>,
    /// Whether it is offered.
    pub is_active: Option<bool>,
    /// New text of the classification box.
    pub classification_text: Option<String>,
}

/// Which templates a list shall hold; `None` means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateFilter<'a> {
    /// Kind of round, exactly.
    pub budget_round_type: Option<&'a str>,
    /// Active or not.
    pub is_active: Option<bool>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = department_list_template_sections, check_for_backend(Pg))]
struct SectionRow {
    id: Uuid,
    template_id: Uuid,
    parent_id: Option<Uuid>,
    title_template: String,
    heading_style: String,
    section_type: String,
    sort_order: i32,
    config: Option<JsonText>,
}

impl TryFrom<SectionRow> for TemplateSection {
    type Error = StoreError;

    fn try_from(row: SectionRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            parent_id: row.parent_id.map(Into::into),
            title_template: row.title_template,
            heading_style: row.heading_style.parse().map_err(StoreError::corrupt)?,
            section_type: row.section_type.parse().map_err(StoreError::corrupt)?,
            sort_order: row.sort_order,
            config: row.config.map(JsonText::into_string),
        })
    }
}

#[derive(Queryable)]
struct InstanceRow {
    id: Uuid,
    list_id: Uuid,
    parent_id: Option<Uuid>,
    template_section_id: Uuid,
    title: Option<String>,
    department_name: String,
    department_code: String,
}

impl From<InstanceRow> for InstantiatedSection {
    fn from(row: InstanceRow) -> Self {
        Self {
            id: row.id.into(),
            list_id: row.list_id.into(),
            parent_id: row.parent_id.map(Into::into),
            template_section_id: row.template_section_id.into(),
            title: row.title,
            department_name: row.department_name,
            department_code: row.department_code,
        }
    }
}

/// Lists templates with their sections, newest first (E67).
pub async fn list_templates(
    conn: &mut AsyncPgConnection,
    filter: &TemplateFilter<'_>,
) -> Result<Vec<Template>, StoreError> {
    let mut query = department_list_templates::table
        .order((department_list_templates::created_at.desc(), department_list_templates::id.desc()))
        .select(TemplateRow::as_select())
        .into_boxed();
    if let Some(round_type) = filter.budget_round_type {
        query = query.filter(department_list_templates::budget_round_type.eq(round_type));
    }
    if let Some(is_active) = filter.is_active {
        query = query.filter(department_list_templates::is_active.eq(is_active));
    }
    let templates: Vec<TemplateRow> = query.load(conn).await?;
    let ids: Vec<Uuid> = templates.iter().map(|template| template.id).collect();
    let rows: Vec<SectionRow> = department_list_template_sections::table
        .filter(department_list_template_sections::template_id.eq_any(&ids))
        .select(SectionRow::as_select())
        .load(conn)
        .await?;
    let mut listed: Vec<Template> =
        templates.into_iter().map(|template| (template, Vec::new())).collect();
    for row in rows {
        let of = row.template_id;
        if let Some((_, sections)) = listed.iter_mut().find(|(template, _)| template.id == of) {
            sections.push(row.try_into()?);
        }
    }
    Ok(listed)
}

/// Finds a template with its sections, in one round trip (E68).
pub async fn find_template(
    conn: &mut AsyncPgConnection,
    template: TemplateId,
) -> Result<Option<Template>, StoreError> {
    let conn: &AsyncPgConnection = conn;
    let (mut first, mut second) = (conn, conn);
    let found = async {
        let found = department_list_templates::table
            .find(Uuid::from(template))
            .select(TemplateRow::as_select())
            .first(&mut first)
            .await
            .optional()?;
        Ok::<_, StoreError>(found)
    };
    let (found, sections) = both(found, load_sections(&mut second, template)).await?;
    Ok(found.map(|row| (row, sections)))
}

/// Changes a template, if it exists, and returns it.
pub async fn update_template(
    conn: &mut AsyncPgConnection,
    template: TemplateId,
    changes: &TemplateChangeset,
) -> Result<Option<TemplateRow>, StoreError> {
    Ok(diesel::update(department_list_templates::table.find(Uuid::from(template)))
        .set((changes, department_list_templates::updated_at.eq(clock_timestamp())))
        .returning(TemplateRow::as_returning())
        .get_result(conn)
        .await
        .optional()?)
}

/// Deletes a template with its sections and tells whether it existed. [`LISTS_KEY`] refuses while
/// lists are made from it.
pub async fn delete_template(
    conn: &mut AsyncPgConnection,
    template: TemplateId,
) -> Result<bool, StoreError> {
    let deleted = diesel::delete(department_list_templates::table.find(Uuid::from(template)))
        .execute(conn)
        .await?;
    Ok(deleted == 1)
}

/// Locks a template until the transaction ends and tells whether it exists.
///
/// The strongest of the row locks, because the weaker one would let a new list refer to the
/// template meanwhile, and that list would keep the titles from before the edit.
pub async fn lock_template(
    conn: &mut AsyncPgConnection,
    template: TemplateId,
) -> Result<bool, StoreError> {
    let locked = department_list_templates::table
        .find(Uuid::from(template))
        .select(department_list_templates::id)
        .for_update()
        .first::<Uuid>(conn)
        .await
        .optional()?;
    Ok(locked.is_some())
}

/// Locks the lists that were made from a locked template, in the one order everybody uses.
pub async fn lock_lists(
    conn: &mut AsyncPgConnection,
    template: TemplateId,
) -> Result<(), StoreError> {
    department_lists::table
        .filter(department_lists::template_id.eq(Uuid::from(template)))
        .order(department_lists::id)
        .select(department_lists::id)
        .for_no_key_update()
        .load::<Uuid>(conn)
        .await?;
    Ok(())
}

/// Reads the sections of a locked template and everything made from them, in one round trip.
pub async fn list_sections(
    conn: &mut AsyncPgConnection,
    template: TemplateId,
) -> Result<(Vec<TemplateSection>, Vec<InstantiatedSection>), StoreError> {
    let conn: &AsyncPgConnection = conn;
    let (mut first, mut second) = (conn, conn);
    both(load_sections(&mut first, template), load_instances(&mut second, template)).await
}

async fn load_sections(
    conn: &mut &AsyncPgConnection,
    template: TemplateId,
) -> Result<Vec<TemplateSection>, StoreError> {
    let rows: Vec<SectionRow> = department_list_template_sections::table
        .filter(department_list_template_sections::template_id.eq(Uuid::from(template)))
        .select(SectionRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(TemplateSection::try_from).collect()
}

async fn load_instances(
    conn: &mut &AsyncPgConnection,
    template: TemplateId,
) -> Result<Vec<InstantiatedSection>, StoreError> {
    let rows: Vec<InstanceRow> = department_list_sections::table
        .inner_join(department_lists::table.inner_join(departments::table))
        .filter(department_lists::template_id.eq(Uuid::from(template)))
        .select((
            department_list_sections::id,
            department_list_sections::department_list_id,
            department_list_sections::parent_id,
            department_list_sections::template_section_id,
            department_list_sections::title,
            departments::name,
            departments::code,
        ))
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(InstantiatedSection::from).collect())
}
