//! E32 to E34, and what must hold when they meet a status change.

use std::time::{Duration, Instant};

use domain::permission::can_request_opinion;
use domain::role::Role;
use domain::status::Status;
use domain::visibility::{CaseFacts, can_open};
use edge::problem::ProblemType;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use test_support::{Actor, Answer, Http, SeededCase};
use uuid::Uuid;

use crate::app::{TestApp, assert_problem};
use crate::stored::stored;

/// Longest wait for a request to reach the lock that it must wait for.
const DEADLINE: Duration = Duration::from_secs(20);

async fn ask(caller: &Http, case: &SeededCase, kind: &str, of: &Actor) -> Answer {
    let body = json!({ "assignedTo": of.id(), "type": kind });
    caller.post(&format!("/api/cases/{}/opinions", case.id), &body).await
}

async fn answer(caller: &Http, opinion: Uuid, status: &str) -> Answer {
    caller.patch(&format!("/api/cases/opinions/{opinion}"), &json!({ "status": status })).await
}

async fn forward(caller: &Http, opinion: Uuid, to: &Actor) -> Answer {
    let body = json!({ "forwardTo": to.id() });
    caller.post(&format!("/api/cases/opinions/{opinion}/forward"), &body).await
}

async fn step(caller: &Http, case: &SeededCase, to: Status) -> Answer {
    let body = json!({ "status": to.as_str() });
    caller.patch(&format!("/api/cases/{}/status", case.id), &body).await
}

/// The opinions of a case, oldest first.
async fn opinions(app: &TestApp, case: &SeededCase) -> Vec<Value> {
    let read = "SELECT to_jsonb(o) FROM case_opinions o WHERE case_id = $1 ORDER BY created_at";
    let rows = app.seed.client().query(read, &[case.id.as_uuid()]).await.unwrap();
    rows.into_iter().map(|row| row.get(0)).collect()
}

/// Waits until a request waits for a lock that the open transaction of the seed's connection holds.
async fn wait_until_somebody_waits(app: &TestApp) {
    let waiting = "SELECT count(*) FROM pg_locks \
                   WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))";
    let deadline = Instant::now() + DEADLINE;
    loop {
        let count: i64 = app.seed.client().query_one(waiting, &[]).await.unwrap().get(0);
        if count > 0 {
            return;
        }
        assert!(Instant::now() < deadline, "nobody waits for the case's lock");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[actix_rt::test]
async fn a_status_change_waits_for_an_opinion_that_is_being_asked_for_and_then_sees_it() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    let caller = app.by(&owner).await;
    let (client, id) = (app.seed.client(), case.id.as_uuid());
    // What a request for an opinion does, stopped before its commit.
    client.batch_execute("BEGIN").await.unwrap();
    let lock = "SELECT id FROM cases WHERE id = $1 FOR NO KEY UPDATE";
    client.execute(lock, &[id]).await.unwrap();
    app.seed.pending_opinion(&case, "uttalelse", &owner, &owner).await;
    let commit = async {
        wait_until_somebody_waits(&app).await;
        client.batch_execute("COMMIT").await.unwrap();
    };
    let (refused, ()) = join(step(&caller, &case, Status::UnderArbeid), commit).await;
    assert_problem(&refused, ProblemType::PENDING_OPINIONS);
    assert_eq!(stored(&app, &case).await["case"]["status"], "draft");
}

#[actix_rt::test]
async fn a_request_for_an_opinion_waits_for_a_status_change_and_then_sees_it() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let (owner, fin) = (Actor::fag("KLD"), Actor::fin_lead());
    let case = app.seed.case(&round, &owner).status(Status::SendtTilFin).insert().await;
    let caller = app.by(&fin).await;
    let (client, id) = (app.seed.client(), case.id.as_uuid());
    // The case goes back to its ministry, where FIN may not ask about it.
    client.batch_execute("BEGIN").await.unwrap();
    let step = "UPDATE cases SET status = 'klarert' WHERE id = $1";
    client.execute(step, &[id]).await.unwrap();
    let commit = async {
        wait_until_somebody_waits(&app).await;
        client.batch_execute("COMMIT").await.unwrap();
    };
    let (refused, ()) = join(ask(&caller, &case, "uttalelse", &owner), commit).await;
    assert_problem(&refused, ProblemType::FORBIDDEN);
    assert!(opinions(&app, &case).await.is_empty());
}

#[actix_rt::test]
async fn a_status_change_never_slips_past_an_opinion_being_asked_for() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let (owner, colleague) = (Actor::fag("KLD"), Actor::fag("KD"));
    let caller = app.by(&owner).await;
    app.seed.actor(&colleague).await;
    for _ in 0..20 {
        let case = app.seed.case(&round, &owner).insert().await;
        let asking = ask(&caller, &case, "godkjenning", &colleague);
        let stepping = join_all((0..3).map(|_| step(&caller, &case, Status::UnderArbeid)));
        let (asked, stepped) = join(asking, stepping).await;
        asked.assert_status(200);
        let events = stored(&app, &case).await["events"].take();
        let kinds: Vec<_> =
            events.as_array().unwrap().iter().map(|event| event["event_type"].clone()).collect();
        let won = stepped.iter().filter(|answer| answer.status == 200).count();
        if won == 0 {
            assert_eq!(kinds, ["created", "approval_requested"]);
        } else {
            assert_eq!(kinds, ["created", "status_changed", "approval_requested"]);
        }
        for refused in stepped.iter().filter(|answer| answer.status != 200) {
            let problem = refused.json();
            let after_the_step = problem["type"] == "/problems/transition-refused";
            let after_the_request = problem["type"] == "/problems/pending-opinions";
            assert!(after_the_request || (after_the_step && won == 1), "{problem}");
        }
    }
}

#[actix_rt::test]
async fn of_forwards_and_answers_of_one_approval_exactly_one_wins() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let (owner, assignee) = (Actor::fag("KLD"), Actor::fag_lead("KD"));
    let recipients: Vec<Actor> =
        (0..5).map(|number| Actor::fag("KD").named(&format!("Kollega {number}"))).collect();
    for recipient in &recipients {
        app.seed.actor(recipient).await;
    }
    let caller = app.by(&assignee).await;
    for _ in 0..8 {
        let case = app.seed.case(&round, &owner).insert().await;
        let asked = app.seed.pending_opinion(&case, "godkjenning", &owner, &assignee).await;
        let forwards = join_all(recipients.iter().map(|to| forward(&caller, asked, to)));
        let answers = join_all(["approved", "rejected"].map(|to| answer(&caller, asked, to)));
        let (mut all, answers) = join(forwards, answers).await;
        all.extend(answers);
        let won: Vec<Value> =
            all.iter().filter(|answer| answer.status == 200).map(Answer::json).collect();
        assert_eq!(won.len(), 1);
        for late in all.iter().filter(|answer| answer.status != 200) {
            assert_problem(late, ProblemType::OPINION_REFUSED);
        }
        let rows = opinions(&app, &case).await;
        assert_eq!(rows.len(), if won[0]["id"] == json!(asked) { 1 } else { 2 });
        assert!(rows[0]["status"] != "pending" && rows[0]["resolved_at"].is_string());
        let events = stored(&app, &case).await["events"].take();
        assert_eq!(events.as_array().unwrap().len(), 2, "created, and the one that won");
    }
}

#[actix_rt::test]
async fn i6_every_role_asks_for_opinions_and_is_refused_as_the_rules_say() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let (owner, colleague) = (Actor::fag("KLD").named("Eier"), Actor::fag("KD").named("Spurt"));
    app.seed.actor(&colleague).await;
    for status in [Status::Draft, Status::UnderVurderingFin] {
        for role in Role::ALL {
            for home in ["KLD", "KD", "FIN"] {
                if role.is_fag() == (home == "FIN") {
                    continue;
                }
                let actor = Actor::new(role, home);
                let caller = app.by(&actor).await;
                let viewer = edge::actor::Actor(actor.identity.clone()).viewer();
                for is_handler in [false, true] {
                    let case = app.seed.case(&round, &owner).status(status);
                    let case = if is_handler { case.fin_handler(&actor) } else { case };
                    let case = case.insert().await;
                    let facts = CaseFacts {
                        department_id: case.department_id,
                        status,
                        assigned_to: Some(owner.id()),
                        fin_assigned_to: is_handler.then(|| actor.id()),
                        is_opinion_assignee: false,
                        round_closed: false,
                    };
                    let answer = ask(&caller, &case, "uttalelse", &colleague).await;
                    if !can_open(&viewer, &facts) {
                        assert_problem(&answer, ProblemType::FORBIDDEN);
                    } else if can_request_opinion(&viewer, &facts) {
                        answer.assert_status(200);
                    } else {
                        assert_problem(&answer, ProblemType::OPINION_REFUSED);
                    }
                }
            }
        }
    }
}

#[actix_rt::test]
async fn an_assignee_of_another_department_reads_the_case_before_and_after_answering() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let (owner, lead, next) = (Actor::fag("KLD"), Actor::fag_lead("KD"), Actor::fag("SD"));
    let case = app.seed.case(&round, &owner).insert().await;
    let path = format!("/api/cases/{}", case.id);
    let (by_lead, by_next) = (app.by(&lead).await, app.by(&next).await);
    assert_problem(&by_lead.get(&path).await, ProblemType::FORBIDDEN);
    let asked = ask(&app.by(&owner).await, &case, "godkjenning", &lead).await;
    let asked: Uuid = asked.assert_status(200).json()["id"].as_str().unwrap().parse().unwrap();
    by_lead.get(&path).await.assert_status(200);
    assert_problem(&by_next.get(&path).await, ProblemType::FORBIDDEN);

    let passed_on = forward(&by_lead, asked, &next).await.assert_status(200).json();
    let passed_on: Uuid = passed_on["id"].as_str().unwrap().parse().unwrap();
    by_lead.get(&path).await.assert_status(200);
    by_next.get(&path).await.assert_status(200);
    answer(&by_next, passed_on, "approved").await.assert_status(200);
    for caller in [&by_lead, &by_next] {
        caller.get(&path).await.assert_status(200);
        // Reading is all it is: the case is not theirs to edit.
        let save = caller.post(&format!("{path}/content"), &json!({ "comment": "x" })).await;
        assert_problem(&save, ProblemType::FORBIDDEN);
    }
}

#[actix_rt::test]
async fn a_forwarded_chain_keeps_its_requester_its_note_and_its_root() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let (owner, first, second, third) =
        (Actor::fag("KLD"), Actor::fag_lead("KLD"), Actor::fag("KD"), Actor::fin_lead());
    app.seed.actor(&third).await;
    let case = app.seed.case(&round, &owner).insert().await;
    app.seed.actor(&first).await;
    let body = json!({
        "assignedTo": first.id(), "type": "godkjenning", "comment": "Haster",
    });
    let path = format!("/api/cases/{}/opinions", case.id);
    let root = app.by(&owner).await.post(&path, &body).await.assert_status(200).json();
    let root: Uuid = root["id"].as_str().unwrap().parse().unwrap();
    let by_second = app.by(&second).await;
    let middle = forward(&app.by(&first).await, root, &second).await.assert_status(200).json();
    let middle: Uuid = middle["id"].as_str().unwrap().parse().unwrap();
    let last = forward(&by_second, middle, &third).await.assert_status(200).json();
    assert_eq!(last["requestedBy"], json!(owner.id()));
    assert_eq!(last["requestedByName"], owner.identity.name);
    assert_eq!(last["assignedToName"], third.identity.name);
    assert_eq!(last["requestComment"], "Haster");
    assert_eq!(last["forwardedFromId"], json!(middle));
    assert_eq!(last["originalOpinionId"], json!(root));
    let statuses: Vec<_> =
        opinions(&app, &case).await.iter().map(|row| row["status"].clone()).collect();
    assert_eq!(statuses, ["forwarded", "forwarded", "pending"]);
}

#[actix_rt::test]
async fn i8_hostile_requests_and_answers_are_refused() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    let caller = app.by(&owner).await;
    let path = format!("/api/cases/{}/opinions", case.id);
    let long = "x".repeat(100_000);
    for (pointer, body) in [
        ("/assignedTo", json!({})),
        ("/assignedTo", json!({ "assignedTo": null })),
        ("/assignedTo", json!({ "assignedTo": "" })),
        ("/assignedTo", json!({ "assignedTo": long })),
        ("/assignedTo", json!({ "assignedTo": "a\u{0}@test.no" })),
        ("/assignedTo", json!({ "assignedTo": "ingen@test.no" })),
        ("/assignedTo", json!({ "assignedTo": Uuid::new_v4() })),
        ("/type", json!({ "assignedTo": owner.id(), "type": "svar" })),
        ("/type", json!({ "assignedTo": owner.id(), "type": {} })),
        ("/comment", json!({ "assignedTo": owner.id(), "comment": ["a"] })),
    ] {
        let problem =
            assert_problem(&caller.post(&path, &body).await, ProblemType::INVALID_REQUEST);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    assert!(opinions(&app, &case).await.is_empty());
    let asked = app.seed.pending_opinion(&case, "uttalelse", &owner, &owner).await;
    for status in ["pending", "forwarded", "", "GIVEN"] {
        let problem =
            assert_problem(&answer(&caller, asked, status).await, ProblemType::INVALID_REQUEST);
        assert_eq!(problem["errors"][0]["pointer"], "/status", "{problem}");
    }
    for id in ["...", "status", "00000000-0000-4000-8000-000000000000"] {
        let body = json!({ "status": "given" });
        let answer = caller.patch(&format!("/api/cases/opinions/{id}"), &body).await;
        assert_problem(&answer, ProblemType::NOT_FOUND);
    }
}
