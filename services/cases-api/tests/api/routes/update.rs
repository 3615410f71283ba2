//! E22.

use domain::role::Role;
use domain::status::Status;
use domain::visibility::{CaseFacts, can_edit_content, can_open};
use edge::problem::ProblemType;
use futures_util::future::join_all;
use serde_json::{Value, json};
use test_support::{Actor, Answer, Http, SeededCase};

use crate::app::{TestApp, assert_problem};
use crate::stored::{assert_versions_without_gaps, stored};

async fn update(caller: &Http, case: &SeededCase, body: &Value) -> Answer {
    caller.put(&format!("/api/cases/{}", case.id), body).await
}

#[actix_rt::test]
async fn every_property_of_a_version_makes_one_and_the_type_rides_along() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    let fag = app.by(&owner).await;
    let body = json!({
        "caseName": "Nytt navn", "caseType": "budsjettiltak", "chapter": "1420", "post": "21",
        "amount": "-5", "proposalText": null, "justification": "Fordi",
    });
    let page = update(&fag, &case, &body).await.assert_status(200).json();
    assert_eq!(page["caseType"], "budsjettiltak");
    for shown in [&page, &page["currentContent"]] {
        assert_eq!(shown["version"], 2);
        assert_eq!(shown["caseName"], "Nytt navn");
        assert_eq!(shown["chapter"], "1420");
        assert_eq!(shown["post"], "21");
        assert_eq!(shown["amount"], -5);
    }
    assert!(page["currentContent"]["proposalText"].is_null());
    assert_eq!(page["currentContent"]["justification"], "Fordi");
    let now = stored(&app, &case).await;
    assert_eq!(assert_versions_without_gaps(&now), 2);
    assert_eq!(now["events"][1]["event_type"], "updated");
    assert_eq!(now["events"][1]["event_data"], json!({ "version": 2 }));
}

#[actix_rt::test]
async fn a_type_alone_makes_no_version_and_nothing_at_all_makes_no_event() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).versions(2).insert().await;
    let fag = app.by(&owner).await;
    let before = stored(&app, &case).await;
    for body in [json!({}), json!({ "caseType": null, "amount": null }), json!({ "x": 1 })] {
        update(&fag, &case, &body).await.assert_status(200);
    }
    let same = json!({ "caseType": "satsingsforslag" });
    update(&fag, &case, &same).await.assert_status(200);
    assert_eq!(stored(&app, &case).await, before);

    let page = update(&fag, &case, &json!({ "caseType": "andre_saker" })).await;
    assert_eq!(page.assert_status(200).json()["caseType"], "andre_saker");
    let after = stored(&app, &case).await;
    assert_eq!(after["contents"], before["contents"]);
    assert_eq!(after["case"]["version"], 2);
    assert!(after["case"]["updated_at"].as_str() > before["case"]["updated_at"].as_str());
    assert_eq!(after["events"][1]["event_type"], "updated");
    let logged = json!({ "version": 2, "case_type": "andre_saker" });
    assert_eq!(after["events"][1]["event_data"], logged);
}

#[actix_rt::test]
async fn a_type_that_is_not_in_use_is_refused_unless_the_case_has_it() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    let retire = "UPDATE case_type_definitions SET is_active = false
                  WHERE code IN ('satsingsforslag', 'andre_saker')";
    app.seed.client().execute(retire, &[]).await.unwrap();
    let fag = app.by(&owner).await;
    let before = stored(&app, &case).await;
    let long = "x".repeat(31);
    for code in ["andre_saker", "finnes_ikke", "", &long] {
        for body in [json!({ "caseType": code }), json!({ "caseType": code, "comment": "x" })] {
            let answer = update(&fag, &case, &body).await;
            let problem = assert_problem(&answer, ProblemType::INVALID_REQUEST);
            assert_eq!(problem["errors"][0]["pointer"], "/caseType", "{problem}");
        }
    }
    assert_eq!(stored(&app, &case).await, before);
    let body = json!({ "caseType": "satsingsforslag", "comment": "Beholder typen" });
    update(&fag, &case, &body).await.assert_status(200);
}

#[actix_rt::test]
async fn i6_an_update_is_permitted_where_a_save_is() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let types = ["andre_saker", "budsjettiltak"];
    for status in Status::ALL {
        let case = app.seed.case(&round, &owner).status(status).insert().await;
        let facts = CaseFacts {
            department_id: case.department_id,
            status,
            assigned_to: Some(owner.id()),
            fin_assigned_to: None,
            is_opinion_assignee: false,
            round_closed: false,
        };
        let mut changed = 0;
        for (role, home) in [
            (Role::BudsjettenhetFag, "KLD"),
            (Role::BudsjettenhetFag, "KD"),
            (Role::UnderdirektorFin, "FIN"),
            (Role::Administrator, "FIN"),
        ] {
            let actor = Actor::new(role, home);
            let viewer = edge::actor::Actor(actor.identity.clone()).viewer();
            let caller = app.by(&actor).await;
            let may = can_open(&viewer, &facts) && can_edit_content(&viewer, &facts);
            for body in [json!({ "comment": "x" }), json!({ "caseType": types[changed % 2] })] {
                let answer = update(&caller, &case, &body).await;
                if may {
                    answer.assert_status(200);
                } else {
                    assert_problem(&answer, ProblemType::FORBIDDEN);
                }
            }
            changed += usize::from(may);
        }
        let versions = assert_versions_without_gaps(&stored(&app, &case).await);
        assert_eq!(versions, 1 + changed, "{status}");
    }
}

#[actix_rt::test]
async fn i1_i2_updates_at_the_same_time_lose_nothing() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    let fag = app.by(&owner).await;
    let fields = ["justification", "comment", "goalIndicator", "benefitPlan", "caseName"];
    let bodies = fields.map(|field| json!({ field: format!("Fra {field}") }));
    for answer in join_all(bodies.iter().map(|body| update(&fag, &case, body))).await {
        answer.assert_status(200);
    }
    let page = fag.get(&format!("/api/cases/{}", case.id)).await.json();
    assert_eq!(page["version"], 6);
    for field in fields {
        assert_eq!(page["currentContent"][field], format!("Fra {field}"));
    }
}
