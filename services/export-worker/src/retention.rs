//! Removes finished documents when their time is over (architecture, section 6).

use std::sync::Arc;
use std::time::Duration;

use edge::blobs::{BlobError, ObjectStoreExt as _};
use store::export_jobs::lease::{clear_result, list_expired_results};

use crate::app::Worker;

const SWEEP_INTERVAL: Duration = Duration::from_hours(1);
const BATCH: i64 = 100;

/// Sweeps now and every hour, for ever. Several workers may do so at once: removing what is
/// removed already is no error.
pub(crate) async fn sweep(worker: Arc<Worker>, retention: Duration) {
    let mut tick = tokio::time::interval(SWEEP_INTERVAL);
    loop {
        tick.tick().await;
        match remove_expired(&worker, retention).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(export.removed = count, "removed {count} old exports"),
            Err(error) => tracing::warn!(
                error.chain = %edge::error::chain(error.as_ref()),
                "old exports could not be removed"
            ),
        }
    }
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
