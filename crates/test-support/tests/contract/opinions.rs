//! Opinions and approvals (contract 11, E32 to E34).

use serde_json::{Value, json};
use test_support::Answer;
use test_support::portal::{User, id_of, unknown_id};

use crate::case_flow::{
    OPINION_KEYS, assert_time, case_in, change_status, draft, events, keys, newest_event, read,
    save_content, trace,
};

async fn ask(user: &User, case: &str, body: &Value) -> Answer {
    user.http.post(&format!("/api/cases/{case}/opinions"), body).await
}

/// A pending request of `owner` to `assignee` on a new case: the case and the request.
async fn asked(owner: &User, assignee: &User, kind: &str) -> (String, String) {
    let case = draft(owner).await;
    let body = json!({ "assignedTo": assignee.profile["id"], "type": kind, "comment": "Haster" });
    let opinion = ask(owner, &case, &body).await.assert_status(200).json();
    (case, id_of(&opinion).to_owned())
}

async fn answer(user: &User, opinion: &str, body: &Value) -> Answer {
    user.http.patch(&format!("/api/cases/opinions/{opinion}"), body).await
}

async fn forward(user: &User, opinion: &str, to: &Value) -> Answer {
    let body = json!({ "forwardTo": to });
    user.http.post(&format!("/api/cases/opinions/{opinion}/forward"), &body).await
}

#[tokio::test]
async fn e32_a_request_answers_with_exactly_the_contracts_keys() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let case = draft(&owner).await;
    let body =
        json!({ "assignedTo": lead.profile["id"], "type": "godkjenning", "comment": "Haster" });
    let mut opinion = ask(&owner, &case, &body).await.assert_status(200).json();
    assert_eq!(keys(&opinion), OPINION_KEYS);
    assert_time(&opinion["createdAt"]);
    for varies in ["id", "createdAt"] {
        opinion[varies].take();
    }
    assert_eq!(
        opinion,
        json!({
            "id": null, "caseId": case, "type": "godkjenning",
            "requestedBy": owner.profile["id"], "requestedByName": owner.profile["fullName"],
            "assignedTo": lead.profile["id"], "assignedToName": lead.profile["fullName"],
            "status": "pending", "opinionText": null, "requestComment": "Haster",
            "forwardedFromId": null, "originalOpinionId": null, "createdAt": null,
            "resolvedAt": null,
        })
    );
}

#[tokio::test]
async fn e32_a_request_is_on_the_case_page_as_it_was_answered() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let case = draft(&owner).await;
    let body = json!({ "assignedTo": lead.profile["id"] });
    let first = ask(&owner, &case, &body).await.assert_status(200).json();
    let second = ask(&owner, &case, &body).await.assert_status(200).json();
    assert_eq!(read(&owner, &case).await["opinions"], json!([first, second]));
}

#[tokio::test]
async fn e32_the_type_is_uttalelse_unless_it_is_given() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let case = draft(&owner).await;
    for kind in [json!({}), json!({ "type": null })] {
        let mut body = kind;
        body["assignedTo"] = lead.profile["id"].clone();
        let opinion = ask(&owner, &case, &body).await.assert_status(200).json();
        assert_eq!(opinion["type"], "uttalelse");
        assert!(opinion["requestComment"].is_null());
    }
}

#[tokio::test]
async fn e32_each_type_has_an_event_of_its_own() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let case = draft(&owner).await;
    for (kind, event) in [("uttalelse", "opinion_requested"), ("godkjenning", "approval_requested")]
    {
        let body = json!({ "assignedTo": lead.profile["id"], "type": kind });
        ask(&owner, &case, &body).await.assert_status(200);
        let expected = json!({ "assigned_to": lead.profile["id"], "type": kind });
        assert_eq!(newest_event(&owner, &case).await, (event.to_owned(), expected));
    }
}

#[tokio::test]
async fn e32_the_recipient_is_named_by_id_or_by_e_mail_in_any_letter_case() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let case = draft(&owner).await;
    let id = lead.profile["id"].as_str().expect("an id").to_uppercase();
    for name in [id.as_str(), "avddir.ud@test.no", "AvdDir.UD@Test.NO", " avddir.ud@test.no "] {
        let opinion = ask(&owner, &case, &json!({ "assignedTo": name })).await;
        let opinion = opinion.assert_status(200).json();
        assert_eq!(opinion["assignedTo"], lead.profile["id"], "{name}");
    }
}

#[tokio::test]
async fn e32_d03_the_alias_domains_of_sign_in_name_a_recipient_too() {
    let (owner, unit) = (User::fag("ud").await, User::sign_in("budsjett1@did.dep.no").await);
    let case = draft(&owner).await;
    for name in ["budsjett1@did.dep.no", "budsjett1@dfd.dep.no", "Budsjett1@DFD.dep.no"] {
        let opinion = ask(&owner, &case, &json!({ "assignedTo": name })).await;
        assert_eq!(opinion.assert_status(200).json()["assignedTo"], unit.profile["id"], "{name}");
    }
}

#[tokio::test]
async fn e32_an_unknown_recipient_and_a_bad_type_are_400_and_leave_no_trace() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let case = draft(&owner).await;
    let before = trace(&owner, &case).await;
    let id = &lead.profile["id"];
    for (pointer, body) in [
        ("/assignedTo", json!({})),
        ("/assignedTo", json!({ "assignedTo": "" })),
        ("/assignedTo", json!({ "assignedTo": unknown_id() })),
        ("/assignedTo", json!({ "assignedTo": "ingen@test.no" })),
        ("/assignedTo", json!({ "assignedTo": 7 })),
        ("/type", json!({ "assignedTo": id, "type": "clearance" })),
        ("/comment", json!({ "assignedTo": id, "comment": 1 })),
    ] {
        let answer = ask(&owner, &case, &body).await;
        let problem = answer.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    assert_eq!(trace(&owner, &case).await, before);
}

#[tokio::test]
async fn e32_handlers_leaders_and_the_administrator_ask() {
    let owner = User::fag("ud").await;
    let case = case_in(&owner, "sendt_til_fin").await;
    for email in [
        "fag.ud@test.no",
        "fin.ud@test.no",
        "budsjett.ud@test.no",
        "avddir.naering@fin.test.no",
        "admin@test.no",
    ] {
        let user = User::sign_in(email).await;
        let opinion = ask(&user, &case, &json!({ "assignedTo": owner.profile["id"] })).await;
        assert_eq!(opinion.assert_status(200).json()["requestedBy"], user.profile["id"]);
    }
}

#[tokio::test]
async fn e32_whoever_opens_the_case_without_handling_it_is_400() {
    let (lead, fag) = (User::sign_in("budsjett.ud@test.no").await, User::fag("ud").await);
    let case = case_in(&lead, "sendt_til_fin").await;
    for user in [&fag, &User::sign_in("fin.kld@test.no").await] {
        read(user, &case).await;
        let answer = ask(user, &case, &json!({ "assignedTo": lead.profile["id"] })).await;
        answer.assert_problem(400, "/problems/opinion-refused");
    }
    assert_eq!(read(&lead, &case).await["opinions"], json!([]));
}

#[tokio::test]
async fn e32_a_foreign_case_is_403_and_an_unknown_one_404() {
    let owner = User::fag("ud").await;
    let case = draft(&owner).await;
    let body = json!({ "assignedTo": owner.profile["id"] });
    let stranger = User::sign_in("depraad.sd@test.no").await;
    ask(&stranger, &case, &body).await.assert_problem(403, "/problems/forbidden");
    ask(&owner, &unknown_id(), &body).await.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn e32_the_assignee_of_another_department_may_read_the_case_now_and_later() {
    let (owner, other) = (User::fag("ud").await, User::fag("lmd").await);
    let case = draft(&owner).await;
    let path = format!("/api/cases/{case}");
    other.http.get(&path).await.assert_problem(403, "/problems/forbidden");
    let body = json!({ "assignedTo": other.profile["id"] });
    let opinion = ask(&owner, &case, &body).await.assert_status(200).json();
    other.http.get(&path).await.assert_status(200);
    other.http.get(&format!("{path}/events")).await.assert_status(200);
    let save = save_content(&other, &case, &json!({ "comment": "x" })).await;
    save.assert_problem(403, "/problems/forbidden");
    let given = json!({ "status": "given", "opinionText": "Støttes" });
    answer(&other, id_of(&opinion), &given).await.assert_status(200);
    other.http.get(&path).await.assert_status(200);
}

#[tokio::test]
async fn e33_an_answer_resolves_the_request() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let (case, opinion) = asked(&owner, &lead, "uttalelse").await;
    let body = json!({ "status": "given", "opinionText": "Vi støtter forslaget." });
    let resolved = answer(&lead, &opinion, &body).await.assert_status(200).json();
    assert_eq!(keys(&resolved), OPINION_KEYS);
    assert_eq!(resolved["status"], "given");
    assert_eq!(resolved["opinionText"], "Vi støtter forslaget.");
    assert_eq!(resolved["requestComment"], "Haster");
    assert_eq!(resolved["requestedByName"], owner.profile["fullName"]);
    assert_time(&resolved["resolvedAt"]);
    assert_eq!(read(&owner, &case).await["opinions"], json!([resolved]));
}

#[tokio::test]
async fn e33_every_answer_is_logged_under_its_own_name() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    for (kind, status, event) in [
        ("uttalelse", "given", "opinion_given"),
        ("uttalelse", "declined", "opinion_declined"),
        ("godkjenning", "approved", "approval_approved"),
        ("godkjenning", "rejected", "approval_rejected"),
    ] {
        let (case, opinion) = asked(&owner, &lead, kind).await;
        let resolved = answer(&lead, &opinion, &json!({ "status": status })).await;
        let resolved = resolved.assert_status(200).json();
        assert_eq!((&resolved["status"], &resolved["opinionText"]), (&json!(status), &Value::Null));
        let expected = json!({ "opinion_id": opinion, "type": kind });
        assert_eq!(newest_event(&owner, &case).await, (event.to_owned(), expected));
        let log = events(&owner, &case).await;
        assert_eq!(log[0]["userId"], lead.profile["id"]);
    }
}

#[tokio::test]
async fn e33_an_answer_of_the_other_type_is_400() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    for (kind, wrong) in
        [("uttalelse", ["approved", "rejected"]), ("godkjenning", ["given", "declined"])]
    {
        let (case, opinion) = asked(&owner, &lead, kind).await;
        for status in wrong {
            let refused = answer(&lead, &opinion, &json!({ "status": status })).await;
            let problem = refused.assert_problem(400, "/problems/opinion-refused");
            assert_eq!(problem["errors"][0]["pointer"], "/status", "{problem}");
        }
        assert_eq!(read(&owner, &case).await["opinions"][0]["status"], "pending");
    }
}

#[tokio::test]
async fn e33_a_status_that_is_no_answer_is_400() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let (_, opinion) = asked(&owner, &lead, "godkjenning").await;
    for body in [
        json!({}),
        json!({ "status": null }),
        json!({ "status": "pending" }),
        json!({ "status": "forwarded" }),
        json!({ "status": "APPROVED" }),
    ] {
        let problem =
            answer(&lead, &opinion, &body).await.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], "/status", "{problem}");
    }
}

#[tokio::test]
async fn e33_only_the_assignee_answers() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let (_, opinion) = asked(&owner, &lead, "uttalelse").await;
    for email in ["fag.ud@test.no", "depraad.ud@test.no", "fag.sd@test.no", "admin@test.no"] {
        let other = User::sign_in(email).await;
        let refused = answer(&other, &opinion, &json!({ "status": "given" })).await;
        refused.assert_problem(403, "/problems/forbidden");
    }
    let unknown = answer(&lead, &unknown_id(), &json!({ "status": "given" })).await;
    unknown.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn e33_an_answer_is_given_once() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let (case, opinion) = asked(&owner, &lead, "uttalelse").await;
    answer(&lead, &opinion, &json!({ "status": "given" })).await.assert_status(200);
    let before = trace(&owner, &case).await;
    let again = answer(&lead, &opinion, &json!({ "status": "declined" })).await;
    again.assert_problem(400, "/problems/opinion-refused");
    assert_eq!(trace(&owner, &case).await, before);
}

#[tokio::test]
async fn e33_a_rejection_leaves_the_status_alone_and_frees_it() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let (case, opinion) = asked(&owner, &lead, "godkjenning").await;
    let blocked = change_status(&owner, &case, "under_arbeid").await;
    blocked.assert_problem(400, "/problems/pending-opinions");
    answer(&lead, &opinion, &json!({ "status": "rejected" })).await.assert_status(200);
    assert_eq!(read(&owner, &case).await["status"], "draft");
    change_status(&owner, &case, "under_arbeid").await.assert_status(200);
}

#[tokio::test]
async fn e34_forwarding_replaces_the_request_by_a_new_one() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let head = User::sign_in("depraad.ud@test.no").await;
    let (case, first) = asked(&owner, &lead, "godkjenning").await;
    let second = forward(&lead, &first, &head.profile["id"]).await.assert_status(200).json();
    assert_eq!(keys(&second), OPINION_KEYS);
    assert_eq!(second["type"], "godkjenning");
    assert_eq!(second["status"], "pending");
    assert_eq!(second["requestedBy"], owner.profile["id"], "the requester is kept");
    assert_eq!(second["requestedByName"], owner.profile["fullName"]);
    assert_eq!(second["assignedToName"], head.profile["fullName"]);
    assert_eq!(
        (&second["forwardedFromId"], &second["originalOpinionId"]),
        (&json!(first), &json!(first))
    );
    let opinions = read(&owner, &case).await["opinions"].take();
    assert_eq!(opinions[0]["status"], "forwarded");
    assert_time(&opinions[0]["resolvedAt"]);
    assert_eq!(opinions[1], second);
}

#[tokio::test]
async fn e34_a_chain_points_to_its_previous_link_and_its_root() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let (head, other) = (User::sign_in("depraad.ud@test.no").await, User::fag("sd").await);
    let (_, first) = asked(&owner, &lead, "godkjenning").await;
    let second = forward(&lead, &first, &head.profile["id"]).await.json();
    let third = forward(&head, id_of(&second), &other.profile["id"]).await;
    let third = third.assert_status(200).json();
    assert_eq!(third["forwardedFromId"], second["id"]);
    assert_eq!(third["originalOpinionId"], json!(first));
    let approved = answer(&other, id_of(&third), &json!({ "status": "approved" })).await;
    assert_eq!(approved.assert_status(200).json()["originalOpinionId"], json!(first));
}

#[tokio::test]
async fn e34_forwarding_is_logged_with_both_links() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let (case, first) = asked(&owner, &lead, "godkjenning").await;
    let second = forward(&lead, &first, &owner.profile["id"]).await.assert_status(200).json();
    let expected = json!({
        "from_opinion": first, "to_user": owner.profile["id"], "new_opinion": second["id"],
    });
    assert_eq!(newest_event(&owner, &case).await, ("approval_forwarded".to_owned(), expected));
}

#[tokio::test]
async fn e34_a_forwarded_approval_still_blocks_the_case() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let (case, first) = asked(&owner, &lead, "godkjenning").await;
    forward(&lead, &first, &owner.profile["id"]).await.assert_status(200);
    let blocked = change_status(&owner, &case, "under_arbeid").await;
    blocked.assert_problem(400, "/problems/pending-opinions");
}

#[tokio::test]
async fn e34_only_a_pending_approval_is_forwarded() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let to = &owner.profile["id"];
    let (_, statement) = asked(&owner, &lead, "uttalelse").await;
    forward(&lead, &statement, to).await.assert_problem(400, "/problems/opinion-refused");
    let (case, approval) = asked(&owner, &lead, "godkjenning").await;
    forward(&lead, &approval, to).await.assert_status(200);
    let before = trace(&owner, &case).await;
    forward(&lead, &approval, to).await.assert_problem(400, "/problems/opinion-refused");
    assert_eq!(trace(&owner, &case).await, before);
}

#[tokio::test]
async fn e34_only_the_assignee_forwards() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let (_, opinion) = asked(&owner, &lead, "godkjenning").await;
    for email in ["fag.ud@test.no", "depraad.ud@test.no", "admin@test.no"] {
        let other = User::sign_in(email).await;
        let refused = forward(&other, &opinion, &owner.profile["id"]).await;
        refused.assert_problem(403, "/problems/forbidden");
    }
    let unknown = forward(&lead, &unknown_id(), &owner.profile["id"]).await;
    unknown.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn e34_an_unknown_recipient_is_400_and_the_request_stays_pending() {
    let (owner, lead) = (User::fag("ud").await, User::sign_in("avddir.ud@test.no").await);
    let (case, opinion) = asked(&owner, &lead, "godkjenning").await;
    for to in [json!(unknown_id()), json!("fag.ud@test.no"), json!(null)] {
        let refused = forward(&lead, &opinion, &to).await;
        let problem = refused.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], "/forwardTo", "{problem}");
    }
    assert_eq!(read(&owner, &case).await["opinions"][0]["status"], "pending");
}
