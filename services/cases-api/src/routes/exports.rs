//! Exports of the case list: ordering, following, downloading (E54, E57–E59).

use actix_web::http::header::{
    self, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue,
};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::export::{JobStatus, JobType};
use domain::ids::{CaseId, ExportJobId};
use edge::ApiError;
use edge::actor::Actor;
use edge::blobs::{BlobError, ObjectStoreExt as _};
use edge::json::Json;
use edge::problem::{Problem, ProblemType};
use edge::query::Params;
use render::workbook::MEDIA_TYPE;
use serde::{Deserialize, Serialize};
use store::export_jobs::{ExportJob, StoredResult};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::AppState;
use crate::error::store_failure;
use crate::exports::{self, CaseListOrder, ExportError};

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(export_cases_excel)
        .service(list_export_jobs)
        .service(get_export_job)
        .service(retry_export_job)
        .service(download_export);
}

/// Which cases, and which columns. All of it is optional.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CaseListExportRequest {
    filters: Option<CaseListFilterRequest>,
    /// Keys of the columns in their order; none means the default ones.
    #[schema(example = json!(["caseName", "chapter", "post", "amount", "status"]))]
    fields: Option<Vec<String>>,
}

/// Filters of the case list (E14). Each name is read in `snake_case` too.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CaseListFilterRequest {
    /// UUID or code.
    #[serde(alias = "department_id")]
    #[schema(example = "KLD")]
    department_id: Option<String>,
    #[serde(alias = "budget_round_id")]
    #[schema(format = Uuid)]
    budget_round_id: Option<String>,
    status: Option<String>,
    #[serde(alias = "case_type")]
    case_type: Option<String>,
    search: Option<String>,
    division: Option<String>,
    #[serde(alias = "my_departments")]
    my_departments: Option<bool>,
    #[serde(alias = "case_ids")]
    case_ids: Option<Vec<CaseId>>,
}

impl From<CaseListExportRequest> for CaseListOrder {
    fn from(request: CaseListExportRequest) -> Self {
        let filters = request.filters.unwrap_or_default();
        Self {
            department_id: filters.department_id,
            budget_round_id: filters.budget_round_id,
            status: filters.status,
            case_type: filters.case_type,
            search: filters.search,
            division: filters.division,
            my_departments: filters.my_departments,
            case_ids: filters.case_ids.unwrap_or_default(),
            fields: request.fields.unwrap_or_default(),
        }
    }
}

/// An accepted order (E54). `id` is `jobId` once more (D-09).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExportAcceptedView {
    job_id: ExportJobId,
    id: ExportJobId,
    status: JobStatus,
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
    /// What is being done, in Norwegian.
    #[schema(required)]
    step: Option<String>,
    created_at: DateTime<Utc>,
    #[schema(required)]
    started_at: Option<DateTime<Utc>>,
    #[schema(required)]
    completed_at: Option<DateTime<Utc>>,
}

impl ExportJobView {
    fn new(job: ExportJob, state: &AppState) -> Result<Self, ApiError> {
        let result = exports::result_of(job.clone()).ok();
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
            step: job.step,
            created_at: job.created_at,
            started_at: job.started_at,
            completed_at: job.completed_at,
        })
    }
}

/// Orders the case list as an Excel workbook.
///
/// With `sync=true`, or an `Accept` of the workbook's media type, a small list is made at once; a
/// large one is ordered all the same.
#[utoipa::path(
    tag = "exports",
    params(
        ("sync" = Option<bool>, Query, description = "Wait for the file, if the list is small"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key is the same job"),
    ),
    request_body = CaseListExportRequest,
    responses(
        (status = 200, description = "The workbook", content_type = MEDIA_TYPE, body = Vec<u8>),
        (status = 202, description = "Accepted; `Location` is the job", body = ExportAcceptedView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 409, description = "/problems/conflict"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/export/cases/excel")]
async fn export_cases_excel(
    state: web::Data<AppState>,
    actor: Actor,
    request: HttpRequest,
    params: Params,
    body: Json<CaseListExportRequest>,
) -> Result<HttpResponse, ApiError> {
    let key = idempotency_key(&request)?;
    let at_once = params.flag("sync")?.unwrap_or(false) || accepts_workbook(&request);
    let mut conn = state.db().await?;
    let order = CaseListOrder::from(body.into_inner());
    let parameters = exports::check_case_list(&mut conn, &actor, order).await?;
    if at_once {
        let slots = &state.immediate_exports;
        if let Some(made) = exports::make_at_once(&mut conn, slots, parameters.clone()).await? {
            return Ok(HttpResponse::Ok()
                .content_type(MEDIA_TYPE)
                .insert_header(attachment(&made.file_name))
                .insert_header((header::CACHE_CONTROL, "private, no-store"))
                .body(made.bytes));
        }
    }
    let job = exports::order_case_list(&mut conn, &parameters, key).await?;
    state.exports_ordered.notify_one();
    Ok(accepted(&job))
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
    let job = exports::get_job(&mut conn, &actor, *id).await?;
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
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/export/jobs/{id}/retry")]
async fn retry_export_job(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<ExportJobId>,
) -> Result<HttpResponse, ApiError> {
    let mut conn = state.db().await?;
    let job = exports::retry(&mut conn, &actor, *id).await?;
    state.exports_ordered.notify_one();
    Ok(accepted(&job))
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
        (status = 200, description = "The workbook", content_type = MEDIA_TYPE, body = Vec<u8>),
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
    let result = exports::result_of(job)?;
    // The document may be large and the client slow: no connection waits for either.
    drop(conn);
    stream(&state, &result).await
}

async fn stream(state: &AppState, result: &StoredResult) -> Result<HttpResponse, ApiError> {
    let object = match state.blobs.get(&result.key.as_str().into()).await {
        Ok(object) => object,
        Err(BlobError::NotFound { .. }) => return Err(ExportError::Gone.into()),
        Err(error) => return Err(ApiError::unavailable(error)),
    };
    Ok(HttpResponse::Ok()
        .content_type(MEDIA_TYPE)
        .insert_header(attachment(&result.file_name))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .no_chunking(object.meta.size)
        .streaming(object.into_stream()))
}

fn accepted(job: &ExportJob) -> HttpResponse {
    HttpResponse::Accepted()
        .insert_header((header::LOCATION, format!("/api/export/jobs/{}", job.id)))
        .json(ExportAcceptedView { job_id: job.id, id: job.id, status: job.status })
}

/// Names the file twice: plainly for old clients, and in UTF-8 (RFC 6266).
fn attachment(file_name: &str) -> ContentDisposition {
    let plain = file_name.chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![
            DispositionParam::Filename(plain),
            DispositionParam::FilenameExt(ExtendedValue {
                charset: Charset::Ext("UTF-8".to_owned()),
                language_tag: None,
                value: file_name.as_bytes().to_vec(),
            }),
        ],
    }
}

fn accepts_workbook(request: &HttpRequest) -> bool {
    let accept = request.headers().get_all(header::ACCEPT);
    accept.filter_map(|value| value.to_str().ok()).any(|value| value.contains(MEDIA_TYPE))
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, ExportError> {
    let Some(value) = request.headers().get("Idempotency-Key") else { return Ok(None) };
    exports::check_key(value.to_str().unwrap_or_default()).map(Some)
}

fn expired_link() -> ApiError {
    Problem::new(ProblemType::UNAUTHENTICATED)
        .with_message("Nedlastingslenken er ikke gyldig lenger. Hent en ny fra eksportoversikten.")
        .into()
}
