//! A whole list in one round trip: head, sections and entries, and for print the rest.
//!
//! The number of statements does not depend on the number of sections or cases; they travel
//! together, and the tree is made of the rows here. The page of a list never reads a document.

use std::collections::HashMap;

use diesel::dsl::{AsSelect, auto_type, exists};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::content::FlatFields;
use domain::department_list::{DepartmentList, ListEntry, ListSection, section_tree};
use domain::ids::{CaseId, DepartmentListId, ListEntryId, UserId};
use domain::money::ThousandNok;
use domain::visibility::Viewer;
use futures_util::future::{try_join3, try_join5};
use serde_json::Value;
use uuid::Uuid;

use super::figures::figures_of;
use super::head_of;
use crate::cases::{CaseFactsRow, CaseRow};
use crate::contents::BaseContentRow;
use crate::error::StoreError;
use crate::json::JsonText;
use crate::schema::{
    budget_rounds, case_conclusions, case_contents, case_opinions, cases,
    department_list_case_entries, department_list_sections, department_list_template_sections,
};

/// Finds a list as its page shows it to `viewer`: sections with the texts of their cases (E78).
pub async fn find_list_page(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    list: DepartmentListId,
) -> Result<Option<DepartmentList>, StoreError> {
    let conn: &AsyncPgConnection = conn;
    let (head, sections, entries) =
        try_join3(head_of(conn, list), sections_of(conn, list), page_entries(conn, viewer, list))
            .await?;
    Ok(head.map(|head| {
        let sections = section_tree(sections, entries, Vec::new());
        DepartmentList { head, sections }
    }))
}

/// Finds a list as `viewer` may print it: everything, documents, conclusions and figures included.
///
/// For the services that make documents, with any database role that may read lists.
pub async fn find_list_document(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    list: DepartmentListId,
) -> Result<Option<DepartmentList>, StoreError> {
    let conn: &AsyncPgConnection = conn;
    let (head, sections, entries, conclusions, figures) = try_join5(
        head_of(conn, list),
        sections_of(conn, list),
        printed_entries(conn, viewer, list),
        conclusions_of(conn, list),
        figures_of(conn, list),
    )
    .await?;
    let Some(head) = head else { return Ok(None) };
    let entries = with_conclusions(entries, conclusions)
        .into_iter()
        .map(|(entry, facts)| Ok(entry.seen_by(viewer, &facts.facts()?)))
        .collect::<Result<_, StoreError>>()?;
    Ok(Some(DepartmentList { head, sections: section_tree(sections, entries, figures) }))
}

/// Gets one entry as the page shows it.
///
/// # Errors
///
/// [`StoreError::NotFound`] when there is no such entry.
pub async fn get_entry(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    entry: ListEntryId,
) -> Result<ListEntry, StoreError> {
    let row: PageRow = entries_with_cases()
        .filter(department_list_case_entries::id.eq(Uuid::from(entry)))
        .select(page_columns(viewer.user_id))
        .first(conn)
        .await?;
    page_entry(row, viewer)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = department_list_sections, check_for_backend(Pg))]
struct SectionRow {
    id: Uuid,
    template_section_id: Uuid,
    parent_id: Option<Uuid>,
    title: Option<String>,
    sort_order: i32,
    content_json: Option<JsonText>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = department_list_template_sections, check_for_backend(Pg))]
struct TemplateRow {
    section_type: String,
    heading_style: String,
    title_template: String,
    config: Option<Value>,
}

fn section_of(row: SectionRow, template: TemplateRow) -> Result<ListSection, StoreError> {
    Ok(ListSection {
        id: row.id.into(),
        template_section_id: row.template_section_id.into(),
        parent_id: row.parent_id.map(Into::into),
        title: row.title,
        sort_order: row.sort_order,
        content_json: row.content_json.map(JsonText::into_string),
        section_type: template.section_type.parse().map_err(StoreError::corrupt)?,
        heading_style: template.heading_style.parse().map_err(StoreError::corrupt)?,
        title_template: template.title_template,
        config: template.config,
        children: Vec::new(),
        entries: Vec::new(),
        figures: Vec::new(),
    })
}

async fn sections_of(
    mut conn: &AsyncPgConnection,
    list: DepartmentListId,
) -> Result<Vec<ListSection>, StoreError> {
    let rows: Vec<(SectionRow, TemplateRow)> = department_list_sections::table
        .inner_join(department_list_template_sections::table)
        .filter(department_list_sections::department_list_id.eq(Uuid::from(list)))
        .order((department_list_sections::sort_order, department_list_sections::id))
        .select((SectionRow::as_select(), TemplateRow::as_select()))
        .load(&mut conn)
        .await?;
    rows.into_iter().map(|(row, template)| section_of(row, template)).collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = department_list_case_entries, check_for_backend(Pg))]
struct EntryRow {
    id: Uuid,
    section_id: Uuid,
    subgroup: Option<String>,
    sort_order: i32,
    override_content: Option<JsonText>,
}

/// An entry, what decides whether somebody may see its case, and the texts of the page.
#[derive(Queryable)]
struct PageRow {
    entry: EntryRow,
    case: CaseRow,
    round_status: String,
    is_opinion_assignee: bool,
    proposal_text: Option<String>,
    fin_assessment: Option<String>,
    fin_verbal: Option<String>,
    fin_r_conclusion: Option<String>,
}

type PrintedColumns = (EntryRow, CaseRow, String, bool, Option<BaseContentRow>);

/// Entries joined with their cases and the cases' newest contents.
#[auto_type]
fn entries_with_cases() -> _ {
    department_list_case_entries::table.inner_join(
        cases::table.inner_join(budget_rounds::table).left_join(
            case_contents::table.on(cases::latest_content_id.eq(case_contents::id.nullable())),
        ),
    )
}

/// Whether `user` has, or once had, an opinion to give on the case of an entry.
#[auto_type]
fn is_opinion_assignee(user: UserId) -> _ {
    let user: Uuid = user.into();
    exists(
        case_opinions::table
            .filter(case_opinions::case_id.eq(cases::id))
            .filter(case_opinions::assigned_to.eq(user)),
    )
}

/// What the page shows of [`entries_with_cases`]; loads as [`PageRow`].
#[auto_type]
fn page_columns(user: UserId) -> _ {
    let entry: AsSelect<EntryRow, Pg> = EntryRow::as_select();
    let case: AsSelect<CaseRow, Pg> = CaseRow::as_select();
    let is_opinion_assignee: is_opinion_assignee = is_opinion_assignee(user);
    (
        entry,
        case,
        budget_rounds::status,
        is_opinion_assignee,
        case_contents::proposal_text.nullable(),
        case_contents::fin_assessment.nullable(),
        case_contents::fin_verbal.nullable(),
        case_contents::fin_r_conclusion.nullable(),
    )
}

async fn page_entries(
    mut conn: &AsyncPgConnection,
    viewer: &Viewer,
    list: DepartmentListId,
) -> Result<Vec<ListEntry>, StoreError> {
    let rows: Vec<PageRow> = entries_with_cases()
        .filter(department_list_case_entries::department_list_id.eq(Uuid::from(list)))
        .order((department_list_case_entries::sort_order, department_list_case_entries::id))
        .select(page_columns(viewer.user_id))
        .load(&mut conn)
        .await?;
    rows.into_iter().map(|row| page_entry(row, viewer)).collect()
}

fn page_entry(row: PageRow, viewer: &Viewer) -> Result<ListEntry, StoreError> {
    let texts = FlatFields {
        proposal_text: row.proposal_text,
        fin_assessment: row.fin_assessment,
        fin_verbal: row.fin_verbal,
        fin_r_conclusion: row.fin_r_conclusion,
        ..FlatFields::default()
    };
    let facts = CaseFactsRow::from((row.case, row.round_status, row.is_opinion_assignee));
    let entry = entry_of(row.entry, &facts.case, texts, None);
    Ok(entry.seen_by(viewer, &facts.facts()?))
}

async fn printed_entries(
    mut conn: &AsyncPgConnection,
    viewer: &Viewer,
    list: DepartmentListId,
) -> Result<Vec<(ListEntry, CaseFactsRow)>, StoreError> {
    let rows: Vec<PrintedColumns> = entries_with_cases()
        .filter(department_list_case_entries::department_list_id.eq(Uuid::from(list)))
        .order((department_list_case_entries::sort_order, department_list_case_entries::id))
        .select((
            EntryRow::as_select(),
            CaseRow::as_select(),
            budget_rounds::status,
            is_opinion_assignee(viewer.user_id),
            Option::<BaseContentRow>::as_select(),
        ))
        .load(&mut conn)
        .await?;
    let printed = |columns: PrintedColumns| {
        let (row, case, round_status, is_opinion_assignee, newest) = columns;
        let facts = CaseFactsRow { case, round_status, is_opinion_assignee };
        let newest = newest.unwrap_or_default();
        (entry_of(row, &facts.case, newest.texts.into(), newest.content_json), facts)
    };
    Ok(rows.into_iter().map(printed).collect())
}

fn entry_of(
    row: EntryRow,
    case: &CaseRow,
    texts: FlatFields,
    document: Option<JsonText>,
) -> ListEntry {
    ListEntry {
        id: row.id.into(),
        section_id: row.section_id.into(),
        case_id: case.id.into(),
        case_name: case.case_name.clone(),
        case_type: case.case_type.clone(),
        subgroup: row.subgroup,
        sort_order: row.sort_order,
        override_content: row.override_content.map(JsonText::into_string),
        priority_number: case.priority_number,
        amount: case.amount.map(ThousandNok::new),
        fin_amount: case.fin_amount.map(ThousandNok::new),
        gov_amount: case.gov_amount.map(ThousandNok::new),
        texts,
        document: document.map(JsonText::into_string),
        conclusions: Vec::new(),
    }
}

/// The conclusions of every case of a list, by case and then in their order.
async fn conclusions_of(
    mut conn: &AsyncPgConnection,
    list: DepartmentListId,
) -> Result<Vec<(Uuid, String)>, StoreError> {
    let of_its_case = department_list_case_entries::case_id.eq(case_conclusions::case_id);
    Ok(case_conclusions::table
        .inner_join(department_list_case_entries::table.on(of_its_case))
        .filter(department_list_case_entries::department_list_id.eq(Uuid::from(list)))
        .order((case_conclusions::case_id, case_conclusions::sort_order, case_conclusions::id))
        .select((case_conclusions::case_id, case_conclusions::text))
        .load(&mut conn)
        .await?)
}

fn with_conclusions(
    mut entries: Vec<(ListEntry, CaseFactsRow)>,
    conclusions: Vec<(Uuid, String)>,
) -> Vec<(ListEntry, CaseFactsRow)> {
    let mut by_case = HashMap::<CaseId, Vec<String>>::new();
    for (case, text) in conclusions {
        by_case.entry(case.into()).or_default().push(text);
    }
    for (entry, _) in &mut entries {
        entry.conclusions = by_case.remove(&entry.case_id).unwrap_or_default();
    }
    entries
}
