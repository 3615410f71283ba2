//! Questions about cases, from the Ministry of Finance to the ministry that owns the case, with one
//! answer each.
//!
//! Written by `cases-api` alone. The last answer counts; that there was an earlier one stands in the
//! event log.

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, auto_type};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_source::Alias;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{CaseId, DepartmentId, QuestionId, UserId};
use uuid::Uuid;

use crate::error::StoreError;
use crate::events::{NewEvent, logged};
use crate::json::JsonText;
use crate::schema::{cases, questions, users};
use crate::sql::clock_timestamp;

diesel::alias! {
    const ASKERS: Alias<Askers> = users as question_askers;
    const ANSWERERS: Alias<Answerers> = users as question_answerers;
}

/// One question, and its answer when there is one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = questions, check_for_backend(Pg))]
pub struct QuestionRow {
    /// The question.
    pub id: Uuid,
    /// The case it is about.
    pub case_id: Uuid,
    /// Who asked.
    pub asked_by: Uuid,
    /// What was asked.
    pub question_text: String,
    /// The answer as plain text; `None` while nobody has answered.
    pub answer_text: Option<String>,
    /// The answer as the editor wrote it.
    pub answer_json: Option<JsonText>,
    /// Who answered last.
    pub answered_by: Option<Uuid>,
    /// When it was asked.
    pub created_at: DateTime<Utc>,
    /// When it was answered last.
    pub answered_at: Option<DateTime<Utc>>,
}

/// A question with the names of both sides.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct NamedQuestionRow {
    /// The question.
    pub question: QuestionRow,
    /// Name of who asked.
    pub asked_by_name: String,
    /// Name of who answered last.
    pub answered_by_name: Option<String>,
}

/// A question that waits for its answer, with the name of its case.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct PendingQuestionRow {
    /// The question.
    pub id: Uuid,
    /// The case it is about.
    pub case_id: Uuid,
    /// Name of the case.
    pub case_name: String,
    /// Who asked.
    pub asked_by: Uuid,
    /// Name of who asked.
    pub asked_by_name: String,
    /// What was asked.
    pub question_text: String,
    /// When it was asked.
    pub created_at: DateTime<Utc>,
}

/// An answer to be stored.
#[derive(Debug, Clone)]
pub struct Answer {
    /// As plain text.
    pub text: String,
    /// As the editor wrote it.
    pub document: Option<JsonText>,
}

/// Lists the questions about a case, oldest first.
pub async fn list_questions(
    conn: &mut AsyncPgConnection,
    case: CaseId,
) -> Result<Vec<NamedQuestionRow>, StoreError> {
    Ok(named_questions()
        .filter(questions::case_id.eq(Uuid::from(case)))
        .order((questions::created_at, questions::id))
        .select(named_columns())
        .load(conn)
        .await?)
}

/// Finds a question.
pub async fn find_question(
    conn: &mut AsyncPgConnection,
    question: QuestionId,
) -> Result<Option<NamedQuestionRow>, StoreError> {
    Ok(named_questions()
        .filter(questions::id.eq(Uuid::from(question)))
        .select(named_columns())
        .first(conn)
        .await
        .optional()?)
}

/// Finds which case a question is about, and the department that owns the case. Neither ever
/// changes, so no lock is needed to rely on them.
pub async fn find_question_case(
    conn: &mut AsyncPgConnection,
    question: QuestionId,
) -> Result<Option<(CaseId, DepartmentId)>, StoreError> {
    let found = questions::table
        .inner_join(cases::table)
        .filter(questions::id.eq(Uuid::from(question)))
        .select((cases::id, cases::department_id))
        .first::<(Uuid, Uuid)>(conn)
        .await
        .optional()?;
    Ok(found.map(|(case, department)| (case.into(), department.into())))
}

/// Lists the unanswered questions about cases that `user` handles on either side, newest first.
pub async fn list_pending_questions(
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> Result<Vec<PendingQuestionRow>, StoreError> {
    let user = Uuid::from(user);
    let is_handler = cases::assigned_to
        .is_not_distinct_from(user)
        .or(cases::fin_assigned_to.is_not_distinct_from(user));
    Ok(questions::table
        .inner_join(cases::table)
        .inner_join(ASKERS.on(ASKERS.field(users::id).eq(questions::asked_by)))
        .filter(questions::answer_text.is_null())
        .filter(is_handler)
        .order((questions::created_at.desc(), questions::id.desc()))
        .select((
            questions::id,
            cases::id,
            cases::case_name,
            questions::asked_by,
            ASKERS.field(users::full_name),
            questions::question_text,
            questions::created_at,
        ))
        .load(conn)
        .await?)
}

/// Inserts a question and records it.
pub async fn insert_question(
    conn: &mut AsyncPgConnection,
    id: QuestionId,
    text: &str,
    event: &NewEvent<'_>,
) -> Result<(), StoreError> {
    let insert = diesel::insert_into(questions::table)
        .values((
            questions::id.eq(Uuid::from(id)),
            questions::case_id.eq(Uuid::from(event.case)),
            questions::asked_by.eq(Uuid::from(event.user)),
            questions::question_text.eq(text),
        ))
        .returning(questions::id);
    logged(insert, event).get_result::<Uuid>(conn).await?;
    Ok(())
}

/// Answers a question, over whatever answer it had, and records it.
pub async fn update_answer(
    conn: &mut AsyncPgConnection,
    id: QuestionId,
    answer: &Answer,
    event: &NewEvent<'_>,
) -> Result<(), StoreError> {
    let update = diesel::update(questions::table.find(Uuid::from(id)))
        .set((
            questions::answer_text.eq(&answer.text),
            // Also when there is none: text and document must not be of two different answers.
            questions::answer_json.eq(&answer.document),
            questions::answered_by.eq(Uuid::from(event.user)),
            questions::answered_at.eq(clock_timestamp().nullable()),
        ))
        .returning(questions::id);
    logged(update, event).get_result::<Uuid>(conn).await?;
    Ok(())
}

#[auto_type]
fn named_questions() -> _ {
    let askers: Alias<Askers> = ASKERS;
    let answerers: Alias<Answerers> = ANSWERERS;
    questions::table
        .inner_join(askers.on(askers.field(users::id).eq(questions::asked_by)))
        .left_join(answerers.on(answerers.field(users::id).nullable().eq(questions::answered_by)))
}

#[auto_type]
fn named_columns() -> _ {
    let askers: Alias<Askers> = ASKERS;
    let answerers: Alias<Answerers> = ANSWERERS;
    let question: AsSelect<QuestionRow, Pg> = QuestionRow::as_select();
    (question, askers.field(users::full_name), answerers.field(users::full_name).nullable())
}
