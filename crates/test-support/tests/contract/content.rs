//! Flat saves and the versions they make (contract 9, E23, E24, E26 and E27).

use serde_json::{Value, json};
use test_support::portal::{User, unknown_id};

use crate::case_flow::{
    CONTENT_KEYS, assert_time, case_in, document, document_body, draft, field_keys, keys,
    newest_event, parse_document, read, save_content, save_document, trace,
};

async fn versions(user: &User, case: &str) -> Vec<Value> {
    user.http.get(&format!("/api/cases/{case}/content")).await.assert_status(200).parse()
}

#[tokio::test]
async fn e23_a_save_answers_with_the_new_version_and_exactly_the_contracts_keys() {
    let user = User::fag("aid").await;
    let id = draft(&user).await;
    let saved = save_content(&user, &id, &json!({ "proposalText": "Ny tekst" })).await;
    let saved = saved.assert_status(200).json();
    assert_eq!(keys(&saved), CONTENT_KEYS);
    assert_eq!(saved["version"], 2);
    assert_eq!(saved["createdBy"], user.profile["id"]);
    assert_eq!(saved["createdByName"], user.profile["fullName"]);
    assert_eq!(saved["status"], "draft");
    assert_time(&saved["createdAt"]);
    let page = read(&user, &id).await;
    assert_eq!(page["currentContent"], saved);
    assert_eq!(page["version"], 2);
}

#[tokio::test]
async fn e23_d20_absent_texts_are_kept_and_null_clears() {
    let user = User::fag("aid").await;
    let id = draft(&user).await;
    let body = json!({ "proposalText": null, "comment": "Merknad" });
    let saved = save_content(&user, &id, &body).await.assert_status(200).json();
    assert!(saved["proposalText"].is_null());
    assert_eq!(saved["comment"], "Merknad");
    assert_eq!(saved["justification"], "Oppgaven har vokst.");
}

#[tokio::test]
async fn e23_d20_null_properties_and_amounts_are_kept() {
    let user = User::fag("aid").await;
    let id = draft(&user).await;
    let before = read(&user, &id).await;
    let body = json!({
        "caseName": null, "chapter": null, "post": null, "amount": null, "comment": "x",
    });
    save_content(&user, &id, &body).await.assert_status(200);
    let after = read(&user, &id).await;
    for kept in ["caseName", "chapter", "post", "amount"] {
        assert_eq!(after[kept], before[kept], "{kept}");
        assert_eq!(after["currentContent"][kept], before[kept], "{kept}");
    }
}

#[tokio::test]
async fn e23_properties_that_are_sent_change_the_case_and_its_snapshot() {
    let user = User::fag("aid").await;
    let id = draft(&user).await;
    let body = json!({ "caseName": "Nytt", "chapter": "300", "post": "45", "amount": 0 });
    save_content(&user, &id, &body).await.assert_status(200);
    let page = read(&user, &id).await;
    for (key, value) in body.as_object().expect("an object") {
        assert_eq!(&page[key], value);
        assert_eq!(&page["currentContent"][key], value);
    }
}

#[tokio::test]
async fn e23_fins_partial_save_keeps_every_text_of_the_ministry() {
    let (owner, fin) = (User::fag("aid").await, User::sign_in("fin.aid1@test.no").await);
    let id = case_in(&owner, "under_vurdering_fin").await;
    let body = json!({
        "finAmount": 9000, "finAssessment": "Vurdert", "finVerbal": "Tilrås",
        "finRConclusion": null,
    });
    let saved = save_content(&fin, &id, &body).await.assert_status(200).json();
    assert_eq!(saved["finAmount"], 9000);
    assert_eq!(saved["finAssessment"], "Vurdert");
    assert_eq!(saved["proposalText"], "Bevilgningen foreslås økt.");
    assert_eq!(saved["amount"], 12_500);
    assert_eq!(read(&owner, &id).await["finAmount"], 9000, "FIN's amount is not masked");
}

#[tokio::test]
async fn e23_a_ministrys_copy_of_fins_amounts_is_ignored() {
    let user = User::fag("aid").await;
    let id = draft(&user).await;
    let body = json!({ "finAmount": 1, "govAmount": 2, "amount": 3 });
    let saved = save_content(&user, &id, &body).await.assert_status(200).json();
    assert_eq!((&saved["finAmount"], &saved["govAmount"]), (&Value::Null, &Value::Null));
    assert_eq!(saved["amount"], 3);
}

#[tokio::test]
async fn e23_a_changed_text_is_rewritten_in_the_document_and_the_rest_is_kept() {
    let user = User::fag("aid").await;
    let id = draft(&user).await;
    let body = document_body(&document(&[("proposalText", "Først"), ("justification", "Fordi")]));
    save_document(&user, &id, &body).await.assert_status(200);
    let body = json!({ "proposalText": "Én\nTo" });
    let saved = save_content(&user, &id, &body).await.assert_status(200).json();
    let document = parse_document(&saved);
    assert_eq!(field_keys(&document), ["proposalText", "justification"]);
    let blocks = document["content"][0]["content"][1]["content"].as_array().expect("blocks");
    let texts: Vec<_> = blocks.iter().map(|block| &block["content"][0]["text"]).collect();
    assert_eq!(texts, ["Én", "To"]);
    assert_eq!(saved["justification"], "Fordi");
}

#[tokio::test]
async fn e23_a_save_is_logged_with_its_version() {
    let user = User::fag("aid").await;
    let id = draft(&user).await;
    save_content(&user, &id, &json!({})).await.assert_status(200);
    let expected = ("content_updated".to_owned(), json!({ "version": 2 }));
    assert_eq!(newest_event(&user, &id).await, expected);
}

#[tokio::test]
async fn e23_i1_another_version_is_a_conflict_that_names_both_and_leaves_no_trace() {
    let user = User::fag("aid").await;
    let id = draft(&user).await;
    save_content(&user, &id, &json!({ "comment": "x" })).await.assert_status(200);
    let before = trace(&user, &id).await;
    for stale in [1, 3] {
        let body = json!({ "comment": "y", "expectedVersion": stale });
        let answer = save_content(&user, &id, &body).await;
        let conflict = answer.assert_problem(409, "/problems/version-conflict");
        assert_eq!(
            (&conflict["currentVersion"], &conflict["yourVersion"]),
            (&json!(2), &json!(stale))
        );
    }
    assert_eq!(trace(&user, &id).await, before);
    let body = json!({ "comment": "y", "expectedVersion": 2 });
    save_content(&user, &id, &body).await.assert_status(200);
}

#[tokio::test]
async fn e23_who_may_save_follows_the_status() {
    let (owner, fin, admin) = (
        User::fag("aid").await,
        User::sign_in("fin.aid1@test.no").await,
        User::sign_in("admin@test.no").await,
    );
    for (status, [fag_may, fin_may, admin_may]) in [
        ("draft", [true, false, true]),
        ("godkjent_pol", [true, false, true]),
        ("sendt_til_fin", [false, true, true]),
        ("ferdigbehandlet_fin", [false, true, true]),
        ("returnert_til_fag", [true, false, true]),
        ("avvist_av_fin", [false, false, false]),
        ("sendt_til_regjeringen", [true, true, true]),
        ("regjeringsbehandlet", [false, false, false]),
    ] {
        let id = case_in(&owner, status).await;
        for (user, may) in [(&owner, fag_may), (&fin, fin_may), (&admin, admin_may)] {
            let answer = save_content(user, &id, &json!({ "comment": status })).await;
            let role = &user.profile["role"];
            assert_eq!(answer.status == 200, may, "{role} in {status}: {}", answer.text());
            if !may {
                answer.assert_problem(403, "/problems/forbidden");
            }
        }
    }
}

#[tokio::test]
async fn e23_a_pending_opinion_does_not_block_a_save() {
    let (owner, lead) = (User::fag("aid").await, User::sign_in("avddir.aid@test.no").await);
    let id = draft(&owner).await;
    let body = json!({ "assignedTo": lead.profile["id"] });
    owner.http.post(&format!("/api/cases/{id}/opinions"), &body).await.assert_status(200);
    save_content(&owner, &id, &json!({ "comment": "x" })).await.assert_status(200);
}

#[tokio::test]
async fn e23_d28_a_colleagues_lock_does_not_block_a_save() {
    let (owner, colleague) = (User::fag("aid").await, User::sign_in("budsjett.aid@test.no").await);
    let id = draft(&owner).await;
    colleague.lock(&id).await.assert_status(200);
    save_content(&owner, &id, &json!({ "comment": "x" })).await.assert_status(200);
}

#[tokio::test]
async fn e23_refusals_come_in_the_order_404_403_400() {
    let user = User::fag("aid").await;
    let id = draft(&user).await;
    let body = json!({ "comment": "x" });
    let unknown = save_content(&user, &unknown_id(), &body).await;
    unknown.assert_problem(404, "/problems/not-found");
    let stranger = User::fag("sd").await;
    save_content(&stranger, &id, &body).await.assert_problem(403, "/problems/forbidden");
    let wrong = save_content(&user, &id, &json!({ "amount": 0.5 })).await;
    let problem = wrong.assert_problem(400, "/problems/invalid-request");
    assert_eq!(problem["errors"][0]["pointer"], "/amount");
}

#[tokio::test]
async fn e24_put_is_the_same_save_as_post() {
    let user = User::fag("aid").await;
    let id = draft(&user).await;
    let path = format!("/api/cases/{id}/content");
    let body = json!({ "proposalText": "Lastskriptets tekst", "expectedVersion": 1 });
    let saved = user.http.put(&path, &body).await.assert_status(200).json();
    assert_eq!(keys(&saved), CONTENT_KEYS);
    assert_eq!((&saved["version"], &saved["proposalText"]), (&json!(2), &body["proposalText"]));
    assert_eq!(saved["justification"], "Oppgaven har vokst.");
}

#[tokio::test]
async fn e24_a_constant_version_ends_in_a_conflict() {
    let user = User::fag("aid").await;
    let id = draft(&user).await;
    let path = format!("/api/cases/{id}/content");
    let body = json!({ "proposalText": "Lastskriptets tekst", "expectedVersion": 1 });
    user.http.put(&path, &body).await.assert_status(200);
    let conflict =
        user.http.put(&path, &body).await.assert_problem(409, "/problems/version-conflict");
    assert_eq!(conflict["currentVersion"], 2);
    assert_eq!(conflict["yourVersion"], 1);
    assert!(!conflict["message"].as_str().expect("a message").is_empty());
}

#[tokio::test]
async fn e26_versions_are_listed_newest_first() {
    let user = User::fag("sd").await;
    let id = draft(&user).await;
    for text in ["To", "Tre"] {
        save_content(&user, &id, &json!({ "proposalText": text })).await.assert_status(200);
    }
    let listed = versions(&user, &id).await;
    let numbers: Vec<_> = listed.iter().map(|one| one["version"].as_i64()).collect();
    assert_eq!(numbers, [Some(3), Some(2), Some(1)]);
    assert_eq!(listed[0]["proposalText"], "Tre");
    assert_eq!(listed[2]["proposalText"], "Bevilgningen foreslås økt.");
    assert!(listed.iter().all(|one| keys(one) == CONTENT_KEYS));
}

#[tokio::test]
async fn e26_d29_listed_versions_carry_no_document() {
    let user = User::fag("sd").await;
    let id = draft(&user).await;
    let body = document_body(&document(&[("proposalText", "Forslag")]));
    save_document(&user, &id, &body).await.assert_status(200);
    assert!(versions(&user, &id).await.iter().all(|one| one["contentJson"].is_null()));
}

#[tokio::test]
async fn e26_e27_d27_old_versions_are_masked_by_the_status_of_the_case() {
    let (owner, fin) = (User::fag("sd").await, User::sign_in("fin.sd1@test.no").await);
    let id = case_in(&owner, "under_vurdering_fin").await;
    let body = document_body(&document(&[("finAssessment", "Hemmelig vurdering")]));
    save_document(&fin, &id, &body).await.assert_status(200);
    for path in ["content", "content/2", ""] {
        let path = format!("/api/cases/{id}/{path}");
        let path = path.trim_end_matches('/');
        let (shown, whole) = (owner.http.get(path).await, fin.http.get(path).await);
        assert!(!shown.assert_status(200).text().contains("Hemmelig"), "{path}");
        assert!(whole.assert_status(200).text().contains("Hemmelig"), "{path}");
    }
    let masked = owner.http.get(&format!("/api/cases/{id}/content/2")).await.json();
    assert!(masked["finAssessment"].is_null());
    assert!(!field_keys(&parse_document(&masked)).contains(&"finAssessment"));
}

#[tokio::test]
async fn e27_a_version_is_read_with_its_document() {
    let user = User::fag("sd").await;
    let id = draft(&user).await;
    let sent = document(&[("proposalText", "Forslag")]);
    save_document(&user, &id, &document_body(&sent)).await.assert_status(200);
    save_content(&user, &id, &json!({ "comment": "x" })).await.assert_status(200);
    let version = user.http.get(&format!("/api/cases/{id}/content/2")).await;
    let version = version.assert_status(200).json();
    assert_eq!(keys(&version), CONTENT_KEYS);
    assert_eq!(version["version"], 2);
    assert_eq!(parse_document(&version)["type"], "caseDocument");
    let first = user.http.get(&format!("/api/cases/{id}/content/1")).await.json();
    assert!(first["contentJson"].is_null(), "a case begins without a document");
}

#[tokio::test]
async fn e27_versions_that_do_not_exist_are_not_found() {
    let user = User::fag("sd").await;
    let id = draft(&user).await;
    for version in ["0", "2", "-1", "x", "99999999999"] {
        let answer = user.http.get(&format!("/api/cases/{id}/content/{version}")).await;
        answer.assert_problem(404, "/problems/not-found");
    }
}

#[tokio::test]
async fn e26_e27_d26_versions_of_a_foreign_case_are_forbidden() {
    let id = draft(&User::fag("sd").await).await;
    let stranger = User::fag("aid").await;
    for path in ["content", "content/1"] {
        let answer = stranger.http.get(&format!("/api/cases/{id}/{path}")).await;
        answer.assert_problem(403, "/problems/forbidden");
    }
    let unknown = stranger.http.get(&format!("/api/cases/{}/content", unknown_id())).await;
    unknown.assert_problem(404, "/problems/not-found");
}
