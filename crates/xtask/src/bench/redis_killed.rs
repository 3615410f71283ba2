//! Redis killed while everybody works, and started again: nobody is refused, nobody waits long.
//!
//! Requests come at their own rate, a tenth of what the service can do: lists, which Redis keeps,
//! single cases, and saves, which tell Redis of themselves. The first third of the time is with
//! Redis, the second without, the third with a new one.

use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::http::Client;
use super::statistics::verdict;
use super::strain::{Load, Sample, quantile_ms, steady};
use super::{Bench, hosts, lists};
use crate::interrupt;
use crate::servers::redis;
use crate::stack::Running;

const CONNECTIONS: u16 = 64;
const RATE: f64 = 200.0;
/// After which the new Redis must be in use again.
const WELL_AFTER_SECS: f64 = 2.0;
const MOST_ADDED_MS: f64 = 50.0;

pub(super) fn measure(bench: &Bench<'_>, running: &mut Running) -> Result<Value> {
    let client = Client::sign_in(bench.stack)?;
    let plan = json!({
        "hosts": hosts(&[bench.stack.ports.cases_api]),
        "tokens": [client.token()],
        "calls": calls(bench)?,
    });
    let third = f64::from(bench.secs);
    let pause = Duration::try_from_secs_f64(third)?;
    let mut load = Load::open(bench, &plan, &steady(CONNECTIONS, Some(RATE), third * 3.0))?;
    load.begin()?;
    interrupt::pause(pause)?;
    running
        .state
        .process("redis")
        .context("Redis does not run")?
        .stop(Signal::SIGKILL, Duration::from_secs(1));
    interrupt::pause(pause)?;
    redis::start(running)?;
    Ok(report(&load.samples()?, third))
}

/// Of ten requests seven are for lists, two for a case, one saves.
fn calls(bench: &Bench<'_>) -> Result<Vec<Value>> {
    let mut calls = Vec::new();
    let lists = lists::all(bench.stack)?;
    let mut each = lists.iter().cycle();
    for list in &lists {
        let case = format!("/api/cases/{}", list.case);
        for read in each.by_ref().take(7) {
            calls.push(json!({ "method": "GET", "path": read.path }));
        }
        for _ in 0..2 {
            calls.push(json!({ "method": "GET", "path": case }));
        }
        calls.push(json!({
            "method": "PUT",
            "path": format!("{case}/content"),
            "body": r#"{"justification":"Lagret mens Redis er borte."}"#,
        }));
    }
    Ok(calls)
}

fn report(samples: &[Sample], third: f64) -> Value {
    let p99 = |from: f64, to: f64| {
        let within = samples.iter().filter(|sample| (from..to).contains(&sample.begun_secs));
        quantile_ms(within, 0.99).unwrap_or(f64::MAX)
    };
    let with = p99(0.1 * third, third);
    // With the moment of the kill.
    let without = p99(third, 2.0 * third);
    let again = p99(2.0 * third + WELL_AFTER_SECS.min(third / 2.0), 3.0 * third);
    let failed = samples.iter().filter(|sample| !sample.is_ok()).count();
    let is_met = failed == 0 && without - with <= MOST_ADDED_MS && again - with <= MOST_ADDED_MS;
    json!({
        "bench": "redis-killed",
        "requests": samples.len(),
        "per_second": RATE,
        "failed": failed,
        "with_p99_ms": with,
        "without_p99_ms": without,
        "again_p99_ms": again,
        "added_ms": without - with,
        "ratio": (without - with) / MOST_ADDED_MS,
        "target": format!("failed == 0, added_ms <= {MOST_ADDED_MS}, the same when it is back"),
        "verdict": verdict(is_met),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(took_ms: [f64; 3], status: u16) -> Vec<Sample> {
        (0..300_u16)
            .map(|nth| {
                let third = if nth < 100 { 0 } else { 1 + usize::from(nth >= 200) };
                let begun_secs = f64::from(nth) / 10.0;
                Sample { begun_secs, took_ms: took_ms[third], status, told_when: false }
            })
            .collect()
    }

    #[test]
    fn added_time_is_judged_and_a_failure_is_one_too_many() {
        let judged = |samples: &[Sample]| report(samples, 10.0)["verdict"].clone();
        assert_eq!(judged(&samples([5.0, 55.0, 6.0], 200)), "met");
        assert_eq!(judged(&samples([5.0, 56.0, 6.0], 200)), "MISSED");
        assert_eq!(judged(&samples([5.0, 6.0, 60.0], 200)), "MISSED");
        let mut one_failed = samples([5.0, 6.0, 6.0], 200);
        one_failed[150].status = 0;
        assert_eq!(judged(&one_failed), "MISSED");
    }
}
