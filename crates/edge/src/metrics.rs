//! Prometheus metrics of a process: one recorder, semantic-convention names.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use actix_web::http::{Method, StatusCode};
use metrics::{Gauge, Histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use telemetry::metric::{self, Kind};

/// Bucket bounds in seconds, dense around the thresholds of architecture section 10.
const DURATION_BUCKETS: [f64; 12] =
    [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 10.0];

/// Bucket bounds in seconds of what an export waits and takes, up to its longest patience.
const EXPORT_BUCKETS: [f64; 12] =
    [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 600.0];

static RECORDER: OnceLock<Option<Recorder>> = OnceLock::new();

struct Recorder {
    handle: PrometheusHandle,
    process: Collector,
}

/// Installs the recorder of this process, unless that is done or nothing is to be measured. What is
/// counted before is lost.
pub fn install() {
    if !telemetry::is_disabled() {
        let _ = recorder();
    }
}

fn recorder() -> Option<&'static Recorder> {
    RECORDER.get_or_init(|| build().ok()).as_ref()
}

fn installed() -> Option<&'static Recorder> {
    RECORDER.get()?.as_ref()
}

fn build() -> Result<Recorder, BuildError> {
    let exact = |name: &str| Matcher::Full(name.to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &DURATION_BUCKETS)?
        .set_buckets_for_metric(exact(metric::EXPORT_QUEUE_WAIT), &EXPORT_BUCKETS)?
        .set_buckets_for_metric(exact(metric::EXPORT_DURATION), &EXPORT_BUCKETS)?
        .install_recorder()?;
    for (name, kind, help) in metric::CATALOGUE {
        match kind {
            Kind::Counter => metrics::describe_counter!(name, help),
            Kind::Gauge => metrics::describe_gauge!(name, help),
            Kind::Histogram => metrics::describe_histogram!(name, help),
        }
    }
    let process = Collector::default();
    process.describe();
    Ok(Recorder { handle, process })
}

/// Makes a counter known before it first counts: otherwise the first failure would be the counter's
/// birth and no growth of it, and no alert would see it.
pub fn begin_at_zero(counter: &'static str, label: &'static str, values: &[&'static str]) {
    for value in values {
        metrics::counter!(counter, label => *value).increment(0);
    }
}

/// The text that Prometheus scrapes.
#[must_use]
pub fn render() -> String {
    install();
    let Some(recorder) = installed() else { return String::new() };
    recorder.process.collect();
    recorder.handle.render()
}

/// How often histograms are drained; without it samples pile up between scrapes.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Folds samples into their histograms, and has `report` set the gauges that nobody else keeps, for
/// ever. Meant to be spawned.
pub async fn keep_up(report: impl Fn()) {
    let mut tick = tokio::time::interval(UPKEEP_INTERVAL);
    loop {
        tick.tick().await;
        report();
        if let Some(recorder) = installed() {
            recorder.handle.run_upkeep();
        }
    }
}

/// The method as a label: one of those that exist, because a client may send any word and each
/// would be a series of its own (semantic conventions: `_OTHER`).
pub(crate) fn method_label(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] =
        ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|known| method.as_str() == *known).unwrap_or("_OTHER")
}

type ByMethodAndStatus = HashMap<(&'static str, StatusCode), Histogram>;

thread_local! {
    // This thread's ways to what it counts with every request: to find a metric by its name and
    // labels among all there are costs more than to count.
    static ACTIVE: Gauge = metrics::gauge!(metric::HTTP_ACTIVE_REQUESTS);
    /// As many as there are routes and statuses.
    static DURATIONS: RefCell<HashMap<String, ByMethodAndStatus>> = RefCell::default();
}

/// Measures one request.
pub(crate) struct RequestTimer {
    started: Instant,
    method: &'static str,
}

impl RequestTimer {
    /// `method` is a [`method_label`].
    pub(crate) fn start(method: &'static str) -> Self {
        ACTIVE.with(|active| active.increment(1.0));
        Self { started: Instant::now(), method }
    }

    pub(crate) fn stop(self, route: &str, status: StatusCode) {
        let elapsed = self.started.elapsed();
        DURATIONS.with_borrow_mut(|durations| {
            let of_route = match durations.get_mut(route) {
                Some(of_route) => of_route,
                None => durations.entry(route.to_owned()).or_default(),
            };
            let duration = of_route
                .entry((self.method, status))
                .or_insert_with(|| request_duration(self.method, route, status));
            duration.record(elapsed);
        });
    }
}

fn request_duration(method: &'static str, route: &str, status: StatusCode) -> Histogram {
    metrics::histogram!(
        metric::HTTP_REQUEST_DURATION,
        "http_request_method" => method,
        "http_route" => route.to_owned(),
        "http_response_status_code" => status.as_str().to_owned(),
    )
}

impl Drop for RequestTimer {
    // In Drop, so that a client that hangs up mid-request does not count as active for ever.
    fn drop(&mut self) {
        // Err when the thread is ending, and its share of the gauge with the process.
        let _ = ACTIVE.try_with(|active| active.decrement(1.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clients_own_methods_make_no_series() {
        assert_eq!(method_label(&Method::PATCH), "PATCH");
        assert_eq!(method_label(&Method::from_bytes(b"BREW").unwrap()), "_OTHER");
        assert_eq!(method_label(&Method::from_bytes(b"get").unwrap()), "_OTHER");
    }

    #[test]
    fn what_is_published_says_what_it_is_and_begins_at_zero() {
        install();
        begin_at_zero(metric::EXPORT_JOBS, "outcome", &["completed", "failed"]);
        let text = render();
        for line in [
            "# HELP export_jobs_total Attempts at a job that ended",
            "export_jobs_total{outcome=\"failed\"} 0",
        ] {
            assert!(text.contains(line), "{text}");
        }
        for name in ["process_cpu_seconds_total", "process_resident_memory_bytes"] {
            assert!(text.contains(&format!("# TYPE {name} ")), "{text}");
        }
    }
}
