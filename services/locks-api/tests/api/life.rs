//! Start, stop and what an instance leaves behind: hand-back, restart, sweeping, readiness.

use std::time::Duration;

use locks_api::sweeper::RETENTION;
use reqwest::StatusCode;
use test_support::{ChaosProxy, ServiceRole, Stack};
use uuid::Uuid;

use crate::app::{TestApp, World, eventually};

/// An address where nothing listens.
const CUT_OFF: &str = "postgres://portal_locks_api@127.0.0.1:1/portal";

#[actix_web::test]
async fn shutdown_hands_locks_back_and_the_holders_next_heartbeat_takes_them() {
    let world = World::create().await;
    let (old, new) = (world.start("old").await, world.start("new").await);
    let resource = Uuid::new_v4();
    let lock = old.by("Kari Nordmann").must_acquire(resource).await;
    let (kari, ola) = (new.by("Kari Nordmann"), new.by("Ola Hansen"));

    old.shut_down().await;

    assert!(kari.look(resource).await.is_none());
    kari.heartbeat(lock.id()).await;
    let taken_back = kari.look(resource).await.unwrap();
    assert_eq!((taken_back.id(), taken_back.token()), (lock.id(), lock.token()));
    ola.must_not_acquire(resource).await;
}

#[actix_web::test]
async fn a_lock_handed_back_is_free_for_others_who_then_keep_it() {
    let world = World::create().await;
    let (old, new) = (world.start("old").await, world.start("new").await);
    let resource = Uuid::new_v4();
    let lock = old.by("Kari Nordmann").must_acquire(resource).await;
    let (kari, ola) = (new.by("Kari Nordmann"), new.by("Ola Hansen"));

    old.shut_down().await;

    let next = ola.must_acquire(resource).await;
    assert!(next.token() > lock.token());
    kari.late_heartbeat(lock.id()).await;
    new.beacon(lock.id()).await;
    assert_eq!(ola.look_for_id(resource).await, Some(next.id()));
}

#[actix_web::test]
async fn an_acquisition_by_the_holder_takes_a_handed_back_lock_under_the_same_id() {
    let world = World::create().await;
    let (old, new) = (world.start("old").await, world.start("new").await);
    let resource = Uuid::new_v4();
    let lock = old.by("Kari Nordmann").must_acquire(resource).await;

    old.shut_down().await;

    let again = new.by("Kari Nordmann").must_acquire(resource).await;
    assert_eq!((again.id(), again.token()), (lock.id(), lock.token()));
}

#[actix_web::test]
async fn shutdown_leaves_alone_what_other_instances_served_last() {
    let world = World::create().await;
    let (old, new) = (world.start("old").await, world.start("new").await);
    let resource = Uuid::new_v4();
    let lock = old.by("Kari Nordmann").must_acquire(resource).await;
    let kari = new.by("Kari Nordmann");
    kari.heartbeat(lock.id()).await;

    old.shut_down().await;

    assert_eq!(kari.look_for_id(resource).await, Some(lock.id()));
}

#[actix_web::test]
async fn locks_survive_a_restart_of_every_instance() {
    let world = World::create().await;
    let before = world.start("a").await;
    let resource = Uuid::new_v4();
    let lock = before.by("Kari Nordmann").must_acquire(resource).await;
    before.shut_down().await;

    let after = world.start("a").await;
    let kari = after.by("Kari Nordmann");

    kari.heartbeat(lock.id()).await;
    assert_eq!(kari.look_for_id(resource).await, Some(lock.id()));
}

#[actix_web::test]
async fn the_sweeper_deletes_only_what_has_been_over_for_long() {
    let world = World::create().await;
    let app = world.start("a").await;
    let kari = app.by("Kari Nordmann");
    let [live, over, long_over] = [(); 3].map(|()| Uuid::new_v4());
    kari.must_acquire(long_over).await;
    world.execute("UPDATE resource_locks SET expires_at = now() - interval '31 days'").await;
    kari.must_acquire(over).await;
    world.expire_all().await;
    let lock = kari.must_acquire(live).await;
    assert_eq!(world.count_rows().await, 3);

    let sweeping = world.start_with("b", &[("LOCK_SWEEP_INTERVAL_SECS", "1")]).await;

    eventually("the old row goes", || async { world.count_rows().await == 2 }).await;
    eventually("live locks are counted", || async {
        let metrics = sweeping.admin.get("/metrics").await.text();
        metrics.contains(r#"locks_active{resource_type="case"} 1"#)
            && metrics.contains(r#"locks_active{resource_type="department_list"} 0"#)
    })
    .await;
    assert_eq!(kari.look_for_id(live).await, Some(lock.id()));
}

#[actix_web::test]
async fn i3_an_overtaken_token_stays_refused_long_after_its_successor_has_left() {
    let world = World::create().await;
    let app = world.start("a").await;
    let (kari, ola) = (app.by("Kari Nordmann"), app.by("Ola Hansen"));
    let [case, long_over] = [(); 2].map(|()| Uuid::new_v4());
    kari.must_acquire(long_over).await;
    world.execute("UPDATE resource_locks SET expires_at = now() - interval '31 days'").await;
    let asleep = kari.must_acquire(case).await;
    world.expire_all().await;
    let successor = ola.must_acquire(case).await;
    ola.release(successor.id()).await;
    let days_pass = "UPDATE resource_locks SET expires_at = expires_at - interval '29 days'";
    world.execute(days_pass).await;

    let _sweeping = world.start("b").await;

    eventually("the sweeper has been there", || async { world.count_rows().await < 2 }).await;
    let check = kari.verify(case, asleep.token()).await;
    assert_eq!(check["current"], false);
    assert_eq!(check["latest"]["lockedByName"], "Ola Hansen");
}

/// Tokens grow because a row outlives every statement that began while it stood.
#[actix_web::test]
async fn i3_no_statement_of_the_role_outlives_a_row_that_is_over() {
    let world = World::create().await;
    let role = world.database.client_for(ServiceRole::LocksApi).await;
    let limit = "SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout'";
    let limit_ms: i64 = role.query_one(limit, &[]).await.unwrap().get(0);
    let limit = Duration::from_millis(limit_ms.try_into().unwrap());
    assert!(!limit.is_zero() && limit < RETENTION, "{limit:?}");
}

#[actix_web::test]
async fn i7_a_lost_pooler_is_a_503_until_it_returns_and_loses_no_lock() {
    let world = World::create().await;
    let pgbouncer = &Stack::load().pgbouncer;
    let proxy = ChaosProxy::start(&format!("{}:{}", pgbouncer.host, pgbouncer.port)).await;
    let url = proxy.instead_of(&world.database.url_for(ServiceRole::LocksApi));
    let app = world
        .start_with("a", &[("DATABASE_URL", url.as_str()), ("DB_ACQUIRE_TIMEOUT_MS", "300")])
        .await;
    let (kari, ola) = (app.by("Kari Nordmann"), app.by("Ola Hansen"));
    let resource = Uuid::new_v4();
    let lock = kari.must_acquire(resource).await;

    proxy.reset();
    for _attempt in 0..5 {
        ola.acquire(resource).await.assert_problem(503, "/problems/unavailable");
    }
    proxy.pass();

    eventually("requests are answered again", || async {
        ola.acquire(resource).await.status == StatusCode::CONFLICT
    })
    .await;
    kari.heartbeat(lock.id()).await;
}

#[actix_web::test]
async fn readiness_follows_the_database_and_not_the_issuer() {
    let world = World::create().await;
    let no_issuer = [("AUTH_JWKS_URL", "http://127.0.0.1:1/jwks.json")];
    let alone = world.start_with("a", &no_issuer).await;
    let blind = world.start_with("b", &[("DATABASE_URL", CUT_OFF)]).await;

    let is_ready = async |app: &TestApp| {
        let answers =
            [app.admin.get("/health/ready").await.status, app.admin.get("/readyz").await.status];
        answers == [StatusCode::OK; 2]
    };
    eventually("the instance without issuer is ready", || is_ready(&alone)).await;
    blind.admin.get("/health/live").await.assert_status(200);
    blind.admin.get("/health/ready").await.assert_status(503);
}

#[actix_web::test]
async fn without_a_database_the_answer_is_503_without_the_cause() {
    let world = World::create().await;
    let blind = [("DATABASE_URL", CUT_OFF), ("DB_ACQUIRE_TIMEOUT_MS", "200")];
    let app = world.start_with("a", &blind).await;

    let answer = app.by("Kari Nordmann").acquire(Uuid::new_v4()).await;

    let problem = answer.assert_problem(503, "/problems/unavailable");
    assert_eq!(problem.as_object().unwrap().len(), 6, "{problem}");
    assert!(!answer.header("retry-after").is_empty());
}
