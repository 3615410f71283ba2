//! Who may do what (issue part 3): every operation that the served documents name, asked by every
//! role and by nobody, of the case's own and of another department, in each phase of a case.
//!
//! What is expected is stated here anew from the contract ([`rules`], [`table`]) and never asked of
//! the domain crate, so that a rule that is wrong there is wrong in one place only. Nothing that is
//! allowed changes what another check stands on: where it would, it is aimed at something that does
//! not exist, which is found out only after the caller's rights were.

mod callers;
mod rules;
mod table;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use reqwest::Method;
use test_support::portal::anonymous;
use test_support::{Answer, Http};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::callers::{Caller, FAG, FAG_LEAD, ROLES, callers};
use self::rules::{Expected, Scene};
use self::table::{Body, ROWS, Row};
use self::world::{PHASES, World};

/// Requests under way at once.
const AT_ONCE: usize = 16;
/// Who is asked in place of a role: nobody, too.
const ANONYMOUS: usize = 1;

/// One request, and what became of it.
struct Check {
    row: &'static Row,
    name: String,
    expected: Expected,
    answer: Answer,
}

impl Check {
    fn is_as_expected(&self) -> bool {
        let status = self.answer.status.as_u16();
        match self.expected {
            Expected::Allowed => status < 500 && status != 401 && status != 403,
            Expected::Refused(refusal) => status == refusal,
        }
    }

    fn has_succeeded(&self) -> bool {
        self.expected == Expected::Allowed && self.answer.status.is_success()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_open_to_those_whom_the_contract_names_and_to_nobody_else() {
    let served = served_operations().await;
    let rows: BTreeMap<&str, &'static Row> = ROWS.iter().map(|row| (row.operation, row)).collect();
    assert_eq!(rows.len(), ROWS.len(), "two rows for one operation");
    assert_same_operations(&served, &rows);

    let callers = callers().await;
    let world = Arc::new(World::build(&callers).await);
    let checks = ask_all(&world, &callers, &served).await;

    let wrong: Vec<String> = checks
        .iter()
        .filter(|check| !check.is_as_expected())
        .map(|check| {
            let Check { name, expected, answer, .. } = check;
            format!("{name}: {expected:?}, but {} {:.160}", answer.status, answer.text())
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), checks.len(), wrong.join("\n"));
    assert_success_is_meant_by_allowed(&checks);
    println!(
        "figure: authorisation matrix: {} operations × {} roles × {} phases = {} checks",
        served.len(),
        ROLES.len() + ANONYMOUS,
        PHASES.len(),
        checks.len()
    );
}

/// Every operation of both documents by method and nameless path, with its `operationId`.
async fn served_operations() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for document in ["/api/openapi.json", "/api/locks/openapi.json"] {
        let document = anonymous().get(document).await.assert_status(200).json();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                let id = operation["operationId"].as_str().expect("an operationId");
                let key = format!("{} {}", method.to_uppercase(), nameless(path));
                assert!(found.insert(key, id.to_owned()).is_none(), "{method} {path} twice");
            }
        }
    }
    found
}

/// Operations whose answer has no end. Whose events each caller hears is tested beside cases-api.
const ENDLESS: [&str; 1] = ["GET /api/events"];

/// `/api/cases/{id}` as `/api/cases/{}`: what a parameter is called is not the contract's business.
fn nameless(path: &str) -> String {
    let segments = path.split('/');
    let nameless = segments.map(|segment| if segment.starts_with('{') { "{}" } else { segment });
    nameless.collect::<Vec<_>>().join("/")
}

fn assert_same_operations(served: &BTreeMap<String, String>, rows: &BTreeMap<&str, &'static Row>) {
    let served: BTreeSet<&str> = served.keys().map(String::as_str).collect();
    let ruled: BTreeSet<&str> = rows.keys().copied().collect();
    let unruled: Vec<_> =
        served.difference(&ruled).filter(|operation| !ENDLESS.contains(operation)).collect();
    assert!(unruled.is_empty(), "operations without a row: {unruled:?}");
    let unserved: Vec<_> = ruled.difference(&served).collect();
    assert!(unserved.is_empty(), "rows without an operation: {unserved:?}");
}

/// A read that is allowed succeeds, and so does a write that its row says so of. Otherwise a rule
/// could be "proved" by requests that never get as far as it.
fn assert_success_is_meant_by_allowed(checks: &[Check]) {
    let mut failing = BTreeSet::new();
    for check in checks.iter().filter(|check| check.expected == Expected::Allowed) {
        if check.row.succeeds && !check.has_succeeded() {
            failing.insert(format!("{}: {}", check.name, check.answer.status));
        }
    }
    assert!(failing.is_empty(), "allowed, but not done: {failing:#?}");
    let proven: BTreeSet<&str> = checks
        .iter()
        .filter(|check| check.has_succeeded())
        .map(|check| check.row.operation)
        .collect();
    assert!(proven.len() * 2 > ROWS.len(), "only {} operations ever succeeded", proven.len());
}

async fn ask_all(
    world: &Arc<World>,
    callers: &[Caller],
    served: &BTreeMap<String, String>,
) -> Vec<Check> {
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for row in ROWS.iter().filter(|row| served.contains_key(row.operation)) {
        let phases: &[&str] = if row.takes_a_case() { &PHASES } else { &PHASES[..1] };
        for phase in phases {
            for caller in callers {
                if row.spares == Some(caller.role) {
                    continue;
                }
                let scene = Scene { world: Arc::clone(world), phase, caller: caller.clone() };
                let slots = Arc::clone(&slots);
                running.spawn(async move {
                    let _slot = slots.acquire_owned().await.expect("nobody closes it");
                    ask(row, scene).await
                });
            }
        }
    }
    running.join_all().await
}

async fn ask(row: &'static Row, scene: Scene) -> Check {
    let expected = row.rule.expected(&scene);
    let is_allowed = expected == Expected::Allowed;
    let (method, path) = row.operation.split_once(' ').expect("a method and a path");
    let method: Method = method.parse().expect("a method");
    let path = filled(path, &(row.ids)(&scene, is_allowed));
    let name = format!("{method} {path} by {}, {}", scene.caller.name, scene.phase);
    let answer = send(&scene.caller.http, method, &path, (row.body)(&scene)).await;
    Check { row, name, expected, answer }
}

async fn send(http: &Http, method: Method, path: &str, body: Body) -> Answer {
    let request = http.request(method, path);
    http.send(match body {
        Body::None => request,
        Body::Json(body) => request.json(&body),
        Body::Multipart(text) => request
            .header("content-type", format!("multipart/form-data; boundary={}", table::BOUNDARY))
            .body(text),
    })
    .await
}

/// The path with these ids in the place of its parameters.
fn filled(path: &str, ids: &[String]) -> String {
    let mut ids = ids.iter();
    let segments = path.split('/').map(|segment| {
        if segment == "{}" {
            ids.next().expect("an id for each parameter").as_str()
        } else {
            segment
        }
    });
    let filled = segments.collect::<Vec<_>>().join("/");
    assert_eq!(ids.next(), None, "too many ids for {path}");
    filled
}

/// The groups are the contract's (1.4), and so are their sizes.
#[test]
fn the_groups_of_roles_are_whole() {
    assert_eq!((ROLES.len(), FAG.len(), FAG_LEAD.len()), (12, 6, 5));
    assert!(ROLES.iter().collect::<BTreeSet<_>>().len() == ROLES.len());
}
