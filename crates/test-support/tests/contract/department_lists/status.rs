//! E80.

use serde_json::{Value, json};
use test_support::portal::{User, unknown_id};

use super::{ScratchList, assert_points_at, demo_list, fin, keys, text};

#[tokio::test]
async fn e80_every_status_may_follow_every_other() {
    let list = ScratchList::make().await;
    for status in
        ["completed", "draft", "in_progress", "completed", "in_progress", "draft", "draft"]
    {
        let answer = list.fin.http.put(&list.path("/status"), &json!({ "status": status })).await;
        assert_eq!(answer.assert_status(200).json()["status"], status);
        assert_eq!(list.read().await["status"], status);
    }
    list.delete().await;
}

#[tokio::test]
async fn e80_the_answer_is_the_list_without_sections() {
    let list = ScratchList::make().await;
    let body = json!({ "status": "in_progress" });
    let answer = list.fin.http.put(&list.path("/status"), &body).await.assert_status(200).json();
    let mut read = list.read().await;
    assert_eq!(keys(&answer), keys(&read));
    read["sections"] = Value::Null;
    assert_eq!(answer, read);
    list.delete().await;
}

#[tokio::test]
async fn e80_a_new_status_is_a_change_of_the_list() {
    let list = ScratchList::make().await;
    let before = list.read().await;
    let body = json!({ "STATUS": "completed" });
    list.fin.http.put(&list.path("/status"), &body).await.assert_status(200);
    let after = list.read().await;
    assert!(text(&after["updatedAt"]) > text(&before["updatedAt"]));
    assert_eq!(after["createdAt"], before["createdAt"]);
    list.delete().await;
}

#[tokio::test]
async fn e80_an_unknown_status_is_refused_and_changes_nothing() {
    let list = ScratchList::make().await;
    let before = list.read().await;
    for status in [json!("ferdig"), json!(""), json!(null), json!(1), json!("Draft")] {
        let body = json!({ "status": status });
        let answer = list.fin.http.put(&list.path("/status"), &body).await;
        assert_points_at(&answer, "/status");
    }
    assert_points_at(&list.fin.http.put(&list.path("/status"), &json!({})).await, "/status");
    assert_eq!(list.read().await, before);
    list.delete().await;
}

#[tokio::test]
async fn e80_an_unknown_list_is_404_even_with_an_unknown_status() {
    let path = format!("/api/department-lists/{}/status", unknown_id());
    let fin = fin().await;
    for status in ["draft", "ferdig"] {
        let answer = fin.http.put(&path, &json!({ "status": status })).await;
        answer.assert_problem(404, "/problems/not-found");
    }
}

#[tokio::test]
async fn e80_ministries_are_refused() {
    let list = demo_list(&fin().await).await;
    let path = format!("/api/department-lists/{}/status", text(&list["id"]));
    let answer = User::fag("aid").await.http.put(&path, &json!({ "status": "draft" })).await;
    answer.assert_problem(403, "/problems/forbidden");
}
