//! The name of a request: given or made at the gateway, kept on the whole way, and returned.

use std::fs;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::Value;
use test_support::{Answer, Stack};
use tokio::time::Instant;
use uuid::Uuid;

use crate::wire;
use test_support::portal::anonymous;

const REQUEST_ID: &str = "x-request-id";

/// One address for each that may answer: both services, the gateway's own refusal, the page.
const ADDRESSES: [&str; 5] =
    ["/api/case-types", "/api/cases", "/api/locks", "/finnes-ikke.png", "/saker"];

/// The answer's request id; there is never a second one.
fn id_in(answer: &Answer) -> &str {
    let ids: Vec<_> = answer.headers.get_all(REQUEST_ID).iter().collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    ids[0].to_str().expect("plain text")
}

async fn get(path: &str, given: Option<HeaderValue>) -> Answer {
    let portal = anonymous();
    let mut request = portal.request(Method::GET, path);
    if let Some(value) = given {
        request = request.header(REQUEST_ID, value);
    }
    portal.send(request).await
}

#[tokio::test]
async fn a_given_id_is_kept_and_quoted_in_every_refusal() {
    for path in ADDRESSES {
        let given = format!("Feilmelding_{}", Uuid::new_v4().simple());
        let answer = get(path, Some(given.parse().expect("plain text"))).await;
        assert_eq!(id_in(&answer), given, "{path}");
        if answer.status.is_client_error() {
            assert_eq!(answer.json()["instance"], given.as_str(), "{path}");
        }
    }
}

#[tokio::test]
async fn a_missing_id_is_made_and_no_two_are_alike() {
    for path in ADDRESSES {
        let (first, second) = (get(path, None).await, get(path, None).await);
        let (first, second) = (id_in(&first), id_in(&second));
        assert!(first.len() >= 32 && is_plain(first), "{path}: {first}");
        assert_ne!(first, second, "{path}");
    }
}

#[tokio::test]
async fn i8_an_id_that_could_forge_a_log_line_is_replaced() {
    let long = "a".repeat(65);
    let hostile: [&[u8]; 7] = [
        b"a b",
        b"a\",\"status\":200,\"x\":\"",
        "\u{e6}\u{f8}\u{e5}".as_bytes(),
        b"\xff\xfe",
        b"a;b",
        b"${jndi:ldap}",
        long.as_bytes(),
    ];
    for given in hostile {
        for path in ADDRESSES {
            let value = HeaderValue::from_bytes(given).expect("a value that can be sent");
            let answer = get(path, Some(value)).await;
            let id = id_in(&answer);
            assert!(is_plain(id) && id.as_bytes() != given, "{path}: {given:?} became {id}");
        }
    }
}

/// The gateway's log is where a request and its trace are found again, so it names both, and
/// leaves out what is personal: search texts stand in the query.
#[tokio::test]
async fn the_gateways_log_names_request_and_trace_but_no_query() {
    let trace = format!("00-{}-00f067aa0ba902b7-01", Uuid::new_v4().simple());
    let id = Uuid::new_v4().to_string();
    let portal = anonymous();
    let request = portal
        .request(Method::GET, "/api/cases?search=hemmelig")
        .header(REQUEST_ID, &id)
        .header("traceparent", &trace);
    portal.send(request).await.assert_status(401);

    let entry = logged(&id).await;
    assert_eq!(entry["traceparent"], trace.as_str());
    assert_eq!((&entry["path"], &entry["status"]), (&"/api/cases".into(), &401.into()));
    assert!(!entry.to_string().contains("hemmelig"), "{entry}");
}

#[tokio::test]
async fn i8_a_hostile_request_does_not_spoil_its_line_in_the_log() {
    let id = Uuid::new_v4().to_string();
    let head = b"GET /api/\xff\xfe?search=hemmelig HTTP/1.1\r\nHost: portalen\r\n\
        Connection: close\r\nTraceparent: \xff\"\r\nX-Request-Id: ";
    let answer = wire::exchange(&[head, id.as_bytes(), b"\r\n\r\n"].concat()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");

    let entry = logged(&id).await;
    assert_eq!((&entry["path"], &entry["traceparent"]), (&"/api/".into(), &"".into()));
}

/// Waits for the line of a request; nginx writes its log in blocks.
async fn logged(id: &str) -> Value {
    let path = Stack::load().local_dir.join("log/gateway-access.log");
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let log = fs::read(&path).expect("the gateway's log");
        let mut lines = log.split(|byte| *byte == b'\n');
        let ours = |line: &&[u8]| String::from_utf8_lossy(line).contains(id);
        if let Some(line) = lines.find(ours) {
            return serde_json::from_slice(line).expect("one JSON object a line");
        }
        assert!(Instant::now() < deadline, "request {id} is not in {}", path.display());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn is_plain(id: &str) -> bool {
    id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
