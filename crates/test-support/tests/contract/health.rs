//! The public health report (contract 21).

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::Value;
use test_support::portal::anonymous;

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn e89_health_is_public_and_has_exactly_the_contracts_keys() {
    let report = anonymous().get("/api/health").await.assert_status(200).json();
    assert_eq!(keys(&report), ["checks", "environment", "status", "timestamp"]);
    assert_eq!(keys(&report["checks"]), ["database", "rabbitmq", "redis"]);
    for (part, check) in report["checks"].as_object().expect("checks") {
        assert_eq!(keys(check), ["responseTimeMs", "status"], "{part}");
        assert_eq!(check["status"], "ok", "{part}");
    }
    assert_eq!(report["status"], "ok");
}

#[tokio::test]
async fn e89_health_measures_how_long_each_part_took() {
    let report = anonymous().get("/api/health").await.assert_status(200).json();
    for part in ["database", "redis", "rabbitmq"] {
        let took = report["checks"][part]["responseTimeMs"].as_u64();
        assert!(took.is_some_and(|took| took < 3_000), "{report}");
    }
}

#[tokio::test]
async fn e89_health_says_when_it_was_asked_in_utc() {
    let before = Utc::now() - Duration::from_secs(1);
    let report = anonymous().get("/api/health").await.assert_status(200).json();
    let text = report["timestamp"].as_str().expect("a time");
    assert!(text.ends_with('Z'), "{text}");
    let time: DateTime<Utc> = text.parse().expect("a time");
    assert!(time >= before && time <= Utc::now() + Duration::from_secs(1), "{text}");
}

#[tokio::test]
async fn e89_health_names_the_environment_and_nothing_else_of_it() {
    let answer = anonymous().get("/api/health").await;
    let report = answer.assert_status(200).json();
    assert!(["demo", "development"].contains(&report["environment"].as_str().unwrap_or("")));
    for secret in ["postgres", "127.0.0.1", "amqp", "portal_", "version"] {
        assert!(!answer.text().contains(secret), "{secret} in {report}");
    }
}

#[tokio::test]
async fn e89_health_answers_within_a_probes_patience_and_is_never_rate_limited() {
    let portal = anonymous();
    for _probe in 0..100 {
        let asked = Instant::now();
        portal.get("/api/health").await.assert_status(200);
        assert!(asked.elapsed() < Duration::from_secs(3));
    }
}

#[tokio::test]
async fn e89_health_is_not_kept_by_caches_on_the_way() {
    let answer = anonymous().get("/api/health").await;
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn e89_health_ignores_a_token_that_is_not_valid() {
    let answer = anonymous().with_token("ikke.et.token").get("/api/health").await;
    answer.assert_status(200);
}
