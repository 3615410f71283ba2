//! E89 and the admin port.

use edge::problem::ProblemType;
use test_support::{Actor, ChaosProxy, ServiceRole, Stack, TestDatabase};

use crate::app::{TestApp, assert_problem};

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
    let pgbouncer = &Stack::load().pgbouncer;
    let line = ChaosProxy::start(&format!("{}:{}", pgbouncer.host, pgbouncer.port)).await;
    let database = TestDatabase::create().await;
    let url = line.instead_of(&database.url_for(ServiceRole::CasesApi));
    let app = TestApp::builder().with_database(database).var("DATABASE_URL", &url).spawn().await;
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
    let pgbouncer = &Stack::load().pgbouncer;
    let line = ChaosProxy::start(&format!("{}:{}", pgbouncer.host, pgbouncer.port)).await;
    let database = TestDatabase::create().await;
    let url = line.instead_of(&database.url_for(ServiceRole::CasesApi));
    let app = TestApp::builder().with_database(database).var("DATABASE_URL", &url).spawn().await;
    app.wait_until_ready(true).await;
    line.stall();
    let asked_at = std::time::Instant::now();
    app.http.get("/api/health").await.assert_status(503);
    assert!(asked_at.elapsed() < std::time::Duration::from_secs(3), "{:?}", asked_at.elapsed());
    app.wait_until_ready(false).await;
    line.pass();
    app.wait_until_ready(true).await;
}

#[actix_rt::test]
async fn shutdown_closes_the_port_and_ends_without_an_error() {
    let mut app = TestApp::spawn().await;
    app.wait_until_ready(true).await;
    app.shut_down().await.unwrap();
    let request = app.http.request(reqwest::Method::GET, "/api/health");
    assert!(request.send().await.unwrap_err().is_connect());
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
