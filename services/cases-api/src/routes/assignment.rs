//! Who handles a case, and where it stands on FIN's lists (E29 to E31).

use actix_web::{patch, web};
use domain::ids::{CaseId, UserId};
use domain::placement::ListPlacement;
use domain::role::Side;
use edge::ApiError;
use edge::actor::Actor;
use edge::json::{Json, Patch};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::AppState;
use crate::cases::{self, Placement, PlacementInput};

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(assign_case).service(assign_fin_case).service(update_list_placement);
}

/// A new handler.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AssignCaseRequest {
    new_assigned_to: UserId,
}

/// The handler in the ministry after the change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CaseAssigned)]
struct CaseAssignedView {
    message: String,
    assigned_to: UserId,
    assigned_to_name: String,
}

/// The handler in the Ministry of Finance after the change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FinCaseAssigned)]
struct FinCaseAssignedView {
    message: String,
    fin_assigned_to: UserId,
    fin_assigned_to_name: String,
}

/// A new place on FIN's lists, a new priority, or both. What is absent stays; `null` clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PlaceCaseRequest {
    #[serde(default)]
    #[schema(value_type = Option<ListPlacement>)]
    fin_list_placement: Patch<ListPlacement>,
    #[serde(default)]
    #[schema(value_type = Option<i32>)]
    priority_number: Patch<i32>,
}

impl From<PlaceCaseRequest> for PlacementInput {
    fn from(body: PlaceCaseRequest) -> Self {
        Self { list: body.fin_list_placement, priority_number: body.priority_number }
    }
}

/// Where the case stands after the change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CasePlacement)]
struct CasePlacementView {
    #[schema(required)]
    fin_list_placement: Option<ListPlacement>,
    #[schema(required)]
    priority_number: Option<i32>,
}

impl From<Placement> for CasePlacementView {
    fn from(placement: Placement) -> Self {
        Self { fin_list_placement: placement.list, priority_number: placement.priority_number }
    }
}

/// Gives a case another handler in the ministry that owns it.
#[utoipa::path(
    tag = "assignment",
    params(("id" = Uuid, Path, description = "Case")),
    request_body = AssignCaseRequest,
    responses(
        (status = 200, description = "The case has the new handler", body = CaseAssignedView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[patch("/api/cases/{id}/assign")]
async fn assign_case(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<CaseId>,
    body: Json<AssignCaseRequest>,
) -> Result<web::Json<CaseAssignedView>, ApiError> {
    let handler = body.into_inner().new_assigned_to;
    let mut conn = state.db().await?;
    let assigned =
        cases::assign_case(&mut conn, &state.changes, &actor, *id, Side::Fag, handler).await?;
    Ok(web::Json(CaseAssignedView {
        message: format!("{} er nå ansvarlig for saken.", assigned.name),
        assigned_to: assigned.id,
        assigned_to_name: assigned.name,
    }))
}

/// Gives a case another handler in the Ministry of Finance.
#[utoipa::path(
    tag = "assignment",
    params(("id" = Uuid, Path, description = "Case")),
    request_body = AssignCaseRequest,
    responses(
        (status = 200, description = "The case has the new handler", body = FinCaseAssignedView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[patch("/api/cases/{id}/fin-assign")]
async fn assign_fin_case(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<CaseId>,
    body: Json<AssignCaseRequest>,
) -> Result<web::Json<FinCaseAssignedView>, ApiError> {
    let handler = body.into_inner().new_assigned_to;
    let mut conn = state.db().await?;
    let assigned =
        cases::assign_case(&mut conn, &state.changes, &actor, *id, Side::Fin, handler).await?;
    Ok(web::Json(FinCaseAssignedView {
        message: format!("{} er nå ansvarlig for saken i FIN.", assigned.name),
        fin_assigned_to: assigned.id,
        fin_assigned_to_name: assigned.name,
    }))
}

/// Places a case on the A list or the B list, or sets its priority. Other properties of a case are
/// tolerated here and change nothing; they are saved with its content.
#[utoipa::path(
    tag = "assignment",
    params(("id" = Uuid, Path, description = "Case")),
    request_body = PlaceCaseRequest,
    responses(
        (status = 200, description = "Where the case stands now", body = CasePlacementView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[patch("/api/cases/{id}/list-placement")]
async fn update_list_placement(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<CaseId>,
    body: Json<PlaceCaseRequest>,
) -> Result<web::Json<CasePlacementView>, ApiError> {
    let mut conn = state.db().await?;
    let placement =
        cases::place_case(&mut conn, &state.changes, &actor, *id, body.into_inner().into()).await?;
    Ok(web::Json(CasePlacementView::from(placement)))
}
