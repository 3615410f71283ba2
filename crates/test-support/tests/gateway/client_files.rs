//! The static client's place: a folder as a build tool leaves it, served by a gateway of the
//! test's own in front of services that are down.

use reqwest::Method;

use crate::own_gateway::{Gateway, Service};

const PAGE: &str = "<!doctype html><title>Klienten</title>";
const HASHED: &str = "public, max-age=31536000, immutable";

/// As Vite and webpack name what they build, and some files that nobody should ask for.
const FILES: [(&str, &str); 26] = [
    ("index.html", PAGE),
    ("favicon.ico", "ikon"),
    ("manifest.webmanifest", "{}"),
    ("robots.txt", "User-agent: *"),
    ("sw.js", "self"),
    ("om/index.html", "<p>om</p>"),
    ("assets/index-BfK3xYz1.js", "const stor = 'æøå';"),
    ("assets/index-BfK3xYz1.js.map", "{}"),
    ("assets/editor-D_a-9Xw2.mjs", "export {}"),
    ("assets/index-C8dEf0gh.css", "body{}"),
    ("assets/inter-latin-9aBcDeF1.woff2", "skrift"),
    ("assets/logo-AbCdEfGh.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ("assets/parser-Q1w2E3r4.wasm", "kode"),
    ("assets/deep/er/chunk-Zz9Yy8Xx.js", "1"),
    ("static/js/main.4f1a2b3c.chunk.js", "1"),
    ("static/css/main.0123456789abcdef0123.css", "a{}"),
    ("assets/my-frontend.js", "1"),
    ("assets/index.js", "1"),
    ("assets/bilde.png", "bilde"),
    ("kart-BfK3xYz1.js", "1"),
    ("api/cases", "klientens"),
    ("uploads/images/bilde.png", "klientens"),
    ("metrics", "klientens"),
    (".env", "HEMMELIG=1"),
    (".git/config", "hemmelig"),
    (".well-known/security.txt", "Contact: mailto:a@b.no"),
];

async fn gateway() -> Gateway {
    let dead = Service::dead().await;
    Gateway::start_with(&[&dead], &FILES).await
}

#[tokio::test]
async fn every_kind_of_file_has_the_type_that_a_browser_insists_on() {
    let gateway = gateway().await;
    for (path, media_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/assets/index-BfK3xYz1.js", "text/javascript; charset=utf-8"),
        ("/assets/editor-D_a-9Xw2.mjs", "text/javascript; charset=utf-8"),
        ("/assets/index-C8dEf0gh.css", "text/css; charset=utf-8"),
        ("/assets/inter-latin-9aBcDeF1.woff2", "font/woff2"),
        ("/assets/logo-AbCdEfGh.svg", "image/svg+xml"),
        ("/assets/index-BfK3xYz1.js.map", "application/json"),
        ("/assets/parser-Q1w2E3r4.wasm", "application/wasm"),
        ("/assets/bilde.png", "image/png"),
        ("/manifest.webmanifest", "application/manifest+json; charset=utf-8"),
        ("/robots.txt", "text/plain; charset=utf-8"),
        ("/favicon.ico", "image/x-icon"),
    ] {
        let answer = gateway.get(path, &[]).await;
        answer.assert_status(200);
        assert_eq!(answer.header("content-type"), media_type, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
}

#[tokio::test]
async fn files_named_after_their_content_are_kept_for_a_year() {
    let gateway = gateway().await;
    for path in [
        "/assets/index-BfK3xYz1.js",
        "/assets/index-BfK3xYz1.js.map",
        "/assets/editor-D_a-9Xw2.mjs",
        "/assets/index-C8dEf0gh.css",
        "/assets/inter-latin-9aBcDeF1.woff2",
        "/assets/logo-AbCdEfGh.svg",
        "/assets/deep/er/chunk-Zz9Yy8Xx.js",
        "/static/js/main.4f1a2b3c.chunk.js",
        "/static/css/main.0123456789abcdef0123.css",
    ] {
        let answer = gateway.get(path, &[]).await;
        answer.assert_status(200);
        assert_eq!(answer.header("cache-control"), HASHED, "{path}");
        assert_eq!(answer.headers.get_all("cache-control").iter().count(), 1, "{path}");
    }
}

#[tokio::test]
async fn everything_else_is_asked_for_anew_and_answered_with_304() {
    let gateway = gateway().await;
    for path in [
        "/",
        "/index.html",
        "/saker/1",
        "/om/index.html",
        "/sw.js",
        "/favicon.ico",
        "/manifest.webmanifest",
        "/assets/index.js",
        "/assets/my-frontend.js",
        "/assets/bilde.png",
        "/kart-BfK3xYz1.js",
    ] {
        let answer = gateway.get(path, &[]).await;
        answer.assert_status(200);
        assert_eq!(answer.header("cache-control"), "no-cache", "{path}");
        let tag = answer.header("etag");
        assert!(!tag.is_empty(), "{path}");
        let again = gateway.get(path, &[("if-none-match", tag)]).await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{path}");
        assert_eq!(again.header("cache-control"), "no-cache", "{path}");
    }
}

#[tokio::test]
async fn every_other_address_is_the_clients_page() {
    let gateway = gateway().await;
    for path in [
        "/saker",
        "/saker/ny",
        "/saker/1400.21",
        "/departementslister/kld/v1.2",
        "/api-oversikt",
        "/uploadsomething",
        "/om",
        "/assets",
        "/?runde=AUG2026",
        "/%C3%A6%C3%B8%C3%A5",
    ] {
        let answer = gateway.get(path, &[]).await;
        assert_eq!(answer.assert_status(200).text(), PAGE, "{path}");
        assert!(answer.header("content-security-policy").contains("default-src"), "{path}");
    }
    let head = gateway.call(Method::HEAD, "/saker").await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
}

#[tokio::test]
async fn a_file_that_is_missing_is_missing_and_not_the_page() {
    let gateway = gateway().await;
    for path in [
        "/assets/index-Gammel12.js",
        "/assets/index-Gammel12",
        "/assets/",
        "/static/js/borte.js",
        "/borte.css",
        "/borte.mjs",
        "/borte.html",
        "/logo.SVG",
        "/skrift.woff2",
        "/index.js.map",
    ] {
        let answer = gateway.get(path, &[("accept", "text/html")]).await;
        answer.assert_problem(404, "/problems/not-found");
        assert_eq!(answer.header("cache-control"), "", "{path}");
        assert_eq!(answer.header("content-security-policy"), "", "{path}");
    }
}

#[tokio::test]
async fn the_client_shadows_neither_the_api_nor_the_uploads() {
    let gateway = gateway().await;
    for path in ["/api/cases", "/api/", "/uploads/images/bilde.png", "/uploads/"] {
        let answer = gateway.get(path, &[]).await;
        assert!(!answer.text().contains("klientens") && answer.text() != PAGE, "{path}");
        assert!(answer.header("content-type").contains("problem+json"), "{path}");
    }
}

#[tokio::test]
async fn what_nobody_meant_to_publish_is_not_there() {
    let gateway = gateway().await;
    for path in ["/.env", "/.git/config", "/om/../.env", "/%2eenv", "/metrics", "/..%2f.env"] {
        let answer = gateway.get(path, &[]).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        assert!(!answer.text().to_lowercase().contains("hemmelig"), "{path}");
    }
    let contact = gateway.get("/.well-known/security.txt", &[]).await;
    assert!(contact.assert_status(200).text().contains("Contact"));
}

#[tokio::test]
async fn a_page_is_only_read() {
    let gateway = gateway().await;
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        for path in ["/", "/saker/1", "/assets/index-BfK3xYz1.js"] {
            let answer = gateway.call(method.clone(), path).await;
            answer.assert_problem(405, "/problems/method-not-allowed");
        }
    }
}

#[tokio::test]
async fn text_is_compressed_for_those_who_ask() {
    let big = "const a = 1;\n".repeat(500);
    let dead = Service::dead().await;
    let files = [("index.html", PAGE), ("assets/index-BfK3xYz1.js", big.as_str())];
    let gateway = Gateway::start_with(&[&dead], &files).await;
    let packed = gateway.get("/assets/index-BfK3xYz1.js", &[("accept-encoding", "gzip")]).await;
    assert_eq!(packed.assert_status(200).header("content-encoding"), "gzip");
    assert_eq!(packed.header("vary"), "Accept-Encoding");
    assert!(packed.body.len() < big.len() / 10);
    let plain = gateway.get("/assets/index-BfK3xYz1.js", &[]).await;
    assert_eq!(plain.text(), big);
}
