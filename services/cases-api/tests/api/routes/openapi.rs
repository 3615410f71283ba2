//! The OpenAPI document: reviewed as a diff, published, and complete.

use std::collections::BTreeSet;
use std::path::PathBuf;

use cases_api::{cases, comments, conclusions, routes, submissions};
use edge::problem::ProblemType;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::Http;

use crate::app::{TestApp, assert_problem};

/// Operations that need no token. The list may only shrink (style guide, section 5).
const ANONYMOUS: [&str; 8] = [
    "GET /api/auth/jwks.json",
    "GET /api/auth/oidc",
    "GET /api/case-types",
    "GET /api/health",
    "GET /uploads/figures/{file}",
    "GET /uploads/images/{file}",
    "POST /api/auth/login",
    "POST /api/auth/oidc",
];

fn document() -> Value {
    serde_json::to_value(routes::API.document()).unwrap()
}

/// Every operation as method, path and description.
fn operations() -> Vec<(Method, String, Value)> {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let operation = |path: &String, method: &String, operation: &Value| {
        (method.to_uppercase().parse().unwrap(), path.clone(), operation.clone())
    };
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .iter()
                .map(move |(method, value)| operation(path, method, value))
        })
        .collect()
}

fn name(method: &Method, path: &str) -> String {
    format!("{method} {path}")
}

fn with_ids(path: &str) -> String {
    let mut filled = path.to_owned();
    while let (Some(start), Some(end)) = (filled.find('{'), filled.find('}')) {
        filled.replace_range(start..=end, "00000000-0000-4000-8000-000000000000");
    }
    filled
}

#[test]
fn openapi_document_is_reviewed() {
    insta::assert_json_snapshot!(document());
}

#[test]
fn published_document_is_the_reviewed_one() {
    let published =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../proto/openapi/cases-api.json");
    let current = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    // INSTA_UPDATE=always also publishes, so that both copies change in one step.
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::create_dir_all(published.parent().unwrap()).unwrap();
        std::fs::write(&published, &current).unwrap();
    }
    let text = std::fs::read_to_string(&published).unwrap_or_default();
    assert!(
        text == current,
        "stale; run: INSTA_UPDATE=always cargo nextest run -p cases-api openapi"
    );
}

#[actix_rt::test]
async fn i6_every_operation_refuses_a_caller_without_a_token() {
    let app = TestApp::spawn().await;
    let mut anonymous = BTreeSet::new();
    for (method, path, operation) in operations() {
        let request = app.http.request(method.clone(), &with_ids(&path));
        let answer = app.http.send(request.json(&json!({}))).await;
        if ANONYMOUS.contains(&name(&method, &path).as_str()) {
            anonymous.insert(name(&method, &path));
            assert_eq!(operation["security"], json!([{}]), "{method} {path} says so");
        } else {
            assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text());
            assert_problem(&answer, ProblemType::UNAUTHENTICATED);
            assert!(operation["responses"]["401"].is_object(), "{method} {path} documents 401");
        }
    }
    let listed: BTreeSet<_> = ANONYMOUS.map(str::to_owned).into();
    assert_eq!(anonymous, listed, "the list names only what exists");
}

#[test]
fn every_failing_answer_names_problem_types_that_exist() {
    let known: BTreeSet<_> =
        ProblemType::ALL.iter().map(|kind| (kind.status.to_string(), kind.slug)).collect();
    for (method, path, operation) in operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let is_problem = response["content"]["application/problem+json"].is_object();
            if !status.starts_with(['4', '5']) || !is_problem {
                continue;
            }
            let description = response["description"].as_str().unwrap();
            let slugs: Vec<_> = description
                .split("/problems/")
                .skip(1)
                .map(|rest| {
                    rest.split(|c: char| c != '-' && !c.is_ascii_lowercase()).next().unwrap()
                })
                .collect();
            assert!(!slugs.is_empty(), "{method} {path} {status}: {description}");
            for slug in slugs {
                assert!(
                    known.contains(&(status.clone(), slug)),
                    "{method} {path} {status}: {slug}"
                );
            }
        }
    }
}

/// The annotations can only hold literals, so they are held against the constants here.
#[test]
fn limits_in_the_document_are_those_of_the_code() {
    let document = document();
    let limit = |path: &str| {
        let value = document.pointer(&format!("/components/schemas/{path}")).unwrap();
        usize::try_from(value.as_u64().unwrap()).unwrap()
    };
    for text in [
        "AddCommentRequest/properties/commentText",
        "AddCommentRequest/properties/anchorText",
        "ReplyRequest/properties/commentText",
        "AskQuestionRequest/properties/questionText",
        "AnswerQuestionRequest/properties/answerText",
        "ConclusionRequest/properties/text",
        "UpdateConclusionRequest/properties/text",
    ] {
        assert_eq!(limit(&format!("{text}/maxLength")), cases::MAX_TEXT, "{text}");
    }
    let mark = limit("AddCommentRequest/properties/commentId/maxLength");
    assert_eq!(mark, comments::MAX_MARK);
    assert_eq!(limit("ReplaceConclusionsRequest/maxItems"), conclusions::MAX_CONCLUSIONS);
    assert_eq!(limit("SubmitCasesRequest/properties/caseIds/maxItems"), submissions::MAX_CASES);
}

#[test]
fn operations_are_named_after_their_handlers_and_once() {
    let names: Vec<_> = operations()
        .into_iter()
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    let unique: BTreeSet<_> = names.iter().collect();
    assert_eq!(unique.len(), names.len(), "{names:?}");
}

#[actix_rt::test]
async fn the_document_and_its_page_are_served_without_foreign_hosts() {
    let app = TestApp::spawn().await;
    let served = app.http.get("/api/openapi.json").await.assert_status(200).json();
    assert_eq!(served, document());
    assert_eq!(served["openapi"], "3.1.0");
    let redirect = app.http.get("/api/docs").await;
    assert_eq!(redirect.header("location"), "/api/docs/");
    let page = app.http.get("/api/docs/").await.assert_status(200).text();
    assert!(page.contains("swagger-ui"), "{page}");
    assert_page_is_self_contained(&app.http, &page).await;
}

async fn assert_page_is_self_contained(http: &Http, page: &str) {
    for attribute in ["src=\"", "href=\""] {
        for link in page.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(!link.contains("//"), "{link} is on another host");
            let path = format!("/api/docs/{}", link.trim_start_matches("./"));
            http.get(&path).await.assert_status(200);
        }
    }
}
