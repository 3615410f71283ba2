//! I8, over every operation there is: whatever a client sends, it is told what was wrong with it.
//!
//! Operations, parameters and properties are read from the served OpenAPI documents, so that a new
//! one is attacked as soon as it is there.

use serde_json::{Map, Value, json};
use test_support::Answer;

use crate::operations::{Operation, operations};
use test_support::portal::{
    User, assert_problem_document, assert_refused, id_of, send_raw, unknown_id,
};

/// Values as they stand in a body, which no property may choke on. Some are no JSON at all.
const HOSTILE_VALUES: [&str; 26] = [
    "null",
    "true",
    "[]",
    "{}",
    "[[[]]]",
    "{\"a\":{\"b\":[null]}}",
    "\"\"",
    "\" \"",
    "\"\\u0000\"",
    "\"a\\u0000b\"",
    "\"\\ud800\"",
    "\"\\uffff\\u202e\\u200b\"",
    "\"\u{1f4a9}\"",
    "\"'; DROP TABLE cases; --\"",
    "\"%s%n\\\\\\\"\"",
    "\"9223372036854775808\"",
    "\"12,5\"",
    "0",
    "-1",
    "1.5",
    "1e400",
    "1e30",
    "9223372036854775807",
    "-9223372036854775808",
    "99999999999999999999",
    "NaN",
];

/// Bodies that are no JSON.
fn unreadable_bodies() -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = [
        &b""[..],
        b" ",
        b"{",
        b"{\"a\":}",
        b"{}{}",
        b"{'a':1}",
        b"\xff\xfe\x00",
        b"{\"a\":\"\xc3\"}",
        b"\xef\xbb\xbf{}",
        b"{\"a\":\"\\ud800\"}",
        b"{\"a\":1e999}",
        b"email=a&password=b",
        b"<xml/>",
    ]
    .map(<[u8]>::to_vec)
    .into();
    bodies.push(b"[".repeat(100_000));
    bodies.push([b"[".repeat(100_000), b"]".repeat(100_000)].concat());
    bodies.push(b"{\"a\":".repeat(100_000));
    bodies
}

/// Taken or refused, but never a failure of ours, and a refusal is always readable.
fn assert_survived(answer: &Answer, request: &str) {
    if !answer.status.is_success() {
        assert_refused(answer, request);
    }
}

#[tokio::test]
async fn i8_bodies_that_are_no_json_are_refused_by_every_operation() {
    let user = User::fag("nfd").await;
    for operation in operations(&user).await {
        let Operation { method, path, body: Some(_), caller, .. } = &operation else { continue };
        for body in unreadable_bodies() {
            let name = format!(
                "{} with {:?}",
                operation.name(),
                String::from_utf8_lossy(&body[..body.len().min(20)])
            );
            let answer = send_raw(caller, method, path, body).await;
            assert_refused(&answer, &name);
            // A closing page's beacon (E51) says in other words that it does not ask for anything.
            if !operation.parameters.iter().any(|name| name == "_method") {
                assert_eq!(answer.json()["type"], "/problems/invalid-json", "{name}");
            }
        }
        for body in ["[]", "null", "7", "\"tekst\"", "true"] {
            let answer = send_raw(caller, method, path, body.into()).await;
            assert_refused(&answer, &format!("{} with {body}", operation.name()));
        }
    }
}

#[tokio::test]
async fn i8_no_value_of_any_property_makes_a_failure_of_ours() {
    let user = User::fag("nfd").await;
    for operation in operations(&user).await {
        let Some(good) = &operation.body else { continue };
        for property in &operation.properties {
            for value in HOSTILE_VALUES {
                attack(&operation, with_raw(good, property, value)).await;
            }
            let long = format!("\"{}\"", "å".repeat(500_000));
            attack(&operation, with_raw(good, property, &long)).await;
            let many = format!("[{}1]", "1,".repeat(100_000));
            attack(&operation, with_raw(good, property, &many)).await;
            attack(&operation, given_twice(good, property)).await;
        }
    }
}

async fn attack(operation: &Operation, body: String) {
    let shown: String = body.chars().take(120).collect();
    let Operation { method, path, caller, .. } = operation;
    let answer = send_raw(caller, method, path, body.into()).await;
    assert_survived(&answer, &format!("{} with {shown}", operation.name()));
}

/// `good` with `value`, which need not be JSON, as the value of `property`. Filters are known
/// inside `filters` and harmless elsewhere, so each stands in both places.
fn with_raw(good: &Map<String, Value>, property: &str, value: &str) -> String {
    const PLACE: &str = "\u{1}";
    let mut body = good.clone();
    body.insert(property.to_owned(), PLACE.into());
    if property != "filters" {
        body.insert("filters".to_owned(), json!({ property: PLACE }));
    }
    Value::Object(body).to_string().replace("\"\\u0001\"", value)
}

/// Names are read in any case, so two spellings are the same name twice.
fn given_twice(good: &Map<String, Value>, property: &str) -> String {
    let mut body = good.clone();
    body.insert(property.to_lowercase(), "a".into());
    body.insert(property.to_uppercase(), 1.into());
    Value::Object(body).to_string()
}

#[tokio::test]
async fn i8_oversized_bodies_are_413_wherever_they_are_stopped() {
    const MIB: usize = 1024 * 1024;
    let user = User::fag("nfd").await;
    for operation in operations(&user).await {
        let Operation { method, path, body: Some(_), caller, .. } = &operation else { continue };
        // The services stop at 4 MiB, the gateway at 12.
        for size in [5 * MIB, 11 * MIB, 13 * MIB] {
            let body = [b"{\"a\":\"".to_vec(), vec![b'a'; size], b"\"}".to_vec()].concat();
            let answer = send_raw(caller, method, path, body).await;
            answer.assert_problem(413, "/problems/too-large");
            assert_problem_document(&answer, &format!("{} with {size} bytes", operation.name()));
        }
    }
}

#[tokio::test]
async fn i8_documents_that_are_none_are_refused_and_leave_the_case_as_it_was() {
    let user = User::fag("nfd").await;
    let case = user.create_case("Sak med vanskelige dokumenter").await;
    let path = format!("/api/cases/{}", id_of(&case));
    let deep = |levels: usize| {
        let (open, close) = ("{\"content\":[".repeat(levels), "]}".repeat(levels));
        format!("{open}{close}")
    };
    let refused = [
        (400, String::new()),
        (400, "null".to_owned()),
        (400, "[]".to_owned()),
        (400, "\"tekst\"".to_owned()),
        (400, "{\"type\":\"doc\"".to_owned()),
        (
            400,
            "{\"type\":\"doc\",\"content\":[{\"type\":\"text\",\"text\":\"\\u0000\"}]}".to_owned(),
        ),
        (400, "{\"type\":\"doc\",\"content\":[{\"text\":\"\\ud800\"}]}".to_owned()),
        (400, deep(100)),
        (400, deep(100_000)),
        (413, format!("{{\"type\":\"doc\",\"text\":\"{}\"}}", "a".repeat(2 * 1024 * 1024))),
    ];
    for (status, document) in refused {
        let shown: String = document.chars().take(60).collect();
        let body = json!({ "contentJson": document, "expectedVersion": 1 });
        let answer = user.http.put(&format!("{path}/document"), &body).await;
        assert_eq!(answer.status, status, "{shown}: {}", answer.text());
        assert_refused(&answer, &shown);
    }
    let stored = user.http.get(&path).await.assert_status(200).json();
    assert_eq!(stored["version"], 1);
    let events = user.http.get(&format!("{path}/events")).await.assert_status(200).json();
    assert_eq!(events.as_array().expect("events").len(), 1, "{events}");
}

/// Each body is small enough, but they are added to what is stored.
#[tokio::test]
async fn i8_texts_saved_one_by_one_do_not_add_up_to_more_than_a_document_may_hold() {
    const MIB: usize = 1024 * 1024;
    let user = User::fag("nfd").await;
    let case = user.create_case("Sak som vil bli for stor").await;
    let path = format!("/api/cases/{}", id_of(&case));
    let mut refused = 0;
    for field in ["proposalText", "justification", "verbalConclusion", "goalIndicator", "comment"] {
        let body = json!({ field: "a".repeat(900 * 1024) });
        let answer = user.http.put(&format!("{path}/content"), &body).await;
        if answer.status != 200 {
            answer.assert_problem(413, "/problems/too-large");
            refused += 1;
        }
    }
    assert_eq!(refused, 3);
    // A document is kept together with the texts that it has no section for.
    let body = json!({ "contentJson": r#"{"type":"caseDocument","content":[]}"# });
    user.http.put(&format!("{path}/document"), &body).await.assert_status(200);
    let stored = user.http.get(&path).await;
    assert_eq!(stored.assert_status(200).json()["version"], 4);
    assert!(stored.body.len() < 5 * MIB, "{} bytes", stored.body.len());

    let new = json!({
        "budgetRoundId": user.august_round().await,
        "caseName": "Sak som er for stor",
        "caseType": "andre_saker",
        "proposalText": "a".repeat(3 * MIB),
    });
    let answer = user.http.post("/api/cases", &new).await;
    answer.assert_problem(413, "/problems/too-large");
}

#[tokio::test]
async fn i8_no_query_makes_a_failure_of_ours() {
    let user = User::fag("nfd").await;
    let long = "%C3%A5".repeat(2_000);
    let hostile = [
        "%00",
        "a%00b",
        "%ff%fe",
        "%",
        "%zz",
        "%25",
        "_",
        "%5C",
        "'",
        "%22",
        "%F0%9F%92%A9",
        "-1",
        "99999999999999999999",
        "1.5",
        "NaN",
        "%5B%5D",
        "a&b&b=1",
        "None",
        "",
        &long,
    ];
    for operation in operations(&user).await {
        for parameter in operation.parameters.iter().map(String::as_str).chain(["ukjent"]) {
            for value in hostile {
                let address = format!("{}?{parameter}={value}", operation.path);
                let shown = format!("{} {:.120}", operation.method, address);
                let request = user.http.request(operation.method.clone(), &address);
                let request =
                    if operation.body.is_some() { request.json(&json!({})) } else { request };
                assert_survived(&user.http.send(request).await, &shown);
            }
        }
    }
    // Longer than any address may be, and refused before a service sees it.
    let answer = user.http.get(&format!("/api/cases?search={}", "a".repeat(40_000))).await;
    answer.assert_problem(400, "/problems/invalid-request");
}

#[tokio::test]
async fn i8_what_is_no_id_is_the_id_of_nothing() {
    let user = User::fag("nfd").await;
    let long = "a".repeat(5_000);
    let ids = [
        "...",
        "1",
        "null",
        "undefined",
        "%C3%A6",
        "%ff",
        "a%2Fb",
        "%27%20OR%201=1",
        "{id}",
        &long,
        "00000000-0000-0000-0000-00000000000",
        &unknown_id(),
    ];
    for id in ids {
        for path in [
            format!("/api/cases/{id}"),
            format!("/api/cases/{id}/content"),
            format!("/api/cases/{id}/content/1"),
            format!("/api/cases/{id}/events"),
            format!("/api/budget-rounds/{id}"),
            format!("/api/case-types/{id}"),
            format!("/api/export/jobs/{id}"),
            format!("/api/export/jobs/{id}/download"),
        ] {
            let answer = user.http.get(&path).await;
            answer.assert_problem(404, "/problems/not-found");
            assert_refused(&answer, &path);
        }
    }
    let case = user.create_case("Sak med én versjon").await;
    for version in ["0", "2", "-1", "2147483648", "99999999999999999999", "x", "1.0"] {
        let path = format!("/api/cases/{}/content/{version}", id_of(&case));
        user.http.get(&path).await.assert_problem(404, "/problems/not-found");
    }
}
