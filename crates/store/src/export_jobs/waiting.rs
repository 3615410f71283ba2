//! What the owner of a queued job is told: its place in the queue, and whether anybody is there.
//!
//! `export-worker` alone writes the signs of life, and only while orders can reach it: a worker that
//! has lost the broker is of no more use to those who wait than none.

use std::collections::HashMap;
use std::time::Duration;

use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Interval, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::export::Waiting;
use domain::ids::ExportJobId;
use uuid::Uuid;

use super::interval;
use crate::error::StoreError;
use crate::schema::export_workers;
use crate::sql::Prepared;

#[derive(QueryableByName)]
struct WaitingRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    ahead: i64,
    #[diesel(sql_type = Bool)]
    worker_alive: bool,
}

/// Says of those of the jobs that are queued where they stand. A worker counts as alive that has
/// given a sign of life within `silence`.
pub async fn list_waiting(
    conn: &mut AsyncPgConnection,
    ids: &[ExportJobId],
    silence: Duration,
) -> Result<HashMap<ExportJobId, Waiting>, StoreError> {
    // Raw SQL, because diesel cannot compare rows. The order is that of the queue (contract 15).
    let query = diesel::sql_query(
        "SELECT job.id, \
             (SELECT count(*) FROM export_jobs AS other \
              WHERE other.status = 'queued' \
                AND (other.created_at, other.id) < (job.created_at, job.id)) AS ahead, \
             EXISTS (SELECT FROM export_workers WHERE seen_at > now() - $2) AS worker_alive \
         FROM export_jobs AS job WHERE job.id = ANY ($1) AND job.status = 'queued'",
    )
    .bind::<Array<SqlUuid>, _>(ids.iter().map(|id| *id.as_uuid()).collect::<Vec<Uuid>>())
    .bind::<Interval, _>(interval(silence));
    let rows: Vec<WaitingRow> = Prepared(query).load(conn).await?;
    let waiting = |row: WaitingRow| {
        let position = u32::try_from(row.ahead + 1).unwrap_or(u32::MAX);
        (row.id.into(), Waiting { position, worker_alive: row.worker_alive })
    };
    Ok(rows.into_iter().map(waiting).collect())
}

/// Records that a worker is there and can be reached by orders.
pub async fn report_alive(
    conn: &mut AsyncPgConnection,
    instance_id: &str,
) -> Result<(), StoreError> {
    diesel::insert_into(export_workers::table)
        .values(export_workers::instance_id.eq(instance_id))
        .on_conflict(export_workers::instance_id)
        .do_update()
        .set(export_workers::seen_at.eq(now))
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets workers that have been silent for so long that they will not return under their name.
pub async fn forget_silent(
    conn: &mut AsyncPgConnection,
    silence: Duration,
) -> Result<(), StoreError> {
    let silent =
        diesel::dsl::sql::<Bool>("seen_at < now() - ").bind::<Interval, _>(interval(silence));
    diesel::delete(export_workers::table.filter(silent)).execute(conn).await?;
    Ok(())
}
