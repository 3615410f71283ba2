//! What a guesser meets: limits by account and by address, and the same work whoever is asked for.

use std::process::Command;

use argon2::Argon2;
use argon2::password_hash::PasswordHasher as _;
use edge::problem::ProblemType;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::{Actor, Answer};

use crate::app::{TestApp, TestAppBuilder, assert_problem};

const PASSWORD: &str = "Test1234!";
const KARI: &str = "kari@kld.dep.no";

fn limited(builder: TestAppBuilder) -> TestAppBuilder {
    builder
        .var("RATE_LIMIT_SIGN_IN_ACCOUNT_PER_5_MINUTES", "10")
        .var("RATE_LIMIT_SIGN_IN_ADDRESS_PER_5_MINUTES", "25")
}

async fn add_user(app: &TestApp, email: &str) {
    let actor = Actor::fag("KLD").named(email);
    app.seed.actor(&actor).await;
    let hash = Argon2::default().hash_password(PASSWORD.as_bytes()).unwrap().to_string();
    let update = "UPDATE users SET email = $2, password_hash = $3 WHERE id = $1";
    app.seed.client().execute(update, &[actor.id().as_uuid(), &email, &hash]).await.unwrap();
}

/// A sign-in that comes through the gateway, which was called from `address`.
async fn login_from(app: &TestApp, address: &str, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    let request = app.http.request(Method::POST, "/api/auth/login");
    app.http.send(request.header("x-forwarded-for", address).json(&body)).await
}

/// How many of several attempts at once were looked at; the others were told to wait.
async fn looked_at(app: &TestApp, address: &str, email: &str, attempts: usize) -> usize {
    let tries = (0..attempts).map(|_| login_from(app, address, email, "feil"));
    let answers = join_all(tries).await;
    let (refused, looked_at): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 429);
    for answer in refused {
        let problem = assert_problem(answer, ProblemType::RATE_LIMITED);
        assert!(problem["message"].as_str().unwrap().contains("mislykkede"), "{problem}");
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=300).contains(&wait), "{wait}");
    }
    looked_at.len()
}

#[actix_rt::test]
async fn an_account_is_guessed_at_ten_times_whether_it_exists_or_not() {
    let app = limited(TestApp::builder()).spawn().await;
    add_user(&app, KARI).await;
    let twin = limited(app.twin()).spawn().await;
    for email in [KARI, "ingen@kld.dep.no"] {
        // All at once, at two processes, from two addresses, in two spellings.
        let loud = email.to_uppercase();
        let (here, there) = tokio::join!(
            looked_at(&app, "192.0.2.1", email, 8),
            looked_at(&twin, "192.0.2.2", &loud, 8),
        );
        assert_eq!(here + there, 10, "{email}");
    }
    // The right password is not looked at either, or the limit would be none.
    let answer = login_from(&app, "192.0.2.3", KARI, PASSWORD).await;
    assert_problem(&answer, ProblemType::RATE_LIMITED);
}

#[actix_rt::test]
async fn an_address_is_limited_across_accounts_and_no_word_of_the_callers_helps() {
    let app = limited(TestApp::builder()).spawn().await;
    add_user(&app, KARI).await;
    for number in 0..30 {
        // The last address is the gateway's word, those before it are the caller's.
        let forwarded = format!("10.0.0.{number}, 192.0.2.1");
        let answer = login_from(&app, &forwarded, &format!("nr{number}@kld.dep.no"), "feil").await;
        assert_eq!(answer.status, if number < 25 { 401 } else { 429 }, "attempt {number}");
    }
    let answer = login_from(&app, "192.0.2.1", KARI, PASSWORD).await;
    assert_problem(&answer, ProblemType::RATE_LIMITED);
    // Who was refused for the address has used up nothing of the account.
    login_from(&app, "192.0.2.2", KARI, PASSWORD).await.assert_status(200);
}

#[actix_rt::test]
async fn who_signs_in_is_never_counted() {
    let app = limited(TestApp::builder()).spawn().await;
    add_user(&app, KARI).await;
    for _ in 0..9 {
        login_from(&app, "192.0.2.1", KARI, "feil").await.assert_status(401);
    }
    for _ in 0..12 {
        login_from(&app, "192.0.2.1", KARI, PASSWORD).await.assert_status(200);
    }
    // What has failed before still counts: a sign-in must not hand out new guesses.
    assert_eq!(looked_at(&app, "192.0.2.1", KARI, 5).await, 1);
}

#[actix_rt::test]
async fn a_ministry_behind_one_address_signs_in_at_the_same_moment() {
    let app = limited(TestApp::builder()).spawn().await;
    let people: Vec<String> = (0..30).map(|number| format!("nr{number}@kld.dep.no")).collect();
    for email in &people {
        add_user(&app, email).await;
    }
    let sign_ins = people.iter().map(|email| login_from(&app, "192.0.2.1", email, PASSWORD));
    for answer in join_all(sign_ins).await {
        answer.assert_status(200);
    }
}

#[actix_rt::test]
async fn in_demo_an_address_alone_is_no_guess() {
    let app = limited(TestApp::builder()).var("DEMO_LOGIN", "true").spawn().await;
    add_user(&app, KARI).await;
    let sign_ins =
        (0..60).map(async |_| app.http.post("/api/auth/login", &json!({ "email": KARI })).await);
    for answer in join_all(sign_ins).await {
        answer.assert_status(200);
    }
    assert_eq!(looked_at(&app, "192.0.2.1", KARI, 15).await, 10);
}

#[actix_rt::test]
async fn i7_without_redis_the_limits_hold_in_each_process() {
    let app = limited(TestApp::builder()).var("REDIS_URL", "redis://127.0.0.1:1/0").spawn().await;
    add_user(&app, KARI).await;
    login_from(&app, "192.0.2.1", KARI, PASSWORD).await.assert_status(200);
    assert_eq!(looked_at(&app, "192.0.2.1", KARI, 15).await, 10);
}

#[actix_rt::test]
async fn a_stranger_costs_one_password_check_as_everybody_does() {
    let app = TestApp::spawn().await;
    for email in [KARI, "uten@kld.dep.no", "tull@kld.dep.no", "sluttet@kld.dep.no"] {
        add_user(&app, email).await;
    }
    let client = app.seed.client();
    for update in [
        "UPDATE users SET password_hash = NULL WHERE email = 'uten@kld.dep.no'",
        "UPDATE users SET password_hash = 'tull' WHERE email = 'tull@kld.dep.no'",
        "UPDATE users SET is_active = false WHERE email = 'sluttet@kld.dep.no'",
    ] {
        assert_eq!(client.execute(update, &[]).await.unwrap(), 1);
    }
    let mut told: Vec<Value> = Vec::new();
    for email in
        [KARI, "ingen@kld.dep.no", "uten@kld.dep.no", "tull@kld.dep.no", "sluttet@kld.dep.no"]
    {
        let checks = "password_checks_total{outcome=\"mismatch\"}";
        let before = app.counter(checks).await;
        let answer = login_from(&app, "192.0.2.1", email, "feil").await;
        let mut problem = assert_problem(&answer, ProblemType::WRONG_CREDENTIALS);
        problem["instance"] = Value::Null;
        told.push(problem);
        assert_eq!(app.counter(checks).await, before + 1, "{email}");
    }
    assert!(told.iter().all(|problem| *problem == told[0]), "{told:?}");
}

#[actix_rt::test]
async fn without_an_issuer_there_is_nothing_to_exchange() {
    let app = TestApp::spawn().await;
    let body = json!({ "idToken": "tull" });
    assert_problem(&app.http.post("/api/auth/oidc", &body).await, ProblemType::NOT_FOUND);
    assert_problem(&app.http.get("/api/auth/oidc").await, ProblemType::NOT_FOUND);
    let empty = app.http.post("/api/auth/oidc", &json!({ "idToken": " " })).await;
    let problem = assert_problem(&empty, ProblemType::INVALID_REQUEST);
    assert_eq!(problem["errors"][0]["pointer"], "/idToken");
}

/// Starts the program with every required variable and these, and returns what it said before it
/// ended by itself.
fn refused_start(extra: &[(&str, &str)]) -> String {
    let nowhere = "nowhere://user:hemmelig@127.0.0.1:1/none";
    let output = Command::new(env!("CARGO_BIN_EXE_cases-api"))
        .env_clear()
        .envs(["DATABASE_URL", "REDIS_URL", "AMQP_URL"].map(|name| (name, nowhere)))
        .env("AUTH_SIGNING_KEY_FILE", "/nowhere/key.pem")
        .env("BLOB_STORE_URL", "file:///nowhere")
        .envs(extra.iter().copied())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{extra:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!said.contains("hemmelig"), "{said}");
    said
}

#[test]
fn the_program_does_not_start_with_a_demo_shortcut_in_production() {
    let reset = "postgres://portal_owner:hemmelig@127.0.0.1:1/portal";
    for (name, value) in [("DEMO_LOGIN", "true"), ("RESET_DATABASE_URL", reset)] {
        for environment in ["", "production"] {
            let said = refused_start(&[(name, value), ("PORTAL_ENVIRONMENT", environment)]);
            let reason = "not allowed when PORTAL_ENVIRONMENT is production";
            assert!(said.contains(name) && said.contains(reason), "{said}");
        }
        // Elsewhere it gets further, and stops at what this test has left out.
        let said = refused_start(&[(name, value), ("PORTAL_ENVIRONMENT", "demo")]);
        assert!(said.contains("AUTH_SIGNING_KEY_FILE cannot be read"), "{said}");
    }
}
