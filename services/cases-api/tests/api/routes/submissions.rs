//! E45 and E46 beyond the wire: all or nothing (I1), under contention, and who sees what (I6).

use std::collections::HashMap;

use domain::role::Role;
use domain::status::Status;
use edge::problem::ProblemType;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use test_support::{Actor, Answer, Http, SeededCase, SeededRound};
use uuid::Uuid;

use crate::app::{TestApp, assert_problem};
use crate::stored::stored;

const READY: Status = Status::GodkjentPol;

fn ids<'a>(cases: impl IntoIterator<Item = &'a SeededCase>) -> Vec<Value> {
    cases.into_iter().map(|case| json!(case.id)).collect()
}

async fn submit(caller: &Http, round: &SeededRound, cases: &[Value]) -> Answer {
    let body = json!({ "budgetRoundId": round.id, "caseIds": cases });
    caller.post("/api/submissions", &body).await
}

async fn ready_cases(
    app: &TestApp,
    round: &SeededRound,
    owner: &Actor,
    count: usize,
) -> Vec<SeededCase> {
    let mut cases = Vec::new();
    for number in 0..count {
        let name = format!("Tiltak {number:03}");
        cases.push(app.seed.case(round, owner).named(&name).status(READY).insert().await);
    }
    cases
}

async fn all_stored(app: &TestApp, cases: &[SeededCase]) -> Vec<Value> {
    let mut all = Vec::new();
    for case in cases {
        all.push(stored(app, case).await);
    }
    all
}

async fn count(app: &TestApp, table: &str) -> i64 {
    let read = format!("SELECT count(*) FROM {table}");
    app.seed.client().query_one(&read, &[]).await.unwrap().get(0)
}

fn events_of<'a>(stored: &'a Value, event_type: &str) -> Vec<&'a Value> {
    let events = stored["events"].as_array().unwrap().iter();
    events.filter(|event| event["event_type"] == event_type).collect()
}

#[actix_rt::test]
async fn i1_a_submission_with_one_wrong_case_leaves_no_trace() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let other_round = app.seed.round("RNB2027").insert().await;
    let (owner, stranger) = (Actor::budget_unit("KLD"), Actor::budget_unit("KD"));
    let ready = ready_cases(&app, &round, &owner, 3).await;
    let status = app.seed.case(&round, &owner).status(Status::Klarert).insert().await;
    let asked = app.seed.case(&round, &owner).status(READY).insert().await;
    app.seed.pending_opinion(&asked, "godkjenning", &owner, &Actor::fag("KLD")).await;
    let elsewhere = app.seed.case(&other_round, &owner).status(READY).insert().await;
    let foreign = app.seed.case(&round, &stranger).status(READY).insert().await;
    let caller = app.by(&owner).await;
    let wrong = [status, asked, elsewhere, foreign];
    let everything: Vec<_> = ready.iter().chain(&wrong).cloned().collect();
    let before = all_stored(&app, &everything).await;
    for case in &wrong {
        let list = ids([&ready[0], &ready[1], case, &ready[2]]);
        let problem =
            assert_problem(&submit(&caller, &round, &list).await, ProblemType::SUBMISSION_REFUSED);
        assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "{problem}");
        assert_eq!(problem["errors"][0]["pointer"], "/caseIds/2");
    }
    let unknown = [ids(&ready), vec![json!(Uuid::new_v4())]].concat();
    let problem =
        assert_problem(&submit(&caller, &round, &unknown).await, ProblemType::SUBMISSION_REFUSED);
    assert_eq!(problem["errors"][0]["pointer"], "/caseIds/3");
    assert_eq!(all_stored(&app, &everything).await, before);
    assert_eq!(count(&app, "submissions").await, 0);
    assert_eq!(count(&app, "submission_cases").await, 0);
}

#[actix_rt::test]
async fn i1_of_simultaneous_submissions_of_the_same_cases_exactly_one_wins() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::budget_unit("KLD");
    let caller = app.by(&owner).await;
    for attempt in 1..=5 {
        let cases = ready_cases(&app, &round, &owner, 6).await;
        // In opposite orders, which must not make them wait for each other in a circle.
        let lists = (0..8).map(|racer| {
            let mut list = ids(&cases);
            list.rotate_left(racer % 6);
            if racer % 2 == 1 {
                list.reverse();
            }
            list
        });
        let lists: Vec<_> = lists.collect();
        let answers = join_all(lists.iter().map(|list| submit(&caller, &round, list))).await;
        let won: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
        assert_eq!(won.len(), 1, "attempt {attempt}");
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            let problem = assert_problem(answer, ProblemType::SUBMISSION_REFUSED);
            assert_eq!(problem["errors"].as_array().unwrap().len(), 6);
        }
        assert_eq!(count(&app, "submissions").await, attempt);
        for case in all_stored(&app, &cases).await {
            let sent = events_of(&case, "sent_to_fin");
            assert_eq!(sent.len(), 1, "{case}");
            assert_eq!(sent[0]["event_data"], json!({ "submission_id": won[0].json()["id"] }));
        }
    }
}

#[actix_rt::test]
async fn i1_a_submission_and_a_status_change_of_the_same_case_do_not_both_happen() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::budget_unit("KLD");
    let caller = app.by(&owner).await;
    for _ in 0..8 {
        let cases = ready_cases(&app, &round, &owner, 4).await;
        let path = format!("/api/cases/{}/status", cases[2].id);
        let body = json!({ "status": "klarert" });
        let list = ids(&cases);
        let sending = submit(&caller, &round, &list);
        let (sent, stepped) = join(sending, caller.patch(&path, &body)).await;
        assert_ne!(sent.status == 201, stepped.status == 200, "{} {}", sent.text(), stepped.text());
        let expected = if sent.status == 201 { "sendt_til_fin" } else { "godkjent_pol" };
        for (position, case) in all_stored(&app, &cases).await.iter().enumerate() {
            let is_stepped = position == 2 && stepped.status == 200;
            let expected = if is_stepped { "klarert" } else { expected };
            assert_eq!(case["case"]["status"], expected, "{position}");
        }
    }
}

#[actix_rt::test]
async fn d24_submitted_cases_get_the_handler_a_status_change_would_give_them() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag_lead("KLD");
    let (second, first) = (Actor::fin().named("Andre"), Actor::fin().named("Første"));
    app.seed.portfolio(&second, &["KD", "KLD"]).await;
    app.seed.portfolio(&first, &["KLD"]).await;
    app.seed.portfolio(&Actor::fin_lead(), &["KLD"]).await;
    let caller = app.by(&owner).await;
    let plain = app.seed.case(&round, &owner).status(READY).insert().await;
    let kept = app.seed.case(&round, &owner).status(READY).fin_handler(&second).insert().await;
    let single = app.seed.case(&round, &owner).status(READY).insert().await;
    submit(&caller, &round, &ids([&plain, &kept])).await.assert_status(201);
    let body = json!({ "status": "sendt_til_fin" });
    caller.patch(&format!("/api/cases/{}/status", single.id), &body).await.assert_status(200);
    let handler =
        async |case: &SeededCase| stored(&app, case).await["case"]["fin_assigned_to"].take();
    assert_eq!(handler(&plain).await, json!(first.id()));
    assert_eq!(handler(&plain).await, handler(&single).await);
    assert_eq!(handler(&kept).await, json!(second.id()), "a case keeps the handler it has");
}

#[actix_rt::test]
async fn a_submission_makes_no_version_and_marks_its_cases_changed() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::budget_unit("KLD");
    let cases = ready_cases(&app, &round, &owner, 2).await;
    let before = all_stored(&app, &cases).await;
    let sent = submit(&app.by(&owner).await, &round, &ids(&cases)).await;
    let sent = sent.assert_status(201).json();
    for (before, after) in before.iter().zip(all_stored(&app, &cases).await) {
        assert_eq!(after["contents"], before["contents"]);
        assert_eq!(after["case"]["version"], before["case"]["version"]);
        assert!(after["case"]["updated_at"].as_str() > before["case"]["updated_at"].as_str());
        let event = events_of(&after, "sent_to_fin")[0];
        assert_eq!(event["user_id"], json!(owner.id()));
        assert_eq!(event["event_data"], json!({ "submission_id": sent["id"] }));
    }
}

#[actix_rt::test]
async fn every_role_but_leaders_and_administrators_is_refused_unread() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::budget_unit("KLD");
    for role in Role::ALL {
        let actor = Actor::new(role, if role.is_fag() { "KLD" } else { "FIN" });
        let caller = app.by(&actor).await;
        let cases = ready_cases(&app, &round, &owner, 1).await;
        if role.is_fag_lead() || role.is_admin() {
            submit(&caller, &round, &ids(&cases)).await.assert_status(201);
        } else {
            let refused = submit(&caller, &round, &ids(&cases)).await;
            assert_problem(&refused, ProblemType::FORBIDDEN);
            let refused = caller.post("/api/submissions", &json!("tull")).await;
            assert_problem(&refused, ProblemType::FORBIDDEN);
        }
    }
}

#[actix_rt::test]
async fn an_administrator_submits_for_the_department_of_the_cases_and_for_one_only() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let admin = app.by(&Actor::admin()).await;
    let (kld, kd) = (Actor::budget_unit("KLD"), Actor::budget_unit("KD"));
    let of_kld = ready_cases(&app, &round, &kld, 2).await;
    let of_kd = ready_cases(&app, &round, &kd, 1).await;
    let mixed = [ids(&of_kld), ids(&of_kd)].concat();
    let problem =
        assert_problem(&submit(&admin, &round, &mixed).await, ProblemType::SUBMISSION_REFUSED);
    assert_eq!(problem["errors"].as_array().unwrap().len(), 1);
    assert_eq!(problem["errors"][0]["pointer"], "/caseIds/2", "the odd one out");
    let sent = submit(&admin, &round, &ids(&of_kld)).await.assert_status(201).json();
    assert_eq!(sent["departmentCode"], "KLD");
    let unknown = submit(&admin, &round, &[json!(Uuid::new_v4())]).await;
    assert_problem(&unknown, ProblemType::SUBMISSION_REFUSED);
}

#[actix_rt::test]
async fn i6_a_foreign_case_and_one_that_does_not_exist_are_refused_in_the_same_words() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let caller = app.by(&Actor::budget_unit("KLD")).await;
    let stranger = Actor::budget_unit("KD");
    let foreign = app.seed.case(&round, &stranger).named("Hemmelig plan").insert().await;
    let details = async |id: Value| {
        let mut problem = submit(&caller, &round, &[id]).await.json();
        (problem["errors"].take(), problem["message"].take())
    };
    let told = details(json!(foreign.id)).await;
    assert_eq!(told, details(json!(Uuid::new_v4())).await);
    assert!(!told.1.as_str().unwrap().contains("Hemmelig"), "{told:?}");
}

#[actix_rt::test]
async fn a_round_that_is_closed_or_unknown_takes_no_submission() {
    let app = TestApp::spawn().await;
    let closed = app.seed.round("AUG2025").closed().insert().await;
    let open = app.seed.round("AUG2027").insert().await;
    let owner = Actor::budget_unit("KLD");
    let caller = app.by(&owner).await;
    let of_closed = ready_cases(&app, &closed, &owner, 1).await;
    let of_open = ready_cases(&app, &open, &owner, 1).await;
    let unknown = SeededRound { id: Uuid::new_v4().into(), name: String::new() };
    for (round, cases) in [(&closed, &of_closed), (&closed, &of_open), (&unknown, &of_open)] {
        let refused = submit(&caller, round, &ids(cases)).await;
        let problem = assert_problem(&refused, ProblemType::INVALID_REQUEST);
        assert_eq!(problem["errors"][0]["pointer"], "/budgetRoundId", "{problem}");
    }
}

#[actix_rt::test]
async fn the_largest_submission_is_sent_and_one_more_is_refused() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::budget_unit("KLD");
    let template = app.seed.case(&round, &owner).status(READY).insert().await;
    let multiply =
        "INSERT INTO cases (budget_round_id, department_id, case_name, case_type, status,
                        created_by, version)
                    SELECT budget_round_id, department_id, 'Sak ' || n, case_type, status,
                        created_by, 1 FROM cases, generate_series(1, 499) n WHERE id = $1";
    app.seed.client().execute(multiply, &[template.id.as_uuid()]).await.unwrap();
    let rows = app.seed.client().query("SELECT id FROM cases", &[]).await.unwrap();
    let cases: Vec<Value> = rows.iter().map(|row| json!(row.get::<_, Uuid>(0))).collect();
    let caller = app.by(&owner).await;
    let one_more = [cases.clone(), vec![json!(Uuid::new_v4())]].concat();
    let refused = submit(&caller, &round, &one_more).await;
    assert_problem(&refused, ProblemType::INVALID_REQUEST);
    let sent = submit(&caller, &round, &cases).await.assert_status(201).json();
    assert_eq!(sent["cases"].as_array().unwrap().len(), 500);
    assert_eq!(count(&app, "submission_cases").await, 500);
    assert_eq!(count(&app, "case_events WHERE event_type = 'sent_to_fin'").await, 500);
}

#[actix_rt::test]
async fn i6_fin_no_longer_sees_a_case_that_was_taken_back_but_its_ministry_does() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::budget_unit("KLD");
    let cases = ready_cases(&app, &round, &owner, 2).await;
    let fag = app.by(&owner).await;
    submit(&fag, &round, &ids(&cases)).await.assert_status(201);
    let back = json!({ "status": "godkjent_pol" });
    fag.patch(&format!("/api/cases/{}/status", cases[0].id), &back).await.assert_status(200);
    let seen = async |http: &Http| {
        let list = http.get("/api/submissions").await.assert_status(200).json();
        assert_eq!(list.as_array().unwrap().len(), 1);
        let cases = list[0]["cases"].as_array().unwrap().clone();
        let status = |case: &Value| (case["caseId"].to_string(), case["status"].clone());
        cases.iter().map(status).collect::<HashMap<_, _>>()
    };
    let own = seen(&fag).await;
    assert_eq!(own[&json!(cases[0].id).to_string()], "godkjent_pol", "as it is now");
    assert_eq!(own.len(), 2);
    assert_eq!(seen(&app.by(&Actor::admin()).await).await.len(), 2);
    let at_fin = seen(&app.by(&Actor::fin()).await).await;
    assert_eq!(at_fin.into_keys().collect::<Vec<_>>(), [json!(cases[1].id).to_string()]);
}

#[actix_rt::test]
async fn i6_a_ministry_sees_its_own_submissions_whatever_it_asks_for() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    for code in ["KLD", "KD"] {
        let owner = Actor::budget_unit(code);
        let cases = ready_cases(&app, &round, &owner, 1).await;
        submit(&app.by(&owner).await, &round, &ids(&cases)).await.assert_status(201);
    }
    let codes = async |actor: Actor, query: &str| {
        let list = app.by(&actor).await.get(&format!("/api/submissions{query}")).await;
        let list: Vec<Value> = list.assert_status(200).parse();
        list.iter()
            .map(|one| one["departmentCode"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(Actor::fag("KLD"), "").await, ["KLD"]);
    assert_eq!(codes(Actor::fag("KLD"), "?departmentId=kld").await, ["KLD"]);
    assert!(codes(Actor::fag("KLD"), "?departmentId=kd").await.is_empty());
    assert_eq!(codes(Actor::fin(), "").await, ["KD", "KLD"], "newest first");
    assert_eq!(codes(Actor::fin(), "?department_id=kd").await, ["KD"]);
}
