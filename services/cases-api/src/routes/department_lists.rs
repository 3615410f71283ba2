//! Department lists (E77 to E87): the lists, their sections, the cases in them.

mod entries;
mod views;

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, delete, get, post, put, web};
use domain::department_list::ListStatus;
use domain::ids::{BudgetRoundId, DepartmentListId, ListSectionId, TemplateId};
use edge::ApiError;
use edge::actor::Actor;
use edge::json::Json;
use edge::query::Params;
use serde::Deserialize;
use store::department_lists::ListFilter;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use self::views::DepartmentListView;
use super::cases::department;
use crate::app::AppState;
use crate::department_lists::{self, NewListInput, SectionInput};

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_department_lists)
        .service(create_department_list)
        .service(get_department_list)
        .service(delete_department_list)
        .service(change_department_list_status)
        .service(update_department_list_section);
    entries::configure(config);
}

/// What a list is made of and for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the wire contract's names (E79)")]
struct CreateDepartmentListRequest {
    template_id: TemplateId,
    budget_round_id: BudgetRoundId,
    /// Id or code of the ministry.
    #[schema(example = "KLD")]
    department_id: String,
}

/// A new status; any may follow any other.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChangeDepartmentListStatusRequest {
    #[schema(value_type = ListStatus)]
    status: String,
}

/// What changes in a section; what is absent or `null` stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UpdateSectionRequest {
    /// The heading; an empty one is not shown.
    #[schema(max_length = 500)]
    title: Option<String>,
    /// JSON text of a `TipTap` document, at most 2 MB.
    content_json: Option<String>,
}

/// Department lists without their sections, newest first.
#[utoipa::path(
    tag = "department-lists",
    params(
        ("budgetRoundId" = Option<Uuid>, Query, description = "Only this round"),
        ("departmentId" = Option<String>, Query, description = "Id or code of a department"),
    ),
    responses(
        (status = 200, description = "Lists; `sections` is null", body = [DepartmentListView]),
        (status = 400, description = "/problems/invalid-request"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/department-lists")]
async fn list_department_lists(
    state: web::Data<AppState>,
    actor: Actor,
    params: Params,
) -> Result<web::Json<Vec<DepartmentListView>>, ApiError> {
    let budget_round_id = params.parsed("budgetRoundId")?;
    let department_id = department(&state, &params).await?;
    let mut conn = state.db().await?;
    let filter = ListFilter { budget_round_id, department_id };
    let lists = department_lists::list_lists(&mut conn, &actor, filter).await?;
    Ok(web::Json(lists.into_iter().map(DepartmentListView::from).collect()))
}

/// Makes the list of a ministry in a round out of a template.
#[utoipa::path(
    tag = "department-lists",
    request_body = CreateDepartmentListRequest,
    responses(
        (status = 201, description = "The new list with its sections", body = DepartmentListView,
            headers(("Location" = String, description = "Address of the list"))),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 409, description = "/problems/conflict: the ministry has a list in the round"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/department-lists")]
async fn create_department_list(
    state: web::Data<AppState>,
    actor: Actor,
    body: Json<CreateDepartmentListRequest>,
) -> Result<HttpResponse, ApiError> {
    let CreateDepartmentListRequest { template_id, budget_round_id, department_id } =
        body.into_inner();
    let input = NewListInput { template_id, budget_round_id, department: department_id };
    let mut conn = state.db().await?;
    let list = department_lists::create_list(&mut conn, &actor, input).await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/department-lists/{}", list.head.id)))
        .json(DepartmentListView::from(list)))
}

/// One department list with its sections and the cases in them.
#[utoipa::path(
    tag = "department-lists",
    params(("id" = Uuid, Path, description = "Department list")),
    responses(
        (status = 200, description = "The list", body = DepartmentListView),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/department-lists/{id}")]
async fn get_department_list(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<DepartmentListId>,
) -> Result<web::Json<DepartmentListView>, ApiError> {
    let mut conn = state.db().await?;
    let list = department_lists::get_list(&mut conn, &actor, *id).await?;
    Ok(web::Json(DepartmentListView::from(list)))
}

/// Deletes a list with its sections, entries and figures.
#[utoipa::path(
    tag = "department-lists",
    params(("id" = Uuid, Path, description = "Department list")),
    responses(
        (status = 204, description = "The list is gone"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[delete("/api/department-lists/{id}")]
async fn delete_department_list(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<DepartmentListId>,
) -> Result<HttpResponse, ApiError> {
    let mut conn = state.db().await?;
    department_lists::delete_list(&mut conn, &actor, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Gives a list another status.
#[utoipa::path(
    tag = "department-lists",
    params(("id" = Uuid, Path, description = "Department list")),
    request_body = ChangeDepartmentListStatusRequest,
    responses(
        (status = 200, description = "The list; `sections` is null", body = DepartmentListView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[put("/api/department-lists/{id}/status")]
async fn change_department_list_status(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<DepartmentListId>,
    body: Json<ChangeDepartmentListStatusRequest>,
) -> Result<web::Json<DepartmentListView>, ApiError> {
    let mut conn = state.db().await?;
    let status = body.into_inner().status;
    let list = department_lists::change_list_status(&mut conn, &actor, *id, &status).await?;
    Ok(web::Json(DepartmentListView::from(list)))
}

/// Changes heading or content of a section. The last write wins.
#[utoipa::path(
    tag = "department-lists",
    params(
        ("id" = Uuid, Path, description = "Department list"),
        ("sectionId" = Uuid, Path, description = "Section of the list"),
    ),
    request_body = UpdateSectionRequest,
    responses(
        (status = 200, description = "The section is changed; no content"),
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
#[put("/api/department-lists/{id}/sections/{sectionId}")]
async fn update_department_list_section(
    state: web::Data<AppState>,
    actor: Actor,
    ids: web::Path<(DepartmentListId, ListSectionId)>,
    body: Json<UpdateSectionRequest>,
) -> Result<HttpResponse, ApiError> {
    let (list, section) = ids.into_inner();
    let UpdateSectionRequest { title, content_json } = body.into_inner();
    let mut conn = state.db().await?;
    let input = SectionInput { title, content_json };
    department_lists::edit_section(&mut conn, &actor, list, section, input).await?;
    Ok(HttpResponse::Ok().finish())
}
