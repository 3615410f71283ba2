//! Questions of the Ministry of Finance about a case, and the answers of its ministry (E41 to E44).
//!
//! They change neither the case's status nor its texts, and wait for no lock.

use domain::dialogue::{can_answer, can_ask};
use domain::document::{Document, DocumentError};
use domain::ids::{CaseId, QuestionId};
use edge::actor::Actor;
use serde_json::json;
use store::StoreError;
use store::events::NewEvent;
use store::json::JsonText;
use store::pool::PooledConnection;
use store::questions::{self, Answer, NamedQuestionRow, PendingQuestionRow};
use uuid::Uuid;

use crate::cases::{CaseError, FieldErrors, open_case};

/// Why something could not be done with a question.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// The case cannot be opened, or what was sent breaks a rule.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// There is no such question.
    #[error("no such question")]
    NotFound,
    /// The caller's role asks no questions.
    #[error("the caller may not ask")]
    MayNotAsk,
    /// The caller is not of the ministry that answers.
    #[error("the caller may not answer")]
    MayNotAnswer,
    /// The answer's document cannot be stored.
    #[error("document of the answer is not usable")]
    Document(#[from] DocumentError),
    /// The database failed.
    #[error("question could not be loaded or saved")]
    Store(#[from] StoreError),
}

/// An answer as it was sent.
#[derive(Debug)]
pub struct AnswerInput {
    /// As plain text.
    pub text: String,
    /// As the editor's document, in JSON text.
    pub document: Option<String>,
}

/// Lists the questions about a case, oldest first (E41).
///
/// # Errors
///
/// The errors of opening the case.
pub async fn list_questions(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
) -> Result<Vec<NamedQuestionRow>, QuestionError> {
    open_case(conn, actor, case).await?;
    Ok(questions::list_questions(conn, case).await?)
}

/// Asks a question about a case (E42).
///
/// # Errors
///
/// The errors of opening the case, [`QuestionError::MayNotAsk`], and [`CaseError::Invalid`].
pub async fn ask(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
    text: &str,
) -> Result<NamedQuestionRow, QuestionError> {
    open_case(conn, actor, case).await?;
    if !can_ask(actor.role) {
        return Err(QuestionError::MayNotAsk);
    }
    let mut errors = FieldErrors::default();
    errors.required_text("questionText", text);
    errors.finish()?;
    let question = QuestionId::from(Uuid::now_v7());
    let event = NewEvent {
        case,
        user: actor.user_id,
        event_type: "question_asked",
        data: json!({ "question_id": question }),
    };
    questions::insert_question(conn, question, text, &event).await?;
    questions::find_question(conn, question).await?.ok_or(QuestionError::NotFound)
}

/// Answers a question; a second answer takes the place of the first (E43).
///
/// # Errors
///
/// [`QuestionError::NotFound`], [`QuestionError::MayNotAnswer`], [`CaseError::Invalid`], and
/// [`QuestionError::Document`].
pub async fn answer(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    question: QuestionId,
    input: AnswerInput,
) -> Result<NamedQuestionRow, QuestionError> {
    let (case, department) =
        questions::find_question_case(conn, question).await?.ok_or(QuestionError::NotFound)?;
    // Whoever may answer may open the case (a test of the domain says so), hence one question to
    // the database instead of two.
    if !can_answer(&actor.viewer(), department) {
        return Err(QuestionError::MayNotAnswer);
    }
    let mut errors = FieldErrors::default();
    errors.required_text("answerText", &input.text);
    errors.finish()?;
    let document = input.document.as_deref().map(Document::parse).transpose()?;
    let answer = Answer {
        text: input.text,
        document: document.map(|document| JsonText::from(document.to_json())),
    };
    let event = NewEvent {
        case,
        user: actor.user_id,
        event_type: "question_answered",
        data: json!({ "question_id": question }),
    };
    questions::update_answer(conn, question, &answer, &event).await?;
    questions::find_question(conn, question).await?.ok_or(QuestionError::NotFound)
}

/// Lists the unanswered questions about cases that the caller handles, newest first (E44).
///
/// # Errors
///
/// When the database fails.
pub async fn list_my_pending(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
) -> Result<Vec<PendingQuestionRow>, StoreError> {
    questions::list_pending_questions(conn, actor.user_id).await
}
