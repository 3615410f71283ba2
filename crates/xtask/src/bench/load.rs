//! The two load generators: `wrk` for HTTP and `pgbench` for SQL, and what they report.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::Bench;
use crate::command;
use crate::database::DATABASE;
use crate::servers::postgres::{self, Login};

/// Callers at once, for both generators: more than the service's pool, as on a busy day.
pub(super) const CLIENTS: u16 = 32;

/// Requests answered 2xx per second, by `wrk` with a script.
pub(super) fn requests_per_second(bench: &Bench<'_>, url: &str, script: &Path) -> Result<f64> {
    wrk(CLIENTS, bench.secs, &[format!("--script={}", script.display())], url)
}

/// Requests answered 2xx per second, by `wrk`.
pub(super) fn wrk(connections: u16, secs: u16, options: &[String], url: &str) -> Result<f64> {
    let wrk = command::find("wrk").context("wrk is not installed")?;
    let report = command::capture(
        Command::new(wrk)
            .args(["--threads=1", "--timeout=10s"])
            .args([format!("--connections={connections}"), format!("--duration={secs}s")])
            .args(options)
            .arg(url),
    )?;
    // A refused request is fast; counting it would flatter the service.
    ensure!(!report.contains("Non-2xx"), "some requests failed:\n{report}");
    ensure!(!report.contains("Socket errors"), "some requests were lost:\n{report}");
    after(&report, "Requests/sec:").context("wrk printed no rate")
}

/// Script runs a second by `pgbench` through a login, directly or through PgBouncer, with
/// `clients` at once.
pub(super) fn pgbench(
    bench: &Bench<'_>,
    login: &Login<'_>,
    clients: u16,
    scripts: &[PathBuf],
) -> Result<f64> {
    let program = postgres::programs().context("PostgreSQL is not installed")?.join("pgbench");
    let mut pgbench = Command::new(program);
    pgbench
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=1", "-h", "127.0.0.1"])
        .args(["-p", &login.port.to_string(), "-U", login.user])
        .args([format!("--client={clients}"), format!("--time={}", bench.secs)])
        .env("PGPASSWORD", login.password);
    for script in scripts {
        pgbench.arg("--file").arg(script);
    }
    let report = command::capture(pgbench.arg(DATABASE))?;
    let failed = after(&report, "number of failed transactions:");
    ensure!(failed.is_none_or(|failed| failed == 0.0), "pgbench failed in part:\n{report}");
    after(&report, "\ntps =").context("pgbench printed no rate")
}

/// The number that follows a label.
fn after(report: &str, label: &str) -> Option<f64> {
    let (_, rest) = report.split_once(label)?;
    let number = rest.trim_start();
    let end = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
    number[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_both_reports() {
        let wrk = "  3 requests in 1.00s\nRequests/sec:   9871.03\nTransfer/sec:  1.1MB\n";
        assert_eq!(after(wrk, "Requests/sec:"), Some(9871.03));
        let pgbench = "number of failed transactions: 0 (0.000%)\nlatency average = 1.25 ms\n\
                       initial connection time = 3 ms\ntps = 801.5 (without)\n";
        assert_eq!(after(pgbench, "\ntps ="), Some(801.5));
        assert_eq!(after(pgbench, "number of failed transactions:"), Some(0.0));
    }
}
