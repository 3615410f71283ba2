//! The collector that takes spans, and a page to look at them.
//!
//! The collector is rotel, which speaks OTLP as the one of Compose and Kubernetes does and can be had
//! ready-built. The view is Jaeger's own pages in front of a memory of traces.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::command;
use crate::console::stage;
use crate::http;
use crate::packages;
use crate::process::Daemon;
use crate::stack::{Kind, Running};
use crate::workspace::{Workspace, forget_own_package};

const COLLECTOR: &str = "rotel==0.0.1a15";

/// Finds the collector, or gets it from the Python index.
pub(super) fn ensure_collector(workspace: &Workspace) -> Result<PathBuf> {
    let home = workspace.local.join("tools/rotel");
    let program = home.join("rotel/rotel-agent");
    if command::is_program(&program) {
        return Ok(program);
    }
    stage("getting the collector", || {
        packages::ensure_program("pip3", "python3-pip")?;
        command::capture(
            Command::new("pip3")
                .args(["install", "--quiet", "--upgrade", "--no-deps", "--target"])
                .arg(&home)
                .arg(COLLECTOR),
        )?;
        ensure!(command::is_program(&program), "{} was not installed", program.display());
        Ok(program)
    })
}

/// Builds the trace view, when it is wanted. It is no member of the workspace: nobody who works on
/// the portal should have to compile it.
pub(super) fn ensure_viewer(workspace: &Workspace) -> Result<PathBuf> {
    let target = workspace.local.join("tools/trace-view");
    let program = target.join("debug/trace-view");
    packages::ensure_program("protoc", "protobuf-compiler")?;
    stage("building the trace view", || {
        let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        forget_own_package(&mut build);
        let manifest = workspace.root.join("crates/xtask/trace-view/Cargo.toml");
        let status = build
            .args(["build", "--quiet", "--locked", "--manifest-path"])
            .arg(manifest)
            .arg("--target-dir")
            .arg(&target)
            .status()?;
        ensure!(status.success(), "the trace view cannot be built");
        Ok(program.clone())
    })
}

pub(super) fn start_viewer(running: &mut Running, program: &Path) -> Result<()> {
    let ports = running.stack.ports.observability.clone();
    let daemon = Daemon::new("trace-view", program)
        .arg(format!("127.0.0.1:{}", ports.traces))
        .arg(format!("127.0.0.1:{}", ports.traces_in));
    let process = running.ensure(&daemon, &[ports.traces, ports.traces_in])?;
    // Its pages come with a redirect's status, so something else is asked for.
    let page = format!("http://127.0.0.1:{}/api/services", ports.traces);
    process.wait_until(Duration::from_secs(10), || http::status(&page) == Some(200))?;
    Ok(())
}

/// Starts the collector. It hands traces to the view, or in a test stack to the test, which takes
/// them over HTTP; in a benchmark's it throws them away.
pub(super) fn start_collector(running: &mut Running, program: &Path) -> Result<()> {
    let ports = running.stack.ports.observability.clone();
    let daemon = Daemon::new("collector", program)
        .arg("start")
        .arg(format!("--otlp-http-endpoint=127.0.0.1:{}", ports.otlp_http))
        .arg(format!("--otlp-grpc-endpoint=127.0.0.1:{}", ports.otlp_grpc))
        .arg("--batch-timeout=500ms");
    let hand_on = |daemon: Daemon, protocol: &str| {
        daemon
            .arg("--exporter=otlp")
            .arg(format!("--otlp-exporter-endpoint=http://127.0.0.1:{}", ports.traces_in))
            .arg(format!("--otlp-exporter-protocol={protocol}"))
            // Traces that nobody took for a while must not hold up those of now.
            .arg("--otlp-exporter-retry-initial-backoff=500ms")
            .arg("--otlp-exporter-retry-max-backoff=1s")
            .arg("--otlp-exporter-retry-max-elapsed-time=3s")
    };
    let daemon = match running.stack.kind {
        Kind::Test => hand_on(daemon, "http"),
        Kind::Bench => daemon.arg("--exporter=blackhole"),
        Kind::Dev | Kind::Fault => hand_on(daemon, "grpc"),
    };
    let process = running.ensure(&daemon, &[ports.otlp_http, ports.otlp_grpc])?;
    let intake = format!("http://127.0.0.1:{}/v1/traces", ports.otlp_http);
    // It takes only POST there; any answer says that it listens.
    process.wait_until(Duration::from_secs(10), || http::status(&intake).is_some())?;
    Ok(())
}
