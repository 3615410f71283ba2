//! Saves with a lock token while locks-api does not answer.

use std::time::{Duration, Instant};

use serde_json::json;
use test_support::{Actor, ChaosProxy};

use crate::app::TestApp;

/// A save goes on after 200 ms without an answer; the rest is for a busy machine.
const SOON: Duration = Duration::from_secs(2);

#[actix_rt::test]
async fn i7_a_save_waits_briefly_for_locks_api_and_is_then_decided_by_its_version() {
    let nobody = ChaosProxy::start("127.0.0.1:1").await;
    for fault in [ChaosProxy::reset, ChaosProxy::stall] {
        fault(&nobody);
        let url = format!("http://{}", nobody.address());
        let app = TestApp::builder().var("LOCKS_API_URL", &url).spawn().await;
        app.seed.reference_data().await;
        let round = app.seed.round("AUG2027").insert().await;
        let owner = Actor::fag("KLD");
        let case = app.seed.case(&round, &owner).insert().await;
        let fag = app.by(&owner).await;
        let path = format!("/api/cases/{}/content", case.id);
        let save = json!({ "amount": 7, "expectedVersion": 1, "lockToken": 1 });
        let begun = Instant::now();
        fag.put(&path, &save).await.assert_status(200);
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        fag.put(&path, &save).await.assert_problem(409, "/problems/version-conflict");
    }
}
