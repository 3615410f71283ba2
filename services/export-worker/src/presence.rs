//! Says that this worker is there, for those who wait in the queue.
//!
//! Only while orders can arrive: a worker without its broker is of no use to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::export::WORKER_SILENCE;
use store::StoreError;
use store::export_jobs::waiting::report_alive;

use crate::app::Worker;

/// Signs of life in the time after which a worker counts as gone: two may be lost.
const SIGNS: u32 = 3;
/// How soon a worker that has just got its broker says so.
const TICK: Duration = Duration::from_millis(500);

/// Reports for ever.
pub(crate) async fn report(worker: Arc<Worker>, consuming: Arc<AtomicBool>) {
    let mut tick = tokio::time::interval(TICK);
    let mut reported: Option<Instant> = None;
    loop {
        tick.tick().await;
        if !consuming.load(Ordering::Acquire) {
            reported = None;
            continue;
        }
        if reported.is_some_and(|at| at.elapsed() < WORKER_SILENCE / SIGNS) {
            continue;
        }
        reported = Some(Instant::now());
        if let Err(error) = report_once(&worker).await {
            tracing::warn!(
                error.chain = %edge::error::chain(&error),
                "sign of life could not be written"
            );
        }
    }
}

async fn report_once(worker: &Worker) -> Result<(), StoreError> {
    let mut conn = worker.pool.get().await?;
    report_alive(&mut conn, &worker.instance_id).await
}
