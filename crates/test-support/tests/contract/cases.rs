//! One case: its page, its log, creating it, and changing it (contract 7 and 8).

use reqwest::Method;
use serde_json::{Value, json};
use test_support::portal::{User, anonymous, id_of, send_raw, unknown_id};

use crate::case_flow::{
    CONTENT_KEYS, OPINION_KEYS, admin, assert_time, budget_case_keys, case_in, change_status,
    document, document_body, draft, events, field_keys, keys, newest_event, parse_document, read,
    save_content, save_document, trace,
};

/// A body that creates a case.
async fn new_case(user: &User) -> Value {
    json!({
        "budgetRoundId": user.august_round().await,
        "caseName": "Sak fra kontraktstest",
        "caseType": "andre_saker",
    })
}

async fn update(user: &User, case: &str, body: &Value) -> test_support::Answer {
    user.http.put(&format!("/api/cases/{case}"), body).await
}

#[tokio::test]
async fn e19_a_case_page_has_exactly_the_contracts_keys() {
    let user = User::fag("bfd").await;
    let id = draft(&user).await;
    let page = read(&user, &id).await;
    assert_eq!(keys(&page), budget_case_keys());
    assert_eq!(keys(&page["currentContent"]), CONTENT_KEYS);
    assert_eq!(page["opinions"], json!([]));
    for time in ["createdAt", "updatedAt"] {
        assert_time(&page[time]);
    }
    assert_time(&page["currentContent"]["createdAt"]);
}

#[tokio::test]
async fn e19_every_name_on_a_case_page_is_resolved() {
    let (user, lead) = (User::fag("bfd").await, User::sign_in("avddir.bfd@test.no").await);
    let id = case_in(&user, "sendt_til_fin").await;
    let body = json!({ "assignedTo": lead.profile["id"], "type": "uttalelse" });
    user.http.post(&format!("/api/cases/{id}/opinions"), &body).await.assert_status(200);
    let page = read(&user, &id).await;
    assert_eq!(page["createdByName"], user.profile["fullName"]);
    assert_eq!(page["assignedToName"], user.profile["fullName"]);
    assert_eq!(page["finAssignedToName"], "Ingrid Andersen");
    assert_eq!(page["currentContent"]["createdByName"], user.profile["fullName"]);
    let opinion = &page["opinions"][0];
    assert_eq!(keys(opinion), OPINION_KEYS);
    assert_eq!(opinion["requestedByName"], user.profile["fullName"]);
    assert_eq!(opinion["assignedToName"], lead.profile["fullName"]);
}

#[tokio::test]
async fn e19_unknown_and_malformed_ids_are_not_found() {
    let user = User::fag("bfd").await;
    for id in [unknown_id().as_str(), "...", "42", "%20"] {
        let answer = user.http.get(&format!("/api/cases/{id}")).await;
        answer.assert_problem(404, "/problems/not-found");
    }
}

#[tokio::test]
async fn e19_an_id_is_read_in_any_letter_case() {
    let user = User::fag("bfd").await;
    let id = draft(&user).await;
    assert_eq!(id, id.to_lowercase());
    assert_eq!(read(&user, &id.to_uppercase()).await["id"], id);
}

#[tokio::test]
async fn e19_without_a_token_a_case_is_401() {
    let user = User::fag("bfd").await;
    let id = draft(&user).await;
    let answer = anonymous().get(&format!("/api/cases/{id}")).await;
    answer.assert_problem(401, "/problems/unauthenticated");
}

#[tokio::test]
async fn e19_d26_a_case_of_another_ministry_is_forbidden() {
    let id = draft(&User::fag("bfd").await).await;
    for stranger in ["fag.lmd@test.no", "depraad.lmd@test.no"] {
        let stranger = User::sign_in(stranger).await;
        let answer = stranger.http.get(&format!("/api/cases/{id}")).await;
        answer.assert_problem(403, "/problems/forbidden");
    }
}

#[tokio::test]
async fn e19_d26_fin_opens_a_case_from_the_day_it_is_sent() {
    let (owner, fin) = (User::fag("bfd").await, User::sign_in("fin.bfd@test.no").await);
    let id = case_in(&owner, "godkjent_pol").await;
    let path = format!("/api/cases/{id}");
    fin.http.get(&path).await.assert_problem(403, "/problems/forbidden");
    change_status(&admin().await, &id, "sendt_til_fin").await.assert_status(200);
    fin.http.get(&path).await.assert_status(200);
}

#[tokio::test]
async fn e19_fin_text_is_null_for_a_ministry_until_the_government_has_the_case() {
    let (owner, fin) = (User::fag("bfd").await, User::sign_in("fin.bfd@test.no").await);
    let id = case_in(&owner, "under_vurdering_fin").await;
    let texts =
        json!({ "finAssessment": "Vurdert", "finVerbal": "Tilrås", "finRConclusion": "Enig" });
    save_content(&fin, &id, &texts).await.assert_status(200);
    let admin = admin().await;
    for (status, is_shown) in [
        ("under_vurdering_fin", false),
        ("ferdigbehandlet_fin", false),
        ("sendt_til_regjeringen", true),
        ("regjeringsbehandlet", true),
    ] {
        if status != "under_vurdering_fin" {
            change_status(&admin, &id, status).await.assert_status(200);
        }
        let page = read(&owner, &id).await;
        for (field, text) in texts.as_object().expect("texts") {
            let shown = if is_shown { text } else { &Value::Null };
            assert_eq!(&page["currentContent"][field], shown, "{field} in {status}");
            assert_eq!(&read(&fin, &id).await["currentContent"][field], text);
        }
    }
}

#[tokio::test]
async fn e19_d33_fin_gets_a_section_for_each_of_its_fields() {
    let (owner, fin) = (User::fag("bfd").await, User::sign_in("fin.bfd@test.no").await);
    let id = draft(&owner).await;
    let body = document_body(&document(&[("proposalText", "Forslag")]));
    save_document(&owner, &id, &body).await.assert_status(200);
    let admin = admin().await;
    for status in ["under_arbeid", "til_avklaring", "klarert", "godkjent_pol", "sendt_til_fin"] {
        change_status(&admin, &id, status).await.assert_status(200);
    }
    let page = read(&fin, &id).await;
    let shown = parse_document(&page["currentContent"]);
    for field in ["proposalText", "finAssessment", "finVerbal", "finRConclusion"] {
        assert!(field_keys(&shown).contains(&field), "{field} in {shown}");
    }
    assert_eq!(page["version"], 2, "completing a document makes no version");
    let own = read(&owner, &id).await;
    assert!(!field_keys(&parse_document(&own["currentContent"])).contains(&"finVerbal"));
}

#[tokio::test]
async fn e20_events_are_listed_newest_first_with_exactly_the_contracts_keys() {
    let user = User::fag("lmd").await;
    let id = draft(&user).await;
    change_status(&user, &id, "under_arbeid").await.assert_status(200);
    let listed = events(&user, &id).await;
    let kinds: Vec<_> = listed.iter().map(|event| event["eventType"].as_str()).collect();
    assert_eq!(kinds, [Some("status_changed"), Some("created")]);
    for event in &listed {
        let expected = ["createdAt", "eventData", "eventType", "id", "userId", "userName"];
        assert_eq!(keys(event), expected);
        assert_time(&event["createdAt"]);
        assert_eq!(event["userId"], user.profile["id"]);
        assert_eq!(event["userName"], user.profile["fullName"]);
    }
}

#[tokio::test]
async fn e20_event_data_is_json_text() {
    let user = User::fag("lmd").await;
    let id = draft(&user).await;
    let (kind, data) = newest_event(&user, &id).await;
    assert_eq!(kind, "created");
    assert_eq!(keys(&data), ["case_name", "case_type"]);
    assert_eq!(data["case_type"], "satsingsforslag");
}

#[tokio::test]
async fn e20_d31_saves_are_shown_under_the_name_that_the_client_has_a_label_for() {
    let user = User::fag("lmd").await;
    let id = draft(&user).await;
    save_content(&user, &id, &json!({ "comment": "x" })).await.assert_status(200);
    let expected = json!({ "version": 2 });
    assert_eq!(newest_event(&user, &id).await, ("content_updated".to_owned(), expected));
    let body = document_body(&document(&[]));
    save_document(&user, &id, &body).await.assert_status(200);
    let expected = json!({ "version": 3 });
    assert_eq!(newest_event(&user, &id).await, ("content_updated".to_owned(), expected));
}

#[tokio::test]
async fn e20_d26_the_log_of_a_foreign_case_is_forbidden_and_of_none_not_found() {
    let id = draft(&User::fag("lmd").await).await;
    let stranger = User::fag("bfd").await;
    let foreign = stranger.http.get(&format!("/api/cases/{id}/events")).await;
    foreign.assert_problem(403, "/problems/forbidden");
    let unknown = stranger.http.get(&format!("/api/cases/{}/events", unknown_id())).await;
    unknown.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn e21_a_new_case_is_answered_201_with_its_address_and_its_page() {
    let user = User::fag("nfd").await;
    let body = new_case(&user).await;
    let answer = user.http.post("/api/cases", &body).await;
    let created = answer.assert_status(201).json();
    assert_eq!(answer.header("location"), format!("/api/cases/{}", id_of(&created)));
    assert_eq!(keys(&created), budget_case_keys());
    assert_eq!(read(&user, id_of(&created)).await, created);
}

#[tokio::test]
async fn e21_a_new_case_is_the_creators_draft() {
    let user = User::fag("nfd").await;
    let created = user.create_case("Nytt forslag").await;
    assert_eq!(created["status"], "draft");
    assert_eq!(created["origin"], "fag");
    assert_eq!(created["departmentId"], user.profile["departmentId"]);
    assert_eq!(created["departmentCode"], "NFD");
    assert_eq!(created["createdBy"], user.profile["id"]);
    assert_eq!(created["assignedTo"], user.profile["id"]);
    assert_eq!(created["responsibleDivision"], user.profile["division"]);
    for empty in ["finAmount", "govAmount", "finAssignedTo", "finListPlacement", "priorityNumber"] {
        assert!(created[empty].is_null(), "{empty}: {created}");
    }
}

#[tokio::test]
async fn e21_a_new_case_has_version_1_without_a_document() {
    let user = User::fag("nfd").await;
    let created = user.create_case("Nytt forslag").await;
    let content = &created["currentContent"];
    assert_eq!((&created["version"], &content["version"]), (&json!(1), &json!(1)));
    assert_eq!(content["status"], "draft");
    assert!(content["contentJson"].is_null());
    assert_eq!(content["proposalText"], "Bevilgningen foreslås økt.");
    assert_eq!(content["amount"], created["amount"]);
    assert!(content["comment"].is_null(), "an absent text is null");
}

#[tokio::test]
async fn e21_creation_is_logged_with_name_and_type() {
    let user = User::fag("nfd").await;
    let created = user.create_case("Logget forslag").await;
    let expected = json!({ "case_name": "Logget forslag", "case_type": "satsingsforslag" });
    assert_eq!(newest_event(&user, id_of(&created)).await, ("created".to_owned(), expected));
}

#[tokio::test]
async fn e21_d14_a_new_case_is_in_the_creators_next_list() {
    let user = User::fag("nfd").await;
    let round = user.august_round().await;
    let path = format!("/api/cases?budget_round_id={round}");
    user.http.get(&path).await.assert_status(200);
    let id = draft(&user).await;
    let list: Vec<Value> = user.http.get(&path).await.assert_status(200).parse();
    // Others create cases of the ministry meanwhile.
    assert!(list.iter().any(|item| id_of(item) == id), "the new case");
}

#[tokio::test]
async fn e21_missing_and_malformed_properties_are_pointed_at() {
    let user = User::fag("nfd").await;
    let whole = new_case(&user).await;
    for field in ["budgetRoundId", "caseName", "caseType"] {
        for value in [None, Some(Value::Null), Some(json!({}))] {
            let mut body = whole.clone();
            let members = body.as_object_mut().expect("an object");
            members.remove(field);
            members.extend(value.map(|value| (field.to_owned(), value)));
            let answer = user.http.post("/api/cases", &body).await;
            let problem = answer.assert_problem(400, "/problems/invalid-request");
            assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"), "{problem}");
        }
    }
}

#[tokio::test]
async fn e21_texts_that_are_too_long_are_refused_by_their_characters() {
    let user = User::fag("nfd").await;
    for (field, most) in [("caseName", 500), ("chapter", 10), ("post", 10)] {
        let mut body = new_case(&user).await;
        body[field] = "å".repeat(most).into();
        user.http.post("/api/cases", &body).await.assert_status(201);
        body[field] = "å".repeat(most + 1).into();
        let answer = user.http.post("/api/cases", &body).await;
        let problem = answer.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"), "{problem}");
    }
}

#[tokio::test]
async fn e21_an_unknown_or_closed_round_is_refused() {
    let user = User::fag("nfd").await;
    let rounds: Vec<Value> = user.http.get("/api/budget-rounds").await.assert_status(200).parse();
    let closed = rounds.iter().find(|round| round["status"] == "closed").expect("a closed round");
    for round in [unknown_id().as_str(), id_of(closed)] {
        let mut body = new_case(&user).await;
        body["budgetRoundId"] = round.into();
        let answer = user.http.post("/api/cases", &body).await;
        let problem = answer.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], "/budgetRoundId", "{problem}");
    }
}

#[tokio::test]
async fn e21_d17_an_unknown_case_type_is_refused() {
    let user = User::fag("nfd").await;
    let mut body = new_case(&user).await;
    body["caseType"] = "finnes_ikke".into();
    let answer = user.http.post("/api/cases", &body).await;
    let problem = answer.assert_problem(400, "/problems/invalid-request");
    assert_eq!(problem["errors"][0]["pointer"], "/caseType", "{problem}");
}

#[tokio::test]
async fn e21_amounts_are_whole_numbers_or_texts_of_them() {
    let user = User::fag("nfd").await;
    for (sent, stored) in [
        (json!(12_500), json!(12_500)),
        (json!(-3), json!(-3)),
        (json!(0), json!(0)),
        (json!("700"), json!(700)),
        (json!(4.0), json!(4)),
        (Value::Null, Value::Null),
    ] {
        let mut body = new_case(&user).await;
        body["amount"] = sent;
        let created = user.http.post("/api/cases", &body).await.assert_status(201).json();
        assert_eq!(created["amount"], stored);
    }
    for amount in [json!(0.5), json!("1,5"), json!("mye"), json!(true)] {
        let mut body = new_case(&user).await;
        body["amount"] = amount;
        let answer = user.http.post("/api/cases", &body).await;
        let problem = answer.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], "/amount", "{problem}");
    }
}

#[tokio::test]
async fn e21_property_names_are_read_in_any_case_and_unknown_ones_ignored() {
    let user = User::fag("nfd").await;
    let body = new_case(&user).await;
    let body = json!({
        "BudgetRoundId": body["budgetRoundId"], "CASENAME": "Store bokstaver",
        "casetype": "andre_saker", "noeAnnet": { "a": [1] },
    });
    let created = user.http.post("/api/cases", &body).await.assert_status(201).json();
    assert_eq!(created["caseName"], "Store bokstaver");
}

#[tokio::test]
async fn e21_d18_a_case_from_fin_is_marked_so_and_may_belong_to_any_department() {
    let fin = User::sign_in("fin.nfd@test.no").await;
    let mut body = new_case(&fin).await;
    let own = fin.http.post("/api/cases", &body).await.assert_status(201).json();
    assert_eq!((&own["origin"], &own["departmentCode"]), (&json!("fin"), &json!("FIN")));
    body["departmentId"] = "nfd".into();
    let other = fin.http.post("/api/cases", &body).await.assert_status(201).json();
    assert_eq!((&other["origin"], &other["departmentCode"]), (&json!("fin"), &json!("NFD")));
    body["departmentId"] = "xyz".into();
    let unknown = fin.http.post("/api/cases", &body).await;
    unknown.assert_problem(400, "/problems/invalid-request");
}

#[tokio::test]
async fn e21_a_ministry_creates_cases_of_its_own_whatever_it_names() {
    let user = User::fag("nfd").await;
    let mut body = new_case(&user).await;
    body["departmentId"] = "lmd".into();
    let created = user.http.post("/api/cases", &body).await.assert_status(201).json();
    assert_eq!(created["departmentCode"], "NFD");
}

#[tokio::test]
async fn e21_i8_a_body_that_is_no_json_object_is_refused() {
    let user = User::fag("nfd").await;
    for (body, kind) in [
        ("", "/problems/invalid-json"),
        ("{", "/problems/invalid-json"),
        ("[]", "/problems/invalid-request"),
        ("null", "/problems/invalid-request"),
    ] {
        let answer = send_raw(&user.http, &Method::POST, "/api/cases", body.into()).await;
        answer.assert_problem(400, kind);
    }
}

#[tokio::test]
async fn e22_what_is_sent_changes_and_the_rest_stays() {
    let user = User::fag("kud").await;
    let id = draft(&user).await;
    let before = read(&user, &id).await;
    let body = json!({ "caseName": "Nytt navn", "benefitPlan": "Gevinst" });
    let page = update(&user, &id, &body).await.assert_status(200).json();
    assert_eq!(keys(&page), budget_case_keys());
    assert_eq!(page["caseName"], "Nytt navn");
    assert_eq!(page["currentContent"]["benefitPlan"], "Gevinst");
    for kept in ["chapter", "post", "amount", "caseType", "status", "assignedTo", "createdAt"] {
        assert_eq!(page[kept], before[kept], "{kept}");
    }
    let kept = &before["currentContent"]["justification"];
    assert_eq!(&page["currentContent"]["justification"], kept);
    assert_eq!(read(&user, &id).await, page);
}

#[tokio::test]
async fn e22_a_content_field_makes_a_version_and_an_event() {
    let user = User::fag("kud").await;
    let id = draft(&user).await;
    for (number, body) in (2..).zip([
        json!({ "proposalText": "Nytt" }),
        json!({ "comment": null }),
        json!({ "amount": 77 }),
        json!({ "chapter": "320" }),
    ]) {
        let page = update(&user, &id, &body).await.assert_status(200).json();
        assert_eq!(page["version"], number, "{body}");
        assert_eq!(page["currentContent"]["version"], number);
        let expected = ("content_updated".to_owned(), json!({ "version": number }));
        assert_eq!(newest_event(&user, &id).await, expected);
    }
}

#[tokio::test]
async fn e22_another_case_type_alone_is_an_event_and_no_version() {
    let user = User::fag("kud").await;
    let id = draft(&user).await;
    let before = read(&user, &id).await;
    let page = update(&user, &id, &json!({ "caseType": "budsjettiltak" })).await;
    let page = page.assert_status(200).json();
    assert_eq!(page["caseType"], "budsjettiltak");
    assert_eq!(page["currentContent"], before["currentContent"]);
    assert_ne!(page["updatedAt"], before["updatedAt"]);
    assert_eq!(newest_event(&user, &id).await.0, "content_updated");
}

#[tokio::test]
async fn e22_nothing_changes_nothing() {
    let user = User::fag("kud").await;
    let id = draft(&user).await;
    let before = trace(&user, &id).await;
    for body in [json!({}), json!({ "caseName": null, "caseType": null, "amount": null })] {
        update(&user, &id, &body).await.assert_status(200);
    }
    assert_eq!(trace(&user, &id).await, before);
}

#[tokio::test]
async fn e22_d17_an_unknown_case_type_is_refused_and_leaves_no_trace() {
    let user = User::fag("kud").await;
    let id = draft(&user).await;
    let before = trace(&user, &id).await;
    for body in [json!({ "caseType": "x" }), json!({ "caseType": "x", "comment": "y" })] {
        let problem =
            update(&user, &id, &body).await.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], "/caseType", "{problem}");
    }
    assert_eq!(trace(&user, &id).await, before);
}

#[tokio::test]
async fn e22_is_permitted_where_a_save_is() {
    let (owner, fin) = (User::fag("kud").await, User::sign_in("fin.kud@test.no").await);
    let id = case_in(&owner, "under_vurdering_fin").await;
    let body = json!({ "comment": "Endret" });
    update(&owner, &id, &body).await.assert_problem(403, "/problems/forbidden");
    update(&fin, &id, &body).await.assert_status(200);
    let stranger = User::fag("lmd").await;
    update(&stranger, &id, &body).await.assert_problem(403, "/problems/forbidden");
    update(&owner, &unknown_id(), &body).await.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn e22_wrong_values_are_pointed_at() {
    let user = User::fag("kud").await;
    let id = draft(&user).await;
    for (field, value) in [
        ("caseName", json!(" ")),
        ("caseName", json!("x".repeat(501))),
        ("chapter", json!("12345678901")),
        ("amount", json!(1.5)),
        ("comment", json!(1)),
        ("justification", json!("\u{0}")),
    ] {
        let answer = update(&user, &id, &json!({ field: value })).await;
        let problem = answer.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"), "{problem}");
    }
}
