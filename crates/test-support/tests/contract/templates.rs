//! Templates of department lists (contract 19: E67 to E71). Their sections are tested beside.

use serde_json::{Value, json};
use test_support::Answer;
use test_support::portal::{User, anonymous, id_of, unknown_id};

use crate::shape::{
    admin, assert_id, assert_invalid, assert_problem, fin, fin_leader, items, keys, texts, time,
    unique,
};

const TEMPLATES: &str = "/api/department-list-templates";
const KEYS: [&str; 10] = [
    "budgetRoundType",
    "classificationText",
    "createdAt",
    "createdBy",
    "departmentNamePlaceholder",
    "id",
    "isActive",
    "name",
    "sections",
    "updatedAt",
];

fn address(template: &Value) -> String {
    format!("{TEMPLATES}/{}", id_of(template))
}

/// An inactive template, so that the client's choice is that of the demo.
async fn own_template(user: &User) -> Value {
    let body = json!({ "name": unique("Mal"), "budgetRoundType": "rnb" });
    let created = user.http.post(TEMPLATES, &body).await.assert_status(201).json();
    let change = json!({ "isActive": false });
    user.http.put(&address(&created), &change).await.assert_status(200).json()
}

async fn create(user: &User, body: &Value) -> Answer {
    user.http.post(TEMPLATES, body).await
}

async fn list(user: &User, query: &str) -> Value {
    user.http.get(&format!("{TEMPLATES}{query}")).await.assert_status(200).json()
}

fn demo<'a>(templates: &'a Value, name: &str) -> &'a Value {
    items(templates).iter().find(|template| template["name"] == name).expect("a demo template")
}

/// Every section of a tree, a parent before its children.
fn flat(sections: &Value) -> Vec<&Value> {
    items(sections)
        .iter()
        .flat_map(|section| std::iter::once(section).chain(flat(&section["children"])))
        .collect()
}

#[tokio::test]
async fn e67_a_template_has_every_key_and_no_other() {
    for template in items(&list(&User::fag("kld").await, "").await) {
        assert_eq!(keys(template), KEYS);
        assert_id(&template["id"]);
        assert_id(&template["createdBy"]);
        assert!(time(&template["updatedAt"]) >= time(&template["createdAt"]));
        assert!(template["sections"].is_array());
    }
}

#[tokio::test]
async fn e67_a_section_has_every_key_and_no_other() {
    let templates = list(&fin().await, "").await;
    for section in flat(&demo(&templates, "Marskonferansen 2027")["sections"]) {
        assert_eq!(
            keys(section),
            [
                "children",
                "config",
                "headingStyle",
                "id",
                "parentId",
                "sectionType",
                "sortOrder",
                "templateId",
                "titleTemplate",
            ]
        );
        assert_id(&section["id"]);
        assert!(section["config"].is_null() || section["config"].is_string(), "{section}");
    }
}

#[tokio::test]
async fn e67_the_demo_template_is_one_tree_of_21_sections() {
    let templates = list(&fin().await, "").await;
    let mars = demo(&templates, "Marskonferansen 2027");
    assert_eq!(items(&mars["sections"]).len(), 1);
    let header = &mars["sections"][0];
    assert_eq!(header["sectionType"], "department_header");
    assert_eq!(header["titleTemplate"], "{department_name}");
    let sections = flat(&mars["sections"]);
    assert_eq!(sections.len(), 21);
    for section in sections {
        assert_eq!(section["templateId"], mars["id"]);
        for child in items(&section["children"]) {
            assert_eq!(child["parentId"], section["id"]);
        }
    }
}

#[tokio::test]
async fn e67_siblings_come_in_their_order() {
    let templates = list(&fin().await, "").await;
    for section in flat(&demo(&templates, "Marskonferansen 2027")["sections"]) {
        let order: Vec<_> =
            items(&section["children"]).iter().map(|child| child["sortOrder"].as_i64()).collect();
        assert!(order.is_sorted(), "{order:?}");
    }
}

#[tokio::test]
async fn e67_templates_come_newest_first() {
    let editor = fin_leader().await;
    let (first, second) = (own_template(&editor).await, own_template(&editor).await);
    let templates = list(&editor, "").await;
    let created: Vec<_> = items(&templates).iter().map(|one| time(&one["createdAt"])).collect();
    assert!(created.is_sorted_by(|one, next| one >= next), "{created:?}");
    let place = |template: &Value| {
        items(&templates).iter().position(|one| one["id"] == template["id"]).expect("listed")
    };
    assert!(place(&second) < place(&first));
}

#[tokio::test]
async fn e67_templates_are_filtered_by_kind_of_round_in_both_spellings() {
    let user = User::fag("kld").await;
    for query in ["?budget_round_type=mars", "?budgetRoundType=mars"] {
        let templates = list(&user, query).await;
        assert!(texts(&templates, "name").contains(&"Marskonferansen 2027"), "{query}");
        assert!(items(&templates).iter().all(|one| one["budgetRoundType"] == "mars"), "{query}");
    }
    assert_eq!(list(&user, "?budgetRoundType=finnes_ikke").await, json!([]));
}

#[tokio::test]
async fn e67_templates_are_filtered_by_whether_they_are_active_in_both_spellings() {
    let editor = fin_leader().await;
    let inactive = own_template(&editor).await;
    for (query, is_listed) in [
        ("?is_active=false", true),
        ("?isActive=false", true),
        ("?isActive=true", false),
        ("?is_active=true&isActive=false", true),
        ("?is_active=None", true),
        ("?", true),
    ] {
        let templates = list(&editor, query).await;
        assert_eq!(texts(&templates, "id").contains(&id_of(&inactive)), is_listed, "{query}");
    }
}

#[tokio::test]
async fn e67_a_flag_that_is_none_is_400() {
    let user = User::fag("kld").await;
    let answer = user.http.get(&format!("{TEMPLATES}?isActive=kanskje")).await;
    assert_invalid(&answer, &["isActive"]);
}

#[tokio::test]
async fn e67_templates_need_a_token() {
    assert_problem(&anonymous().get(TEMPLATES).await, 401, "unauthenticated");
}

#[tokio::test]
async fn e68_one_template_is_what_the_list_says_of_it_for_every_role() {
    for user in [User::fag("kld").await, fin().await, admin().await] {
        let templates = list(&user, "").await;
        let listed = demo(&templates, "Marskonferansen 2027");
        let shown = user.http.get(&address(listed)).await.assert_status(200).json();
        assert_eq!(&shown, listed);
    }
}

#[tokio::test]
async fn e68_an_unknown_template_is_404() {
    let user = fin().await;
    for id in [unknown_id(), "mars".to_owned()] {
        assert_problem(&user.http.get(&format!("{TEMPLATES}/{id}")).await, 404, "not-found");
    }
}

#[tokio::test]
async fn e69_a_template_with_nothing_but_a_name_has_the_defaults() {
    let editor = fin_leader().await;
    let name = unique("Mal");
    let answer = create(&editor, &json!({ "name": name, "budgetRoundType": "rnb" })).await;
    let created = answer.assert_status(201).json();
    assert_eq!(keys(&created), KEYS);
    assert_eq!(created["name"], name);
    assert_eq!(created["budgetRoundType"], "rnb");
    assert_eq!(created["departmentNamePlaceholder"], "XX");
    assert_eq!(created["isActive"], true);
    assert_eq!(created["classificationText"], Value::Null);
    assert_eq!(created["createdBy"], editor.profile["id"]);
    assert_eq!(created["createdAt"], created["updatedAt"]);
    assert_eq!(created["sections"], json!([]));
    admin().await.http.delete(&address(&created)).await.assert_status(204);
}

#[tokio::test]
async fn e69_a_template_is_stored_as_it_was_sent() {
    let admin = admin().await;
    let body = json!({
        "name": unique("Mal"), "budgetRoundType": "mars", "departmentNamePlaceholder": "YY",
        "classificationText": "Fortrolig\netter § 4",
    });
    let answer = create(&admin, &body).await;
    let created = answer.assert_status(201).json();
    for (key, value) in body.as_object().expect("an object") {
        assert_eq!(&created[key], value, "{key}");
    }
    assert_eq!(answer.header("location"), address(&created));
    let shown = admin.http.get(&address(&created)).await.assert_status(200).json();
    assert_eq!(shown, created);
    admin.http.delete(&address(&created)).await.assert_status(204);
}

#[tokio::test]
async fn e69_leaders_of_fin_and_the_administrator_make_templates_and_nobody_else() {
    for user in [fin().await, User::fag("kld").await, User::sign_in("depraad.kld@test.no").await] {
        let answer = create(&user, &json!({ "name": "Mal", "budgetRoundType": "mars" })).await;
        assert_problem(&answer, 403, "forbidden");
        // Before anything that the body says.
        assert_problem(&create(&user, &json!({})).await, 403, "forbidden");
    }
    let body = json!({ "name": "Mal", "budgetRoundType": "mars" });
    assert_problem(&anonymous().post(TEMPLATES, &body).await, 401, "unauthenticated");
}

#[tokio::test]
async fn e69_a_template_needs_a_name_and_a_kind_of_round() {
    let admin = admin().await;
    for (body, pointer) in [
        (json!({ "budgetRoundType": "mars" }), "/name"),
        (json!({ "name": " ", "budgetRoundType": "mars" }), "/name"),
        (json!({ "name": "æ".repeat(201), "budgetRoundType": "mars" }), "/name"),
        (json!({ "name": "Mal" }), "/budgetRoundType"),
        (json!({ "name": "Mal", "budgetRoundType": "saldert" }), "/budgetRoundType"),
        (
            json!({ "name": "Mal", "budgetRoundType": "mars", "departmentNamePlaceholder": "æ".repeat(51) }),
            "/departmentNamePlaceholder",
        ),
    ] {
        assert_invalid(&create(&admin, &body).await, &[pointer]);
    }
}

#[tokio::test]
async fn e69_what_is_wrong_inside_a_section_is_pointed_at_from_the_body() {
    let admin = admin().await;
    let section = |kind: &str, config: &str| {
        json!({
            "titleTemplate": "T", "headingStyle": "Overskrift5", "sectionType": kind,
            "sortOrder": 0, "config": config,
        })
    };
    let mut outer = section("freetext", "{}");
    outer["children"] = json!([section("freetext", "{")]);
    let body = json!({ "name": "Mal", "budgetRoundType": "mars", "sections": [outer] });
    assert_invalid(&create(&admin, &body).await, &["/sections/0/children/0/config"]);
    let body =
        json!({ "name": "Mal", "budgetRoundType": "mars", "sections": [section("tull", "{}")] });
    assert_invalid(&create(&admin, &body).await, &["/sections/0/sectionType"]);
}

#[tokio::test]
async fn e70_what_is_named_changes_and_the_rest_stays() {
    let editor = fin_leader().await;
    let own = own_template(&editor).await;
    let change = json!({ "classificationText": "Fortrolig", "name": null });
    let changed = editor.http.put(&address(&own), &change).await.assert_status(200).json();
    assert_eq!(changed["classificationText"], "Fortrolig");
    for key in
        ["id", "name", "budgetRoundType", "departmentNamePlaceholder", "isActive", "createdAt"]
    {
        assert_eq!(changed[key], own[key], "{key}");
    }
    assert!(time(&changed["updatedAt"]) > time(&own["updatedAt"]));
    let shown = editor.http.get(&address(&own)).await.assert_status(200).json();
    assert_eq!(shown, changed);
}

#[tokio::test]
async fn e70_everything_may_change_at_once() {
    let editor = fin_leader().await;
    let own = own_template(&editor).await;
    let change = json!({
        "name": unique("Ny mal"), "budgetRoundType": "august", "departmentNamePlaceholder": "ZZ",
        "classificationText": "K", "isActive": false,
    });
    let changed = editor.http.put(&address(&own), &change).await.assert_status(200).json();
    for (key, value) in change.as_object().expect("an object") {
        assert_eq!(&changed[key], value, "{key}");
    }
}

#[tokio::test]
async fn e70_values_are_held_to_the_same_limits() {
    let editor = fin_leader().await;
    let own = own_template(&editor).await;
    for (change, pointer) in [
        (json!({ "name": "" }), "/name"),
        (json!({ "name": "æ".repeat(201) }), "/name"),
        (json!({ "budgetRoundType": "tull" }), "/budgetRoundType"),
        (json!({ "isActive": 1 }), "/isActive"),
    ] {
        assert_invalid(&editor.http.put(&address(&own), &change).await, &[pointer]);
    }
}

#[tokio::test]
async fn e70_others_get_403_and_an_unknown_template_404() {
    let change = json!({ "name": "Mal" });
    let own = own_template(&fin_leader().await).await;
    assert_problem(&fin().await.http.put(&address(&own), &change).await, 403, "forbidden");
    let unknown = format!("{TEMPLATES}/{}", unknown_id());
    let admin = admin().await;
    assert_problem(&admin.http.put(&unknown, &change).await, 404, "not-found");
    assert_problem(&admin.http.put(&unknown, &json!({ "name": "" })).await, 404, "not-found");
}

#[tokio::test]
async fn e71_the_administrator_deletes_a_template_with_its_sections() {
    let admin = admin().await;
    let section = json!({
        "titleTemplate": "T", "headingStyle": "Overskrift5", "sectionType": "freetext", "sortOrder": 1,
    });
    let body = json!({ "name": unique("Mal"), "budgetRoundType": "rnb", "sections": [section] });
    let created = create(&admin, &body).await.assert_status(201).json();
    let answer = admin.http.delete(&address(&created)).await;
    assert!(answer.assert_status(204).body.is_empty());
    assert_problem(&admin.http.get(&address(&created)).await, 404, "not-found");
    assert_problem(&admin.http.delete(&address(&created)).await, 404, "not-found");
}

#[tokio::test]
async fn e71_a_leader_of_fin_may_change_a_template_but_not_delete_it() {
    let editor = fin_leader().await;
    let own = own_template(&editor).await;
    assert_problem(&editor.http.delete(&address(&own)).await, 403, "forbidden");
    editor.http.get(&address(&own)).await.assert_status(200);
}

#[tokio::test]
async fn d30_a_template_that_lists_are_made_from_is_kept() {
    let admin = admin().await;
    let templates = list(&admin, "").await;
    let mars = demo(&templates, "Marskonferansen 2027");
    assert_problem(&admin.http.delete(&address(mars)).await, 409, "conflict");
    assert_eq!(&admin.http.get(&address(mars)).await.assert_status(200).json(), mars);
}
