//! The few HTTP questions we ask of our own processes.

use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(2);

/// The status of a GET, if anybody answers.
pub(crate) fn status(url: &str) -> Option<u16> {
    get(url).map(|answer| answer.status().as_u16())
}

/// What a GET is answered with, if it is answered 200.
pub(crate) fn text(url: &str) -> Option<String> {
    get(url).filter(|answer| answer.status() == 200)?.body_mut().read_to_string().ok()
}

fn get(url: &str) -> Option<ureq::http::Response<ureq::Body>> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(LIMIT))
        .http_status_as_error(false)
        .build()
        .into();
    agent.get(url).call().ok()
}
