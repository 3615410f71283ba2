//! Uploading pictures and handing them out (E65, E66).

mod form;

use actix_web::http::header::{
    self, ContentDisposition, DispositionType, ETag, EntityTag, Header as _, IfNoneMatch,
};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use edge::ApiError;
use edge::actor::Actor;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::AppState;
use crate::error::not_found;
use crate::uploads::{self, ImageType, Purpose, StoredName};

pub(super) use form::UploadForm;

/// A picture never changes under its name, so nobody need ask for it twice.
const FOR_A_YEAR: &str = "public, max-age=31536000, immutable";
/// What a picture may do that somebody opens as a page: show itself, in no origin at all.
const SANDBOX: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'";

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(upload_image).service(get_image).service(get_figure);
}

/// The one part of the form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the form; its parts are read as they arrive")]
struct UploadImageRequest {
    /// A picture of at most 10 MB: PNG, JPEG, GIF, WebP or SVG.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Where the picture is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UploadedImage)]
struct UploadedImageView {
    /// Address on the same host, for an `image` node of a document.
    #[schema(example = "/uploads/images/6f1c9a52-4d1e-4b0a-9c4f-0d6a2f6f7b11.png")]
    url: String,
}

/// Keeps a picture for use in a document.
///
/// The content decides what the file is. A drawing (SVG) is kept without scripts, animation and
/// references to anything outside itself.
#[utoipa::path(
    tag = "uploads",
    request_body(content = UploadImageRequest, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "Kept", body = UploadedImageView),
        (status = 400, description = "/problems/invalid-request"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/uploads/image")]
async fn upload_image(
    state: web::Data<AppState>,
    _actor: Actor,
    request: HttpRequest,
    body: web::Payload,
) -> Result<web::Json<UploadedImageView>, ApiError> {
    let file = UploadForm::read(&request, body).await?.into_file()?;
    let name = uploads::keep(
        &state.blobs,
        &state.picture_checks,
        Purpose::Image,
        &file.name,
        file.content,
    )
    .await?;
    Ok(web::Json(UploadedImageView { url: name.url(Purpose::Image) }))
}

/// A picture of a document, to anybody who knows its name.
#[utoipa::path(
    tag = "uploads",
    security(()),
    params(("file" = String, Path, description = "Random name and extension")),
    responses(
        (status = 200, description = "The picture; never changes", content(
            (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/gif"),
            (Vec<u8> = "image/webp"), (Vec<u8> = "image/svg+xml"),
        )),
        (status = 304, description = "The one that `If-None-Match` names"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/uploads/images/{file}")]
async fn get_image(
    state: web::Data<AppState>,
    request: HttpRequest,
    file: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    hand_out(&state, &request, Purpose::Image, &file).await
}

/// A figure of a department list, to anybody who knows its name.
#[utoipa::path(
    tag = "uploads",
    security(()),
    params(("file" = String, Path, description = "Random name and extension")),
    responses(
        (status = 200, description = "The figure; never changes", content(
            (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/svg+xml"),
        )),
        (status = 304, description = "The one that `If-None-Match` names"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/uploads/figures/{file}")]
async fn get_figure(
    state: web::Data<AppState>,
    request: HttpRequest,
    file: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    hand_out(&state, &request, Purpose::Figure, &file).await
}

async fn hand_out(
    state: &AppState,
    request: &HttpRequest,
    purpose: Purpose,
    file: &str,
) -> Result<HttpResponse, ApiError> {
    let name: StoredName = file.parse().map_err(|_| not_found("Fant ikke bildet."))?;
    let picture = uploads::open(&state.blobs, purpose, name).await?;
    let tag = EntityTag::new_strong(name.id().to_string());
    if is_known(request, &tag) {
        return Ok(HttpResponse::NotModified()
            .insert_header(ETag(tag))
            .insert_header((header::CACHE_CONTROL, FOR_A_YEAR))
            .finish());
    }
    let mut response = HttpResponse::Ok();
    response
        .content_type(name.image_type().media_type())
        .insert_header(ETag(tag))
        .insert_header((header::CACHE_CONTROL, FOR_A_YEAR))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, SANDBOX));
    if name.image_type() == ImageType::Svg {
        response.insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: Vec::new(),
        });
    }
    Ok(response.no_chunking(picture.size).streaming(picture.content))
}

/// Whether the caller has the picture already. Weakly compared: compression on the way weakens
/// the tag.
fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    if !request.headers().contains_key(header::IF_NONE_MATCH) {
        return false;
    }
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|one| one.weak_eq(tag)),
        Err(_) => false,
    }
}
