//! Submissions: cases that a ministry sends to the Ministry of Finance together.
//!
//! Written by `cases-api` alone, and never changed afterwards (domain contract 8). What a submission
//! shows of its cases is what they are now.
//!
//! [`insert_submission`] writes the submission, its links, its cases and their events in one
//! statement: a department sends some forty cases at once, and four statements, or one for each
//! case, would hold the locks of all of them for as many round trips.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{BudgetRoundId, CaseId, DepartmentId, UserId};
use domain::status::Status;
use uuid::Uuid;

use crate::cases::{CaseFactsRow, CaseRow};
use crate::error::StoreError;
use crate::opinions::PENDING;
use crate::schema::{
    budget_rounds, case_opinions, cases, departments, submission_cases, submissions, users,
};

/// One submission.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = submissions, check_for_backend(Pg))]
pub struct SubmissionRow {
    /// The submission.
    pub id: Uuid,
    /// The round its cases are for.
    pub budget_round_id: Uuid,
    /// The ministry that sent it.
    pub department_id: Uuid,
    /// Who sent it.
    pub submitted_by: Uuid,
    /// Whether it came after an earlier one.
    pub is_supplement: bool,
    /// When it was sent.
    pub submitted_at: DateTime<Utc>,
}

/// A submission with the names a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct NamedSubmissionRow {
    /// The submission.
    pub submission: SubmissionRow,
    /// Name of the round.
    pub budget_round_name: String,
    /// Code of the ministry.
    pub department_code: String,
    /// Name of who sent it.
    pub submitted_by_name: String,
}

/// A case of a submission as it is now, and what decides whether the reader may open it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmittedCaseRow {
    /// The submission.
    pub submission_id: Uuid,
    /// The case.
    pub facts: CaseFactsRow,
}

/// A case that somebody wants to send.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct CandidateRow {
    /// The case.
    pub case: CaseRow,
    /// Status of its round.
    pub round_status: String,
    /// Whether anybody has yet to give an opinion on it.
    pub pending_opinions: bool,
}

/// A submission to be written, with what becomes of its cases.
#[derive(Debug, Clone)]
pub struct NewSubmission {
    /// The round.
    pub budget_round_id: BudgetRoundId,
    /// The ministry.
    pub department_id: DepartmentId,
    /// Who submits.
    pub submitted_by: UserId,
    /// Whether it comes after an earlier one.
    pub is_supplement: bool,
    /// Status of every case from now on.
    pub status: Status,
    /// The cases, each with its FIN handler from now on.
    pub cases: Vec<(CaseId, Option<UserId>)>,
}

/// Lists submissions, newest first; `None` does not narrow.
pub async fn list_submissions(
    conn: &mut AsyncPgConnection,
    round: Option<BudgetRoundId>,
    department: Option<DepartmentId>,
) -> Result<Vec<NamedSubmissionRow>, StoreError> {
    let mut select = submissions::table
        .inner_join(budget_rounds::table)
        .inner_join(departments::table)
        .inner_join(users::table)
        .order((submissions::submitted_at.desc(), submissions::id.desc()))
        .select((
            SubmissionRow::as_select(),
            budget_rounds::name,
            departments::code,
            users::full_name,
        ))
        .into_boxed();
    if let Some(round) = round {
        select = select.filter(submissions::budget_round_id.eq(Uuid::from(round)));
    }
    if let Some(department) = department {
        select = select.filter(submissions::department_id.eq(Uuid::from(department)));
    }
    Ok(select.load(conn).await?)
}

/// Lists the cases of several submissions, by name, with what decides whether `user` may open each.
pub async fn list_submitted_cases(
    conn: &mut AsyncPgConnection,
    ids: &[Uuid],
    user: UserId,
) -> Result<Vec<SubmittedCaseRow>, StoreError> {
    let opinions = case_opinions::table
        .filter(case_opinions::case_id.eq(cases::id))
        .filter(case_opinions::assigned_to.eq(Uuid::from(user)));
    let rows: Vec<(Uuid, CaseRow, String, bool)> = submission_cases::table
        .inner_join(cases::table.inner_join(budget_rounds::table))
        .filter(submission_cases::submission_id.eq_any(ids))
        .order((cases::case_name, cases::id))
        .select((
            submission_cases::submission_id,
            CaseRow::as_select(),
            budget_rounds::status,
            exists(opinions),
        ))
        .load(conn)
        .await?;
    let row = |(submission_id, case, round_status, is_opinion_assignee)| SubmittedCaseRow {
        submission_id,
        facts: (case, round_status, is_opinion_assignee).into(),
    };
    Ok(rows.into_iter().map(row).collect())
}

/// Lists what decides whether cases may be sent, by name. Ask after locking them: then nothing of it
/// changes before they are.
pub async fn list_candidates(
    conn: &mut AsyncPgConnection,
    ids: &[CaseId],
) -> Result<Vec<CandidateRow>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().copied().map(Uuid::from).collect();
    let pending = case_opinions::table
        .filter(case_opinions::case_id.eq(cases::id))
        .filter(case_opinions::status.eq(PENDING));
    Ok(cases::table
        .inner_join(budget_rounds::table)
        .filter(cases::id.eq_any(ids))
        .order((cases::case_name, cases::id))
        .select((CaseRow::as_select(), budget_rounds::status, exists(pending)))
        .load(conn)
        .await?)
}

/// Writes a submission: itself, the links to its cases, the new status and FIN handler of each, and
/// an event for each. Part of the caller's transaction, which has locked the cases.
pub async fn insert_submission(
    conn: &mut AsyncPgConnection,
    new: &NewSubmission,
) -> Result<NamedSubmissionRow, StoreError> {
    let id = Uuid::now_v7();
    let (cases, handlers) = new
        .cases
        .iter()
        .map(|(case, handler)| (Uuid::from(*case), handler.map(Uuid::from)))
        .unzip();
    let statement = WriteSubmission { id, new, status: new.status.as_str(), cases, handlers };
    let (submitted_at, budget_round_name, department_code, submitted_by_name) =
        statement.get_result(conn).await?;
    let submission = SubmissionRow {
        id,
        budget_round_id: new.budget_round_id.into(),
        department_id: new.department_id.into(),
        submitted_by: new.submitted_by.into(),
        is_supplement: new.is_supplement,
        submitted_at,
    };
    Ok(NamedSubmissionRow { submission, budget_round_name, department_code, submitted_by_name })
}

/// The statement behind [`insert_submission`]: a query type of its own for the reason that
/// [`crate::saves::insert_version`] has one.
struct WriteSubmission<'a> {
    id: Uuid,
    new: &'a NewSubmission,
    status: &'static str,
    cases: Vec<Uuid>,
    handlers: Vec<Option<Uuid>>,
}

impl QueryId for WriteSubmission<'_> {
    type QueryId = WriteSubmission<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for WriteSubmission<'_> {
    type SqlType = (Timestamptz, Text, Text, Text);
}

impl QueryFragment<Pg> for WriteSubmission<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.push_submission(out.reborrow())?;
        self.push_sent(out.reborrow())?;
        out.push_sql(
            ", linked AS (INSERT INTO submission_cases (submission_id, case_id) \
             SELECT submission_id, id FROM sent), \
             logged AS (INSERT INTO case_events (case_id, event_type, event_data, user_id, \
             created_at) SELECT id, 'sent_to_fin', \
             jsonb_build_object('submission_id', submission_id), submitted_by, submitted_at \
             FROM sent) \
             SELECT submission.submitted_at, budget_rounds.name, departments.code, users.full_name \
             FROM submission \
             JOIN budget_rounds ON budget_rounds.id = submission.budget_round_id \
             JOIN departments ON departments.id = submission.department_id \
             JOIN users ON users.id = submission.submitted_by",
        );
        Ok(())
    }
}

impl WriteSubmission<'_> {
    fn push_submission<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "WITH submission AS (INSERT INTO submissions (submitted_at, id, budget_round_id, \
             department_id, submitted_by, is_supplement) VALUES (clock_timestamp(), ",
        );
        out.push_bind_param::<SqlUuid, _>(&self.id)?;
        for id in [
            self.new.budget_round_id.as_uuid(),
            self.new.department_id.as_uuid(),
            self.new.submitted_by.as_uuid(),
        ] {
            out.push_sql(", ");
            out.push_bind_param::<SqlUuid, _>(id)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Bool, _>(&self.new.is_supplement)?;
        out.push_sql(") RETURNING *)");
        Ok(())
    }

    fn push_sent<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(", sent AS (UPDATE cases SET status = ");
        out.push_bind_param::<Text, _>(self.status)?;
        out.push_sql(
            ", fin_assigned_to = handlers.handler, updated_at = submission.submitted_at \
             FROM submission, unnest(",
        );
        out.push_bind_param::<Array<SqlUuid>, _>(&self.cases)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<SqlUuid>>, _>(&self.handlers)?;
        out.push_sql(
            ") AS handlers (case_id, handler) WHERE cases.id = handlers.case_id RETURNING \
             cases.id, submission.id AS submission_id, submission.submitted_by, \
             submission.submitted_at)",
        );
        Ok(())
    }
}
