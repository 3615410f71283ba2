//! Case types: reading (E09, E10).

use actix_web::{get, web};
use domain::ids::CaseTypeId;
use edge::ApiError;
use edge::actor::Actor;
use edge::query::Params;
use serde::Serialize;
use store::case_types::{self, CaseType, CaseTypeField};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::AppState;
use crate::error::{not_found, store_failure};

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_case_types).service(get_case_type);
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
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseTypeField)]
struct CaseTypeFieldView {
    #[schema(example = "proposalText")]
    key: String,
    label: String,
    required: bool,
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
    let case_types =
        case_types::list_case_types(&mut conn, include_inactive).await.map_err(store_failure)?;
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
    let case_type = case_types::find_case_type(&mut conn, *id).await.map_err(store_failure)?;
    let case_type = case_type.ok_or_else(|| not_found("Fant ikke sakstypen."))?;
    Ok(web::Json(CaseTypeView::from(case_type)))
}
