//! Readers of lists that are saved upon, who check each list against the saves that were answered
//! before they asked (I4).

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use flate2::read::GzDecoder;
use hyper::header::CONTENT_ENCODING;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at, sleep, timeout_at};

use crate::plan::{Department, Plan};
use crate::wait_for_the_word;
use crowd::connection::{Connection, Received};

/// How long, and how often.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    length: Duration,
    pause: Duration,
    save_every: Duration,
}

impl Pace {
    pub(crate) fn new(secs: f64, pause_ms: u64, save_every_ms: u64) -> Result<Self> {
        Ok(Self {
            length: Duration::try_from_secs_f64(secs)?,
            pause: Duration::from_millis(pause_ms),
            save_every: Duration::from_millis(save_every_ms),
        })
    }
}

#[derive(Default)]
struct Count {
    stale: AtomicU64,
    failures: AtomicU64,
    saves: AtomicU64,
    /// The newest version of each department's case that a save was answered with.
    answered: Vec<AtomicI64>,
}

#[derive(Deserialize)]
struct Item<'a> {
    id: &'a str,
    version: i64,
}

pub(crate) async fn run(plan: &Arc<Plan>, readers: usize, pace: Pace) -> Result<Value> {
    let departments = plan.departments.len();
    ensure!(departments > 0, "the plan has no departments");
    let answered = (0..departments).map(|_| AtomicI64::new(0)).collect();
    let count = Arc::new(Count { answered, ..Count::default() });
    let mut connections = Vec::with_capacity(readers);
    for nth in 0..readers {
        let mut connection = plan.connection(nth)?;
        connection.open().await?;
        connections.push(connection);
    }
    wait_for_the_word().await?;
    let end = Instant::now() + pace.length;
    let mut savers = JoinSet::new();
    for nth in 0..departments {
        savers.spawn(save(Arc::clone(plan), Arc::clone(&count), nth, pace, end));
    }
    let mut reading = JoinSet::new();
    let everybody = f64::from(u32::try_from(readers)?);
    for (nth, connection) in connections.into_iter().enumerate() {
        let (plan, count) = (Arc::clone(plan), Arc::clone(&count));
        let first = pace.pause.mul_f64(f64::from(u32::try_from(nth)?) / everybody);
        reading.spawn(async move {
            sleep(first).await;
            read(&plan, &count, (nth, connection), pace, end).await
        });
    }
    let times: Result<Vec<Vec<f64>>> = reading.join_all().await.into_iter().collect();
    savers.join_all().await.into_iter().collect::<Result<()>>()?;
    let mut times = times?.concat();
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times.get(times.len() * percent / 100);
    Ok(json!({
        "reads": times.len(),
        "saves": count.saves.load(Ordering::Relaxed),
        "stale": count.stale.load(Ordering::Relaxed),
        "failures": count.failures.load(Ordering::Relaxed),
        "p50_ms": at(50),
        "p95_ms": at(95),
        "p99_ms": at(99),
    }))
}

/// One reader, of one department, on one replica. Returns milliseconds.
async fn read(
    plan: &Plan,
    count: &Count,
    (nth, mut connection): (usize, Connection),
    pace: Pace,
    end: Instant,
) -> Result<Vec<f64>> {
    let index = nth % plan.departments.len();
    let (department, answered) = (&plan.departments[index], &count.answered[index]);
    let mut times = Vec::new();
    while Instant::now() < end {
        // Before the request leaves: what it reads may be newer, never older.
        let least = answered.load(Ordering::SeqCst);
        let begun = Instant::now();
        let answer = connection.send(plan.request_of(&department.list, nth)?).await;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        match answer.and_then(|answer| version_in(&answer, department)) {
            Ok(version) if version >= least => {}
            Ok(_) => {
                count.stale.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                eprintln!("{error:#}");
                count.failures.fetch_add(1, Ordering::Relaxed);
            }
        }
        sleep(pace.pause).await;
    }
    Ok(times)
}

fn version_in(answer: &Received, department: &Department) -> Result<i64> {
    ensure!(answer.status.is_success(), "a list was answered {}", answer.status);
    let mut text = Vec::new();
    if answer.headers.contains_key(CONTENT_ENCODING) {
        GzDecoder::new(&*answer.body).read_to_end(&mut text)?;
    } else {
        text.extend_from_slice(&answer.body);
    }
    let items: Vec<Item<'_>> = serde_json::from_slice(&text)?;
    let found = items.iter().find(|item| item.id == department.case);
    Ok(found.context("the list lacks the case that is saved")?.version)
}

/// Saves one department's case now and then, at either replica. The departments take turns, so
/// that their saves do not fall together.
async fn save(
    plan: Arc<Plan>,
    count: Arc<Count>,
    nth: usize,
    pace: Pace,
    end: Instant,
) -> Result<()> {
    let share = f64::from(u32::try_from(nth)?) / f64::from(u32::try_from(plan.departments.len())?);
    let mut due = interval_at(Instant::now() + pace.save_every.mul_f64(share), pace.save_every);
    for turn in nth.. {
        if timeout_at(end, due.tick()).await.is_err() {
            break;
        }
        let mut connection = plan.connection(turn)?;
        let answer = connection.send(plan.request_of(&plan.departments[nth].save, nth)?).await?;
        ensure!(answer.status.is_success(), "a save was answered {}", answer.status);
        let saved: Value = if answer.headers.contains_key(CONTENT_ENCODING) {
            serde_json::from_reader(GzDecoder::new(&*answer.body))?
        } else {
            serde_json::from_slice(&answer.body)?
        };
        let version = saved["version"].as_i64().context("a save told no version")?;
        count.answered[nth].fetch_max(version, Ordering::SeqCst);
        count.saves.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
