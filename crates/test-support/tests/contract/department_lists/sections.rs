//! E82.

use serde_json::{Value, json};
use test_support::Answer;
use test_support::portal::{User, id_of, unknown_id};

use super::{ScratchList, array, assert_points_at, demo_list, fin, section, text};

/// Rich text with a node, a mark and an attribute that nobody knows.
fn document() -> Value {
    json!({
        "type": "doc",
        "content": [
            { "type": "heading", "attrs": { "level": 3 }, "content": [
                { "type": "text", "text": "Mål æøå", "marks": [{ "type": "highlight" }] },
            ] },
            { "type": "callout", "attrs": { "tone": 1.5 } },
            { "type": "image", "attrs": { "src": "/uploads/images/a.png", "alt": null } },
            { "type": "paragraph" },
        ],
    })
}

impl ScratchList {
    /// Writes to the first section for free text.
    async fn write(&self, body: &Value) -> Answer {
        let list = self.read().await;
        self.fin.http.put(&self.section_path(&list, "freetext"), body).await
    }

    fn section_path(&self, list: &Value, kind: &str) -> String {
        self.path(&format!("/sections/{}", id_of(section(list, kind))))
    }

    async fn freetext(&self) -> Value {
        section(&self.read().await, "freetext").clone()
    }
}

#[tokio::test]
async fn e82_title_and_content_are_stored_and_the_answer_is_empty() {
    let list = ScratchList::make().await;
    let body = json!({ "title": "Ny overskrift", "contentJson": document().to_string() });
    let answer = list.write(&body).await;
    assert!(answer.assert_status(200).body.is_empty());
    let stored = list.freetext().await;
    assert_eq!(stored["title"], "Ny overskrift");
    let content: Value = serde_json::from_str(text(&stored["contentJson"])).expect("JSON");
    assert_eq!(content, document(), "unknown nodes, marks and attributes survive");
    list.delete().await;
}

#[tokio::test]
async fn e82_what_is_absent_or_null_stays() {
    let list = ScratchList::make().await;
    let both = json!({ "title": "Tittel", "contentJson": document().to_string() });
    list.write(&both).await.assert_status(200);
    let before = list.freetext().await;
    for body in [json!({}), json!({ "title": null, "contentJson": null })] {
        list.write(&body).await.assert_status(200);
        assert_eq!(list.freetext().await, before, "{body}");
    }
    list.write(&json!({ "title": "Ny" })).await.assert_status(200);
    let after = list.freetext().await;
    assert_eq!(after["title"], "Ny");
    assert_eq!(after["contentJson"], before["contentJson"]);
    list.delete().await;
}

#[tokio::test]
async fn e82_an_empty_title_is_a_section_without_heading() {
    let list = ScratchList::make().await;
    list.write(&json!({ "title": "" })).await.assert_status(200);
    assert_eq!(list.freetext().await["title"], "");
    list.delete().await;
}

#[tokio::test]
async fn e82_the_last_write_wins() {
    let list = ScratchList::make().await;
    let before = list.freetext().await;
    for title in ["Først", "Sist"] {
        let path = list.path(&format!("/sections/{}", id_of(&before)));
        list.fin.http.put(&path, &json!({ "title": title })).await.assert_status(200);
    }
    assert_eq!(list.freetext().await["title"], "Sist");
    list.delete().await;
}

#[tokio::test]
async fn e82_a_write_is_a_change_of_the_list() {
    let list = ScratchList::make().await;
    let before = list.read().await;
    list.write(&json!({ "title": "Ny" })).await.assert_status(200);
    let after = list.read().await;
    assert!(text(&after["updatedAt"]) > text(&before["updatedAt"]));
    list.delete().await;
}

#[tokio::test]
async fn e82_a_config_of_its_own_takes_the_place_of_the_templates() {
    let list = ScratchList::make().await;
    let shown = list.read().await;
    let own = json!({ "summary_table": false, "fields": [{ "key": "amount" }] });
    let body = json!({ "contentJson": own.to_string() });
    let answer = list.fin.http.put(&list.section_path(&shown, "case_group"), &body).await;
    answer.assert_status(200);
    let shown = list.read().await;
    let stored = text(&section(&shown, "case_group")["contentJson"]);
    assert_eq!(serde_json::from_str::<Value>(stored).expect("JSON"), own);
    list.delete().await;
}

#[tokio::test]
async fn e82_content_that_is_no_json_object_is_refused() {
    let list = ScratchList::make().await;
    let before = list.read().await;
    for content in ["", "{", "tekst", "[]", "\"tekst\"", "null", "{\"a\":1e999}", "{'a':1}"] {
        let answer = list.write(&json!({ "title": "Ny", "contentJson": content })).await;
        let problem = answer.assert_problem(400, "/problems/invalid-document");
        assert_eq!(problem["errors"][0]["pointer"], "/contentJson", "{content}");
    }
    assert_eq!(list.read().await, before, "a refused write leaves no trace");
    list.delete().await;
}

#[tokio::test]
async fn e82_content_must_be_text() {
    let list = ScratchList::make().await;
    let answer = list.write(&json!({ "contentJson": document() })).await;
    assert_points_at(&answer, "/contentJson");
    list.delete().await;
}

#[tokio::test]
async fn i8_e82_what_the_database_cannot_store_is_refused() {
    let list = ScratchList::make().await;
    let nul = list.write(&json!({ "contentJson": r#"{"text":"a\u0000b"}"# })).await;
    nul.assert_problem(400, "/problems/invalid-document");
    let surrogate = list.write(&json!({ "contentJson": r#"{"text":"\ud800"}"# })).await;
    surrogate.assert_problem(400, "/problems/invalid-document");
    assert_points_at(&list.write(&json!({ "title": "a\u{0}b" })).await, "/title");
    // A number with more digits than PostgreSQL keeps is stored as the number it is.
    let digits = format!("{{\"width\":0.{}1}}", "0".repeat(20_000));
    list.write(&json!({ "contentJson": digits })).await.assert_status(200);
    list.delete().await;
}

#[tokio::test]
async fn e82_content_may_be_64_levels_deep_and_no_deeper() {
    let list = ScratchList::make().await;
    let nested = |levels: usize| {
        let (open, close) = ("[".repeat(levels - 1), "]".repeat(levels - 1));
        json!({ "contentJson": format!("{{\"content\":{open}{close}}}") })
    };
    list.write(&nested(64)).await.assert_status(200);
    let answer = list.write(&nested(65)).await;
    answer.assert_problem(400, "/problems/invalid-document");
    list.delete().await;
}

#[tokio::test]
async fn e82_content_may_be_2_mib_and_no_larger() {
    let list = ScratchList::make().await;
    let sized = |bytes: usize| {
        let frame = "{\"text\":\"\"}".len();
        json!({ "contentJson": format!("{{\"text\":\"{}\"}}", "a".repeat(bytes - frame)) })
    };
    list.write(&sized(2 * 1024 * 1024)).await.assert_status(200);
    let answer = list.write(&sized(2 * 1024 * 1024 + 1)).await;
    let problem = answer.assert_problem(413, "/problems/too-large");
    assert_eq!(problem["errors"][0]["pointer"], "/contentJson");
    list.delete().await;
}

#[tokio::test]
async fn e82_a_title_has_at_most_500_characters() {
    let list = ScratchList::make().await;
    list.write(&json!({ "title": "å".repeat(500) })).await.assert_status(200);
    let answer = list.write(&json!({ "title": "å".repeat(501) })).await;
    assert_points_at(&answer, "/title");
    list.delete().await;
}

#[tokio::test]
async fn e82_a_section_of_another_list_is_not_there() {
    let list = ScratchList::make().await;
    let other = demo_list(&list.fin).await;
    let foreign = id_of(section(&other, "freetext")).to_owned();
    for id in [foreign, unknown_id()] {
        let path = list.path(&format!("/sections/{id}"));
        for body in [json!({ "title": "Ny" }), json!({ "contentJson": "{" })] {
            let answer = list.fin.http.put(&path, &body).await;
            answer.assert_problem(404, "/problems/not-found");
        }
    }
    assert_eq!(demo_list(&list.fin).await, other);
    list.delete().await;
}

#[tokio::test]
async fn e82_an_unknown_list_is_404_even_with_content_that_is_no_json() {
    let fin = fin().await;
    let known = id_of(section(&demo_list(&fin).await, "freetext")).to_owned();
    let path = format!("/api/department-lists/{}/sections/{known}", unknown_id());
    for body in [json!({ "title": "Ny" }), json!({ "contentJson": "{" })] {
        fin.http.put(&path, &body).await.assert_problem(404, "/problems/not-found");
    }
}

#[tokio::test]
async fn e82_ministries_are_refused_and_nothing_changes() {
    let fin = fin().await;
    let before = demo_list(&fin).await;
    let root = &array(&before["sections"])[0];
    let path = format!("/api/department-lists/{}/sections/{}", id_of(&before), id_of(root));
    let answer = User::fag("aid").await.http.put(&path, &json!({ "title": "Vår" })).await;
    answer.assert_problem(403, "/problems/forbidden");
    assert_eq!(demo_list(&fin).await, before);
}
