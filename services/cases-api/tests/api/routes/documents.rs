//! E52 and E76: documents made while the client waits. What is in them on the wire is told by the
//! contract tests; here is what takes rows that no endpoint writes alone.

use domain::status::Status;
use serde_json::{Value, json};
use test_support::{Actor, Word};

use crate::app::TestApp;

/// A picture of one pixel.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89,
];

fn document(fields: &[(&str, &str)]) -> Value {
    let section = |(key, text): &(&str, &str)| {
        let mark = json!({ "type": "comment", "attrs": { "commentId": key } });
        let text = json!({ "type": "text", "text": text, "marks": [mark] });
        json!({
            "type": "caseSection", "attrs": { "fieldKey": key },
            "content": [{ "type": "sectionContent", "content": [
                { "type": "paragraph", "content": [text] },
            ] }],
        })
    };
    json!({ "type": "caseDocument", "content": fields.iter().map(section).collect::<Value>() })
}

#[actix_rt::test]
async fn e52_a_comment_whose_text_is_gone_stands_at_the_title() {
    let app = TestApp::spawn().await;
    let fag = Actor::fag("KLD");
    let http = app.by(&fag).await;
    let round = app.seed.round("AUG2026").insert().await;
    let case =
        app.seed.case(&round, &fag).document(document(&[("comment", "Tekst")])).insert().await;
    let comments = format!(
        "INSERT INTO case_comments (case_id, comment_id, comment_text, author_id, created_at)
         VALUES ('{0}', 'borte', 'Hvor ble det av?', '{1}', now()),
                ('{0}', 'comment', 'Fint', '{1}', now() + interval '1 hour')",
        case.id, fag.identity.user_id
    );
    app.seed.client().batch_execute(&comments).await.unwrap();
    let answer = http.get(&format!("/api/cases/{}/export/word", case.id)).await;
    let word = Word::read(&answer.assert_status(200).body);
    assert_eq!(word.texts_in("word/comments.xml", "comment", "t"), ["Hvor ble det av?", "Fint"]);
    let source = word.part("word/document.xml");
    let (title, rest) = source.split_once("</w:p>").unwrap();
    assert!(title.contains("<w:commentReference w:id=\"0\"/>"), "{title}");
    assert!(rest.contains("<w:commentReference w:id=\"1\"/>"));
}

#[actix_rt::test]
async fn i6_e52_fins_sections_are_gone_for_a_ministry_wherever_they_are_hidden() {
    let app = TestApp::spawn().await;
    let (fag, fin) = (Actor::fag("KLD"), Actor::fin());
    let nested = {
        let inner = document(&[("finAssessment", "Hemmelig")])["content"][0].take();
        let mut outer = document(&[("comment", "Åpent")]);
        outer["content"][0]["content"][0]["content"].as_array_mut().unwrap().push(inner);
        outer
    };
    let round = app.seed.round("AUG2026").insert().await;
    for status in Status::ALL {
        let case = app.seed.case(&round, &fag).status(status).document(nested.clone());
        let case = case.fin_text("Hemmelig").insert().await;
        let path = format!("/api/cases/{}/export/word", case.id);
        let answer = app.by(&fag).await.get(&path).await;
        let word = Word::read(&answer.assert_status(200).body);
        let shown = word.lines().contains(&"Hemmelig".to_owned());
        let may = matches!(status, Status::SendtTilRegjeringen | Status::Regjeringsbehandlet);
        assert_eq!(shown, may, "{status}");
        if status.is_fin_visible() {
            let answer = app.by(&fin).await.get(&path).await;
            let word = Word::read(&answer.assert_status(200).body);
            assert!(word.lines().contains(&"Hemmelig".to_owned()), "{status}");
        }
    }
}

#[actix_rt::test]
async fn e52_a_stored_document_that_is_none_is_printed_from_the_flat_fields() {
    let app = TestApp::spawn().await;
    let fag = Actor::fag("KLD");
    let round = app.seed.round("AUG2026").insert().await;
    let case = app.seed.case(&round, &fag).document(json!(["ikke et dokument"])).insert().await;
    let answer = app.by(&fag).await.get(&format!("/api/cases/{}/export/word", case.id)).await;
    let word = Word::read(&answer.assert_status(200).body);
    assert!(word.lines().contains(&"Forslag, versjon 1".to_owned()), "{:?}", word.lines());
}

#[actix_rt::test]
async fn e76_figures_are_in_the_document() {
    let app = TestApp::spawn().await;
    let (fag, fin) = (Actor::fag("KLD"), Actor::fin());
    let round = app.seed.round("AUG2026").insert().await;
    let list = app.seed.printed_list(&round, &fag, &[]).await;
    std::fs::create_dir_all(app.blobs.join("uploads/images")).unwrap();
    std::fs::write(app.blobs.join("uploads/images/1.png"), PNG).unwrap();
    let image = json!({ "file_url": "/uploads/images/1.png", "caption": "Søyler" });
    let placed = format!(
        "UPDATE department_list_sections SET content_json = '{image}' WHERE id = '{}'",
        list.sections[1]
    );
    app.seed.client().batch_execute(&placed).await.unwrap();
    let http = app.by(&fin).await;
    let answer = http.get(&format!("/api/department-lists/{}/export/word", list.id)).await;
    let word = Word::read(&answer.assert_status(200).body);
    assert!(word.has("word/media/image1.png"));
    assert_eq!(word.in_style("Deplistefigur-tittel"), ["Søyler"]);
    assert!(word.in_style("Plassholder").is_empty());
}
