//! Conclusions of a case (contract 17).

use serde_json::{Value, json};
use test_support::Answer;
use test_support::portal::{User, id_of, unknown_id};

use crate::arrange::{assert_keys, assert_time, budget_unit, case_at, column, events_of};

/// A case at the Ministry of Finance, its ministry, and who concludes.
struct Desk {
    fag: User,
    fin: User,
    case: String,
}

impl Desk {
    async fn new() -> Self {
        let fag = budget_unit("nfd").await;
        let case = case_at(&fag, "sendt_til_fin").await;
        Self { fag, fin: User::sign_in("fin.nfd@test.no").await, case }
    }

    fn path(&self) -> String {
        format!("/api/cases/{}/conclusions", self.case)
    }

    fn path_of(&self, conclusion: &str) -> String {
        format!("{}/{conclusion}", self.path())
    }

    async fn add(&self, text: &str, place: i32) -> Value {
        let body = json!({ "text": text, "sortOrder": place });
        self.fin.http.post(&self.path(), &body).await.assert_status(201).json()
    }

    async fn replace(&self, body: &Value) -> Answer {
        self.fin.http.put(&self.path(), body).await
    }

    async fn list(&self) -> Vec<Value> {
        self.fag.http.get(&self.path()).await.assert_status(200).parse()
    }
}

const KEYS: [&str; 6] = ["caseId", "createdAt", "createdBy", "id", "sortOrder", "text"];

#[tokio::test]
async fn e60_a_case_without_conclusions_has_an_empty_list() {
    assert_eq!(Desk::new().await.list().await, Vec::<Value>::new());
}

#[tokio::test]
async fn e60_conclusions_come_in_their_order_not_in_that_of_writing() {
    let desk = Desk::new().await;
    for (text, place) in [("c", 30), ("a", -1), ("b", 2)] {
        desk.add(text, place).await;
    }
    assert_eq!(column(&desk.list().await, "text"), ["a", "b", "c"]);
}

#[tokio::test]
async fn e60_the_ministry_reads_them_too() {
    let desk = Desk::new().await;
    let added = desk.add("Bevilges", 1).await;
    assert_eq!(desk.list().await, [added]);
}

#[tokio::test]
async fn e60_of_a_case_that_does_not_exist_is_not_found() {
    let user = User::fag("nfd").await;
    let answer = user.http.get(&format!("/api/cases/{}/conclusions", unknown_id())).await;
    answer.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn e60_d26_another_ministry_reads_no_conclusions() {
    let desk = Desk::new().await;
    let stranger = User::fag("bfd").await;
    stranger.http.get(&desk.path()).await.assert_problem(403, "/problems/forbidden");
}

#[tokio::test]
async fn e61_a_conclusion_has_exactly_the_contracts_keys() {
    let desk = Desk::new().await;
    let added = desk.add("Bevilgningen økes med 12,5 mill. kroner.", 3).await;
    assert_keys(&added, KEYS);
    assert_eq!(added["caseId"], desk.case);
    assert_eq!(added["text"], "Bevilgningen økes med 12,5 mill. kroner.");
    assert_eq!(added["sortOrder"], 3);
    assert_eq!(added["createdBy"], desk.fin.profile["id"]);
    assert_time(&added["createdAt"]);
}

#[tokio::test]
async fn e61_an_administrator_writes_too() {
    let desk = Desk::new().await;
    let admin = User::sign_in("admin@test.no").await;
    let body = json!({ "text": "a", "sortOrder": 1 });
    admin.http.post(&desk.path(), &body).await.assert_status(201);
}

#[tokio::test]
async fn e61_the_ministry_writes_none() {
    let desk = Desk::new().await;
    let body = json!({ "text": "a", "sortOrder": 1 });
    let refused = desk.fag.http.post(&desk.path(), &body).await;
    refused.assert_problem(403, "/problems/forbidden");
    assert!(desk.list().await.is_empty());
}

#[tokio::test]
async fn e61_text_and_place_are_required() {
    let desk = Desk::new().await;
    for (body, pointer) in [
        (json!({ "sortOrder": 1 }), "/text"),
        (json!({ "text": " ", "sortOrder": 1 }), "/text"),
        (json!({ "text": null, "sortOrder": 1 }), "/text"),
        (json!({ "text": "a" }), "/sortOrder"),
        (json!({ "text": "a", "sortOrder": "1" }), "/sortOrder"),
        (json!({ "text": "a", "sortOrder": 1.5 }), "/sortOrder"),
        (json!({ "text": "a", "sortOrder": 2_147_483_648_i64 }), "/sortOrder"),
    ] {
        let refused = desk.fin.http.post(&desk.path(), &body).await;
        let problem = refused.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
    assert!(desk.list().await.is_empty());
}

#[tokio::test]
async fn e61_on_a_case_that_does_not_exist_is_not_found() {
    let fin = User::sign_in("fin.nfd@test.no").await;
    let body = json!({ "text": "a", "sortOrder": 1 });
    let answer = fin.http.post(&format!("/api/cases/{}/conclusions", unknown_id()), &body).await;
    answer.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn e61_d26_fin_writes_nothing_on_a_case_that_has_not_been_sent() {
    let fag = budget_unit("nfd").await;
    let case = case_at(&fag, "draft").await;
    let fin = User::sign_in("fin.nfd@test.no").await;
    let body = json!({ "text": "a", "sortOrder": 1 });
    let refused = fin.http.post(&format!("/api/cases/{case}/conclusions"), &body).await;
    refused.assert_problem(403, "/problems/forbidden");
}

#[tokio::test]
async fn e62_what_is_absent_or_null_stays() {
    let desk = Desk::new().await;
    let added = desk.add("Bevilges", 1).await;
    let path = desk.path_of(id_of(&added));
    for body in [json!({}), json!({ "text": null, "sortOrder": null })] {
        assert_eq!(desk.fin.http.put(&path, &body).await.assert_status(200).json(), added);
    }
    let moved = desk.fin.http.put(&path, &json!({ "sortOrder": 9 })).await.json();
    assert_eq!((&moved["text"], &moved["sortOrder"]), (&json!("Bevilges"), &json!(9)));
    let reworded = desk.fin.http.put(&path, &json!({ "text": "Avslås" })).await.json();
    assert_eq!((&reworded["text"], &reworded["sortOrder"]), (&json!("Avslås"), &json!(9)));
}

#[tokio::test]
async fn e62_a_change_keeps_id_author_and_time() {
    let desk = Desk::new().await;
    let added = desk.add("Bevilges", 1).await;
    let admin = User::sign_in("admin@test.no").await;
    let body = json!({ "text": "Avslås", "sortOrder": 2 });
    let changed = admin.http.put(&desk.path_of(id_of(&added)), &body).await;
    let changed = changed.assert_status(200).json();
    assert_keys(&changed, KEYS);
    for key in ["id", "caseId", "createdBy", "createdAt"] {
        assert_eq!(changed[key], added[key], "{key}");
    }
    assert_eq!(desk.list().await, [changed]);
}

#[tokio::test]
async fn e62_a_blank_text_is_refused() {
    let desk = Desk::new().await;
    let added = desk.add("Bevilges", 1).await;
    let refused = desk.fin.http.put(&desk.path_of(id_of(&added)), &json!({ "text": "" })).await;
    let problem = refused.assert_problem(400, "/problems/invalid-request");
    assert_eq!(problem["errors"][0]["pointer"], "/text");
    assert_eq!(desk.list().await, [added]);
}

#[tokio::test]
async fn e62_a_conclusion_of_another_case_is_not_found() {
    let (desk, other) = (Desk::new().await, Desk::new().await);
    let foreign = other.add("I en annen sak", 1).await;
    for id in [id_of(&foreign), &unknown_id(), "7"] {
        let answer = desk.fin.http.put(&desk.path_of(id), &json!({ "text": "a" })).await;
        answer.assert_problem(404, "/problems/not-found");
    }
    assert_eq!(other.list().await, [foreign]);
}

#[tokio::test]
async fn e62_the_ministry_changes_none() {
    let desk = Desk::new().await;
    let added = desk.add("Bevilges", 1).await;
    let refused = desk.fag.http.put(&desk.path_of(id_of(&added)), &json!({ "text": "a" })).await;
    refused.assert_problem(403, "/problems/forbidden");
    assert_eq!(desk.list().await, [added]);
}

#[tokio::test]
async fn e63_a_deleted_conclusion_is_gone_and_answered_without_a_body() {
    let desk = Desk::new().await;
    let (one, other) = (desk.add("En", 1).await, desk.add("To", 2).await);
    let path = desk.path_of(id_of(&one));
    assert_eq!(desk.fin.http.delete(&path).await.assert_status(204).text(), "");
    assert_eq!(desk.list().await, [other]);
    desk.fin.http.delete(&path).await.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn e63_a_conclusion_of_another_case_is_not_found() {
    let (desk, other) = (Desk::new().await, Desk::new().await);
    let foreign = other.add("I en annen sak", 1).await;
    let answer = desk.fin.http.delete(&desk.path_of(id_of(&foreign))).await;
    answer.assert_problem(404, "/problems/not-found");
    assert_eq!(other.list().await, [foreign]);
}

#[tokio::test]
async fn e63_the_ministry_deletes_none() {
    let desk = Desk::new().await;
    let added = desk.add("Bevilges", 1).await;
    let refused = desk.fag.http.delete(&desk.path_of(id_of(&added))).await;
    refused.assert_problem(403, "/problems/forbidden");
    assert_eq!(desk.list().await, [added]);
}

#[tokio::test]
async fn e64_the_array_takes_the_place_of_all_with_new_ids() {
    let desk = Desk::new().await;
    let old = desk.add("Gammel", 1).await;
    let body = json!([{ "text": "b", "sortOrder": 2 }, { "text": "a", "sortOrder": 1 }]);
    let replaced: Vec<Value> = desk.replace(&body).await.assert_status(200).parse();
    assert_eq!(column(&replaced, "text"), ["a", "b"], "in their order");
    for conclusion in &replaced {
        assert_keys(conclusion, KEYS);
        assert_ne!(conclusion["id"], old["id"]);
    }
    assert_eq!(desk.list().await, replaced);
}

#[tokio::test]
async fn e64_unchanged_conclusions_get_new_ids_too() {
    let desk = Desk::new().await;
    let old = desk.add("Samme", 1).await;
    let body = json!([{ "text": "Samme", "sortOrder": 1, "id": old["id"] }]);
    let replaced: Vec<Value> = desk.replace(&body).await.assert_status(200).parse();
    assert_ne!(replaced[0]["id"], old["id"]);
}

#[tokio::test]
async fn e64_an_empty_array_removes_all() {
    let desk = Desk::new().await;
    desk.add("Gammel", 1).await;
    assert_eq!(desk.replace(&json!([])).await.assert_status(200).json(), json!([]));
    assert!(desk.list().await.is_empty());
}

#[tokio::test]
async fn e64_a_wrong_item_is_pointed_at_and_leaves_all_as_it_was() {
    let desk = Desk::new().await;
    let old = desk.add("Gammel", 1).await;
    let good = json!({ "text": "a", "sortOrder": 1 });
    for (body, pointer) in [
        (json!([good, { "text": " ", "sortOrder": 2 }]), "/1/text"),
        (json!([good, { "sortOrder": 2 }]), "/1/text"),
        (json!([good, { "text": "a\u{0}", "sortOrder": 2 }]), "/1/text"),
        (json!([good, { "text": "a", "sortOrder": "to" }]), "/1/sortOrder"),
    ] {
        let problem = desk.replace(&body).await.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
    assert_eq!(desk.list().await, [old]);
}

#[tokio::test]
async fn e64_a_body_that_is_no_array_or_too_long_a_one_is_refused() {
    let desk = Desk::new().await;
    let good = json!({ "text": "a", "sortOrder": 1 });
    let endless = Value::Array(vec![good.clone(); 201]);
    for body in [good.clone(), json!({ "conclusions": [good] }), json!(null), endless] {
        desk.replace(&body).await.assert_problem(400, "/problems/invalid-request");
    }
    assert!(desk.list().await.is_empty());
}

#[tokio::test]
async fn e64_the_ministry_replaces_none() {
    let desk = Desk::new().await;
    let old = desk.add("Gammel", 1).await;
    let refused = desk.fag.http.put(&desk.path(), &json!([])).await;
    refused.assert_problem(403, "/problems/forbidden");
    assert_eq!(desk.list().await, [old]);
}

#[tokio::test]
async fn e64_conclusions_change_neither_version_nor_log() {
    let desk = Desk::new().await;
    let path = format!("/api/cases/{}", desk.case);
    let before = desk.fin.http.get(&path).await.json();
    let events = events_of(&desk.fin, &desk.case).await;
    desk.replace(&json!([{ "text": "a", "sortOrder": 1 }])).await.assert_status(200);
    assert_eq!(desk.fin.http.get(&path).await.json(), before);
    assert_eq!(events_of(&desk.fin, &desk.case).await, events);
}
