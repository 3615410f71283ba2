//! The worker's side: a job is claimed with a lease, and only the holder of the lease may end it.
//!
//! Written by `export-worker` alone. Every claim has a name that no other has, in `claimed_by`. The
//! worker and the number of the attempt would not do: a job that is cancelled and put back in the
//! queue begins at attempt 1 again, perhaps with a worker that has not yet noticed.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Interval, Nullable, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::export::JobStatus;
use domain::ids::ExportJobId;
use uuid::Uuid;

use super::{ExportJob, ExportJobRow, StoredResult, from_now, now, unleased};
use crate::error::StoreError;
use crate::schema::export_jobs;

/// What a worker may do with a job it was handed.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// The job is this worker's until the lease ends.
    Mine(Box<ExportJob>, Tenure),
    /// Another worker is at it.
    HeldByOther,
    /// It is done or given up.
    Finished,
    /// It has used its attempts and nobody holds it: fail it with [`fail_exhausted`].
    Exhausted,
    /// There is no such job.
    Missing,
}

/// Identifies one claim of one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenure {
    /// The job.
    pub job_id: ExportJobId,
    /// Name of the claim: the worker's, and what tells its claims apart.
    pub claim: String,
    /// Which attempt it is, from 1.
    pub attempt: i32,
}

/// Claims a job for `worker`, counting an attempt, or says why not.
pub async fn claim(
    conn: &mut AsyncPgConnection,
    id: ExportJobId,
    worker: &str,
    lease: Duration,
    max_attempts: i32,
) -> Result<Claim, StoreError> {
    let claimable = export_jobs::status
        .eq(JobStatus::Queued.as_str())
        .or(export_jobs::status.eq(JobStatus::Processing.as_str()).and(unleased()));
    let name = format!("{worker}#{}", Uuid::new_v4());
    let claimed = diesel::update(export_jobs::table.find(id.as_uuid()))
        .filter(claimable)
        .filter(export_jobs::attempts.lt(max_attempts))
        .set((
            export_jobs::status.eq(JobStatus::Processing.as_str()),
            export_jobs::attempts.eq(export_jobs::attempts + 1),
            export_jobs::claimed_by.eq(&name),
            export_jobs::lease_until.eq(from_now!(lease)),
            export_jobs::started_at
                .eq(diesel::dsl::sql::<Nullable<Timestamptz>>("coalesce(started_at, now())")),
            export_jobs::percent.eq(0),
            export_jobs::step.eq(None::<String>),
        ))
        .returning(ExportJobRow::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    match claimed {
        Some(row) => {
            let tenure = Tenure { job_id: id, claim: name, attempt: row.attempts };
            Ok(Claim::Mine(Box::new(row.try_into()?), tenure))
        }
        None => why_not_claimed(conn, id).await,
    }
}

/// Names the reason only; nothing is decided by it.
async fn why_not_claimed(
    conn: &mut AsyncPgConnection,
    id: ExportJobId,
) -> Result<Claim, StoreError> {
    let found = export_jobs::table
        .find(id.as_uuid())
        .select((
            export_jobs::status,
            diesel::dsl::sql::<diesel::sql_types::Bool>("coalesce(lease_until > now(), false)"),
        ))
        .first::<(String, bool)>(conn)
        .await
        .optional()?;
    let Some((status, leased)) = found else { return Ok(Claim::Missing) };
    Ok(match status.parse().map_err(StoreError::corrupt)? {
        JobStatus::Completed | JobStatus::Failed => Claim::Finished,
        JobStatus::Processing if leased => Claim::HeldByOther,
        JobStatus::Queued | JobStatus::Processing => Claim::Exhausted,
    })
}

/// The row of a claim, as long as the claim stands.
#[diesel::dsl::auto_type]
fn held(tenure: &Tenure) -> _ {
    let id: Uuid = *tenure.job_id.as_uuid();
    let claim: String = tenure.claim.clone();
    export_jobs::table
        .filter(export_jobs::id.eq(id))
        .filter(export_jobs::status.eq("processing"))
        .filter(export_jobs::claimed_by.eq(claim))
}

/// What became of a claimed job, whether the claim stands or was ended, by its worker or by the
/// job's owner. `None` once the job is back in the queue or somebody else has claimed it.
pub async fn find_claimed(
    conn: &mut AsyncPgConnection,
    tenure: &Tenure,
) -> Result<Option<ExportJob>, StoreError> {
    export_jobs::table
        .find(tenure.job_id.as_uuid())
        .filter(export_jobs::claimed_by.eq(&tenure.claim))
        .select(ExportJobRow::as_select())
        .first(conn)
        .await
        .optional()?
        .map(ExportJob::try_from)
        .transpose()
}

/// Renews the lease and reports progress; `false` when the claim is lost.
pub async fn report_progress(
    conn: &mut AsyncPgConnection,
    tenure: &Tenure,
    lease: Duration,
    percent: i16,
    step: &str,
) -> Result<bool, StoreError> {
    let rows = diesel::update(held(tenure))
        .set((
            export_jobs::lease_until.eq(from_now!(lease)),
            export_jobs::percent.eq(percent),
            export_jobs::step.eq(step),
        ))
        .execute(conn)
        .await?;
    Ok(rows == 1)
}

/// Ends a claim with a document; `false` when the claim was lost before. Also `true` when the
/// claim has been ended so already: the caller asks again when it got no answer.
pub async fn complete(
    conn: &mut AsyncPgConnection,
    tenure: &Tenure,
    result: &StoredResult,
    result_url: &str,
) -> Result<bool, StoreError> {
    let rows = diesel::update(held(tenure))
        .set((
            export_jobs::status.eq(JobStatus::Completed.as_str()),
            export_jobs::completed_at.eq(now()),
            export_jobs::percent.eq(100),
            export_jobs::step.eq(None::<String>),
            export_jobs::error_message.eq(None::<String>),
            export_jobs::lease_until.eq(None::<DateTime<Utc>>),
            export_jobs::result_key.eq(&result.key),
            export_jobs::result_bytes.eq(result.bytes),
            export_jobs::result_file_name.eq(&result.file_name),
            export_jobs::result_url.eq(result_url),
        ))
        .execute(conn)
        .await?;
    if rows == 1 {
        return Ok(true);
    }
    let stored = find_claimed(conn, tenure).await?;
    Ok(stored.is_some_and(|job| job.status == JobStatus::Completed))
}

/// Ends a claim without a document, for good; `false` when the claim was lost before.
pub async fn fail(
    conn: &mut AsyncPgConnection,
    tenure: &Tenure,
    message: &str,
) -> Result<bool, StoreError> {
    let rows = diesel::update(held(tenure))
        .set((
            export_jobs::status.eq(JobStatus::Failed.as_str()),
            export_jobs::completed_at.eq(now()),
            export_jobs::error_message.eq(message),
            export_jobs::step.eq(None::<String>),
            export_jobs::lease_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)
        .await?;
    Ok(rows == 1)
}

/// Fails a job that has no attempts left and no live claim, and returns it; `None` when somebody
/// was faster.
pub async fn fail_exhausted(
    conn: &mut AsyncPgConnection,
    id: ExportJobId,
    max_attempts: i32,
    message: &str,
) -> Result<Option<ExportJob>, StoreError> {
    let unheld = export_jobs::status
        .eq(JobStatus::Queued.as_str())
        .or(export_jobs::status.eq(JobStatus::Processing.as_str()).and(unleased()));
    diesel::update(export_jobs::table.find(id.as_uuid()))
        .filter(unheld)
        .filter(export_jobs::attempts.ge(max_attempts))
        .set((
            export_jobs::status.eq(JobStatus::Failed.as_str()),
            export_jobs::completed_at.eq(now()),
            export_jobs::error_message.eq(message),
            export_jobs::step.eq(None::<String>),
            export_jobs::lease_until.eq(None::<DateTime<Utc>>),
        ))
        .returning(ExportJobRow::as_returning())
        .get_result(conn)
        .await
        .optional()?
        .map(ExportJob::try_from)
        .transpose()
}

/// Ends a failed attempt: the lease runs out after `pause`, and the job is then taken up again.
pub async fn retry_after(
    conn: &mut AsyncPgConnection,
    tenure: &Tenure,
    pause: Duration,
    step: &str,
) -> Result<bool, StoreError> {
    let rows = diesel::update(held(tenure))
        .set((export_jobs::lease_until.eq(from_now!(pause)), export_jobs::step.eq(step)))
        .execute(conn)
        .await?;
    Ok(rows == 1)
}

/// Undoes a claim whose work was interrupted by a shutdown, as if it had never been made.
pub async fn give_back(conn: &mut AsyncPgConnection, tenure: &Tenure) -> Result<bool, StoreError> {
    let rows = diesel::update(held(tenure))
        .set((
            export_jobs::status.eq(JobStatus::Queued.as_str()),
            export_jobs::attempts.eq(export_jobs::attempts - 1),
            export_jobs::percent.eq(0),
            export_jobs::step.eq(None::<String>),
            export_jobs::claimed_by.eq(None::<String>),
            export_jobs::lease_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)
        .await?;
    Ok(rows == 1)
}

/// A document whose time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpiredResult {
    /// The job it belongs to.
    pub job_id: ExportJobId,
    /// Key of the object.
    pub key: String,
}

/// Lists up to `limit` documents that were finished more than `retention` ago.
pub async fn list_expired_results(
    conn: &mut AsyncPgConnection,
    retention: Duration,
    limit: i64,
) -> Result<Vec<ExpiredResult>, StoreError> {
    let over = diesel::dsl::sql::<diesel::sql_types::Bool>("completed_at < now() - ")
        .bind::<Interval, _>(super::interval(retention));
    let rows = export_jobs::table
        .filter(export_jobs::status.eq(JobStatus::Completed.as_str()))
        .filter(export_jobs::result_key.is_not_null())
        .filter(over)
        .select((export_jobs::id, export_jobs::result_key.assume_not_null()))
        .limit(limit)
        .load::<(Uuid, String)>(conn)
        .await?;
    Ok(rows.into_iter().map(|(id, key)| ExpiredResult { job_id: id.into(), key }).collect())
}

/// Forgets where a removed document was.
pub async fn clear_result(conn: &mut AsyncPgConnection, id: ExportJobId) -> Result<(), StoreError> {
    diesel::update(export_jobs::table.find(id.as_uuid()))
        .set((
            export_jobs::result_key.eq(None::<String>),
            export_jobs::result_url.eq(None::<String>),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
