//! The interactive pages and the documents behind them, as a browser in a closed network gets them.

use test_support::Answer;

use test_support::portal::anonymous;

#[tokio::test]
async fn each_api_has_an_interactive_page_that_needs_no_other_host() {
    let portal = anonymous();
    for base in ["/api/docs", "/api/locks/docs"] {
        let redirect = portal.get(base).await;
        assert!(redirect.status.is_redirection(), "{base}: {}", redirect.status);
        // Relative: behind a proxy no service knows the address that the browser used.
        assert_eq!(redirect.header("location"), format!("{base}/"));

        let page = portal.get(&format!("{base}/")).await;
        assert_is(&page, "text/html", base);
        assert_eq!(other_hosts(&page.text()), [""; 0], "{base}");
        let assets = assets(&page.text());
        assert!(assets.iter().any(|asset| is_script(asset)), "{base}: {assets:?}");
        for asset in &assets {
            let path = format!("{base}/{}", asset.trim_start_matches("./"));
            let media_type = match path.rsplit('.').next() {
                Some("js") => "javascript",
                Some("css") => "text/css",
                _ => "image/",
            };
            assert_is(&portal.get(&path).await, media_type, &path);
        }
    }
}

#[tokio::test]
async fn each_page_shows_its_own_document() {
    let portal = anonymous();
    for base in ["/api", "/api/locks"] {
        let initializer = portal.get(&format!("{base}/docs/swagger-initializer.js")).await;
        let document = format!("{base}/openapi.json");
        assert!(initializer.text().contains(&format!("\"{document}\"")), "{}", initializer.text());

        let document = portal.get(&document).await.assert_status(200).json();
        let version = document["openapi"].as_str().expect("a version");
        assert!(version.starts_with("3.1."), "{base} is OpenAPI {version}");
        for path in document["paths"].as_object().expect("paths").keys() {
            // Uploads lie beside the API, where documents point to them.
            let is_its_own = path.starts_with(base) || path.starts_with("/uploads/");
            assert!(is_its_own, "{path} is not below {base}");
        }
    }
}

fn assert_is(answer: &Answer, media_type: &str, path: &str) {
    answer.assert_status(200);
    let found = answer.header("content-type");
    assert!(found.contains(media_type), "{path} is {found}");
    assert!(!answer.body.is_empty(), "{path}");
}

fn is_script(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with(".js")
}

/// What the page loads.
fn assets(page: &str) -> Vec<String> {
    ["src=\"", "href=\""]
        .iter()
        .flat_map(|attribute| page.split(attribute).skip(1))
        .filter_map(|rest| rest.split('"').next().map(str::to_owned))
        .collect()
}

/// Hosts that the page would load something from.
fn other_hosts(page: &str) -> Vec<String> {
    assets(page).into_iter().filter(|asset| asset.contains("//")).collect()
}
