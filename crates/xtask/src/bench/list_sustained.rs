//! Two minutes of a full portal: 500 readers of 15 departments on two replicas, while a case of
//! each department is saved now and then. Every reader checks that its list is not older than the
//! last save that was answered before it asked.
//!
//! A reader asks again 300 ms after each answer, a hundred times as often as a person looks at a
//! list, so that a minute holds as many chances to see something old as an hour of people's work.
//! A department's case is saved every 20 seconds: longer than a list lives (15 s), so that lists
//! end in both ways.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::http::Client;
use super::lists::{self, Statement};
use super::statistics::verdict;
use super::strain::Load;
use super::{Bench, hosts};
use crate::load::metrics;
use crate::ports::of_replica;

const READERS: u32 = 500;
const DEPARTMENTS: usize = 15;
const PAUSE_MS: u32 = 300;
const SAVE_EVERY_MS: u32 = 20_000;
/// A list lives 15 seconds.
const FILLS_PER_MINUTE: f64 = 4.0;
const HIT_RATE: f64 = 0.9;
const BODY: &str = r#"{"justification":"Oppdatert under lasttest."}"#;

/// Needs two replicas.
pub(super) fn measure(bench: &Bench<'_>) -> Result<Value> {
    let client = Client::sign_in(bench.stack)?;
    let lists = lists::all(bench.stack)?;
    ensure!(lists.len() >= DEPARTMENTS, "there are only {} departments", lists.len());
    let statement = Statement::find(bench, &client, &lists[0])?;
    let departments: Vec<Value> = lists[..DEPARTMENTS]
        .iter()
        .map(|list| {
            let path = format!("/api/cases/{}/content", list.case);
            json!({
                "list": { "method": "GET", "path": list.path },
                "save": { "method": "PUT", "path": path, "body": BODY },
                "case": list.case,
            })
        })
        .collect();
    let ports = [0, 1].map(|index| of_replica(bench.stack.ports.cases_api, index));
    let plan = json!({
        "hosts": hosts(&ports),
        "tokens": [client.token()],
        "departments": departments,
    });
    let kind = [
        "readers".to_owned(),
        format!("--readers={READERS}"),
        format!("--secs={}", bench.sustained_secs),
        format!("--pause-ms={PAUSE_MS}"),
        format!("--save-every-ms={SAVE_EVERY_MS}"),
    ];
    let before = metrics::cache(bench.stack, 2).context("no metrics")?;
    statement.reset()?;
    let mut load = Load::open(bench, &plan, &kind)?;
    load.begin()?;
    let said: Value = serde_json::from_str(&load.finish()?)?;
    let after = metrics::cache(bench.stack, 2).context("no metrics")?;
    let seen = Seen {
        queries: statement.runs()?.0,
        saves: number(&said, "saves")?,
        stale: number(&said, "stale")?,
        failures: number(&said, "failures")?,
        hit_rate: (after.hits - before.hits) / (after.reads - before.reads),
        secs: bench.sustained_secs,
    };
    let mut line = report(&seen);
    for key in ["reads", "p50_ms", "p95_ms", "p99_ms"] {
        line[key] = said[key].clone();
    }
    Ok(line)
}

fn number(said: &Value, key: &str) -> Result<u32> {
    Ok(u32::try_from(said[key].as_u64().with_context(|| key.to_owned())?)?)
}

struct Seen {
    queries: u32,
    saves: u32,
    stale: u32,
    failures: u32,
    hit_rate: f64,
    secs: u16,
}

fn report(seen: &Seen) -> Value {
    let departments = f64::from(u32::try_from(DEPARTMENTS).unwrap_or(u32::MAX));
    let minutes = f64::from(seen.secs) / 60.0;
    // The first list of each department is there at no time's cost: n quarters of a minute have
    // n + 1 ends.
    let allowed =
        f64::from(seen.saves) + departments * (FILLS_PER_MINUTE * minutes).floor() + departments;
    let is_met = f64::from(seen.queries) <= allowed
        && seen.hit_rate > HIT_RATE
        && seen.stale == 0
        && seen.failures == 0
        && seen.saves > 0;
    json!({
        "bench": "list-sustained",
        "readers": READERS,
        "departments": DEPARTMENTS,
        "secs": seen.secs,
        "saves": seen.saves,
        "queries": seen.queries,
        "queries_allowed": allowed,
        "ratio": f64::from(seen.queries) / allowed,
        "hit_rate": seen.hit_rate,
        "stale": seen.stale,
        "failures": seen.failures,
        "target": "ratio <= 1, hit_rate > 0.9, stale == 0, failures == 0",
        "verdict": verdict(is_met),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(change: impl FnOnce(&mut Seen)) -> Value {
        let mut seen =
            Seen { queries: 225, saves: 90, stale: 0, failures: 0, hit_rate: 0.95, secs: 120 };
        change(&mut seen);
        report(&seen)["verdict"].clone()
    }

    #[test]
    fn four_lists_a_minute_and_one_for_each_save_are_allowed_and_nothing_old() {
        assert_eq!(judged(|_| ()), "met");
        assert_eq!(judged(|seen| seen.queries += 1), "MISSED");
        assert_eq!(judged(|seen| seen.stale = 1), "MISSED");
        assert_eq!(judged(|seen| seen.failures = 1), "MISSED");
        assert_eq!(judged(|seen| seen.hit_rate = 0.9), "MISSED");
        assert_eq!(judged(|seen| (seen.saves, seen.queries) = (0, 1)), "MISSED");
    }
}
