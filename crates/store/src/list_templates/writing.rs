//! The two statements that write sections: one for a new template, one for an edit.
//!
//! A template may have hundreds of sections and dozens of lists, so rows travel as arrays and the
//! number of statements does not depend on how many there are. They are query types of their own,
//! rather than `sql_query`, for the reason given in [`crate::saves`].

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{TemplateId, UserId};
use domain::list_template::{ListChanges, SectionDiff, TemplateSection};
use uuid::Uuid;

use super::TemplateRow;
use crate::error::StoreError;

/// A template to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTemplate {
    /// Its id.
    pub id: TemplateId,
    /// Name shown to users.
    pub name: String,
    /// Kind of round it is for.
    pub budget_round_type: String,
    /// What stands for the department's name.
    pub department_name_placeholder: String,
    /// Text of the classification box.
    pub classification_text: Option<String>,
    /// Who makes it.
    pub created_by: UserId,
}

/// Adds a template with its sections.
pub async fn insert_template(
    conn: &mut AsyncPgConnection,
    new: &NewTemplate,
    sections: &[TemplateSection],
) -> Result<TemplateRow, StoreError> {
    let sections = SectionArrays::from(sections);
    Ok(InsertTemplate { new, sections }.get_result(conn).await?)
}

/// Writes what an edit changes in a locked template and in the locked lists made from it, and
/// returns the template with the time of the edit.
///
/// Sections are moved before others are deleted, in effect: a foreign key looks for what to delete
/// along when the statement is over, and no longer finds what has moved away.
pub async fn write_sections(
    conn: &mut AsyncPgConnection,
    template: TemplateId,
    diff: &SectionDiff,
    lists: &ListChanges,
) -> Result<TemplateRow, StoreError> {
    let write = WriteSections {
        template: template.into(),
        changed: SectionArrays::from(diff.changed.as_slice()),
        removed: diff.removed.iter().map(|id| Uuid::from(*id)).collect(),
        list_ids: lists.sections.iter().map(|section| section.id.into()).collect(),
        list_parents: lists.sections.iter().map(|one| one.parent_id.map(Uuid::from)).collect(),
        list_titles: lists.sections.iter().map(|section| section.title.as_deref()).collect(),
        lists: lists.lists.iter().map(|id| Uuid::from(*id)).collect(),
    };
    Ok(write.get_result(conn).await?)
}

/// Sections as one array for each column.
struct SectionArrays<'a> {
    ids: Vec<Uuid>,
    parents: Vec<Option<Uuid>>,
    titles: Vec<&'a str>,
    styles: Vec<&'static str>,
    types: Vec<&'static str>,
    orders: Vec<i32>,
    configs: Vec<Option<&'a str>>,
}

impl<'a> From<&'a [TemplateSection]> for SectionArrays<'a> {
    fn from(sections: &'a [TemplateSection]) -> Self {
        Self {
            ids: sections.iter().map(|section| section.id.into()).collect(),
            parents: sections.iter().map(|section| section.parent_id.map(Uuid::from)).collect(),
            titles: sections.iter().map(|section| section.title_template.as_str()).collect(),
            styles: sections.iter().map(|section| section.heading_style.as_str()).collect(),
            types: sections.iter().map(|section| section.section_type.as_str()).collect(),
            orders: sections.iter().map(|section| section.sort_order).collect(),
            configs: sections.iter().map(|section| section.config.as_deref()).collect(),
        }
    }
}

impl SectionArrays<'_> {
    /// `INSERT … SELECT` of the rows, up to where a conflict clause may follow.
    fn push_insert<'b>(
        &'b self,
        template: &'b Uuid,
        out: &mut AstPass<'_, 'b, Pg>,
    ) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO department_list_template_sections (template_id, id, parent_id, \
             title_template, heading_style, section_type, sort_order, config) SELECT ",
        );
        out.push_bind_param::<SqlUuid, _>(template)?;
        // The configuration travels as text: as json it would be the text again.
        out.push_sql(", id, parent_id, title, style, type, place, config::json FROM unnest(");
        out.push_bind_param::<Array<SqlUuid>, _>(&self.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<SqlUuid>>, _>(&self.parents)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.titles)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.styles)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.types)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Integer>, _>(&self.orders)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.configs)?;
        out.push_sql(") AS sent (id, parent_id, title, style, type, place, config)");
        Ok(())
    }
}

/// The columns of [`TemplateRow`] in its order.
const COLUMNS: &str = " RETURNING id, name, budget_round_type, department_name_placeholder, \
                       is_active, classification_text, created_by, created_at, updated_at";

type Columns = (SqlUuid, Text, Text, Text, Bool, Nullable<Text>, SqlUuid, Timestamptz, Timestamptz);

/// The statement behind [`insert_template`].
struct InsertTemplate<'a> {
    new: &'a NewTemplate,
    sections: SectionArrays<'a>,
}

impl QueryId for InsertTemplate<'_> {
    type QueryId = InsertTemplate<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for InsertTemplate<'_> {
    type SqlType = Columns;
}

impl QueryFragment<Pg> for InsertTemplate<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH sections AS (");
        self.sections.push_insert(self.new.id.as_uuid(), &mut out)?;
        out.push_sql(
            ") INSERT INTO department_list_templates (id, name, budget_round_type, \
             department_name_placeholder, classification_text, created_by) VALUES (",
        );
        out.push_bind_param::<SqlUuid, _>(self.new.id.as_uuid())?;
        for text in
            [&self.new.name, &self.new.budget_round_type, &self.new.department_name_placeholder]
        {
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(text)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.new.classification_text)?;
        out.push_sql(", ");
        out.push_bind_param::<SqlUuid, _>(self.new.created_by.as_uuid())?;
        out.push_sql(")");
        out.push_sql(COLUMNS);
        Ok(())
    }
}

/// The statement behind [`write_sections`].
struct WriteSections<'a> {
    template: Uuid,
    changed: SectionArrays<'a>,
    removed: Vec<Uuid>,
    list_ids: Vec<Uuid>,
    list_parents: Vec<Option<Uuid>>,
    list_titles: Vec<Option<&'a str>>,
    lists: Vec<Uuid>,
}

impl QueryId for WriteSections<'_> {
    type QueryId = WriteSections<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for WriteSections<'_> {
    type SqlType = Columns;
}

impl QueryFragment<Pg> for WriteSections<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH changed AS (");
        self.changed.push_insert(&self.template, &mut out)?;
        out.push_sql(
            " ON CONFLICT (id) DO UPDATE SET parent_id = excluded.parent_id, \
             title_template = excluded.title_template, heading_style = excluded.heading_style, \
             section_type = excluded.section_type, sort_order = excluded.sort_order, \
             config = excluded.config), removed AS (\
             DELETE FROM department_list_template_sections WHERE id = ANY(",
        );
        out.push_bind_param::<Array<SqlUuid>, _>(&self.removed)?;
        out.push_sql(
            ")), followed AS (UPDATE department_list_sections AS stored \
             SET parent_id = sent.parent_id, title = sent.title FROM unnest(",
        );
        out.push_bind_param::<Array<SqlUuid>, _>(&self.list_ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<SqlUuid>>, _>(&self.list_parents)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.list_titles)?;
        out.push_sql(
            ") AS sent (id, parent_id, title) WHERE stored.id = sent.id), touched AS (\
             UPDATE department_lists SET updated_at = clock_timestamp() WHERE id = ANY(",
        );
        out.push_bind_param::<Array<SqlUuid>, _>(&self.lists)?;
        out.push_sql(
            ")) UPDATE department_list_templates SET updated_at = clock_timestamp() WHERE id = ",
        );
        out.push_bind_param::<SqlUuid, _>(&self.template)?;
        out.push_sql(COLUMNS);
        Ok(())
    }
}
