//! Case types (contract 6: E09 to E13).
//!
//! Types that tests add are inactive, or are made so at once: the list of active types is that of
//! the demo, and other tests read it.

use serde_json::{Value, json};
use test_support::Answer;
use test_support::portal::{User, anonymous, id_of, unknown_id};

use crate::shape::{
    admin, assert_id, assert_invalid, assert_problem, fin_leader, items, keys, texts, unique,
};

const STANDARD: [&str; 4] =
    ["satsingsforslag", "budsjettiltak", "teknisk_justering", "andre_saker"];

/// A code that no other test uses, short enough for a case.
fn own_code() -> String {
    unique("type").replace(' ', "_").chars().take(30).collect()
}

fn body(code: &str) -> Value {
    json!({
        "code": code, "name": "Egen type", "description": "Til prøve", "sortOrder": 90,
        "fields": [{ "key": "proposalText", "label": "Forslag til omtale", "required": true }],
    })
}

/// A new case type, already out of use.
async fn own_case_type(admin: &User) -> Value {
    let created = admin.http.post("/api/case-types", &body(&own_code())).await;
    let created = created.assert_status(201).json();
    admin.http.delete(&address(&created)).await.assert_status(200);
    created
}

fn address(case_type: &Value) -> String {
    format!("/api/case-types/{}", id_of(case_type))
}

async fn shown(user: &User, case_type: &Value) -> Value {
    user.http.get(&address(case_type)).await.assert_status(200).json()
}

/// Sends `body` with one property changed.
async fn create_with(admin: &User, property: &str, value: Value) -> Answer {
    let mut body = body(&own_code());
    body[property] = value;
    admin.http.post("/api/case-types", &body).await
}

#[tokio::test]
async fn e09_anybody_lists_the_active_types_without_a_token() {
    let listed = anonymous().get("/api/case-types").await.assert_status(200).json();
    let codes = texts(&listed, "code");
    let standard: Vec<_> = codes.iter().filter(|code| STANDARD.contains(code)).collect();
    assert_eq!(standard, STANDARD.iter().collect::<Vec<_>>());
    assert!(items(&listed).iter().all(|one| one["isActive"] == true));
}

#[tokio::test]
async fn e09_types_come_in_their_sort_order() {
    let listed = anonymous().get("/api/case-types?includeInactive=true").await;
    let listed = listed.assert_status(200).json();
    let order: Vec<_> = items(&listed).iter().map(|one| one["sortOrder"].as_i64()).collect();
    assert!(order.is_sorted(), "{order:?}");
}

#[tokio::test]
async fn e09_a_type_has_every_key_and_so_have_its_fields() {
    let listed = anonymous().get("/api/case-types").await.assert_status(200).json();
    for one in items(&listed) {
        assert_eq!(
            keys(one),
            ["code", "description", "fields", "id", "isActive", "name", "sortOrder"]
        );
        assert_id(&one["id"]);
        for field in items(&one["fields"]) {
            assert_eq!(keys(field), ["key", "label", "required"]);
        }
    }
}

#[tokio::test]
async fn e09_the_standard_types_ask_for_the_contracts_fields() {
    let listed = anonymous().get("/api/case-types").await.assert_status(200).json();
    let technical = items(&listed).iter().find(|one| one["code"] == "teknisk_justering");
    let technical = technical.expect("a standard type");
    assert_eq!(technical["name"], "Teknisk justering");
    assert_eq!(texts(&technical["fields"], "key"), ["justification", "comment"]);
    assert_eq!(technical["fields"][0]["required"], true);
}

#[tokio::test]
async fn e09_inactive_types_are_listed_on_request_in_both_spellings() {
    let own = own_case_type(&admin().await).await;
    for (query, is_listed) in [
        ("includeInactive=true", true),
        ("include_inactive=true", true),
        ("includeInactive=false", false),
        ("includeInactive=None", false),
        ("includeInactive=", false),
        ("", false),
    ] {
        let listed = anonymous().get(&format!("/api/case-types?{query}")).await;
        let listed = listed.assert_status(200).json();
        assert_eq!(texts(&listed, "id").contains(&id_of(&own)), is_listed, "{query:?}");
    }
}

#[tokio::test]
async fn e09_a_flag_that_is_none_is_400() {
    let answer = anonymous().get("/api/case-types?includeInactive=kanskje").await;
    assert_invalid(&answer, &["includeInactive"]);
}

#[tokio::test]
async fn e10_one_type_is_shown_also_when_it_is_inactive() {
    let own = own_case_type(&admin().await).await;
    let seen = shown(&User::fag("kld").await, &own).await;
    assert_eq!(seen["isActive"], false);
    assert_eq!(seen["code"], own["code"]);
}

#[tokio::test]
async fn e10_an_unknown_type_is_404() {
    let user = User::fag("kld").await;
    for id in [unknown_id(), "satsingsforslag".to_owned()] {
        let answer = user.http.get(&format!("/api/case-types/{id}")).await;
        assert_problem(&answer, 404, "not-found");
    }
}

#[tokio::test]
async fn e11_a_new_type_is_active_and_as_it_was_sent() {
    let admin = admin().await;
    let code = own_code();
    let created = admin.http.post("/api/case-types", &body(&code)).await.assert_status(201).json();
    let mut expected = body(&code);
    expected["id"] = created["id"].clone();
    expected["isActive"] = json!(true);
    assert_eq!(created, expected);
    assert_eq!(shown(&admin, &created).await, created);
    admin.http.delete(&address(&created)).await.assert_status(200);
}

#[tokio::test]
async fn e11_the_answer_says_where_the_type_is() {
    let admin = admin().await;
    let answer = admin.http.post("/api/case-types", &body(&own_code())).await;
    let created = answer.assert_status(201).json();
    assert_eq!(answer.header("location"), address(&created));
    admin.http.delete(answer.header("location")).await.assert_status(200);
}

#[tokio::test]
async fn e11_only_the_administrator_adds_types() {
    for user in [User::fag("kld").await, fin_leader().await] {
        let answer = user.http.post("/api/case-types", &body(&own_code())).await;
        assert_problem(&answer, 403, "forbidden");
    }
    let answer = anonymous().post("/api/case-types", &body(&own_code())).await;
    assert_problem(&answer, 401, "unauthenticated");
}

#[tokio::test]
async fn e11_who_may_not_add_types_is_told_so_before_the_body_is_read() {
    let user = User::fag("kld").await;
    let answer = user.http.post("/api/case-types", &json!({})).await;
    assert_problem(&answer, 403, "forbidden");
}

#[tokio::test]
async fn e11_a_code_that_is_taken_is_409_also_by_an_inactive_type() {
    let admin = admin().await;
    let own = own_case_type(&admin).await;
    for code in ["satsingsforslag", own["code"].as_str().expect("a code")] {
        let answer = admin.http.post("/api/case-types", &body(code)).await;
        assert_problem(&answer, 409, "conflict");
    }
}

#[tokio::test]
async fn e11_a_type_needs_a_code_and_a_name() {
    let admin = admin().await;
    for property in ["code", "name"] {
        let pointer = format!("/{property}");
        let mut missing = body(&own_code());
        missing.as_object_mut().expect("an object").remove(property);
        assert_invalid(&admin.http.post("/api/case-types", &missing).await, &[&pointer]);
        for value in [json!(""), json!("  "), json!(null), json!(7)] {
            assert_invalid(&create_with(&admin, property, value).await, &[&pointer]);
        }
    }
}

#[tokio::test]
async fn e11_texts_are_as_long_as_their_columns_counted_in_characters() {
    let admin = admin().await;
    for (property, most) in [("name", 200), ("description", 500)] {
        let fits = create_with(&admin, property, "æ".repeat(most).into()).await;
        let created = fits.assert_status(201).json();
        admin.http.delete(&address(&created)).await.assert_status(200);
        let answer = create_with(&admin, property, "æ".repeat(most + 1).into()).await;
        assert_invalid(&answer, &[&format!("/{property}")]);
    }
    let answer = create_with(&admin, "code", "a".repeat(51).into()).await;
    assert_invalid(&answer, &["/code"]);
}

#[tokio::test]
async fn e11_fields_have_a_key_a_heading_and_no_twin() {
    let admin = admin().await;
    let field = |key: &str, label: &str| json!({ "key": key, "label": label, "required": false });
    let fields =
        json!([field("comment", "A"), field(" ", "B"), field("comment", ""), field("x", "C")]);
    let answer = create_with(&admin, "fields", fields).await;
    assert_invalid(&answer, &["/fields/1/key", "/fields/2/key", "/fields/2/label"]);
    let answer = create_with(&admin, "fields", json!([{ "key": "x", "label": "X" }])).await;
    assert_invalid(&answer, &["/fields/0/required"]);
}

#[tokio::test]
async fn e11_a_place_beyond_every_number_is_400() {
    let admin = admin().await;
    for value in [json!(2_147_483_648_i64), json!(1.5), json!("1")] {
        assert_invalid(&create_with(&admin, "sortOrder", value).await, &["/sortOrder"]);
    }
}

#[tokio::test]
async fn e12_what_is_named_changes_and_the_rest_stays() {
    let admin = admin().await;
    let own = own_case_type(&admin).await;
    let change = json!({ "name": "Nytt navn", "description": null });
    let changed = admin.http.put(&address(&own), &change).await.assert_status(200).json();
    assert_eq!(changed["name"], "Nytt navn");
    for key in ["id", "code", "description", "sortOrder", "fields"] {
        assert_eq!(changed[key], own[key], "{key}");
    }
    assert_eq!(shown(&admin, &own).await, changed);
}

#[tokio::test]
async fn e12_everything_but_the_code_may_change_at_once() {
    let admin = admin().await;
    let own = own_case_type(&admin).await;
    let change = json!({
        "code": "ny_kode", "name": "N", "description": "D", "isActive": false, "sortOrder": -3,
        "fields": [{ "key": "comment", "label": "K", "required": false }],
    });
    let changed = admin.http.put(&address(&own), &change).await.assert_status(200).json();
    let mut expected = change;
    expected["id"] = own["id"].clone();
    expected["code"] = own["code"].clone();
    assert_eq!(changed, expected);
}

#[tokio::test]
async fn e12_an_empty_change_changes_nothing() {
    let admin = admin().await;
    let own = own_case_type(&admin).await;
    let before = shown(&admin, &own).await;
    let changed = admin.http.put(&address(&own), &json!({})).await.assert_status(200).json();
    assert_eq!(changed, before);
}

#[tokio::test]
async fn e12_values_are_held_to_the_same_limits() {
    let admin = admin().await;
    let own = own_case_type(&admin).await;
    for (change, pointer) in [
        (json!({ "name": "" }), "/name"),
        (json!({ "name": "æ".repeat(201) }), "/name"),
        (json!({ "description": "æ".repeat(501) }), "/description"),
        (json!({ "isActive": "ja" }), "/isActive"),
        (json!({ "fields": [{ "key": "", "label": "X", "required": true }] }), "/fields/0/key"),
    ] {
        assert_invalid(&admin.http.put(&address(&own), &change).await, &[pointer]);
    }
}

#[tokio::test]
async fn e12_only_the_administrator_changes_types_and_only_known_ones() {
    let admin = admin().await;
    let own = own_case_type(&admin).await;
    let change = json!({ "name": "Nytt" });
    let answer = fin_leader().await.http.put(&address(&own), &change).await;
    assert_problem(&answer, 403, "forbidden");
    let unknown = format!("/api/case-types/{}", unknown_id());
    assert_problem(&admin.http.put(&unknown, &change).await, 404, "not-found");
    assert_problem(&admin.http.put(&unknown, &json!({ "name": "" })).await, 404, "not-found");
}

#[tokio::test]
async fn e13_a_deleted_type_is_inactive_and_still_there() {
    let admin = admin().await;
    let created = admin.http.post("/api/case-types", &body(&own_code())).await;
    let created = created.assert_status(201).json();
    let answer = admin.http.delete(&address(&created)).await.assert_status(200).json();
    assert_eq!(keys(&answer), ["message"]);
    assert!(answer["message"].as_str().is_some_and(|text| !text.is_empty()));
    assert_eq!(shown(&admin, &created).await["isActive"], false);
}

#[tokio::test]
async fn e13_deleting_twice_is_as_good_as_once() {
    let admin = admin().await;
    let own = own_case_type(&admin).await;
    admin.http.delete(&address(&own)).await.assert_status(200);
}

#[tokio::test]
async fn e13_an_unknown_type_is_404_and_others_than_the_administrator_get_403() {
    let unknown = format!("/api/case-types/{}", unknown_id());
    assert_problem(&admin().await.http.delete(&unknown).await, 404, "not-found");
    assert_problem(&fin_leader().await.http.delete(&unknown).await, 403, "forbidden");
}

#[tokio::test]
async fn d17_a_case_cannot_get_a_type_that_is_out_of_use() {
    let own = own_case_type(&admin().await).await;
    let fag = User::fag("kld").await;
    let case = json!({
        "budgetRoundId": fag.august_round().await, "caseName": "Sak", "caseType": own["code"],
    });
    assert_invalid(&fag.http.post("/api/cases", &case).await, &["/caseType"]);
}
