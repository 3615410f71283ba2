//! What answers look like from outside: their keys, the forms of their values, and refusals.

use chrono::{DateTime, Utc};
use serde_json::Value;
use test_support::Answer;
use test_support::portal::{User, assert_refused};
use uuid::Uuid;

pub(crate) use crate::case_flow::{admin, keys};

/// The items of an array.
pub(crate) fn items(array: &Value) -> &[Value] {
    array.as_array().expect("an array")
}

/// One text of every item, in their order.
pub(crate) fn texts<'a>(array: &'a Value, key: &str) -> Vec<&'a str> {
    items(array).iter().map(|item| item[key].as_str().expect("a text")).collect()
}

/// Fails unless the value is a UUID in the one spelling of the wire.
#[track_caller]
pub(crate) fn assert_id(value: &Value) {
    let text = value.as_str().unwrap_or_default();
    let id: Uuid = text.parse().unwrap_or_else(|_| panic!("{value} is no id"));
    assert_eq!(id.to_string(), text, "lower case, hyphenated");
}

/// Fails unless the value is a time in UTC with `Z`, and returns it.
#[track_caller]
pub(crate) fn time(value: &Value) -> DateTime<Utc> {
    let text = value.as_str().unwrap_or_default();
    assert!(text.ends_with('Z'), "{value} is not in UTC");
    text.parse().unwrap_or_else(|_| panic!("{value} is no time"))
}

/// Fails unless the answer is a readable refusal with this status that points at these values.
#[track_caller]
pub(crate) fn assert_invalid(answer: &Answer, pointers: &[&str]) {
    assert_refused(answer, "");
    let problem = answer.assert_problem(400, "/problems/invalid-request");
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    let found: Vec<_> = errors.iter().filter_map(|error| error["pointer"].as_str()).collect();
    assert_eq!(found, pointers, "{problem}");
}

/// Fails unless the answer is a readable refusal of this status and type.
#[track_caller]
pub(crate) fn assert_problem(answer: &Answer, status: u16, slug: &str) {
    assert_refused(answer, slug);
    answer.assert_problem(status, &format!("/problems/{slug}"));
}

/// A leader at the Ministry of Finance.
pub(crate) async fn fin_leader() -> User {
    User::sign_in("avddir.naering@fin.test.no").await
}

/// A case handler at the Ministry of Finance.
pub(crate) async fn fin() -> User {
    User::sign_in("fin.kld@test.no").await
}

/// A name that no other test uses.
pub(crate) fn unique(name: &str) -> String {
    format!("{name} {}", Uuid::new_v4().simple())
}
