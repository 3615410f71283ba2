//! The sections of a template, all of them or one (E72 to E75).

use actix_web::{HttpResponse, delete, post, put, web};
use domain::ids::{TemplateId, TemplateSectionId};
use domain::list_template::{HeadingStyle, SectionInput, SectionType};
use edge::ApiError;
use edge::actor::Permitted;
use edge::json::Json;
use serde::Deserialize;
use utoipa::ToSchema;

use super::views::{SectionRequest, TemplateSectionView, TemplateView, inputs};
use crate::app::AppState;
use crate::permission::EditTemplates;
use crate::templates::{self, SectionChanges, TemplateError};

/// What changes about a section. What is absent or `null` stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UpdateTemplateSectionRequest {
    #[schema(max_length = 500)]
    title_template: Option<String>,
    heading_style: Option<HeadingStyle>,
    section_type: Option<SectionType>,
    sort_order: Option<i32>,
    /// JSON text of at most 64 KiB.
    #[schema(max_length = 65536, content_media_type = "application/json")]
    config: Option<String>,
}

impl From<UpdateTemplateSectionRequest> for SectionChanges {
    fn from(body: UpdateTemplateSectionRequest) -> Self {
        Self {
            title_template: body.title_template,
            heading_style: body.heading_style,
            section_type: body.section_type,
            sort_order: body.sort_order,
            config: body.config,
        }
    }
}

/// Replaces the tree of sections.
///
/// A known `id` is updated in place and stays linked to the lists made from the template; a section
/// without one is new; a section that is not mentioned goes, also from those lists. Titles in the
/// lists follow.
#[utoipa::path(
    tag = "department-list-templates",
    params(("id" = Uuid, Path, description = "Template")),
    request_body = Vec<SectionRequest>,
    responses(
        (status = 200, description = "The template", body = TemplateView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[put("/api/department-list-templates/{id}/sections")]
pub(super) async fn replace_template_sections(
    state: web::Data<AppState>,
    _editor: Permitted<EditTemplates>,
    id: web::Path<TemplateId>,
    body: Json<Vec<SectionRequest>>,
) -> Result<web::Json<TemplateView>, ApiError> {
    let mut conn = state.db().await?;
    let template = templates::replace_sections(&mut conn, *id, inputs(body.into_inner())).await?;
    Ok(web::Json(TemplateView::from(template)))
}

/// Adds a section at root level, with the sections inside it. Any `id` in it is ignored.
#[utoipa::path(
    tag = "department-list-templates",
    params(("id" = Uuid, Path, description = "Template")),
    request_body = SectionRequest,
    responses(
        (status = 201, description = "The section", body = TemplateSectionView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 409, description = "/problems/conflict: the template has all the sections it may have"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/department-list-templates/{id}/sections")]
pub(super) async fn create_template_section(
    state: web::Data<AppState>,
    _editor: Permitted<EditTemplates>,
    id: web::Path<TemplateId>,
    body: Json<SectionRequest>,
) -> Result<HttpResponse, ApiError> {
    let body = body.into_inner();
    let sort_order = body.sort_order;
    let mut conn = state.db().await?;
    let (section, template) =
        templates::create_section(&mut conn, *id, SectionInput::from(body), sort_order).await?;
    let created =
        TemplateSectionView::find(template, section).ok_or(TemplateError::NoSuchSection)?;
    Ok(HttpResponse::Created().json(created))
}

/// Changes a section in place. Its title in the lists made from the template follows.
#[utoipa::path(
    tag = "department-list-templates",
    params(
        ("id" = Uuid, Path, description = "Template"),
        ("sectionId" = Uuid, Path, description = "Section of the template"),
    ),
    request_body = UpdateTemplateSectionRequest,
    responses(
        (status = 200, description = "The section", body = TemplateSectionView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[put("/api/department-list-templates/{id}/sections/{sectionId}")]
pub(super) async fn update_template_section(
    state: web::Data<AppState>,
    _editor: Permitted<EditTemplates>,
    path: web::Path<(TemplateId, TemplateSectionId)>,
    body: Json<UpdateTemplateSectionRequest>,
) -> Result<web::Json<TemplateSectionView>, ApiError> {
    let (id, section) = path.into_inner();
    let mut conn = state.db().await?;
    let template =
        templates::update_section(&mut conn, id, section, body.into_inner().into()).await?;
    let changed =
        TemplateSectionView::find(template, section).ok_or(TemplateError::NoSuchSection)?;
    Ok(web::Json(changed))
}

/// Deletes a section and those inside it, here and in the lists made from the template.
#[utoipa::path(
    tag = "department-list-templates",
    params(
        ("id" = Uuid, Path, description = "Template"),
        ("sectionId" = Uuid, Path, description = "Section of the template"),
    ),
    responses(
        (status = 204, description = "The section is gone"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[delete("/api/department-list-templates/{id}/sections/{sectionId}")]
pub(super) async fn delete_template_section(
    state: web::Data<AppState>,
    _editor: Permitted<EditTemplates>,
    path: web::Path<(TemplateId, TemplateSectionId)>,
) -> Result<HttpResponse, ApiError> {
    let (id, section) = path.into_inner();
    let mut conn = state.db().await?;
    templates::delete_section(&mut conn, id, section).await?;
    Ok(HttpResponse::NoContent().finish())
}
