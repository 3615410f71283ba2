//! The event stream: whoever may open a case hears of it, in every process, and nobody else.

use std::time::Duration;

use bb8_redis::redis::{Client, cmd};
use edge::events::{CHANNEL, Event, Happening};
use edge::problem::ProblemType;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use test_support::{Actor, Http, SeededCase, Stack};

use crate::app::{TestApp, assert_problem};

/// Longest wait for an event that must come.
const DEADLINE: Duration = Duration::from_secs(10);
/// Events at once: fewer than a client may leave unread.
const BURST: usize = 32;
/// How long nothing must come.
const QUIET: Duration = Duration::from_millis(300);

/// An open stream.
struct Stream {
    response: Response,
    text: String,
}

/// An event as a browser reads it.
#[derive(Debug, PartialEq)]
struct Heard {
    id: String,
    name: String,
    data: Value,
}

impl Stream {
    async fn open(caller: &Http, query: &str) -> Self {
        Self::of(caller.request(Method::GET, &format!("/api/events{query}"))).await
    }

    async fn of(request: reqwest::RequestBuilder) -> Self {
        let mut stream = Self { response: request.send().await.unwrap(), text: String::new() };
        assert_eq!(stream.response.status(), 200);
        assert_eq!(stream.response.headers()["content-type"], "text/event-stream");
        assert!(!stream.response.headers().contains_key("content-encoding"));
        // What comes first tells that the client is registered.
        while !stream.text.contains("retry:") {
            assert!(stream.read().await);
        }
        stream
    }

    /// Whether there was more.
    async fn read(&mut self) -> bool {
        let chunk = self.response.chunk().await.unwrap_or_default();
        self.text.push_str(std::str::from_utf8(chunk.as_deref().unwrap_or_default()).unwrap());
        chunk.is_some()
    }

    /// The next event; `None` when the stream has ended.
    async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                let field = |name: &str| {
                    let line = block.lines().find_map(|line| line.strip_prefix(name));
                    line.unwrap_or_default().trim().to_owned()
                };
                if !field("event:").is_empty() {
                    let data = serde_json::from_str(&field("data:")).unwrap();
                    return Some(Heard { id: field("id:"), name: field("event:"), data });
                }
            } else if !self.read().await {
                return None;
            }
        }
    }

    async fn hears(&mut self) -> Heard {
        let heard = tokio::time::timeout(DEADLINE, self.next()).await;
        heard.expect("an event").expect("the stream has not ended")
    }

    async fn hears_nothing(&mut self) {
        let heard = tokio::time::timeout(QUIET, self.next()).await;
        assert!(heard.is_err(), "{heard:?}");
    }
}

async fn case_of_kld(app: &TestApp) -> (SeededCase, Actor) {
    app.seed.reference_data().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    (app.seed.case(&round, &owner).insert().await, owner)
}

async fn save(writer: &Http, case: &SeededCase, amount: i64) {
    let path = format!("/api/cases/{}/content", case.id);
    writer.put(&path, &json!({ "amount": amount })).await.assert_status(200);
}

/// Publishes as another service would.
async fn publish(app: &TestApp, events: &[Event]) {
    let client = Client::open(Stack::load().redis_url.as_str()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let channel = format!("{}{CHANNEL}", app.redis_prefix());
    for event in events {
        let text = serde_json::to_vec(event).unwrap();
        let publish = cmd("PUBLISH").arg(&channel).arg(text).to_owned();
        publish.query_async::<i64>(&mut connection).await.unwrap();
    }
}

fn progress_of(actor: &Actor, percent: i16) -> Event {
    Event::now(Happening::ExportProgress {
        job_id: uuid::Uuid::nil().into(),
        requested_by: actor.identity.user_id,
        status: "processing".to_owned(),
        percent,
        step: Some("Skriver dokumentet".to_owned()),
    })
}

#[actix_rt::test]
async fn i6_a_save_is_heard_in_every_process_by_those_who_may_open_the_case() {
    let first = TestApp::spawn().await;
    let second = first.twin().spawn().await;
    let (case, owner) = case_of_kld(&first).await;
    let writer = first.by(&owner).await;
    let mut colleague = Stream::open(&second.http.by(&owner), "").await;
    let admin = first.by(&Actor::admin()).await;
    let mut admin = Stream::open(&admin, "").await;
    let stranger = first.by(&Actor::fag("KD")).await;
    let mut stranger = Stream::open(&stranger, "").await;
    // A draft is none of the Ministry of Finance's business.
    let fin = first.by(&Actor::fin_lead()).await;
    let mut fin = Stream::open(&fin, "").await;

    save(&writer, &case, 7).await;
    let heard = colleague.hears().await;
    assert_eq!(heard.name, "case.saved");
    assert_eq!(heard.data["caseId"], case.id.to_string());
    assert_eq!(heard.data["version"], 2);
    assert_eq!(heard.data["budgetRoundId"], case.round_id.to_string());
    assert_eq!(admin.hears().await, heard);
    stranger.hears_nothing().await;
    fin.hears_nothing().await;
}

#[actix_rt::test]
async fn i6_an_export_is_its_requesters_business() {
    let app = TestApp::spawn().await;
    let (requester, other) = (Actor::fag("KLD"), Actor::admin());
    let mut own = Stream::open(&app.by(&requester).await, "").await;
    let mut others = Stream::open(&app.by(&other).await, "").await;
    publish(&app, &[progress_of(&requester, 40)]).await;
    let heard = own.hears().await;
    assert_eq!(heard.name, "export.progress");
    assert_eq!((&heard.data["percent"], heard.data.get("requestedBy")), (&json!(40), None));
    others.hears_nothing().await;
}

#[actix_rt::test]
async fn a_ticket_opens_one_stream_in_any_process() {
    let first = TestApp::spawn().await;
    let second = first.twin().spawn().await;
    let owner = Actor::fag("KLD");
    let ticket = first.by(&owner).await.post("/api/events/ticket", &json!({})).await;
    let ticket = ticket.assert_status(201).json();
    assert_eq!(ticket["expiresInSeconds"], 30);
    let query = format!("?ticket={}", ticket["ticket"].as_str().unwrap());
    let mut stream = Stream::open(&second.http, &query).await;
    publish(&first, &[progress_of(&owner, 1)]).await;
    stream.hears().await;
    for used in [&query, "?ticket=x", "?ticket=00000000-0000-4000-8000-000000000000"] {
        let again = second.http.get(&format!("/api/events{used}")).await;
        assert_problem(&again, ProblemType::UNAUTHENTICATED);
    }
}

#[actix_rt::test]
async fn a_client_that_comes_back_hears_what_it_missed() {
    let app = TestApp::spawn().await;
    let owner = Actor::fag("KLD");
    let caller = app.by(&owner).await;
    let mut stream = Stream::open(&caller, "").await;
    publish(&app, &[progress_of(&owner, 1)]).await;
    let last = stream.hears().await.id;
    drop(stream);
    publish(&app, &[progress_of(&Actor::admin(), 2), progress_of(&owner, 3)]).await;
    publish(&app, &[progress_of(&owner, 4)]).await;
    // In the channel and in the memory, before the client is back.
    let mut other = Stream::open(&caller, &format!("?lastEventId={last}")).await;
    let request = caller.request(Method::GET, "/api/events").header("last-event-id", &last);
    let mut back = Stream::of(request).await;
    for percent in [3, 4] {
        assert_eq!(other.hears().await.data["percent"], percent);
        assert_eq!(back.hears().await.data["percent"], percent);
    }
    let mut lost = Stream::open(&caller, "?lastEventId=unknown").await;
    assert_eq!(lost.hears().await.name, "resync");
}

#[actix_rt::test]
async fn streams_end_when_the_process_begins_to() {
    let mut app = TestApp::spawn().await;
    let mut stream = Stream::open(&app.by(&Actor::fag("KLD")).await, "").await;
    app.begin_shutdown();
    let ended = tokio::time::timeout(DEADLINE, stream.next()).await;
    assert_eq!(ended.expect("the stream ends"), None);
    tokio::time::timeout(DEADLINE, app.ended()).await.expect("the process ends").unwrap();
}

#[actix_rt::test]
async fn a_client_that_does_not_read_is_dropped_and_others_are_not() {
    let app = TestApp::spawn().await;
    let owner = Actor::fag("KLD");
    let caller = app.by(&owner).await;
    let sleeper = Stream::open(&caller, "").await;
    let mut reader = Stream::open(&caller, "").await;
    let begun = std::time::Instant::now();
    while app.counter("event_stream_dropped_total").await == 0 {
        assert!(begun.elapsed() < DEADLINE * 6, "nobody was dropped");
        let events: Vec<Event> = (0..BURST).map(|_| progress_of(&owner, 1)).collect();
        publish(&app, &events).await;
        // Whoever reads has room for the next burst, however busy the machine is.
        for _ in 0..BURST {
            reader.hears().await;
        }
    }
    publish(&app, &[progress_of(&owner, 100)]).await;
    assert_eq!(reader.hears().await.data["percent"], 100);
    drop(sleeper);
}

#[actix_rt::test]
async fn i7_streams_go_on_when_redis_comes_back() {
    let stack = Stack::load();
    let address = stack.redis_url.trim_start_matches("redis://").split('/').next().unwrap();
    let proxy = test_support::ChaosProxy::start(address).await;
    let app = TestApp::builder()
        .var("REDIS_URL", &proxy.instead_of(&stack.redis_url))
        .var("REDIS_TIMEOUT_MS", "40")
        .spawn()
        .await;
    let owner = Actor::fag("KLD");
    let mut stream = Stream::open(&app.by(&owner).await, "").await;
    proxy.reset();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    proxy.pass();
    assert_eq!(stream.hears().await.name, "resync");
    publish(&app, &[progress_of(&owner, 5)]).await;
    assert_eq!(stream.hears().await.name, "export.progress");
}
