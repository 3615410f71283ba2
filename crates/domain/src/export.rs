//! Export jobs: which kinds there are, how one moves through its states, and what it carries.
//!
//! A job accepted with 202 must end `completed` or `failed` whatever is killed in between, and its
//! document must be produced once (invariant I5). The states and the claim rule that make it so are
//! here as pure functions; the worker's conditional updates in SQL decide the same.

mod fields;
mod format;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use crate::case_list::CaseListFilters;
pub use fields::{ExportField, FieldKind};
pub use format::DocumentFormat;

use crate::ids::DepartmentListId;
use crate::lock::lease_end;
use crate::visibility::Viewer;
use crate::wire::wire_enum;

/// How often a job is tried before it is failed (architecture 6).
pub const DEFAULT_MAX_ATTEMPTS: u32 = 5;

/// How long no worker may have given a sign of life before a waiting job's owner is told so.
pub const WORKER_SILENCE: Duration = Duration::from_secs(30);

/// How long a worker's claim lasts without renewal, and so how long a killed worker's job waits.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(30);

wire_enum! {
    /// Kind of document an export job makes (domain contract 2.14).
    pub enum JobType {
        /// A department list as Word.
        DepartmentListWord = "department_list_word", "Departementsliste (Word)";
        /// A case list as an Excel workbook.
        CaseListExcel = "case_list_excel", "Saksliste (Excel)";
        /// A department list as PDF.
        DepartmentListPdf = "department_list_pdf", "Departementsliste (PDF)";
        /// A case list as Word.
        CaseListWord = "case_list_word", "Saksliste (Word)";
        /// A case list as PDF.
        CaseListPdf = "case_list_pdf", "Saksliste (PDF)";
    }
}

wire_enum! {
    /// State of an export job (domain contract 2.15).
    pub enum JobStatus {
        /// Accepted, waiting for a worker.
        Queued = "queued", "I kø";
        /// A worker has claimed it.
        Processing = "processing", "Under behandling";
        /// The document is ready.
        Completed = "completed", "Ferdig";
        /// Given up, with a message for its owner.
        Failed = "failed", "Mislyktes";
    }
}

impl JobType {
    /// The format of the document.
    #[must_use]
    pub const fn format(self) -> DocumentFormat {
        match self {
            Self::CaseListExcel => DocumentFormat::Xlsx,
            Self::DepartmentListWord | Self::CaseListWord => DocumentFormat::Docx,
            Self::DepartmentListPdf | Self::CaseListPdf => DocumentFormat::Pdf,
        }
    }
}

impl JobStatus {
    /// Whether the job has ended: the client stops polling.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }

    /// Whether a job in this state may move to that one: `queued → processing → completed | failed`,
    /// back to `queued` when a worker gives the job back, and from `failed` by a retry; straight from
    /// `queued` to `failed` when its owner cancels it. A completed job never moves again.
    #[must_use]
    pub const fn can_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Queued, Self::Processing | Self::Failed)
                | (Self::Processing, Self::Completed | Self::Failed | Self::Queued)
                | (Self::Failed, Self::Queued)
        )
    }
}

/// Where a queued job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its place in the queue, from 1.
    pub position: u32,
    /// Whether a worker has given a sign of life within [`WORKER_SILENCE`].
    pub worker_alive: bool,
}

impl Waiting {
    /// What its owner is told.
    #[must_use]
    pub fn step(self) -> String {
        if self.worker_alive {
            format!("Nummer {} i køen", self.position)
        } else {
            "Eksporttjenesten er ikke i gang akkurat nå. Eksporten starter av seg selv når den er \
             tilbake."
                .to_owned()
        }
    }
}

/// What the claim rule needs to know of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobFacts {
    /// State of the job.
    pub status: JobStatus,
    /// How many times it has been claimed.
    pub attempts: u32,
    /// End of the present worker's claim; `None` when nobody has one.
    pub lease_expires_at: Option<DateTime<Utc>>,
}

/// Whether a worker that was handed a job may do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimDecision {
    /// The job is this worker's, as its n-th attempt.
    Claim {
        /// Number of this attempt, from 1.
        attempt: u32,
        /// When the claim ends unless it is renewed.
        until: DateTime<Utc>,
    },
    /// Another worker is at it.
    HeldByOther,
    /// It is done or given up: a second delivery has nothing to do.
    Finished,
    /// It has used its attempts: fail it and dead-letter the delivery.
    Exhausted,
}

/// What becomes of a job whose attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// Back to the queue.
    Retry,
    /// Failed for good.
    GiveUp,
}

/// Decides a claim. An expired claim counts as no claim, so a job of a dead worker is taken up
/// again; a job in `processing` without a lease is one of those too.
#[must_use]
pub fn claim(
    job: &JobFacts,
    now: DateTime<Utc>,
    lease: Duration,
    max_attempts: u32,
) -> ClaimDecision {
    let held = job.lease_expires_at.is_some_and(|until| now < until);
    match job.status {
        JobStatus::Completed | JobStatus::Failed => ClaimDecision::Finished,
        JobStatus::Processing if held => ClaimDecision::HeldByOther,
        JobStatus::Queued | JobStatus::Processing if job.attempts >= max_attempts => {
            ClaimDecision::Exhausted
        }
        JobStatus::Queued | JobStatus::Processing => {
            ClaimDecision::Claim { attempt: job.attempts + 1, until: lease_end(now, lease) }
        }
    }
}

/// Decides what follows a failed attempt. A failure that no repetition can mend is given up at once.
#[must_use]
pub const fn after_failure(attempts: u32, max_attempts: u32, can_be_mended: bool) -> AfterFailure {
    if can_be_mended && attempts < max_attempts {
        AfterFailure::Retry
    } else {
        AfterFailure::GiveUp
    }
}

/// What a case-list job carries in `export_jobs.parameters`: the request, and as whom to run it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseListParameters {
    /// Which cases.
    #[serde(default)]
    pub filters: CaseListFilters,
    /// Which columns, in order.
    pub fields: Vec<ExportField>,
    /// Whose visibility applies, fixed when the job was accepted (I6).
    pub viewer: Viewer,
}

/// What a department-list job carries in `export_jobs.parameters`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DepartmentListParameters {
    /// Which list.
    pub department_list_id: DepartmentListId,
    /// Whose visibility applies, fixed when the job was accepted (I6).
    pub viewer: Viewer,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::ids::{DepartmentId, UserId};
    use crate::role::Role;

    const LEASE: Duration = Duration::from_mins(2);

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn job(status: JobStatus, attempts: u32, lease_expires_at: Option<i64>) -> JobFacts {
        JobFacts { status, attempts, lease_expires_at: lease_expires_at.map(at) }
    }

    #[test]
    fn a_completed_job_never_moves_again() {
        assert!(JobStatus::ALL.iter().all(|next| !JobStatus::Completed.can_become(*next)));
        assert!(JobStatus::Failed.can_become(JobStatus::Queued));
        assert!(!JobStatus::Queued.can_become(JobStatus::Completed));
    }

    #[test]
    fn a_job_delivered_twice_is_claimed_once() {
        let first = claim(&job(JobStatus::Queued, 0, None), at(0), LEASE, 5);
        assert_eq!(first, ClaimDecision::Claim { attempt: 1, until: at(120) });
        let running = job(JobStatus::Processing, 1, Some(120));
        assert_eq!(claim(&running, at(119), LEASE, 5), ClaimDecision::HeldByOther);
        let done = job(JobStatus::Completed, 1, None);
        assert_eq!(claim(&done, at(119), LEASE, 5), ClaimDecision::Finished);
    }

    #[test]
    fn a_dead_workers_job_is_taken_up_when_its_lease_is_over() {
        let orphan = job(JobStatus::Processing, 1, Some(120));
        assert_eq!(
            claim(&orphan, at(120), LEASE, 5),
            ClaimDecision::Claim { attempt: 2, until: at(240) }
        );
    }

    #[test]
    fn the_last_attempt_is_the_fifth() {
        assert!(matches!(
            claim(&job(JobStatus::Queued, 4, None), at(0), LEASE, DEFAULT_MAX_ATTEMPTS),
            ClaimDecision::Claim { attempt: 5, .. }
        ));
        assert_eq!(
            claim(&job(JobStatus::Queued, 5, None), at(0), LEASE, DEFAULT_MAX_ATTEMPTS),
            ClaimDecision::Exhausted
        );
        assert_eq!(after_failure(4, 5, true), AfterFailure::Retry);
        assert_eq!(after_failure(5, 5, true), AfterFailure::GiveUp);
        assert_eq!(after_failure(1, 5, false), AfterFailure::GiveUp);
    }

    #[test]
    fn parameters_survive_the_database() {
        let parameters = CaseListParameters {
            filters: CaseListFilters { search: Some("tog".to_owned()), ..Default::default() },
            fields: ExportField::DEFAULT.to_vec(),
            viewer: Viewer {
                user_id: UserId::new(Uuid::from_u128(1)),
                role: Role::SaksbehandlerFin,
                department_id: DepartmentId::new(Uuid::from_u128(2)),
            },
        };
        let stored = serde_json::to_value(&parameters).unwrap();
        assert_eq!(stored["viewer"]["role"], "saksbehandler_fin");
        assert_eq!(serde_json::from_value::<CaseListParameters>(stored).unwrap(), parameters);
    }

    proptest! {
        #[test]
        fn i5_a_job_that_nobody_holds_is_always_done_or_can_be_taken_on(
            status in proptest::sample::select(JobStatus::ALL.to_vec()),
            attempts in 0..10_u32,
            lease in proptest::option::of(0..300_i64),
            now in 0..300_i64,
        ) {
            let decision = claim(&job(status, attempts, lease), at(now), LEASE, 5);
            match decision {
                ClaimDecision::HeldByOther => prop_assert!(lease.is_some_and(|until| now < until)),
                ClaimDecision::Finished => prop_assert!(status.is_terminal()),
                ClaimDecision::Claim { attempt, until } => {
                    prop_assert!(attempt == attempts + 1 && attempt <= 5 && until > at(now));
                }
                ClaimDecision::Exhausted => prop_assert!(attempts >= 5),
            }
        }
    }
}
