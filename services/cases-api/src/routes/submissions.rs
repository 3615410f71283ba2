//! Submissions to the Ministry of Finance (E45 and E46).

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::ids::{BudgetRoundId, CaseId};
use edge::ApiError;
use edge::actor::{Actor, Permitted};
use edge::json::Json;
use edge::query::Params;
use serde::{Deserialize, Serialize};
use store::cases::CaseRow;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::cases::department;
use crate::app::AppState;
use crate::error::store_failure;
use crate::permission::Submit;
use crate::submissions::{self, Submission, SubmissionInput};

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_submissions).service(submit_cases);
}

/// Cases to be sent together.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SubmitCasesRequest {
    budget_round_id: BudgetRoundId,
    /// Different cases of one department and this round, each approved and without a pending
    /// opinion.
    #[schema(min_items = 1, max_items = 500)]
    case_ids: Vec<CaseId>,
    /// Whether the department has sent cases of this round before; default `false`.
    is_supplement: Option<bool>,
}

/// Cases that were sent together (contract 2.11).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Submission)]
struct SubmissionView {
    id: Uuid,
    budget_round_id: Uuid,
    budget_round_name: String,
    department_id: Uuid,
    #[schema(example = "KLD")]
    department_code: String,
    submitted_by: Uuid,
    submitted_by_name: String,
    is_supplement: bool,
    submitted_at: DateTime<Utc>,
    /// As they are now, by name. The Ministry of Finance sees none that was taken back.
    cases: Vec<SubmittedCaseView>,
}

/// A case of a submission as it is now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SubmittedCase)]
struct SubmittedCaseView {
    case_id: Uuid,
    case_name: String,
    #[schema(example = "satsingsforslag")]
    case_type: String,
    #[schema(example = "sendt_til_fin")]
    status: String,
    /// The ministry's proposal in 1 000 NOK.
    #[schema(required)]
    amount: Option<i64>,
}

impl From<Submission> for SubmissionView {
    fn from(submission: Submission) -> Self {
        let row = submission.row.submission;
        Self {
            id: row.id,
            budget_round_id: row.budget_round_id,
            budget_round_name: submission.row.budget_round_name,
            department_id: row.department_id,
            department_code: submission.row.department_code,
            submitted_by: row.submitted_by,
            submitted_by_name: submission.row.submitted_by_name,
            is_supplement: row.is_supplement,
            submitted_at: row.submitted_at,
            cases: submission.cases.into_iter().map(SubmittedCaseView::from).collect(),
        }
    }
}

impl From<CaseRow> for SubmittedCaseView {
    fn from(case: CaseRow) -> Self {
        Self {
            case_id: case.id,
            case_name: case.case_name,
            case_type: case.case_type,
            status: case.status,
            amount: case.amount,
        }
    }
}

/// Submissions, newest first. A ministry sees its own.
#[utoipa::path(
    tag = "submissions",
    params(
        ("budgetRoundId" = Option<Uuid>, Query, description = "Only this round"),
        ("departmentId" = Option<String>, Query, description = "Id or code of a department"),
    ),
    responses(
        (status = 200, description = "Submissions", body = [SubmissionView]),
        (status = 400, description = "/problems/invalid-request"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/submissions")]
async fn list_submissions(
    state: web::Data<AppState>,
    actor: Actor,
    params: Params,
) -> Result<web::Json<Vec<SubmissionView>>, ApiError> {
    let round = params.parsed("budgetRoundId")?;
    let department = department(&state, &params).await?;
    let mut conn = state.db().await?;
    let found = submissions::list_submissions(&mut conn, &actor, round, department).await;
    let found = found.map_err(store_failure)?;
    Ok(web::Json(found.into_iter().map(SubmissionView::from).collect()))
}

/// Sends approved cases to the Ministry of Finance together: all of them or none. For leaders in the
/// ministries, budget units and administrators.
#[utoipa::path(
    tag = "submissions",
    request_body = SubmitCasesRequest,
    responses(
        (status = 201, description = "The new submission", body = SubmissionView),
        (status = 400,
            description = "/problems/submission-refused, /problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/submissions")]
async fn submit_cases(
    state: web::Data<AppState>,
    submitter: Permitted<Submit>,
    body: Json<SubmitCasesRequest>,
) -> Result<HttpResponse, ApiError> {
    let SubmitCasesRequest { budget_round_id, case_ids, is_supplement } = body.into_inner();
    let is_supplement = is_supplement.unwrap_or_default();
    let input = SubmissionInput { budget_round_id, case_ids, is_supplement };
    let mut conn = state.db().await?;
    let submission =
        submissions::submit(&mut conn, &state.changes, &submitter.actor, &input).await?;
    Ok(HttpResponse::Created().json(SubmissionView::from(submission)))
}
