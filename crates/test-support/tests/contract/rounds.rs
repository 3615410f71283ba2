//! Budget rounds (contract 5: E05, E06).

use serde_json::Value;
use test_support::portal::{User, anonymous, id_of, unknown_id};

use crate::shape::{admin, assert_id, assert_problem, fin, items, keys, time};

const KEYS: [&str; 8] =
    ["caseCount", "closedAt", "deadline", "id", "name", "status", "type", "year"];

async fn rounds(user: &User) -> Value {
    user.http.get("/api/budget-rounds").await.assert_status(200).json()
}

fn named<'a>(rounds: &'a Value, name: &str) -> &'a Value {
    items(rounds).iter().find(|round| round["name"] == name).expect("a round of the demo")
}

#[tokio::test]
async fn e05_every_round_has_every_key_and_no_other() {
    for round in items(&rounds(&User::fag("kld").await).await) {
        assert_eq!(keys(round), KEYS);
        assert_id(&round["id"]);
        assert!(round["year"].is_i64() && round["caseCount"].is_u64(), "{round}");
    }
}

#[tokio::test]
async fn e05_rounds_come_newest_year_first_then_by_name() {
    let rounds = rounds(&User::fag("kld").await).await;
    let order: Vec<_> = items(&rounds)
        .iter()
        .map(|round| (-round["year"].as_i64().expect("a year"), round["name"].to_string()))
        .collect();
    assert!(order.is_sorted(), "{order:?}");
    assert!(order.len() >= 3);
}

#[tokio::test]
async fn e05_an_open_round_has_a_deadline_and_has_not_been_closed() {
    let rounds = rounds(&User::fag("kld").await).await;
    let august = named(&rounds, "AUG2026");
    assert_eq!((&august["type"], &august["status"]), (&"august".into(), &"open".into()));
    assert_eq!(august["closedAt"], Value::Null);
    time(&august["deadline"]);
}

#[tokio::test]
async fn e05_a_closed_round_says_when() {
    let rounds = rounds(&User::fag("kld").await).await;
    let mars = named(&rounds, "MARS2026");
    assert_eq!((&mars["type"], &mars["status"]), (&"mars".into(), &"closed".into()));
    assert!(time(&mars["closedAt"]) > time(&mars["deadline"]));
}

#[tokio::test]
async fn e05_the_number_of_cases_is_the_same_for_everybody() {
    // MARS2026 is closed, so no other test adds a case to it.
    let counts = [User::fag("kld").await, fin().await, admin().await];
    for user in counts {
        assert_eq!(named(&rounds(&user).await, "MARS2026")["caseCount"], 160);
    }
}

#[tokio::test]
async fn e05_rounds_need_a_token() {
    assert_problem(&anonymous().get("/api/budget-rounds").await, 401, "unauthenticated");
}

#[tokio::test]
async fn e06_one_round_is_what_the_list_says_of_it() {
    let user = User::fag("kld").await;
    let rounds = rounds(&user).await;
    let listed = named(&rounds, "MARS2026");
    let shown = user.http.get(&format!("/api/budget-rounds/{}", id_of(listed))).await;
    assert_eq!(&shown.assert_status(200).json(), listed);
}

#[tokio::test]
async fn e06_an_unknown_round_is_404() {
    let user = User::fag("kld").await;
    for id in [unknown_id(), "...".to_owned()] {
        let answer = user.http.get(&format!("/api/budget-rounds/{id}")).await;
        assert_problem(&answer, 404, "not-found");
    }
}

#[tokio::test]
async fn e06_one_round_needs_a_token() {
    let answer = anonymous().get(&format!("/api/budget-rounds/{}", unknown_id())).await;
    assert_problem(&answer, 401, "unauthenticated");
}
