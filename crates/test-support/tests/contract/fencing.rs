//! Saves that refer to a lock (architecture 3; D-28).

use serde_json::{Value, json};
use test_support::Answer;
use test_support::portal::{User, id_of};

use crate::arrange::budget_unit;
use crate::case_flow::{document, document_body, draft, read, save_content, save_document};

/// Two people of one ministry and a case of theirs.
struct Desk {
    sleeper: User,
    successor: User,
    case: String,
}

impl Desk {
    async fn new() -> Self {
        let (sleeper, successor) = tokio::join!(User::fag("ed"), budget_unit("ed"));
        let case = draft(&sleeper).await;
        Self { sleeper, successor, case }
    }

    /// The token of the lock that `user` takes and keeps.
    async fn lock(&self, user: &User) -> Value {
        user.lock(&self.case).await.assert_status(200).json()
    }

    async fn release(&self, user: &User, lock: &Value) {
        user.http.delete(&format!("/api/locks/{}", id_of(lock))).await.assert_status(200);
    }

    async fn save(&self, user: &User, token: &Value) -> Answer {
        let body = json!({ "proposalText": "Ny tekst", "lockToken": token });
        save_content(user, &self.case, &body).await
    }
}

#[tokio::test]
async fn the_holder_of_a_lock_saves_with_its_token() {
    let desk = Desk::new().await;
    let lock = desk.lock(&desk.sleeper).await;
    desk.save(&desk.sleeper, &lock["lockToken"]).await.assert_status(200);
}

#[tokio::test]
async fn i3_an_overtaken_token_is_409_with_the_new_holders_name_and_saves_nothing() {
    let desk = Desk::new().await;
    let overtaken = desk.lock(&desk.sleeper).await;
    desk.release(&desk.sleeper, &overtaken).await;
    desk.lock(&desk.successor).await;
    let before = read(&desk.sleeper, &desk.case).await;
    let refused = desk.save(&desk.sleeper, &overtaken["lockToken"]).await;
    let problem = refused.assert_problem(409, "/problems/lock-overtaken");
    let name = desk.successor.profile["fullName"].as_str().expect("a name");
    assert_eq!(problem["lockedByName"], name);
    assert!(problem["message"].as_str().expect("a sentence").starts_with(name), "{problem}");

    let mut body = document_body(&document(&[("proposalText", "Sen tekst")]));
    body["lockToken"] = overtaken["lockToken"].clone();
    let refused = save_document(&desk.sleeper, &desk.case, &body).await;
    refused.assert_problem(409, "/problems/lock-overtaken");
    assert_eq!(read(&desk.sleeper, &desk.case).await["version"], before["version"]);
}

#[tokio::test]
async fn i3_a_token_stays_overtaken_when_its_successor_is_gone_too() {
    let desk = Desk::new().await;
    let overtaken = desk.lock(&desk.sleeper).await;
    desk.release(&desk.sleeper, &overtaken).await;
    let later = desk.lock(&desk.successor).await;
    desk.release(&desk.successor, &later).await;
    let refused = desk.save(&desk.sleeper, &overtaken["lockToken"]).await;
    refused.assert_problem(409, "/problems/lock-overtaken");
}

#[tokio::test]
async fn d28_a_save_without_a_token_needs_no_lock() {
    let desk = Desk::new().await;
    desk.lock(&desk.successor).await;
    desk.save(&desk.sleeper, &Value::Null).await.assert_status(200);
}
