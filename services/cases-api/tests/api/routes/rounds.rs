//! E05 and E06.

use edge::problem::ProblemType;
use serde_json::json;
use test_support::Actor;
use uuid::Uuid;

use crate::app::{TestApp, assert_problem};

#[actix_rt::test]
async fn rounds_are_listed_newest_year_first_then_by_name() {
    let app = TestApp::spawn().await;
    for name in ["MARS", "AUG", "RNB"] {
        app.seed.round(name).insert().await;
    }
    let later = "UPDATE budget_rounds SET year = 2030 WHERE name = 'RNB'";
    app.seed.client().execute(later, &[]).await.unwrap();
    let fin = app.by(&Actor::fin()).await;
    let rounds = fin.get("/api/budget-rounds").await.assert_status(200).json();
    let names: Vec<_> = rounds.as_array().unwrap().iter().map(|round| &round["name"]).collect();
    assert_eq!(names, ["RNB", "AUG", "MARS"]);
}

#[actix_rt::test]
async fn a_round_has_every_documented_key_and_counts_cases_of_all_departments() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    for department in ["KLD", "KD"] {
        app.seed.case(&round, &Actor::fag(department)).insert().await;
    }
    let fag = app.by(&Actor::fag("KLD")).await;
    let path = format!("/api/budget-rounds/{}", round.id);
    let shown = fag.get(&path).await.assert_status(200).json();
    assert_eq!(
        shown,
        json!({
            "id": round.id, "name": "AUG2027", "type": "august", "year": 2027, "status": "open",
            "deadline": null, "closedAt": null, "caseCount": 2,
        })
    );
    let listed = fag.get("/api/budget-rounds").await.assert_status(200).json();
    assert_eq!(listed, json!([shown]));
}

#[actix_rt::test]
async fn times_are_utc_with_a_z() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("MARS2026").insert().await;
    let close = "UPDATE budget_rounds SET status = 'closed',
                 closed_at = '2026-03-15 13:00:00+01', deadline = '2026-03-01 23:59:59+00'";
    app.seed.client().execute(close, &[]).await.unwrap();
    let admin = app.by(&Actor::admin()).await;
    let shown = admin.get(&format!("/api/budget-rounds/{}", round.id)).await.json();
    assert_eq!(shown["closedAt"], "2026-03-15T12:00:00Z");
    assert_eq!(shown["deadline"], "2026-03-01T23:59:59Z");
}

#[actix_rt::test]
async fn i8_an_unknown_round_and_an_id_that_is_none_are_not_found() {
    let app = TestApp::spawn().await;
    let fag = app.by(&Actor::fag("KLD")).await;
    for id in [Uuid::new_v4().to_string(), "...".to_owned(), "%00".to_owned(), "%ff".to_owned()] {
        let answer = fag.get(&format!("/api/budget-rounds/{id}")).await;
        assert_problem(&answer, ProblemType::NOT_FOUND);
    }
}

#[actix_rt::test]
async fn an_id_is_read_in_any_letter_case() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let fag = app.by(&Actor::fag("KLD")).await;
    let upper = round.id.to_string().to_uppercase();
    let shown = fag.get(&format!("/api/budget-rounds/{upper}")).await.assert_status(200).json();
    assert_eq!(shown["id"], round.id.to_string());
}
