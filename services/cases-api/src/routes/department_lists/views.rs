//! Department lists as the wire has them (contract 2.14).

use chrono::{DateTime, Utc};
use domain::department_list::{DepartmentList, ListEntry, ListHead, ListSection, ListStatus};
use domain::ids::{
    BudgetRoundId, CaseId, DepartmentId, DepartmentListId, ListEntryId, ListSectionId, TemplateId,
    TemplateSectionId, UserId,
};
use domain::list_template::{HeadingStyle, SectionType};
use domain::money::ThousandNok;
use serde::Serialize;
use utoipa::ToSchema;

/// A department list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DepartmentList)]
pub(super) struct DepartmentListView {
    id: DepartmentListId,
    template_id: TemplateId,
    template_name: String,
    budget_round_id: BudgetRoundId,
    department_id: DepartmentId,
    #[schema(example = "KLD")]
    department_code: String,
    department_name: String,
    status: ListStatus,
    created_by: UserId,
    created_at: DateTime<Utc>,
    /// When anything in the list last changed.
    updated_at: DateTime<Utc>,
    /// Root sections in order; null where the list is one of many.
    #[schema(required)]
    sections: Option<Vec<DepartmentListSectionView>>,
}

impl From<ListHead> for DepartmentListView {
    fn from(list: ListHead) -> Self {
        Self {
            id: list.id,
            template_id: list.template_id,
            template_name: list.template_name,
            budget_round_id: list.budget_round_id,
            department_id: list.department_id,
            department_code: list.department_code,
            department_name: list.department_name,
            status: list.status,
            created_by: list.created_by,
            created_at: list.created_at,
            updated_at: list.updated_at,
            sections: None,
        }
    }
}

impl From<DepartmentList> for DepartmentListView {
    fn from(list: DepartmentList) -> Self {
        let id = list.head.id;
        Self { sections: Some(views(id, list.sections)), ..Self::from(list.head) }
    }
}

/// A section of a department list. Sections that only tell how cases are rendered are left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DepartmentListSection)]
struct DepartmentListSectionView {
    id: ListSectionId,
    department_list_id: DepartmentListId,
    template_section_id: TemplateSectionId,
    #[schema(required)]
    parent_id: Option<ListSectionId>,
    #[schema(required)]
    title: Option<String>,
    sort_order: i32,
    /// JSON text: a document, a figure, or the render config of a section with cases.
    #[schema(required)]
    content_json: Option<String>,
    section_type: SectionType,
    heading_style: HeadingStyle,
    #[schema(no_recursion)]
    children: Vec<DepartmentListSectionView>,
    case_entries: Vec<CaseEntryView>,
}

fn views(list: DepartmentListId, sections: Vec<ListSection>) -> Vec<DepartmentListSectionView> {
    let view = |section: ListSection| DepartmentListSectionView {
        id: section.id,
        department_list_id: list,
        template_section_id: section.template_section_id,
        parent_id: section.parent_id,
        title: section.title,
        sort_order: section.sort_order,
        content_json: section.content_json,
        section_type: section.section_type,
        heading_style: section.heading_style,
        children: views(list, section.children),
        case_entries: section.entries.into_iter().map(CaseEntryView::from).collect(),
    };
    sections.into_iter().map(view).collect()
}

/// A case in a department list, with texts of its newest content.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CaseEntry)]
pub(super) struct CaseEntryView {
    id: ListEntryId,
    case_id: CaseId,
    case_name: String,
    #[schema(example = "satsingsforslag")]
    case_type: String,
    #[schema(required, example = "a_list")]
    subgroup: Option<String>,
    sort_order: i32,
    #[schema(required)]
    amount: Option<ThousandNok>,
    #[schema(required)]
    fin_amount: Option<ThousandNok>,
    #[schema(required)]
    gov_amount: Option<ThousandNok>,
    /// JSON text of a document that replaces the case's own texts.
    #[schema(required)]
    override_content: Option<String>,
    #[schema(required)]
    fin_assessment: Option<String>,
    #[schema(required)]
    fin_verbal: Option<String>,
    #[serde(rename = "finRConclusion")]
    #[schema(required)]
    fin_r_conclusion: Option<String>,
    #[schema(required)]
    proposal_text: Option<String>,
}

impl From<ListEntry> for CaseEntryView {
    fn from(entry: ListEntry) -> Self {
        Self {
            id: entry.id,
            case_id: entry.case_id,
            case_name: entry.case_name,
            case_type: entry.case_type,
            subgroup: entry.subgroup,
            sort_order: entry.sort_order,
            amount: entry.amount,
            fin_amount: entry.fin_amount,
            gov_amount: entry.gov_amount,
            override_content: entry.override_content,
            fin_assessment: entry.texts.fin_assessment,
            fin_verbal: entry.texts.fin_verbal,
            fin_r_conclusion: entry.texts.fin_r_conclusion,
            proposal_text: entry.texts.proposal_text,
        }
    }
}
