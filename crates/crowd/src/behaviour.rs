//! How often people do what, and how long they think: `locust/portal_load/behaviour.json`.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

const FILE: &str = include_str!("../../../locust/portal_load/behaviour.json");

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Behaviour {
    pub(crate) fag: Kind,
    pub(crate) fin: Kind,
    pub(crate) fin_lists: BTreeMap<FinList, u32>,
    pub(crate) habits: Habits,
}

/// One kind of users.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Kind {
    /// Percent of all users.
    pub(crate) share: u32,
    think_seconds: (f64, f64),
    /// Percent of this kind's actions.
    pub(crate) actions: BTreeMap<Action, u32>,
}

/// What people do where the requirement leaves it open.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Habits {
    pub(crate) save_attempts: u32,
    conflict_pause_seconds: (f64, f64),
    pub(crate) lock_attempts: u32,
    pub(crate) export_poll_seconds: u64,
    pub(crate) export_patience_seconds: u64,
    pub(crate) longest_rate_pause_seconds: f64,
    pub(crate) warm_up_seconds: u64,
}

/// Everything that somebody may do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    ViewList,
    OpenCase,
    SaveCase,
    SubmitCase,
    ExportList,
    Heartbeat,
    SaveAssessment,
    OpenDepartmentList,
    EditDepartmentList,
    ExportDepartmentList,
}

/// How FIN looks across ministries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FinList {
    Department,
    Portfolio,
    Everything,
}

impl Behaviour {
    /// Reads the file that was compiled in.
    pub(crate) fn load() -> Result<Self> {
        let behaviour: Self = serde_json::from_str(FILE).context("behaviour.json")?;
        ensure!(behaviour.fag.share + behaviour.fin.share == 100, "the shares are not 100 percent");
        Ok(behaviour)
    }
}

impl Kind {
    /// A time between two actions.
    pub(crate) fn think(&self) -> Duration {
        seconds_between(self.think_seconds)
    }
}

impl Habits {
    /// A time somebody looks at what another one has saved meanwhile.
    pub(crate) fn conflict_pause(&self) -> Duration {
        seconds_between(self.conflict_pause_seconds)
    }

    /// For tests, which have no time.
    #[cfg(test)]
    pub(crate) fn forget_pauses(&mut self) {
        self.conflict_pause_seconds = (0.0, 0.0);
        self.longest_rate_pause_seconds = 1.0;
    }
}

fn seconds_between((shortest, longest): (f64, f64)) -> Duration {
    Duration::from_secs_f64(rand::random_range(shortest..=longest))
}

/// One of the keys, as often as its weight says. `None` only of an empty table.
pub(crate) fn draw<T: Copy>(weights: &BTreeMap<T, u32>) -> Option<T> {
    let total: u32 = weights.values().sum();
    if total == 0 {
        return None;
    }
    let mut rest = rand::random_range(0..total);
    for (value, weight) in weights {
        if rest < *weight {
            return Some(*value);
        }
        rest -= weight;
    }
    None
}
