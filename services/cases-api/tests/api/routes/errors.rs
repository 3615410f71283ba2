//! What is refused before a handler sees it, the same for every route.

use edge::json::MAX_BODY_BYTES;
use edge::problem::ProblemType;
use reqwest::Method;
use test_support::Actor;

use crate::app::{TestApp, assert_problem};

#[actix_rt::test]
async fn an_unknown_address_is_a_404_problem() {
    let app = TestApp::spawn().await;
    for path in ["/api/finnes-ikke", "/api", "/", "/api/auth/login/mer", "/api/%ff"] {
        assert_problem(&app.http.get(path).await, ProblemType::NOT_FOUND);
    }
}

#[actix_rt::test]
async fn a_wrong_method_is_a_405_problem_that_names_the_right_ones() {
    let app = TestApp::spawn().await;
    let answer = app.http.delete("/api/departments").await;
    assert_problem(&answer, ProblemType::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "GET");
    let answer = app.http.get("/api/auth/login").await;
    assert_problem(&answer, ProblemType::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "POST");
}

#[actix_rt::test]
async fn i8_bodies_that_cannot_be_read_are_problems() {
    let app = TestApp::spawn().await;
    let post = |body: Vec<u8>, media_type: &'static str| {
        let request = app.http.request(Method::POST, "/api/auth/login");
        app.http.send(request.header("content-type", media_type).body(body))
    };
    let json = "application/json";
    for body in [&b""[..], b"{", b"\xff\xfe", b"{\"email\":\"\\ud800\"}", b"[[[[", b"{}{}"] {
        assert_problem(&post(body.to_vec(), json).await, ProblemType::INVALID_JSON);
    }
    let deep = [b"[".repeat(10_000), b"]".repeat(10_000)].concat();
    assert_problem(&post(deep, json).await, ProblemType::INVALID_JSON);
    for body in [&b"[]"[..], b"null", b"\"a\"", b"7"] {
        assert_problem(&post(body.to_vec(), json).await, ProblemType::INVALID_REQUEST);
    }
    let media_type = post(b"email=a".to_vec(), "application/x-www-form-urlencoded").await;
    assert_problem(&media_type, ProblemType::UNSUPPORTED_MEDIA_TYPE);
    let charset = post(b"{\"email\":\"\"}".to_vec(), "application/json; charset=utf-8").await;
    assert_problem(&charset, ProblemType::INVALID_REQUEST);
}

#[actix_rt::test]
async fn i8_a_body_that_is_too_large_is_413() {
    let app = TestApp::spawn().await;
    let body = vec![b' '; MAX_BODY_BYTES + 1];
    let request = app.http.request(Method::POST, "/api/auth/login");
    let request = request.header("content-type", "application/json").body(body);
    assert_problem(&app.http.send(request).await, ProblemType::TOO_LARGE);
}

#[actix_rt::test]
async fn a_request_id_is_kept_and_quoted_in_problems() {
    let app = TestApp::spawn().await;
    let request = app.http.request(Method::GET, "/api/departments");
    let answer = app.http.send(request.header("x-request-id", "min-forespoersel-7")).await;
    assert_problem(&answer, ProblemType::UNAUTHENTICATED);
    assert_eq!(answer.header("x-request-id"), "min-forespoersel-7");
    let answer = app.http.get("/api/departments").await;
    assert!(!answer.header("x-request-id").is_empty());
}

#[actix_rt::test]
async fn requests_are_measured_by_route_and_never_by_address() {
    let app = TestApp::spawn().await;
    let fag = app.by(&Actor::fag("KLD")).await;
    let id = uuid::Uuid::new_v4();
    fag.get(&format!("/api/budget-rounds/{id}")).await.assert_status(404);
    let metrics = app.admin.get("/metrics").await.assert_status(200).text();
    assert!(metrics.contains("http_route=\"/api/budget-rounds/{id}\""), "{metrics}");
    assert!(!metrics.contains(&id.to_string()));
}
