//! One request, one story: the tree of an export and of a save, and what must not be in it.

use std::collections::BTreeSet;
use std::fs;

use reqwest::Method;
use serde_json::{Value, json};
use test_support::Stack;
use test_support::portal::{User, id_of};
use uuid::Uuid;

use crate::receiver::{Receiver, Span, tree};
use crate::work::{PRIVATE_TEXT, traced};

const SERVER: i32 = 2;
const CLIENT: i32 = 3;
const PRODUCER: i32 = 4;
const CONSUMER: i32 = 5;
const INTERNAL: i32 = 1;

/// A span of the caller's, in a trace of its own.
struct Caller {
    trace: String,
    span: String,
}

impl Caller {
    fn new() -> Self {
        let trace = Uuid::new_v4().simple().to_string();
        let span = Uuid::new_v4().simple().to_string()[..16].to_owned();
        Self { trace, span }
    }

    fn traceparent(&self, sampled: bool) -> String {
        format!("00-{}-{}-0{}", self.trace, self.span, u8::from(sampled))
    }
}

/// One test, because the collector hands every span to one place.
#[actix_rt::test]
async fn each_request_is_one_trace_across_processes_and_tells_nothing_private() {
    let receiver = Receiver::start();
    let user = User::fag("kld").await;
    let case = user.create_case("Sporet sak").await;
    let unsampled = Caller::new();
    let request = format!("/api/cases/{}", id_of(&case));
    traced(&user, Method::GET, &request, &Value::Null, &unsampled.traceparent(false)).await;

    a_save_is_one_trace(&receiver, &user, &case).await;
    a_health_report_shows_redis(&receiver, &user).await;
    let (job, trace) = an_export_is_one_trace(&receiver, &user, &case).await;

    let spans = receiver.all();
    assert!(spans.iter().all(|span| span.trace != unsampled.trace), "nobody asked for that trace");
    let polls = spans.iter().filter(|span| span.parent.is_empty() && span.kind == CLIENT);
    assert_eq!(polls.count(), 0, "a poll in the background is no trace of its own");
    for span in &spans {
        for (name, value) in &span.attributes {
            assert_not_private(&user, value, &format!("{} of {}", name, span.name));
        }
    }
    log_lines_lead_to_the_trace(&user, &job, &trace);
    receiver.stop().await;
}

async fn a_save_is_one_trace(receiver: &Receiver, user: &User, case: &Value) {
    let caller = Caller::new();
    let path = format!("/api/cases/{}/content", id_of(case));
    let body = json!({ "justification": PRIVATE_TEXT, "expectedVersion": case["version"] });
    let answer = traced(user, Method::PUT, &path, &body, &caller.traceparent(true)).await;
    answer.assert_status(200);
    let route = "PUT /api/cases/{id}/content";
    let spans = receiver.trace(&caller.trace, |spans| named(spans, route).is_some()).await;
    let shown = tree(&spans, "");

    let request = named(&spans, route).expect("the request");
    assert_eq!((request.service.as_str(), request.kind), ("cases-api", SERVER), "{shown}");
    assert_eq!(request.parent, caller.span, "the gateway passes the context on: {shown}");
    for (name, value) in [
        ("http.request.method", "PUT"),
        ("http.route", "/api/cases/{id}/content"),
        ("http.response.status_code", "200"),
        ("url.path", path.as_str()),
    ] {
        assert_eq!(request.attribute(name), value, "{name}: {:?}", request.attributes);
    }
    let statements: Vec<&Span> =
        spans.iter().filter(|span| span.attribute("db.system.name") == "postgresql").collect();
    assert!(!statements.is_empty(), "{shown}");
    for statement in &statements {
        assert_eq!((statement.parent.as_str(), statement.kind), (request.id.as_str(), CLIENT));
        assert!(!statement.attribute("db.operation.name").is_empty(), "{statement:?}");
    }
    let writes = statements.iter().filter(|span| span.attribute("db.query.text").contains("$1"));
    assert!(writes.count() >= 2, "reads the case, then writes it: {shown}");
}

async fn a_health_report_shows_redis(receiver: &Receiver, user: &User) {
    let caller = Caller::new();
    let path = "/api/health";
    traced(user, Method::GET, path, &Value::Null, &caller.traceparent(true)).await;
    let spans =
        receiver.trace(&caller.trace, |spans| named(spans, "GET /api/health").is_some()).await;
    let ping = named(&spans, "PING").unwrap_or_else(|| panic!("{}", tree(&spans, "")));
    assert_eq!((ping.attribute("db.system.name"), ping.kind), ("redis", CLIENT));
}

/// Returns the job and its trace.
async fn an_export_is_one_trace(
    receiver: &Receiver,
    user: &User,
    case: &Value,
) -> (String, String) {
    let caller = Caller::new();
    let body = json!({ "async": true, "filters": { "caseIds": [id_of(case)] } });
    let path = "/api/export/cases/excel";
    let accepted = traced(user, Method::POST, path, &body, &caller.traceparent(true)).await;
    let job = id_of(&accepted.assert_status(202).json()).to_owned();
    user.watch_export(&job).await;
    let process = "process export.jobs";
    // Two processes send their parts, each when it likes.
    let outermost = [process, "publish export", "POST /api/export/cases/excel"];
    let is_whole = |spans: &[Span]| outermost.iter().all(|name| named(spans, name).is_some());
    let spans = receiver.trace(&caller.trace, is_whole).await;
    let shown = tree(&spans, "");
    let find = |name: &str| named(&spans, name).unwrap_or_else(|| panic!("no {name} in {shown}"));

    let order = find("POST /api/export/cases/excel");
    let publish = find("publish export");
    let work = find(process);
    let render = find("render xlsx");
    let store = find("write blob");
    for (span, parent, service, kind) in [
        (order, caller.span.as_str(), "cases-api", SERVER),
        (publish, order.id.as_str(), "cases-api", PRODUCER),
        (work, publish.id.as_str(), "export-worker", CONSUMER),
        (render, work.id.as_str(), "export-worker", INTERNAL),
        (store, work.id.as_str(), "export-worker", CLIENT),
    ] {
        assert_eq!((span.parent.as_str(), span.service.as_str()), (parent, service), "{shown}");
        assert_eq!(span.kind, kind, "{}: {shown}", span.name);
    }
    assert_eq!(publish.attribute("messaging.destination.name"), "export");
    assert_eq!(work.attribute("messaging.message.id"), job);
    assert!(store.attribute("blob.key").contains(&job), "{store:?}");
    assert!(store.attribute("blob.size_bytes").parse::<u64>().is_ok_and(|bytes| bytes > 1000));
    let tables: BTreeSet<&str> = spans
        .iter()
        .filter(|span| span.parent == work.id && span.kind == CLIENT)
        .map(|span| span.name.as_str())
        .collect();
    for statement in ["UPDATE export_jobs", "SELECT cases"] {
        assert!(tables.contains(statement), "no {statement} among {tables:?}");
    }
    (job, caller.trace)
}

fn named<'a>(spans: &'a [Span], name: &str) -> Option<&'a Span> {
    spans.iter().find(|span| span.name == name)
}

fn assert_not_private(user: &User, text: &str, place: &str) {
    let name = user.profile["fullName"].as_str().expect("a name");
    for private in [PRIVATE_TEXT, "@test.no", name, "Sporet sak", user.token.as_str()] {
        assert!(!text.contains(private), "{place} tells {private:?}: {text}");
    }
}

/// Every line is JSON and private to nobody, and the worker's word about the job names its trace.
fn log_lines_lead_to_the_trace(user: &User, job: &str, trace: &str) {
    let stack = Stack::load();
    let logs = stack.local_dir.join("log");
    let mut about_the_job = Vec::new();
    for service in stack.admin_urls.keys() {
        let text = fs::read_to_string(logs.join(format!("{service}.log"))).expect("a log");
        for line in text.lines() {
            assert_not_private(user, line, service);
            let parsed: Value =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            for field in ["timestamp", "level", "target", "message"] {
                assert!(parsed[field].is_string(), "no {field} in {line}");
            }
            if parsed["export.job_id"] == job {
                about_the_job.push(parsed);
            }
        }
    }
    let done = about_the_job.iter().find(|line| line["message"] == "export is done");
    let done = done.unwrap_or_else(|| panic!("{about_the_job:?}"));
    assert_eq!(done["trace_id"], trace);
    assert_eq!(done["messaging.message.id"], job, "the fields of the span around it");
}
