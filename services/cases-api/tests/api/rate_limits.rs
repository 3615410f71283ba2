//! Rate limits: to the request across processes, told in headers, and there without Redis.

use edge::problem::ProblemType;
use futures_util::future::join_all;
use serde_json::json;
use test_support::{Actor, Answer, Http};

use crate::app::{TestApp, TestAppBuilder, assert_problem};

const LIMITS: [(&str, &str); 3] = [
    ("RATE_LIMIT_EXPORT_PER_MINUTE", "5"),
    ("RATE_LIMIT_SAVE_PER_MINUTE", "30"),
    ("RATE_LIMIT_LIST_PER_MINUTE", "60"),
];

fn limited(builder: TestAppBuilder) -> TestAppBuilder {
    LIMITS.into_iter().fold(builder, |builder, (name, value)| builder.var(name, value))
}

/// How many answers were not refused.
fn admitted(answers: &[Answer]) -> usize {
    let refused = answers.iter().filter(|answer| answer.status == 429);
    refused.clone().for_each(|answer| {
        assert_problem(answer, ProblemType::RATE_LIMITED);
    });
    answers.len() - refused.count()
}

async fn lists(callers: &[&Http], requests: usize) -> Vec<Answer> {
    let one = |number: usize| callers[number % callers.len()].get("/api/cases/list");
    join_all((0..requests).map(one)).await
}

#[actix_rt::test]
async fn a_limit_holds_to_the_request_across_two_processes() {
    let first = limited(TestApp::builder()).spawn().await;
    let second = limited(first.twin()).spawn().await;
    let actor = Actor::fag("KLD");
    let (here, there) = (first.by(&actor).await, second.http.by(&actor));
    assert_eq!(admitted(&lists(&[&here, &there], 100).await), 60);
    // Another user has a window of their own.
    let other = first.by(&Actor::fag("KLD").named("En annen")).await;
    assert_eq!(admitted(&lists(&[&other], 10).await), 10);
}

#[actix_rt::test]
async fn an_answer_says_where_its_user_stands() {
    let app = limited(TestApp::builder()).spawn().await;
    let caller = app.by(&Actor::fag("KLD")).await;
    let answers = lists(&[&caller], 1).await;
    let first = answers[0].assert_status(200);
    assert_eq!(first.header("ratelimit-limit"), "60");
    assert_eq!(first.header("ratelimit-remaining"), "59");
    let reset: u64 = first.header("ratelimit-reset").parse().unwrap();
    assert!((55..=60).contains(&reset), "{reset}");

    lists(&[&caller], 59).await;
    let refused = caller.get("/api/cases").await;
    assert_problem(&refused, ProblemType::RATE_LIMITED);
    assert_eq!(refused.header("ratelimit-remaining"), "0");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    // What is not counted has nothing to say, and goes on.
    let uncounted = caller.get("/api/departments").await;
    assert_eq!(uncounted.assert_status(200).header("ratelimit-limit"), "");
}

#[actix_rt::test]
async fn d13_saves_and_exports_are_counted_apart_and_the_rest_of_a_case_is_not() {
    let app = limited(TestApp::builder()).spawn().await;
    app.seed.reference_data().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    let caller = app.by(&owner).await;
    let path = format!("/api/cases/{}", case.id);
    let saves = (0..40).map(async |amount| {
        caller.put(&format!("{path}/content"), &json!({ "amount": amount })).await
    });
    assert_eq!(admitted(&join_all(saves).await), 30);
    for number in 0..35 {
        let body = json!({ "caseName": format!("Sak {number}") });
        caller.put(&path, &body).await.assert_status(200);
    }
    let word = format!("{path}/export/word");
    let documents = join_all((0..8).map(|_| caller.get(&word))).await;
    assert!(admitted(&documents) <= 5);
    assert_problem(
        &caller.post("/api/export/cases/excel", &json!({})).await,
        ProblemType::RATE_LIMITED,
    );
}

#[actix_rt::test]
async fn i7_without_redis_each_process_keeps_the_limit() {
    let app = limited(TestApp::builder()).var("REDIS_URL", "redis://127.0.0.1:1/0").spawn().await;
    let caller = app.by(&Actor::fag("KLD")).await;
    assert_eq!(admitted(&lists(&[&caller], 80).await), 60);
}
