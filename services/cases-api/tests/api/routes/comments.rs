//! E35 to E40 beyond the wire: who may, and what two people do to one thread at the same time.

use domain::role::Role;
use domain::status::Status;
use edge::problem::ProblemType;
use futures_util::future::join;
use serde_json::{Value, json};
use test_support::{Actor, Http, SeededCase};
use uuid::Uuid;

use crate::app::{TestApp, assert_problem};

fn at(case: &SeededCase) -> String {
    format!("/api/cases/{}/comments", case.id)
}

async fn add(caller: &Http, case: &SeededCase) -> Value {
    let body = json!({ "commentText": "Se her", "anchorText": "tall", "commentId": "m1" });
    caller.post(&at(case), &body).await.assert_status(200).json()
}

/// Every operation on comments of a case, with the status that each is answered.
async fn every_status(caller: &Http, case: &SeededCase, comment: &str) -> Vec<u16> {
    let (list, one) = (at(case), format!("{}/{comment}", at(case)));
    let text = json!({ "commentText": "Ja", "commentId": "m2" });
    let answers = [
        caller.get(&list).await,
        caller.post(&list, &text).await,
        caller.post(&format!("{one}/replies"), &text).await,
        caller.patch(&format!("{one}/resolve"), &json!(null)).await,
        caller.patch(&format!("{one}/reopen"), &json!(null)).await,
        caller.delete(&one).await,
    ];
    answers.iter().map(|answer| answer.status.as_u16()).collect()
}

#[actix_rt::test]
async fn i6_who_cannot_open_the_case_does_nothing_with_its_comments() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).status(Status::Klarert).insert().await;
    let comment = add(&app.by(&owner).await, &case).await["id"].as_str().unwrap().to_owned();
    for role in Role::ALL.into_iter().filter(|role| !role.is_admin()) {
        let outsider = Actor::new(role, if role.is_fag() { "KD" } else { "FIN" });
        let outsider = app.by(&outsider).await;
        for comment in [comment.clone(), Uuid::new_v4().to_string()] {
            assert_eq!(every_status(&outsider, &case, &comment).await, [403; 6], "{role}");
        }
    }
    let list: Vec<Value> = app.by(&owner).await.get(&at(&case)).await.parse();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0]["status"], "open");
}

#[actix_rt::test]
async fn whoever_opens_a_case_comments_on_it_in_every_status() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let fag = app.by(&owner).await;
    let fin = app.by(&Actor::fin()).await;
    let (asked, asks) = (Actor::fag("SD"), Actor::fag_lead("KLD"));
    for status in Status::ALL {
        let case = app.seed.case(&round, &owner).status(status).insert().await;
        add(&fag, &case).await;
        if status.is_fin_visible() {
            add(&fin, &case).await;
        }
        app.seed.pending_opinion(&case, "uttalelse", &asks, &asked).await;
        add(&app.by(&asked).await, &case).await;
    }
}

#[actix_rt::test]
async fn a_comment_of_another_case_is_not_found_even_by_its_author() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let caller = app.by(&owner).await;
    let (one, other) = (
        app.seed.case(&round, &owner).insert().await,
        app.seed.case(&round, &owner).insert().await,
    );
    let comment = add(&caller, &one).await["id"].as_str().unwrap().to_owned();
    assert_eq!(every_status(&caller, &other, &comment).await, [200, 200, 404, 404, 404, 404]);
    let list: Vec<Value> = caller.get(&at(&one)).await.parse();
    assert_eq!(list.len(), 1);
}

#[actix_rt::test]
async fn a_reply_that_meets_the_end_of_its_thread_is_lost_or_deleted_but_never_our_failure() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    let author = app.by(&owner).await;
    let colleague = app.by(&Actor::fag_lead("KLD")).await;
    for _ in 0..25 {
        let comment = add(&author, &case).await;
        let one = format!("{}/{}", at(&case), comment["id"].as_str().unwrap());
        let reply = json!({ "commentText": "Enig" });
        let path = format!("{one}/replies");
        let replying = colleague.post(&path, &reply);
        let (replied, deleted) = join(replying, author.delete(&one)).await;
        deleted.assert_status(200);
        if replied.status != 200 {
            assert_problem(&replied, ProblemType::NOT_FOUND);
        }
        let left: Vec<Value> = author.get(&at(&case)).await.parse();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[actix_rt::test]
async fn who_resolved_first_stays_until_the_comment_is_reopened() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let lead = Actor::fag_lead("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    let (first, second) = (app.by(&owner).await, app.by(&lead).await);
    let id = add(&first, &case).await["id"].as_str().unwrap().to_owned();
    let resolve = format!("{}/{id}/resolve", at(&case));
    let now = async || first.get(&at(&case)).await.json()[0].take();
    first.patch(&resolve, &json!(null)).await.assert_status(200);
    let resolved = now().await;
    second.patch(&resolve, &json!(null)).await.assert_status(200);
    assert_eq!(now().await, resolved);
    let reopen = format!("{}/{id}/reopen", at(&case));
    first.patch(&reopen, &json!(null)).await.assert_status(200);
    second.patch(&resolve, &json!(null)).await.assert_status(200);
    assert_eq!(now().await["resolvedByName"], lead.identity.name);
}
