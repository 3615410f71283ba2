//! How a job becomes this worker's, and how it stops being so.
//!
//! Every write names the claim it presupposes, so that a worker which has lost its lease to another
//! can neither complete nor fail the job any more (I5).

use std::time::Duration;

use domain::ids::ExportJobId;
use store::StoreError;
use store::export_jobs::lease::{self, Claim, Tenure};
use store::export_jobs::{ExportJob, StoredResult};
use tokio_util::sync::CancellationToken;

use crate::app::Worker;
use crate::results;

/// Shown when a job has used its attempts without one of them living to say why it failed.
pub(crate) const GAVE_UP: &str = "Eksporten mislyktes etter flere forsøk. Prøv igjen, eller \
    kontakt brukerstøtte hvis det gjentar seg.";

/// Shown while a failed job waits for its next attempt.
const WAITING: &str = "Venter på nytt forsøk";

/// Pause before the database is asked again.
const DATABASE_PAUSE: Duration = Duration::from_secs(1);
/// How often the end of a job is written before its lease is left to run out.
const WRITE_ATTEMPTS: u32 = 10;

/// What to do with a delivery.
pub(crate) enum Verdict {
    /// Carry the job out.
    Mine(Box<ExportJob>, Tenure),
    /// There is nothing to do, here or now.
    Nothing(&'static str),
    /// It had used its attempts, and is failed now.
    GivenUp(Box<ExportJob>),
    /// It will never be done.
    Hopeless(&'static str),
    /// The process stops before the job could be claimed.
    Interrupted,
}

/// Claims the job. While the database is away the delivery is kept rather than returned: every
/// return counts towards the broker's delivery limit, and nobody else could claim it either.
pub(crate) async fn claim(worker: &Worker, id: ExportJobId, abort: &CancellationToken) -> Verdict {
    loop {
        match try_claim(worker, id).await {
            Ok(verdict) => return verdict,
            Err(error) => {
                tracing::error!(
                    error.chain = %edge::error::chain(&error),
                    export.job_id = %id,
                    "export job could not be claimed"
                );
                if !error.retryable() {
                    return Verdict::Hopeless("the claim itself fails");
                }
            }
        }
        let pause = tokio::time::sleep(DATABASE_PAUSE);
        if abort.run_until_cancelled(pause).await.is_none() {
            return Verdict::Interrupted;
        }
    }
}

async fn try_claim(worker: &Worker, id: ExportJobId) -> Result<Verdict, StoreError> {
    let jobs = &worker.jobs;
    let mut conn = worker.pool.get().await?;
    let claim =
        lease::claim(&mut conn, id, &worker.instance_id, jobs.lease, jobs.max_attempts).await?;
    Ok(match claim {
        Claim::Mine(job, tenure) => Verdict::Mine(job, tenure),
        // Should the other worker die, its lease runs out and the relay publishes the job again.
        Claim::HeldByOther => Verdict::Nothing("another worker is at it"),
        Claim::Finished => Verdict::Nothing("it has ended already"),
        Claim::Exhausted => {
            match lease::fail_exhausted(&mut conn, id, jobs.max_attempts, GAVE_UP).await? {
                Some(job) => Verdict::GivenUp(Box::new(job)),
                None => Verdict::Nothing("somebody else has ended it"),
            }
        }
        Claim::Missing => Verdict::Hopeless("there is no such job"),
    })
}

/// How a claim ends.
pub(crate) enum End {
    /// With a document.
    Completed(StoredResult),
    /// Without one, for good; the message is for the user.
    Failed(&'static str),
    /// For now: the lease is cut to the pause, and then the relay publishes the job again.
    Postponed(Duration),
    /// As if it had never been.
    GivenBack,
}

/// Ends the claim, through an outage of the database that lasts a few seconds: a document that is
/// made and stored is not thrown away for that. `false` when the claim was lost before.
pub(crate) async fn end(worker: &Worker, tenure: &Tenure, end: &End) -> Result<bool, StoreError> {
    let mut attempt = 1;
    loop {
        match try_end(worker, tenure, end).await {
            Err(error) if error.retryable() && attempt < WRITE_ATTEMPTS => tracing::warn!(
                error.chain = %edge::error::chain(&error),
                export.job_id = %tenure.job_id,
                "end of the claim is not written yet"
            ),
            outcome => return outcome,
        }
        attempt += 1;
        tokio::time::sleep(DATABASE_PAUSE).await;
    }
}

async fn try_end(worker: &Worker, tenure: &Tenure, end: &End) -> Result<bool, StoreError> {
    let mut conn = worker.pool.get().await?;
    match end {
        End::Completed(result) => {
            lease::complete(&mut conn, tenure, result, &results::url(tenure.job_id)).await
        }
        End::Failed(message) => lease::fail(&mut conn, tenure, message).await,
        End::Postponed(pause) => lease::retry_after(&mut conn, tenure, *pause, WAITING).await,
        End::GivenBack => lease::give_back(&mut conn, tenure).await,
    }
}
