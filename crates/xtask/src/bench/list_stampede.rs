//! A crowd that comes at the same moment for a list that nobody has: one query for all of them.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::{Value, json};

use super::http::Client;
use super::lists::{self, List, Statement};
use super::statistics::{median, verdict};
use super::strain::{Load, quantile_ms};
use super::{Bench, hosts};
use crate::database::DATABASE;
use crate::interrupt;
use crate::ports::of_replica;
use crate::servers::postgres::Login;
use crate::stack::Stack;

const READERS: u32 = 500;
/// Cold lists that are stormed with the query as fast as it is ...
const KEYS: usize = 5;
/// ... and with one that takes long, because on a small machine the query is over before the crowd
/// has all come, and 500 answers take longer than the query whatever anybody does.
const SLOW_KEYS: usize = 3;
/// What makes it long: the table is locked.
const HOLD: &str = "BEGIN; LOCK TABLE cases IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(0.5); COMMIT";
const IS_HELD: &str = "SELECT count(*) FROM pg_locks WHERE relation = 'cases'::regclass \
     AND mode = 'AccessExclusiveLock' AND granted";
const PATIENCE: Duration = Duration::from_secs(5);
const TARGET: f64 = 3.0;

/// One storm.
#[derive(Debug)]
struct Storm {
    queries: u32,
    query_ms: f64,
    p95_ms: f64,
    /// The same crowd right after, when the list is there: what 500 answers cost anyway.
    warm_p95_ms: f64,
}

/// Needs two replicas.
pub(super) fn measure(bench: &Bench<'_>) -> Result<Value> {
    let client = Client::sign_in(bench.stack)?;
    let lists = lists::all(bench.stack)?;
    let first = lists.first().context("there is no list")?;
    ensure!(lists.len() >= KEYS + SLOW_KEYS, "there are too few departments");
    let statement = Statement::find(bench, &client, first)?;
    // The second replica has answered nobody yet.
    storm(bench, &client, &statement, first, false)?;
    let storms = |lists: &[List], is_slow| -> Result<Vec<Storm>> {
        lists.iter().map(|list| storm(bench, &client, &statement, list, is_slow)).collect()
    };
    let quick = storms(&lists[..KEYS], false)?;
    let slow = storms(&lists[KEYS..KEYS + SLOW_KEYS], true)?;
    report(&quick, &slow)
}

fn report(quick: &[Storm], slow: &[Storm]) -> Result<Value> {
    let queries: Vec<u32> = quick.iter().chain(slow).map(|storm| storm.queries).collect();
    let of = |storms: &[Storm], value: fn(&Storm) -> f64| -> Result<f64> {
        median(&storms.iter().map(value).collect::<Vec<_>>())
    };
    let ratio = of(slow, |storm| storm.p95_ms / storm.query_ms)?;
    let is_met = queries.iter().all(|queries| *queries == 1) && ratio <= TARGET;
    Ok(json!({
        "bench": "list-stampede",
        "readers": READERS,
        "replicas": 2,
        "queries": queries,
        "slow_query_ms": of(slow, |storm| storm.query_ms)?,
        "slow_p95_ms": of(slow, |storm| storm.p95_ms)?,
        "ratio": ratio,
        "quick_query_ms": of(quick, |storm| storm.query_ms)?,
        "quick_p95_ms": of(quick, |storm| storm.p95_ms)?,
        "quick_warm_p95_ms": of(quick, |storm| storm.warm_p95_ms)?,
        "target": format!("each of queries == 1, ratio <= {TARGET}"),
        "verdict": verdict(is_met),
    }))
}

fn storm(
    bench: &Bench<'_>,
    client: &Client,
    statement: &Statement<'_>,
    list: &List,
    is_slow: bool,
) -> Result<Storm> {
    let ports = [0, 1].map(|index| of_replica(bench.stack.ports.cases_api, index));
    let plan = json!({
        "hosts": hosts(&ports),
        "tokens": [client.token()],
        "calls": [{ "method": "GET", "path": list.path }],
    });
    let burst = ["burst".to_owned(), format!("--connections={READERS}")];
    let p95 = |begin: &mut dyn FnMut(&mut Load) -> Result<()>| -> Result<f64> {
        let mut load = Load::open(bench, &plan, &burst)?;
        begin(&mut load)?;
        let samples = load.samples()?;
        let failed = samples.iter().filter(|sample| !sample.is_ok()).count();
        ensure!(failed == 0, "{failed} of {READERS} readers were not served");
        quantile_ms(&samples, 0.95).context("nobody read")
    };
    let mut held_ms = 0.0;
    let p95_ms = p95(&mut |load| {
        lists::chill(bench.stack)?;
        statement.reset()?;
        if is_slow {
            held_ms = while_held(bench.stack, || load.begin())?;
            Ok(())
        } else {
            load.begin()
        }
    })?;
    let (queries, mean_ms) = statement.runs()?;
    // PostgreSQL does not count what a statement waits before it is planned.
    let query_ms = held_ms + mean_ms;
    let warm_p95_ms = p95(&mut Load::begin)?;
    Ok(Storm { queries, query_ms, p95_ms, warm_p95_ms })
}

/// Does something while the table is locked, and returns when it is not any more: for how many
/// milliseconds after the beginning of the work it was.
fn while_held(stack: &Stack, work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let superuser = Login::superuser(stack);
    thread::scope(|scope| {
        let holder = scope.spawn(|| superuser.query(DATABASE, HOLD));
        let begun = Instant::now();
        while superuser.query(DATABASE, IS_HELD)? == "0" {
            ensure!(begun.elapsed() < PATIENCE, "the table could not be locked");
            interrupt::pause(Duration::from_millis(5))?;
        }
        let worked = Instant::now();
        let result = work();
        holder.join().map_err(|_| anyhow!("the lock's holder panicked"))??;
        let held = worked.elapsed();
        result.map(|()| held.as_secs_f64() * 1000.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storm(queries: u32, p95_ms: f64) -> Storm {
        Storm { queries, query_ms: 100.0, p95_ms, warm_p95_ms: 50.0 }
    }

    #[test]
    fn one_query_too_many_misses_the_target_however_fast_it_was() {
        let judged = |quick: Storm, slow: Storm| {
            report(&[quick], &[slow]).unwrap()["verdict"].as_str().unwrap().to_owned()
        };
        assert_eq!(judged(storm(1, 900.0), storm(1, 300.0)), "met");
        assert_eq!(judged(storm(2, 100.0), storm(1, 100.0)), "MISSED");
        assert_eq!(judged(storm(1, 100.0), storm(1, 301.0)), "MISSED");
    }
}
