//! What the database holds of one case, for tests that compare it before and after.

use serde_json::Value;
use test_support::SeededCase;

use crate::app::TestApp;

/// Row, versions and events of a case, as one value.
pub(crate) async fn stored(app: &TestApp, case: &SeededCase) -> Value {
    let everything = "SELECT jsonb_build_object(
            'case', to_jsonb(cases),
            'contents', (SELECT jsonb_agg(to_jsonb(c) ORDER BY c.version)
                         FROM case_contents c WHERE c.case_id = cases.id),
            'events', (SELECT jsonb_agg(to_jsonb(e) ORDER BY e.created_at, e.id)
                       FROM case_events e WHERE e.case_id = cases.id))
        FROM cases WHERE id = $1";
    app.seed.client().query_one(everything, &[case.id.as_uuid()]).await.unwrap().get(0)
}

/// Asserts I2 for one case: versions are 1..n, and the case points to the last of them.
#[track_caller]
pub(crate) fn assert_versions_without_gaps(stored: &Value) -> usize {
    let contents = stored["contents"].as_array().unwrap();
    let versions: Vec<_> = contents.iter().map(|content| content["version"].as_u64()).collect();
    let expected: Vec<_> = (1..).take(contents.len()).map(Some).collect();
    assert_eq!(versions, expected);
    let newest = contents.last().unwrap();
    assert_eq!(stored["case"]["version"], newest["version"]);
    assert_eq!(stored["case"]["latest_content_id"], newest["id"]);
    contents.len()
}
