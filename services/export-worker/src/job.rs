//! The way of one order from delivery to acknowledgement.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use domain::export::{AfterFailure, JobStatus, JobType, after_failure};
use domain::ids::ExportJobId;
use queue::{Delivered, Outcome};
use serde::de::DeserializeOwned;
use store::export_jobs::lease::Tenure;
use store::export_jobs::{ExportJob, StoredResult};
use telemetry::metric;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::app::Worker;
use crate::claim::{End, GAVE_UP, Verdict, claim, end};
use crate::document::{self, Document, DocumentError};
use crate::progress::{Progress, report_until_lost, tell, tell_what_became_of};
use crate::report::{self, Pages};
use crate::results;

const RIGHTS_CHANGED: &str = "Tilgangene dine er endret siden eksporten ble bestilt. Logg inn på \
    nytt og bestill den igjen.";
const LIST_GONE: &str = "Departementslisten er slettet siden eksporten ble bestilt.";
const TOO_MANY_CASES: &str = "Listen har for mange saker for dette formatet. Snevre inn utvalget, \
    eller bestill listen som Excel.";
const TOO_SLOW: &str = "Eksporten tok for lang tid og ble stoppet. Snevre inn utvalget, eller prøv \
    igjen på et roligere tidspunkt.";
const NOT_STORED: &str = "Dokumentet ble laget, men kunne ikke lagres. Prøv igjen senere, eller \
    kontakt brukerstøtte hvis det gjentar seg.";
const UNREADABLE: &str = "Bestillingen kunne ikke leses. Bestill eksporten på nytt.";

/// How an attempt may end, as the metric names it.
pub(crate) const OUTCOMES: [&str; 4] = ["completed", "refused", "retried", "failed"];

/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// How an attempt ended when it did not end with a document.
enum Failure {
    /// No repetition can mend it; the message is for the user.
    Permanent(&'static str),
    /// Another attempt may succeed; the message is for the user when none does.
    Passing(anyhow::Error, &'static str),
    /// The claim was lost: the job was cancelled, or whoever has it now answers for it.
    ClaimLost,
    /// The process stops.
    Interrupted,
}

/// Carries out what a message asks for and says what becomes of the message.
pub(crate) async fn handle(worker: Arc<Worker>, delivered: Delivered) -> Outcome {
    let id = ExportJobId::from(delivered.message.job_id);
    match claim(&worker, id, &delivered.abort).await {
        Verdict::Mine(job, tenure) => {
            let started = Instant::now();
            let kind = job.job_type;
            let ended = carry_out(&worker, &job, &tenure, &delivered.abort).await;
            metrics::histogram!(metric::EXPORT_DURATION, "job_type" => kind.as_str())
                .record(started.elapsed());
            match ended {
                Ok(rows) => {
                    let duration_ms = started.elapsed().as_millis();
                    info!(export.job_id = %id, export.rows = rows, duration_ms, "export is done");
                    count("completed");
                    tell(&worker, &job, JobStatus::Completed, (100, "")).await;
                    Outcome::Done
                }
                Err(failure) => {
                    let outcome = settle(&worker, &tenure, failure).await;
                    tell_what_became_of(&worker, &tenure).await;
                    outcome
                }
            }
        }
        Verdict::Nothing(reason) => {
            info!(export.job_id = %id, messaging.redelivered = delivered.redelivered, reason, "nothing to do");
            Outcome::Done
        }
        Verdict::GivenUp(job) => {
            error!(export.job_id = %id, "export has used its attempts");
            count("failed");
            tell(&worker, &job, job.status, (job.percent, "")).await;
            Outcome::DeadLetter
        }
        Verdict::Hopeless(reason) => {
            error!(export.job_id = %id, reason, "export order is given up");
            Outcome::DeadLetter
        }
        Verdict::Interrupted => Outcome::Retry,
    }
}

/// Makes and stores the document while a heartbeat runs beside it; returns the number of rows.
async fn carry_out(
    worker: &Worker,
    job: &ExportJob,
    tenure: &Tenure,
    abort: &CancellationToken,
) -> Result<u32, Failure> {
    let waited = (job.started_at.unwrap_or(job.queued_at) - job.queued_at).to_std();
    metrics::histogram!(metric::EXPORT_QUEUE_WAIT).record(waited.unwrap_or_default());
    let progress = Arc::new(Progress::default());
    let ended = tokio::select! {
        stored = make_and_store(worker, job, &progress) => stored,
        () = report_until_lost(worker, job, tenure, &progress) => Err(Failure::ClaimLost),
        () = abort.cancelled() => Err(Failure::Interrupted),
    };
    // The renderer may still be at it, on a thread of its own.
    progress.stop();
    let (rows, result) = ended?;
    match end(worker, tenure, &End::Completed(result)).await {
        Ok(true) => Ok(rows),
        Ok(false) => Err(Failure::ClaimLost),
        Err(source) => Err(Failure::Passing(source.into(), GAVE_UP)),
    }
}

async fn make_and_store(
    worker: &Worker,
    job: &ExportJob,
    progress: &Arc<Progress>,
) -> Result<(u32, StoredResult), Failure> {
    let limit = worker.jobs.timeout;
    let Ok(made) = tokio::time::timeout(limit, make(worker, job, progress)).await else {
        return Err(Failure::Permanent(TOO_SLOW));
    };
    let document = made?;
    progress.storing();
    let key = results::key(job.id, job.job_type.format());
    let storing = results::upload(&worker.blobs, &key, document.file.path());
    let stored = tokio::time::timeout(limit, storing).await.map_err(std::io::Error::from);
    let bytes = stored
        .flatten()
        .context("document could not be stored")
        .map_err(|source| Failure::Passing(source, NOT_STORED))?;
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    Ok((document.rows, StoredResult { key, bytes, file_name: document.file_name }))
}

async fn make(
    worker: &Worker,
    job: &ExportJob,
    progress: &Arc<Progress>,
) -> Result<Document, Failure> {
    match job.job_type {
        JobType::CaseListExcel => {
            Ok(document::workbook(worker, parameters_of(job)?, progress).await?)
        }
        JobType::CaseListWord => {
            Ok(report::case_list(worker, parameters_of(job)?, Pages::Word, progress).await?)
        }
        JobType::CaseListPdf => {
            Ok(report::case_list(worker, parameters_of(job)?, worker.pdf(), progress).await?)
        }
        JobType::DepartmentListWord => {
            Ok(report::department_list(worker, parameters_of(job)?, Pages::Word, progress).await?)
        }
        JobType::DepartmentListPdf => {
            Ok(report::department_list(worker, parameters_of(job)?, worker.pdf(), progress).await?)
        }
    }
}

fn parameters_of<T: DeserializeOwned>(job: &ExportJob) -> Result<T, Failure> {
    T::deserialize(&job.parameters).map_err(|source| {
        error!(error.chain = %edge::error::chain(&source), "order is unreadable");
        Failure::Permanent(UNREADABLE)
    })
}

impl From<DocumentError> for Failure {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::RightsChanged => Self::Permanent(RIGHTS_CHANGED),
            DocumentError::ListGone => Self::Permanent(LIST_GONE),
            DocumentError::TooManyCases => Self::Permanent(TOO_MANY_CASES),
            passing @ (DocumentError::Store(_)
            | DocumentError::File(_)
            | DocumentError::Pictures(_)
            | DocumentError::NotWhole(_)
            | DocumentError::Workbook(_)
            | DocumentError::Word(_)
            | DocumentError::Pdf(_)
            | DocumentError::Panicked(_)) => Self::Passing(passing.into(), GAVE_UP),
        }
    }
}

/// Records how an attempt failed, and decides what becomes of its message.
async fn settle(worker: &Worker, tenure: &Tenure, failure: Failure) -> Outcome {
    let id = tenure.job_id;
    match failure {
        Failure::Permanent(message) => {
            info!(export.job_id = %id, reason = message, "export is refused");
            count("refused");
            write_end(worker, tenure, End::Failed(message)).await;
            Outcome::Done
        }
        Failure::Passing(source, message) => {
            error!(
                error.chain = %edge::error::chain(source.as_ref()),
                export.job_id = %id,
                export.attempt = tenure.attempt,
                "export attempt failed"
            );
            try_again_or_give_up(worker, tenure, message).await
        }
        Failure::ClaimLost => {
            warn!(export.job_id = %id, "claim was lost: the job is cancelled or somebody else's");
            Outcome::Done
        }
        Failure::Interrupted => {
            info!(export.job_id = %id, "shutting down, giving the export back");
            write_end(worker, tenure, End::GivenBack).await;
            Outcome::Retry
        }
    }
}

async fn try_again_or_give_up(worker: &Worker, tenure: &Tenure, message: &'static str) -> Outcome {
    let attempt = u32::try_from(tenure.attempt).unwrap_or(u32::MAX);
    let max_attempts = u32::try_from(worker.jobs.max_attempts).unwrap_or(u32::MAX);
    match after_failure(attempt, max_attempts, true) {
        AfterFailure::Retry => {
            count("retried");
            let pause = pause_after(worker.jobs.retry_pause, attempt);
            write_end(worker, tenure, End::Postponed(pause)).await;
            Outcome::Done
        }
        AfterFailure::GiveUp => {
            count("failed");
            write_end(worker, tenure, End::Failed(message)).await;
            Outcome::DeadLetter
        }
    }
}

/// Ends a claim without a document. When even that cannot be written the lease runs out, and the
/// relay publishes the job again: its message has done its duty in any case.
async fn write_end(worker: &Worker, tenure: &Tenure, how: End) {
    if let Err(source) = end(worker, tenure, &how).await {
        error!(
            error.chain = %edge::error::chain(&source),
            export.job_id = %tenure.job_id,
            "end of the claim could not be written"
        );
    }
}

/// Doubles with every attempt.
fn pause_after(first: Duration, attempt: u32) -> Duration {
    let factor = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(LONGEST_PAUSE)
}

fn count(outcome: &'static str) {
    metrics::counter!(metric::EXPORT_JOBS, "outcome" => outcome).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_have_an_end() {
        let first = Duration::from_secs(2);
        assert_eq!(pause_after(first, 1), Duration::from_secs(2));
        assert_eq!(pause_after(first, 4), Duration::from_secs(16));
        assert_eq!(pause_after(first, 40), LONGEST_PAUSE);
    }
}
