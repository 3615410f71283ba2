//! Conclusions of a case (E60 to E64).

use actix_web::{HttpResponse, delete, get, post, put, web};
use chrono::{DateTime, Utc};
use domain::ids::{CaseId, ConclusionId};
use edge::ApiError;
use edge::actor::Actor;
use edge::json::Json;
use serde::{Deserialize, Serialize};
use store::conclusions::{ConclusionChange, ConclusionRow, NewConclusion};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::app::AppState;
use crate::conclusions;

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_conclusions)
        .service(add_conclusion)
        .service(replace_conclusions)
        .service(update_conclusion)
        .service(delete_conclusion);
}

/// A new conclusion.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConclusionRequest {
    #[schema(min_length = 1, max_length = 100_000, pattern = r"\S")]
    text: String,
    sort_order: i32,
}

impl From<ConclusionRequest> for NewConclusion {
    fn from(body: ConclusionRequest) -> Self {
        Self { text: body.text, sort_order: body.sort_order }
    }
}

/// The conclusions that a case has from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(max_items = 200)]
struct ReplaceConclusionsRequest(Vec<ConclusionRequest>);

/// What changes in a conclusion; absent or `null` leaves it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UpdateConclusionRequest {
    #[schema(min_length = 1, max_length = 100_000, pattern = r"\S")]
    text: Option<String>,
    sort_order: Option<i32>,
}

/// A conclusion of a case (contract 2.12).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Conclusion)]
struct ConclusionView {
    id: Uuid,
    case_id: Uuid,
    sort_order: i32,
    text: String,
    created_by: Uuid,
    created_at: DateTime<Utc>,
}

impl From<ConclusionRow> for ConclusionView {
    fn from(row: ConclusionRow) -> Self {
        Self {
            id: row.id,
            case_id: row.case_id,
            sort_order: row.sort_order,
            text: row.text,
            created_by: row.created_by,
            created_at: row.created_at,
        }
    }
}

/// The conclusions of a case in their order.
#[utoipa::path(
    tag = "conclusions",
    params(("id" = Uuid, Path, description = "Case")),
    responses(
        (status = 200, description = "Conclusions", body = [ConclusionView]),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/cases/{id}/conclusions")]
async fn list_conclusions(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<CaseId>,
) -> Result<web::Json<Vec<ConclusionView>>, ApiError> {
    let mut conn = state.db().await?;
    let rows = conclusions::list_conclusions(&mut conn, &actor, *id).await?;
    Ok(web::Json(rows.into_iter().map(ConclusionView::from).collect()))
}

/// Adds a conclusion. For the Ministry of Finance and administrators, as is every change of them.
#[utoipa::path(
    tag = "conclusions",
    params(("id" = Uuid, Path, description = "Case")),
    request_body = ConclusionRequest,
    responses(
        (status = 201, description = "The new conclusion", body = ConclusionView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/cases/{id}/conclusions")]
async fn add_conclusion(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<CaseId>,
    body: Json<ConclusionRequest>,
) -> Result<HttpResponse, ApiError> {
    let new = NewConclusion::from(body.into_inner());
    let mut conn = state.db().await?;
    let row = conclusions::add_conclusion(&mut conn, &actor, *id, new).await?;
    Ok(HttpResponse::Created().json(ConclusionView::from(row)))
}

/// Puts new conclusions in the place of all that the case has. They get new ids.
#[utoipa::path(
    tag = "conclusions",
    params(("id" = Uuid, Path, description = "Case")),
    request_body = ReplaceConclusionsRequest,
    responses(
        (status = 200, description = "The conclusions in their order", body = [ConclusionView]),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[put("/api/cases/{id}/conclusions")]
async fn replace_conclusions(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<CaseId>,
    body: Json<ReplaceConclusionsRequest>,
) -> Result<web::Json<Vec<ConclusionView>>, ApiError> {
    let new = body.into_inner().0.into_iter().map(NewConclusion::from).collect();
    let mut conn = state.db().await?;
    let rows = conclusions::replace_conclusions(&mut conn, &actor, *id, new).await?;
    Ok(web::Json(rows.into_iter().map(ConclusionView::from).collect()))
}

/// Changes a conclusion; what is absent stays.
#[utoipa::path(
    tag = "conclusions",
    params(
        ("id" = Uuid, Path, description = "Case"),
        ("conclusionId" = Uuid, Path, description = "Conclusion"),
    ),
    request_body = UpdateConclusionRequest,
    responses(
        (status = 200, description = "The conclusion", body = ConclusionView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[put("/api/cases/{id}/conclusions/{conclusionId}")]
async fn update_conclusion(
    state: web::Data<AppState>,
    actor: Actor,
    path: web::Path<(CaseId, ConclusionId)>,
    body: Json<UpdateConclusionRequest>,
) -> Result<web::Json<ConclusionView>, ApiError> {
    let (case, conclusion) = path.into_inner();
    let UpdateConclusionRequest { text, sort_order } = body.into_inner();
    let change = ConclusionChange { text, sort_order };
    let mut conn = state.db().await?;
    let row = conclusions::update_conclusion(&mut conn, &actor, case, conclusion, &change).await?;
    Ok(web::Json(ConclusionView::from(row)))
}

/// Deletes a conclusion.
#[utoipa::path(
    tag = "conclusions",
    params(
        ("id" = Uuid, Path, description = "Case"),
        ("conclusionId" = Uuid, Path, description = "Conclusion"),
    ),
    responses(
        (status = 204, description = "The conclusion is gone"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[delete("/api/cases/{id}/conclusions/{conclusionId}")]
async fn delete_conclusion(
    state: web::Data<AppState>,
    actor: Actor,
    path: web::Path<(CaseId, ConclusionId)>,
) -> Result<HttpResponse, ApiError> {
    let (case, conclusion) = path.into_inner();
    let mut conn = state.db().await?;
    conclusions::delete_conclusion(&mut conn, &actor, case, conclusion).await?;
    Ok(HttpResponse::NoContent().finish())
}
