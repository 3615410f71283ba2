//! What a running job tells the world, and the heartbeat that keeps its claim alive.
//!
//! Rendering happens on a blocking thread and must not wait for the database, so it only moves
//! numbers here; a task beside it writes them to the row, a few times a second at most.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use store::StoreError;
use store::export_jobs::lease::{Tenure, report_progress};

use crate::app::Worker;

/// The client polls every two seconds, so more often than this nobody would see.
const REPORT_INTERVAL: Duration = Duration::from_millis(500);
/// Renewals in the time of one lease: two may be lost before the claim is.
const RENEWALS_PER_LEASE: u32 = 3;

/// Percent of the work that is done when the last row is written.
const ROWS_SHARE: u64 = 90;

/// How far a job has come.
#[derive(Debug, Default)]
pub(crate) struct Progress(Mutex<Stage>);

/// What the job is doing, in the order it does it.
#[derive(Clone, Copy, Debug, Default)]
enum Stage {
    #[default]
    Reading,
    Writing {
        rows: u32,
        total: u32,
    },
    Storing,
}

impl Progress {
    /// So many rows of so many are written.
    pub(crate) fn writing(&self, rows: u32, total: u32) {
        self.enter(Stage::Writing { rows, total });
    }

    /// The document is rendered and goes to the blob store.
    pub(crate) fn storing(&self) {
        self.enter(Stage::Storing);
    }

    fn enter(&self, stage: Stage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    /// Percent and step, as the row shows them.
    fn shown(&self) -> (i16, &'static str) {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Stage::Reading => (0, "Henter saker"),
            Stage::Writing { rows, total } => {
                let percent = u64::from(rows.min(total)) * ROWS_SHARE / u64::from(total.max(1));
                (i16::try_from(percent).unwrap_or_default(), "Skriver dokumentet")
            }
            Stage::Storing => (95, "Lagrer dokumentet"),
        }
    }
}

/// Reports progress and renews the lease for ever, and returns only when the claim is lost.
pub(crate) async fn report_until_lost(worker: &Worker, tenure: &Tenure, progress: &Progress) {
    let renewal = worker.jobs.lease / RENEWALS_PER_LEASE;
    let mut reported = None;
    let mut renewed = Instant::now();
    let mut tick = tokio::time::interval(REPORT_INTERVAL.min(renewal));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let shown = progress.shown();
        if reported == Some(shown) && renewed.elapsed() < renewal {
            continue;
        }
        match report(worker, tenure, shown).await {
            Ok(true) => {
                reported = Some(shown);
                renewed = Instant::now();
            }
            Ok(false) => return,
            // The claim may still stand: only the row can say so, and at the latest when the job
            // ends it will be asked again.
            Err(error) => tracing::warn!(
                error.chain = %edge::error::chain(&error),
                "progress could not be reported"
            ),
        }
    }
}

async fn report(
    worker: &Worker,
    tenure: &Tenure,
    (percent, step): (i16, &str),
) -> Result<bool, StoreError> {
    let mut conn = worker.pool.get().await?;
    report_progress(&mut conn, tenure, worker.jobs.lease, percent, step).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_grows_from_nothing_to_almost_done() {
        let progress = Progress::default();
        assert_eq!(progress.shown(), (0, "Henter saker"));
        progress.writing(100, 200);
        assert_eq!(progress.shown(), (45, "Skriver dokumentet"));
        progress.writing(200, 200);
        assert_eq!(progress.shown().0, 90);
        progress.storing();
        assert_eq!(progress.shown(), (95, "Lagrer dokumentet"));
    }

    #[test]
    fn an_empty_list_does_not_divide_by_zero() {
        let progress = Progress::default();
        progress.writing(0, 0);
        assert_eq!(progress.shown().0, 0);
    }
}
