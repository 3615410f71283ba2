//! What it costs to be listened to: memory of one process with 1,000 idle event streams, and how
//! soon a save reaches all of them.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::http::Client;
use super::statistics::{median, verdict};
use super::strain::Load;
use super::{Bench, hosts, lists};
use crate::database::DATABASE;
use crate::interrupt;
use crate::servers::postgres::Login;
use crate::services;
use crate::stack::Running;

const STREAMS: u32 = 1000;
/// A user may have 20 windows open.
const LISTENERS: usize = 50;
const SAVES: u32 = 5;
const MOST_MB: f64 = 50.0;
/// Until buffers that were needed to let everybody in are given back.
const SETTLE: Duration = Duration::from_secs(3);
/// Users like the administrator but for id and address, in data that is thrown away.
const INVITE: &str = "INSERT INTO users SELECT (jsonb_populate_record(u, jsonb_build_object( \
     'id', gen_random_uuid(), 'email', 'lytter' || n || '@test.no'))).* \
     FROM users u, generate_series(1, 50) n WHERE u.email = 'admin@test.no' \
     AND NOT EXISTS (SELECT FROM users WHERE email = 'lytter1@test.no')";

pub(super) fn measure(bench: &Bench<'_>, running: &mut Running) -> Result<Value> {
    Login::owner(bench.stack).query(DATABASE, INVITE)?;
    let tokens: Vec<String> = (1..=LISTENERS)
        .map(|nth| {
            let client = Client::sign_in_as(bench.stack, &format!("lytter{nth}@test.no"))?;
            Ok(client.token().to_owned())
        })
        .collect::<Result<_>>()?;
    // One that has served nothing yet, no sign-in either: memory that earlier work left would be
    // reused unseen.
    running.stop_named(&["cases-api".to_owned()])?;
    services::start(running, &bench.programs)?;
    let case = lists::all(bench.stack)?.into_iter().next().context("there is no case")?.case;
    let plan = json!({
        "hosts": hosts(&[bench.stack.ports.cases_api]),
        "tokens": tokens,
        "calls": [{
            "method": "PUT",
            "path": format!("/api/cases/{case}/content"),
            "body": r#"{"justification":"Kunngjort."}"#,
        }],
    });
    let kind =
        ["listen".to_owned(), format!("--connections={STREAMS}"), format!("--saves={SAVES}")];
    let pid = running.state.process("cases-api").context("cases-api does not run")?.pid;
    interrupt::pause(SETTLE)?;
    let idle_mb = resident_mb(pid)?;
    let mut load = Load::open(bench, &plan, &kind)?;
    interrupt::pause(SETTLE)?;
    let open_mb = resident_mb(pid)?;
    load.begin()?;
    let said: Value = serde_json::from_str(&load.finish()?)?;
    let middle = |key: &str| -> Result<f64> {
        let values: Vec<f64> = serde_json::from_value(said[key].clone())?;
        median(&values)
    };
    let is_met = open_mb - idle_mb <= MOST_MB && said["reached"] == json!(STREAMS);
    Ok(json!({
        "bench": "events",
        "streams": STREAMS,
        "idle_mb": idle_mb,
        "open_mb": open_mb,
        "above_idle_mb": open_mb - idle_mb,
        "ratio": (open_mb - idle_mb) / MOST_MB,
        "reached": said["reached"],
        "save_to_half_ms": middle("half_ms")?,
        "save_to_all_ms": middle("all_ms")?,
        "target": format!("above_idle_mb <= {MOST_MB}, reached == {STREAMS}"),
        "verdict": verdict(is_met),
    }))
}

/// Memory of a process as the machine sees it, in units of a million bytes.
pub(super) fn resident_mb(pid: i32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    parse_resident(&status).context("the process shows no memory")
}

fn parse_resident(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_in_millions_of_bytes() {
        assert_eq!(parse_resident("Name:\ta\nVmRSS:\t  125000 kB\n"), Some(128.0));
        assert_eq!(parse_resident("Name:\tzombie\n"), None);
    }
}
