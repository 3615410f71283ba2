//! Removes finished documents when their time is over (architecture, section 6).
//!
//! That is also the time of what no row speaks of: a job that was cancelled while its document was
//! being stored, or a worker that died between the two, leaves an object behind.

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use edge::blobs::{BlobError, ObjectStoreExt as _};
use futures_util::TryStreamExt as _;
use store::export_jobs::lease::{clear_result, list_expired_results};
use store::export_jobs::waiting::forget_silent;

use crate::app::Worker;
use crate::results;

const SWEEP_INTERVAL: Duration = Duration::from_hours(1);
const BATCH: i64 = 100;
/// How much longer than a document an object without a row is kept, and a silent worker's name.
const GRACE: Duration = Duration::from_hours(24);

/// Sweeps now and every hour, for ever. Several workers may do so at once: removing what is
/// removed already is no error.
pub(crate) async fn sweep(worker: Arc<Worker>, retention: Duration) {
    let mut tick = tokio::time::interval(SWEEP_INTERVAL);
    loop {
        tick.tick().await;
        match remove_all(&worker, retention).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(export.removed = count, "removed {count} old exports"),
            Err(error) => tracing::warn!(
                error.chain = %edge::error::chain(error.as_ref()),
                "old exports could not be removed"
            ),
        }
    }
}

async fn remove_all(worker: &Worker, retention: Duration) -> anyhow::Result<usize> {
    let removed = remove_expired(worker, retention).await?;
    let orphans = remove_orphans(worker, retention).await?;
    forget_silent(&mut *worker.pool.get().await?, GRACE).await?;
    Ok(removed + orphans)
}

/// Removes objects so old that the job they belong to, if there is one, has been swept.
async fn remove_orphans(worker: &Worker, retention: Duration) -> anyhow::Result<usize> {
    let age = TimeDelta::from_std(retention + GRACE)?;
    let objects = worker.blobs.list(Some(&results::FOLDER.into()));
    let objects: Vec<_> = objects.try_collect().await?;
    let mut removed = 0;
    for object in objects.into_iter().filter(|object| object.last_modified < Utc::now() - age) {
        match worker.blobs.delete(&object.location).await {
            Ok(()) => removed += 1,
            Err(BlobError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(removed)
}

async fn remove_expired(worker: &Worker, retention: Duration) -> anyhow::Result<usize> {
    let mut removed = 0;
    loop {
        let mut conn = worker.pool.get().await?;
        let expired = list_expired_results(&mut conn, retention, BATCH).await?;
        if expired.is_empty() {
            return Ok(removed);
        }
        for result in expired {
            match worker.blobs.delete(&result.key.as_str().into()).await {
                Ok(()) | Err(BlobError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            clear_result(&mut conn, result.job_id).await?;
            removed += 1;
        }
    }
}
