//! Submissions (contract 14).

use serde_json::{Value, json};
use test_support::Answer;
use test_support::portal::{User, unknown_id};

use crate::arrange::{
    assert_keys, assert_time, budget_unit, case_at, column, events_of, take_step,
};

/// A budget unit and the round that is open.
struct Desk {
    user: User,
    round: String,
}

impl Desk {
    /// At a ministry whose submissions only these tests change.
    async fn new() -> Self {
        Self::at("lmd").await
    }

    async fn at(department_code: &str) -> Self {
        let user = budget_unit(department_code).await;
        let round = user.august_round().await;
        Self { user, round }
    }

    async fn ready_case(&self) -> String {
        case_at(&self.user, "godkjent_pol").await
    }

    async fn submit(&self, cases: &[&str]) -> Answer {
        let body = json!({ "budgetRoundId": self.round, "caseIds": cases });
        self.user.http.post("/api/submissions", &body).await
    }

    async fn refused(&self, cases: &[&str]) -> Value {
        self.submit(cases).await.assert_problem(400, "/problems/submission-refused")
    }

    async fn case(&self, id: &str) -> Value {
        self.user.http.get(&format!("/api/cases/{id}")).await.assert_status(200).json()
    }
}

async fn list(user: &User, query: &str) -> Vec<Value> {
    user.http.get(&format!("/api/submissions{query}")).await.assert_status(200).parse()
}

fn pointers(problem: &Value) -> Vec<&str> {
    column(problem["errors"].as_array().expect("errors"), "pointer")
}

const KEYS: [&str; 10] = [
    "budgetRoundId",
    "budgetRoundName",
    "cases",
    "departmentCode",
    "departmentId",
    "id",
    "isSupplement",
    "submittedAt",
    "submittedBy",
    "submittedByName",
];

const CASE_KEYS: [&str; 5] = ["amount", "caseId", "caseName", "caseType", "status"];

#[tokio::test]
async fn e45_submissions_and_their_cases_have_exactly_the_contracts_keys() {
    let list = list(&User::fag("aid").await, "").await;
    assert!(!list.is_empty());
    for submission in &list {
        assert_keys(submission, KEYS);
        assert_time(&submission["submittedAt"]);
        let cases = submission["cases"].as_array().expect("cases");
        assert!(!cases.is_empty());
        for case in cases {
            assert_keys(case, CASE_KEYS);
            assert!(case["amount"].is_i64() || case["amount"].is_null(), "{case}");
        }
    }
}

#[tokio::test]
async fn e45_the_newest_comes_first() {
    let list = list(&User::sign_in("admin@test.no").await, "").await;
    let times = column(&list, "submittedAt");
    assert!(times.len() >= 32 && times.is_sorted_by(|one, next| one >= next), "{times:?}");
}

#[tokio::test]
async fn e45_a_ministry_sees_its_own_whatever_it_asks_for() {
    let user = User::fag("aid").await;
    for query in ["", "?departmentId=AID"] {
        let list = list(&user, query).await;
        assert!(!list.is_empty() && list.iter().all(|one| one["departmentCode"] == "AID"));
    }
    assert!(list(&user, "?departmentId=KD").await.is_empty());
}

#[tokio::test]
async fn e45_fin_and_administrators_see_those_of_every_ministry() {
    for email in ["fin.sd1@test.no", "admin@test.no"] {
        let user = User::sign_in(email).await;
        let list = list(&user, "").await;
        for code in ["AID", "KD", "FIN-FAG"] {
            assert!(list.iter().any(|one| one["departmentCode"] == code), "{email} {code}");
        }
    }
}

#[tokio::test]
async fn e45_d04_d05_a_department_goes_by_id_code_or_alias_in_both_spellings() {
    let user = User::sign_in("admin@test.no").await;
    let by_code = list(&user, "?departmentId=ED").await;
    assert!(!by_code.is_empty() && by_code.iter().all(|one| one["departmentCode"] == "ED"));
    let id = by_code[0]["departmentId"].as_str().expect("an id");
    for query in [
        format!("?departmentId={id}"),
        format!("?department_id={id}"),
        format!("?department_id={}", id.to_uppercase()),
        "?department_id=ed".to_owned(),
        "?departmentId=eid".to_owned(),
        "?departmentId=ED&department_id=KD".to_owned(),
    ] {
        assert_eq!(list(&user, &query).await, by_code, "{query}");
    }
}

#[tokio::test]
async fn e45_a_round_narrows_in_both_spellings() {
    let user = User::sign_in("admin@test.no").await;
    let august = user.august_round().await;
    for name in ["budgetRoundId", "budget_round_id"] {
        let of_round = list(&user, &format!("?{name}={august}&departmentId=AID")).await;
        assert!(!of_round.is_empty());
        assert!(of_round.iter().all(|one| one["budgetRoundName"] == "AUG2026"));
        assert!(list(&user, &format!("?{name}={}", unknown_id())).await.is_empty());
    }
}

#[tokio::test]
async fn e45_a_parameter_that_says_nothing_is_absent_and_a_bare_question_mark_normal() {
    let user = User::fag("aid").await;
    let all = list(&user, "").await;
    for query in ["?", "?budgetRoundId=None", "?department_id=&budget_round_id=undefined"] {
        assert_eq!(list(&user, query).await, all, "{query}");
    }
}

#[tokio::test]
async fn e45_an_unknown_department_has_none_and_a_malformed_round_is_refused() {
    let user = User::sign_in("admin@test.no").await;
    assert!(list(&user, "?departmentId=finnesikke").await.is_empty());
    let refused = user.http.get("/api/submissions?budget_round_id=7").await;
    refused.assert_problem(400, "/problems/invalid-request");
}

#[tokio::test]
async fn e45_cases_are_shown_as_they_are_now() {
    let desk = Desk::new().await;
    let case = desk.ready_case().await;
    let sent = desk.submit(&[&case]).await.assert_status(201).json();
    take_step(&User::sign_in("fin.lmd@test.no").await, &case, "under_vurdering_fin").await;
    let now = list(&desk.user, "").await;
    let found = now.iter().find(|one| one["id"] == sent["id"]).expect("it stays");
    assert_eq!(found["cases"][0]["status"], "under_vurdering_fin");
}

#[tokio::test]
async fn e46_a_submission_has_exactly_the_contracts_keys() {
    let desk = Desk::new().await;
    let case = desk.ready_case().await;
    let sent = desk.submit(&[&case]).await.assert_status(201).json();
    assert_keys(&sent, KEYS);
    assert_eq!(sent["budgetRoundId"], desk.round);
    assert_eq!(sent["budgetRoundName"], "AUG2026");
    assert_eq!(sent["departmentCode"], "LMD");
    assert_eq!(sent["departmentId"], desk.user.profile["departmentId"]);
    assert_eq!(sent["submittedBy"], desk.user.profile["id"]);
    assert_eq!(sent["submittedByName"], desk.user.profile["fullName"]);
    assert_time(&sent["submittedAt"]);
    assert_eq!(
        sent["cases"],
        json!([{
            "caseId": case,
            "caseName": "Styrket innsats mot ras og flom",
            "caseType": "satsingsforslag",
            "status": "sendt_til_fin",
            "amount": 12_500,
        }])
    );
}

#[tokio::test]
async fn e46_the_answer_is_what_the_list_then_shows() {
    let desk = Desk::new().await;
    let (one, other) = (desk.ready_case().await, desk.ready_case().await);
    let sent = desk.submit(&[&one, &other]).await.assert_status(201).json();
    assert_eq!(sent["cases"].as_array().expect("cases").len(), 2);
    for user in [&desk.user, &User::sign_in("fin.lmd@test.no").await] {
        let list = list(user, "?departmentId=lmd").await;
        assert_eq!(list.iter().find(|one| one["id"] == sent["id"]), Some(&sent));
    }
}

#[tokio::test]
async fn e46_every_case_arrives_at_fin_without_a_new_version() {
    let desk = Desk::new().await;
    let cases = [desk.ready_case().await, desk.ready_case().await];
    let before = desk.case(&cases[0]).await;
    desk.submit(&[&cases[0], &cases[1]]).await.assert_status(201);
    for case in &cases {
        let now = desk.case(case).await;
        assert_eq!(now["status"], "sendt_til_fin");
        assert_eq!(now["version"], before["version"]);
        assert!(now["updatedAt"].as_str() > before["updatedAt"].as_str());
    }
}

#[tokio::test]
async fn e46_d24_the_cases_get_the_ministrys_handler_at_fin() {
    let desk = Desk::new().await;
    let case = desk.ready_case().await;
    assert_eq!(desk.case(&case).await["finAssignedTo"], Value::Null);
    desk.submit(&[&case]).await.assert_status(201);
    assert_eq!(desk.case(&case).await["finAssignedToName"], "Hilde Strand");
}

#[tokio::test]
async fn e46_d31_every_case_logs_the_submission_under_the_name_the_client_knows() {
    let desk = Desk::new().await;
    let (one, other) = (desk.ready_case().await, desk.ready_case().await);
    let sent = desk.submit(&[&one, &other]).await.assert_status(201).json();
    let expected = ("submitted".to_owned(), json!({ "submission_id": sent["id"] }));
    for case in [&one, &other] {
        assert_eq!(events_of(&desk.user, case).await[0], expected);
    }
}

#[tokio::test]
async fn e46_d14_the_case_list_shows_the_new_status_at_once() {
    let desk = Desk::new().await;
    let case = desk.ready_case().await;
    let path = format!("/api/cases?budgetRoundId={}", desk.round);
    let status = async || {
        let list: Vec<Value> = desk.user.http.get(&path).await.assert_status(200).parse();
        list.into_iter().find(|one| one["id"] == case).expect("in the list")["status"].take()
    };
    assert_eq!(status().await, "godkjent_pol");
    desk.submit(&[&case]).await.assert_status(201);
    assert_eq!(status().await, "sendt_til_fin");
}

#[tokio::test]
async fn e46_whether_it_is_a_supplement_is_the_callers_word_and_false_by_default() {
    let desk = Desk::new().await;
    for (word, expected) in
        [(json!(true), json!(true)), (json!(false), json!(false)), (Value::Null, json!(false))]
    {
        let case = desk.ready_case().await;
        let body = json!({ "budgetRoundId": desk.round, "caseIds": [case], "isSupplement": word });
        let sent = desk.user.http.post("/api/submissions", &body).await.assert_status(201).json();
        assert_eq!(sent["isSupplement"], expected);
    }
    let case = desk.ready_case().await;
    assert_eq!(desk.submit(&[&case]).await.assert_status(201).json()["isSupplement"], false);
}

#[tokio::test]
async fn e46_i1_one_case_that_is_not_approved_keeps_all_back_and_is_named() {
    let desk = Desk::new().await;
    let ready = desk.ready_case().await;
    let draft = case_at(&desk.user, "klarert").await;
    let problem = desk.refused(&[&ready, &draft]).await;
    assert_eq!(pointers(&problem), ["/caseIds/1"]);
    let message = problem["message"].as_str().expect("a message");
    assert!(message.contains("Styrket innsats mot ras og flom"), "{message}");
    assert!(message.contains("Klar til budsjettenhet"), "{message}");
    assert_eq!(desk.case(&ready).await["status"], "godkjent_pol");
    let events = events_of(&desk.user, &ready).await;
    assert!(events.iter().all(|(event_type, _)| event_type != "submitted"));
}

#[tokio::test]
async fn e46_every_case_that_fails_is_pointed_at_in_order() {
    let desk = Desk::new().await;
    let ready = desk.ready_case().await;
    let (draft, unknown) = (case_at(&desk.user, "draft").await, unknown_id());
    let problem = desk.refused(&[&unknown, &ready, &draft]).await;
    assert_eq!(pointers(&problem), ["/caseIds/0", "/caseIds/2"]);
}

#[tokio::test]
async fn e46_a_case_is_sent_once() {
    let desk = Desk::new().await;
    let case = desk.ready_case().await;
    desk.submit(&[&case]).await.assert_status(201);
    assert_eq!(pointers(&desk.refused(&[&case]).await), ["/caseIds/0"]);
}

#[tokio::test]
async fn e46_i6_a_case_of_another_ministry_is_refused_without_its_name() {
    let desk = Desk::new().await;
    let foreign = Desk::at("kud").await.ready_case().await;
    let problem = desk.refused(&[&foreign]).await;
    assert_eq!(pointers(&problem), ["/caseIds/0"]);
    assert!(!problem.to_string().contains("Styrket innsats"), "{problem}");
}

#[tokio::test]
async fn e46_a_list_that_is_empty_or_names_a_case_twice_is_refused() {
    let desk = Desk::new().await;
    let case = desk.ready_case().await;
    let refused = desk.submit(&[]).await;
    let problem = refused.assert_problem(400, "/problems/invalid-request");
    assert_eq!(pointers(&problem), ["/caseIds"]);
    let refused = desk.submit(&[&case, &case]).await;
    let problem = refused.assert_problem(400, "/problems/invalid-request");
    assert_eq!(pointers(&problem), ["/caseIds/1"]);
    assert_eq!(desk.case(&case).await["status"], "godkjent_pol");
}

#[tokio::test]
async fn e46_values_of_wrong_types_are_pointed_at() {
    let desk = Desk::new().await;
    let id = unknown_id();
    for (body, pointer) in [
        (json!({ "caseIds": [id] }), "/budgetRoundId"),
        (json!({ "budgetRoundId": "AUG2026", "caseIds": [id] }), "/budgetRoundId"),
        (json!({ "budgetRoundId": desk.round }), "/caseIds"),
        (json!({ "budgetRoundId": desk.round, "caseIds": [id, "7"] }), "/caseIds/1"),
        (
            json!({ "budgetRoundId": desk.round, "caseIds": [id], "isSupplement": "ja" }),
            "/isSupplement",
        ),
    ] {
        let refused = desk.user.http.post("/api/submissions", &body).await;
        let problem = refused.assert_problem(400, "/problems/invalid-request");
        assert_eq!(pointers(&problem), [pointer], "{body}");
    }
}

#[tokio::test]
async fn e46_an_unknown_or_closed_round_takes_nothing() {
    let desk = Desk::new().await;
    let case = desk.ready_case().await;
    let rounds: Vec<Value> = desk.user.http.get("/api/budget-rounds").await.parse();
    let closed = rounds.iter().find(|round| round["status"] == "closed").expect("a closed round");
    for round in [closed["id"].clone(), json!(unknown_id())] {
        let body = json!({ "budgetRoundId": round, "caseIds": [case] });
        let refused = desk.user.http.post("/api/submissions", &body).await;
        let problem = refused.assert_problem(400, "/problems/invalid-request");
        assert_eq!(pointers(&problem), ["/budgetRoundId"]);
    }
}

#[tokio::test]
async fn e46_case_handlers_and_fin_submit_nothing() {
    let desk = Desk::new().await;
    let case = desk.ready_case().await;
    let body = json!({ "budgetRoundId": desk.round, "caseIds": [case] });
    for email in ["fag.lmd@test.no", "fin.lmd@test.no", "depraad.fin@test.no"] {
        let user = User::sign_in(email).await;
        let refused = user.http.post("/api/submissions", &body).await;
        refused.assert_problem(403, "/problems/forbidden");
    }
    assert_eq!(desk.case(&case).await["status"], "godkjent_pol");
}

#[tokio::test]
async fn e46_an_administrator_submits_for_the_ministry_that_owns_the_cases() {
    let desk = Desk::new().await;
    let case = desk.ready_case().await;
    let admin = User::sign_in("admin@test.no").await;
    let body = json!({ "budgetRoundId": desk.round, "caseIds": [case] });
    let sent = admin.http.post("/api/submissions", &body).await.assert_status(201).json();
    assert_eq!(sent["departmentCode"], "LMD");
    assert_eq!(sent["submittedByName"], admin.profile["fullName"]);
}
