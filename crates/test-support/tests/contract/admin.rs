//! The demo reset (contract 22: E90), as far as it can be tried beside other tests: its success is
//! tested on a database of its own, with the service.

use test_support::Http;
use test_support::portal::{User, anonymous};

use crate::shape::{assert_problem, fin, fin_leader};

const RESET: &str = "/api/admin/reset-database";

async fn reset(http: &Http) -> test_support::Answer {
    http.send(http.request(reqwest::Method::POST, RESET)).await
}

#[tokio::test]
async fn e90_a_reset_needs_a_token() {
    assert_problem(&reset(&anonymous()).await, 401, "unauthenticated");
}

#[tokio::test]
async fn e90_nobody_but_the_administrator_resets() {
    let budget_unit = User::sign_in("budsjett.kld@test.no").await;
    for user in [User::fag("kld").await, budget_unit, fin().await, fin_leader().await] {
        assert_problem(&reset(&user.http).await, 403, "forbidden");
    }
}

#[tokio::test]
async fn e90_is_asked_for_by_post_only() {
    let user = User::fag("kld").await;
    assert_problem(&user.http.get(RESET).await, 405, "method-not-allowed");
    assert_problem(&user.http.delete(RESET).await, 405, "method-not-allowed");
}
