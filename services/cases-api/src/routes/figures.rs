//! Figures of department lists (E88).

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, post, web};
use chrono::{DateTime, Utc};
use domain::department_list::ListFigure;
use domain::ids::{DepartmentListId, ListFigureId, ListSectionId, UserId};
use edge::ApiError;
use edge::actor::Actor;
use edge::problem::Problem;
use serde::Serialize;
use store::department_lists::figures::NewFigure;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::uploads::UploadForm;
use crate::app::AppState;
use crate::department_lists;
use crate::uploads::{self, Purpose};

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(add_figure);
}

/// The parts of the form.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "documents the form; its parts are read as they arrive")]
struct AddFigureRequest {
    /// A picture of at most 10 MB: PNG, JPEG or SVG.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// The section of the list that the figure is in.
    section_id: ListSectionId,
    /// Text below the figure.
    caption: Option<String>,
}

/// A figure (contract 2.14).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Figure)]
struct FigureView {
    id: ListFigureId,
    section_id: ListSectionId,
    /// Address on the same host.
    file_url: String,
    /// Extension without the dot.
    #[schema(example = "png")]
    file_type: String,
    #[schema(required)]
    caption: Option<String>,
    /// Width in percent of the text's width.
    #[schema(example = 100)]
    width_percent: i32,
    sort_order: i32,
    uploaded_by: UserId,
    uploaded_at: DateTime<Utc>,
}

impl From<ListFigure> for FigureView {
    fn from(figure: ListFigure) -> Self {
        Self {
            id: figure.id,
            section_id: figure.section_id,
            file_url: figure.file_url,
            file_type: figure.file_type,
            caption: figure.caption,
            width_percent: figure.width_percent,
            sort_order: figure.sort_order,
            uploaded_by: figure.uploaded_by,
            uploaded_at: figure.uploaded_at,
        }
    }
}

/// Adds a figure to a section of a list.
#[utoipa::path(
    tag = "department-lists",
    params(("id" = Uuid, Path, description = "Department list")),
    request_body(content = AddFigureRequest, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "The figure", body = FigureView,
            headers(("Location" = String, description = "Address of the picture"))),
        (status = 400, description = "/problems/invalid-request"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/department-lists/{id}/figures")]
async fn add_figure(
    state: web::Data<AppState>,
    actor: Actor,
    list: web::Path<DepartmentListId>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, ApiError> {
    // No connection waits for the sender, or for the picture to be looked into.
    department_lists::admit_figure(&mut state.db().await?, &actor, *list).await?;
    let form = UploadForm::read(&request, body).await?;
    let section = section_id(&form)?;
    let caption = form.text("caption").map(str::to_owned);
    let file = form.into_file()?;
    let (blobs, slots) = (&state.blobs, &state.picture_checks);
    let name = uploads::keep(blobs, slots, Purpose::Figure, &file.name, file.content).await?;
    let figure = NewFigure {
        file_url: name.url(Purpose::Figure),
        file_type: name.extension().to_owned(),
        caption,
    };
    let added = match state.db().await {
        Ok(mut conn) => department_lists::add_figure(&mut conn, &actor, *list, section, figure)
            .await
            .map_err(ApiError::from),
        Err(error) => Err(error),
    };
    match added {
        Ok(figure) => Ok(HttpResponse::Created()
            .insert_header((LOCATION, figure.file_url.clone()))
            .json(FigureView::from(figure))),
        Err(error) => {
            uploads::discard(blobs, Purpose::Figure, name).await;
            Err(error)
        }
    }
}

fn section_id(form: &UploadForm) -> Result<ListSectionId, Problem> {
    let text = form
        .text("sectionId")
        .ok_or_else(|| Problem::invalid("/sectionId", "Feltet sectionId mangler."))?;
    text.parse().map_err(|_| Problem::invalid("/sectionId", "Feltet sectionId har ugyldig verdi."))
}
