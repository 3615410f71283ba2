//! Changing some of a case's properties and texts (E22).

use actix_web::{put, web};
use domain::content::ContentField;
use domain::ids::CaseId;
use domain::money::ThousandNok;
use edge::ApiError;
use edge::actor::Actor;
use edge::json::{Json, Patch};
use serde::Deserialize;
use utoipa::ToSchema;

use super::views::BudgetCaseView;
use crate::app::AppState;
use crate::cases::{self, MetadataInput, UpdateInput};

/// Any of a case's properties and texts. Absent ones are kept; `null` clears a text and keeps
/// everything else.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UpdateCaseRequest {
    #[schema(max_length = 500, pattern = r"\S")]
    case_name: Option<String>,
    /// Code of an active case type.
    #[schema(example = "satsingsforslag")]
    case_type: Option<String>,
    /// Empty removes it.
    #[schema(max_length = 10)]
    chapter: Option<String>,
    /// Empty removes it.
    #[schema(max_length = 10)]
    post: Option<String>,
    /// The ministry's proposal in 1 000 NOK.
    amount: Option<ThousandNok>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    proposal_text: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    justification: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    verbal_conclusion: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    socioeconomic_analysis: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    goal_indicator: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    benefit_plan: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    comment: Patch<String>,
}

impl From<UpdateCaseRequest> for UpdateInput {
    fn from(body: UpdateCaseRequest) -> Self {
        let texts = [
            (ContentField::ProposalText, body.proposal_text),
            (ContentField::Justification, body.justification),
            (ContentField::VerbalConclusion, body.verbal_conclusion),
            (ContentField::SocioeconomicAnalysis, body.socioeconomic_analysis),
            (ContentField::GoalIndicator, body.goal_indicator),
            (ContentField::BenefitPlan, body.benefit_plan),
            (ContentField::Comment, body.comment),
        ];
        Self {
            case_type: body.case_type,
            metadata: MetadataInput {
                case_name: body.case_name,
                chapter: body.chapter,
                post: body.post,
                amount: body.amount,
                ..MetadataInput::default()
            },
            texts: sent_texts(texts),
        }
    }
}

/// The texts of a partial update that were sent; `None` clears.
pub(crate) fn sent_texts(
    texts: impl IntoIterator<Item = (ContentField, Patch<String>)>,
) -> Vec<(ContentField, Option<String>)> {
    texts
        .into_iter()
        .filter(|(_, text)| *text != Patch::Absent)
        .map(|(field, text)| (field, text.value()))
        .collect()
}

/// Changes some of a case's properties and texts. What a version shows becomes a new version.
#[utoipa::path(
    tag = "cases",
    params(("id" = Uuid, Path, description = "Case")),
    request_body = UpdateCaseRequest,
    responses(
        (status = 200, description = "The case", body = BudgetCaseView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 409, description = "/problems/version-conflict"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[put("/api/cases/{id}")]
pub(super) async fn update_case(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<CaseId>,
    body: Json<UpdateCaseRequest>,
) -> Result<web::Json<BudgetCaseView>, ApiError> {
    let mut conn = state.db().await?;
    cases::update_case(&mut conn, &state.changes, &actor, *id, body.into_inner().into()).await?;
    let page = cases::get_case(&mut conn, &actor, *id).await?;
    Ok(web::Json(BudgetCaseView::from(page)))
}
