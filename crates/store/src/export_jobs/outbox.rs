//! The outbox side: what has to be published, and what has to be published again.
//!
//! Written by `cases-api` alone.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    BigInt, Bool, Double, Interval, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::export::JobStatus;
use domain::ids::ExportJobId;
use uuid::Uuid;

use super::{interval, unleased};
use crate::error::StoreError;
use crate::schema::export_jobs;

/// A job that the broker has not confirmed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpublished {
    /// The job.
    pub id: ExportJobId,
    /// Trace context of the order.
    pub trace_parent: Option<String>,
}

#[derive(QueryableByName)]
struct UnpublishedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    trace_parent: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

/// Takes up to `limit` unpublished jobs for `relay`, oldest first.
///
/// They are leased rather than locked: publishing takes as long as the broker takes, and a row lock
/// held that long would pin a server connection of PgBouncer. Another relay gets them when `lease`
/// is over; at worst a job is then published twice, which is done once.
pub async fn lease_unpublished(
    conn: &mut AsyncPgConnection,
    relay: &str,
    lease: Duration,
    limit: i64,
) -> Result<Vec<Unpublished>, StoreError> {
    // Raw SQL, because diesel has no locking clause in a subquery.
    let mut rows: Vec<UnpublishedRow> = diesel::sql_query(
        "UPDATE export_jobs SET claimed_by = $1, lease_until = now() + $2 \
         WHERE id IN ( \
             SELECT id FROM export_jobs \
             WHERE status = 'queued' AND published_at IS NULL \
               AND (lease_until IS NULL OR lease_until <= now()) \
             ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED) \
         RETURNING id, trace_parent, created_at",
    )
    .bind::<Text, _>(relay)
    .bind::<Interval, _>(interval(lease))
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await?;
    rows.sort_by_key(|row| row.created_at);
    Ok(rows
        .into_iter()
        .map(|row| Unpublished { id: row.id.into(), trace_parent: row.trace_parent })
        .collect())
}

/// Records that the broker has confirmed these jobs.
pub async fn mark_published(
    conn: &mut AsyncPgConnection,
    ids: &[ExportJobId],
) -> Result<(), StoreError> {
    let ids: Vec<&Uuid> = ids.iter().map(ExportJobId::as_uuid).collect();
    diesel::update(export_jobs::table.filter(export_jobs::id.eq_any(ids)))
        .set(export_jobs::published_at.eq(diesel::dsl::now))
        .execute(conn)
        .await?;
    Ok(())
}

/// Gives back jobs that [`lease_unpublished`] handed out and nobody published, so that the next
/// attempt need not wait for the lease.
pub async fn release_unpublished(
    conn: &mut AsyncPgConnection,
    relay: &str,
) -> Result<(), StoreError> {
    diesel::update(export_jobs::table)
        .filter(export_jobs::status.eq(JobStatus::Queued.as_str()))
        .filter(export_jobs::published_at.is_null())
        .filter(export_jobs::claimed_by.eq(relay))
        .set((
            export_jobs::claimed_by.eq(None::<String>),
            export_jobs::lease_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Puts back in the outbox what the queue has lost, and returns how many jobs that were: jobs whose
/// worker let the lease run out, and published ones that nobody has taken up for `overdue`.
pub async fn requeue_lost(
    conn: &mut AsyncPgConnection,
    overdue: Duration,
) -> Result<usize, StoreError> {
    let abandoned = export_jobs::status.eq(JobStatus::Processing.as_str()).and(unleased());
    let forgotten = export_jobs::status.eq(JobStatus::Queued.as_str()).and(
        diesel::dsl::sql::<Bool>("published_at < now() - ").bind::<Interval, _>(interval(overdue)),
    );
    Ok(diesel::update(export_jobs::table.filter(abandoned.or(forgotten)))
        .set((
            export_jobs::status.eq(JobStatus::Queued.as_str()),
            export_jobs::published_at.eq(None::<DateTime<Utc>>),
            export_jobs::claimed_by.eq(None::<String>),
            export_jobs::lease_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)
        .await?)
}

/// How many jobs have not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Waiting for a worker.
    pub queued: u32,
    /// Claimed by a worker, or waiting for the next attempt.
    pub processing: u32,
    /// How long the oldest of those that wait has waited; zero when none does.
    pub oldest_queued: Duration,
}

/// Counts the jobs that have not ended, for metrics.
pub async fn count_unfinished(conn: &mut AsyncPgConnection) -> Result<Unfinished, StoreError> {
    // By the database's clock, which also wrote queued_at.
    let age = diesel::dsl::sql::<Double>("extract(epoch from now() - min(queued_at))::float8");
    let unfinished = [JobStatus::Queued.as_str(), JobStatus::Processing.as_str()];
    let counted: Vec<(String, i64, f64)> = export_jobs::table
        .filter(export_jobs::status.eq_any(unfinished))
        .group_by(export_jobs::status)
        .select((export_jobs::status, diesel::dsl::count_star(), age))
        .load(conn)
        .await?;
    let of = |status: JobStatus| {
        let found = counted.iter().find(|(name, _, _)| name == status.as_str());
        found.map_or((0, 0.0), |(_, count, age)| (u32::try_from(*count).unwrap_or(u32::MAX), *age))
    };
    let (queued, oldest) = of(JobStatus::Queued);
    let (processing, _) = of(JobStatus::Processing);
    let oldest_queued = Duration::try_from_secs_f64(oldest).unwrap_or_default();
    Ok(Unfinished { queued, processing, oldest_queued })
}
