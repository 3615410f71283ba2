//! Exports that are ordered: case lists and department lists (E53–E56), and the jobs that make them.

mod jobs;

use actix_web::http::header::{
    self, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue,
};
use actix_web::{HttpRequest, HttpResponse, post, web};
use domain::export::{DocumentFormat, JobStatus, JobType};
use domain::ids::{CaseId, DepartmentListId, ExportJobId};
use edge::ApiError;
use edge::actor::Actor;
use edge::json::Json;
use edge::query::Params;
use edge::rate_limit::{Exports, Limited};
use serde::{Deserialize, Serialize};
use store::export_jobs::ExportJob;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::AppState;
use crate::documents::{self, Made};
use crate::exports::{self, CaseListOrder, ExportError};

/// Media types, for the annotations.
const XLSX: &str = DocumentFormat::Xlsx.media_type();
pub(super) const DOCX: &str = DocumentFormat::Docx.media_type();
const PDF: &str = DocumentFormat::Pdf.media_type();

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(export_cases_excel)
        .service(export_cases_word)
        .service(export_cases_pdf)
        .service(export_department_list_word)
        .service(export_department_list_pdf)
        .configure(jobs::configure);
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
    #[schema(example = "KLD", max_length = 200)]
    department_id: Option<String>,
    #[serde(alias = "budget_round_id")]
    #[schema(format = Uuid)]
    budget_round_id: Option<String>,
    #[schema(max_length = 200)]
    status: Option<String>,
    #[serde(alias = "case_type")]
    #[schema(max_length = 200)]
    case_type: Option<String>,
    #[schema(max_length = 200)]
    search: Option<String>,
    #[schema(max_length = 200)]
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

/// Which department list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DepartmentListExportRequest {
    department_list_id: DepartmentListId,
}

/// An accepted order (E54). `id` is `jobId` once more (D-09).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExportAcceptedView {
    job_id: ExportJobId,
    id: ExportJobId,
    status: JobStatus,
}

/// Orders the case list as an Excel workbook.
///
/// With `sync=true`, or an `Accept` of the workbook's media type, a small list is made at once; a
/// large one is ordered all the same.
#[utoipa::path(
    tag = "exports",
    params(
        ("sync" = Option<bool>, Query, description = "Wait for the file, if the list is small"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key is the same job",
            min_length = 1, max_length = 200),
    ),
    request_body = CaseListExportRequest,
    responses(
        (status = 200, description = "The workbook", content_type = XLSX, body = Vec<u8>),
        (status = 202, description = "Accepted; `Location` is the job", body = ExportAcceptedView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 409, description = "/problems/conflict"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 429, description = "/problems/rate-limited"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/export/cases/excel")]
async fn export_cases_excel(
    state: web::Data<AppState>,
    actor: Limited<Exports>,
    request: HttpRequest,
    params: Params,
    body: Json<CaseListExportRequest>,
) -> Result<HttpResponse, ApiError> {
    let how = Ordering::read(&request, &params, JobType::CaseListExcel)?;
    export_case_list(&state, &actor, how, body.into_inner()).await
}

/// Orders the case list as a Word document.
///
/// With `sync=true`, or an `Accept` of Word's media type, a small list is made at once; a large one
/// is ordered all the same.
#[utoipa::path(
    tag = "exports",
    params(
        ("sync" = Option<bool>, Query, description = "Wait for the file, if the list is small"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key is the same job",
            min_length = 1, max_length = 200),
    ),
    request_body = CaseListExportRequest,
    responses(
        (status = 200, description = "The document", content_type = DOCX, body = Vec<u8>),
        (status = 202, description = "Accepted; `Location` is the job", body = ExportAcceptedView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 409, description = "/problems/conflict"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 429, description = "/problems/rate-limited"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/export/cases/word")]
async fn export_cases_word(
    state: web::Data<AppState>,
    actor: Limited<Exports>,
    request: HttpRequest,
    params: Params,
    body: Json<CaseListExportRequest>,
) -> Result<HttpResponse, ApiError> {
    let how = Ordering::read(&request, &params, JobType::CaseListWord)?;
    export_case_list(&state, &actor, how, body.into_inner()).await
}

/// Orders the case list as a PDF, which is never made at once.
#[utoipa::path(
    tag = "exports",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "The same key is the same job",
            min_length = 1, max_length = 200),
    ),
    request_body = CaseListExportRequest,
    responses(
        (status = 202, description = "Accepted; `Location` is the job", body = ExportAcceptedView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 409, description = "/problems/conflict"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 429, description = "/problems/rate-limited"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/export/cases/pdf")]
async fn export_cases_pdf(
    state: web::Data<AppState>,
    actor: Limited<Exports>,
    request: HttpRequest,
    body: Json<CaseListExportRequest>,
) -> Result<HttpResponse, ApiError> {
    let key = idempotency_key(&request)?;
    let how = Ordering { job_type: JobType::CaseListPdf, key, at_once: false };
    export_case_list(&state, &actor, how, body.into_inner()).await
}

/// Orders a department list as a Word document.
#[utoipa::path(
    tag = "exports",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "The same key is the same job",
            min_length = 1, max_length = 200),
    ),
    request_body = DepartmentListExportRequest,
    responses(
        (status = 202, description = "Accepted; `Location` is the job", body = ExportAcceptedView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 409, description = "/problems/conflict"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 429, description = "/problems/rate-limited"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/export/department-list/word")]
async fn export_department_list_word(
    state: web::Data<AppState>,
    actor: Limited<Exports>,
    request: HttpRequest,
    body: Json<DepartmentListExportRequest>,
) -> Result<HttpResponse, ApiError> {
    let key = idempotency_key(&request)?;
    let list = body.into_inner().department_list_id;
    export_department_list(&state, &actor, JobType::DepartmentListWord, list, key).await
}

/// Orders a department list as a PDF.
#[utoipa::path(
    tag = "exports",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "The same key is the same job",
            min_length = 1, max_length = 200),
    ),
    request_body = DepartmentListExportRequest,
    responses(
        (status = 202, description = "Accepted; `Location` is the job", body = ExportAcceptedView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 409, description = "/problems/conflict"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 429, description = "/problems/rate-limited"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/export/department-list/pdf")]
async fn export_department_list_pdf(
    state: web::Data<AppState>,
    actor: Limited<Exports>,
    request: HttpRequest,
    body: Json<DepartmentListExportRequest>,
) -> Result<HttpResponse, ApiError> {
    let key = idempotency_key(&request)?;
    let list = body.into_inner().department_list_id;
    export_department_list(&state, &actor, JobType::DepartmentListPdf, list, key).await
}

async fn export_department_list(
    state: &AppState,
    actor: &Actor,
    job_type: JobType,
    list: DepartmentListId,
    key: Option<String>,
) -> Result<HttpResponse, ApiError> {
    let mut conn = state.db().await?;
    let job = exports::order_department_list(&mut conn, actor, job_type, list, key).await?;
    state.exports_ordered.notify_one();
    Ok(accepted(&job))
}

/// How a case list is to be had.
struct Ordering {
    job_type: JobType,
    key: Option<String>,
    at_once: bool,
}

impl Ordering {
    fn read(request: &HttpRequest, params: &Params, job_type: JobType) -> Result<Self, ApiError> {
        let media_type = job_type.format().media_type();
        let at_once = params.flag("sync")?.unwrap_or(false) || accepts(request, media_type);
        Ok(Self { job_type, key: idempotency_key(request)?, at_once })
    }
}

/// Makes the list at once when that is wanted and possible, else orders it.
async fn export_case_list(
    state: &AppState,
    actor: &Actor,
    how: Ordering,
    request: CaseListExportRequest,
) -> Result<HttpResponse, ApiError> {
    let mut conn = state.db().await?;
    let parameters = exports::check_case_list(&mut conn, actor, request.into()).await?;
    drop(conn);
    if how.at_once {
        let format = how.job_type.format();
        let (pool, workshop) = (&state.pool, &state.workshop);
        if let Some(made) =
            documents::make_case_list(pool, workshop, parameters.clone(), format).await?
        {
            return Ok(file(made));
        }
    }
    let mut conn = state.db().await?;
    let job = exports::order_case_list(&mut conn, how.job_type, &parameters, how.key).await?;
    state.exports_ordered.notify_one();
    Ok(accepted(&job))
}

/// The answer that is a document made just now.
pub(super) fn file(made: Made) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(made.format.media_type())
        .insert_header(attachment(&made.file_name))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .body(made.bytes)
}

fn accepted(job: &ExportJob) -> HttpResponse {
    HttpResponse::Accepted()
        .insert_header((header::LOCATION, format!("/api/export/jobs/{}", job.id)))
        .json(ExportAcceptedView { job_id: job.id, id: job.id, status: job.status })
}

/// Names the file twice: plainly for old clients, and in UTF-8 (RFC 6266).
fn attachment(file_name: &str) -> ContentDisposition {
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![
            DispositionParam::Filename(render::file_name::in_ascii(file_name)),
            DispositionParam::FilenameExt(ExtendedValue {
                charset: Charset::Ext("UTF-8".to_owned()),
                language_tag: None,
                value: file_name.as_bytes().to_vec(),
            }),
        ],
    }
}

fn accepts(request: &HttpRequest, media_type: &str) -> bool {
    let accept = request.headers().get_all(header::ACCEPT);
    accept.filter_map(|value| value.to_str().ok()).any(|value| value.contains(media_type))
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, ExportError> {
    let Some(value) = request.headers().get("Idempotency-Key") else { return Ok(None) };
    exports::check_key(value.to_str().unwrap_or_default()).map(Some)
}
