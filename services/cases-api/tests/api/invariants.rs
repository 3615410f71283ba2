//! I1 and I2 under contention: many savers, one case, real transactions.

use domain::status::Status;
use edge::problem::ProblemType;
use futures_util::future::join_all;
use serde_json::{Value, json};
use test_support::{Actor, Answer, Http, SeededCase};

use crate::app::{TestApp, assert_problem};
use crate::stored::{assert_versions_without_gaps, stored};

const SAVERS: usize = 16;

/// The three saves take turns; they share one routine (D-07).
async fn save(caller: &Http, case: &SeededCase, saver: usize, expected: Option<i64>) -> Answer {
    let text = format!("Lagret av {saver}");
    let document = json!({ "type": "caseDocument", "content": [{
        "type": "caseSection", "attrs": { "fieldKey": "proposalText" }, "content": [
            { "type": "sectionContent", "content": [{
                "type": "paragraph", "content": [{ "type": "text", "text": text }],
            }] },
        ],
    }] });
    let flat = json!({ "proposalText": text, "expectedVersion": expected });
    match saver % 3 {
        0 => caller.post(&format!("/api/cases/{}/content", case.id), &flat).await,
        1 => caller.put(&format!("/api/cases/{}/content", case.id), &flat).await,
        _ => {
            let body = json!({ "contentJson": document.to_string(), "expectedVersion": expected });
            caller.put(&format!("/api/cases/{}/document", case.id), &body).await
        }
    }
}

/// Everybody saves at once; returns what was answered 200, after checking that all else was a
/// conflict that names a newer version.
async fn race(caller: &Http, case: &SeededCase, expected: Option<i64>) -> Vec<Value> {
    let saves = (0..SAVERS).map(|saver| save(caller, case, saver, expected));
    let mut won = Vec::new();
    for answer in join_all(saves).await {
        if answer.status == 200 {
            won.push(answer.json());
        } else {
            let problem = assert_problem(&answer, ProblemType::VERSION_CONFLICT);
            let newer = problem["currentVersion"].as_i64() > problem["yourVersion"].as_i64();
            assert!(newer, "{problem}");
            assert!(problem["savedByName"].is_string() && problem["savedAt"].is_string());
        }
    }
    won
}

#[actix_rt::test]
async fn i1_i2_of_savers_with_the_same_version_exactly_one_wins() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    let fag = app.by(&owner).await;
    for version in 1..=12 {
        let won = race(&fag, &case, Some(version)).await;
        assert_eq!(won.len(), 1, "winners on version {version}");
        assert_eq!(won[0]["version"], version + 1);
    }
    let now = stored(&app, &case).await;
    assert_eq!(assert_versions_without_gaps(&now), 13);
    assert_eq!(now["events"].as_array().unwrap().len(), 13, "created, and one for each save");
}

#[actix_rt::test]
async fn i1_i2_savers_without_a_version_lose_nothing_that_was_answered_200() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    let fag = app.by(&owner).await;
    let mut won = Vec::new();
    for _ in 0..4 {
        won.extend(race(&fag, &case, None).await);
    }
    assert!(won.len() >= 4 * 5, "every attempt of a race lets somebody through: {}", won.len());
    let now = stored(&app, &case).await;
    assert_eq!(assert_versions_without_gaps(&now), 1 + won.len());
    assert_eq!(now["events"].as_array().unwrap().len(), 1 + won.len());
    for saved in won {
        let version = usize::try_from(saved["version"].as_u64().unwrap()).unwrap();
        let row = &now["contents"][version - 1];
        assert_eq!(row["id"], saved["id"]);
        assert_eq!(row["proposal_text"], saved["proposalText"]);
        assert_eq!(now["events"][version - 1]["event_data"]["version"], saved["version"]);
    }
}

#[actix_rt::test]
async fn i2_a_reader_never_sees_a_case_and_content_of_different_versions() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    let fag = app.by(&owner).await;
    let path = format!("/api/cases/{}", case.id);
    let saves = async {
        for saver in 0..40 {
            save(&fag, &case, saver, None).await.assert_status(200);
        }
    };
    let reads = async {
        let mut last = 0;
        for _ in 0..80 {
            let page = fag.get(&path).await.assert_status(200).json();
            assert_eq!(page["version"], page["currentContent"]["version"]);
            let version = page["version"].as_i64().unwrap();
            assert!(version >= last, "a reader went back from {last} to {version}");
            last = version;
        }
    };
    futures_util::future::join(saves, reads).await;
}

#[actix_rt::test]
async fn i1_a_save_never_lands_in_a_status_that_forbids_it() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag_lead("KLD");
    let fag = app.by(&owner).await;
    for _ in 0..10 {
        let case = app.seed.case(&round, &owner).status(Status::GodkjentPol).insert().await;
        let body = json!({ "status": "sendt_til_fin" });
        let path = format!("/api/cases/{}/status", case.id);
        let sending = async { fag.patch(&path, &body).await };
        let saving = join_all((0..6).map(|saver| save(&fag, &case, saver, None)));
        let (sent, saved) = futures_util::future::join(sending, saving).await;
        sent.assert_status(200);
        let now = stored(&app, &case).await;
        for answer in saved.iter().filter(|answer| answer.status != 200) {
            let known = [403, 409].contains(&answer.status.as_u16());
            assert!(known, "{} {}", answer.status, answer.text());
        }
        let won = saved.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(assert_versions_without_gaps(&now), 1 + won);
        // A version that carries the later status would have been saved after the case was sent.
        let contents = now["contents"].as_array().unwrap();
        assert!(contents.iter().all(|content| content["status"] == "godkjent_pol"), "{now}");
    }
}
