//! E04.

use edge::problem::ProblemType;
use test_support::Actor;

use crate::app::{TestApp, assert_problem};

#[actix_rt::test]
async fn every_department_is_listed_by_code_fin_included() {
    let app = TestApp::spawn().await;
    for code in ["UD", "FIN", "FIN-FAG", "AID"] {
        app.seed.department(code).await;
    }
    let fag = app.by(&Actor::fag("KLD")).await;
    let departments = fag.get("/api/departments").await.assert_status(200).json();
    let departments = departments.as_array().unwrap();
    let codes: Vec<_> = departments.iter().map(|department| &department["code"]).collect();
    assert_eq!(codes, ["AID", "FIN", "FIN-FAG", "KLD", "UD"]);
    let keys: Vec<_> = departments[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["code", "id", "name"]);
}

#[actix_rt::test]
async fn departments_need_a_token() {
    let app = TestApp::spawn().await;
    let answer = app.http.get("/api/departments").await;
    assert_problem(&answer, ProblemType::UNAUTHENTICATED);
}
