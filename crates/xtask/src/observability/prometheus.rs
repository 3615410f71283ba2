//! Prometheus and Alertmanager, with the configuration that Compose uses, pointed at this stack.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::command;
use crate::http;
use crate::process::Daemon;
use crate::services::instances;
use crate::stack::{Kind, Running, Stack, State};
use crate::workspace::make_dir;

/// How often the configuration has everything scraped and evaluated.
const INTERVAL: &str = "_interval: 15s";
/// How often a test does, which cannot wait for a minute of samples.
const TEST_INTERVAL: &str = "_interval: 1s";

pub(super) fn start(running: &mut Running) -> Result<()> {
    let home = running.stack.home.join("prometheus");
    configure(&running.stack, &running.state, &home)?;
    let port = running.stack.ports.observability.prometheus;
    let program = command::find("prometheus").context("prometheus is not installed")?;
    let daemon = Daemon::new("prometheus", program)
        .arg(format!("--config.file={}", home.join("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", home.join("data").display()))
        .arg("--storage.tsdb.retention.time=7d")
        .arg(format!("--web.listen-address=127.0.0.1:{port}"));
    let process = running.ensure(&daemon, &[port])?;
    let ready = format!("http://127.0.0.1:{port}/-/ready");
    process.wait_until(Duration::from_secs(30), || http::status(&ready) == Some(200))?;
    Ok(())
}

pub(super) fn start_alertmanager(running: &mut Running) -> Result<()> {
    let home = running.stack.home.join("alertmanager");
    make_dir(&home, 0o755)?;
    let configuration = running.stack.workspace.root.join("compose/alertmanager/alertmanager.yml");
    let port = running.stack.ports.observability.alertmanager;
    let program =
        command::find("prometheus-alertmanager").context("alertmanager is not installed")?;
    let daemon = Daemon::new("alertmanager", program)
        .arg(format!("--config.file={}", configuration.display()))
        .arg(format!("--storage.path={}", home.display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        // Alone: with an address it would look for others of its kind.
        .arg("--cluster.listen-address=");
    let process = running.ensure(&daemon, &[port])?;
    let ready = format!("http://127.0.0.1:{port}/-/ready");
    process.wait_until(Duration::from_secs(15), || http::status(&ready) == Some(200))?;
    Ok(())
}

/// Copies the configuration and the rules, and writes targets of this stack's own.
fn configure(stack: &Stack, state: &State, home: &Path) -> Result<()> {
    let source = stack.workspace.root.join("compose/prometheus");
    let rules = home.join("rules");
    let targets = home.join("targets");
    for directory in [home, &rules, &targets, &home.join("data")] {
        make_dir(directory, 0o755)?;
    }
    let mut configuration = fs::read_to_string(source.join("prometheus.yml"))?;
    if stack.kind == Kind::Test {
        ensure!(configuration.contains(INTERVAL), "prometheus.yml has no {INTERVAL}");
        configuration = configuration.replace(INTERVAL, TEST_INTERVAL);
    }
    fs::write(home.join("prometheus.yml"), configuration)?;
    for entry in fs::read_dir(source.join("rules"))? {
        let entry = entry?;
        fs::copy(entry.path(), rules.join(entry.file_name()))?;
    }
    for (name, groups) in groups(stack, state) {
        // JSON is YAML too.
        fs::write(targets.join(format!("{name}.yml")), serde_json::to_vec_pretty(&groups)?)?;
    }
    Ok(())
}

/// The target files that `compose/prometheus/targets` has for Compose.
fn groups(stack: &Stack, state: &State) -> Vec<(&'static str, Value)> {
    let watch = &stack.ports.observability;
    let group = |port: u16, job: &str| json!({ "targets": [format!("127.0.0.1:{port}")], "labels": { "job": job } });
    let services: Vec<Value> = instances(stack, state.replicas)
        .iter()
        .map(|instance| group(instance.admin_port, instance.service))
        .collect();
    let alertmanager = format!("127.0.0.1:{}", watch.alertmanager);
    let exporter = format!("127.0.0.1:{}", watch.gateway_exporter);
    let address = |path: &str, module: &str| {
        json!({
            "targets": [format!("http://127.0.0.1:{}{path}", stack.ports.gateway)],
            "labels": { "__param_module": module, "__exporter": exporter },
        })
    };
    vec![
        ("services", services.into()),
        (
            "exporters",
            json!([
                group(watch.pgbouncer_exporter, "pgbouncer"),
                group(watch.postgres_exporter, "postgres"),
                group(watch.redis_exporter, "redis"),
            ]),
        ),
        (
            "rabbitmq",
            json!([{ "targets": [format!("127.0.0.1:{}", stack.ports.rabbitmq_metrics)] }]),
        ),
        (
            "monitoring",
            json!([
                group(watch.prometheus, "prometheus"),
                group(watch.alertmanager, "alertmanager")
            ]),
        ),
        ("gateway", json!([address("/", "page"), address("/api/health", "health")])),
        ("alertmanagers", json!([{ "targets": [alertmanager] }])),
    ]
}
