//! The workflow (contract 10, E28; domain contract 4).

use serde_json::{Value, json};
use test_support::portal::{User, id_of, unknown_id};

use crate::case_flow::{
    admin, case_in, change_status, draft, events, keys, newest_event, read, trace,
};

async fn step(user: &User, case: &str, body: &Value) -> test_support::Answer {
    user.http.patch(&format!("/api/cases/{case}/status"), body).await
}

#[tokio::test]
async fn e28_a_step_answers_with_a_message_and_the_new_status() {
    let user = User::fag("jd").await;
    let id = draft(&user).await;
    let answer = step(&user, &id, &json!({ "status": "under_arbeid" })).await;
    let answer = answer.assert_status(200).json();
    assert_eq!(keys(&answer), ["message", "status"]);
    assert_eq!(answer["status"], "under_arbeid");
    assert_eq!(read(&user, &id).await["status"], "under_arbeid");
}

#[tokio::test]
async fn e28_a_step_is_logged_with_reason_and_comment() {
    let user = User::fag("jd").await;
    let id = draft(&user).await;
    let body = json!({ "status": "under_arbeid", "reason": "Begrunnelse", "comment": "Æøå" });
    step(&user, &id, &body).await.assert_status(200);
    let expected =
        json!({ "from": "draft", "to": "under_arbeid", "reason": "Begrunnelse", "comment": "Æøå" });
    assert_eq!(newest_event(&user, &id).await, ("status_changed".to_owned(), expected));
    step(&user, &id, &json!({ "status": "draft" })).await.assert_status(200);
    let expected =
        json!({ "from": "under_arbeid", "to": "draft", "reason": null, "comment": null });
    assert_eq!(newest_event(&user, &id).await.1, expected);
}

#[tokio::test]
async fn e28_a_step_changes_the_case_and_makes_no_version() {
    let user = User::fag("jd").await;
    let id = draft(&user).await;
    let before = read(&user, &id).await;
    change_status(&user, &id, "under_arbeid").await.assert_status(200);
    let after = read(&user, &id).await;
    assert_eq!(after["version"], before["version"]);
    assert_eq!(after["currentContent"], before["currentContent"]);
    assert!(after["updatedAt"].as_str() > before["updatedAt"].as_str());
}

#[tokio::test]
async fn e28_d14_a_step_is_in_the_next_list() {
    let user = User::fag("jd").await;
    let id = draft(&user).await;
    user.http.get("/api/cases").await.assert_status(200);
    change_status(&user, &id, "under_arbeid").await.assert_status(200);
    let list: Vec<Value> = user.http.get("/api/cases").await.assert_status(200).parse();
    let row = list.iter().find(|case| id_of(case) == id).expect("the case in the list");
    assert_eq!(row["status"], "under_arbeid");
}

#[tokio::test]
async fn e28_the_main_way_is_gone_by_those_whose_step_it_is() {
    let (fag, lead) = (User::fag("jd").await, User::sign_in("budsjett.jd@test.no").await);
    let (fin, fin_lead) = (
        User::sign_in("fin.jd1@test.no").await,
        User::sign_in("avddir.statsforv@fin.test.no").await,
    );
    let id = draft(&fag).await;
    for (user, status) in [
        (&fag, "under_arbeid"),
        (&fag, "til_avklaring"),
        (&lead, "klarert"),
        (&lead, "godkjent_pol"),
        (&lead, "sendt_til_fin"),
        (&fin, "under_vurdering_fin"),
        (&fin, "ferdigbehandlet_fin"),
        (&fin, "sendt_til_regjeringen"),
        (&fin_lead, "regjeringsbehandlet"),
    ] {
        change_status(user, &id, status).await.assert_status(200);
    }
    assert_eq!(events(&fag, &id).await.len(), 10, "created, and one for each step");
}

#[tokio::test]
async fn e28_a_step_of_another_role_is_refused_and_leaves_no_trace() {
    let (fag, fin) = (User::fag("jd").await, User::sign_in("fin.jd1@test.no").await);
    let deputy = User::sign_in("unddir.statsforv2@fin.test.no").await;
    for (status, user, target) in [
        ("til_avklaring", &fag, "klarert"),
        ("godkjent_pol", &fag, "sendt_til_fin"),
        ("sendt_til_fin", &fag, "godkjent_pol"),
        ("sendt_til_fin", &deputy, "under_vurdering_fin"),
        ("under_vurdering_fin", &deputy, "returnert_til_fag"),
        ("sendt_til_regjeringen", &fin, "regjeringsbehandlet"),
    ] {
        let id = case_in(&fag, status).await;
        let before = trace(&fag, &id).await;
        let answer = change_status(user, &id, target).await;
        answer.assert_problem(400, "/problems/transition-refused");
        assert_eq!(trace(&fag, &id).await, before, "{status} to {target}");
    }
}

#[tokio::test]
async fn e28_a_step_that_the_table_does_not_have_is_refused_even_for_the_administrator() {
    let (owner, admin) = (User::fag("jd").await, admin().await);
    for (status, target) in [
        ("draft", "klarert"),
        ("draft", "draft"),
        ("klarert", "sendt_til_fin"),
        ("avvist_av_fin", "under_vurdering_fin"),
        ("regjeringsbehandlet", "sendt_til_regjeringen"),
    ] {
        let id = case_in(&owner, status).await;
        let answer = change_status(&admin, &id, target).await;
        answer.assert_problem(400, "/problems/transition-refused");
    }
}

#[tokio::test]
async fn e28_returning_and_rejecting_need_a_reason() {
    let (owner, fin) = (User::fag("jd").await, User::sign_in("fin.jd1@test.no").await);
    let id = case_in(&owner, "under_vurdering_fin").await;
    for status in ["returnert_til_fag", "avvist_av_fin"] {
        for reason in [None, Some(""), Some(" \n\t")] {
            let body = json!({ "status": status, "reason": reason, "comment": "Merknad" });
            let answer = step(&fin, &id, &body).await;
            let problem = answer.assert_problem(400, "/problems/reason-required");
            assert_eq!(problem["errors"][0]["pointer"], "/reason", "{problem}");
        }
    }
    let body = json!({ "status": "returnert_til_fag", "reason": "Mangler tall" });
    step(&fin, &id, &body).await.assert_status(200);
}

#[tokio::test]
async fn e28_fin_returns_an_unopened_case_without_a_reason() {
    let (owner, fin) = (User::fag("jd").await, User::sign_in("fin.jd1@test.no").await);
    let id = case_in(&owner, "sendt_til_fin").await;
    step(&fin, &id, &json!({ "status": "klarert" })).await.assert_status(200);
    assert!(read(&owner, &id).await["finAssignedTo"].is_null());
}

#[tokio::test]
async fn e28_a_pending_opinion_blocks_before_the_table_and_the_reason_are_asked() {
    let (owner, lead) = (User::fag("jd").await, User::sign_in("avddir.jd@test.no").await);
    let id = draft(&owner).await;
    let body = json!({ "assignedTo": lead.profile["id"], "type": "godkjenning" });
    let opinion = owner.http.post(&format!("/api/cases/{id}/opinions"), &body).await.json();
    for status in ["under_arbeid", "regjeringsbehandlet", "avvist_av_fin"] {
        let answer = step(&owner, &id, &json!({ "status": status })).await;
        answer.assert_problem(400, "/problems/pending-opinions");
    }
    let path = format!("/api/cases/opinions/{}", id_of(&opinion));
    lead.http.patch(&path, &json!({ "status": "rejected" })).await.assert_status(200);
    change_status(&owner, &id, "under_arbeid").await.assert_status(200);
}

#[tokio::test]
async fn e28_a_case_sent_to_fin_gets_the_departments_handler() {
    let owner = User::fag("jd").await;
    let id = case_in(&owner, "sendt_til_fin").await;
    let page = read(&owner, &id).await;
    assert_eq!(page["finAssignedToName"], "Siri Jensen", "fin.jd1 comes before fin.jd2");
}

#[tokio::test]
async fn e28_a_case_that_goes_back_before_fin_loses_its_fin_handler() {
    let (owner, lead) = (User::fag("jd").await, User::sign_in("budsjett.jd@test.no").await);
    let id = case_in(&owner, "sendt_til_fin").await;
    change_status(&lead, &id, "godkjent_pol").await.assert_status(200);
    let page = read(&owner, &id).await;
    assert_eq!((&page["finAssignedTo"], &page["finAssignedToName"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn e28_a_returned_case_keeps_its_fin_handler_until_it_is_cleared_again() {
    let owner = User::fag("jd").await;
    let id = case_in(&owner, "returnert_til_fag").await;
    assert!(read(&owner, &id).await["finAssignedTo"].is_string());
    change_status(&owner, &id, "klarert").await.assert_status(200);
    assert!(read(&owner, &id).await["finAssignedTo"].is_null());
}

#[tokio::test]
async fn e28_an_unknown_status_and_wrong_types_are_400() {
    let user = User::fag("jd").await;
    let id = draft(&user).await;
    for body in [
        json!({}),
        json!({ "status": null }),
        json!({ "status": "ferdig" }),
        json!({ "status": "UNDER_ARBEID" }),
        json!({ "status": "under_arbeid", "reason": 1 }),
        json!({ "status": "under_arbeid", "comment": "\u{0}" }),
    ] {
        step(&user, &id, &body).await.assert_problem(400, "/problems/invalid-request");
    }
}

#[tokio::test]
async fn e28_a_foreign_case_is_403_and_an_unknown_one_404() {
    let id = draft(&User::fag("jd").await).await;
    let stranger = User::fag("fd").await;
    change_status(&stranger, &id, "under_arbeid").await.assert_problem(403, "/problems/forbidden");
    let fin = User::sign_in("fin.jd1@test.no").await;
    change_status(&fin, &id, "under_arbeid").await.assert_problem(403, "/problems/forbidden");
    change_status(&stranger, &unknown_id(), "under_arbeid")
        .await
        .assert_problem(404, "/problems/not-found");
}
