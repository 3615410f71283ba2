//! The published API document, reviewed as a diff.

use std::path::Path;

use locks_api::routes::API;

use crate::app::World;

/// Set it to write the published copy anew, after a change that was meant.
const UPDATE: &str = "UPDATE_OPENAPI";

#[test]
fn the_document_is_reviewed() {
    insta::assert_json_snapshot!(API.document());
}

#[test]
fn the_published_copy_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/openapi/locks-api.json");
    let current = API.document().to_pretty_json().unwrap() + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == current,
        "proto/openapi/locks-api.json is stale: set {UPDATE}=1 and rerun"
    );
}

#[actix_web::test]
async fn the_document_and_its_page_are_served() {
    let world = World::create().await;
    let app = world.start("a").await;
    app.http.get("/api/locks/openapi.json").await.assert_status(200);
    let redirect = app.http.get("/api/locks/docs").await;
    assert_eq!(redirect.assert_status(308).header("location"), "/api/locks/docs/");
    assert!(app.http.get("/api/locks/docs/").await.assert_status(200).text().contains("swagger"));
}
