//! E79.

use serde_json::{Value, json};
use test_support::portal::{User, id_of, unknown_id};

use super::{ScratchList, admin, assert_points_at, demo_list, entries, fin, lists, sections, text};

/// Order, kind, style and place of every section: what a list has of its template.
fn outline(list: &Value) -> Vec<Value> {
    let line = |section: &Value| {
        json!([
            section["templateSectionId"],
            section["sectionType"],
            section["headingStyle"],
            section["sortOrder"],
            section["parentId"].is_null(),
        ])
    };
    sections(list).into_iter().map(line).collect()
}

/// A body for a list that exists: a refusal of anything else comes first.
async fn body_of_existing_list(user: &User) -> Value {
    let list = demo_list(user).await;
    json!({
        "templateId": list["templateId"],
        "budgetRoundId": list["budgetRoundId"],
        "departmentId": list["departmentId"],
    })
}

async fn refused_with(member: &str, value: Value) {
    let fin = fin().await;
    let mut body = body_of_existing_list(&fin).await;
    body[member] = value;
    let answer = fin.http.post("/api/department-lists", &body).await;
    assert_points_at(&answer, &format!("/{member}"));
}

#[tokio::test]
async fn e79_a_new_list_is_a_draft_of_its_maker_with_an_address() {
    let list = ScratchList::make().await;
    assert_eq!(list.created.header("location"), list.path(""));
    let created = list.created.json();
    assert_eq!(created["status"], "draft");
    assert_eq!(created["createdBy"], list.fin.profile["id"]);
    assert_eq!(created["departmentCode"], list.department.as_str());
    assert_eq!(created["createdAt"], created["updatedAt"]);
    list.delete().await;
}

#[tokio::test]
async fn e79_a_new_list_is_answered_as_it_is_read() {
    let list = ScratchList::make().await;
    assert_eq!(list.created.json(), list.read().await);
    list.delete().await;
}

#[tokio::test]
async fn e79_a_new_list_has_order_and_hierarchy_of_its_template() {
    let list = ScratchList::make().await;
    let demo = demo_list(&list.fin).await;
    assert_eq!(outline(&list.created.json()), outline(&demo));
    list.delete().await;
}

#[tokio::test]
async fn e79_titles_are_those_of_the_ministry() {
    let list = ScratchList::make().await;
    let created = list.created.json();
    let titles: Vec<&str> =
        sections(&created).into_iter().map(|section| text(&section["title"])).collect();
    assert_eq!(titles[0], created["departmentName"]);
    assert!(titles.contains(&"Satsingsforslag"), "{titles:?}");
    list.delete().await;
}

#[tokio::test]
async fn e79_a_new_list_has_no_cases_and_nothing_written_in_it() {
    let list = ScratchList::make().await;
    let created = list.created.json();
    assert!(entries(&created).is_empty());
    for section in sections(&created) {
        let takes_cases = ["case_group", "decisions_section", "summary_section"]
            .contains(&text(&section["sectionType"]));
        assert_eq!(section["contentJson"].is_string(), takes_cases, "{section}");
    }
    list.delete().await;
}

#[tokio::test]
async fn e79_a_ministry_has_one_list_in_a_round() {
    let list = ScratchList::make().await;
    let body = json!({
        "templateId": list.created.json()["templateId"],
        "budgetRoundId": list.round,
        // The other way to name it.
        "departmentId": list.created.json()["departmentId"],
    });
    let again = list.fin.http.post("/api/department-lists", &body).await;
    again.assert_problem(409, "/problems/conflict");
    let query = format!("?departmentId={}&budgetRoundId={}", list.department, list.round);
    let found = lists(&list.fin, &query).await;
    assert_eq!(found.len(), 1);
    assert_eq!(id_of(&found[0]), list.id);
    list.delete().await;
}

#[tokio::test]
async fn e79_the_kind_of_template_is_not_checked_against_the_round() {
    let fin = fin().await;
    let august = fin.august_round().await;
    let of_the_ministry = lists(&fin, "?departmentId=AID").await;
    let march = of_the_ministry.iter().find(|one| one["budgetRoundId"] != august.as_str());
    let march = text(&march.expect("a list of AID in March")["templateId"]);
    let list = ScratchList::make_of(fin, march).await;
    let created = list.created.json();
    assert_eq!(created["templateId"], march);
    assert_eq!(created["templateName"], "Marskonferansen 2027");
    assert_eq!(created["budgetRoundId"], august.as_str());
    list.delete().await;
}

#[tokio::test]
async fn e79_an_unknown_template_is_refused() {
    refused_with("templateId", json!(unknown_id())).await;
}

#[tokio::test]
async fn e79_an_unknown_round_is_refused() {
    refused_with("budgetRoundId", json!(unknown_id())).await;
}

#[tokio::test]
async fn e79_an_unknown_department_is_refused_by_id_and_by_code() {
    refused_with("departmentId", json!(unknown_id())).await;
    refused_with("departmentId", json!("XYZ")).await;
}

#[tokio::test]
async fn e79_what_is_no_id_is_refused() {
    refused_with("templateId", json!("mars")).await;
    refused_with("budgetRoundId", json!(7)).await;
    refused_with("departmentId", json!(null)).await;
}

#[tokio::test]
async fn e79_nothing_may_be_missing() {
    let fin = fin().await;
    for member in ["templateId", "budgetRoundId", "departmentId"] {
        let mut body = body_of_existing_list(&fin).await;
        body.as_object_mut().expect("an object").remove(member);
        let answer = fin.http.post("/api/department-lists", &body).await;
        assert_points_at(&answer, &format!("/{member}"));
    }
}

#[tokio::test]
async fn e79_ministries_are_refused_whatever_they_ask_for() {
    let mut body = body_of_existing_list(&admin().await).await;
    body["templateId"] = json!(unknown_id());
    for user in [User::fag("aid").await, User::sign_in("avddir.aid@test.no").await] {
        let answer = user.http.post("/api/department-lists", &body).await;
        answer.assert_problem(403, "/problems/forbidden");
    }
}

#[tokio::test]
async fn e79_the_administrator_may_make_lists() {
    let admin = admin().await;
    let body = body_of_existing_list(&admin).await;
    // A conflict: the administrator has come past every other refusal.
    let answer = admin.http.post("/api/department-lists", &body).await;
    answer.assert_problem(409, "/problems/conflict");
}
