//! Cases as far along as a test needs them, and how answers are looked at.

use serde_json::{Value, json};
use test_support::portal::{User, id_of};

/// The way of a case from its first draft to the Ministry of Finance.
const WAY_TO_FIN: [&str; 5] =
    ["under_arbeid", "til_avklaring", "klarert", "godkjent_pol", "sendt_til_fin"];

/// The budget unit of a ministry, which may take every step up to the Ministry of Finance.
pub(crate) async fn budget_unit(department_code: &str) -> User {
    User::sign_in(&format!("budsjett.{department_code}@test.no")).await
}

/// Creates a case of the user's own department and takes it to `status`; returns its id.
pub(crate) async fn case_at(user: &User, status: &str) -> String {
    let case = user.create_case("Styrket innsats mot ras og flom").await;
    let id = id_of(&case).to_owned();
    if status != "draft" {
        let steps =
            WAY_TO_FIN.iter().position(|step| *step == status).expect("a status on the way");
        for step in &WAY_TO_FIN[..=steps] {
            take_step(user, &id, step).await;
        }
    }
    id
}

/// Changes the status of a case.
pub(crate) async fn take_step(user: &User, case: &str, status: &str) {
    let body = json!({ "status": status });
    user.http.patch(&format!("/api/cases/{case}/status"), &body).await.assert_status(200);
}

/// The log of a case, newest first, as the wire shows it: types and payloads.
pub(crate) async fn events_of(user: &User, case: &str) -> Vec<(String, Value)> {
    let events = user.http.get(&format!("/api/cases/{case}/events")).await;
    let events: Vec<Value> = events.assert_status(200).parse();
    let entry = |event: &Value| {
        let data = event["eventData"]
            .as_str()
            .map_or(Value::Null, |text| serde_json::from_str(text).expect("JSON text"));
        (event["eventType"].as_str().expect("a type").to_owned(), data)
    };
    events.iter().map(entry).collect()
}

/// Fails unless the object has these keys, here in alphabetical order, and no others.
#[track_caller]
pub(crate) fn assert_keys<const N: usize>(object: &Value, expected: [&str; N]) {
    let keys: Vec<&String> = object.as_object().expect("an object").keys().collect();
    assert_eq!(keys, expected, "{object}");
}

/// Fails unless the value is a time in UTC, as the contract writes it.
#[track_caller]
pub(crate) fn assert_time(value: &Value) {
    let text = value.as_str().expect("a time");
    assert!(text.ends_with('Z') && text.parse::<chrono::DateTime<chrono::Utc>>().is_ok(), "{text}");
}

/// The values of one key, in the order of the list.
pub(crate) fn column<'a>(list: &'a [Value], key: &str) -> Vec<&'a str> {
    list.iter().map(|item| item[key].as_str().expect("a text")).collect()
}
