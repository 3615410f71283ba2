//! Saving a document, and the flat texts extracted from it (contract 9, E25).

use serde_json::{Value, json};
use test_support::portal::{User, unknown_id};

use crate::case_flow::{
    CONTENT_KEYS, case_in, change_status, document, document_body, draft, field_keys, keys,
    newest_event, paragraph, parse_document, read, save_content, save_document, section, trace,
};

/// Saves one section of these blocks and returns the text extracted from it.
async fn extracted(blocks: &[Value]) -> Value {
    let user = User::fag("kdd").await;
    let id = draft(&user).await;
    let document = json!({ "type": "caseDocument", "content": [section("proposalText", blocks)] });
    let saved = save_document(&user, &id, &document_body(&document)).await;
    saved.assert_status(200).json()["proposalText"].take()
}

fn text(text: &str, mark: Option<&str>) -> Value {
    let marks: Vec<Value> = mark.iter().map(|mark| json!({ "type": mark })).collect();
    json!({ "type": "text", "text": text, "marks": marks })
}

fn list(kind: &str, items: &[&str]) -> Value {
    let item = |text: &&str| json!({ "type": "listItem", "content": [paragraph(text)] });
    json!({ "type": kind, "content": items.iter().map(item).collect::<Vec<_>>() })
}

#[tokio::test]
async fn e25_a_document_save_answers_with_the_new_version() {
    let user = User::fag("kdd").await;
    let id = draft(&user).await;
    let mut body = document_body(&document(&[("proposalText", "Nytt forslag")]));
    body["expectedVersion"] = 1.into();
    body["trackChangesActive"] = true.into();
    let saved = save_document(&user, &id, &body).await.assert_status(200).json();
    assert_eq!(keys(&saved), CONTENT_KEYS);
    assert_eq!(saved["version"], 2);
    assert_eq!(saved["proposalText"], "Nytt forslag");
    assert_eq!(saved["trackChangesActive"], true);
    assert!(saved["contentJson"].is_string(), "text, never an object");
    assert_eq!(read(&user, &id).await["currentContent"], saved);
}

#[tokio::test]
async fn e25_a_document_save_is_logged_with_its_version() {
    let user = User::fag("kdd").await;
    let id = draft(&user).await;
    save_document(&user, &id, &document_body(&document(&[]))).await.assert_status(200);
    let expected = ("content_updated".to_owned(), json!({ "version": 2 }));
    assert_eq!(newest_event(&user, &id).await, expected);
}

#[tokio::test]
async fn e25_properties_that_are_sent_change_the_case() {
    let user = User::fag("kdd").await;
    let id = draft(&user).await;
    let mut body = document_body(&document(&[]));
    body["caseName"] = "Nytt navn".into();
    body["chapter"] = "225".into();
    body["amount"] = "42".into();
    body["post"] = Value::Null;
    save_document(&user, &id, &body).await.assert_status(200);
    let page = read(&user, &id).await;
    assert_eq!(page["caseName"], "Nytt navn");
    assert_eq!((&page["chapter"], &page["post"]), (&json!("225"), &json!("21")));
    assert_eq!(page["amount"], 42);
}

#[tokio::test]
async fn e25_paragraphs_become_lines_and_an_empty_one_an_empty_line() {
    let blocks = [paragraph("Én"), json!({ "type": "paragraph" }), paragraph("To")];
    assert_eq!(extracted(&blocks).await, "Én\n\nTo");
}

#[tokio::test]
async fn e25_deleted_text_is_left_out_and_inserted_text_kept() {
    let blocks = [json!({ "type": "paragraph", "content": [
        text("Fast ", None), text("gammel", Some("deletion")), text("ny", Some("insertion")),
    ] })];
    assert_eq!(extracted(&blocks).await, "Fast ny");
}

#[tokio::test]
async fn e25_nodes_without_text_add_nothing() {
    let blocks = [json!({ "type": "paragraph", "content": [
        text("før", None), { "type": "hardBreak" }, text("etter", None),
    ] })];
    assert_eq!(extracted(&blocks).await, "føretter");
}

#[tokio::test]
async fn e25_lists_give_one_line_for_each_paragraph() {
    let mut nested = list("bulletList", &["a", "b"]);
    nested["content"][1]["content"]
        .as_array_mut()
        .expect("an item")
        .push(list("orderedList", &["b1"]));
    assert_eq!(extracted(&[nested]).await, "a\nb\nb1");
}

#[tokio::test]
async fn e25_a_blank_section_is_null() {
    assert_eq!(extracted(&[json!({ "type": "paragraph" })]).await, Value::Null);
    assert_eq!(extracted(&[paragraph("  ")]).await, Value::Null);
    assert_eq!(extracted(&[]).await, Value::Null);
}

#[tokio::test]
async fn e25_d20_a_section_that_is_not_sent_is_carried_forward() {
    let user = User::fag("kdd").await;
    let id = draft(&user).await;
    let body = document_body(&document(&[("proposalText", "Nytt")]));
    let saved = save_document(&user, &id, &body).await.assert_status(200).json();
    assert_eq!(saved["justification"], "Oppgaven har vokst.");
    let stored = parse_document(&saved);
    assert!(field_keys(&stored).contains(&"justification"), "document and texts agree: {stored}");
}

#[tokio::test]
async fn e25_what_a_ministry_cannot_see_survives_its_save() {
    let (owner, fin) = (User::fag("kdd").await, User::sign_in("fin.kdd@test.no").await);
    let id = case_in(&owner, "under_vurdering_fin").await;
    let body = document_body(&document(&[("finAssessment", "FINs vurdering")]));
    save_document(&fin, &id, &body).await.assert_status(200);
    change_status(&fin, &id, "returnert_til_fag").await.assert_status(200);

    let sent = [("proposalText", "Omarbeidet"), ("finAssessment", "Overskrevet av FAG")];
    let saved = save_document(&owner, &id, &document_body(&document(&sent))).await;
    let saved = saved.assert_status(200);
    assert!(!saved.text().contains("FINs vurdering"), "the answer is masked");
    let whole = read(&fin, &id).await["currentContent"].take();
    assert_eq!(whole["finAssessment"], "FINs vurdering");
    assert_eq!(whole["proposalText"], "Omarbeidet");
    assert!(!whole["contentJson"].to_string().contains("Overskrevet"));
}

#[tokio::test]
async fn e25_unknown_nodes_marks_and_attributes_survive() {
    let user = User::fag("kdd").await;
    let id = draft(&user).await;
    let mut sent = document(&[("proposalText", "Forslag")]);
    sent["attrs"] = json!({ "fremtid": [1, { "a": null }] });
    sent["content"].as_array_mut().expect("blocks").push(json!({ "type": "ukjentNode" }));
    let saved = save_document(&user, &id, &document_body(&sent)).await.assert_status(200).json();
    let stored = parse_document(&saved);
    assert_eq!(stored["attrs"], sent["attrs"]);
    let blocks = stored["content"].as_array().expect("blocks");
    assert!(blocks.contains(&json!({ "type": "ukjentNode" })), "{stored}");
}

#[tokio::test]
async fn e25_a_document_without_sections_is_accepted() {
    let user = User::fag("kdd").await;
    let id = draft(&user).await;
    let sent = json!({ "type": "doc", "content": [paragraph("Fra lastskriptet")] });
    let saved = save_document(&user, &id, &document_body(&sent)).await.assert_status(200).json();
    assert_eq!(saved["proposalText"], "Bevilgningen foreslås økt.");
}

#[tokio::test]
async fn e25_a_document_that_cannot_be_used_is_400_and_leaves_no_trace() {
    let user = User::fag("kdd").await;
    let id = draft(&user).await;
    let before = trace(&user, &id).await;
    for body in [json!({}), json!({ "contentJson": null }), json!({ "contentJson": {} })] {
        let answer = save_document(&user, &id, &body).await;
        let problem = answer.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], "/contentJson", "{problem}");
    }
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(64), "]".repeat(64));
    for text in ["", "{", "tekst", "[1]", "7", &deep, r#"{"a":"\u0000"}"#, r#"{"a":"\ud800"}"#] {
        let answer = save_document(&user, &id, &json!({ "contentJson": text })).await;
        let problem = answer.assert_problem(400, "/problems/invalid-document");
        assert_eq!(problem["errors"][0]["pointer"], "/contentJson", "{text:.30}");
    }
    assert_eq!(trace(&user, &id).await, before);
}

#[tokio::test]
async fn e25_a_document_of_more_than_2_mib_is_413() {
    let user = User::fag("kdd").await;
    let id = draft(&user).await;
    let body = document_body(&document(&[("proposalText", &"x".repeat(2 * 1024 * 1024))]));
    save_document(&user, &id, &body).await.assert_problem(413, "/problems/too-large");
    assert_eq!(read(&user, &id).await["version"], 1);
}

#[tokio::test]
async fn e25_i1_another_version_is_a_conflict_that_leaves_no_trace() {
    let user = User::fag("kdd").await;
    let id = draft(&user).await;
    save_content(&user, &id, &json!({ "comment": "x" })).await.assert_status(200);
    let before = trace(&user, &id).await;
    let mut body = document_body(&document(&[("proposalText", "For sent")]));
    body["expectedVersion"] = 1.into();
    let answer = save_document(&user, &id, &body).await;
    let conflict = answer.assert_problem(409, "/problems/version-conflict");
    assert_eq!((&conflict["currentVersion"], &conflict["yourVersion"]), (&json!(2), &json!(1)));
    assert_eq!(trace(&user, &id).await, before);
}

#[tokio::test]
async fn e25_refusals_come_in_the_order_404_403_400() {
    let user = User::fag("kdd").await;
    let id = draft(&user).await;
    let body = document_body(&document(&[]));
    let unknown = save_document(&user, &unknown_id(), &body).await;
    unknown.assert_problem(404, "/problems/not-found");
    let stranger = User::fag("aid").await;
    save_document(&stranger, &id, &json!({ "contentJson": "{" }))
        .await
        .assert_problem(403, "/problems/forbidden");
}
