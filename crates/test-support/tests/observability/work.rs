//! A little of everything that the portal does, so that there is something to tell of.

use reqwest::Method;
use serde_json::{Value, json};
use test_support::portal::{User, id_of};

/// Text that nobody but the database and the documents may ever see.
pub(crate) const PRIVATE_TEXT: &str = "Tilsagnet er fortrolig inntil 7. oktober";

/// Does what users do in a morning: every operation that has a panel of its own.
pub(crate) async fn do_everything() {
    let user = User::fag("kld").await;
    let colleague = User::sign_in("budsjett.kld@test.no").await;
    let case = user.create_case("Synlig arbeid").await;
    let id = id_of(&case).to_owned();
    user.http.get("/api/health").await.assert_status(200);
    user.http.get("/api/cases").await.assert_status(200);
    let round = user.august_round().await;
    user.http.get(&format!("/api/cases?budgetRoundId={round}&departmentId=kld")).await;
    user.http.get(&format!("/api/cases/{id}")).await.assert_status(200);
    user.lock(&id).await.assert_status(200);
    colleague.lock(&id).await.assert_status(409);
    user.save(&id, &json!(1), PRIVATE_TEXT).await.assert_status(200);
    user.save(&id, &json!(1), PRIVATE_TEXT).await.assert_status(409);
    for format in ["excel", "word", "pdf"] {
        let order = json!({ "async": true, "filters": { "caseIds": [id] } });
        let path = format!("/api/export/cases/{format}");
        let job = user.http.post(&path, &order).await.assert_status(202).json();
        let states = user.watch_export(id_of(&job)).await;
        assert_eq!(states.last().map(|state| &state["status"]), Some(&json!("completed")));
    }
}

/// Sends a request as part of a trace that began at the caller's.
pub(crate) async fn traced(
    user: &User,
    method: Method,
    path: &str,
    body: &Value,
    traceparent: &str,
) -> test_support::Answer {
    let request = user.http.request(method, path).header("traceparent", traceparent);
    let request = if body.is_null() { request } else { request.json(body) };
    user.http.send(request).await
}
