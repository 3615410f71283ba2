//! Programs that speak Prometheus for servers that do not.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::command;
use crate::console::stage;
use crate::database::DATABASE;
use crate::http;
use crate::newer_debian::NewerDebian;
use crate::process::Daemon;
use crate::servers::postgres::Login;
use crate::stack::{Running, Stack};
use crate::workspace::Workspace;

/// Debian 12 has an older program of the same name, written in Python, that PgBouncer's newer
/// answers break.
const PGBOUNCER_EXPORTER: &str = "prometheus-pgbouncer-exporter";

/// Finds a PgBouncer exporter that works, or takes it out of a newer Debian's package: it is linked
/// statically.
pub(super) fn ensure_pgbouncer(workspace: &Workspace) -> Result<PathBuf> {
    let work = workspace.local.join("tools").join(PGBOUNCER_EXPORTER);
    let ours = work.join(PGBOUNCER_EXPORTER).join("usr/bin").join(PGBOUNCER_EXPORTER);
    if let Some(found) = [command::find(PGBOUNCER_EXPORTER), Some(ours.clone())]
        .into_iter()
        .flatten()
        .find(|program| is_new(program))
    {
        return Ok(found);
    }
    stage("getting the exporter of PgBouncer", || {
        NewerDebian::open(&work)?.binary(PGBOUNCER_EXPORTER)?;
        Ok(ours)
    })
}

/// The one in Python knows no `--version`.
fn is_new(program: &Path) -> bool {
    let printed = Command::new(program).arg("--version").output();
    printed.is_ok_and(|output| {
        [output.stdout, output.stderr]
            .iter()
            .any(|text| String::from_utf8_lossy(text).contains("pgbouncer_exporter, version"))
    })
}

pub(super) fn start(running: &mut Running, pgbouncer_exporter: &Path) -> Result<()> {
    let ports = running.stack.ports.observability.clone();
    let daemons = [
        (pgbouncer(&running.stack, pgbouncer_exporter), ports.pgbouncer_exporter),
        (postgres(&running.stack)?, ports.postgres_exporter),
        (redis(&running.stack)?, ports.redis_exporter),
        (blackbox(&running.stack)?, ports.gateway_exporter),
    ];
    for (daemon, port) in daemons {
        let process = running.ensure(&daemon, &[port])?;
        let page = format!("http://127.0.0.1:{port}/metrics");
        process.wait_until(Duration::from_secs(10), || http::status(&page) == Some(200))?;
    }
    Ok(())
}

/// Passwords go by the environment: a command line is everybody's to read.
fn pgbouncer(stack: &Stack, program: &Path) -> Daemon {
    let url = monitor(stack, stack.ports.pgbouncer).url("pgbouncer") + "?sslmode=disable";
    Daemon::new("pgbouncer-exporter", program)
        .arg(format!(
            "--web.listen-address=127.0.0.1:{}",
            stack.ports.observability.pgbouncer_exporter
        ))
        .env("PGBOUNCER_EXPORTER_CONNECTION_STRING", url)
}

fn postgres(stack: &Stack) -> Result<Daemon> {
    let url = monitor(stack, stack.ports.postgres).url(DATABASE) + "?sslmode=disable";
    let queries = stack.workspace.root.join("compose/postgres-exporter/queries.yml");
    Ok(Daemon::new("postgres-exporter", find("prometheus-postgres-exporter")?)
        .arg(format!(
            "--web.listen-address=127.0.0.1:{}",
            stack.ports.observability.postgres_exporter
        ))
        .arg(format!("--extend.query-path={}", queries.display()))
        .env("DATA_SOURCE_NAME", url))
}

fn redis(stack: &Stack) -> Result<Daemon> {
    Ok(Daemon::new("redis-exporter", find("prometheus-redis-exporter")?)
        .arg(format!("--redis.addr=redis://127.0.0.1:{}", stack.ports.redis))
        .arg(format!(
            "--web.listen-address=127.0.0.1:{}",
            stack.ports.observability.redis_exporter
        )))
}

/// Asks the portal from in front of its gateway.
fn blackbox(stack: &Stack) -> Result<Daemon> {
    let modules = stack.workspace.root.join("compose/blackbox-exporter/blackbox.yml");
    let port = stack.ports.observability.gateway_exporter;
    Ok(Daemon::new("blackbox-exporter", find("prometheus-blackbox-exporter")?)
        .arg(format!("--config.file={}", modules.display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}")))
}

fn monitor(stack: &Stack, port: u16) -> Login<'_> {
    Login { port, user: "portal_monitor", password: &stack.secrets.portal_monitor }
}

fn find(program: &str) -> Result<PathBuf> {
    command::find(program).with_context(|| format!("{program} is not installed"))
}
