//! Field overrides of a round (contract 5: E07, E08).
//!
//! Each test that writes has a case type of its own, because overrides are one for each round and
//! case type and the rounds are everybody's.

use serde_json::{Value, json};
use test_support::Answer;
use test_support::portal::{User, anonymous, id_of, unknown_id};

use crate::shape::{
    admin, assert_id, assert_invalid, assert_problem, fin_leader, items, keys, texts, time, unique,
};

/// Address of the overrides of the open August round.
async fn address(user: &User) -> String {
    format!("/api/budget-rounds/{}/field-overrides", user.august_round().await)
}

/// Code of a case type that only this test knows.
async fn own_case_type(admin: &User) -> String {
    let code = unique("ovr").replace(' ', "_");
    let body = json!({ "code": code, "name": "Overstyrt", "description": "", "sortOrder": 900, "fields": [] });
    let created = admin.http.post("/api/case-types", &body).await.assert_status(201).json();
    // Not in use, so that lists of active types stay those of the demo.
    let path = format!("/api/case-types/{}", id_of(&created));
    admin.http.delete(&path).await.assert_status(200);
    code
}

async fn set(user: &User, code: &str, keys: &Value) -> Answer {
    let body = json!({ "caseTypeCode": code, "finFieldKeys": keys });
    user.http.put(&address(user).await, &body).await
}

#[tokio::test]
async fn e08_an_override_has_every_key_and_no_other() {
    let admin = admin().await;
    let code = own_case_type(&admin).await;
    let stored = set(&admin, &code, &json!(["finAssessment", "finVerbal"])).await;
    let stored = stored.assert_status(200).json();
    assert_eq!(keys(&stored), ["budgetRoundId", "caseTypeCode", "finFieldKeys", "id", "updatedAt"]);
    assert_id(&stored["id"]);
    assert_eq!(stored["budgetRoundId"], admin.august_round().await);
    assert_eq!(stored["caseTypeCode"], code);
    assert_eq!(stored["finFieldKeys"], json!(["finAssessment", "finVerbal"]));
    time(&stored["updatedAt"]);
}

#[tokio::test]
async fn e08_a_second_one_for_the_same_case_type_takes_its_place() {
    let admin = admin().await;
    let code = own_case_type(&admin).await;
    let first = set(&admin, &code, &json!(["finVerbal"])).await.assert_status(200).json();
    let second = set(&admin, &code, &json!([])).await.assert_status(200).json();
    assert_eq!(second["id"], first["id"]);
    assert_eq!(second["finFieldKeys"], json!([]));
    assert!(time(&second["updatedAt"]) > time(&first["updatedAt"]));
}

#[tokio::test]
async fn e07_what_was_set_is_listed_for_everybody() {
    let admin = admin().await;
    let code = own_case_type(&admin).await;
    let stored = set(&admin, &code, &json!(["finVerbal"])).await.assert_status(200).json();
    let fag = User::fag("kld").await;
    let listed = fag.http.get(&address(&fag).await).await.assert_status(200).json();
    assert!(items(&listed).contains(&stored), "{listed}");
}

#[tokio::test]
async fn e07_overrides_are_listed_by_case_type() {
    let admin = admin().await;
    for _ in 0..2 {
        let code = own_case_type(&admin).await;
        set(&admin, &code, &json!([])).await.assert_status(200);
    }
    let listed = admin.http.get(&address(&admin).await).await.assert_status(200).json();
    assert!(texts(&listed, "caseTypeCode").is_sorted(), "{listed}");
}

#[tokio::test]
async fn e07_a_round_without_overrides_has_an_empty_list() {
    let user = User::fag("kld").await;
    let rounds = user.http.get("/api/budget-rounds").await.assert_status(200).json();
    let closed = items(&rounds).iter().find(|round| round["status"] == "closed").expect("one");
    let path = format!("/api/budget-rounds/{}/field-overrides", id_of(closed));
    assert_eq!(user.http.get(&path).await.assert_status(200).json(), json!([]));
}

#[tokio::test]
async fn e07_an_unknown_round_is_404() {
    let user = User::fag("kld").await;
    let path = format!("/api/budget-rounds/{}/field-overrides", unknown_id());
    assert_problem(&user.http.get(&path).await, 404, "not-found");
}

#[tokio::test]
async fn e07_the_overrides_need_a_token() {
    let path = format!("/api/budget-rounds/{}/field-overrides", unknown_id());
    assert_problem(&anonymous().get(&path).await, 401, "unauthenticated");
}

#[tokio::test]
async fn e08_only_the_administrator_sets_overrides() {
    for user in [User::fag("kld").await, fin_leader().await] {
        let answer = set(&user, "satsingsforslag", &json!([])).await;
        assert_problem(&answer, 403, "forbidden");
    }
}

#[tokio::test]
async fn e08_a_closed_round_keeps_its_overrides() {
    let admin = admin().await;
    let rounds = admin.http.get("/api/budget-rounds").await.assert_status(200).json();
    let closed = items(&rounds).iter().find(|round| round["status"] == "closed").expect("one");
    let path = format!("/api/budget-rounds/{}/field-overrides", id_of(closed));
    let body = json!({ "caseTypeCode": "satsingsforslag", "finFieldKeys": ["finVerbal"] });
    assert_problem(&admin.http.put(&path, &body).await, 400, "round-closed");
    assert_eq!(admin.http.get(&path).await.assert_status(200).json(), json!([]));
}

#[tokio::test]
async fn e08_an_unknown_round_is_404_whatever_the_body_says() {
    let admin = admin().await;
    let path = format!("/api/budget-rounds/{}/field-overrides", unknown_id());
    for code in ["satsingsforslag", "finnes_ikke"] {
        let body = json!({ "caseTypeCode": code, "finFieldKeys": [] });
        assert_problem(&admin.http.put(&path, &body).await, 404, "not-found");
    }
}

#[tokio::test]
async fn e08_an_unknown_case_type_is_400() {
    let admin = admin().await;
    assert_invalid(&set(&admin, "finnes_ikke", &json!([])).await, &["/caseTypeCode"]);
    assert_invalid(&set(&admin, " ", &json!([])).await, &["/caseTypeCode"]);
    assert_invalid(&set(&admin, &"æ".repeat(51), &json!([])).await, &["/caseTypeCode"]);
}

#[tokio::test]
async fn e08_keys_are_texts_and_each_is_named_once() {
    let admin = admin().await;
    let twice = json!(["finVerbal", "", "finVerbal"]);
    let answer = set(&admin, "satsingsforslag", &twice).await;
    assert_invalid(&answer, &["/finFieldKeys/1", "/finFieldKeys/2"]);
    for keys in [json!([1]), json!("finVerbal"), json!(null), json!([null])] {
        set(&admin, "satsingsforslag", &keys).await.assert_status(400);
    }
}
