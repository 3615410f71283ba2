//! Tokens at the door: no address but the anonymous ones opens without a good one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::{Actor, Answer, Http};

use test_support::portal::{PASSWORD, User, anonymous, assert_refused, unknown_id};

/// What a caller may present instead of a good token, and what it is.
async fn bad_tokens() -> Vec<(&'static str, String)> {
    let actor = Actor::fag("KLD");
    let good = User::fag("jd").await.token;
    let (head, signature) = good.rsplit_once('.').expect("a JWT has three parts");
    let claims = good.split('.').nth(1).expect("a JWT has three parts");
    let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let symmetric = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    vec![
        ("expired", actor.expired_token()),
        ("forged", actor.forged_token()),
        ("unsigned", format!("{unsigned}.{claims}.")),
        ("signed by another method", format!("{symmetric}.{claims}.{signature}")),
        ("without its signature", format!("{head}.")),
        ("not a token", "abc".to_owned()),
        ("empty", String::new()),
        ("very long", "a".repeat(12_000)),
    ]
}

#[tokio::test]
async fn i6_every_operation_but_the_anonymous_ones_refuses_every_bad_token() {
    let bad = bad_tokens().await;
    for document in ["/api/openapi.json", "/api/locks/openapi.json"] {
        let document = anonymous().get(document).await.assert_status(200).json();
        for (method, path) in guarded_operations(&document) {
            let name = format!("{method} {path} without a token");
            assert_unauthenticated(&call(&anonymous(), &method, &path).await, &name);
            for (kind, token) in &bad {
                let answer = call(&anonymous().with_token(token), &method, &path).await;
                assert_unauthenticated(&answer, &format!("{method} {path} with a token {kind}"));
            }
        }
    }
}

/// Every operation that does not say that it is open to all, with ids that nothing has.
fn guarded_operations(document: &Value) -> Vec<(Method, String)> {
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let security = operation.get("security").unwrap_or(&document["security"]);
            let is_open =
                security.as_array().expect("requirements").iter().any(|r| *r == json!({}));
            if !is_open {
                let path = path.replace("{version}", "1").replace("{id}", &unknown_id());
                let method = method.to_uppercase().parse().expect("a method");
                found.push((method, path));
            }
        }
    }
    assert!(found.len() >= 5, "too few guarded operations: {found:?}");
    found
}

async fn call(http: &Http, method: &Method, path: &str) -> Answer {
    let request = http.request(method.clone(), path);
    let has_body = matches!(*method, Method::POST | Method::PUT | Method::PATCH);
    http.send(if has_body { request.json(&json!({})) } else { request }).await
}

fn assert_unauthenticated(answer: &Answer, request: &str) {
    assert_refused(answer, request);
    assert_eq!(answer.json()["type"], "/problems/unauthenticated", "{request}");
}

#[tokio::test]
async fn a_token_is_taken_from_the_bearer_scheme_only() {
    let good = User::fag("jd").await.token;
    let portal = anonymous();
    let values =
        [format!("Basic {good}"), good.clone(), format!("Bearer{good}"), "Bearer".to_owned()];
    for value in values {
        let request = portal.request(Method::GET, "/api/cases").header("authorization", &value);
        let answer = portal.send(request).await;
        assert_unauthenticated(&answer, &value[..12.min(value.len())]);
    }
    let in_url = portal.get(&format!("/api/cases?token={good}&access_token={good}")).await;
    assert_unauthenticated(&in_url, "a token in the address");
    // The scheme's name is not case-sensitive (RFC 9110, section 11.1).
    let lower =
        portal.request(Method::GET, "/api/cases").header("authorization", format!("bearer {good}"));
    portal.send(lower).await.assert_status(200);
}

#[tokio::test]
async fn one_token_is_good_for_both_services_and_says_who_its_bearer_is() {
    let user = User::sign_in("BUDSJETT.jd@test.no").await;
    let me = user.http.get("/api/auth/me").await.assert_status(200).json();
    assert_eq!(me, user.profile);
    let lock = user.lock(&unknown_id()).await.assert_status(200).json();
    assert_eq!(lock["lockedBy"], me["id"]);
    assert_eq!(lock["lockedByName"], me["fullName"]);
}

#[tokio::test]
async fn a_wrong_password_is_refused_in_the_same_words_whatever_it_is() {
    let portal = anonymous();
    let mut words = Vec::new();
    for password in ["", "test1234!", "Test1234! ", &PASSWORD.repeat(1000), "\u{1f511}"] {
        let body = json!({ "email": "fag.jd@test.no", "password": password });
        let answer = portal.post("/api/auth/login", &body).await;
        let problem = answer.assert_problem(401, "/problems/wrong-credentials");
        words.push(problem["message"].clone());
    }
    words.dedup();
    assert_eq!(words.len(), 1, "{words:?}");
}
