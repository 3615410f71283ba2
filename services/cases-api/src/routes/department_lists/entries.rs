//! Cases in a department list: put in by hand, changed, taken out, and placed by rule (E83 to E87).

use actix_web::{HttpResponse, delete, post, put, web};
use domain::ids::{CaseId, DepartmentListId, ListEntryId, ListSectionId};
use edge::ApiError;
use edge::actor::Actor;
use edge::json::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::views::CaseEntryView;
use crate::app::AppState;
use crate::department_lists::{self, EntryInput, EntryPatch};

/// Adds the handlers of this resource.
pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(create_case_entry)
        .service(update_case_entry)
        .service(delete_case_entry)
        .service(auto_place_cases)
        .service(place_case);
}

/// A case to be put into a section.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreateCaseEntryRequest {
    section_id: ListSectionId,
    case_id: CaseId,
    /// Value of the subgroup.
    #[schema(max_length = 20, example = "a_list")]
    subgroup: Option<String>,
    sort_order: i32,
}

/// What changes in an entry; what is absent or `null` stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UpdateCaseEntryRequest {
    /// Value of the subgroup.
    #[schema(max_length = 20, example = "a_list")]
    subgroup: Option<String>,
    sort_order: Option<i32>,
    /// JSON text of a `TipTap` document that replaces the case's own texts, at most 2 MB.
    override_content: Option<String>,
}

/// What automatic placement did.
#[derive(Debug, Serialize, ToSchema)]
struct AutoPlaced {
    /// How many cases were placed.
    placed: usize,
}

/// Where a case was placed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PlacedCase {
    entry_id: ListEntryId,
    section_id: ListSectionId,
}

/// Puts a case into a section of a list.
#[utoipa::path(
    tag = "department-lists",
    params(("id" = Uuid, Path, description = "Department list")),
    request_body = CreateCaseEntryRequest,
    responses(
        (status = 201, description = "The new entry", body = CaseEntryView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 409, description = "/problems/conflict: the case is in the list"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/department-lists/{id}/case-entries")]
async fn create_case_entry(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<DepartmentListId>,
    body: Json<CreateCaseEntryRequest>,
) -> Result<HttpResponse, ApiError> {
    let CreateCaseEntryRequest { section_id, case_id, subgroup, sort_order } = body.into_inner();
    let input = EntryInput { section_id, case_id, subgroup, sort_order };
    let mut conn = state.db().await?;
    let entry = department_lists::add_entry(&mut conn, &actor, *id, input).await?;
    Ok(HttpResponse::Created().json(CaseEntryView::from(entry)))
}

/// Changes an entry. The last write wins.
#[utoipa::path(
    tag = "department-lists",
    params(
        ("id" = Uuid, Path, description = "Department list"),
        ("entryId" = Uuid, Path, description = "Entry of the list"),
    ),
    request_body = UpdateCaseEntryRequest,
    responses(
        (status = 200, description = "The entry is changed; no content"),
        (status = 400,
            description = "/problems/invalid-request, /problems/invalid-json, /problems/invalid-document"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[put("/api/department-lists/{id}/case-entries/{entryId}")]
async fn update_case_entry(
    state: web::Data<AppState>,
    actor: Actor,
    ids: web::Path<(DepartmentListId, ListEntryId)>,
    body: Json<UpdateCaseEntryRequest>,
) -> Result<HttpResponse, ApiError> {
    let (list, entry) = ids.into_inner();
    let UpdateCaseEntryRequest { subgroup, sort_order, override_content } = body.into_inner();
    let patch = EntryPatch { subgroup, sort_order, override_content };
    let mut conn = state.db().await?;
    department_lists::edit_entry(&mut conn, &actor, list, entry, patch).await?;
    Ok(HttpResponse::Ok().finish())
}

/// Takes a case out of a list.
#[utoipa::path(
    tag = "department-lists",
    params(
        ("id" = Uuid, Path, description = "Department list"),
        ("entryId" = Uuid, Path, description = "Entry of the list"),
    ),
    responses(
        (status = 204, description = "The entry is gone"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[delete("/api/department-lists/{id}/case-entries/{entryId}")]
async fn delete_case_entry(
    state: web::Data<AppState>,
    actor: Actor,
    ids: web::Path<(DepartmentListId, ListEntryId)>,
) -> Result<HttpResponse, ApiError> {
    let (list, entry) = ids.into_inner();
    let mut conn = state.db().await?;
    department_lists::remove_entry(&mut conn, &actor, list, entry).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Places every case of the list's ministry and round that belongs in the list and is not there.
#[utoipa::path(
    tag = "department-lists",
    params(("id" = Uuid, Path, description = "Department list")),
    responses(
        (status = 200, description = "How many cases were placed", body = AutoPlaced),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/department-lists/{id}/auto-place")]
async fn auto_place_cases(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<DepartmentListId>,
) -> Result<web::Json<AutoPlaced>, ApiError> {
    let mut conn = state.db().await?;
    let placed = department_lists::place_cases(&mut conn, &actor, *id).await?;
    Ok(web::Json(AutoPlaced { placed }))
}

/// Places one case where it belongs in the list.
#[utoipa::path(
    tag = "department-lists",
    params(
        ("id" = Uuid, Path, description = "Department list"),
        ("caseId" = Uuid, Path, description = "Case"),
    ),
    responses(
        (status = 200, description = "Where the case is now", body = PlacedCase),
        (status = 400,
            description = "/problems/invalid-request: not eligible, no section for it, or placed already"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/department-lists/{id}/place-case/{caseId}")]
async fn place_case(
    state: web::Data<AppState>,
    actor: Actor,
    ids: web::Path<(DepartmentListId, CaseId)>,
) -> Result<web::Json<PlacedCase>, ApiError> {
    let (list, case) = ids.into_inner();
    let mut conn = state.db().await?;
    let placed = department_lists::place_case(&mut conn, &actor, list, case).await?;
    Ok(web::Json(PlacedCase { entry_id: placed.entry_id, section_id: placed.section_id }))
}
