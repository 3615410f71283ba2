//! The few HTTP questions we ask of our own processes.

use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(2);

/// The status of a GET, if anybody answers.
pub(crate) fn status(url: &str) -> Option<u16> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(LIMIT))
        .http_status_as_error(false)
        .build()
        .into();
    agent.get(url).call().ok().map(|answer| answer.status().as_u16())
}
