//! The sections of templates (contract 19: E72 to E75), on templates of the tests' own.

use serde_json::{Value, json};
use test_support::Answer;
use test_support::portal::{User, id_of, unknown_id};

use crate::shape::{
    admin, assert_invalid, assert_problem, fin, fin_leader, items, keys, texts, time, unique,
};

/// A template that one test edits.
struct Own {
    editor: User,
    template: Value,
}

impl Own {
    /// Three root sections `a`, `b` and `c`; `b` has `b1` and `b2` inside.
    async fn create() -> Self {
        let mut b = section("b");
        b["children"] = json!([section("b1"), section("b2")]);
        Self::with(json!([section("a"), b, section("c")])).await
    }

    async fn with(sections: Value) -> Self {
        let editor = fin_leader().await;
        let body = json!({ "name": unique("Mal"), "budgetRoundType": "rnb", "sections": sections });
        let created = editor.http.post("/api/department-list-templates", &body).await;
        Self { template: created.assert_status(201).json(), editor }
    }

    fn address(&self) -> String {
        format!("/api/department-list-templates/{}", id_of(&self.template))
    }

    fn sections(&self) -> Value {
        self.template["sections"].clone()
    }

    /// Address of the section with this title.
    fn section_address(&self, title: &str) -> String {
        format!("{}/sections/{}", self.address(), id_of(find(&self.template["sections"], title)))
    }

    async fn put(&self, tree: &Value) -> Answer {
        self.editor.http.put(&format!("{}/sections", self.address()), tree).await
    }

    async fn post(&self, body: &Value) -> Answer {
        self.editor.http.post(&format!("{}/sections", self.address()), body).await
    }

    async fn shown(&self) -> Value {
        self.editor.http.get(&self.address()).await.assert_status(200).json()
    }
}

/// A new section, as the client sends one.
fn section(title: &str) -> Value {
    json!({
        "titleTemplate": title, "headingStyle": "Deplisteoverskrift2",
        "sectionType": "fixed_content", "sortOrder": 0, "config": null, "children": [],
    })
}

fn find<'a>(sections: &'a Value, title: &str) -> &'a Value {
    fn search<'a>(sections: &'a Value, title: &str) -> Option<&'a Value> {
        items(sections).iter().find_map(|section| {
            if section["titleTemplate"] == title {
                Some(section)
            } else {
                search(&section["children"], title)
            }
        })
    }
    search(sections, title).unwrap_or_else(|| panic!("no section {title} in {sections}"))
}

fn order(sections: &Value) -> Vec<i64> {
    items(sections).iter().filter_map(|section| section["sortOrder"].as_i64()).collect()
}

#[tokio::test]
async fn e69_sections_are_nested_as_they_were_sent_and_numbered_within_each_parent() {
    let own = Own::create().await;
    let roots = own.sections();
    assert_eq!(texts(&roots, "titleTemplate"), ["a", "b", "c"]);
    assert_eq!(order(&roots), [1, 2, 3]);
    let inside = &roots[1]["children"];
    assert_eq!(texts(inside, "titleTemplate"), ["b1", "b2"]);
    assert_eq!(order(inside), [1, 2]);
    assert!(items(inside).iter().all(|child| child["parentId"] == roots[1]["id"]));
    assert_eq!(own.shown().await, own.template);
}

#[tokio::test]
async fn e72_the_tree_it_has_leaves_every_section_what_it_was() {
    let own = Own::create().await;
    let answer = own.put(&own.sections()).await.assert_status(200).json();
    assert_eq!(answer["sections"], own.sections());
    assert_eq!(own.shown().await, answer);
}

#[tokio::test]
async fn e72_a_known_section_keeps_its_id_when_everything_about_it_changes() {
    let own = Own::create().await;
    let mut tree = own.sections();
    let id = tree[0]["id"].clone();
    tree[0] = json!({
        "id": id, "titleTemplate": "Om {department_name}", "headingStyle": "Deplisteoverskrift3",
        "sectionType": "case_group", "sortOrder": 7, "config": "{\"summary_table\":true}",
    });
    let changed = own.put(&tree).await.assert_status(200).json()["sections"][0].clone();
    assert_eq!(changed["id"], id);
    assert_eq!(changed["titleTemplate"], "Om {department_name}");
    assert_eq!(changed["headingStyle"], "Deplisteoverskrift3");
    assert_eq!(changed["sectionType"], "case_group");
    assert_eq!(changed["config"], "{\"summary_table\":true}");
    assert_eq!(changed["sortOrder"], 1);
}

#[tokio::test]
async fn e72_a_configuration_that_is_left_out_is_removed() {
    let mut configured = section("a");
    configured["config"] = json!("{}");
    let own = Own::with(json!([configured])).await;
    let mut tree = own.sections();
    tree[0].as_object_mut().expect("an object").remove("config");
    let changed = own.put(&tree).await.assert_status(200).json();
    assert_eq!(changed["sections"][0]["config"], Value::Null);
}

#[tokio::test]
async fn e72_sections_without_an_id_are_new() {
    let own = Own::create().await;
    let mut tree = own.sections();
    let mut null_id = section("ny 2");
    null_id["id"] = Value::Null;
    tree.as_array_mut().expect("an array").extend([section("ny 1"), null_id]);
    let sections = own.put(&tree).await.assert_status(200).json()["sections"].clone();
    assert_eq!(texts(&sections, "titleTemplate"), ["a", "b", "c", "ny 1", "ny 2"]);
    assert_ne!(sections[3]["id"], sections[4]["id"]);
    assert_eq!(sections[0]["id"], own.template["sections"][0]["id"]);
}

#[tokio::test]
async fn e72_an_unknown_id_is_not_taken_over() {
    let own = Own::create().await;
    let unknown = unknown_id();
    let mut stranger = section("ny");
    stranger["id"] = json!(unknown);
    let sections = own.put(&json!([stranger])).await.assert_status(200).json()["sections"].clone();
    assert_ne!(sections[0]["id"], unknown);
}

#[tokio::test]
async fn e72_an_id_of_another_template_is_unknown_and_the_other_template_stays() {
    let (own, other) = (Own::create().await, Own::create().await);
    let stolen = other.sections();
    let sections = own.put(&stolen).await.assert_status(200).json()["sections"].clone();
    assert_eq!(texts(&sections, "titleTemplate"), ["a", "b", "c"]);
    for (mine, theirs) in items(&sections).iter().zip(items(&stolen)) {
        assert_ne!(mine["id"], theirs["id"]);
    }
    assert_eq!(other.shown().await, other.template);
}

#[tokio::test]
async fn e72_sections_that_are_not_mentioned_go_with_what_is_inside_them() {
    let own = Own::create().await;
    let tree = json!([own.sections()[2]]);
    let sections = own.put(&tree).await.assert_status(200).json()["sections"].clone();
    assert_eq!(texts(&sections, "titleTemplate"), ["c"]);
    assert_eq!(sections[0]["sortOrder"], 1);
    assert_eq!(own.shown().await["sections"], sections);
}

#[tokio::test]
async fn e72_a_section_moves_out_of_one_that_goes_and_stays_itself() {
    let own = Own::create().await;
    let inside = own.sections()[1]["children"][0].clone();
    let sections = own.put(&json!([inside])).await.assert_status(200).json()["sections"].clone();
    assert_eq!(sections[0]["id"], inside["id"]);
    assert_eq!(sections[0]["parentId"], Value::Null);
    assert_eq!(own.shown().await["sections"], sections);
}

#[tokio::test]
async fn e72_parent_and_child_may_change_places() {
    let own = Own::create().await;
    let (mut outer, mut inner) =
        (own.sections()[1].clone(), own.sections()[1]["children"][0].clone());
    outer["children"] = json!([]);
    inner["children"] = json!([outer]);
    let sections = own.put(&json!([inner])).await.assert_status(200).json()["sections"].clone();
    assert_eq!(sections[0]["titleTemplate"], "b1");
    assert_eq!(sections[0]["children"][0]["id"], own.template["sections"][1]["id"]);
    assert_eq!(own.shown().await["sections"], sections);
}

#[tokio::test]
async fn e72_order_is_that_of_the_arrays_whatever_the_numbers_say() {
    let own = Own::create().await;
    let mut tree = own.sections();
    let tree = tree.as_array_mut().expect("an array");
    tree.reverse();
    tree[1]["children"].as_array_mut().expect("an array").reverse();
    let sections = own.put(&json!(tree)).await.assert_status(200).json()["sections"].clone();
    assert_eq!(texts(&sections, "titleTemplate"), ["c", "b", "a"]);
    assert_eq!(order(&sections), [1, 2, 3]);
    assert_eq!(texts(&sections[1]["children"], "titleTemplate"), ["b2", "b1"]);
    assert_eq!(order(&sections[1]["children"]), [1, 2]);
}

#[tokio::test]
async fn e72_an_empty_tree_empties_the_template() {
    let own = Own::create().await;
    let answer = own.put(&json!([])).await.assert_status(200).json();
    assert_eq!(answer["sections"], json!([]));
}

#[tokio::test]
async fn e72_the_template_counts_as_changed() {
    let own = Own::create().await;
    let answer = own.put(&json!([section("ny")])).await.assert_status(200).json();
    assert!(time(&answer["updatedAt"]) > time(&own.template["updatedAt"]));
    assert_eq!(answer["createdAt"], own.template["createdAt"]);
}

#[tokio::test]
async fn e72_a_configuration_comes_back_to_the_letter() {
    let configs = [
        r#"{"zebra":1,"apple":2,"subgroups":[{"value":"a_list","label":"A"}],"ukjent":null}"#,
        r#"{ "spaces" : [ 1.50, 1e2 ],  "æ": "\u00e6" }"#,
        r#"{"twice":1,"twice":2}"#,
        "[]",
    ];
    let sections: Vec<Value> = configs
        .iter()
        .map(|config| {
            let mut section = section(config);
            section["config"] = json!(config);
            section
        })
        .collect();
    let own = Own::with(json!(sections)).await;
    assert_eq!(texts(&own.shown().await["sections"], "config"), configs);
    let again = own.put(&own.sections()).await.assert_status(200).json();
    assert_eq!(texts(&again["sections"], "config"), configs);
}

#[tokio::test]
async fn e72_the_same_id_twice_is_400_and_changes_nothing() {
    let own = Own::create().await;
    let mut tree = own.sections();
    let first = tree[0].clone();
    tree[1]["children"].as_array_mut().expect("an array").push(first);
    assert_invalid(&own.put(&tree).await, &["/1/children/2/id"]);
    assert_eq!(own.shown().await, own.template);
}

#[tokio::test]
async fn e72_unknown_types_and_styles_are_400_with_a_pointer() {
    let own = Own::create().await;
    for (property, value) in
        [("sectionType", "tull"), ("headingStyle", "Deplisteoverskrift4"), ("sectionType", "")]
    {
        let mut inner = section("x");
        inner[property] = json!(value);
        let mut outer = section("y");
        outer["children"] = json!([inner]);
        let answer = own.put(&json!([section("z"), outer])).await;
        assert_invalid(&answer, &[&format!("/1/children/0/{property}")]);
    }
}

#[tokio::test]
async fn e72_every_type_and_style_of_the_contract_is_taken() {
    let types = [
        "department_header",
        "fixed_content",
        "freetext",
        "figure_placeholder",
        "case_group",
        "case_subgroup",
        "case_entry_template",
        "decisions_section",
        "summary_section",
        "auto_table",
    ];
    let styles = [
        "Deplisteoverskrift1",
        "Deplisteoverskrift2",
        "Deplisteoverskrift3",
        "Overskrift5",
        "Overskrift7",
    ];
    let tree: Vec<Value> = types
        .iter()
        .zip(styles.iter().cycle())
        .map(|(kind, style)| {
            json!({ "titleTemplate": "T", "headingStyle": style, "sectionType": kind, "sortOrder": 1 })
        })
        .collect();
    let own = Own::with(json!(tree)).await;
    assert_eq!(texts(&own.sections(), "sectionType"), types);
}

#[tokio::test]
async fn e72_everything_wrong_is_told_at_once() {
    let own = Own::create().await;
    let mut long = section(&"æ".repeat(501));
    long["config"] = json!("{\"a\":");
    let mut nul = section("x");
    nul["config"] = json!("{\"a\":\"\\u0000\"}");
    let answer = own.put(&json!([long, nul])).await;
    assert_invalid(&answer, &["/0/titleTemplate", "/0/config", "/1/config"]);
}

#[tokio::test]
async fn e72_a_title_may_have_500_characters_or_none() {
    let own = Own::with(json!([section(&"æ".repeat(500)), section("")])).await;
    assert_eq!(own.sections()[1]["titleTemplate"], "");
}

#[tokio::test]
async fn e72_too_deep_and_too_many_are_400() {
    let own = Own::create().await;
    let mut deep = section("innerst");
    for _ in 0..6 {
        let mut outer = section("ytre");
        outer["children"] = json!([deep]);
        deep = outer;
    }
    let pointer = format!("/0{}", "/children/0".repeat(6));
    assert_invalid(&own.put(&json!([deep])).await, &[&pointer]);
    assert_invalid(&own.put(&json!(vec![section("x"); 501])).await, &[""]);
    own.put(&json!([deep["children"][0]])).await.assert_status(200);
}

#[tokio::test]
async fn e72_the_body_is_an_array() {
    let own = Own::create().await;
    for body in [json!({}), json!({ "sections": [] }), json!("[]"), json!(null), json!([7])] {
        own.put(&body).await.assert_problem(400, "/problems/invalid-request");
    }
}

#[tokio::test]
async fn e72_others_get_403_and_an_unknown_template_404() {
    let own = Own::create().await;
    let path = format!("{}/sections", own.address());
    for user in [fin().await, User::fag("kld").await] {
        assert_problem(&user.http.put(&path, &json!([])).await, 403, "forbidden");
    }
    let unknown = format!("/api/department-list-templates/{}/sections", unknown_id());
    let admin = admin().await;
    assert_problem(&admin.http.put(&unknown, &json!([])).await, 404, "not-found");
    let wrong = json!([section(&"æ".repeat(501))]);
    assert_problem(&admin.http.put(&unknown, &wrong).await, 404, "not-found");
}

#[tokio::test]
async fn e73_a_section_is_added_at_root_level() {
    let own = Own::create().await;
    let mut body = section("d");
    body["sortOrder"] = json!(2);
    body["children"] = json!([section("d1"), section("d2")]);
    let added = own.post(&body).await.assert_status(201).json();
    assert_eq!(added["templateId"], own.template["id"]);
    assert_eq!(added["parentId"], Value::Null);
    assert_eq!(added["sortOrder"], 2);
    assert_eq!(texts(&added["children"], "titleTemplate"), ["d1", "d2"]);
    assert_eq!(order(&added["children"]), [1, 2]);
    assert_eq!(find(&own.shown().await["sections"], "d"), &added);
}

#[tokio::test]
async fn e73_a_section_without_a_place_comes_last() {
    let own = Own::create().await;
    let mut body = section("sist");
    body.as_object_mut().expect("an object").remove("sortOrder");
    assert_eq!(own.post(&body).await.assert_status(201).json()["sortOrder"], 4);
    assert_eq!(texts(&own.shown().await["sections"], "titleTemplate"), ["a", "b", "c", "sist"]);
}

#[tokio::test]
async fn e73_a_section_has_every_key_and_is_always_new() {
    let own = Own::create().await;
    let mut body = section("d");
    body["id"] = own.sections()[0]["id"].clone();
    let added = own.post(&body).await.assert_status(201).json();
    assert_eq!(keys(&added), keys(&own.sections()[0]));
    assert_ne!(added["id"], body["id"]);
    assert_eq!(items(&own.shown().await["sections"]).len(), 4);
}

#[tokio::test]
async fn e73_what_is_wrong_is_pointed_at_from_inside_the_section() {
    let own = Own::create().await;
    let mut body = section(&"æ".repeat(501));
    let mut child = section("x");
    child["config"] = json!("nei");
    body["children"] = json!([child]);
    assert_invalid(&own.post(&body).await, &["/titleTemplate", "/children/0/config"]);
    for property in ["titleTemplate", "headingStyle", "sectionType"] {
        let mut body = section("x");
        body.as_object_mut().expect("an object").remove(property);
        assert_invalid(&own.post(&body).await, &[&format!("/{property}")]);
    }
}

#[tokio::test]
async fn e73_a_template_that_is_full_takes_no_more() {
    let own = Own::with(json!(vec![section("x"); 500])).await;
    assert_problem(&own.post(&section("y")).await, 409, "conflict");
    assert_eq!(items(&own.shown().await["sections"]).len(), 500);
}

#[tokio::test]
async fn e74_what_is_named_changes_and_the_rest_stays() {
    let mut configured = section("a");
    configured["config"] = json!("{\"b\": 1}");
    let own = Own::with(json!([configured])).await;
    let change = json!({ "titleTemplate": "Ny", "config": null, "sectionType": null });
    let changed = own.editor.http.put(&own.section_address("a"), &change).await;
    let mut expected = own.sections()[0].clone();
    expected["titleTemplate"] = json!("Ny");
    assert_eq!(changed.assert_status(200).json(), expected);
    let shown = own.shown().await;
    assert_eq!(shown["sections"], json!([expected]));
    assert!(time(&shown["updatedAt"]) > time(&own.template["updatedAt"]));
}

#[tokio::test]
async fn e74_a_section_with_others_inside_changes_without_them() {
    let own = Own::create().await;
    let change = json!({
        "headingStyle": "Overskrift7", "sectionType": "freetext", "sortOrder": 9, "config": "{}",
    });
    let changed = own.editor.http.put(&own.section_address("b"), &change).await;
    let changed = changed.assert_status(200).json();
    for (key, value) in change.as_object().expect("an object") {
        assert_eq!(&changed[key], value, "{key}");
    }
    assert_eq!(changed["children"], own.sections()[1]["children"]);
    assert_eq!(texts(&own.shown().await["sections"], "titleTemplate"), ["a", "c", "b"]);
}

#[tokio::test]
async fn e74_values_are_held_to_the_same_limits() {
    let own = Own::create().await;
    for (change, pointer) in [
        (json!({ "titleTemplate": "æ".repeat(501) }), "/titleTemplate"),
        (json!({ "config": "{" }), "/config"),
        (json!({ "headingStyle": "Overskrift6" }), "/headingStyle"),
        (json!({ "sectionType": "tull" }), "/sectionType"),
        (json!({ "sortOrder": 4_294_967_296_i64 }), "/sortOrder"),
    ] {
        let answer = own.editor.http.put(&own.section_address("a"), &change).await;
        assert_invalid(&answer, &[pointer]);
    }
}

#[tokio::test]
async fn e74_a_section_of_another_template_is_404() {
    let (own, other) = (Own::create().await, Own::create().await);
    let id = id_of(&other.template["sections"][0]).to_owned();
    for id in [id, unknown_id(), "x".to_owned()] {
        let path = format!("{}/sections/{id}", own.address());
        let answer = own.editor.http.put(&path, &json!({ "titleTemplate": "Ny" })).await;
        assert_problem(&answer, 404, "not-found");
        assert_problem(&own.editor.http.delete(&path).await, 404, "not-found");
    }
    assert_eq!(other.shown().await, other.template);
}

#[tokio::test]
async fn e75_a_section_goes_with_its_children() {
    let own = Own::create().await;
    let answer = own.editor.http.delete(&own.section_address("b")).await;
    assert!(answer.assert_status(204).body.is_empty());
    let shown = own.shown().await;
    assert_eq!(texts(&shown["sections"], "titleTemplate"), ["a", "c"]);
    assert!(time(&shown["updatedAt"]) > time(&own.template["updatedAt"]));
    let again = own.editor.http.delete(&own.section_address("b1")).await;
    assert_problem(&again, 404, "not-found");
}

#[tokio::test]
async fn e73_e74_e75_others_get_403() {
    let own = Own::create().await;
    for user in [fin().await, User::fag("kld").await] {
        let path = format!("{}/sections", own.address());
        assert_problem(&user.http.post(&path, &section("x")).await, 403, "forbidden");
        let path = own.section_address("a");
        assert_problem(&user.http.put(&path, &json!({})).await, 403, "forbidden");
        assert_problem(&user.http.delete(&path).await, 403, "forbidden");
    }
    assert_eq!(own.shown().await, own.template);
}
