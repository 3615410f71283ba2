//! Exports on their way through the queue, seen from outside.

use std::collections::BTreeSet;
use std::io::Cursor;

use calamine::{Reader as _, Xlsx};
use serde_json::{Value, json};

use test_support::portal::{User, anonymous, id_of};

/// Every text of every case, so that rendering takes long enough to be seen.
const SLOW_FIELDS: [&str; 12] = [
    "caseName",
    "amount",
    "proposalText",
    "justification",
    "verbalConclusion",
    "socioeconomicAnalysis",
    "goalIndicator",
    "benefitPlan",
    "comment",
    "finAssessment",
    "finVerbal",
    "finRConclusion",
];

/// Orders in a row that fill the worker, which takes three at a time.
const ORDERS: usize = 8;

#[tokio::test]
async fn i5_every_accepted_export_completes_and_is_seen_waiting_and_working() {
    let admin = User::sign_in("admin@test.no").await;
    let mut jobs = Vec::new();
    for _order in 0..ORDERS {
        jobs.push(admin.order_export(&json!({ "fields": SLOW_FIELDS })).await);
    }
    let mut seen = BTreeSet::new();
    for job in &jobs {
        let states = admin.watch_export(job).await;
        let done = states.last().expect("at least one state");
        assert_eq!((&done["status"], &done["percent"]), (&json!("completed"), &json!(100)));
        seen.extend(states.iter().map(|state| state["status"].to_string()));
    }
    assert!(seen.contains("\"processing\""), "nobody was seen working: {seen:?}");

    let newest = admin.http.get("/api/export/jobs").await.assert_status(200).json();
    let newest: Vec<&str> = newest.as_array().expect("jobs").iter().map(id_of).collect();
    assert!(jobs.iter().all(|job| newest.contains(&job.as_str())), "{newest:?}");
}

#[tokio::test]
async fn i6_an_export_holds_only_what_its_requester_may_see() {
    let handler = User::fag("hod").await;
    let body =
        json!({ "fields": ["caseName", "departmentCode"], "filters": { "departmentId": "sd" } });
    let job = handler.order_export(&body).await;
    let done = handler.watch_export(&job).await.pop().expect("at least one state");
    assert_eq!(done["status"], "completed", "{done}");

    // Another ministry's list is an empty one, in the list (E14) and in the workbook.
    let workbook = handler.http.get(done["resultUrl"].as_str().expect("a link")).await;
    assert_eq!(rows(&workbook.body), 0);
    let list = handler.http.get("/api/cases?departmentId=sd").await.assert_status(200).json();
    assert_eq!(list, json!([]));

    // The job itself is no one else's either.
    let stranger = User::fag("sd").await;
    let path = format!("/api/export/jobs/{job}");
    stranger.http.get(&path).await.assert_problem(404, "/problems/not-found");
    let download = format!("{path}/download");
    stranger.http.get(&download).await.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn i6_a_download_link_opens_its_own_job_and_nothing_else() {
    let handler = User::fag("hod").await;
    let (first, second) = (finished(&handler).await, finished(&handler).await);
    let (path, _) = link(&first);
    let (_, signature) = link(&second);

    let anonymous = anonymous();
    let crossed = anonymous.get(&format!("{path}?{signature}")).await;
    crossed.assert_problem(401, "/problems/unauthenticated");
    // Nor is a link a way to sign in.
    let token = signature.trim_start_matches("token=");
    let answer = anonymous.with_token(token).get("/api/cases").await;
    answer.assert_problem(401, "/problems/unauthenticated");
}

/// The path of a job's download link, and the query that signs it.
fn link(job: &Value) -> (&str, &str) {
    let url = job["resultUrl"].as_str().expect("a link");
    url.split_once('?').expect("a signature")
}

async fn finished(user: &User) -> Value {
    let job = user.order_export(&json!({ "filters": { "status": "klarert" } })).await;
    let done = user.watch_export(&job).await.pop().expect("at least one state");
    assert_eq!(done["status"], "completed", "{done}");
    done
}

/// Rows below the headers.
fn rows(workbook: &[u8]) -> usize {
    let mut workbook = Xlsx::new(Cursor::new(workbook)).expect("an xlsx workbook");
    let sheet = workbook.worksheet_range_at(0).expect("a sheet").expect("that can be read");
    sheet.rows().len() - 1
}
