//! Status changes (E28).

use actix_web::{patch, web};
use domain::ids::CaseId;
use domain::status::Status;
use edge::ApiError;
use edge::actor::Actor;
use edge::json::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::AppState;
use crate::cases::{self, StatusInput};

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(change_status);
}

/// A step in the workflow.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChangeStatusRequest {
    /// The status asked for.
    #[schema(value_type = Status, example = "under_arbeid")]
    status: String,
    /// Required for `returnert_til_fag` and `avvist_av_fin`.
    reason: Option<String>,
    comment: Option<String>,
}

/// The status after the step.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatusChanged)]
struct StatusChangedView {
    message: String,
    status: Status,
}

/// Takes a case to another status, if the workflow has that step for the caller's role.
#[utoipa::path(
    tag = "status",
    params(("id" = Uuid, Path, description = "Case")),
    request_body = ChangeStatusRequest,
    responses(
        (status = 200, description = "The case has the new status", body = StatusChangedView),
        (status = 400,
            description = "/problems/pending-opinions, /problems/transition-refused, /problems/reason-required, /problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[patch("/api/cases/{id}/status")]
async fn change_status(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<CaseId>,
    body: Json<ChangeStatusRequest>,
) -> Result<web::Json<StatusChangedView>, ApiError> {
    let ChangeStatusRequest { status, reason, comment } = body.into_inner();
    let mut conn = state.db().await?;
    let input = StatusInput { status, reason, comment };
    let status = cases::change_status(&mut conn, &state.changes, &actor, *id, input).await?;
    let message = format!("Saken har fått status «{}».", status.label());
    Ok(web::Json(StatusChangedView { message, status }))
}
