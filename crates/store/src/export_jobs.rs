//! Export jobs, from the order to the finished document. The row is its own outbox entry.
//!
//! Two services write the table, each its own part of a job's life: `cases-api` orders, publishes
//! and re-queues ([`outbox`]), the export worker claims, reports and ends ([`lease`]). Every write
//! names the state it presupposes, so that a message delivered twice or a worker that has lost its
//! lease changes nothing (I5).

pub mod lease;
pub mod outbox;
pub mod waiting;

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::data_types::PgInterval;
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::export::{JobStatus, JobType};
use domain::ids::{ExportJobId, UserId};
use uuid::Uuid;

use crate::error::StoreError;
use crate::schema::export_jobs;
use crate::sql::Prepared;

/// An export job as stored, without what only the broker's side needs.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportJob {
    /// The job.
    pub id: ExportJobId,
    /// Kind of document.
    pub job_type: JobType,
    /// State.
    pub status: JobStatus,
    /// Who ordered it and alone may fetch it.
    pub requested_by: UserId,
    /// What was ordered; which type this is follows from `job_type`.
    pub parameters: serde_json::Value,
    /// Why it failed, in words for the user.
    pub error_message: Option<String>,
    /// When it was ordered.
    pub created_at: DateTime<Utc>,
    /// When it was ordered, or last put back in the queue by its owner.
    pub queued_at: DateTime<Utc>,
    /// When a worker first took it up.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// How often a worker has taken it up.
    pub attempts: i32,
    /// How much of it is done, 0 to 100.
    pub percent: i16,
    /// What is being done, in words for the user.
    pub step: Option<String>,
    /// When its owner gave it up.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// The finished document; absent before completion and after retention.
    pub result: Option<StoredResult>,
}

/// A finished document in the blob store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredResult {
    /// Key of the object.
    pub key: String,
    /// Size of the object in bytes.
    pub bytes: i64,
    /// Name the file gets at the user's.
    pub file_name: String,
}

/// An order about to be written.
#[derive(Clone, Debug)]
pub struct NewExportJob {
    /// The job.
    pub id: ExportJobId,
    /// Kind of document.
    pub job_type: JobType,
    /// Who orders it.
    pub requested_by: UserId,
    /// What is ordered.
    pub parameters: serde_json::Value,
    /// The client's own key, so that a repeated order is the same job.
    pub idempotency_key: Option<String>,
    /// Trace context of the request.
    pub trace_parent: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = export_jobs, check_for_backend(diesel::pg::Pg))]
struct ExportJobRow {
    id: Uuid,
    job_type: String,
    status: String,
    requested_by: Uuid,
    parameters: serde_json::Value,
    error_message: Option<String>,
    created_at: DateTime<Utc>,
    queued_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    attempts: i32,
    percent: i16,
    step: Option<String>,
    cancelled_at: Option<DateTime<Utc>>,
    result_key: Option<String>,
    result_bytes: Option<i64>,
    result_file_name: Option<String>,
}

impl TryFrom<ExportJobRow> for ExportJob {
    type Error = StoreError;

    fn try_from(row: ExportJobRow) -> Result<Self, StoreError> {
        let result = match (row.result_key, row.result_bytes, row.result_file_name) {
            (Some(key), Some(bytes), Some(file_name)) => {
                Some(StoredResult { key, bytes, file_name })
            }
            _ => None,
        };
        Ok(Self {
            id: row.id.into(),
            job_type: row.job_type.parse().map_err(StoreError::corrupt)?,
            status: row.status.parse().map_err(StoreError::corrupt)?,
            requested_by: row.requested_by.into(),
            parameters: row.parameters,
            error_message: row.error_message,
            created_at: row.created_at,
            queued_at: row.queued_at,
            started_at: row.started_at,
            completed_at: row.completed_at,
            attempts: row.attempts,
            percent: row.percent,
            step: row.step,
            cancelled_at: row.cancelled_at,
            result,
        })
    }
}

/// Writes an order as `queued`, or returns the job that the same user's same idempotency key
/// already stands for.
pub async fn insert_queued(
    conn: &mut AsyncPgConnection,
    job: &NewExportJob,
) -> Result<ExportJob, StoreError> {
    let inserted = diesel::insert_into(export_jobs::table)
        .values((
            export_jobs::id.eq(job.id.as_uuid()),
            export_jobs::job_type.eq(job.job_type.as_str()),
            export_jobs::status.eq(JobStatus::Queued.as_str()),
            export_jobs::requested_by.eq(job.requested_by.as_uuid()),
            export_jobs::parameters.eq(&job.parameters),
            export_jobs::idempotency_key.eq(&job.idempotency_key),
            export_jobs::trace_parent.eq(&job.trace_parent),
        ))
        .on_conflict((export_jobs::requested_by, export_jobs::idempotency_key))
        .filter_target(export_jobs::idempotency_key.is_not_null())
        .do_nothing()
        .returning(ExportJobRow::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    let row = match inserted {
        Some(row) => row,
        None => {
            export_jobs::table
                .filter(export_jobs::requested_by.eq(job.requested_by.as_uuid()))
                .filter(export_jobs::idempotency_key.eq(&job.idempotency_key))
                .select(ExportJobRow::as_select())
                .first(conn)
                .await?
        }
    };
    row.try_into()
}

/// Finds a job.
pub async fn find_export_job(
    conn: &mut AsyncPgConnection,
    id: ExportJobId,
) -> Result<Option<ExportJob>, StoreError> {
    export_jobs::table
        .find(id.as_uuid())
        .select(ExportJobRow::as_select())
        .first(conn)
        .await
        .optional()?
        .map(ExportJob::try_from)
        .transpose()
}

/// Lists a user's newest jobs, newest first.
pub async fn list_newest_of(
    conn: &mut AsyncPgConnection,
    user: UserId,
    limit: i64,
) -> Result<Vec<ExportJob>, StoreError> {
    export_jobs::table
        .filter(export_jobs::requested_by.eq(user.as_uuid()))
        .order((export_jobs::created_at.desc(), export_jobs::id.desc()))
        .limit(limit)
        .select(ExportJobRow::as_select())
        .load(conn)
        .await?
        .into_iter()
        .map(ExportJob::try_from)
        .collect()
}

/// Puts a failed job back in the queue with all its attempts before it; `None` when it is not
/// failed any more.
pub async fn requeue_failed(
    conn: &mut AsyncPgConnection,
    id: ExportJobId,
) -> Result<Option<ExportJob>, StoreError> {
    diesel::update(export_jobs::table.find(id.as_uuid()))
        .filter(export_jobs::status.eq(JobStatus::Failed.as_str()))
        .set((
            export_jobs::status.eq(JobStatus::Queued.as_str()),
            export_jobs::queued_at.eq(diesel::dsl::now),
            export_jobs::attempts.eq(0),
            export_jobs::percent.eq(0),
            export_jobs::step.eq(None::<String>),
            export_jobs::error_message.eq(None::<String>),
            export_jobs::started_at.eq(None::<DateTime<Utc>>),
            export_jobs::completed_at.eq(None::<DateTime<Utc>>),
            export_jobs::cancelled_at.eq(None::<DateTime<Utc>>),
            export_jobs::published_at.eq(None::<DateTime<Utc>>),
            export_jobs::claimed_by.eq(None::<String>),
            export_jobs::lease_until.eq(None::<DateTime<Utc>>),
        ))
        .returning(ExportJobRow::as_returning())
        .get_result(conn)
        .await
        .optional()?
        .map(ExportJob::try_from)
        .transpose()
}

/// Gives a job up for its owner, with a message for them; `None` when it has ended already.
///
/// The worker that may be at it finds its claim gone and stops.
pub async fn cancel(
    conn: &mut AsyncPgConnection,
    id: ExportJobId,
    message: &str,
) -> Result<Option<ExportJob>, StoreError> {
    let unfinished = [JobStatus::Queued.as_str(), JobStatus::Processing.as_str()];
    let cancelled = diesel::update(export_jobs::table.find(id.as_uuid()))
        .filter(export_jobs::status.eq_any(unfinished))
        .set((
            export_jobs::status.eq(JobStatus::Failed.as_str()),
            export_jobs::error_message.eq(message),
            export_jobs::step.eq(None::<String>),
            export_jobs::completed_at.eq(now()),
            export_jobs::cancelled_at.eq(now()),
            export_jobs::lease_until.eq(None::<DateTime<Utc>>),
        ))
        .returning(ExportJobRow::as_returning());
    Prepared(cancelled)
        .get_result::<ExportJobRow>(conn)
        .await
        .optional()?
        .map(ExportJob::try_from)
        .transpose()
}

/// The database's time: leases of several machines are compared by one clock.
fn now() -> SqlLiteral<Nullable<Timestamptz>> {
    sql("now()")
}

/// A condition that holds when nobody has a lease, or the lease is over.
fn unleased() -> SqlLiteral<Bool> {
    sql("coalesce(lease_until <= now(), true)")
}

/// Beyond 292,000 years the interval is cut, not refused.
fn interval(length: Duration) -> PgInterval {
    PgInterval::from_microseconds(i64::try_from(length.as_micros()).unwrap_or(i64::MAX))
}

/// The database's time `length` from now, as an expression.
macro_rules! from_now {
    ($length:expr) => {
        diesel::dsl::sql::<diesel::sql_types::Nullable<diesel::sql_types::Timestamptz>>("now() + ")
            .bind::<diesel::sql_types::Interval, _>($crate::export_jobs::interval($length))
    };
}
use from_now;
