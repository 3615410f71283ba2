//! PgBouncer in transaction mode under a crowd: diesel-async names its prepared statements, and
//! every transaction may meet another server connection.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use test_support::{Answer, Stack};
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage, SimpleQueryRow};

use test_support::portal::{User, id_of};

const CLIENTS: usize = 64;
/// Requests of one client; together a little over 10,000.
const REQUESTS_EACH: usize = 157;
/// Server connections that the requirement grants the services together.
const MAX_SERVER_CONNECTIONS: usize = 50;

/// Ministries of the crowd; not those whose lists other tests count.
const MINISTRIES: [&str; 13] =
    ["aid", "bfd", "dfd", "ed", "fd", "jd", "kdd", "kud", "kd", "lmd", "nfd", "fin-fag", "sd"];
const OFFICES: [&str; 5] = ["fag", "budsjett", "unddir", "avddir", "ekspsjef"];

/// A word of every failure that a lost statement causes.
const LOST_STATEMENT: &str = "prepared statement";

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_clients_lose_no_prepared_statement_and_stay_within_fifty_connections() {
    let crowd = sign_in_all().await;
    let over = Arc::new(AtomicBool::new(false));
    let watching = tokio::spawn(watch_connections(Arc::clone(&over)));

    let mut running = JoinSet::new();
    for (index, user) in crowd.into_iter().enumerate() {
        running.spawn(async move { Visitor::arrive(user).await.work(index).await });
    }
    let done: usize = running.join_all().await.into_iter().sum();
    over.store(true, Ordering::Relaxed);
    let most = watching.await.expect("the console was watched");

    assert!(done >= 10_000, "{done} requests");
    println!("{done} requests over at most {most} server connections");
    assert!((1..=MAX_SERVER_CONNECTIONS).contains(&most), "{most} server connections");
    assert_no_trace_in_the_logs();
}

/// One after the other: how many passwords may be checked at once is another test's business.
async fn sign_in_all() -> Vec<User> {
    let mut crowd = Vec::new();
    for number in 0..CLIENTS {
        let (ministry, office) = (MINISTRIES[number % 13], OFFICES[number / 13]);
        crowd.push(User::sign_in(&format!("{office}.{ministry}@test.no")).await);
    }
    crowd
}

/// One client with a case of their own, whose lock they hold.
struct Visitor {
    user: User,
    case: String,
    lock: String,
    version: i64,
    round: String,
}

impl Visitor {
    async fn arrive(user: User) -> Self {
        let case = user.create_case("Sak i en travel time").await;
        let case = id_of(&case).to_owned();
        let lock = user.lock(&case).await.assert_status(200).json();
        let round = user.august_round().await;
        Self { lock: id_of(&lock).to_owned(), user, case, version: 1, round }
    }

    /// A mix like a working day's, begun at another place by each. Returns how many requests.
    async fn work(mut self, offset: usize) -> usize {
        for step in offset..offset + REQUESTS_EACH {
            self.step(step).await;
        }
        let stored = self.user.http.get(&format!("/api/cases/{}", self.case)).await;
        assert_eq!(stored.assert_status(200).json()["version"], self.version);
        REQUESTS_EACH
    }

    async fn step(&mut self, step: usize) {
        let http = &self.user.http;
        let case = format!("/api/cases/{}", self.case);
        let (status, answer) = match step % 16 {
            0 => (200, http.get(&format!("/api/cases?budgetRoundId={}", self.round)).await),
            1 | 9 => (200, http.get("/api/cases?status=klarert&search=sak").await),
            2 | 6 | 10 => (200, http.get(&case).await),
            3 | 11 => (200, self.save("/content", json!({ "justification": "Oppdatert." })).await),
            4 => (200, self.save("/document", json!({ "contentJson": DOCUMENT })).await),
            5 | 13 => {
                (200, http.put(&format!("/api/locks/{}/heartbeat", self.lock), &json!({})).await)
            }
            7 => (200, http.get(&self.lock_query()).await),
            8 => (200, self.user.lock(&self.case).await),
            12 => (409, self.user.save(&self.case, &json!(0), "For sent.").await),
            14 => (200, http.get("/api/export/jobs").await),
            _ => (200, http.get(&format!("{case}/events")).await),
        };
        assert_fine(&answer, status, step % 16);
    }

    async fn save(&mut self, what: &str, mut body: Value) -> Answer {
        body["expectedVersion"] = self.version.into();
        self.version += 1;
        self.user.http.put(&format!("/api/cases/{}{what}", self.case), &body).await
    }

    fn lock_query(&self) -> String {
        format!("/api/locks?resourceType=case&resourceId={}", self.case)
    }
}

const DOCUMENT: &str = r#"{"type":"caseDocument","content":[]}"#;

fn assert_fine(answer: &Answer, status: u16, kind: usize) {
    assert_eq!(answer.status.as_u16(), status, "kind {kind}: {}", answer.text());
    assert!(!answer.text().contains(LOST_STATEMENT), "{}", answer.text());
}

/// Looks at PgBouncer's own numbers until told to stop, and returns the most server connections
/// that the services' database had.
async fn watch_connections(over: Arc<AtomicBool>) -> usize {
    let stack = Stack::load();
    let console = console().await;
    assert_settings(&console).await;
    let mut most = 0;
    while !over.load(Ordering::Relaxed) {
        let servers = rows(&console, "SHOW SERVERS").await;
        let ours = servers.iter().filter(|row| row.get("database") == Some(&stack.database));
        most = most.max(ours.count());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    most
}

/// The numbers of the requirement, as PgBouncer runs with them.
async fn assert_settings(console: &Client) {
    let config = rows(console, "SHOW CONFIG").await;
    let setting = |name: &str| {
        let row = config.iter().find(|row| row.get("key") == Some(name)).expect("a setting");
        row.get("value").unwrap_or_default().to_owned()
    };
    assert_eq!(setting("pool_mode"), "transaction");
    assert_eq!(setting("default_pool_size"), "40");
    assert_eq!(setting("max_db_connections"), "50");
    let statements: usize = setting("max_prepared_statements").parse().expect("a number");
    assert!(statements > 0, "named statements are lost without it");
}

async fn console() -> Client {
    let url = Stack::load().pooler_console_url();
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("the console");
    tokio::spawn(connection);
    client
}

/// The console knows only simple queries.
async fn rows(console: &Client, command: &str) -> Vec<SimpleQueryRow> {
    let messages = console.simple_query(command).await.expect("the console answers");
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.collect()
}

/// A service that survived a lost statement by trying again would still have said so.
fn assert_no_trace_in_the_logs() {
    let folder = Stack::load().local_dir.join("log");
    for service in ["cases-api", "locks-api", "export-worker", "pgbouncer", "postgres"] {
        let path = folder.join(format!("{service}.log"));
        let Ok(log) = fs::read(&path) else {
            assert!(!service.contains('-'), "{} is missing", path.display());
            continue;
        };
        let log = String::from_utf8_lossy(&log);
        let trace = log.lines().find(|line| line.contains(LOST_STATEMENT));
        assert_eq!(trace, None, "{service}");
    }
}
