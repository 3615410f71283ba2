//! Making a department list out of a template.

use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{
    BudgetRoundId, DepartmentId, DepartmentListId, ListSectionId, TemplateId, TemplateSectionId,
    UserId,
};
use domain::list_template::SectionType;
use futures_util::future::try_join4;
use uuid::Uuid;

use crate::departments::{Department, department_of};
use crate::error::StoreError;
use crate::schema::{
    budget_rounds, department_list_sections, department_list_template_sections,
    department_list_templates, department_lists,
};
use crate::transaction::both;

/// Unique key: a ministry has one list in a round.
pub const ONE_LIST_OF_A_MINISTRY: &str = "department_lists_budget_round_id_department_id_key";

/// What a list is made of and for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blueprint {
    /// Whether there is such a template.
    pub template_exists: bool,
    /// Whether there is such a round.
    pub round_exists: bool,
    /// The ministry.
    pub department: Option<Department>,
    /// The sections of the template, in no particular order.
    pub sections: Vec<BlueprintSection>,
}

/// A section of the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlueprintSection {
    /// The section.
    pub id: TemplateSectionId,
    /// The section it is in.
    pub parent_id: Option<TemplateSectionId>,
    /// Its title, placeholders included.
    pub title_template: String,
    /// What kind of section it is.
    pub section_type: SectionType,
    /// Its place among its siblings.
    pub sort_order: i32,
}

/// A list to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewList {
    /// The template.
    pub template_id: TemplateId,
    /// The round.
    pub budget_round_id: BudgetRoundId,
    /// The ministry.
    pub department_id: DepartmentId,
    /// Who makes it.
    pub created_by: UserId,
}

/// A section of a list to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSection {
    /// The section.
    pub id: ListSectionId,
    /// The section of the template that it is made from.
    pub template_section_id: TemplateSectionId,
    /// The section of the list that it is in.
    pub parent_id: Option<ListSectionId>,
    /// Its heading; at most 500 characters.
    pub title: Option<String>,
    /// Its place among its siblings.
    pub sort_order: i32,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = department_list_template_sections, check_for_backend(Pg))]
struct SectionRow {
    id: Uuid,
    parent_id: Option<Uuid>,
    title_template: String,
    section_type: String,
    sort_order: i32,
}

impl TryFrom<SectionRow> for BlueprintSection {
    type Error = StoreError;

    fn try_from(row: SectionRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            parent_id: row.parent_id.map(Into::into),
            title_template: row.title_template,
            section_type: row.section_type.parse().map_err(StoreError::corrupt)?,
            sort_order: row.sort_order,
        })
    }
}

/// Finds what a list is made of, and keeps the template as it is until the transaction ends: whoever
/// edits its sections touches the template first. Part of the caller's transaction.
pub async fn find_blueprint(
    conn: &mut AsyncPgConnection,
    template: TemplateId,
    round: BudgetRoundId,
    department: &str,
) -> Result<Blueprint, StoreError> {
    let conn: &AsyncPgConnection = conn;
    // The lock comes before the sections: both statements are asked for here only, so that they are
    // prepared together, and what is polled first is sent first.
    let (locked, sections, round, department) = try_join4(
        lock_template(conn, template),
        sections_of(conn, template),
        round_exists(conn, round),
        department_of(conn, department),
    )
    .await?;
    Ok(Blueprint { template_exists: locked, round_exists: round, department, sections })
}

async fn lock_template(
    mut conn: &AsyncPgConnection,
    template: TemplateId,
) -> Result<bool, StoreError> {
    let locked = department_list_templates::table
        .filter(department_list_templates::id.eq(Uuid::from(template)))
        .select(department_list_templates::id)
        .for_share()
        .first::<Uuid>(&mut conn)
        .await
        .optional()?;
    Ok(locked.is_some())
}

async fn sections_of(
    mut conn: &AsyncPgConnection,
    template: TemplateId,
) -> Result<Vec<BlueprintSection>, StoreError> {
    let rows = department_list_template_sections::table
        .filter(department_list_template_sections::template_id.eq(Uuid::from(template)))
        .select(SectionRow::as_select())
        .load(&mut conn)
        .await?;
    rows.into_iter().map(BlueprintSection::try_from).collect()
}

async fn round_exists(
    mut conn: &AsyncPgConnection,
    round: BudgetRoundId,
) -> Result<bool, StoreError> {
    let found = budget_rounds::table.find(Uuid::from(round));
    Ok(diesel::select(exists(found)).get_result(&mut conn).await?)
}

/// Inserts a list and its sections. Part of the caller's transaction, after [`find_blueprint`].
///
/// # Errors
///
/// [`StoreError::UniqueViolation`] of [`ONE_LIST_OF_A_MINISTRY`] when there is a list already.
pub async fn insert_list(
    conn: &mut AsyncPgConnection,
    new: &NewList,
    sections: &[NewSection],
) -> Result<DepartmentListId, StoreError> {
    let id = Uuid::now_v7();
    let conn: &AsyncPgConnection = conn;
    let (mut first, mut second) = (conn, conn);
    let list = diesel::insert_into(department_lists::table)
        .values((
            department_lists::id.eq(id),
            department_lists::template_id.eq(Uuid::from(new.template_id)),
            department_lists::budget_round_id.eq(Uuid::from(new.budget_round_id)),
            department_lists::department_id.eq(Uuid::from(new.department_id)),
            department_lists::created_by.eq(Uuid::from(new.created_by)),
        ))
        .execute(&mut first);
    let rows: Vec<_> = sections
        .iter()
        .map(|section| {
            (
                department_list_sections::id.eq(Uuid::from(section.id)),
                department_list_sections::department_list_id.eq(id),
                department_list_sections::template_section_id
                    .eq(Uuid::from(section.template_section_id)),
                department_list_sections::parent_id.eq(section.parent_id.map(Uuid::from)),
                department_list_sections::title.eq(&section.title),
                department_list_sections::sort_order.eq(section.sort_order),
            )
        })
        .collect();
    // One statement, so that a child may come before its parent: keys are checked at its end.
    let sections =
        diesel::insert_into(department_list_sections::table).values(&rows).execute(&mut second);
    both(list, sections).await?;
    Ok(id.into())
}
