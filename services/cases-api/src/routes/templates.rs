//! Templates of department lists (E67 to E75).

mod sections;
mod views;

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, delete, get, post, put, web};
use domain::ids::TemplateId;
use domain::list_template::TemplateRoundType;
use edge::ApiError;
use edge::actor::{Actor, Permitted};
use edge::json::Json;
use edge::query::Params;
use serde::Deserialize;
use store::list_templates::{TemplateFilter, list_templates as listed};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use self::views::{SectionRequest, TemplateView, inputs};
use crate::app::AppState;
use crate::error::store_failure;
use crate::permission::{DeleteTemplates, EditTemplates};
use crate::templates::{self, TemplateChanges, TemplateInput};

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_templates)
        .service(get_template)
        .service(create_template)
        .service(update_template)
        .service(delete_template)
        .service(sections::replace_template_sections)
        .service(sections::create_template_section)
        .service(sections::update_template_section)
        .service(sections::delete_template_section);
}

/// A new template.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreateTemplateRequest {
    #[schema(max_length = 200, pattern = r"\S", example = "Marskonferansen 2027")]
    name: String,
    budget_round_type: TemplateRoundType,
    /// `XX` when absent.
    #[schema(max_length = 50)]
    department_name_placeholder: Option<String>,
    classification_text: Option<String>,
    /// Root sections in their order, with the others inside them: at most 500, 6 levels deep.
    #[schema(max_items = 500)]
    sections: Option<Vec<SectionRequest>>,
}

impl From<CreateTemplateRequest> for TemplateInput {
    fn from(body: CreateTemplateRequest) -> Self {
        Self {
            name: body.name,
            budget_round_type: body.budget_round_type,
            department_name_placeholder: body.department_name_placeholder,
            classification_text: body.classification_text,
            sections: inputs(body.sections.unwrap_or_default()),
        }
    }
}

/// What changes about a template. What is absent or `null` stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UpdateTemplateRequest {
    #[schema(max_length = 200, pattern = r"\S")]
    name: Option<String>,
    budget_round_type: Option<TemplateRoundType>,
    #[schema(max_length = 50)]
    department_name_placeholder: Option<String>,
    classification_text: Option<String>,
    is_active: Option<bool>,
}

impl From<UpdateTemplateRequest> for TemplateChanges {
    fn from(body: UpdateTemplateRequest) -> Self {
        Self {
            name: body.name,
            budget_round_type: body.budget_round_type,
            department_name_placeholder: body.department_name_placeholder,
            classification_text: body.classification_text,
            is_active: body.is_active,
        }
    }
}

/// Templates with their sections, newest first.
#[utoipa::path(
    tag = "department-list-templates",
    params(
        ("budgetRoundType" = Option<String>, Query, description = "Exact kind of round"),
        ("isActive" = Option<bool>, Query, description = "Only active or only inactive ones"),
    ),
    responses(
        (status = 200, description = "Templates", body = [TemplateView]),
        (status = 400, description = "/problems/invalid-request"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/department-list-templates")]
async fn list_templates(
    state: web::Data<AppState>,
    _actor: Actor,
    params: Params,
) -> Result<web::Json<Vec<TemplateView>>, ApiError> {
    let filter = TemplateFilter {
        budget_round_type: params.text("budgetRoundType"),
        is_active: params.flag("isActive")?,
    };
    let mut conn = state.db().await?;
    let found = listed(&mut conn, &filter).await.map_err(store_failure)?;
    Ok(web::Json(found.into_iter().map(TemplateView::from).collect()))
}

/// One template with its sections.
#[utoipa::path(
    tag = "department-list-templates",
    params(("id" = Uuid, Path, description = "Template")),
    responses(
        (status = 200, description = "The template", body = TemplateView),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/department-list-templates/{id}")]
async fn get_template(
    state: web::Data<AppState>,
    _actor: Actor,
    id: web::Path<TemplateId>,
) -> Result<web::Json<TemplateView>, ApiError> {
    let mut conn = state.db().await?;
    let template = templates::get_template(&mut conn, *id).await?;
    Ok(web::Json(TemplateView::from(template)))
}

/// Makes a template. Ids in its sections are ignored.
#[utoipa::path(
    tag = "department-list-templates",
    request_body = CreateTemplateRequest,
    responses(
        (status = 201, description = "The template", body = TemplateView,
            headers(("Location" = String, description = "Address of the template"))),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/department-list-templates")]
async fn create_template(
    state: web::Data<AppState>,
    editor: Permitted<EditTemplates>,
    body: Json<CreateTemplateRequest>,
) -> Result<HttpResponse, ApiError> {
    let mut conn = state.db().await?;
    let template =
        templates::create_template(&mut conn, &editor.actor, body.into_inner().into()).await?;
    let created = TemplateView::from(template);
    let location = (LOCATION, format!("/api/department-list-templates/{}", created.id));
    Ok(HttpResponse::Created().insert_header(location).json(created))
}

/// Changes a template, but not its sections.
#[utoipa::path(
    tag = "department-list-templates",
    params(("id" = Uuid, Path, description = "Template")),
    request_body = UpdateTemplateRequest,
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
#[put("/api/department-list-templates/{id}")]
async fn update_template(
    state: web::Data<AppState>,
    _editor: Permitted<EditTemplates>,
    id: web::Path<TemplateId>,
    body: Json<UpdateTemplateRequest>,
) -> Result<web::Json<TemplateView>, ApiError> {
    let mut conn = state.db().await?;
    let template = templates::update_template(&mut conn, *id, body.into_inner().into()).await?;
    Ok(web::Json(TemplateView::from(template)))
}

/// Deletes a template that no department list is made from.
#[utoipa::path(
    tag = "department-list-templates",
    params(("id" = Uuid, Path, description = "Template")),
    responses(
        (status = 204, description = "The template is gone"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 409, description = "/problems/conflict: lists are made from it"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[delete("/api/department-list-templates/{id}")]
async fn delete_template(
    state: web::Data<AppState>,
    _deleter: Permitted<DeleteTemplates>,
    id: web::Path<TemplateId>,
) -> Result<HttpResponse, ApiError> {
    let mut conn = state.db().await?;
    templates::delete_template(&mut conn, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
