//! E89 and the admin port.

use std::time::{Duration, Instant};

use edge::problem::ProblemType;
use reqwest::Method;
use test_support::{Actor, ChaosProxy, ServiceRole, Stack, TestDatabase};

use crate::app::{TestApp, assert_problem};

/// An application whose way to PgBouncer can be cut.
async fn app_behind_a_line() -> (ChaosProxy, TestApp) {
    app_behind_a_line_with(&[]).await
}

/// The same, with these variables besides.
async fn app_behind_a_line_with(variables: &[(&str, &str)]) -> (ChaosProxy, TestApp) {
    let pgbouncer = &Stack::load().pgbouncer;
    let line = ChaosProxy::start(&format!("{}:{}", pgbouncer.host, pgbouncer.port)).await;
    let database = TestDatabase::create().await;
    let url = line.instead_of(&database.url_for(ServiceRole::CasesApi));
    let app = TestApp::builder().with_database(database).var("DATABASE_URL", &url);
    let app = variables.iter().fold(app, |app, (name, value)| app.var(name, value));
    (line, app.spawn().await)
}

#[actix_rt::test]
async fn everything_up_is_ok_with_response_times() {
    let app = TestApp::builder().with_broker().spawn().await;
    let health = app.http.get("/api/health").await.assert_status(200).json();
    assert_eq!(health["status"], "ok", "{health}");
    assert_eq!(health["environment"], "development");
    assert!(health["timestamp"].as_str().unwrap().ends_with('Z'));
    for part in ["database", "redis", "rabbitmq"] {
        assert_eq!(health["checks"][part]["status"], "ok", "{health}");
        assert!(health["checks"][part]["responseTimeMs"].is_u64(), "{health}");
    }
}

#[actix_rt::test]
async fn i7_without_redis_and_broker_the_service_is_degraded_and_still_ready() {
    let app = TestApp::builder().var("REDIS_URL", "redis://127.0.0.1:1").spawn().await;
    let health = app.http.get("/api/health").await.assert_status(200).json();
    assert_eq!(health["status"], "degraded");
    assert_eq!(health["checks"]["redis"]["status"], "unavailable");
    assert_eq!(health["checks"]["rabbitmq"]["status"], "unavailable");
    assert_eq!(health["checks"]["database"]["status"], "ok");
    app.wait_until_ready(true).await;
}

#[actix_rt::test]
async fn i7_a_lost_database_is_503_until_it_is_back_and_nothing_of_it_is_told() {
    let (line, app) = app_behind_a_line().await;
    app.wait_until_ready(true).await;
    let fag = app.by(&Actor::fag("KLD")).await;

    line.reset();
    let answer = app.http.get("/api/health").await;
    let health = answer.assert_status(503).json();
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(health["status"], "degraded");
    assert_eq!(health["checks"]["database"]["status"], "error");
    let refused = fag.get("/api/departments").await;
    let problem = assert_problem(&refused, ProblemType::UNAVAILABLE);
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(problem["message"], ProblemType::UNAVAILABLE.default_message);
    app.wait_until_ready(false).await;
    app.admin.get("/health/live").await.assert_status(200);

    line.pass();
    app.wait_until_ready(true).await;
    app.http.get("/api/health").await.assert_status(200);
    fag.get("/api/departments").await.assert_status(200);
}

#[actix_rt::test]
async fn i7_a_database_that_hangs_makes_nobody_wait_longer_than_a_probe() {
    let (line, app) = app_behind_a_line().await;
    app.wait_until_ready(true).await;
    line.stall();
    let asked_at = Instant::now();
    app.http.get("/api/health").await.assert_status(503);
    assert!(asked_at.elapsed() < Duration::from_secs(3), "{:?}", asked_at.elapsed());
    app.wait_until_ready(false).await;
    line.pass();
    app.wait_until_ready(true).await;
}

#[actix_rt::test]
async fn i7_a_request_whose_statement_is_never_answered_is_given_up_and_counted() {
    let (line, app) = app_behind_a_line_with(&[("HTTP_REQUEST_TIMEOUT_SECS", "1")]).await;
    let fag = app.by(&Actor::fag("KLD")).await;
    fag.get("/api/departments").await.assert_status(200);

    line.stall();
    let refused = fag.get("/api/departments").await;
    let problem = assert_problem(&refused, ProblemType::UNAVAILABLE);
    assert_eq!(problem["message"], ProblemType::UNAVAILABLE.default_message);
    assert!(!refused.header("retry-after").is_empty());
    let metrics = app.admin.get("/metrics").await.assert_status(200).text();
    let counted = metrics.lines().any(|series| {
        ["http_server_request_duration_seconds_count", r#""/api/departments""#, r#""503""#]
            .iter()
            .all(|part| series.contains(part))
    });
    assert!(counted, "{metrics}");

    line.pass();
    fag.get("/api/departments").await.assert_status(200);
}

#[actix_rt::test]
async fn shutdown_closes_the_port_and_ends_at_once_when_nothing_runs() {
    let mut app = TestApp::builder().with_broker().spawn().await;
    app.wait_until_ready(true).await;
    // Opens every connection that there is to close.
    app.http.get("/api/health").await.assert_status(200);
    let begun_at = Instant::now();
    app.begin_shutdown();
    app.ended().await.unwrap();
    assert!(begun_at.elapsed() < Duration::from_secs(3), "{:?}", begun_at.elapsed());
    let request = app.http.request(Method::GET, "/api/health");
    assert!(request.send().await.unwrap_err().is_connect());
}

#[actix_rt::test]
async fn a_request_that_runs_at_shutdown_is_answered() {
    let (line, mut app) = app_behind_a_line().await;
    app.wait_until_ready(true).await;
    let fag = app.by(&Actor::fag("KLD")).await;
    fag.get("/api/departments").await.assert_status(200);
    line.stall();
    let running = actix_rt::spawn(async move { fag.get("/api/departments").await });
    app.wait_for_metric("http_server_active_requests 1").await;
    app.begin_shutdown();
    app.wait_until_ready(false).await;
    line.pass();
    running.await.unwrap().assert_status(200);
    app.ended().await.unwrap();
}

#[actix_rt::test]
async fn probes_and_metrics_are_on_the_admin_port_only() {
    let app = TestApp::spawn().await;
    app.wait_until_ready(true).await;
    for path in ["/health/live", "/health/ready", "/livez", "/readyz", "/metrics"] {
        app.admin.get(path).await.assert_status(200);
        assert_problem(&app.http.get(path).await, ProblemType::NOT_FOUND);
    }
}
