//! Prometheus metrics of a process: one recorder, semantic-convention names.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use actix_web::http::{Method, StatusCode};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Request duration by method, route template and status.
pub const REQUEST_DURATION: &str = "http_server_request_duration_seconds";
/// Requests that are being handled.
pub const ACTIVE_REQUESTS: &str = "http_server_active_requests";

/// Bucket bounds in seconds, dense around the thresholds of architecture section 10.
const DURATION_BUCKETS: [f64; 12] =
    [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 10.0];

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Installs the recorder of this process once; `None` when another library installed one first.
pub fn install() -> Option<&'static PrometheusHandle> {
    RECORDER
        .get_or_init(|| {
            PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &DURATION_BUCKETS)
                .and_then(PrometheusBuilder::install_recorder)
                .ok()
        })
        .as_ref()
}

/// The text that Prometheus scrapes.
#[must_use]
pub fn render() -> String {
    install().map(PrometheusHandle::render).unwrap_or_default()
}

/// How often histograms are drained; without it samples pile up between scrapes.
pub const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Folds collected samples into their histograms.
pub fn upkeep() {
    if let Some(handle) = install() {
        handle.run_upkeep();
    }
}

/// Measures one request.
pub(crate) struct RequestTimer {
    started: Instant,
    method: Method,
}

impl RequestTimer {
    pub(crate) fn start(method: &Method) -> Self {
        metrics::gauge!(ACTIVE_REQUESTS).increment(1.0);
        Self { started: Instant::now(), method: method.clone() }
    }

    pub(crate) fn stop(self, route: &str, status: StatusCode) {
        metrics::histogram!(
            REQUEST_DURATION,
            "http_request_method" => self.method.to_string(),
            "http_route" => route.to_owned(),
            "http_response_status_code" => status.as_str().to_owned(),
        )
        .record(self.started.elapsed());
    }
}

impl Drop for RequestTimer {
    // In Drop, so that a client that hangs up mid-request does not count as active for ever.
    fn drop(&mut self) {
        metrics::gauge!(ACTIVE_REQUESTS).decrement(1.0);
    }
}
