//! What a running job tells the world, and the heartbeat that keeps its claim alive.
//!
//! Rendering happens on a blocking thread and must not wait for the database, so it only moves
//! numbers here; a task beside it writes them to the row, a few times a second at most.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::export::JobStatus;
use edge::events::{Happening, publish};
use store::StoreError;
use store::export_jobs::ExportJob;
use store::export_jobs::lease::{Tenure, find_claimed, report_progress};

use crate::app::Worker;

/// The client polls every two seconds, so more often than this nobody would see.
const REPORT_INTERVAL: Duration = Duration::from_millis(500);
/// Renewals in the time of one lease: two may be lost before the claim is.
const RENEWALS_PER_LEASE: u32 = 3;

/// Percent of the work that is done when the document is whole.
const RENDERED: usize = 90;
/// Of those, the share of reading what a document of pages is made of.
const COLLECTED: usize = 40;
/// Percent when a department list is read and its figures are not.
const LIST_READ: i16 = 10;
/// Percent when only the blob store is still missing the document.
const STORING: i16 = 95;

const COLLECTING: &str = "Henter saker";
const WRITING: &str = "Skriver dokumentet";

/// How far a job has come, and whether it is to go on.
#[derive(Debug)]
pub(crate) struct Progress {
    shown: Mutex<(i16, &'static str)>,
    stopped: AtomicBool,
}

impl Default for Progress {
    fn default() -> Self {
        Self { shown: Mutex::new((0, COLLECTING)), stopped: AtomicBool::new(false) }
    }
}

impl Progress {
    /// So many rows of so many are read for a document that is written when all are.
    pub(crate) fn collected(&self, rows: usize, total: usize) {
        self.show(share(rows, total, COLLECTED), COLLECTING);
    }

    /// The list is read and its figures are fetched.
    pub(crate) fn fetching_figures(&self) {
        self.show(LIST_READ, "Henter figurer");
    }

    /// So much of what was collected is in the document.
    pub(crate) fn composed(&self, done: usize, total: usize) {
        let before = share(1, 1, COLLECTED);
        self.show(before + share(done, total, RENDERED - COLLECTED), WRITING);
    }

    /// So many rows of so many are read and written, both at once.
    pub(crate) fn written(&self, rows: usize, total: usize) {
        self.show(share(rows, total, RENDERED), WRITING);
    }

    /// The document is rendered and goes to the blob store.
    pub(crate) fn storing(&self) {
        self.show(STORING, "Lagrer dokumentet");
    }

    /// Nobody waits for the document any more: its renderer, which only it itself can end, is to
    /// end.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    /// Whether to go on, for the renderer.
    pub(crate) fn verdict(&self) -> ControlFlow<()> {
        if self.stopped.load(Ordering::Acquire) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn show(&self, percent: i16, step: &'static str) {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = (percent, step);
    }

    /// Percent and step, as the row shows them.
    fn shown(&self) -> (i16, &'static str) {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What part of `percent` is done.
fn share(done: usize, total: usize, percent: usize) -> i16 {
    i16::try_from(done.min(total) * percent / total.max(1)).unwrap_or_default()
}

/// Reports progress and renews the lease for ever, and returns only when the claim is lost.
pub(crate) async fn report_until_lost(
    worker: &Worker,
    job: &ExportJob,
    tenure: &Tenure,
    progress: &Progress,
) {
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
                if reported != Some(shown) {
                    tell(worker, job, JobStatus::Processing, shown).await;
                }
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

/// Tells the requester's open windows, if they have any.
pub(crate) async fn tell(
    worker: &Worker,
    job: &ExportJob,
    status: JobStatus,
    (percent, step): (i16, &str),
) {
    let progress = Happening::ExportProgress {
        job_id: job.id,
        requested_by: job.requested_by,
        status: status.as_str().to_owned(),
        percent,
        step: (!step.is_empty()).then(|| step.to_owned()),
    };
    publish(&worker.redis, progress).await;
}

/// Tells what a claim without a document has come to, as the row has it: the job has failed, its
/// owner has cancelled it, or it waits for another attempt. Of a claim that is somebody else's by
/// now nothing is told, since they tell.
pub(crate) async fn tell_what_became_of(worker: &Worker, tenure: &Tenure) {
    match find(worker, tenure).await {
        Ok(Some(job)) => {
            let step = job.step.as_deref().unwrap_or_default();
            tell(worker, &job, job.status, (job.percent, step)).await;
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(
            error.chain = %edge::error::chain(&error),
            export.job_id = %tenure.job_id,
            "end of the claim is not told"
        ),
    }
}

async fn find(worker: &Worker, tenure: &Tenure) -> Result<Option<ExportJob>, StoreError> {
    let mut conn = worker.pool.get().await?;
    find_claimed(&mut conn, tenure).await
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
        progress.written(100, 200);
        assert_eq!(progress.shown(), (45, "Skriver dokumentet"));
        progress.written(200, 200);
        assert_eq!(progress.shown().0, 90);
        progress.storing();
        assert_eq!(progress.shown(), (95, "Lagrer dokumentet"));
    }

    #[test]
    fn a_document_of_pages_is_collected_first_and_composed_then() {
        let progress = Progress::default();
        let mut steps = vec![progress.shown()];
        progress.collected(1, 2);
        steps.push(progress.shown());
        progress.collected(2, 2);
        steps.push(progress.shown());
        progress.composed(1, 2);
        steps.push(progress.shown());
        progress.composed(2, 2);
        steps.push(progress.shown());
        let percents: Vec<i16> = steps.iter().map(|(percent, _)| *percent).collect();
        assert_eq!(percents, [0, 20, 40, 65, 90]);
    }

    #[test]
    fn an_empty_list_does_not_divide_by_zero() {
        let progress = Progress::default();
        progress.written(0, 0);
        assert_eq!(progress.shown().0, 0);
    }

    #[test]
    fn a_renderer_is_told_to_stop() {
        let progress = Progress::default();
        assert_eq!(progress.verdict(), ControlFlow::Continue(()));
        progress.stop();
        assert_eq!(progress.verdict(), ControlFlow::Break(()));
    }
}
