//! E90, on databases of the tests' own.

use std::time::Duration;

use edge::problem::ProblemType;
use reqwest::Method;
use serde_json::Value;
use test_support::{Actor, Answer, Http, TestDatabase};

use crate::app::{TestApp, assert_problem};

const RESET: &str = "/api/admin/reset-database";
/// Departments of the demo.
const DEPARTMENTS: usize = 17;

/// An application that may be reset, with a round of its own in it.
async fn app_with_reset() -> TestApp {
    let database = TestDatabase::create().await;
    let url = database.pooled_owner_url();
    let app = TestApp::builder()
        .with_database(database)
        .var("RESET_DATABASE_URL", &url)
        .var("DEMO_LOGIN", "true")
        .spawn()
        .await;
    app.seed.round("FØR").insert().await;
    app
}

async fn reset(caller: &Http) -> Answer {
    caller.send(caller.request(Method::POST, RESET)).await
}

async fn rounds(caller: &Http) -> Vec<String> {
    let rounds: Vec<Value> = caller.get("/api/budget-rounds").await.assert_status(200).parse();
    rounds.iter().filter_map(|round| round["name"].as_str().map(str::to_owned)).collect()
}

/// Every id and text of the demo that a client could have kept.
async fn fingerprint(app: &TestApp) -> Vec<(String, String)> {
    let rows = "SELECT 'case', md5(string_agg(c::text, '|' ORDER BY id)) FROM cases c
                UNION ALL SELECT 'content', md5(string_agg(c::text, '|' ORDER BY id)) FROM case_contents c
                UNION ALL SELECT 'event', md5(string_agg(id::text, '|' ORDER BY id)) FROM case_events
                UNION ALL SELECT 'user', md5(string_agg(id::text || email, '|' ORDER BY id)) FROM users";
    let rows = app.seed.client().query(rows, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[actix_rt::test]
async fn e90_everything_is_wiped_and_the_demo_is_there() {
    let app = app_with_reset().await;
    let admin = app.by(&Actor::admin()).await;
    assert_eq!(rounds(&admin).await, ["FØR"]);
    let answer = reset(&admin).await.assert_status(200).json();
    let keys: Vec<_> = answer.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["message", "timestamp"]);
    assert!(answer["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{answer}");

    let names = rounds(&admin).await;
    assert!(names.contains(&"AUG2026".to_owned()) && !names.contains(&"FØR".to_owned()));
    let body = serde_json::json!({ "email": "fag.kld@test.no", "password": "Test1234!" });
    app.http.post("/api/auth/login", &body).await.assert_status(200);
    let departments: Vec<Value> = admin.get("/api/departments").await.assert_status(200).parse();
    assert_eq!(departments.len(), DEPARTMENTS);
}

#[actix_rt::test]
async fn e90_a_second_reset_brings_back_the_same_ids_and_texts() {
    let app = app_with_reset().await;
    let admin = app.by(&Actor::admin()).await;
    reset(&admin).await.assert_status(200);
    let first = fingerprint(&app).await;
    let round = "DELETE FROM questions";
    app.seed.client().execute(round, &[]).await.unwrap();
    reset(&admin).await.assert_status(200);
    assert_eq!(fingerprint(&app).await, first);
    let questions = "SELECT count(*) FROM questions";
    let questions: i64 = app.seed.client().query_one(questions, &[]).await.unwrap().get(0);
    assert!(questions > 0);
}

#[actix_rt::test]
async fn i4_a_list_after_a_reset_shows_the_demo_again() {
    let app = app_with_reset().await;
    let admin = app.by(&Actor::admin()).await;
    reset(&admin).await.assert_status(200);
    // Who is no demo user has been wiped like everything else.
    let login = serde_json::json!({ "email": "admin@test.no", "password": "Test1234!" });
    let session = app.http.post("/api/auth/login", &login).await.assert_status(200).json();
    let admin = app.http.with_token(session["token"].as_str().unwrap());
    let round = "SELECT id::text FROM budget_rounds WHERE name = 'AUG2026'";
    let round: String = app.seed.client().query_one(round, &[]).await.unwrap().get(0);
    let path = format!("/api/cases?budgetRoundId={round}");
    let before = admin.get(&path).await.assert_status(200).json();
    let id = before[0]["id"].as_str().unwrap().to_owned();
    let body = serde_json::json!({ "caseName": "Et navn som ikke blir værende" });
    admin.put(&format!("/api/cases/{id}"), &body).await.assert_status(200);
    assert_ne!(admin.get(&path).await.json(), before);
    reset(&admin).await.assert_status(200);
    let after = admin.get(&path).await.json();
    let names = |list: &Value| -> Vec<Value> {
        list.as_array().unwrap().iter().map(|case| case["caseName"].clone()).collect()
    };
    assert_eq!(names(&after), names(&before));
}

#[actix_rt::test]
async fn i3_fencing_tokens_keep_growing_across_a_reset() {
    let app = app_with_reset().await;
    let admin = app.by(&Actor::admin()).await;
    let next = "SELECT nextval('resource_lock_fencing_token')";
    let before: i64 = app.seed.client().query_one(next, &[]).await.unwrap().get(0);
    reset(&admin).await.assert_status(200);
    let after: i64 = app.seed.client().query_one(next, &[]).await.unwrap().get(0);
    assert!(after > before, "{after} after {before}");
}

#[actix_rt::test]
async fn e90_one_reset_at_a_time() {
    let app = app_with_reset().await;
    let admin = app.by(&Actor::admin()).await;
    // What a running reset holds; the session keeps it until it is told otherwise.
    let lock = i64::from(u32::from_be_bytes(*b"SEED"));
    app.seed.client().execute("SELECT pg_advisory_lock($1)", &[&lock]).await.unwrap();
    assert_problem(&reset(&admin).await, ProblemType::CONFLICT);
    assert_eq!(rounds(&admin).await, ["FØR"], "nothing has happened");
    app.seed.client().execute("SELECT pg_advisory_unlock($1)", &[&lock]).await.unwrap();
    reset(&admin).await.assert_status(200);
}

#[actix_rt::test]
async fn e90_readers_see_the_old_data_or_the_new_and_nothing_between() {
    let app = app_with_reset().await;
    let admin = app.by(&Actor::admin()).await;
    let reader = app.by(&Actor::fag("KLD")).await;
    let resetting = actix_rt::spawn(async move { reset(&admin).await });
    let mut seen = Vec::new();
    while !resetting.is_finished() {
        let answer = reader.get("/api/budget-rounds").await;
        // A reader may wait for the reset longer than it is ready to.
        if answer.status != 503 {
            let found: Vec<Value> = answer.assert_status(200).parse();
            seen.push(found.len());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    resetting.await.unwrap().assert_status(200);
    let new = rounds(&reader).await.len();
    assert!(seen.iter().all(|count| *count == 1 || *count == new), "{seen:?}");
    assert!(new > 1);
}

#[actix_rt::test]
async fn e90_a_reset_that_cannot_reach_the_database_changes_nothing() {
    let database = TestDatabase::create().await;
    let url = database.pooled_owner_url().replace("portal_owner:", "portal_owner:feil");
    let app =
        TestApp::builder().with_database(database).var("RESET_DATABASE_URL", &url).spawn().await;
    app.seed.round("FØR").insert().await;
    let admin = app.by(&Actor::admin()).await;
    let answer = reset(&admin).await;
    assert_problem(&answer, ProblemType::UNAVAILABLE);
    assert!(!answer.text().contains("portal_owner"), "{}", answer.text());
    assert_eq!(rounds(&admin).await, ["FØR"]);
}

#[actix_rt::test]
async fn e90_where_no_reset_is_configured_there_is_none() {
    let app = TestApp::spawn().await;
    let admin = app.by(&Actor::admin()).await;
    assert_problem(&reset(&admin).await, ProblemType::NOT_FOUND);
}

#[actix_rt::test]
async fn e90_others_may_not_even_ask() {
    let app = app_with_reset().await;
    for actor in [Actor::fag("KLD"), Actor::budget_unit("KLD"), Actor::fin(), Actor::fin_lead()] {
        let caller = app.by(&actor).await;
        assert_problem(&reset(&caller).await, ProblemType::FORBIDDEN);
    }
    assert_problem(&reset(&app.http).await, ProblemType::UNAUTHENTICATED);
    assert_eq!(rounds(&app.by(&Actor::admin()).await).await, ["FØR"]);
}
