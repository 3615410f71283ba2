//! Opinions and approvals: asking, answering, passing on (E32 to E34).

use actix_web::{patch, post, web};
use domain::content::is_blank;
use domain::ids::{CaseId, OpinionId, UserId};
use domain::opinion::{OpinionAnswer, OpinionType};
use edge::ApiError;
use edge::actor::Actor;
use edge::json::Json;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::cases::views::CaseOpinionView;
use crate::app::AppState;
use crate::cases::{self, AnswerInput, OpinionInput};

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(request_opinion).service(answer_opinion).service(forward_opinion);
}

/// A request for an opinion or an approval.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RequestOpinionRequest {
    /// Id or e-mail address of an active user of any department.
    #[schema(example = "fag.kld@test.no")]
    assigned_to: String,
    /// Default `uttalelse`.
    #[serde(rename = "type")]
    kind: Option<OpinionType>,
    comment: Option<String>,
}

impl From<RequestOpinionRequest> for OpinionInput {
    fn from(body: RequestOpinionRequest) -> Self {
        Self {
            assigned_to: body.assigned_to,
            kind: body.kind.unwrap_or(OpinionType::Uttalelse),
            comment: body.comment.filter(|comment| !is_blank(comment)),
        }
    }
}

/// An answer: `given` or `declined` to an `uttalelse`, `approved` or `rejected` to a
/// `godkjenning`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AnswerOpinionRequest {
    status: OpinionAnswer,
    opinion_text: Option<String>,
}

/// Somebody else who is to approve.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ForwardOpinionRequest {
    /// An active user of any department.
    forward_to: UserId,
}

/// Asks a colleague for an opinion or an approval. Until it is answered the case keeps its status.
#[utoipa::path(
    tag = "opinions",
    params(("id" = Uuid, Path, description = "Case")),
    request_body = RequestOpinionRequest,
    responses(
        (status = 200, description = "The request", body = CaseOpinionView),
        (status = 400,
            description = "/problems/opinion-refused, /problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/cases/{id}/opinions")]
async fn request_opinion(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<CaseId>,
    body: Json<RequestOpinionRequest>,
) -> Result<web::Json<CaseOpinionView>, ApiError> {
    let mut conn = state.db().await?;
    let asked = cases::request_opinion(&mut conn, &actor, *id, body.into_inner().into()).await?;
    Ok(web::Json(CaseOpinionView::from(asked)))
}

/// Answers a request that the caller was asked.
#[utoipa::path(
    tag = "opinions",
    params(("opinionId" = Uuid, Path, description = "Request for an opinion or approval")),
    request_body = AnswerOpinionRequest,
    responses(
        (status = 200, description = "The answered request", body = CaseOpinionView),
        (status = 400,
            description = "/problems/opinion-refused, /problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[patch("/api/cases/opinions/{opinionId}")]
async fn answer_opinion(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<OpinionId>,
    body: Json<AnswerOpinionRequest>,
) -> Result<web::Json<CaseOpinionView>, ApiError> {
    let AnswerOpinionRequest { status, opinion_text } = body.into_inner();
    let text = opinion_text.filter(|text| !is_blank(text));
    let input = AnswerInput { answer: status, text };
    let mut conn = state.db().await?;
    let answered = cases::answer_opinion(&mut conn, &actor, *id, input).await?;
    Ok(web::Json(CaseOpinionView::from(answered)))
}

/// Passes a request for an approval on to somebody else. Answers with the new request.
#[utoipa::path(
    tag = "opinions",
    params(("opinionId" = Uuid, Path, description = "Request for an approval")),
    request_body = ForwardOpinionRequest,
    responses(
        (status = 200, description = "The new request", body = CaseOpinionView),
        (status = 400,
            description = "/problems/opinion-refused, /problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/cases/opinions/{opinionId}/forward")]
async fn forward_opinion(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<OpinionId>,
    body: Json<ForwardOpinionRequest>,
) -> Result<web::Json<CaseOpinionView>, ApiError> {
    let forward_to = body.into_inner().forward_to;
    let mut conn = state.db().await?;
    let asked = cases::forward_opinion(&mut conn, &actor, *id, forward_to).await?;
    Ok(web::Json(CaseOpinionView::from(asked)))
}
