//! Case types (E09 to E13).

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, delete, get, post, put, web};
use domain::ids::CaseTypeId;
use edge::ApiError;
use edge::actor::{Actor, Permitted};
use edge::json::Json;
use edge::query::Params;
use serde::{Deserialize, Serialize};
use store::case_types::{
    CaseType, CaseTypeChanges, CaseTypeField, NewCaseType, find_case_type,
    list_case_types as listed,
};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::AppState;
use crate::case_types;
use crate::error::{not_found, store_failure};
use crate::permission::Administer;

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_case_types)
        .service(get_case_type)
        .service(create_case_type)
        .service(update_case_type)
        .service(delete_case_type);
}

/// A case type (contract 2.4).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CaseType)]
struct CaseTypeView {
    id: CaseTypeId,
    #[schema(example = "satsingsforslag")]
    code: String,
    name: String,
    description: String,
    is_active: bool,
    sort_order: i32,
    fields: Vec<CaseTypeFieldView>,
}

/// A text that a case type asks for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = CaseTypeField)]
struct CaseTypeFieldView {
    #[schema(max_length = 50, pattern = r"\S", example = "proposalText")]
    key: String,
    #[schema(max_length = 200, pattern = r"\S")]
    label: String,
    required: bool,
}

/// A new case type.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreateCaseTypeRequest {
    /// Cases refer to it, so it never changes.
    #[schema(max_length = 50, pattern = r"\S", example = "egen_type")]
    code: String,
    #[schema(max_length = 200, pattern = r"\S")]
    name: String,
    #[schema(max_length = 500)]
    description: Option<String>,
    /// Place in lists; 0 when absent.
    sort_order: Option<i32>,
    #[schema(max_items = 50)]
    fields: Option<Vec<CaseTypeFieldView>>,
}

impl From<CreateCaseTypeRequest> for NewCaseType {
    fn from(body: CreateCaseTypeRequest) -> Self {
        Self {
            code: body.code,
            name: body.name,
            description: body.description.unwrap_or_default(),
            sort_order: body.sort_order.unwrap_or_default(),
            fields: stored(body.fields.unwrap_or_default()),
        }
    }
}

/// What changes about a case type. What is absent or `null` stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UpdateCaseTypeRequest {
    #[schema(max_length = 200, pattern = r"\S")]
    name: Option<String>,
    #[schema(max_length = 500)]
    description: Option<String>,
    is_active: Option<bool>,
    sort_order: Option<i32>,
    /// All of them: what is not mentioned is no longer asked for.
    #[schema(max_items = 50)]
    fields: Option<Vec<CaseTypeFieldView>>,
}

impl From<UpdateCaseTypeRequest> for CaseTypeChanges {
    fn from(body: UpdateCaseTypeRequest) -> Self {
        Self {
            name: body.name,
            description: body.description,
            is_active: body.is_active,
            sort_order: body.sort_order,
            fields: body.fields.map(stored),
        }
    }
}

fn stored(fields: Vec<CaseTypeFieldView>) -> Vec<CaseTypeField> {
    let stored =
        |CaseTypeFieldView { key, label, required }| CaseTypeField { key, label, required };
    fields.into_iter().map(stored).collect()
}

/// A case type is out of use.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseTypeDeactivated)]
struct CaseTypeDeactivatedView {
    message: String,
}

impl From<CaseType> for CaseTypeView {
    fn from(case_type: CaseType) -> Self {
        Self {
            id: case_type.id,
            code: case_type.code,
            name: case_type.name,
            description: case_type.description,
            is_active: case_type.is_active,
            sort_order: case_type.sort_order,
            fields: case_type.fields.into_iter().map(CaseTypeFieldView::from).collect(),
        }
    }
}

impl From<CaseTypeField> for CaseTypeFieldView {
    fn from(field: CaseTypeField) -> Self {
        Self { key: field.key, label: field.label, required: field.required }
    }
}

/// Case types by their sort order. Anonymous: the contract lets the login page read them.
#[utoipa::path(
    tag = "case-types",
    security(()),
    params(
        ("includeInactive" = Option<bool>, Query, description = "Deactivated ones too; default false"),
    ),
    responses(
        (status = 200, description = "Case types", body = [CaseTypeView]),
        (status = 400, description = "/problems/invalid-request"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/case-types")]
async fn list_case_types(
    state: web::Data<AppState>,
    params: Params,
) -> Result<web::Json<Vec<CaseTypeView>>, ApiError> {
    let include_inactive = params.flag("includeInactive")?.unwrap_or(false);
    let mut conn = state.db().await?;
    let case_types = listed(&mut conn, include_inactive).await.map_err(store_failure)?;
    Ok(web::Json(case_types.into_iter().map(CaseTypeView::from).collect()))
}

/// One case type, active or not.
#[utoipa::path(
    tag = "case-types",
    params(("id" = Uuid, Path, description = "Case type")),
    responses(
        (status = 200, description = "The case type", body = CaseTypeView),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/case-types/{id}")]
async fn get_case_type(
    state: web::Data<AppState>,
    _actor: Actor,
    id: web::Path<CaseTypeId>,
) -> Result<web::Json<CaseTypeView>, ApiError> {
    let mut conn = state.db().await?;
    let case_type = find_case_type(&mut conn, *id).await.map_err(store_failure)?;
    let case_type = case_type.ok_or_else(|| not_found("Fant ikke sakstypen."))?;
    Ok(web::Json(CaseTypeView::from(case_type)))
}

/// Adds a case type.
#[utoipa::path(
    tag = "case-types",
    request_body = CreateCaseTypeRequest,
    responses(
        (status = 201, description = "The case type, active", body = CaseTypeView,
            headers(("Location" = String, description = "Where the case type is"))),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 409, description = "/problems/conflict: the code is taken"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/case-types")]
async fn create_case_type(
    state: web::Data<AppState>,
    _admin: Permitted<Administer>,
    body: Json<CreateCaseTypeRequest>,
) -> Result<HttpResponse, ApiError> {
    let mut conn = state.db().await?;
    let created = case_types::create_case_type(&mut conn, body.into_inner().into()).await?;
    let location = (LOCATION, format!("/api/case-types/{}", created.id));
    Ok(HttpResponse::Created().insert_header(location).json(CaseTypeView::from(created)))
}

/// Changes a case type; its code stays.
#[utoipa::path(
    tag = "case-types",
    params(("id" = Uuid, Path, description = "Case type")),
    request_body = UpdateCaseTypeRequest,
    responses(
        (status = 200, description = "The case type", body = CaseTypeView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[put("/api/case-types/{id}")]
async fn update_case_type(
    state: web::Data<AppState>,
    _admin: Permitted<Administer>,
    id: web::Path<CaseTypeId>,
    body: Json<UpdateCaseTypeRequest>,
) -> Result<web::Json<CaseTypeView>, ApiError> {
    let mut conn = state.db().await?;
    let changed = case_types::update_case_type(&mut conn, *id, body.into_inner().into()).await?;
    Ok(web::Json(CaseTypeView::from(changed)))
}

/// Takes a case type out of use. Cases that have it keep it.
#[utoipa::path(
    tag = "case-types",
    params(("id" = Uuid, Path, description = "Case type")),
    responses(
        (status = 200, description = "The case type is not in use", body = CaseTypeDeactivatedView),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[delete("/api/case-types/{id}")]
async fn delete_case_type(
    state: web::Data<AppState>,
    _admin: Permitted<Administer>,
    id: web::Path<CaseTypeId>,
) -> Result<web::Json<CaseTypeDeactivatedView>, ApiError> {
    let mut conn = state.db().await?;
    let deactivated = case_types::deactivate_case_type(&mut conn, *id).await?;
    let message = format!("Sakstypen «{}» er ikke lenger i bruk.", deactivated.name);
    Ok(web::Json(CaseTypeDeactivatedView { message }))
}
