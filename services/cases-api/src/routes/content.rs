//! Content versions of a case: reading them, and the three ways to save one (E23 to E27).

use actix_web::{HttpRequest, get, post, put, web};
use domain::content::ContentField;
use domain::ids::CaseId;
use domain::lock::FencingToken;
use domain::money::ThousandNok;
use edge::ApiError;
use edge::actor::Actor;
use edge::json::{Json, Patch};
use edge::rate_limit::{Limited, Saves};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::cases::update::sent_texts;
use super::cases::views::CaseContentView;
use crate::app::AppState;
use crate::cases::{self, ContentInput, DocumentInput, MetadataInput};

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(add_content)
        .service(replace_content)
        .service(save_document)
        .service(list_versions)
        .service(get_version);
}

/// Some of a case's texts and columns. Absent texts are kept, `null` clears one; absent or `null`
/// columns are kept (D-20).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SaveContentRequest {
    #[schema(max_length = 500, pattern = r"\S")]
    case_name: Option<String>,
    #[schema(max_length = 10)]
    chapter: Option<String>,
    #[schema(max_length = 10)]
    post: Option<String>,
    amount: Option<ThousandNok>,
    /// Ignored when a ministry sends it.
    fin_amount: Option<ThousandNok>,
    /// Ignored when a ministry sends it.
    gov_amount: Option<ThousandNok>,
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
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    fin_assessment: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    fin_verbal: Patch<String>,
    #[serde(default, rename = "finRConclusion")]
    #[schema(value_type = Option<String>)]
    fin_r_conclusion: Patch<String>,
    /// The version the caller started from; a newer one is a conflict.
    expected_version: Option<i32>,
    /// Fencing token of the caller's lock; one that was overtaken is a conflict.
    lock_token: Option<FencingToken>,
}

impl From<SaveContentRequest> for ContentInput {
    fn from(body: SaveContentRequest) -> Self {
        let texts = [
            (ContentField::ProposalText, body.proposal_text),
            (ContentField::Justification, body.justification),
            (ContentField::VerbalConclusion, body.verbal_conclusion),
            (ContentField::SocioeconomicAnalysis, body.socioeconomic_analysis),
            (ContentField::GoalIndicator, body.goal_indicator),
            (ContentField::BenefitPlan, body.benefit_plan),
            (ContentField::Comment, body.comment),
            (ContentField::FinAssessment, body.fin_assessment),
            (ContentField::FinVerbal, body.fin_verbal),
            (ContentField::FinRConclusion, body.fin_r_conclusion),
        ];
        Self {
            metadata: MetadataInput {
                case_name: body.case_name,
                chapter: body.chapter,
                post: body.post,
                amount: body.amount,
                fin_amount: body.fin_amount,
                gov_amount: body.gov_amount,
            },
            texts: sent_texts(texts),
            expected_version: body.expected_version,
        }
    }
}

/// A case's whole document. Absent or `null` columns are kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SaveDocumentRequest {
    /// The document as JSON text: at most 2 MiB, 64 levels.
    content_json: String,
    #[schema(max_length = 500, pattern = r"\S")]
    case_name: Option<String>,
    #[schema(max_length = 10)]
    chapter: Option<String>,
    #[schema(max_length = 10)]
    post: Option<String>,
    amount: Option<ThousandNok>,
    /// Ignored when a ministry sends it.
    fin_amount: Option<ThousandNok>,
    track_changes_active: Option<bool>,
    /// The version the caller started from; a newer one is a conflict.
    expected_version: Option<i32>,
    /// Fencing token of the caller's lock; one that was overtaken is a conflict.
    lock_token: Option<FencingToken>,
}

impl From<SaveDocumentRequest> for DocumentInput {
    fn from(body: SaveDocumentRequest) -> Self {
        Self {
            metadata: MetadataInput {
                case_name: body.case_name,
                chapter: body.chapter,
                post: body.post,
                amount: body.amount,
                fin_amount: body.fin_amount,
                gov_amount: None,
            },
            content_json: body.content_json,
            track_changes_active: body.track_changes_active.unwrap_or_default(),
            expected_version: body.expected_version,
        }
    }
}

/// Saves some texts and columns as a new version.
#[utoipa::path(
    tag = "content",
    params(("id" = Uuid, Path, description = "Case")),
    request_body = SaveContentRequest,
    responses(
        (status = 200, description = "The new version", body = CaseContentView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 409, description = "/problems/version-conflict, /problems/lock-overtaken"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 429, description = "/problems/rate-limited"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/cases/{id}/content")]
async fn add_content(
    state: web::Data<AppState>,
    actor: Limited<Saves>,
    id: web::Path<CaseId>,
    request: HttpRequest,
    body: Json<SaveContentRequest>,
) -> Result<web::Json<CaseContentView>, ApiError> {
    let body = body.into_inner();
    state.fencing.admit(&request, *id, body.lock_token).await?;
    let mut conn = state.db().await?;
    let saved = cases::save_content(&mut conn, &state.changes, &actor, *id, body.into()).await?;
    Ok(web::Json(CaseContentView::from(saved)))
}

/// As `POST`, under the method that the requirement names (D-07).
#[utoipa::path(
    tag = "content",
    params(("id" = Uuid, Path, description = "Case")),
    request_body = SaveContentRequest,
    responses(
        (status = 200, description = "The new version", body = CaseContentView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 409, description = "/problems/version-conflict, /problems/lock-overtaken"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 429, description = "/problems/rate-limited"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[put("/api/cases/{id}/content")]
async fn replace_content(
    state: web::Data<AppState>,
    actor: Limited<Saves>,
    id: web::Path<CaseId>,
    request: HttpRequest,
    body: Json<SaveContentRequest>,
) -> Result<web::Json<CaseContentView>, ApiError> {
    let body = body.into_inner();
    state.fencing.admit(&request, *id, body.lock_token).await?;
    let mut conn = state.db().await?;
    let saved = cases::save_content(&mut conn, &state.changes, &actor, *id, body.into()).await?;
    Ok(web::Json(CaseContentView::from(saved)))
}

/// Saves a document, and the texts extracted from it, as a new version.
#[utoipa::path(
    tag = "content",
    params(("id" = Uuid, Path, description = "Case")),
    request_body = SaveDocumentRequest,
    responses(
        (status = 200, description = "The new version", body = CaseContentView),
        (status = 400,
            description = "/problems/invalid-document, /problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 409, description = "/problems/version-conflict, /problems/lock-overtaken"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 429, description = "/problems/rate-limited"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[put("/api/cases/{id}/document")]
async fn save_document(
    state: web::Data<AppState>,
    actor: Limited<Saves>,
    id: web::Path<CaseId>,
    request: HttpRequest,
    body: Json<SaveDocumentRequest>,
) -> Result<web::Json<CaseContentView>, ApiError> {
    let body = body.into_inner();
    state.fencing.admit(&request, *id, body.lock_token).await?;
    let mut conn = state.db().await?;
    let saved = cases::save_document(&mut conn, &state.changes, &actor, *id, body.into()).await?;
    Ok(web::Json(CaseContentView::from(saved)))
}

/// The versions of a case, newest first. `contentJson` is `null` in each (D-29).
#[utoipa::path(
    tag = "content",
    params(("id" = Uuid, Path, description = "Case")),
    responses(
        (status = 200, description = "Versions", body = [CaseContentView]),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/cases/{id}/content")]
async fn list_versions(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<CaseId>,
) -> Result<web::Json<Vec<CaseContentView>>, ApiError> {
    let mut conn = state.db().await?;
    let versions = cases::list_case_versions(&mut conn, &actor, *id).await?;
    Ok(web::Json(versions.into_iter().map(CaseContentView::from).collect()))
}

/// One version of a case with its document.
#[utoipa::path(
    tag = "content",
    params(
        ("id" = Uuid, Path, description = "Case"),
        ("version" = i32, Path, description = "Version"),
    ),
    responses(
        (status = 200, description = "The version", body = CaseContentView),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/cases/{id}/content/{version}")]
async fn get_version(
    state: web::Data<AppState>,
    actor: Actor,
    path: web::Path<(CaseId, i32)>,
) -> Result<web::Json<CaseContentView>, ApiError> {
    let (id, version) = path.into_inner();
    let mut conn = state.db().await?;
    let found = cases::get_version(&mut conn, &actor, id, version).await?;
    Ok(web::Json(CaseContentView::from(found)))
}
