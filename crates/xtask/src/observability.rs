//! What watches a stack: Prometheus with its exporters and Alertmanager, and a collector that takes
//! traces and hands them on. Optional, because nothing of the portal needs it to work.

mod exporters;
mod prometheus;
mod traces;

use anyhow::Result;

use crate::console::step;
use crate::packages;
use crate::ports::Ports;
use crate::stack::{Kind, Running, Stack};

/// The parts of a developer's stack, as it calls them; a test's has no trace view.
pub(crate) const NAMES: [&str; 8] = [
    "trace-view",
    "collector",
    "pgbouncer-exporter",
    "postgres-exporter",
    "redis-exporter",
    "blackbox-exporter",
    "alertmanager",
    "prometheus",
];

/// Programs of the distribution, and their packages.
const PROGRAMS: [(&str, &str); 5] = [
    ("prometheus", "prometheus"),
    ("prometheus-alertmanager", "prometheus-alertmanager"),
    ("prometheus-postgres-exporter", "prometheus-postgres-exporter"),
    ("prometheus-redis-exporter", "prometheus-redis-exporter"),
    ("prometheus-blackbox-exporter", "prometheus-blackbox-exporter"),
];

/// Starts what does not run yet. The servers have to run, the services may.
pub(crate) fn start(running: &mut Running) -> Result<()> {
    for (program, package) in PROGRAMS {
        packages::ensure_program(program, package)?;
    }
    let workspace = running.stack.workspace.clone();
    let collector = traces::ensure_collector(&workspace)?;
    let pgbouncer_exporter = exporters::ensure_pgbouncer(&workspace)?;
    if running.stack.kind != Kind::Test {
        let viewer = traces::ensure_viewer(&workspace)?;
        step("trace view", || traces::start_viewer(running, &viewer))?;
    }
    step("collector", || traces::start_collector(running, &collector))?;
    step("exporters", || exporters::start(running, &pgbouncer_exporter))?;
    step("Alertmanager", || prometheus::start_alertmanager(running))?;
    step("Prometheus", || prometheus::start(running))
}

/// Starts the collector alone.
pub(crate) fn start_collector(running: &mut Running) -> Result<()> {
    let collector = traces::ensure_collector(&running.stack.workspace)?;
    step("collector", || traces::start_collector(running, &collector))
}

/// Where services send their spans.
pub(crate) fn collector_url(stack: &Stack) -> String {
    format!("http://127.0.0.1:{}", stack.ports.observability.otlp_http)
}

/// The ports that all of it listens on, with the name of the part.
pub(crate) fn ports(ports: &Ports) -> Vec<(String, u16)> {
    let watch = &ports.observability;
    [
        ("prometheus", watch.prometheus),
        ("alertmanager", watch.alertmanager),
        ("pgbouncer-exporter", watch.pgbouncer_exporter),
        ("postgres-exporter", watch.postgres_exporter),
        ("redis-exporter", watch.redis_exporter),
        ("blackbox-exporter", watch.gateway_exporter),
        ("collector", watch.otlp_http),
        ("collector", watch.otlp_grpc),
        ("trace-view", watch.traces),
        ("trace-view", watch.traces_in),
    ]
    .map(|(name, port)| (name.to_owned(), port))
    .to_vec()
}
