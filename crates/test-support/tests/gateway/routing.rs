//! Who answers which address.

use reqwest::Method;
use serde_json::json;
use test_support::{Answer, Stack};

use test_support::portal::{
    User, anonymous, assert_problem_document, assert_refused, id_of, unknown_id,
};

/// An answer that only cases-api gives and one that only locks-api gives, told apart by their
/// OpenAPI documents.
#[tokio::test]
async fn locks_go_to_locks_api_and_the_rest_to_cases_api() {
    let portal = anonymous();
    let locks = portal.get("/api/locks/openapi.json").await.assert_status(200).json();
    assert!(locks["paths"]["/api/locks"]["post"].is_object());
    let cases = portal.get("/api/openapi.json").await.assert_status(200).json();
    assert!(cases["paths"]["/api/cases"]["get"].is_object());
    assert!(cases["paths"]["/api/locks"].is_null());

    // What merely begins alike is not a lock.
    let user = User::fag("fd").await;
    for path in ["/api/locksmith", "/api/lock", "/api/cases/locks"] {
        user.http.get(path).await.assert_problem(404, "/problems/not-found");
    }
    let free = user.http.get(&lock_query(&unknown_id())).await;
    free.assert_status(204);
    assert!(free.body.is_empty());
}

#[tokio::test]
async fn the_doubled_prefix_of_the_clients_job_calls_leads_to_the_same_handlers() {
    let user = User::fag("fd").await;
    let body = json!({ "filters": { "status": "klarert" } });
    let accepted = user.http.post("/api/api/export/cases/excel", &body).await;
    let job = accepted.assert_status(202).json();
    let job = id_of(&job);
    user.watch_export(job).await;

    let path = format!("/export/jobs/{job}");
    let once = user.http.get(&format!("/api{path}")).await.assert_status(200).json();
    let twice = user.http.get(&format!("/api/api{path}")).await.assert_status(200).json();
    assert_eq!(once["completedAt"], twice["completedAt"]);
    user.http.get("/api/api/export/jobs").await.assert_status(200);
    let lock = json!({ "resourceType": "case", "resourceId": unknown_id() });
    user.http.post("/api/api/locks", &lock).await.assert_status(200);
    // Twice is a quirk of the client; three times is a mistake.
    let thrice = user.http.get(&format!("/api/api/api{path}")).await;
    thrice.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn an_unknown_api_address_is_a_problem_and_never_the_clients_page() {
    let user = User::fag("fd").await;
    let addresses = [
        "/api",
        "/api/",
        "/api/finnes-ikke",
        "/api/cases/my-cases/mer",
        "/api/api",
        "/api/api/finnes-ikke",
        "/api/locks/x/y/z",
        "/api/index.html",
        "/uploads/finnes-ikke.png",
    ];
    for path in addresses {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let request = user.http.request(method.clone(), path).header("accept", "text/html");
            let answer = user.http.send(request).await;
            let name = format!("{method} {path}");
            assert_refused(&answer, &name);
            assert_eq!(answer.json()["type"], "/problems/not-found", "{name}");
        }
    }
}

#[tokio::test]
async fn every_other_address_is_one_of_the_clients_pages() {
    let portal = anonymous();
    for path in
        ["/", "/index.html", "/saker", "/saker/ny?rundt=1", "/en/helt/annen/side", "/apiary"]
    {
        let page = portal.get(path).await;
        assert_page(&page, path);
    }
    // A file that is not there is not a page, and pages are only read.
    portal.get("/assets/finnes-ikke.js").await.assert_problem(404, "/problems/not-found");
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let answer = portal.send(portal.request(method.clone(), "/saker")).await;
        answer.assert_problem(405, "/problems/method-not-allowed");
    }
}

fn assert_page(page: &Answer, path: &str) {
    page.assert_status(200);
    assert!(page.header("content-type").starts_with("text/html"), "{path}");
    assert!(page.text().contains("Statsbudsjettportalen"), "{path}");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'self'"), "{path}: {policy}");
    assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(page.header("x-frame-options"), "DENY", "{path}");
}

#[tokio::test]
async fn what_the_admin_ports_serve_cannot_be_had_through_the_gateway() {
    let stack = Stack::load();
    for (service, admin) in &stack.admin_urls {
        // They are up, so it is the gateway that hides them.
        let ready = test_support::Http::anonymous(admin.as_str()).get("/health/ready").await;
        assert_eq!(ready.status, 200, "{service}");
    }
    let token = User::sign_in("admin@test.no").await;
    let names = ["metrics", "health/live", "health/ready", "livez", "readyz"];
    let prefixes = ["", "/api", "/api/api", "/api/locks", "/uploads", "/metrics", "/api/..", "//"];
    for name in names {
        for prefix in prefixes {
            let path = format!("{prefix}/{name}");
            for http in [&token.http, &anonymous()] {
                let answer = http.get(&path).await;
                assert_refused(&answer, &path);
                let text = answer.text();
                assert!(!text.contains("# TYPE") && !text.contains("ready\":"), "{path}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn the_health_report_is_public_and_names_every_part() {
    let report = anonymous().get("/api/health").await.assert_status(200).json();
    assert_eq!(report["status"], "ok", "{report}");
    for part in ["database", "redis", "rabbitmq"] {
        assert_eq!(report["checks"][part]["status"], "ok", "{report}");
        assert!(report["checks"][part]["responseTimeMs"].is_u64(), "{report}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_405_with_the_right_ones_in_allow() {
    let portal = anonymous();
    for document in ["/api/openapi.json", "/api/locks/openapi.json"] {
        let document = portal.get(document).await.assert_status(200).json();
        let paths = document["paths"].as_object().expect("paths");
        assert!(!paths.is_empty());
        for (path, operations) in paths {
            let operations = operations.as_object().expect("operations");
            let known: Vec<String> = operations.keys().map(|m| m.to_uppercase()).collect();
            let address = path
                .replace("{version}", "1")
                .replace("{id}", "00000000-0000-4000-8000-000000000000");
            let answer = portal.send(portal.request(brew(), &address)).await;
            let name = format!("BREW {address}");
            answer.assert_problem(405, "/problems/method-not-allowed");
            assert_problem_document(&answer, &name);
            let allowed: Vec<&str> = answer.header("allow").split(", ").collect();
            for method in &known {
                assert!(allowed.contains(&method.as_str()), "{name}: {allowed:?} without {method}");
            }
        }
    }
}

/// A method that HTTP permits and nobody serves (RFC 2324).
fn brew() -> Method {
    Method::from_bytes(b"BREW").expect("a token")
}

fn lock_query(case: &str) -> String {
    format!("/api/locks?resourceType=case&resourceId={case}")
}
