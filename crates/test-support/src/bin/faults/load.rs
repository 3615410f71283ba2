//! The steady load of a line: people who save, read, hold locks and order exports through the
//! gateway, each waiting for an answer before they ask again. Everything they see is written down.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use test_support::portal::{User, anonymous, unknown_id};
use test_support::{Actor, Http};
use tokio::task::JoinSet;

use crate::history::{History, LockStep, LockUse, Read, Request, Save, Saved, Span};

/// Ministries with a writer and readers each.
const MINISTRIES: [&str; 4] = ["bfd", "hod", "kld", "lmd"];
/// Longer than anything may take; what takes longer counts as not answered.
const PATIENCE: Duration = Duration::from_secs(45);
const BETWEEN_SAVES: Duration = Duration::from_millis(150);
const BETWEEN_LISTS: Duration = Duration::from_millis(70);
const BETWEEN_DETAILS: Duration = Duration::from_millis(300);
const BETWEEN_LOCK_STEPS: Duration = Duration::from_millis(150);
const BETWEEN_EXPORTS: Duration = Duration::from_millis(1500);
/// Each so many saves one is sent with a version that is over.
const STALE_EVERY: u32 = 6;
/// Heartbeats before a lock that others want is given up.
const HEARTBEATS: u32 = 4;

/// The people, signed in once for all lines.
pub(crate) struct Cast {
    writers: Vec<User>,
    round: String,
}

impl Cast {
    pub(crate) async fn sign_in() -> Self {
        let mut writers = Vec::new();
        for ministry in MINISTRIES {
            writers.push(User::fag(ministry).await);
        }
        let round = writers[0].august_round().await;
        Self { writers, round }
    }

    /// Whoever may open the page of the exports that were ordered.
    pub(crate) fn orderer(&self) -> &Http {
        &self.writers[0].http
    }
}

/// A load that runs.
pub(crate) struct Load {
    ledger: Arc<Ledger>,
    people: JoinSet<()>,
    /// The cases that are saved.
    pub(crate) cases: Vec<String>,
}

/// What everybody writes into.
pub(crate) struct Ledger {
    begun: Instant,
    over: AtomicBool,
    history: Mutex<History>,
}

impl Load {
    /// Makes fresh cases and sets everybody to work.
    pub(crate) async fn start(everybody: &Cast, name: &str) -> Self {
        let ledger = Arc::new(Ledger {
            begun: Instant::now(),
            over: AtomicBool::new(false),
            history: Mutex::default(),
        });
        let mut load = Self { ledger, people: JoinSet::new(), cases: Vec::new() };
        for writer in &everybody.writers {
            let case = writer.create_case(&format!("Feilprøve: {name}")).await;
            let case = case["id"].as_str().expect("an id").to_owned();
            load.employ(everybody, writer, &case);
            load.cases.push(case);
        }
        let wanted = unknown_id();
        for number in 0..3 {
            let ledger = Arc::clone(&load.ledger);
            load.people.spawn(contend(ledger, racer(&format!("Rival {number}")), wanted.clone()));
        }
        for number in 0..3 {
            let ledger = Arc::clone(&load.ledger);
            load.people.spawn(keep(ledger, racer(&format!("Holder {number}")), unknown_id()));
        }
        let orderer = everybody.orderer().clone();
        load.people.spawn(order(Arc::clone(&load.ledger), orderer, everybody.round.clone()));
        load
    }

    /// One who saves a case and two who read it.
    fn employ(&mut self, everybody: &Cast, writer: &User, case: &str) {
        let http = &writer.http;
        let spell = |ledger: &Arc<Ledger>| (Arc::clone(ledger), http.clone(), case.to_owned());
        let (ledger, client, id) = spell(&self.ledger);
        self.people.spawn(write(ledger, client, id));
        let department = writer.profile["departmentId"].as_str().expect("an id");
        let list =
            format!("/api/cases?budgetRoundId={}&departmentId={department}", everybody.round);
        let (ledger, client, id) = spell(&self.ledger);
        self.people.spawn(read_lists(ledger, client, id, list));
        let (ledger, client, id) = spell(&self.ledger);
        self.people.spawn(read_details(ledger, client, id));
    }

    /// Since the line began.
    pub(crate) fn now(&self) -> Duration {
        self.ledger.begun.elapsed()
    }

    /// When the last request failed, by the end of its answer.
    pub(crate) fn last_failure(&self) -> Option<Duration> {
        let history = self.ledger.lock();
        let failures = history.requests.iter().filter(|request| request.is_failure());
        failures.map(|request| request.at.end).max()
    }

    /// Ids of exports that were accepted so far.
    pub(crate) fn accepted(&self) -> Vec<String> {
        self.ledger.lock().accepted.clone()
    }

    /// Lets everybody finish what they are doing, and returns what they saw.
    pub(crate) async fn finish(mut self) -> History {
        self.ledger.over.store(true, Ordering::Release);
        while let Some(person) = self.people.join_next().await {
            person.expect("nobody falls over");
        }
        std::mem::take(&mut *self.ledger.lock())
    }
}

fn racer(name: &str) -> (String, Http) {
    let actor = Actor::fag("LMD").named(name);
    (name.to_owned(), anonymous().by(&actor))
}

impl Ledger {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, History> {
        self.history.lock().expect("nobody falls over while writing")
    }

    /// Asks, and counts what came of it.
    async fn ask(&self, http: &Http, what: &'static str, asked: Asked<'_>) -> Answered {
        let begin = self.begun.elapsed();
        let request = http.request(asked.method, asked.path).timeout(PATIENCE);
        let request = match asked.body {
            Some(body) => request.json(body),
            None => request,
        };
        let (status, body) = match request.send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                match response.bytes().await {
                    Ok(bytes) => (Some(status), serde_json::from_slice(&bytes).unwrap_or_default()),
                    Err(_) => (None, Value::Null),
                }
            }
            Err(_) => (None, Value::Null),
        };
        let at = Span { begin, end: self.begun.elapsed() };
        self.lock().requests.push(Request { at, what, status });
        Answered { at, status, body }
    }
}

struct Asked<'a> {
    method: Method,
    path: &'a str,
    body: Option<&'a Value>,
}

impl<'a> Asked<'a> {
    fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, body: None }
    }

    fn with(method: Method, path: &'a str, body: &'a Value) -> Self {
        Self { method, path, body: Some(body) }
    }
}

struct Answered {
    at: Span,
    status: Option<u16>,
    body: Value,
}

impl Answered {
    fn is(&self, status: u16) -> bool {
        self.status == Some(status)
    }
}

fn version(case: &Value) -> Option<i32> {
    case["version"].as_i64().and_then(|version| i32::try_from(version).ok())
}

/// Saves a case again and again; now and then from a version that is over.
async fn write(ledger: Arc<Ledger>, http: Http, case: String) {
    let (page, content) = (format!("/api/cases/{case}"), format!("/api/cases/{case}/content"));
    let mut current = Some(1);
    let mut count = 0;
    while !ledger.is_over() {
        tokio::time::sleep(BETWEEN_SAVES).await;
        let Some(known) = current else {
            let answer = ledger.ask(&http, "case", Asked::get(&page)).await;
            current = version(&answer.body);
            continue;
        };
        count += 1;
        let is_stale = known > 1 && count % STALE_EVERY == 0;
        let expected = if is_stale { known - 1 } else { known };
        let text = format!("{case}/{count}");
        let body =
            json!({ "justification": text, "proposalText": text, "expectedVersion": expected });
        // Alternately as the requirement has it and as the client has it (D-07).
        let method = if count % 2 == 0 { Method::PUT } else { Method::POST };
        let answer = ledger.ask(&http, "save", Asked::with(method, &content, &body)).await;
        let outcome = match answer.status {
            Some(200..=299) => version(&answer.body).map_or(Saved::Unknown, Saved::As),
            Some(400..=499) => Saved::Refused,
            _ => Saved::Unknown,
        };
        current = match outcome {
            Saved::As(version) => Some(version),
            Saved::Refused if is_stale => current,
            Saved::Refused | Saved::Unknown => None,
        };
        let save = Save { at: answer.at, case: case.clone(), text, outcome };
        ledger.lock().saves.push(save);
    }
}

async fn read_lists(ledger: Arc<Ledger>, http: Http, case: String, list: String) {
    while !ledger.is_over() {
        let answer = ledger.ask(&http, "list", Asked::get(&list)).await;
        if answer.is(200) {
            let items = answer.body.as_array().expect("a list");
            let item = items.iter().find(|item| item["id"] == case.as_str());
            let read = Read {
                at: answer.at,
                what: "list",
                case: case.clone(),
                version: item.and_then(version),
            };
            ledger.lock().reads.push(read);
        }
        tokio::time::sleep(BETWEEN_LISTS).await;
    }
}

async fn read_details(ledger: Arc<Ledger>, http: Http, case: String) {
    let page = format!("/api/cases/{case}");
    while !ledger.is_over() {
        let answer = ledger.ask(&http, "case", Asked::get(&page)).await;
        if answer.is(200) {
            let version = version(&answer.body);
            ledger.lock().reads.push(Read {
                at: answer.at,
                what: "case",
                case: case.clone(),
                version,
            });
        }
        tokio::time::sleep(BETWEEN_DETAILS).await;
    }
}

/// A person at one lock.
struct Holder {
    ledger: Arc<Ledger>,
    user: String,
    http: Http,
    resource: String,
}

impl Holder {
    fn note(&self, at: Span, step: LockStep) {
        let (resource, user) = (self.resource.clone(), self.user.clone());
        self.ledger.lock().locks.push(LockUse { at, resource, user, step });
    }

    /// Returns the lock's path, if it was granted.
    async fn acquire(&self) -> Option<String> {
        let body = json!({ "resourceType": "department_list", "resourceId": self.resource });
        let asked = Asked::with(Method::POST, "/api/locks", &body);
        let answer = self.ledger.ask(&self.http, "lock", asked).await;
        let token = answer.body["lockToken"].as_i64().filter(|_| answer.is(200))?;
        self.note(answer.at, LockStep::Taken(token));
        Some(format!("/api/locks/{}", answer.body["id"].as_str()?))
    }

    /// Whether the lock may still be the holder's.
    async fn renew(&self, path: &str) -> bool {
        let (path, body) = (format!("{path}/heartbeat"), json!({}));
        let asked = Asked::with(Method::PUT, &path, &body);
        let answer = self.ledger.ask(&self.http, "heartbeat", asked).await;
        match answer.status {
            Some(200..=299) => self.note(answer.at, LockStep::Renewed),
            Some(400..=499) => {
                self.note(answer.at, LockStep::Lost);
                return false;
            }
            _ => {}
        }
        true
    }

    async fn release(&self, path: &str) {
        let asked = Asked { method: Method::DELETE, path, body: None };
        let at = self.ledger.begun.elapsed();
        self.note(Span { begin: at, end: at }, LockStep::GivenUp);
        self.ledger.ask(&self.http, "release", asked).await;
    }
}

/// Takes a lock that others want as well, holds it for a while and gives it up.
async fn contend(ledger: Arc<Ledger>, (user, http): (String, Http), resource: String) {
    let holder = Holder { ledger, user, http, resource };
    while !holder.ledger.is_over() {
        tokio::time::sleep(BETWEEN_LOCK_STEPS).await;
        let Some(path) = holder.acquire().await else { continue };
        let mut is_held = true;
        for _ in 0..HEARTBEATS {
            tokio::time::sleep(BETWEEN_LOCK_STEPS).await;
            is_held = is_held && holder.renew(&path).await;
        }
        if is_held {
            holder.release(&path).await;
        }
    }
}

/// Takes a lock that nobody else wants, and holds it to the end. Losing it is a violation.
async fn keep(ledger: Arc<Ledger>, (user, http): (String, Http), resource: String) {
    let holder = Holder { ledger, user, http, resource };
    let path = loop {
        if let Some(path) = holder.acquire().await {
            break path;
        }
        if holder.ledger.is_over() {
            return;
        }
    };
    while !holder.ledger.is_over() {
        tokio::time::sleep(BETWEEN_LOCK_STEPS * 2).await;
        if !holder.renew(&path).await {
            return;
        }
    }
}

async fn order(ledger: Arc<Ledger>, http: Http, round: String) {
    let body = json!({ "filters": { "budgetRoundId": round } });
    while !ledger.is_over() {
        let asked = Asked::with(Method::POST, "/api/export/cases/excel", &body);
        let answer = ledger.ask(&http, "order", asked).await;
        if let Some(id) = answer.body["jobId"].as_str().filter(|_| answer.is(202)) {
            ledger.lock().accepted.push(id.to_owned());
            let job = format!("/api/export/jobs/{id}");
            ledger.ask(&http, "job", Asked::get(&job)).await;
        }
        tokio::time::sleep(BETWEEN_EXPORTS).await;
    }
}

/// How many requests of each kind failed, for a person who asks why a line did.
pub(crate) fn failures(history: &History) -> String {
    let mut kinds: BTreeMap<(&str, Option<u16>), Vec<Duration>> = BTreeMap::new();
    for request in history.requests.iter().filter(|request| request.is_failure()) {
        kinds.entry((request.what, request.status)).or_default().push(request.at.begin);
    }
    let words = kinds.iter().map(|((what, status), begun)| {
        let status = status.map_or("no answer".to_owned(), |status| status.to_string());
        let first = begun.iter().min().copied().unwrap_or_default();
        let last = begun.iter().max().copied().unwrap_or_default();
        format!("{} {what} {status} ({first:.1?} to {last:.1?})", begun.len())
    });
    words.collect::<Vec<_>>().join(", ")
}
