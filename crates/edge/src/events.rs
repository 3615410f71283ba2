//! What has happened, told to whoever listens (architecture 7).
//!
//! Services publish through Redis and cases-api hands the events on to browsers. Losing one is
//! harmless, because clients poll besides; so publishing never fails and is never waited for long.

use domain::ids::{BudgetRoundId, CaseId, DepartmentId, ExportJobId, UserId};
use domain::lock::ResourceType;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::redis::Redis;
use crate::redis::commands::pipe;

/// Name of the channel, without the prefix of keys.
pub const CHANNEL: &str = "events";

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Later events have greater ids, by the clocks of their makers.
    pub id: Uuid,
    /// What it is.
    pub what: Happening,
}

/// The kinds of events. None says more than that something is worth reading again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Happening {
    /// A case was made, saved, or moved in the workflow.
    #[serde(rename = "case.saved")]
    CaseSaved {
        /// The case.
        case_id: CaseId,
        /// Its round.
        budget_round_id: BudgetRoundId,
        /// Its department.
        department_id: DepartmentId,
        /// Its newest version, if this made one.
        version: Option<i32>,
    },
    /// Somebody holds a lock now.
    #[serde(rename = "lock.taken")]
    LockTaken {
        /// What kind of resource it is on.
        resource_type: ResourceType,
        /// The case or department list.
        resource_id: Uuid,
        /// The holder's name.
        locked_by_name: String,
    },
    /// Nobody holds a lock any more.
    #[serde(rename = "lock.released")]
    LockReleased {
        /// What kind of resource it is on.
        resource_type: ResourceType,
        /// The case or department list.
        resource_id: Uuid,
    },
    /// An export has come further.
    #[serde(rename = "export.progress")]
    ExportProgress {
        /// The job.
        job_id: ExportJobId,
        /// Whose it is, and who alone is told.
        requested_by: UserId,
        /// Its state, wire value.
        status: String,
        /// How much of it is done.
        percent: i16,
        /// What it is doing, in Norwegian.
        step: Option<String>,
    },
}

impl Event {
    /// An event of now.
    #[must_use]
    pub fn now(what: Happening) -> Self {
        Self { id: Uuid::now_v7(), what }
    }
}

/// Tells that something has happened, if Redis is there to tell.
pub async fn publish(redis: &Redis, what: Happening) {
    publish_all(redis, &[Event::now(what)]).await;
}

/// Tells of several events in one round trip.
pub async fn publish_all(redis: &Redis, events: &[Event]) {
    let channel = redis.key(CHANNEL);
    let mut commands = pipe();
    // An event can always be written as JSON.
    for event in events.iter().filter_map(|event| serde_json::to_vec(event).ok()) {
        commands.cmd("PUBLISH").arg(&channel).arg(event).ignore();
    }
    // Whoever misses it polls.
    let _ = redis.pipeline::<()>(&commands).await;
}
