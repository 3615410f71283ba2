//! Documents of one thing, made while the client waits (E52, E76).

use actix_web::{HttpResponse, get, web};
use domain::ids::{CaseId, DepartmentListId};
use edge::ApiError;
use edge::rate_limit::{Exports, Limited};
use utoipa_actix_web::service_config::ServiceConfig;

use super::exports::{DOCX, file};
use crate::app::AppState;
use crate::documents;

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(export_case_word).service(export_department_list_document);
}

/// One case as a Word document, with its tracked changes and comments.
///
/// What the caller may not read of the case is not in it.
#[utoipa::path(
    tag = "exports",
    params(("id" = Uuid, Path, description = "Case")),
    responses(
        (status = 200, description = "The document", content_type = DOCX, body = Vec<u8>),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 429, description = "/problems/rate-limited"),
        (status = 503, description = "/problems/unavailable; also when many are made already"),
    )
)]
#[get("/api/cases/{id}/export/word")]
async fn export_case_word(
    state: web::Data<AppState>,
    actor: Limited<Exports>,
    id: web::Path<CaseId>,
) -> Result<HttpResponse, ApiError> {
    let made = documents::make_case(&state.pool, &state.workshop, &actor, *id).await?;
    Ok(file(made))
}

/// A department list as a Word document.
#[utoipa::path(
    tag = "exports",
    params(("id" = Uuid, Path, description = "Department list")),
    responses(
        (status = 200, description = "The document", content_type = DOCX, body = Vec<u8>),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 429, description = "/problems/rate-limited"),
        (status = 503, description = "/problems/unavailable; also when many are made already"),
    )
)]
#[get("/api/department-lists/{id}/export/word")]
async fn export_department_list_document(
    state: web::Data<AppState>,
    actor: Limited<Exports>,
    id: web::Path<DepartmentListId>,
) -> Result<HttpResponse, ApiError> {
    let (pool, workshop) = (&state.pool, &state.workshop);
    let made = documents::make_department_list(pool, &state.blobs, workshop, &actor, *id).await?;
    Ok(file(made))
}
