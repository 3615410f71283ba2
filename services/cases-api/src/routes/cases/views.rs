//! Cases, content versions, opinions and events as the wire shows them (contract 2.5 to 2.8).

use chrono::{DateTime, Utc};
use serde::Serialize;
use store::cases::CaseListRow;
use store::contents::VersionRow;
use store::events::CaseEventRow;
use store::opinions::NamedOpinionRow;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::cases::CasePage;

/// A case in a list: no texts, no document, about 1 KB.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CaseListItem)]
pub(crate) struct CaseListItemView {
    id: Uuid,
    budget_round_id: Uuid,
    department_id: Uuid,
    #[schema(example = "KLD")]
    department_code: String,
    case_name: String,
    /// Budget chapter.
    #[schema(required)]
    chapter: Option<String>,
    /// Budget item.
    #[schema(required)]
    post: Option<String>,
    /// The ministry's proposal in 1 000 NOK.
    #[schema(required)]
    amount: Option<i64>,
    /// The Ministry of Finance's recommendation in 1 000 NOK.
    #[schema(required)]
    fin_amount: Option<i64>,
    /// The government's decision in 1 000 NOK.
    #[schema(required)]
    gov_amount: Option<i64>,
    #[schema(example = "satsingsforslag")]
    case_type: String,
    #[schema(example = "under_arbeid")]
    status: String,
    /// Responsible case worker in the ministry.
    #[schema(required)]
    assigned_to: Option<Uuid>,
    #[schema(required)]
    assigned_to_name: Option<String>,
    /// Responsible case worker in the Ministry of Finance.
    #[schema(required)]
    fin_assigned_to: Option<Uuid>,
    #[schema(required)]
    fin_assigned_to_name: Option<String>,
    created_by: Uuid,
    created_by_name: String,
    /// `fag` or `fin`.
    #[schema(example = "fag")]
    origin: String,
    #[schema(required)]
    responsible_division: Option<String>,
    /// `a_list` or `b_list`.
    #[schema(required)]
    fin_list_placement: Option<String>,
    #[schema(required)]
    priority_number: Option<i32>,
    /// The newest content version; sent back as `expectedVersion`.
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A case with its newest content and its opinions. In lists both are `null` (D-06).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BudgetCase)]
pub(crate) struct BudgetCaseView {
    #[serde(flatten)]
    case: CaseListItemView,
    #[schema(required)]
    current_content: Option<CaseContentView>,
    #[schema(required)]
    opinions: Option<Vec<CaseOpinionView>>,
}

/// One content version of a case.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CaseContent)]
pub(crate) struct CaseContentView {
    id: Uuid,
    /// 1 and up, without gaps.
    version: i32,
    #[schema(required)]
    case_name: Option<String>,
    #[schema(required)]
    chapter: Option<String>,
    #[schema(required)]
    post: Option<String>,
    #[schema(required)]
    amount: Option<i64>,
    #[schema(required)]
    fin_amount: Option<i64>,
    #[schema(required)]
    gov_amount: Option<i64>,
    /// Status of the case when it was saved.
    #[schema(required)]
    status: Option<String>,
    #[schema(required)]
    proposal_text: Option<String>,
    #[schema(required)]
    justification: Option<String>,
    #[schema(required)]
    verbal_conclusion: Option<String>,
    #[schema(required)]
    socioeconomic_analysis: Option<String>,
    #[schema(required)]
    goal_indicator: Option<String>,
    #[schema(required)]
    benefit_plan: Option<String>,
    #[schema(required)]
    comment: Option<String>,
    /// `null` for the ministries until the government has the case.
    #[schema(required)]
    fin_assessment: Option<String>,
    /// As `finAssessment`.
    #[schema(required)]
    fin_verbal: Option<String>,
    /// As `finAssessment`.
    #[schema(required)]
    #[serde(rename = "finRConclusion")]
    fin_r_conclusion: Option<String>,
    /// The document as JSON text, not as an object. `null` in lists of versions (D-29).
    #[schema(required)]
    content_json: Option<String>,
    track_changes_active: bool,
    created_by: Uuid,
    created_by_name: String,
    created_at: DateTime<Utc>,
}

/// A request for an opinion or approval, and its answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CaseOpinion)]
pub(crate) struct CaseOpinionView {
    id: Uuid,
    case_id: Uuid,
    /// `uttalelse` or `godkjenning`.
    #[serde(rename = "type")]
    #[schema(example = "uttalelse")]
    kind: String,
    requested_by: Uuid,
    requested_by_name: String,
    assigned_to: Uuid,
    assigned_to_name: String,
    #[schema(example = "pending")]
    status: String,
    #[schema(required)]
    opinion_text: Option<String>,
    #[schema(required)]
    request_comment: Option<String>,
    /// The previous link of a forwarding chain.
    #[schema(required)]
    forwarded_from_id: Option<Uuid>,
    /// The first link of a forwarding chain.
    #[schema(required)]
    original_opinion_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    #[schema(required)]
    resolved_at: Option<DateTime<Utc>>,
}

/// One entry of the event log.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CaseEvent)]
pub(crate) struct CaseEventView {
    id: Uuid,
    #[schema(example = "status_changed")]
    event_type: String,
    /// What is known about it, as JSON text.
    #[schema(required)]
    event_data: Option<String>,
    user_id: Uuid,
    user_name: String,
    created_at: DateTime<Utc>,
}

impl From<CaseListRow> for CaseListItemView {
    fn from(row: CaseListRow) -> Self {
        let case = row.case;
        Self {
            id: case.id,
            budget_round_id: case.budget_round_id,
            department_id: case.department_id,
            department_code: row.department_code,
            case_name: case.case_name,
            chapter: case.chapter,
            post: case.post,
            amount: case.amount,
            fin_amount: case.fin_amount,
            gov_amount: case.gov_amount,
            case_type: case.case_type,
            status: case.status,
            assigned_to: case.assigned_to,
            assigned_to_name: row.assigned_to_name,
            fin_assigned_to: case.fin_assigned_to,
            fin_assigned_to_name: row.fin_assigned_to_name,
            created_by: case.created_by,
            created_by_name: row.created_by_name,
            origin: case.origin,
            responsible_division: case.responsible_division,
            fin_list_placement: case.fin_list_placement,
            priority_number: case.priority_number,
            version: case.version,
            created_at: case.created_at,
            updated_at: case.updated_at,
        }
    }
}

/// As an item of a list.
impl From<CaseListRow> for BudgetCaseView {
    fn from(row: CaseListRow) -> Self {
        Self { case: row.into(), current_content: None, opinions: None }
    }
}

/// As the case page.
impl From<CasePage> for BudgetCaseView {
    fn from(page: CasePage) -> Self {
        Self {
            case: page.case.into(),
            current_content: page.content.map(CaseContentView::from),
            opinions: Some(page.opinions.into_iter().map(CaseOpinionView::from).collect()),
        }
    }
}

impl From<VersionRow> for CaseContentView {
    fn from(row: VersionRow) -> Self {
        let content = row.content;
        let texts = content.texts;
        Self {
            id: content.id,
            version: content.version,
            case_name: content.case_name,
            chapter: content.chapter,
            post: content.post,
            amount: content.amount,
            fin_amount: content.fin_amount,
            gov_amount: content.gov_amount,
            status: content.status,
            proposal_text: texts.proposal_text,
            justification: texts.justification,
            verbal_conclusion: texts.verbal_conclusion,
            socioeconomic_analysis: texts.socioeconomic_analysis,
            goal_indicator: texts.goal_indicator,
            benefit_plan: texts.benefit_plan,
            comment: texts.comment,
            fin_assessment: texts.fin_assessment,
            fin_verbal: texts.fin_verbal,
            fin_r_conclusion: texts.fin_r_conclusion,
            content_json: row.document.map(store::json::JsonText::into_string),
            track_changes_active: content.track_changes_active,
            created_by: content.created_by,
            created_by_name: row.created_by_name,
            created_at: content.created_at,
        }
    }
}

impl From<NamedOpinionRow> for CaseOpinionView {
    fn from(row: NamedOpinionRow) -> Self {
        let opinion = row.opinion;
        Self {
            id: opinion.id,
            case_id: opinion.case_id,
            kind: opinion.kind,
            requested_by: opinion.requested_by,
            requested_by_name: row.requested_by_name,
            assigned_to: opinion.assigned_to,
            assigned_to_name: row.assigned_to_name,
            status: opinion.status,
            opinion_text: opinion.opinion_text,
            request_comment: opinion.request_comment,
            forwarded_from_id: opinion.forwarded_from_id,
            original_opinion_id: opinion.original_opinion_id,
            created_at: opinion.created_at,
            resolved_at: opinion.resolved_at,
        }
    }
}

impl From<(CaseEventRow, String)> for CaseEventView {
    fn from((event, user_name): (CaseEventRow, String)) -> Self {
        Self {
            id: event.id,
            event_type: label_key(event.event_type),
            event_data: event.event_data.map(store::json::JsonText::into_string),
            user_id: event.user_id,
            user_name,
            created_at: event.created_at,
        }
    }
}

/// The client has labels for other names than the ones stored (D-31).
fn label_key(event_type: String) -> String {
    match event_type.as_str() {
        "updated" | "document_saved" => "content_updated".to_owned(),
        "sent_to_fin" => "submitted".to_owned(),
        _ => event_type,
    }
}
