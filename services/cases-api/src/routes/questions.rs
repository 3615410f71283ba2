//! Questions about a case and their answers (E41 to E44).

use actix_web::{HttpResponse, get, patch, post, web};
use chrono::{DateTime, Utc};
use domain::ids::{CaseId, QuestionId};
use edge::ApiError;
use edge::actor::Actor;
use edge::json::Json;
use serde::{Deserialize, Serialize};
use store::json::JsonText;
use store::questions::{NamedQuestionRow, PendingQuestionRow};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::app::AppState;
use crate::error::store_failure;
use crate::questions::{self, AnswerInput};

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_questions)
        .service(ask_question)
        .service(list_my_pending_questions)
        .service(answer_question);
}

/// A question about a case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AskQuestionRequest {
    #[schema(min_length = 1, max_length = 100_000, pattern = r"\S")]
    question_text: String,
}

/// An answer, as plain text and, from clients with an editor, as a document too.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AnswerQuestionRequest {
    #[schema(min_length = 1, max_length = 100_000, pattern = r"\S")]
    answer_text: String,
    /// A TipTap `doc` as JSON text: at most 2 MiB, 64 levels. Without one, an earlier answer's is
    /// removed.
    #[schema(content_media_type = "application/json")]
    answer_json: Option<String>,
}

/// A question with its answer (contract 2.10).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Question)]
struct QuestionView {
    id: Uuid,
    case_id: Uuid,
    asked_by: Uuid,
    asked_by_name: String,
    question_text: String,
    /// `null` while nobody has answered.
    #[schema(required)]
    answer_text: Option<String>,
    /// A TipTap `doc` as JSON text, not as an object.
    #[schema(required)]
    answer_json: Option<String>,
    #[schema(required)]
    answered_by: Option<Uuid>,
    #[schema(required)]
    answered_by_name: Option<String>,
    created_at: DateTime<Utc>,
    #[schema(required)]
    answered_at: Option<DateTime<Utc>>,
}

/// An unanswered question with the name of its case.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QuestionWithCase)]
struct PendingQuestionView {
    id: Uuid,
    case_id: Uuid,
    case_name: String,
    asked_by: Uuid,
    asked_by_name: String,
    question_text: String,
    created_at: DateTime<Utc>,
}

impl From<NamedQuestionRow> for QuestionView {
    fn from(row: NamedQuestionRow) -> Self {
        let question = row.question;
        Self {
            id: question.id,
            case_id: question.case_id,
            asked_by: question.asked_by,
            asked_by_name: row.asked_by_name,
            question_text: question.question_text,
            answer_text: question.answer_text,
            answer_json: question.answer_json.map(JsonText::into_string),
            answered_by: question.answered_by,
            answered_by_name: row.answered_by_name,
            created_at: question.created_at,
            answered_at: question.answered_at,
        }
    }
}

impl From<PendingQuestionRow> for PendingQuestionView {
    fn from(row: PendingQuestionRow) -> Self {
        Self {
            id: row.id,
            case_id: row.case_id,
            case_name: row.case_name,
            asked_by: row.asked_by,
            asked_by_name: row.asked_by_name,
            question_text: row.question_text,
            created_at: row.created_at,
        }
    }
}

/// The questions about a case, oldest first.
#[utoipa::path(
    tag = "questions",
    params(("id" = Uuid, Path, description = "Case")),
    responses(
        (status = 200, description = "Questions", body = [QuestionView]),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/cases/{id}/questions")]
async fn list_questions(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<CaseId>,
) -> Result<web::Json<Vec<QuestionView>>, ApiError> {
    let mut conn = state.db().await?;
    let rows = questions::list_questions(&mut conn, &actor, *id).await?;
    Ok(web::Json(rows.into_iter().map(QuestionView::from).collect()))
}

/// Asks a question about a case. For the Ministry of Finance and administrators.
#[utoipa::path(
    tag = "questions",
    params(("id" = Uuid, Path, description = "Case")),
    request_body = AskQuestionRequest,
    responses(
        (status = 201, description = "The new question", body = QuestionView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/cases/{id}/questions")]
async fn ask_question(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<CaseId>,
    body: Json<AskQuestionRequest>,
) -> Result<HttpResponse, ApiError> {
    let text = body.into_inner().question_text;
    let mut conn = state.db().await?;
    let row = questions::ask(&mut conn, &actor, *id, &text).await?;
    Ok(HttpResponse::Created().json(QuestionView::from(row)))
}

/// The unanswered questions about cases that the caller handles, newest first.
#[utoipa::path(
    tag = "questions",
    responses(
        (status = 200, description = "Unanswered questions", body = [PendingQuestionView]),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/questions/my-pending")]
async fn list_my_pending_questions(
    state: web::Data<AppState>,
    actor: Actor,
) -> Result<web::Json<Vec<PendingQuestionView>>, ApiError> {
    let mut conn = state.db().await?;
    let rows = questions::list_my_pending(&mut conn, &actor).await.map_err(store_failure)?;
    Ok(web::Json(rows.into_iter().map(PendingQuestionView::from).collect()))
}

/// Answers a question, in place of an earlier answer. For the ministry that owns the case, and
/// administrators.
#[utoipa::path(
    tag = "questions",
    params(("id" = Uuid, Path, description = "Question")),
    request_body = AnswerQuestionRequest,
    responses(
        (status = 200, description = "The question with its answer", body = QuestionView),
        (status = 400,
            description = "/problems/invalid-request, /problems/invalid-json, /problems/invalid-document"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[patch("/api/questions/{id}/answer")]
async fn answer_question(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<QuestionId>,
    body: Json<AnswerQuestionRequest>,
) -> Result<web::Json<QuestionView>, ApiError> {
    let AnswerQuestionRequest { answer_text, answer_json } = body.into_inner();
    let input = AnswerInput { text: answer_text, document: answer_json };
    let mut conn = state.db().await?;
    let row = questions::answer(&mut conn, &actor, *id, input).await?;
    Ok(web::Json(QuestionView::from(row)))
}
