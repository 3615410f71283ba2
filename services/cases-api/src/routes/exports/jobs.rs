//! Export jobs: following, cancelling, repeating and downloading what was ordered (E57–E59).

use actix_web::http::header;
use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::export::{JobStatus, JobType, Waiting};
use domain::ids::ExportJobId;
use edge::ApiError;
use edge::actor::Actor;
use edge::blobs::{BlobError, ObjectStoreExt as _};
use edge::problem::{Problem, ProblemType};
use edge::query::Params;
use edge::rate_limit::{Exports, Limited};
use serde::Serialize;
use store::export_jobs::StoredResult;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{DOCX, ExportAcceptedView, PDF, XLSX, accepted, attachment};
use crate::app::AppState;
use crate::error::store_failure;
use crate::exports::{self, ExportError, FollowedJob};

/// Said of a completed job whose document is not kept any more.
const GONE: &str = "Dokumentet er slettet. Bestill eksporten på nytt.";

/// Adds the handlers of this resource.
pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_export_jobs)
        .service(get_export_job)
        .service(retry_export_job)
        .service(cancel_export_job)
        .service(download_export);
}

/// An export job (contract 2.16). `downloadUrl` is `resultUrl` once more (D-09).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExportJob)]
struct ExportJobView {
    id: ExportJobId,
    job_type: JobType,
    status: JobStatus,
    /// Relative address that downloads the document for a while, without a header.
    #[schema(required)]
    result_url: Option<String>,
    #[schema(required)]
    download_url: Option<String>,
    /// Name of the file.
    #[schema(required)]
    file_name: Option<String>,
    #[schema(required)]
    error_message: Option<String>,
    /// How much is done, 0 to 100.
    percent: i16,
    /// What is being done or waited for, in Norwegian.
    #[schema(required)]
    step: Option<String>,
    /// Place in the queue, from 1, while `queued`.
    #[schema(required)]
    queue_position: Option<u32>,
    /// Whether it waits with no worker in sight; `step` says so too.
    stalled: bool,
    /// Whether it is `failed` because its owner cancelled it.
    cancelled: bool,
    created_at: DateTime<Utc>,
    #[schema(required)]
    started_at: Option<DateTime<Utc>>,
    #[schema(required)]
    completed_at: Option<DateTime<Utc>>,
}

impl ExportJobView {
    fn new(followed: FollowedJob, state: &AppState) -> Result<Self, ApiError> {
        let FollowedJob { job, waiting } = followed;
        let result = exports::result_of(job.clone()).ok();
        let is_gone = job.status == JobStatus::Completed && result.is_none();
        let link = result.as_ref().map(|_| state.downloads.link(job.id, Utc::now()));
        let link = link.transpose().map_err(ApiError::internal)?;
        Ok(Self {
            id: job.id,
            job_type: job.job_type,
            status: job.status,
            result_url: link.clone(),
            download_url: link,
            file_name: result.map(|result| result.file_name),
            error_message: job.error_message,
            percent: job.percent,
            step: waiting
                .map(Waiting::step)
                .or(job.step)
                .or_else(|| is_gone.then(|| GONE.to_owned())),
            queue_position: waiting.map(|waiting| waiting.position),
            stalled: waiting.is_some_and(|waiting| !waiting.worker_alive),
            cancelled: job.cancelled_at.is_some(),
            created_at: job.created_at,
            started_at: job.started_at,
            completed_at: job.completed_at,
        })
    }
}

/// One export job: the caller's own, or anybody's for an administrator.
#[utoipa::path(
    tag = "exports",
    params(("id" = Uuid, Path, description = "Export job")),
    responses(
        (status = 200, description = "The job", body = ExportJobView),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/export/jobs/{id}")]
async fn get_export_job(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<ExportJobId>,
) -> Result<web::Json<ExportJobView>, ApiError> {
    let mut conn = state.db().await?;
    let job = exports::get_followed(&mut conn, &actor, *id).await?;
    Ok(web::Json(ExportJobView::new(job, &state)?))
}

/// The caller's 20 newest jobs, newest first.
#[utoipa::path(
    tag = "exports",
    responses(
        (status = 200, description = "Jobs", body = [ExportJobView]),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/export/jobs")]
async fn list_export_jobs(
    state: web::Data<AppState>,
    actor: Actor,
) -> Result<web::Json<Vec<ExportJobView>>, ApiError> {
    let mut conn = state.db().await?;
    let jobs = exports::list_newest(&mut conn, &actor).await.map_err(store_failure)?;
    let views = jobs.into_iter().map(|job| ExportJobView::new(job, &state));
    Ok(web::Json(views.collect::<Result<_, _>>()?))
}

/// Puts a failed job in the queue again.
#[utoipa::path(
    tag = "exports",
    params(("id" = Uuid, Path, description = "Export job")),
    responses(
        (status = 202, description = "Accepted; `Location` is the job", body = ExportAcceptedView),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 404, description = "/problems/not-found"),
        (status = 409, description = "/problems/conflict"),
        (status = 429, description = "/problems/rate-limited"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/export/jobs/{id}/retry")]
async fn retry_export_job(
    state: web::Data<AppState>,
    actor: Limited<Exports>,
    id: web::Path<ExportJobId>,
) -> Result<HttpResponse, ApiError> {
    let mut conn = state.db().await?;
    let job = exports::retry(&mut conn, &actor, *id).await?;
    state.exports_ordered.notify_one();
    Ok(accepted(&job))
}

/// Cancels a job that has not ended; it is `failed` and `cancelled` then. Saying it twice does no
/// harm.
#[utoipa::path(
    tag = "exports",
    params(("id" = Uuid, Path, description = "Export job")),
    responses(
        (status = 200, description = "The job", body = ExportJobView),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 404, description = "/problems/not-found"),
        (status = 409, description = "/problems/conflict"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/export/jobs/{id}/cancel")]
async fn cancel_export_job(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<ExportJobId>,
) -> Result<web::Json<ExportJobView>, ApiError> {
    let mut conn = state.db().await?;
    let job = exports::cancel(&mut conn, &actor, *id).await?;
    Ok(web::Json(ExportJobView::new(job, &state)?))
}

/// The finished document, by the link in `resultUrl` or with the requester's token.
#[utoipa::path(
    tag = "exports",
    security((), ("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "Export job"),
        ("token" = Option<String>, Query, description = "Signature from `resultUrl`"),
    ),
    responses(
        (
            status = 200, description = "The document",
            content((Vec<u8> = XLSX), (Vec<u8> = DOCX), (Vec<u8> = PDF)),
        ),
        (status = 400, description = "/problems/invalid-request"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 404, description = "/problems/not-found"),
        (status = 409, description = "/problems/conflict"),
        (status = 410, description = "/problems/gone"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/export/jobs/{id}/download")]
async fn download_export(
    state: web::Data<AppState>,
    actor: Result<Actor, ApiError>,
    id: web::Path<ExportJobId>,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    let linked = params.text("token").map(|token| state.downloads.verify(token, *id));
    let mut conn = state.db().await?;
    let job = match (linked, actor) {
        (Some(Ok(())), _) => exports::get_linked_job(&mut conn, *id).await?,
        (_, Ok(actor)) => exports::get_job(&mut conn, &actor, *id).await?,
        (Some(Err(_)), Err(_)) => return Err(expired_link()),
        (None, Err(refusal)) => return Err(refusal),
    };
    let media_type = job.job_type.format().media_type();
    let result = exports::result_of(job)?;
    // The document may be large and the client slow: no connection waits for either.
    drop(conn);
    stream(&state, &result, media_type).await
}

async fn stream(
    state: &AppState,
    result: &StoredResult,
    media_type: &'static str,
) -> Result<HttpResponse, ApiError> {
    let object = match state.blobs.get(&result.key.as_str().into()).await {
        Ok(object) => object,
        Err(BlobError::NotFound { .. }) => return Err(ExportError::Gone.into()),
        Err(error) => return Err(ApiError::unavailable(error)),
    };
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header(attachment(&result.file_name))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .no_chunking(object.meta.size)
        .streaming(object.into_stream()))
}

fn expired_link() -> ApiError {
    Problem::new(ProblemType::UNAUTHENTICATED)
        .with_message("Nedlastingslenken er ikke gyldig lenger. Hent en ny fra eksportoversikten.")
        .into()
}
