//! E28.

use domain::role::Role;
use domain::status::{Status, StepRefusal, StepRequest, decide};
use edge::problem::ProblemType;
use futures_util::future::join_all;
use serde_json::{Value, json};
use test_support::{Actor, Answer, Http, SeededCase};

use crate::app::{TestApp, assert_problem};
use crate::stored::stored;

async fn step(caller: &Http, case: &SeededCase, to: Status) -> Answer {
    let body = json!({ "status": to.as_str(), "reason": "Fordi", "comment": "Merknad" });
    caller.patch(&format!("/api/cases/{}/status", case.id), &body).await
}

#[actix_rt::test]
async fn every_step_of_every_role_is_decided_as_the_table_says() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    // Never the last open case, so that the round stays open.
    app.seed.case(&round, &owner).insert().await;
    for role in [
        Role::SaksbehandlerFag,
        Role::BudsjettenhetFag,
        Role::SaksbehandlerFin,
        Role::UnderdirektorFin,
        Role::AvdelingsdirektorFin,
        Role::Administrator,
    ] {
        let actor = Actor::new(role, if role.is_fag() { "KLD" } else { "FIN" });
        let caller = app.by(&actor).await;
        for from in Status::ALL {
            put_back(&app, &case, from, &actor).await;
            for to in Status::ALL {
                let reason = Some("Fordi");
                let answer = step(&caller, &case, to).await;
                match decide(&StepRequest { from, to, role, reason, pending_opinions: false }) {
                    Ok(_) => {
                        let body = answer.assert_status(200).json();
                        assert_eq!(body["status"], to.as_str());
                        assert!(body["message"].is_string());
                        put_back(&app, &case, from, &actor).await;
                    }
                    Err(refusal) => {
                        assert_eq!(refusal, StepRefusal::NotAllowed);
                        assert_problem(&answer, ProblemType::TRANSITION_REFUSED);
                    }
                }
            }
        }
    }
}

/// Puts a case into a status, with the actor as FIN handler: whatever the status, the actor may
/// open the case, so that a refusal is the table's.
async fn put_back(app: &TestApp, case: &SeededCase, status: Status, handler: &Actor) {
    let update = "UPDATE cases SET status = $2, fin_assigned_to = $3 WHERE id = $1";
    let (client, handler, status) = (app.seed.client(), handler.id(), status.as_str());
    client.execute(update, &[case.id.as_uuid(), &status, handler.as_uuid()]).await.unwrap();
}

#[actix_rt::test]
async fn returning_and_rejecting_need_a_reason() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).status(Status::UnderVurderingFin).insert().await;
    let fin = app.by(&Actor::fin()).await;
    let path = format!("/api/cases/{}/status", case.id);
    let before = stored(&app, &case).await;
    for status in ["returnert_til_fag", "avvist_av_fin"] {
        for reason in [json!(null), json!(""), json!(" \n")] {
            let body = json!({ "status": status, "reason": reason });
            let answer = fin.patch(&path, &body).await;
            assert_problem(&answer, ProblemType::REASON_REQUIRED);
        }
    }
    assert_eq!(stored(&app, &case).await, before);
    let body = json!({ "status": "returnert_til_fag", "reason": "Mangler tall" });
    fin.patch(&path, &body).await.assert_status(200);
}

#[actix_rt::test]
async fn a_pending_opinion_blocks_every_step_before_anything_else_is_asked() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    let opinion = app.seed.pending_opinion(&case, "uttalelse", &owner, &Actor::fag("KD")).await;
    let before = stored(&app, &case).await;
    let fag = app.by(&owner).await;
    for to in [Status::UnderArbeid, Status::Regjeringsbehandlet, Status::Draft] {
        assert_problem(&step(&fag, &case, to).await, ProblemType::PENDING_OPINIONS);
    }
    assert_eq!(stored(&app, &case).await, before);
    // Saving is not blocked.
    let path = format!("/api/cases/{}/content", case.id);
    fag.post(&path, &json!({ "comment": "x" })).await.assert_status(200);
    let answer = "UPDATE case_opinions SET status = 'declined' WHERE id = $1";
    app.seed.client().execute(answer, &[&opinion]).await.unwrap();
    step(&fag, &case, Status::UnderArbeid).await.assert_status(200);
}

#[actix_rt::test]
async fn a_step_is_logged_and_makes_no_version() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).versions(2).insert().await;
    let before = stored(&app, &case).await;
    step(&app.by(&owner).await, &case, Status::UnderArbeid).await.assert_status(200);
    let after = stored(&app, &case).await;
    assert_eq!(after["contents"], before["contents"]);
    assert_eq!(after["case"]["version"], 2);
    assert!(after["case"]["updated_at"].as_str() > before["case"]["updated_at"].as_str());
    let event = &after["events"][1];
    assert_eq!(event["event_type"], "status_changed");
    assert_eq!(event["user_id"], json!(owner.id()));
    assert_eq!(
        event["event_data"],
        json!({ "from": "draft", "to": "under_arbeid", "reason": "Fordi", "comment": "Merknad" })
    );
}

#[actix_rt::test]
async fn a_case_that_arrives_at_fin_gets_the_first_handler_and_loses_it_on_the_way_back() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag_lead("KLD");
    let (second, first) = (Actor::fin().named("Andre"), Actor::fin().named("Første"));
    let handler =
        async |case: &SeededCase| stored(&app, case).await["case"]["fin_assigned_to"].take();
    let fag = app.by(&owner).await;
    let lonely = app.seed.case(&round, &owner).status(Status::GodkjentPol).insert().await;
    step(&fag, &lonely, Status::SendtTilFin).await.assert_status(200);
    assert!(handler(&lonely).await.is_null(), "nobody is assigned to the department");

    app.seed.portfolio(&second, &["KD", "KLD"]).await;
    app.seed.portfolio(&first, &["KLD"]).await;
    // Leaders and people who have left never take a case.
    app.seed.portfolio(&Actor::fin_lead(), &["KLD"]).await;
    let gone = Actor::fin().named("Sluttet");
    app.seed.portfolio(&gone, &["KLD"]).await;
    let leave = "UPDATE users SET is_active = false WHERE id = $1";
    app.seed.client().execute(leave, &[gone.id().as_uuid()]).await.unwrap();
    let case = app.seed.case(&round, &owner).status(Status::GodkjentPol).insert().await;
    step(&fag, &case, Status::SendtTilFin).await.assert_status(200);
    assert_eq!(handler(&case).await, json!(first.id()), "whose primary department it is");
    step(&fag, &case, Status::GodkjentPol).await.assert_status(200);
    assert!(handler(&case).await.is_null());

    let kept = app.seed.case(&round, &owner).status(Status::GodkjentPol).fin_handler(&second);
    let kept = kept.insert().await;
    step(&fag, &kept, Status::SendtTilFin).await.assert_status(200);
    assert_eq!(handler(&kept).await, json!(second.id()), "a case keeps the handler it has");
    let fin = app.by(&second).await;
    step(&fin, &kept, Status::UnderVurderingFin).await.assert_status(200);
    step(&fin, &kept, Status::ReturnertTilFag).await.assert_status(200);
    assert_eq!(handler(&kept).await, json!(second.id()));
    step(&fag, &kept, Status::Klarert).await.assert_status(200);
    assert!(handler(&kept).await.is_null());
}

#[actix_rt::test]
async fn i8_a_status_that_does_not_exist_is_refused() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    let fag = app.by(&owner).await;
    let path = format!("/api/cases/{}/status", case.id);
    let long = "x".repeat(100_000);
    for body in [
        json!({ "status": "ferdig" }),
        json!({ "status": long }),
        json!({ "status": "" }),
        json!({ "status": null }),
        json!({ "status": "under_arbeid", "reason": "\u{0}" }),
        json!({ "status": "under_arbeid", "comment": 1 }),
        json!({}),
    ] {
        assert_problem(&fag.patch(&path, &body).await, ProblemType::INVALID_REQUEST);
    }
    let stranger = app.by(&Actor::fag("KD")).await;
    assert_problem(&step(&stranger, &case, Status::UnderArbeid).await, ProblemType::FORBIDDEN);
}

async fn round_of(app: &TestApp, case: &SeededCase) -> Value {
    let read = "SELECT to_jsonb(budget_rounds) FROM budget_rounds WHERE id = $1";
    app.seed.client().query_one(read, &[case.round_id.as_uuid()]).await.unwrap().get(0)
}

#[actix_rt::test]
async fn a_round_closes_with_its_last_case_and_rejected_ones_count_as_finished() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let waiting = Status::SendtTilRegjeringen;
    let one = app.seed.case(&round, &owner).status(waiting).insert().await;
    let other = app.seed.case(&round, &owner).status(waiting).insert().await;
    app.seed.case(&round, &owner).status(Status::AvvistAvFin).insert().await;
    let lead = app.by(&Actor::fin_lead()).await;
    step(&lead, &one, Status::Regjeringsbehandlet).await.assert_status(200);
    assert_eq!(round_of(&app, &one).await["status"], "open");
    step(&lead, &other, Status::Regjeringsbehandlet).await.assert_status(200);
    let closed = round_of(&app, &one).await;
    assert_eq!(closed["status"], "closed");
    assert!(closed["closed_at"].is_string());
    let body = json!({
        "budgetRoundId": round.id, "caseName": "For sent", "caseType": "andre_saker",
    });
    let answer = app.by(&owner).await.post("/api/cases", &body).await;
    assert_problem(&answer, ProblemType::INVALID_REQUEST);
}

#[actix_rt::test]
async fn the_last_cases_of_a_round_close_it_even_when_they_finish_together() {
    let app = TestApp::spawn().await;
    let owner = Actor::fag("KLD");
    let lead = app.by(&Actor::fin_lead()).await;
    for number in 0..8 {
        let round = app.seed.round(&format!("AUG{number}")).insert().await;
        let mut cases = Vec::new();
        for _ in 0..6 {
            let case = app.seed.case(&round, &owner).status(Status::SendtTilRegjeringen);
            cases.push(case.insert().await);
        }
        let steps = cases.iter().map(|case| step(&lead, case, Status::Regjeringsbehandlet));
        for answer in join_all(steps).await {
            answer.assert_status(200);
        }
        assert_eq!(round_of(&app, &cases[0]).await["status"], "closed", "round {number}");
    }
}
