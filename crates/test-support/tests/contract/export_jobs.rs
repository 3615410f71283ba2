//! Export jobs: following one, listing one's own, and the download (contract E57 to E59).

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::portal::{User, anonymous, id_of, unknown_id};

const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Those of the contract (2.16, D-09), and what the job says of itself while it runs.
const KEYS: [&str; 15] = [
    "cancelled",
    "completedAt",
    "createdAt",
    "downloadUrl",
    "errorMessage",
    "fileName",
    "id",
    "jobType",
    "percent",
    "queuePosition",
    "resultUrl",
    "stalled",
    "startedAt",
    "status",
    "step",
];

/// An order that is quickly done.
fn small_order() -> Value {
    json!({ "filters": { "departmentId": "JD", "status": "klarert" } })
}

/// Somebody with a job of theirs, and the job when it was over.
async fn finished() -> (User, Value) {
    let user = User::fag("jd").await;
    let id = user.order_export(&small_order()).await;
    let mut states = user.watch_export(&id).await;
    let job = states.pop().expect("a last state");
    assert_eq!(job["status"], "completed", "{job}");
    (user, job)
}

fn path(job: &Value) -> String {
    format!("/api/export/jobs/{}", id_of(job))
}

fn link(job: &Value) -> &str {
    job["resultUrl"].as_str().expect("a link")
}

#[tokio::test]
async fn e57_a_job_has_exactly_the_contracts_keys() {
    let (_, job) = finished().await;
    let keys: Vec<&String> = job.as_object().expect("an object").keys().collect();
    assert_eq!(keys, KEYS);
    assert_eq!(job["jobType"], "case_list_excel");
    assert_eq!((&job["errorMessage"], &job["percent"]), (&Value::Null, &json!(100)));
}

#[tokio::test]
async fn e57_a_new_job_is_queued_and_has_no_result_yet() {
    let user = User::fag("jd").await;
    let accepted = user.http.post("/api/export/cases/excel", &small_order()).await;
    let accepted = accepted.assert_status(202).json();
    let keys: Vec<&String> = accepted.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["id", "jobId", "status"]);
    assert_eq!(
        (&accepted["id"], accepted["status"].as_str()),
        (&accepted["jobId"], Some("queued"))
    );
    let states = user.watch_export(id_of(&accepted)).await;
    for state in states.iter().filter(|state| state["status"] != "completed") {
        assert_eq!((&state["resultUrl"], &state["completedAt"]), (&Value::Null, &Value::Null));
    }
}

#[tokio::test]
async fn e57_the_times_are_in_order() {
    let (_, job) = finished().await;
    let times: Vec<DateTime<Utc>> = ["createdAt", "startedAt", "completedAt"]
        .iter()
        .map(|key| job[key].as_str().expect("a time").parse().expect("RFC 3339"))
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    assert!(job["createdAt"].as_str().is_some_and(|time| time.ends_with('Z')), "{job}");
}

#[tokio::test]
async fn d09_the_result_has_both_names_and_a_relative_address_below_api() {
    let (_, job) = finished().await;
    assert_eq!(job["resultUrl"], job["downloadUrl"]);
    assert!(link(&job).starts_with(&format!("{}/download?token=", path(&job))), "{job}");
}

#[tokio::test]
async fn e57_someone_elses_job_is_404() {
    let (_, job) = finished().await;
    for email in ["fag.sd@test.no", "depraad.jd@test.no", "depraad.fin@test.no"] {
        let answer = User::sign_in(email).await.http.get(&path(&job)).await;
        answer.assert_problem(404, "/problems/not-found");
    }
}

#[tokio::test]
async fn e57_the_administrator_sees_everybodys_job() {
    let (_, job) = finished().await;
    let admin = User::sign_in("admin@test.no").await;
    let seen = admin.http.get(&path(&job)).await.assert_status(200).json();
    assert_eq!((&seen["id"], &seen["status"]), (&job["id"], &job["status"]));
}

#[tokio::test]
async fn e57_what_is_no_job_is_404() {
    let user = User::fag("jd").await;
    for id in [unknown_id(), "jobb".to_owned()] {
        let answer = user.http.get(&format!("/api/export/jobs/{id}")).await;
        answer.assert_problem(404, "/problems/not-found");
    }
}

#[tokio::test]
async fn e57_without_a_token_is_401() {
    let answer = anonymous().get(&format!("/api/export/jobs/{}", unknown_id())).await;
    answer.assert_problem(401, "/problems/unauthenticated");
}

#[tokio::test]
async fn d08_the_doubled_prefix_orders_follows_and_lists() {
    let user = User::fag("jd").await;
    let order = user.http.post("/api/api/export/cases/excel", &small_order()).await;
    let order = order.assert_status(202).json();
    let job = user.http.get(&format!("/api/api{}", &path(&order)[4..])).await;
    assert_eq!(job.assert_status(200).json()["id"], order["id"]);
    let jobs: Vec<Value> = user.http.get("/api/api/export/jobs").await.assert_status(200).parse();
    assert!(jobs.iter().any(|job| job["id"] == order["id"]), "{jobs:?}");
}

#[tokio::test]
async fn e58_the_callers_twenty_newest_come_newest_first() {
    let user = User::sign_in("budsjett.fd@test.no").await;
    let mut ordered = Vec::new();
    for _order in 0..21 {
        ordered.push(user.order_export(&small_order()).await);
    }
    let jobs: Vec<Value> = user.http.get("/api/export/jobs").await.assert_status(200).parse();
    let listed: Vec<&str> = jobs.iter().map(id_of).collect();
    let newest: Vec<&str> = ordered.iter().rev().take(20).map(String::as_str).collect();
    assert_eq!(listed, newest);
}

#[tokio::test]
async fn e58_each_job_looks_as_it_does_alone() {
    let (user, job) = finished().await;
    let jobs: Vec<Value> = user.http.get("/api/export/jobs").await.assert_status(200).parse();
    let listed = jobs.iter().find(|listed| listed["id"] == job["id"]).expect("the job");
    for key in KEYS {
        // Each answer carries a link of its own.
        if !key.ends_with("Url") {
            assert_eq!(listed[key], job[key], "{key}");
        }
    }
    assert!(link(listed).contains("token="), "{listed}");
}

#[tokio::test]
async fn e58_nobody_sees_jobs_of_others_in_their_list() {
    let (_, job) = finished().await;
    for email in ["fag.lmd@test.no", "admin@test.no"] {
        let other = User::sign_in(email).await;
        let jobs: Vec<Value> = other.http.get("/api/export/jobs").await.assert_status(200).parse();
        assert!(jobs.iter().all(|listed| listed["id"] != job["id"]), "{email}");
    }
}

#[tokio::test]
async fn e58_without_a_token_is_401() {
    let answer = anonymous().get("/api/export/jobs").await;
    answer.assert_problem(401, "/problems/unauthenticated");
}

#[tokio::test]
async fn e59_the_link_works_without_a_header() {
    let (_, job) = finished().await;
    let file = anonymous().get(link(&job)).await;
    file.assert_status(200);
    assert_eq!(file.header("content-type"), WORKBOOK);
    assert!(file.body.starts_with(b"PK"), "a workbook is a zip file");
}

#[tokio::test]
async fn e59_the_file_has_a_name_and_is_kept_by_no_cache() {
    let (_, job) = finished().await;
    let file = anonymous().get(link(&job)).await;
    let disposition = file.assert_status(200).header("content-disposition");
    let name = job["fileName"].as_str().expect("a name");
    assert!(disposition.starts_with("attachment;"), "{disposition}");
    assert!(name.contains(".xlsx") && disposition.contains(name), "{disposition}");
    assert_eq!(file.header("cache-control"), "private, no-store");
}

#[tokio::test]
async fn e59_the_requester_and_the_administrator_need_no_link() {
    let (user, job) = finished().await;
    let admin = User::sign_in("admin@test.no").await;
    for who in [&user, &admin] {
        let file = who.http.get(&format!("{}/download", path(&job))).await;
        assert_eq!(file.assert_status(200).header("content-type"), WORKBOOK);
    }
}

#[tokio::test]
async fn e59_someone_else_gets_404_without_the_link() {
    let (_, job) = finished().await;
    let other = User::fag("sd").await;
    let answer = other.http.get(&format!("{}/download", path(&job))).await;
    answer.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn e59_nobody_gets_anything_without_link_or_header() {
    let (_, job) = finished().await;
    let answer = anonymous().get(&format!("{}/download", path(&job))).await;
    answer.assert_problem(401, "/problems/unauthenticated");
}

#[tokio::test]
async fn e59_a_link_that_was_changed_is_401() {
    let (_, job) = finished().await;
    for token in ["x", "", "%00"] {
        let answer = anonymous().get(&format!("{}/download?token={token}", path(&job))).await;
        assert!(matches!(answer.status.as_u16(), 400 | 401), "{token:?}: {}", answer.text());
    }
    let longer = format!("{}x", link(&job));
    anonymous().get(&longer).await.assert_problem(401, "/problems/unauthenticated");
}

#[tokio::test]
async fn e59_a_link_is_good_for_its_own_job_only() {
    let (user, job) = finished().await;
    let other = user.order_export(&small_order()).await;
    user.watch_export(&other).await;
    let moved = link(&job).replace(id_of(&job), &other);
    anonymous().get(&moved).await.assert_problem(401, "/problems/unauthenticated");
}

#[tokio::test]
async fn e59_the_doubled_prefix_downloads_too() {
    let (_, job) = finished().await;
    let file = anonymous().get(&format!("/api{}", link(&job))).await;
    assert_eq!(file.assert_status(200).header("content-type"), WORKBOOK);
}

#[tokio::test]
async fn a_job_that_has_its_document_can_be_neither_tried_again_nor_cancelled() {
    let (user, job) = finished().await;
    for action in ["retry", "cancel"] {
        let request = user.http.request(Method::POST, &format!("{}/{action}", path(&job)));
        user.http.send(request).await.assert_problem(409, "/problems/conflict");
    }
}

#[tokio::test]
async fn while_the_worker_lives_no_job_waits_without_a_place_in_the_queue() {
    let user = User::fag("jd").await;
    let id = user.order_export(&small_order()).await;
    for state in user.watch_export(&id).await {
        assert_eq!(state["stalled"], false, "{state}");
        assert_eq!(state["queuePosition"].is_u64(), state["status"] == "queued", "{state}");
        let said = state["step"].as_str().unwrap_or_default();
        assert_eq!(said.ends_with(" i køen"), state["status"] == "queued", "{state}");
    }
}
