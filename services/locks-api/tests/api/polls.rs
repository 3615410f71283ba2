//! Polls: answered from memory that all instances share, and never of an older tenure.

use std::time::{Duration, Instant};

use test_support::{ChaosProxy, Stack};
use uuid::Uuid;

use crate::app::World;

#[actix_web::test]
async fn a_poll_is_answered_without_the_database_and_follows_every_change() {
    let world = World::create().await;
    let (here, there) = (world.start("a").await, world.start("b").await);
    let (kari, ola) = (here.by("Kari Nordmann"), there.by("Ola Hansen"));
    let resource = Uuid::new_v4();
    for _ in 0..5 {
        assert!(ola.look(resource).await.is_none());
        let lock = kari.must_acquire(resource).await;
        assert!(ola.look(resource).await.is_some(), "taken");
        kari.release(lock.id()).await;
        assert!(ola.look(resource).await.is_none(), "given up");
        let lock = ola.must_acquire(resource).await;
        assert!(kari.look(resource).await.is_some(), "taken again");
        here.beacon(lock.id()).await;
        assert!(kari.look(resource).await.is_none(), "given up by beacon");
    }
    // Both instances count into one registry.
    let metrics = here.admin.get("/metrics").await.text();
    let hits = "lock_status_reads_total{outcome=\"hit\"} ";
    let hits = metrics.lines().find_map(|line| line.strip_prefix(hits)).unwrap();
    let hits: u32 = hits.parse().unwrap();
    assert!(hits >= 19, "{hits} polls of 21 were answered from memory");
}

#[actix_web::test]
async fn i7_polls_and_locks_work_without_redis() {
    let stack = Stack::load();
    let address = stack.redis_url.trim_start_matches("redis://").split('/').next().unwrap();
    let proxy = ChaosProxy::start(address).await;
    let url = proxy.instead_of(&stack.redis_url);
    let world = World::create().await;
    let extra = [("REDIS_URL", url.as_str()), ("REDIS_TIMEOUT_MS", "40")];
    let app = world.start_with("a", &extra).await;
    let (kari, ola) = (app.by("Kari Nordmann"), app.by("Ola Hansen"));
    for fault in [ChaosProxy::reset, ChaosProxy::stall] {
        fault(&proxy);
        let begun = Instant::now();
        let resource = Uuid::new_v4();
        let lock = kari.must_acquire(resource).await;
        assert!(ola.look(resource).await.is_some());
        kari.release(lock.id()).await;
        assert!(ola.look(resource).await.is_none());
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        proxy.pass();
        // Until the process dares to use Redis again.
        tokio::time::sleep(Duration::from_millis(1200)).await;
    }
}
