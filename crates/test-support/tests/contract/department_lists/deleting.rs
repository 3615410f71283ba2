//! E81.

use serde_json::json;
use test_support::portal::{User, id_of, unknown_id};

use super::{ScratchList, demo_list, fin, lists};

#[tokio::test]
async fn e81_a_deleted_list_is_gone() {
    let list = ScratchList::make().await;
    let answer = list.fin.http.delete(&list.path("")).await;
    assert!(answer.assert_status(204).body.is_empty());
    list.fin.http.get(&list.path("")).await.assert_problem(404, "/problems/not-found");
    let listed = lists(&list.fin, "").await;
    assert!(listed.iter().all(|one| id_of(one) != list.id));
}

#[tokio::test]
async fn e81_deleting_again_is_404() {
    let list = ScratchList::make().await;
    list.fin.http.delete(&list.path("")).await.assert_status(204);
    let again = list.fin.http.delete(&list.path("")).await;
    again.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn e81_sections_and_entries_go_with_the_list_and_cases_stay() {
    let list = ScratchList::make().await;
    let case = list.new_case("budsjettiltak").await;
    let entry = list.add(&case, "case_group").await;
    let path = list.path(&format!("/case-entries/{}", id_of(&entry)));
    list.fin.http.delete(&list.path("")).await.assert_status(204);
    let answer = list.fin.http.put(&path, &json!({ "sortOrder": 2 })).await;
    answer.assert_problem(404, "/problems/not-found");
    list.fin.http.get(&format!("/api/cases/{}", id_of(&case))).await.assert_status(200);
}

#[tokio::test]
async fn e81_ministries_are_refused_and_the_list_stays() {
    let fin = fin().await;
    let before = demo_list(&fin).await;
    let path = format!("/api/department-lists/{}", id_of(&before));
    for user in [User::fag("aid").await, User::sign_in("depraad.aid@test.no").await] {
        user.http.delete(&path).await.assert_problem(403, "/problems/forbidden");
    }
    assert_eq!(demo_list(&fin).await, before);
}

#[tokio::test]
async fn e81_an_unknown_list_is_404() {
    let path = format!("/api/department-lists/{}", unknown_id());
    fin().await.http.delete(&path).await.assert_problem(404, "/problems/not-found");
}
