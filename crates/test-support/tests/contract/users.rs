//! The list of users (contract 3: E03).

use std::collections::HashSet;

use serde_json::Value;
use test_support::portal::{User, anonymous};

use crate::shape::{assert_id, assert_problem, fin, items, keys, texts};

async fn users() -> Value {
    let caller = User::fag("kd").await;
    caller.http.get("/api/auth/users").await.assert_status(200).json()
}

#[tokio::test]
async fn d25_the_list_of_users_needs_a_token() {
    assert_problem(&anonymous().get("/api/auth/users").await, 401, "unauthenticated");
}

#[tokio::test]
async fn e03_every_user_has_every_key() {
    for user in items(&users().await) {
        assert_eq!(keys(user).len(), 12, "{user}");
        assert_id(&user["id"]);
        assert!(
            user["assignedDepartments"].is_null()
                || !items(&user["assignedDepartments"]).is_empty()
        );
    }
}

#[tokio::test]
async fn e03_users_of_all_departments_are_listed_and_each_once() {
    let users = users().await;
    let codes: HashSet<_> = texts(&users, "departmentCode").into_iter().collect();
    assert_eq!(codes.len(), 17, "{codes:?}");
    let ids: HashSet<_> = texts(&users, "id").into_iter().collect();
    assert_eq!(ids.len(), items(&users).len());
}

#[tokio::test]
async fn d32_the_demo_has_both_sets_of_users() {
    let users = users().await;
    let emails: HashSet<_> = texts(&users, "email").into_iter().collect();
    for email in ["fag.kld@test.no", "admin@test.no", "budsjett1@kld.dep.no", "admin@fin.dep.no"] {
        assert!(emails.contains(email), "{email}");
    }
    assert!(emails.len() >= 145, "{}", emails.len());
}

#[tokio::test]
async fn e03_the_handler_picker_finds_fin_by_role() {
    let users = users().await;
    let is_fin = |user: &&Value| user["role"].as_str().is_some_and(|role| role.ends_with("_fin"));
    let fin: Vec<_> = items(&users).iter().filter(is_fin).collect();
    assert!(fin.len() >= 30, "{}", fin.len());
    assert!(fin.iter().all(|user| user["departmentCode"] == "FIN"));
}

#[tokio::test]
async fn e03_every_role_sees_the_same_list() {
    let other = fin().await.http.get("/api/auth/users").await.assert_status(200).json();
    assert_eq!(other, users().await);
}

#[tokio::test]
async fn e03_nothing_secret_is_listed() {
    let caller = User::fag("kd").await;
    let text = caller.http.get("/api/auth/users").await.assert_status(200).text();
    for word in ["password", "argon2", "entra"] {
        assert!(!text.to_lowercase().contains(word), "{word}");
    }
}
