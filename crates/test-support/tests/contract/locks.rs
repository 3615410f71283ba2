//! Resource locks (contract 15).

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::portal::{User, anonymous, id_of, unknown_id};
use test_support::{Answer, Http};

const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// Those of the contract (2.15), and the fencing token.
const KEYS: [&str; 8] = [
    "expiresAt",
    "id",
    "lockToken",
    "lockedAt",
    "lockedBy",
    "lockedByName",
    "resourceId",
    "resourceType",
];

/// Two people and something that neither has locked yet.
struct Desk {
    holder: User,
    other: User,
    resource: String,
}

impl Desk {
    async fn new() -> Self {
        let (holder, other) = tokio::join!(User::fag("kud"), User::fag("hod"));
        Self { holder, other, resource: unknown_id() }
    }

    async fn locked() -> (Self, Value) {
        let desk = Self::new().await;
        let lock = desk.holder.lock(&desk.resource).await.assert_status(200).json();
        (desk, lock)
    }

    async fn look(&self, user: &User) -> Answer {
        let query = format!("resourceType=case&resourceId={}", self.resource);
        user.http.get(&format!("/api/locks?{query}")).await
    }
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn time(lock: &Value, key: &str) -> DateTime<Utc> {
    lock[key].as_str().expect("a time").parse().expect("RFC 3339")
}

fn path(lock: &Value) -> String {
    format!("/api/locks/{}", id_of(lock))
}

async fn heartbeat(http: &Http, lock: &Value) -> Answer {
    http.send(http.request(Method::PUT, &format!("{}/heartbeat", path(lock)))).await
}

/// What a closing page sends: no token, and a method that stands elsewhere.
async fn beacon(address: &str, body: &'static str) -> Answer {
    let http = anonymous();
    let request = http.request(Method::POST, address);
    http.send(request.header("content-type", "application/json").body(body)).await
}

#[tokio::test]
async fn e47_a_free_resource_becomes_the_callers_with_exactly_the_contracts_keys() {
    let (desk, lock) = Desk::locked().await;
    assert_eq!(keys(&lock), KEYS);
    assert_eq!(lock["resourceType"], "case");
    assert_eq!(lock["resourceId"], desk.resource.as_str());
    assert_eq!(lock["lockedBy"], desk.holder.profile["id"]);
    assert_eq!(lock["lockedByName"], desk.holder.profile["fullName"]);
}

#[tokio::test]
async fn e47_a_lease_lasts_five_minutes() {
    let (_, lock) = Desk::locked().await;
    assert_eq!(time(&lock, "expiresAt") - time(&lock, "lockedAt"), TimeDelta::minutes(5));
}

#[tokio::test]
async fn e47_asking_again_refreshes_the_same_lock() {
    let (desk, lock) = Desk::locked().await;
    let again = desk.holder.lock(&desk.resource).await.assert_status(200).json();
    assert_eq!(again["id"], lock["id"]);
    assert_eq!(again["lockedAt"], lock["lockedAt"]);
    assert!(time(&again, "expiresAt") > time(&lock, "expiresAt"), "{again}");
}

#[tokio::test]
async fn e47_a_held_resource_is_409_with_the_holder_at_top_level() {
    let (desk, lock) = Desk::locked().await;
    let refusal = desk.other.lock(&desk.resource).await;
    let refusal = refusal.assert_problem(409, "/problems/lock-held");
    for key in ["resourceType", "resourceId", "lockedBy", "lockedByName", "lockedAt", "expiresAt"] {
        assert_eq!(refusal[key], lock[key], "{key}");
    }
}

#[tokio::test]
async fn d12_a_refusal_does_not_tell_the_holders_lock_id() {
    let (desk, _) = Desk::locked().await;
    let refusal = desk.other.lock(&desk.resource).await.assert_status(409).json();
    assert_eq!((refusal["id"].as_str(), &refusal["lockToken"]), (Some(NIL), &Value::Null));
}

#[tokio::test]
async fn e47_case_and_department_list_of_the_same_id_are_two_locks() {
    let (desk, lock) = Desk::locked().await;
    let body = json!({ "resourceType": "department_list", "resourceId": desk.resource });
    let list = desk.other.http.post("/api/locks", &body).await.assert_status(200).json();
    assert_eq!(list["resourceType"], "department_list");
    assert_ne!(list["id"], lock["id"]);
}

#[tokio::test]
async fn e47_an_unknown_resource_type_is_400() {
    let desk = Desk::new().await;
    let body = json!({ "resourceType": "template", "resourceId": desk.resource });
    let answer = desk.holder.http.post("/api/locks", &body).await;
    let problem = answer.assert_problem(400, "/problems/invalid-request");
    assert_eq!(problem["errors"][0]["pointer"], "/resourceType");
}

#[tokio::test]
async fn e47_a_body_without_a_resource_is_400() {
    let desk = Desk::new().await;
    let answer = desk.holder.http.post("/api/locks", &json!({ "resourceType": "case" })).await;
    let problem = answer.assert_problem(400, "/problems/invalid-request");
    assert_eq!(problem["errors"][0]["pointer"], "/resourceId");
}

#[tokio::test]
async fn e47_a_resource_that_is_no_uuid_is_400() {
    let desk = Desk::new().await;
    for id in [json!("sak-1"), json!(""), json!(7), Value::Null] {
        let body = json!({ "resourceType": "case", "resourceId": id });
        let answer = desk.holder.http.post("/api/locks", &body).await;
        answer.assert_problem(400, "/problems/invalid-request");
    }
}

#[tokio::test]
async fn e47_names_and_ids_are_read_in_any_case_and_written_in_lower() {
    let desk = Desk::new().await;
    let body = json!({ "RESOURCETYPE": "case", "resourceid": desk.resource.to_uppercase() });
    let lock = desk.holder.http.post("/api/locks", &body).await.assert_status(200).json();
    assert_eq!(lock["resourceId"], desk.resource.as_str());
}

#[tokio::test]
async fn e47_without_a_token_is_401() {
    let body = json!({ "resourceType": "case", "resourceId": unknown_id() });
    let answer = anonymous().post("/api/locks", &body).await;
    answer.assert_problem(401, "/problems/unauthenticated");
}

#[tokio::test]
async fn e48_a_free_resource_is_204_without_a_body() {
    let desk = Desk::new().await;
    assert!(desk.look(&desk.holder).await.assert_status(204).body.is_empty());
}

#[tokio::test]
async fn e48_the_holder_sees_their_own_lock() {
    let (desk, lock) = Desk::locked().await;
    let seen = desk.look(&desk.holder).await.assert_status(200).json();
    assert_eq!(seen, lock);
}

#[tokio::test]
async fn e48_others_see_who_holds_it_but_not_its_id() {
    let (desk, lock) = Desk::locked().await;
    let seen = desk.look(&desk.other).await.assert_status(200).json();
    assert_eq!(keys(&seen), KEYS);
    assert_eq!((seen["id"].as_str(), &seen["lockToken"]), (Some(NIL), &Value::Null));
    assert_eq!(seen["lockedByName"], lock["lockedByName"]);
    assert_eq!(seen["expiresAt"], lock["expiresAt"]);
}

#[tokio::test]
async fn e48_both_spellings_are_read_and_camel_case_wins() {
    let (desk, lock) = Desk::locked().await;
    let (held, free) = (&desk.resource, unknown_id());
    for query in [
        format!("resource_type=case&resource_id={held}"),
        format!("resourceType=case&resource_id={held}"),
        format!("resourceId={held}&resource_id={free}&resourceType=case"),
    ] {
        let answer = desk.holder.http.get(&format!("/api/locks?{query}")).await;
        assert_eq!(answer.assert_status(200).json()["id"], lock["id"], "{query}");
    }
}

#[tokio::test]
async fn e48_missing_or_unreadable_parameters_are_400() {
    let desk = Desk::new().await;
    let id = &desk.resource;
    for query in [
        String::new(),
        "resourceType=case".to_owned(),
        format!("resourceId={id}"),
        format!("resourceType=template&resourceId={id}"),
        "resourceType=case&resourceId=x".to_owned(),
        format!("resourceType=None&resourceId={id}"),
    ] {
        let answer = desk.holder.http.get(&format!("/api/locks?{query}")).await;
        answer.assert_problem(400, "/problems/invalid-request");
    }
}

#[tokio::test]
async fn e48_without_a_token_is_401() {
    let query = format!("resourceType=case&resourceId={}", unknown_id());
    let answer = anonymous().get(&format!("/api/locks?{query}")).await;
    answer.assert_problem(401, "/problems/unauthenticated");
}

#[tokio::test]
async fn e49_a_heartbeat_is_200_without_a_body_and_extends_the_lease() {
    let (desk, lock) = Desk::locked().await;
    assert!(heartbeat(&desk.holder.http, &lock).await.assert_status(200).body.is_empty());
    let renewed = desk.look(&desk.holder).await.assert_status(200).json();
    assert!(time(&renewed, "expiresAt") > time(&lock, "expiresAt"), "{renewed}");
    assert_eq!((&renewed["id"], &renewed["lockedAt"]), (&lock["id"], &lock["lockedAt"]));
}

#[tokio::test]
async fn e49_a_heartbeat_for_someone_elses_lock_is_404_and_changes_nothing() {
    let (desk, lock) = Desk::locked().await;
    let answer = heartbeat(&desk.other.http, &lock).await;
    answer.assert_problem(404, "/problems/not-found");
    let seen = desk.look(&desk.holder).await.json();
    assert_eq!(seen["expiresAt"], lock["expiresAt"]);
}

#[tokio::test]
async fn e49_a_heartbeat_after_the_release_is_404() {
    let (desk, lock) = Desk::locked().await;
    desk.holder.http.delete(&path(&lock)).await.assert_status(200);
    let answer = heartbeat(&desk.holder.http, &lock).await;
    answer.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn e49_what_is_no_lock_is_404() {
    let desk = Desk::new().await;
    for id in [unknown_id(), NIL.to_owned(), "laas".to_owned()] {
        let address = format!("/api/locks/{id}/heartbeat");
        let answer = desk.holder.http.put(&address, &json!({})).await;
        answer.assert_problem(404, "/problems/not-found");
    }
}

#[tokio::test]
async fn e49_without_a_token_is_401() {
    let (_, lock) = Desk::locked().await;
    let answer = heartbeat(&anonymous(), &lock).await;
    answer.assert_problem(401, "/problems/unauthenticated");
}

#[tokio::test]
async fn e50_the_holder_releases_with_200_and_no_body() {
    let (desk, lock) = Desk::locked().await;
    assert!(desk.holder.http.delete(&path(&lock)).await.assert_status(200).body.is_empty());
    desk.look(&desk.other).await.assert_status(204);
}

#[tokio::test]
async fn e50_releasing_what_is_gone_is_200_too() {
    let (desk, lock) = Desk::locked().await;
    for _again in 0..3 {
        desk.holder.http.delete(&path(&lock)).await.assert_status(200);
    }
    desk.holder.http.delete(&format!("/api/locks/{}", unknown_id())).await.assert_status(200);
}

#[tokio::test]
async fn e50_someone_elses_lock_is_403_and_stays() {
    let (desk, lock) = Desk::locked().await;
    let answer = desk.other.http.delete(&path(&lock)).await;
    answer.assert_problem(403, "/problems/forbidden");
    desk.look(&desk.other).await.assert_status(200);
}

#[tokio::test]
async fn e50_what_is_no_lock_id_is_404() {
    let desk = Desk::new().await;
    let answer = desk.holder.http.delete("/api/locks/laas").await;
    answer.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn e50_the_next_one_gets_the_lock_at_once() {
    let (desk, lock) = Desk::locked().await;
    desk.holder.http.delete(&path(&lock)).await.assert_status(200);
    let next = desk.other.lock(&desk.resource).await.assert_status(200).json();
    assert_ne!(next["id"], lock["id"]);
    let tokens = (next["lockToken"].as_i64(), lock["lockToken"].as_i64());
    assert!(tokens.0 > tokens.1, "{tokens:?}");
}

#[tokio::test]
async fn e51_a_closing_page_releases_without_a_token() {
    for (query, body) in [
        ("?_method=DELETE", r#"{"_method":"DELETE"}"#),
        ("?_method=DELETE", ""),
        ("", r#"{"_method":"DELETE"}"#),
        ("?_method=delete", "{}"),
    ] {
        let (desk, lock) = Desk::locked().await;
        let answer = beacon(&format!("{}{query}", path(&lock)), body).await;
        assert!(answer.assert_status(204).body.is_empty(), "{query} {body}");
        desk.look(&desk.other).await.assert_status(204);
    }
}

#[tokio::test]
async fn e51_a_beacon_of_any_media_type_counts() {
    let (desk, lock) = Desk::locked().await;
    let http = anonymous();
    let request = http.request(Method::POST, &path(&lock));
    let request = request.header("content-type", "text/plain;charset=UTF-8");
    http.send(request.body(r#"{"_method":"DELETE"}"#)).await.assert_status(204);
    desk.look(&desk.other).await.assert_status(204);
}

#[tokio::test]
async fn e51_without_the_method_nothing_is_released() {
    let (desk, lock) = Desk::locked().await;
    for (query, body) in
        [("", "{}"), ("", ""), ("?_method=PUT", "{}"), ("", r#"{"_method":"PATCH"}"#)]
    {
        let answer = beacon(&format!("{}{query}", path(&lock)), body).await;
        answer.assert_problem(400, "/problems/invalid-request");
    }
    desk.look(&desk.other).await.assert_status(200);
}

#[tokio::test]
async fn e51_a_second_beacon_is_204_too() {
    let (_, lock) = Desk::locked().await;
    for _duplicate in 0..2 {
        let address = format!("{}?_method=DELETE", path(&lock));
        beacon(&address, r#"{"_method":"DELETE"}"#).await.assert_status(204);
    }
}

#[tokio::test]
async fn e51_an_unknown_id_is_204_so_that_nobody_can_guess() {
    for id in [unknown_id(), NIL.to_owned(), "laas".to_owned()] {
        beacon(&format!("/api/locks/{id}?_method=DELETE"), "{}").await.assert_status(204);
    }
}

#[tokio::test]
async fn e51_a_late_beacon_does_not_release_a_later_lock() {
    let (desk, lock) = Desk::locked().await;
    let address = format!("{}?_method=DELETE", path(&lock));
    beacon(&address, "{}").await.assert_status(204);
    let later = desk.holder.lock(&desk.resource).await.assert_status(200).json();
    assert_ne!(later["id"], lock["id"]);
    beacon(&address, "{}").await.assert_status(204);
    let seen = desk.look(&desk.holder).await.assert_status(200).json();
    assert_eq!(seen["id"], later["id"]);
}

#[tokio::test]
async fn d12_the_nil_id_of_a_refusal_releases_nothing() {
    let (desk, _) = Desk::locked().await;
    let refusal = desk.other.lock(&desk.resource).await.assert_status(409).json();
    beacon(&format!("{}?_method=DELETE", path(&refusal)), "{}").await.assert_status(204);
    desk.look(&desk.other).await.assert_status(200);
}

#[tokio::test]
async fn the_doubled_prefix_reaches_locks_as_well() {
    let (desk, lock) = Desk::locked().await;
    let query = format!("resourceType=case&resourceId={}", desk.resource);
    let answer = desk.holder.http.get(&format!("/api/api/locks?{query}")).await;
    assert_eq!(answer.assert_status(200).json()["id"], lock["id"]);
}
