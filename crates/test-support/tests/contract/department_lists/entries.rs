//! E83, E84 and E85.

use serde_json::{Value, json};
use test_support::Answer;
use test_support::portal::{User, id_of, unknown_id};

use super::{ScratchList, assert_points_at, demo_list, entries, fin, section, text};

impl ScratchList {
    async fn post_entry(&self, body: &Value) -> Answer {
        self.fin.http.post(&self.path("/case-entries"), body).await
    }

    async fn put_entry(&self, entry: &str, body: &Value) -> Answer {
        self.fin.http.put(&self.path(&format!("/case-entries/{entry}")), body).await
    }

    async fn first_section(&self, kind: &str) -> String {
        id_of(section(&self.read().await, kind)).to_owned()
    }

    /// The list's only entry.
    async fn entry(&self) -> Value {
        let list = self.read().await;
        assert_eq!(entries(&list).len(), 1, "{list}");
        entries(&list)[0].clone()
    }

    /// Puts a new case into a section without subgroups, where entries are shown as they are.
    async fn with_entry() -> (Self, Value) {
        let list = Self::make().await;
        let entry = list.add(&list.new_case("andre_saker").await, "summary_section").await;
        (list, entry)
    }
}

fn doc(text: &str) -> String {
    let paragraph = json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] });
    json!({ "type": "doc", "content": [paragraph] }).to_string()
}

#[tokio::test]
async fn e83_a_new_entry_is_answered_as_the_list_shows_it() {
    let (list, entry) = ScratchList::with_entry().await;
    assert_eq!(list.entry().await, entry);
    assert_eq!(entry["caseName"], "Ny sak");
    assert_eq!(entry["caseType"], "andre_saker");
    assert_eq!(entry["amount"], 12_000);
    assert_eq!(entry["sortOrder"], 1);
    assert_eq!(entry["subgroup"], Value::Null);
    assert_eq!(entry["overrideContent"], Value::Null);
    assert_eq!(entry["proposalText"], "Bevilgningen foreslås økt.");
    assert_eq!(entry["finAssessment"], Value::Null);
    list.delete().await;
}

#[tokio::test]
async fn e83_subgroup_and_order_are_as_given() {
    let list = ScratchList::make().await;
    let case = list.new_case("budsjettiltak").await;
    let body = json!({
        "SectionId": list.first_section("case_group").await, "caseId": case["id"],
        "subgroup": "b_list", "sortOrder": -7,
    });
    let entry = list.post_entry(&body).await.assert_status(201).json();
    assert_eq!(entry["subgroup"], "b_list");
    assert_eq!(entry["sortOrder"], -7);
    assert_eq!(list.entry().await, entry);
    list.delete().await;
}

#[tokio::test]
async fn e83_a_case_is_in_a_list_once() {
    let (list, entry) = ScratchList::with_entry().await;
    let body = json!({
        "sectionId": list.first_section("case_group").await, "caseId": entry["caseId"],
        "sortOrder": 2,
    });
    list.post_entry(&body).await.assert_problem(409, "/problems/conflict");
    assert_eq!(list.entry().await, entry);
    list.delete().await;
}

#[tokio::test]
async fn e83_an_unknown_case_or_section_is_refused() {
    let list = ScratchList::make().await;
    let case = list.new_case("budsjettiltak").await;
    let known = list.first_section("case_group").await;
    let foreign = id_of(section(&demo_list(&list.fin).await, "case_group")).to_owned();
    for (section, case, pointer) in [
        (known, json!(unknown_id()), "/caseId"),
        (unknown_id(), case["id"].clone(), "/sectionId"),
        (foreign, case["id"].clone(), "/sectionId"),
    ] {
        let body = json!({ "sectionId": section, "caseId": case, "sortOrder": 1 });
        assert_points_at(&list.post_entry(&body).await, pointer);
    }
    assert!(entries(&list.read().await).is_empty());
    list.delete().await;
}

#[tokio::test]
async fn e83_values_that_cannot_be_stored_are_refused() {
    let list = ScratchList::make().await;
    let case = list.new_case("budsjettiltak").await;
    let good = json!({
        "sectionId": list.first_section("case_group").await, "caseId": case["id"], "sortOrder": 1,
    });
    for (member, value) in [
        ("subgroup", json!("æ".repeat(21))),
        ("subgroup", json!("a\u{0}")),
        ("subgroup", json!(1)),
        ("sortOrder", json!(2_147_483_648_i64)),
        ("sortOrder", json!(1.5)),
        ("sortOrder", json!(null)),
        ("caseId", json!("sak")),
        ("sectionId", json!(null)),
    ] {
        let mut body = good.clone();
        body[member] = value;
        assert_points_at(&list.post_entry(&body).await, &format!("/{member}"));
    }
    assert_points_at(&list.post_entry(&json!({})).await, "/sectionId");
    list.delete().await;
}

#[tokio::test]
async fn d26_a_case_that_fin_may_not_open_is_not_put_into_a_list() {
    let list = ScratchList::make().await;
    let ministry = User::fag(&list.department.to_lowercase()).await;
    let draft = ministry.create_case("Hemmelig utkast").await;
    let body = json!({
        "sectionId": list.first_section("case_group").await, "caseId": draft["id"], "sortOrder": 1,
    });
    let answer = list.post_entry(&body).await;
    answer.assert_problem(403, "/problems/forbidden");
    assert!(!answer.text().contains("Hemmelig"));
    assert!(entries(&list.read().await).is_empty());
    list.delete().await;
}

#[tokio::test]
async fn e83_an_unknown_list_is_404_and_ministries_are_refused() {
    let fin = fin().await;
    let list = demo_list(&fin).await;
    let case = entries(&list)[0]["caseId"].clone();
    let body = json!({
        "sectionId": section(&list, "case_group")["id"], "caseId": case, "sortOrder": 1,
    });
    let path = format!("/api/department-lists/{}/case-entries", unknown_id());
    fin.http.post(&path, &body).await.assert_problem(404, "/problems/not-found");
    let path = format!("/api/department-lists/{}/case-entries", id_of(&list));
    let fag = User::fag("aid").await;
    fag.http.post(&path, &body).await.assert_problem(403, "/problems/forbidden");
}

#[tokio::test]
async fn e84_each_value_changes_alone_and_the_answer_is_empty() {
    let (list, entry) = ScratchList::with_entry().await;
    let mut expected = entry.clone();
    let override_content = doc("Vår egen tekst");
    for (member, value) in [
        ("subgroup", json!("a_list")),
        ("sortOrder", json!(9)),
        ("overrideContent", json!(override_content)),
    ] {
        let answer = list.put_entry(id_of(&entry), &json!({ member: value })).await;
        assert!(answer.assert_status(200).body.is_empty());
        let mut stored = list.entry().await;
        if member == "overrideContent" {
            let parsed: Value = serde_json::from_str(text(&stored[member])).expect("JSON");
            assert_eq!(parsed.to_string(), override_content);
            stored[member] = value.clone();
        }
        expected[member] = value;
        assert_eq!(stored, expected, "{member}");
    }
    list.delete().await;
}

#[tokio::test]
async fn e84_what_is_absent_or_null_stays() {
    let (list, entry) = ScratchList::with_entry().await;
    let everything =
        json!({ "subgroup": "b_list", "sortOrder": 4, "overrideContent": doc("Tekst") });
    list.put_entry(id_of(&entry), &everything).await.assert_status(200);
    let before = list.entry().await;
    let nothing = json!({ "subgroup": null, "sortOrder": null, "overrideContent": null });
    for body in [json!({}), nothing] {
        list.put_entry(id_of(&entry), &body).await.assert_status(200);
        assert_eq!(list.entry().await, before, "{body}");
    }
    list.delete().await;
}

#[tokio::test]
async fn e84_a_write_is_a_change_of_the_list() {
    let (list, entry) = ScratchList::with_entry().await;
    let before = list.read().await;
    list.put_entry(id_of(&entry), &json!({ "sortOrder": 2 })).await.assert_status(200);
    assert!(text(&list.read().await["updatedAt"]) > text(&before["updatedAt"]));
    list.delete().await;
}

#[tokio::test]
async fn e84_what_cannot_be_stored_is_refused_and_nothing_changes() {
    let (list, entry) = ScratchList::with_entry().await;
    for content in ["", "{", "[1]", r#"{"a":"\u0000"}"#] {
        let body = json!({ "sortOrder": 5, "overrideContent": content });
        let answer = list.put_entry(id_of(&entry), &body).await;
        let problem = answer.assert_problem(400, "/problems/invalid-document");
        assert_eq!(problem["errors"][0]["pointer"], "/overrideContent", "{content}");
    }
    let large = json!({ "overrideContent": doc(&"a".repeat(2 * 1024 * 1024)) });
    let answer = list.put_entry(id_of(&entry), &large).await;
    answer.assert_problem(413, "/problems/too-large");
    for (member, value) in [
        ("subgroup", json!("æ".repeat(21))),
        ("sortOrder", json!(2_147_483_648_i64)),
        ("sortOrder", json!("først")),
        ("overrideContent", json!({})),
    ] {
        let answer = list.put_entry(id_of(&entry), &json!({ member: value })).await;
        assert_points_at(&answer, &format!("/{member}"));
    }
    assert_eq!(list.entry().await, entry);
    list.delete().await;
}

#[tokio::test]
async fn d16_the_extra_subgroup_is_of_answers_only() {
    let list = ScratchList::make().await;
    let case = list.new_case("budsjettiltak").await;
    let entry = list.add(&case, "case_group").await;
    assert_eq!(entry["subgroup"], Value::Null);
    let shown = list.entry().await["subgroup"].clone();
    assert!(shown.is_string());
    let echo = json!({ "subgroup": shown, "sortOrder": 3 });
    list.put_entry(id_of(&entry), &echo).await.assert_status(200);
    // Where subgroups do not matter the entry is shown as it is stored.
    let groups = list.read().await;
    let own = json!({ "contentJson": "{}" });
    let path = list.path(&format!("/sections/{}", id_of(section(&groups, "case_group"))));
    list.fin.http.put(&path, &own).await.assert_status(200);
    let stored = list.entry().await;
    assert_eq!(stored["subgroup"], Value::Null);
    assert_eq!(stored["sortOrder"], 3);
    list.delete().await;
}

#[tokio::test]
async fn e84_an_entry_of_another_list_is_not_there() {
    let list = ScratchList::make().await;
    let other = demo_list(&list.fin).await;
    for id in [id_of(entries(&other)[0]).to_owned(), unknown_id()] {
        for body in [json!({ "sortOrder": 99 }), json!({ "overrideContent": "{" })] {
            let answer = list.put_entry(&id, &body).await;
            answer.assert_problem(404, "/problems/not-found");
        }
    }
    assert_eq!(demo_list(&list.fin).await, other);
    list.delete().await;
}

#[tokio::test]
async fn e84_ministries_are_refused() {
    let list = demo_list(&fin().await).await;
    let entry = id_of(entries(&list)[0]);
    let path = format!("/api/department-lists/{}/case-entries/{entry}", id_of(&list));
    let fag = User::fag("aid").await;
    let answer = fag.http.put(&path, &json!({ "sortOrder": 1 })).await;
    answer.assert_problem(403, "/problems/forbidden");
}

#[tokio::test]
async fn e85_a_deleted_entry_is_gone_and_its_case_stays() {
    let (list, entry) = ScratchList::with_entry().await;
    let before = list.read().await;
    let path = list.path(&format!("/case-entries/{}", id_of(&entry)));
    let answer = list.fin.http.delete(&path).await;
    assert!(answer.assert_status(204).body.is_empty());
    let after = list.read().await;
    assert!(entries(&after).is_empty());
    assert!(text(&after["updatedAt"]) > text(&before["updatedAt"]));
    list.fin.http.delete(&path).await.assert_problem(404, "/problems/not-found");
    let case = format!("/api/cases/{}", text(&entry["caseId"]));
    list.fin.http.get(&case).await.assert_status(200);
    list.delete().await;
}

#[tokio::test]
async fn e85_an_entry_is_deleted_through_its_own_list_only() {
    let (list, entry) = ScratchList::with_entry().await;
    let other = demo_list(&list.fin).await;
    for id in [id_of(&other).to_owned(), unknown_id()] {
        let path = format!("/api/department-lists/{id}/case-entries/{}", id_of(&entry));
        list.fin.http.delete(&path).await.assert_problem(404, "/problems/not-found");
    }
    assert_eq!(list.entry().await, entry);
    list.delete().await;
}

#[tokio::test]
async fn e85_ministries_are_refused() {
    let fin = fin().await;
    let list = demo_list(&fin).await;
    let entry = id_of(entries(&list)[0]);
    let path = format!("/api/department-lists/{}/case-entries/{entry}", id_of(&list));
    let answer = User::fag("aid").await.http.delete(&path).await;
    answer.assert_problem(403, "/problems/forbidden");
    assert_eq!(demo_list(&fin).await, list);
}
