//! E09 and E10.

use edge::problem::ProblemType;
use serde_json::{Value, json};
use test_support::Actor;
use uuid::Uuid;

use crate::app::{TestApp, assert_problem};

/// The four standard types, the last of them inactive.
async fn app_with_case_types() -> TestApp {
    let app = TestApp::spawn().await;
    app.seed.case_types().await;
    let change =
        "UPDATE case_type_definitions SET is_active = (code <> 'andre_saker'), description = 'Om',
                  fields = '[{\"key\":\"comment\",\"label\":\"Kommentar\",\"required\":false}]'";
    app.seed.client().execute(change, &[]).await.unwrap();
    app
}

fn codes(case_types: &Value) -> Vec<&str> {
    case_types.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect()
}

#[actix_rt::test]
async fn anybody_may_list_the_active_case_types_in_their_order() {
    let app = app_with_case_types().await;
    let listed = app.http.get("/api/case-types").await.assert_status(200).json();
    assert_eq!(codes(&listed), ["satsingsforslag", "budsjettiltak", "teknisk_justering"]);
    assert_eq!(
        listed[1],
        json!({
            "id": listed[1]["id"], "code": "budsjettiltak", "name": "Budsjettiltak",
            "description": "Om", "isActive": true, "sortOrder": 2,
            "fields": [{ "key": "comment", "label": "Kommentar", "required": false }],
        })
    );
}

#[actix_rt::test]
async fn inactive_ones_are_listed_on_request_in_both_spellings() {
    let app = app_with_case_types().await;
    for (query, count) in [
        ("includeInactive=true", 4),
        ("include_inactive=True", 4),
        ("includeInactive=false&include_inactive=true", 3),
        ("includeInactive=", 3),
        ("includeInactive=None", 3),
        ("", 3),
    ] {
        let answer = app.http.get(&format!("/api/case-types?{query}")).await;
        assert_eq!(codes(&answer.assert_status(200).json()).len(), count, "{query}");
    }
}

#[actix_rt::test]
async fn i8_a_flag_that_is_none_is_an_ordinary_problem() {
    let app = TestApp::spawn().await;
    let answer = app.http.get("/api/case-types?includeInactive=kanskje").await;
    let problem = assert_problem(&answer, ProblemType::INVALID_REQUEST);
    assert_eq!(problem["errors"][0]["pointer"], "includeInactive");
}

#[actix_rt::test]
async fn one_case_type_is_shown_to_users_also_when_it_is_inactive() {
    let app = app_with_case_types().await;
    let fag = app.by(&Actor::fag("KLD")).await;
    let all = fag.get("/api/case-types?includeInactive=true").await.json();
    let path = format!("/api/case-types/{}", all[3]["id"].as_str().unwrap());
    let shown = fag.get(&path).await.assert_status(200).json();
    assert_eq!(shown, all[3]);
    assert_eq!(shown["isActive"], false);
    assert_problem(&app.http.get(&path).await, ProblemType::UNAUTHENTICATED);
    let unknown = fag.get(&format!("/api/case-types/{}", Uuid::new_v4())).await;
    assert_problem(&unknown, ProblemType::NOT_FOUND);
}
