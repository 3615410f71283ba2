//! E23 to E27.

use domain::role::Role;
use domain::status::Status;
use domain::visibility::{CaseFacts, can_edit_content, can_open};
use edge::problem::ProblemType;
use serde_json::{Value, json};
use test_support::{Actor, Answer, Http, SeededCase};
use uuid::Uuid;

use crate::app::{TestApp, assert_problem};
use crate::stored::{assert_versions_without_gaps, stored};

/// A document with one section of one paragraph for each field.
fn document(sections: &[(&str, &str)]) -> Value {
    let section = |(key, text): &(&str, &str)| {
        json!({
            "type": "caseSection", "attrs": { "fieldKey": key }, "content": [
                { "type": "sectionTitle", "content": [{ "type": "text", "text": key }] },
                { "type": "sectionContent", "content": [{
                    "type": "paragraph", "content": [{ "type": "text", "text": text }],
                }] },
            ],
        })
    };
    json!({
        "type": "caseDocument",
        "content": sections.iter().map(section).collect::<Vec<_>>(),
    })
}

/// The body of a document save.
fn as_body(document: &Value) -> Value {
    json!({ "contentJson": document.to_string() })
}

async fn save_content(caller: &Http, case: &SeededCase, body: &Value) -> Answer {
    caller.post(&format!("/api/cases/{}/content", case.id), body).await
}

async fn save_document(caller: &Http, case: &SeededCase, body: &Value) -> Answer {
    caller.put(&format!("/api/cases/{}/document", case.id), body).await
}

#[actix_rt::test]
async fn a_content_save_keeps_what_it_does_not_mention_and_clears_what_is_null() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).versions(2).insert().await;
    let fag = app.by(&owner).await;
    let body = json!({ "justification": "Fordi", "amount": "14000", "chapter": null, "x": 1 });
    let saved = save_content(&fag, &case, &body).await.assert_status(200).json();
    assert_eq!(saved["version"], 3);
    assert_eq!(saved["proposalText"], "Forslag, versjon 2");
    assert_eq!(saved["justification"], "Fordi");
    assert_eq!(saved["amount"], 14000);
    assert_eq!(saved["chapter"], "700");
    assert_eq!(saved["status"], "draft");
    assert_eq!(saved["createdByName"], owner.identity.name);
    assert!(saved["contentJson"].is_null());

    let body = json!({ "proposalText": null, "caseName": " Nytt navn ", "post": "", "amount": 0 });
    let saved = save_content(&fag, &case, &body).await.assert_status(200).json();
    assert!(saved["proposalText"].is_null());
    assert_eq!(saved["justification"], "Fordi");
    let page = fag.get(&format!("/api/cases/{}", case.id)).await.json();
    assert_eq!(page["currentContent"], saved, "the answer is what a reader gets");
    for shown in [&page, &saved] {
        assert_eq!(shown["version"], 4);
        assert_eq!(shown["caseName"], "Nytt navn");
        assert!(shown["post"].is_null(), "an empty item removes it");
        assert_eq!(shown["amount"], 0);
    }
    assert_eq!(page["updatedAt"], saved["createdAt"]);
    let now = stored(&app, &case).await;
    assert_eq!(assert_versions_without_gaps(&now), 4);
    assert_eq!(now["events"][2]["event_type"], "updated");
    assert_eq!(now["events"][2]["event_data"], json!({ "version": 4 }));
}

#[actix_rt::test]
async fn put_and_post_of_content_are_one_save() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    let fag = app.by(&owner).await;
    let path = format!("/api/cases/{}/content", case.id);
    let body = json!({ "proposalText": "Ny tekst", "expectedVersion": 1 });
    let saved = fag.put(&path, &body).await.assert_status(200).json();
    assert_eq!(saved["version"], 2);
    assert_problem(&fag.put(&path, &body).await, ProblemType::VERSION_CONFLICT);
    assert_problem(&fag.post(&path, &body).await, ProblemType::VERSION_CONFLICT);
}

#[actix_rt::test]
async fn i1_a_conflict_names_both_versions_and_who_saved_and_leaves_no_trace() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let (owner, colleague) = (Actor::fag("KLD"), Actor::fag_lead("KLD"));
    let case = app.seed.case(&round, &owner).insert().await;
    let first = as_body(&document(&[("proposalText", "Først")]));
    let saved = save_document(&app.by(&colleague).await, &case, &first).await;
    let saved = saved.assert_status(200).json();
    let before = stored(&app, &case).await;

    let fag = app.by(&owner).await;
    let mut late = as_body(&document(&[("proposalText", "For sent")]));
    for stale in [1, 3, 0, -1] {
        late["expectedVersion"] = json!(stale);
        let problem =
            assert_problem(&save_document(&fag, &case, &late).await, ProblemType::VERSION_CONFLICT);
        assert_eq!(problem["currentVersion"], 2);
        assert_eq!(problem["yourVersion"], stale);
        assert_eq!(problem["savedByName"], colleague.identity.name);
        assert_eq!(problem["savedAt"], saved["createdAt"]);
    }
    assert_eq!(stored(&app, &case).await, before);
}

#[actix_rt::test]
async fn a_document_save_extracts_texts_and_carries_missing_sections_forward() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).status(Status::ReturnertTilFag).fin_text("FINs ord");
    let case = case.insert().await;
    let fag = app.by(&owner).await;
    let mut body = as_body(&document(&[("justification", "Fordi")]));
    body["caseName"] = json!("Nytt navn");
    body["trackChangesActive"] = json!(true);
    let saved = save_document(&fag, &case, &body).await.assert_status(200).json();
    assert_eq!(saved["justification"], "Fordi");
    assert_eq!(saved["proposalText"], "Forslag, versjon 1");
    assert_eq!(saved["caseName"], "Nytt navn");
    assert_eq!(saved["trackChangesActive"], true);
    assert!(saved["finAssessment"].is_null());
    assert!(!saved.to_string().contains("FINs ord"), "{saved}");
    assert!(saved["contentJson"].as_str().unwrap().contains("Forslag, versjon 1"));

    // What the ministry could not see is still there, in both forms.
    let now = stored(&app, &case).await;
    let newest = &now["contents"][1];
    assert_eq!(newest["fin_assessment"], "FINs ord");
    assert!(newest["content_json"].to_string().contains("FINs ord"));
    assert_eq!(now["events"][1]["event_type"], "document_saved");

    // What the ministry sends in its place is ignored.
    let forged = as_body(&document(&[("finAssessment", "Forfalsket")]));
    save_document(&fag, &case, &forged).await.assert_status(200);
    let forged = json!({ "finVerbal": "Forfalsket", "finRConclusion": null });
    save_content(&fag, &case, &forged).await.assert_status(200);
    let now = stored(&app, &case).await;
    assert_eq!(now["contents"][3]["fin_assessment"], "FINs ord");
    assert_eq!(now["contents"][3]["fin_verbal"], "FINs ord");
    assert_eq!(now["contents"][3]["fin_r_conclusion"], "FINs ord");
    assert!(!now.to_string().contains("Forfalsket"));
}

#[actix_rt::test]
async fn a_content_save_rewrites_the_document_that_stands_beside_it() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let (owner, fin) = (Actor::fag("KLD"), Actor::fin());
    let case = app.seed.case(&round, &owner).status(Status::UnderVurderingFin).insert().await;
    let caller = app.by(&fin).await;
    let mut body = as_body(&document(&[("proposalText", "Forslag"), ("finAssessment", "Før")]));
    body["trackChangesActive"] = json!(true);
    save_document(&caller, &case, &body).await.assert_status(200);
    let body = json!({ "finAmount": 9000, "finAssessment": "Etter", "finVerbal": "Ja" });
    let saved = save_content(&caller, &case, &body).await.assert_status(200).json();
    assert_eq!(saved["finAmount"], 9000);
    assert_eq!(saved["finAssessment"], "Etter");
    assert_eq!(saved["proposalText"], "Forslag");
    assert_eq!(saved["trackChangesActive"], true, "not the texts' to change");
    let document = saved["contentJson"].as_str().unwrap();
    assert!(document.contains("Etter") && document.contains("Ja") && !document.contains("Før"));
}

#[actix_rt::test]
async fn a_ministry_does_not_set_the_recommendation_or_the_decision() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).status(Status::SendtTilRegjeringen).insert().await;
    let body = json!({ "amount": 1, "finAmount": 2, "govAmount": 3 });
    let saved = save_content(&app.by(&owner).await, &case, &body).await.assert_status(200).json();
    assert_eq!((&saved["amount"], &saved["finAmount"]), (&json!(1), &json!(null)));
    let saved = save_content(&app.by(&Actor::fin()).await, &case, &body).await;
    let saved = saved.assert_status(200).json();
    assert_eq!((&saved["finAmount"], &saved["govAmount"]), (&json!(2), &json!(3)));
}

#[actix_rt::test]
async fn i6_saving_is_for_those_the_table_names_in_every_status() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let mut actors =
        Role::ALL.map(|role| Actor::new(role, if role.is_fag() { "KLD" } else { "FIN" })).to_vec();
    actors.push(Actor::fag("KD"));
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
        let mut saves = 1;
        for actor in &actors {
            let viewer = edge::actor::Actor(actor.identity.clone()).viewer();
            let may = can_open(&viewer, &facts) && can_edit_content(&viewer, &facts);
            let caller = app.by(actor).await;
            let bodies = [json!({ "comment": "x" }), as_body(&document(&[("comment", "y")]))];
            for answer in [
                save_content(&caller, &case, &bodies[0]).await,
                save_document(&caller, &case, &bodies[1]).await,
            ] {
                if may {
                    answer.assert_status(200);
                    saves += 1;
                } else {
                    assert_problem(&answer, ProblemType::FORBIDDEN);
                }
            }
        }
        assert_eq!(assert_versions_without_gaps(&stored(&app, &case).await), saves, "{status}");
    }
}

#[actix_rt::test]
async fn i1_i8_a_refused_save_says_what_is_wrong_and_leaves_no_trace() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    let before = stored(&app, &case).await;
    let fag = app.by(&owner).await;
    for (pointer, body) in [
        ("/caseName", json!({ "caseName": " " })),
        ("/caseName", json!({ "caseName": "x".repeat(501) })),
        ("/chapter", json!({ "chapter": "12345678901" })),
        ("/post", json!({ "post": "12345678901" })),
        ("/amount", json!({ "amount": 0.5 })),
        ("/finAmount", json!({ "finAmount": "1e3" })),
        ("/proposalText", json!({ "proposalText": 7 })),
        ("/comment", json!({ "comment": "a\u{0}" })),
        ("/expectedVersion", json!({ "expectedVersion": 2_147_483_648_u32 })),
        ("/expectedVersion", json!({ "expectedVersion": "1" })),
    ] {
        let problem =
            assert_problem(&save_content(&fag, &case, &body).await, ProblemType::INVALID_REQUEST);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(64), "]".repeat(64));
    for text in ["", "{", "[]", "null", r#"{"a":"\u0000"}"#, r#"{"a":"\ud800"}"#, &deep] {
        let answer = save_document(&fag, &case, &json!({ "contentJson": text })).await;
        let problem = assert_problem(&answer, ProblemType::INVALID_DOCUMENT);
        assert_eq!(problem["errors"][0]["pointer"], "/contentJson", "{text:.40}");
    }
    for body in [json!({}), json!({ "contentJson": null }), json!({ "contentJson": {} })] {
        assert_problem(&save_document(&fag, &case, &body).await, ProblemType::INVALID_REQUEST);
    }
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    let answer = save_document(&fag, &case, &json!({ "contentJson": large })).await;
    assert_problem(&answer, ProblemType::TOO_LARGE);
    assert_eq!(stored(&app, &case).await, before);
}

#[actix_rt::test]
async fn a_document_at_the_limits_and_one_without_sections_are_saved() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    let fag = app.by(&owner).await;
    let bare = json!({ "type": "doc", "content": [{ "type": "paragraph" }] });
    let saved = save_document(&fag, &case, &as_body(&bare)).await.assert_status(200).json();
    assert_eq!(saved["proposalText"], "Forslag, versjon 1");
    let text = "Blåbærsyltetøy \"og\" rømme. ".repeat(60_000);
    let large = document(&[("proposalText", text.trim_end())]).to_string();
    assert!(large.len() < 2 * 1024 * 1024 && large.len() > 1_700_000, "{}", large.len());
    let answer = save_document(&fag, &case, &json!({ "contentJson": large })).await;
    let saved = answer.assert_status(200).json();
    assert_eq!(saved["proposalText"], text.trim_end());
}

#[actix_rt::test]
async fn versions_are_listed_newest_first_without_documents_and_read_with_them() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).versions(3);
    let case = case.document(json!({ "type": "caseDocument", "content": [] })).insert().await;
    let fag = app.by(&owner).await;
    let path = format!("/api/cases/{}/content", case.id);
    let listed = fag.get(&path).await.assert_status(200).json();
    let versions: Vec<_> =
        listed.as_array().unwrap().iter().map(|content| content["version"].as_i64()).collect();
    assert_eq!(versions, [Some(3), Some(2), Some(1)]);
    assert_eq!(listed[2]["proposalText"], "Forslag, versjon 1");
    assert_eq!(listed[2]["createdByName"], owner.identity.name);
    assert!(listed.as_array().unwrap().iter().all(|content| content["contentJson"].is_null()));
    let one = fag.get(&format!("{path}/2")).await.assert_status(200).json();
    assert_eq!(one["version"], 2);
    let document: Value = serde_json::from_str(one["contentJson"].as_str().unwrap()).unwrap();
    assert_eq!(document["type"], "caseDocument");
    for version in ["4", "0", "-1", "abc", "99999999999", "%00"] {
        let answer = fag.get(&format!("{path}/{version}")).await;
        assert_problem(&answer, ProblemType::NOT_FOUND);
    }
}

#[actix_rt::test]
async fn a_save_of_an_unknown_case_is_not_found() {
    let app = TestApp::spawn().await;
    let admin = app.by(&Actor::admin()).await;
    for id in [Uuid::new_v4().to_string(), "...".into()] {
        let path = format!("/api/cases/{id}");
        let content = admin.post(&format!("{path}/content"), &json!({})).await;
        assert_problem(&content, ProblemType::NOT_FOUND);
        let body = as_body(&document(&[]));
        let document = admin.put(&format!("{path}/document"), &body).await;
        assert_problem(&document, ProblemType::NOT_FOUND);
        let status = admin.patch(&format!("{path}/status"), &json!({ "status": "draft" })).await;
        assert_problem(&status, ProblemType::NOT_FOUND);
    }
}
