//! Four times the load that cases-api can carry: it goes on answering at its capacity, refuses the
//! rest at once, and is well again soon after.
//!
//! The load is a department's cases of all rounds, which no cache keeps: the service and its
//! database are busy with it, and the generator beside them, on the same processor, is not. First
//! the capacity is measured, then a normal day (half of it), then four times of it at requests'
//! own rate, whatever happens to them, then a normal day again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use serde_json::{Value, json};

use super::events::resident_mb;
use super::http::Client;
use super::statistics::verdict;
use super::strain::{Load, Sample, quantile_ms, steady};
use super::{Bench, hosts, lists};
use crate::stack::Running;

/// Callers at once while the capacity is measured.
const CALLERS: u16 = 64;
/// Connections that four times of it come on: enough for every request to leave when it is due.
const CROWD: u16 = 2000;
const FACTOR: f64 = 4.0;
/// What must be left of the capacity. Generator and refusals take their part of the processor.
const SHARE: f64 = 0.7;
/// How long a refusal may take, of an answer's time. Both wait for the same busy processor.
const REFUSED_SHARE: f64 = 0.5;
const WELL_AFTER_SECS: f64 = 5.0;
const MOST_MB: f64 = 256.0;
/// How long the normal days last; the second is looked at second by second.
const DAY_SECS: f64 = 8.0;

/// The four loads one after the other.
struct Loads {
    capacity: f64,
    normal: Vec<Sample>,
    overload: Vec<Sample>,
    overload_secs: f64,
    after: Vec<Sample>,
    grown_mb: f64,
}

pub(super) fn measure(bench: &Bench<'_>, running: &Running) -> Result<Value> {
    let client = Client::sign_in(bench.stack)?;
    let calls: Vec<Value> = lists::all(bench.stack)?
        .iter()
        .filter_map(|list| list.path.split_once('&'))
        .map(|(_, department)| {
            json!({ "method": "GET", "path": format!("/api/cases?{department}") })
        })
        .collect();
    let plan = json!({
        "hosts": hosts(&[bench.stack.ports.cases_api]),
        "tokens": [client.token()],
        "calls": calls,
    });
    let secs = f64::from(bench.secs);
    let load = |connections: u16, rate: Option<f64>, secs: f64| -> Result<Vec<Sample>> {
        let mut load = Load::open(bench, &plan, &steady(connections, rate, secs))?;
        load.begin()?;
        load.samples()
    };
    // Once before it counts.
    load(CALLERS, None, 2.0)?;
    let capacity = answered(&load(CALLERS, None, secs)?) / secs;
    let normal = load(CALLERS, Some(capacity / 2.0), DAY_SECS)?;
    let pid = running.state.process("cases-api").context("cases-api does not run")?.pid;
    let (overload, grown_mb) = watch(pid, || load(CROWD, Some(capacity * FACTOR), secs))?;
    let after = load(CALLERS, Some(capacity / 2.0), DAY_SECS)?;
    Ok(report(&Loads { capacity, normal, overload, overload_secs: secs, after, grown_mb }))
}

fn answered(samples: &[Sample]) -> f64 {
    count(samples, Sample::is_ok)
}

fn count(samples: &[Sample], is_one: impl Fn(&Sample) -> bool) -> f64 {
    let count = samples.iter().filter(|sample| is_one(sample)).count();
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Does something, and says by how much a process' memory grew at most meanwhile.
fn watch<T>(pid: i32, work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
    let before = resident_mb(pid)?;
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| -> Result<f64> {
            let mut most = before;
            while !is_done.load(Ordering::Relaxed) {
                most = most.max(resident_mb(pid)?);
                thread::sleep(Duration::from_millis(100));
            }
            Ok(most)
        });
        let result = work();
        is_done.store(true, Ordering::Relaxed);
        let most = watcher.join().map_err(|_| anyhow!("the watcher panicked"))??;
        Ok((result?, most - before))
    })
}

fn report(loads: &Loads) -> Value {
    let p95 = |samples: &[Sample]| {
        quantile_ms(samples.iter().filter(|sample| sample.is_ok()), 0.95).unwrap_or(f64::MAX)
    };
    let refused: Vec<Sample> =
        loads.overload.iter().filter(|sample| sample.is_refusal()).copied().collect();
    let others = count(&loads.overload, |sample| !sample.is_ok() && !sample.is_refusal());
    // Those that came late, behind others on their connection, may still be under way at the end.
    let ratio = answered(&loads.overload) / loads.overload_secs / loads.capacity;
    let answered_p95_ms = p95(&loads.overload);
    let refused_p95_ms = quantile_ms(&refused, 0.95).unwrap_or(f64::MAX);
    let normal_p95_ms = p95(&loads.normal);
    let well_after = well_after(&loads.after, normal_p95_ms);
    let is_met = ratio >= SHARE
        && others < 1.0
        && refused_p95_ms <= REFUSED_SHARE * answered_p95_ms
        && loads.grown_mb <= MOST_MB
        && well_after.is_some_and(|secs| secs <= WELL_AFTER_SECS);
    json!({
        "bench": "overload",
        "capacity_per_second": loads.capacity,
        "offered": FACTOR,
        "answered_per_second": answered(&loads.overload) / loads.overload_secs,
        "ratio": ratio,
        "answered_p95_ms": answered_p95_ms,
        "refused": refused.len(),
        "refused_p95_ms": refused_p95_ms,
        "failed_otherwise": others,
        "grown_mb": loads.grown_mb,
        "normal_p95_ms": normal_p95_ms,
        "well_after_secs": well_after,
        "target": format!(
            "ratio >= {SHARE}, refused_p95_ms <= {REFUSED_SHARE} * answered_p95_ms, \
             failed_otherwise == 0, grown_mb <= {MOST_MB}, well_after_secs <= {WELL_AFTER_SECS}"
        ),
        "verdict": verdict(is_met),
    })
}

/// The second from which on every second's p95 is what it was, and nothing is refused: at most
/// twice and 20 ms more, since a second holds few requests. `None` when it never is.
fn well_after(samples: &[Sample], normal_p95_ms: f64) -> Option<f64> {
    let limit = 2.0 * normal_p95_ms + 20.0;
    let is_well = |second: f64| {
        let of_second: Vec<Sample> = samples
            .iter()
            .filter(|sample| (second..second + 1.0).contains(&sample.begun_secs))
            .copied()
            .collect();
        of_second.iter().all(Sample::is_ok)
            && quantile_ms(&of_second, 0.95).is_some_and(|p95| p95 <= limit)
    };
    let seconds = std::iter::successors(Some(0.0), |second| Some(second + 1.0))
        .take_while(|second| *second < DAY_SECS);
    let ill = seconds.filter(|second| !is_well(*second)).last();
    let well_from = ill.map_or(0.0, |second| second + 1.0);
    (well_from < DAY_SECS).then_some(well_from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(status: u16, took_ms: f64, count: u32) -> Vec<Sample> {
        let per_second = f64::from(count) / DAY_SECS;
        (0..count)
            .map(|nth| Sample {
                begun_secs: f64::from(nth) / per_second,
                took_ms,
                status,
                told_when: status == 503,
            })
            .collect()
    }

    fn loads() -> Loads {
        let overload = [samples(200, 300.0, 80), samples(503, 5.0, 240)].concat();
        Loads {
            capacity: 10.0,
            normal: samples(200, 10.0, 40),
            overload,
            overload_secs: 8.0,
            after: samples(200, 12.0, 40),
            grown_mb: 20.0,
        }
    }

    #[test]
    fn the_rest_is_refused_fast_and_nothing_else_happens_to_it() {
        let judged = |change: fn(&mut Loads)| {
            let mut loads = loads();
            change(&mut loads);
            report(&loads)["verdict"].clone()
        };
        assert_eq!(judged(|_| ()), "met");
        assert_eq!(judged(|loads| loads.capacity = 20.0), "MISSED");
        assert_eq!(judged(|loads| loads.overload.extend(samples(0, 1.0, 1))), "MISSED");
        assert_eq!(judged(|loads| loads.overload.extend(samples(503, 400.0, 20))), "MISSED");
        assert_eq!(judged(|loads| loads.grown_mb = 300.0), "MISSED");
        assert_eq!(judged(|loads| loads.after.extend(samples(503, 1.0, 8))), "MISSED");
    }

    #[test]
    fn it_is_well_from_the_second_after_the_last_bad_one() {
        let mut after = samples(200, 12.0, 80);
        assert_eq!(well_after(&after, 10.0), Some(0.0));
        for sample in after.iter_mut().filter(|sample| (2.0..3.0).contains(&sample.begun_secs)) {
            sample.took_ms = 41.0;
        }
        assert_eq!(well_after(&after, 10.0), Some(3.0));
        for sample in &mut after {
            sample.took_ms = 41.0;
        }
        assert_eq!(well_after(&after, 10.0), None);
    }
}
