//! How often each operation waits for the database: at most three times for a read, six for a
//! write, and for a list never more often because it is longer.
//!
//! A proxy between the service and PgBouncer reads along. The whole walk is done several times, each
//! time with things of its own: the first time prepares the statements of the one connection there
//! is, and of the others the smallest count stands, so that background work (a probe, the relay)
//! cannot be taken for a request's own. PostgreSQL counts too, in `pg_stat_statements`: what the
//! proxy saw and what the database executed stand beside each other.

mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use reqwest::Method;
use serde_json::Value;
use test_support::{
    Answer, DatabaseMeter, Http, ServiceRole, Stack, TestDatabase, Traffic, recorded_statements,
};

use crate::app::TestApp;

/// The contract's limits (issue "the whole contract").
const MOST_FOR_A_READ: u64 = 3;
const MOST_FOR_A_WRITE: u64 = 6;
/// How often the walk is done.
const ROUNDS: usize = 4;
/// Cases in the long department list.
const MANY: usize = 40;

/// Operations that are not measured, and why.
const EXEMPT: [(&str, &str); 6] = [
    ("GET /api/auth/jwks.json", "the key is in memory"),
    ("GET /api/auth/oidc", "the issuer is in memory"),
    ("GET /api/events", "answers without end, and asks only when something happens"),
    ("GET /api/health", "one probe, and its time is what it reports"),
    ("POST /api/admin/reset-database", "wipes and refills every table, for demonstrations only"),
    ("POST /api/auth/oidc", "needs an external issuer; reads what signing in here reads"),
];

/// A service whose every word with the database is counted.
pub(super) struct Metered {
    pub(super) app: TestApp,
    meter: DatabaseMeter,
    /// The dearest call of each operation so far, in this round of the walk.
    counted: BTreeMap<String, Cost>,
}

/// What one call needed of the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    /// As the proxy saw it.
    traffic: Traffic,
    /// Statements of the service that `pg_stat_statements` has, those of triggers left out.
    recorded: i64,
}

impl Cost {
    /// Of several calls of one operation, the one that only did its own work has the smallest.
    fn key(&self) -> (u64, i64) {
        (self.traffic.round_trips, self.recorded)
    }
}

impl Metered {
    async fn spawn() -> Self {
        let pooler = &Stack::load().pgbouncer;
        let meter = DatabaseMeter::start(&format!("{}:{}", pooler.host, pooler.port)).await;
        let database = TestDatabase::create().await;
        let url = database.url_at(ServiceRole::CasesApi, &meter.address());
        let app = TestApp::builder()
            .with_database(database)
            .var("DATABASE_URL", &url)
            // One connection, so that what one request has prepared the next one finds.
            .var("DB_POOL_MAX_SIZE", "1")
            .var("DB_ACQUIRE_TIMEOUT_MS", "20000")
            .var("EXPORT_RELAY_INTERVAL_MS", "3600000")
            // A list in demand that is read again in the background after a write would be counted
            // as the write's own.
            .var("LIST_CACHE_TTL_MS", "0")
            .var("DEMO_LOGIN", "true")
            .spawn()
            .await;
        Self { app, meter, counted: BTreeMap::new() }
    }

    /// Calls an operation, which must succeed, and counts. Returns what it answered.
    pub(super) async fn call(
        &mut self,
        caller: &Http,
        operation: &str,
        ids: &[&str],
        body: Value,
    ) -> Value {
        let request = |method, path: &str| {
            let request = caller.request(method, path);
            if body.is_null() { request } else { request.json(&body) }
        };
        let answer = self.send(caller, operation, ids, "", request).await;
        assert!(answer.status.is_success(), "{operation}: {} {}", answer.status, answer.text());
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    /// Calls an operation whatever comes of it, with a request that is not JSON.
    pub(super) async fn send(
        &mut self,
        caller: &Http,
        operation: &str,
        ids: &[&str],
        query: &str,
        request: impl Fn(Method, &str) -> reqwest::RequestBuilder,
    ) -> Answer {
        let (method, template) = operation.split_once(' ').unwrap();
        let mut path = template.to_owned();
        for id in ids {
            path = path.replacen("{}", id, 1);
        }
        assert!(!path.contains("{}"), "{operation} takes more ids");
        let recorded_before = self.recorded().await;
        let _ = self.meter.take();
        let request = request(method.parse().unwrap(), &format!("{path}{query}"));
        let answer = caller.send(request).await;
        let traffic = self.meter.take();
        let cost = Cost { traffic, recorded: self.recorded().await - recorded_before };
        let dearest = self.counted.entry(operation.to_owned()).or_default();
        if traffic.round_trips > dearest.traffic.round_trips {
            *dearest = cost;
        }
        answer
    }

    async fn recorded(&self) -> i64 {
        recorded_statements(self.app.seed.client(), &Stack::load().roles.cases_api.user).await
    }

    fn end_round(&mut self) -> BTreeMap<String, Cost> {
        std::mem::take(&mut self.counted)
    }
}

#[actix_rt::test]
async fn no_operation_needs_more_round_trips_than_its_kind_may() {
    let mut metered = Metered::spawn().await;
    let served = served_operations(&metered).await;
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        walk::walk(&mut metered, round).await;
        rounds.push(metered.end_round());
    }
    let [first, others @ ..] = rounds.as_slice() else { unreachable!("several rounds") };
    let counted: BTreeMap<String, Cost> = first
        .keys()
        .map(|operation| {
            let of_a_round = |round: &BTreeMap<String, Cost>| round[operation];
            let least = others.iter().map(of_a_round).min_by_key(Cost::key);
            (operation.clone(), least.unwrap())
        })
        .collect();

    let exempt = EXEMPT.map(|(operation, _)| operation);
    let known: BTreeSet<&str> = counted.keys().map(String::as_str).chain(exempt).collect();
    let served: BTreeSet<&str> = served.iter().map(String::as_str).collect();
    assert_eq!(served.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new(), "not measured");
    assert_eq!(known.difference(&served).collect::<Vec<_>>(), Vec::<&&str>::new(), "not served");
    let too_many: Vec<_> = counted
        .iter()
        .filter(|(operation, cost)| cost.traffic.round_trips > most(operation))
        .collect();
    let page = page(&counted);
    assert!(too_many.is_empty(), "{too_many:#?}\n{page}");
    assert_is_documented(&page);
}

#[actix_rt::test]
async fn a_department_list_of_forty_cases_is_read_like_one_of_a_single_case() {
    let mut metered = Metered::spawn().await;
    let operations = ["GET /api/department-lists/{}", "GET /api/department-lists/{}/export/word"];
    let mut counts = Vec::new();
    for cases in [1, MANY] {
        let (fin, list) = walk::list_of(&mut metered, cases).await;
        // The first reading prepares statements, and a probe may fall into another.
        let mut readings = Vec::new();
        for _ in 0..4 {
            for operation in operations {
                let send = |method, path: &str| fin.request(method, path);
                let answer = metered.send(&fin, operation, &[&list], "", send).await;
                answer.assert_status(200);
            }
            readings.push(metered.end_round());
        }
        counts.push(operations.map(|operation| {
            readings.iter().map(|reading| reading[operation]).min_by_key(Cost::key)
        }));
    }
    assert_eq!(counts[0], counts[1]);
}

fn most(operation: &str) -> u64 {
    if operation.starts_with("GET ") { MOST_FOR_A_READ } else { MOST_FOR_A_WRITE }
}

async fn served_operations(metered: &Metered) -> Vec<String> {
    let document = metered.app.http.get("/api/openapi.json").await.assert_status(200).json();
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let segments = path.split('/');
            let nameless = segments.map(|one| if one.starts_with('{') { "{}" } else { one });
            let nameless = nameless.collect::<Vec<_>>().join("/");
            let methods = item.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {nameless}", method.to_uppercase()))
        })
        .collect()
}

/// `UPDATE_DOCS=1` writes the page anew.
fn assert_is_documented(page: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/round-trips.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, page).unwrap();
    }
    // Not the numbers: a probe of the database in between may raise one of them.
    let operations = |page: &str| -> Vec<String> {
        page.lines().filter_map(|line| Some(line.split('|').nth(1)?.trim().to_owned())).collect()
    };
    let documented = std::fs::read_to_string(path).unwrap();
    assert_eq!(operations(&documented), operations(page), "see this function's comment");
}

fn page(counted: &BTreeMap<String, Cost>) -> String {
    let mut page = format!(
        "# Round trips to the database\n\nWritten by a test of cases-api (`round_trips.rs`), which \
         counts what passes between the service and PgBouncer. A round trip is a wait for the \
         database; statements sent together, as in a pipeline, are one. `BEGIN` and `COMMIT` count. \
         At most {MOST_FOR_A_READ} for a read and {MOST_FOR_A_WRITE} for a write. Statements are \
         prepared and caches filled, but no list is in Redis. The last column is what PostgreSQL's \
         `pg_stat_statements` recorded of the same call.\n\n\
         | operation | round trips | statements | recorded |\n|---|---|---|---|\n"
    );
    for (operation, Cost { traffic: Traffic { round_trips, statements }, recorded }) in counted {
        writeln!(page, "| `{operation}` | {round_trips} | {statements} | {recorded} |").unwrap();
    }
    page.push_str("\nNot measured:\n\n");
    for (operation, reason) in EXEMPT {
        writeln!(page, "- `{operation}`: {reason}").unwrap();
    }
    page
}
