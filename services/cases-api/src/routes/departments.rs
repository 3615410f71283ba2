//! Departments: reading (E04).

use actix_web::{get, web};
use domain::ids::DepartmentId;
use edge::ApiError;
use edge::actor::Actor;
use serde::Serialize;
use store::departments::{self, Department};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::AppState;
use crate::error::store_failure;

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig) {
    config.service(list_departments);
}

/// A ministry (contract 2.2).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Department)]
struct DepartmentView {
    id: DepartmentId,
    #[schema(example = "KLD")]
    code: String,
    #[schema(example = "Klima- og miljødepartementet")]
    name: String,
}

impl From<Department> for DepartmentView {
    fn from(department: Department) -> Self {
        Self { id: department.id, code: department.code, name: department.name }
    }
}

/// All departments, sorted by code.
#[utoipa::path(
    tag = "departments",
    responses(
        (status = 200, description = "Departments, FIN included", body = [DepartmentView]),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/departments")]
async fn list_departments(
    state: web::Data<AppState>,
    _actor: Actor,
) -> Result<web::Json<Vec<DepartmentView>>, ApiError> {
    let mut conn = state.db().await?;
    let departments = departments::list_departments(&mut conn).await.map_err(store_failure)?;
    Ok(web::Json(departments.into_iter().map(DepartmentView::from).collect()))
}
