//! The lock contract, row by row (api contract 15, domain contract 12.2).

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::LockId;
use domain::lock::NIL_LOCK;
use reqwest::{Method, StatusCode};
use serde_json::json;
use uuid::Uuid;

use crate::app::{Lock, World, assert_empty, eventually};

fn time(lock: &Lock, key: &str) -> DateTime<Utc> {
    let text = lock.0[key].as_str().unwrap();
    assert!(text.ends_with('Z'), "{text} is not in UTC");
    text.parse().unwrap()
}

#[actix_web::test]
async fn a_free_lock_is_granted_with_every_key_of_the_contract() {
    let world = World::create().await;
    let app = world.start("a").await;
    let kari = app.by("Kari Nordmann");
    let resource = Uuid::new_v4();

    let lock = kari.must_acquire(resource).await;

    let mut keys: Vec<_> = lock.0.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = [
        "expiresAt",
        "id",
        "lockToken",
        "lockedAt",
        "lockedBy",
        "lockedByName",
        "resourceId",
        "resourceType",
    ];
    assert_eq!(keys, expected);
    assert_eq!(lock.0["resourceType"], "case");
    assert_eq!(lock.0["resourceId"], json!(resource));
    assert_eq!(lock.0["lockedBy"], json!(kari.actor.id()));
    assert_eq!(lock.0["lockedByName"], "Kari Nordmann");
    assert_eq!(time(&lock, "expiresAt") - time(&lock, "lockedAt"), TimeDelta::minutes(5));
    assert_eq!(lock.id().as_uuid().get_version_num(), 4, "a lock id must be unguessable");
}

#[actix_web::test]
async fn acquiring_ones_own_lock_keeps_id_token_and_start() {
    let world = World::create().await;
    let app = world.start("a").await;
    let kari = app.by("Kari Nordmann");
    let resource = Uuid::new_v4();

    let first = kari.must_acquire(resource).await;
    let again = kari.must_acquire(resource).await;

    assert_eq!((again.id(), again.token()), (first.id(), first.token()));
    assert_eq!(again.0["lockedAt"], first.0["lockedAt"]);
    assert!(time(&again, "expiresAt") > time(&first, "expiresAt"));
}

#[actix_web::test]
async fn a_held_lock_is_refused_with_the_holder_and_without_the_capability() {
    let world = World::create().await;
    let app = world.start("a").await;
    let (kari, ola) = (app.by("Kari Nordmann"), app.by("Ola Hansen"));
    let resource = Uuid::new_v4();
    let held = kari.must_acquire(resource).await;

    let refused = ola.must_not_acquire(resource).await;

    assert_eq!(refused.0["message"], "Saken er låst av Kari Nordmann.");
    assert_eq!(refused.id(), NIL_LOCK);
    assert!(refused.0["lockToken"].is_null());
    for key in ["resourceType", "resourceId", "lockedBy", "lockedByName", "lockedAt", "expiresAt"] {
        assert_eq!(refused.0[key], held.0[key], "{key}");
    }
}

#[actix_web::test]
async fn kinds_of_resources_are_locked_apart() {
    let world = World::create().await;
    let app = world.start("a").await;
    let (kari, ola) = (app.by("Kari Nordmann"), app.by("Ola Hansen"));
    let resource = Uuid::new_v4();
    kari.must_acquire(resource).await;

    let body = json!({ "ResourceType": "department_list", "RESOURCEID": resource, "extra": 1 });
    let list = ola.http.post("/api/locks", &body).await.assert_status(200).json();

    assert_eq!(list["resourceType"], "department_list");
    let refused = kari.http.post("/api/locks", &body).await;
    let refused = refused.assert_problem(409, "/problems/lock-held");
    assert_eq!(refused["message"], "Departementslisten er låst av Ola Hansen.");
}

#[actix_web::test]
async fn asking_shows_the_id_to_its_holder_only() {
    let world = World::create().await;
    let app = world.start("a").await;
    let (kari, ola) = (app.by("Kari Nordmann"), app.by("Ola Hansen"));
    let resource = Uuid::new_v4();
    assert!(kari.look(resource).await.is_none());
    let held = kari.must_acquire(resource).await;

    let own = kari.look(resource).await.unwrap();
    assert_eq!((own.id(), own.token()), (held.id(), held.token()));
    let snake_case = format!("/api/locks?resource_type=case&resource_id={resource}");
    let other = Lock(ola.http.get(&snake_case).await.assert_status(200).json());
    assert_eq!(other.id(), NIL_LOCK);
    assert!(other.0["lockToken"].is_null());
    assert_eq!(other.0["lockedByName"], "Kari Nordmann");
}

#[actix_web::test]
async fn a_heartbeat_extends_the_holders_lease_and_nobody_elses() {
    let world = World::create().await;
    let app = world.start("a").await;
    let (kari, ola) = (app.by("Kari Nordmann"), app.by("Ola Hansen"));
    let resource = Uuid::new_v4();
    let held = kari.must_acquire(resource).await;

    kari.heartbeat(held.id()).await;

    let renewed = kari.look(resource).await.unwrap();
    assert!(time(&renewed, "expiresAt") > time(&held, "expiresAt"));
    assert_eq!(renewed.0["lockedAt"], held.0["lockedAt"]);
    ola.late_heartbeat(held.id()).await;
    kari.late_heartbeat(LockId::new(Uuid::new_v4())).await;
}

#[actix_web::test]
async fn releasing_is_the_holders_right_and_idempotent() {
    let world = World::create().await;
    let app = world.start("a").await;
    let (kari, ola) = (app.by("Kari Nordmann"), app.by("Ola Hansen"));
    let resource = Uuid::new_v4();
    let held = kari.must_acquire(resource).await;

    let foreign = ola.http.delete(&format!("/api/locks/{}", held.id())).await;
    foreign.assert_problem(403, "/problems/forbidden");
    assert_eq!(kari.look_for_id(resource).await, Some(held.id()));
    kari.release(held.id()).await;
    assert!(kari.look(resource).await.is_none());
    kari.release(held.id()).await;
    ola.release(LockId::new(Uuid::new_v4())).await;
    kari.late_heartbeat(held.id()).await;
}

#[actix_web::test]
async fn two_tabs_share_a_lock_and_a_release_in_one_ends_it_in_both() {
    let world = World::create().await;
    let app = world.start("a").await;
    let (first_tab, second_tab) = (app.by("Kari Nordmann"), app.by("Kari Nordmann"));
    let resource = Uuid::new_v4();

    let lock = first_tab.must_acquire(resource).await;
    assert_eq!(second_tab.must_acquire(resource).await.id(), lock.id());
    second_tab.release(lock.id()).await;

    first_tab.late_heartbeat(lock.id()).await;
}

#[actix_web::test]
async fn a_beacon_releases_by_the_id_alone() {
    let world = World::create().await;
    let app = world.start("a").await;
    let (kari, ola) = (app.by("Kari Nordmann"), app.by("Ola Hansen"));
    let resource = Uuid::new_v4();
    let held = kari.must_acquire(resource).await;

    app.beacon(held.id()).await;

    let next = ola.must_acquire(resource).await;
    for harmless in [held.id(), LockId::new(Uuid::new_v4()), NIL_LOCK] {
        app.beacon(harmless).await;
    }
    assert_eq!(ola.look_for_id(resource).await, Some(next.id()));
}

#[actix_web::test]
async fn a_beacon_acts_on_the_method_in_the_query_or_in_the_body_only() {
    let world = World::create().await;
    let app = world.start("a").await;
    let kari = app.by("Kari Nordmann");
    let resource = Uuid::new_v4();
    let beacon = async |id: LockId, query: &str, body: &'static str| {
        let request = app.http.request(Method::POST, &format!("/api/locks/{id}{query}"));
        app.http.send(request.body(body)).await
    };
    let releasing = [
        ("?_method=DELETE", ""),
        ("?_method=delete", "not json"),
        ("", r#"{"_method":"DELETE"}"#),
        ("?_method=", r#"{"_METHOD":"DELETE","more":[]}"#),
    ];
    for (query, body) in releasing {
        let id = kari.must_acquire(resource).await.id();
        assert_empty(&beacon(id, query, body).await, 204);
        assert!(kari.look(resource).await.is_none(), "{query} {body}");
    }
    for (query, body) in [("", ""), ("?_method=PUT", "{}"), ("", "[]"), ("?method=DELETE", "{")] {
        let id = kari.must_acquire(resource).await.id();
        beacon(id, query, body).await.assert_problem(400, "/problems/invalid-request");
        assert_eq!(kari.look_for_id(resource).await, Some(id), "{query} {body}");
    }
}

#[actix_web::test]
async fn a_stale_beacon_does_not_release_the_lock_that_came_after() {
    let world = World::create().await;
    let app = world.start("a").await;
    let kari = app.by("Kari Nordmann");
    let resource = Uuid::new_v4();
    let first = kari.must_acquire(resource).await;
    app.beacon(first.id()).await;

    let second = kari.must_acquire(resource).await;
    app.beacon(first.id()).await;

    assert_ne!(second.id(), first.id());
    assert!(second.token() > first.token());
    assert_eq!(kari.look_for_id(resource).await, Some(second.id()));
}

#[actix_web::test]
async fn an_expired_lock_is_free_and_its_old_holder_is_out() {
    let world = World::create().await;
    let app = world.start("a").await;
    let (kari, ola) = (app.by("Kari Nordmann"), app.by("Ola Hansen"));
    let resource = Uuid::new_v4();
    let old = kari.must_acquire(resource).await;
    world.expire_all().await;

    assert!(kari.look(resource).await.is_none());
    kari.late_heartbeat(old.id()).await;
    let new = ola.must_acquire(resource).await;

    assert_ne!(new.id(), old.id());
    assert!(new.token() > old.token());
    kari.late_heartbeat(old.id()).await;
    kari.release(old.id()).await;
    app.beacon(old.id()).await;
    assert_eq!(ola.look_for_id(resource).await, Some(new.id()));
}

#[actix_web::test]
async fn ones_own_expired_lock_is_a_new_lock() {
    let world = World::create().await;
    let app = world.start("a").await;
    let kari = app.by("Kari Nordmann");
    let resource = Uuid::new_v4();
    let old = kari.must_acquire(resource).await;
    world.expire_all().await;

    let new = kari.must_acquire(resource).await;

    assert_ne!(new.id(), old.id());
    assert!(new.token() > old.token());
}

#[actix_web::test]
async fn a_lease_runs_out_by_itself_and_a_heartbeat_keeps_it() {
    let world = World::create().await;
    let app = world.start_with("a", &[("LOCK_LEASE_SECS", "2")]).await;
    let (kari, ola) = (app.by("Kari Nordmann"), app.by("Ola Hansen"));
    let (kept, left) = (Uuid::new_v4(), Uuid::new_v4());
    let lock = kari.must_acquire(kept).await;
    kari.must_acquire(left).await;

    eventually("the lock without heartbeat ends", || async {
        kari.heartbeat(lock.id()).await;
        ola.acquire(left).await.status == StatusCode::OK
    })
    .await;

    ola.must_not_acquire(kept).await;
}

#[actix_web::test]
async fn a_fencing_token_stands_until_somebody_acquires_after_it() {
    let world = World::create().await;
    let app = world.start("a").await;
    let (kari, ola) = (app.by("Kari Nordmann"), app.by("Ola Hansen"));
    let resource = Uuid::new_v4();
    assert_eq!(kari.verify(resource, 1).await, json!({ "current": true, "latest": null }));

    let old = kari.must_acquire(resource).await;
    let own = kari.verify(resource, old.token()).await;
    assert_eq!(own["current"], true);
    assert_eq!(own["latest"]["id"], json!(old.id()));

    world.expire_all().await;
    assert_eq!(kari.verify(resource, old.token()).await["current"], true);
    let new = ola.must_acquire(resource).await;
    for _live_then_over in 0..2 {
        let overtaken = kari.verify(resource, old.token()).await;
        assert_eq!(overtaken["current"], false);
        assert_eq!(overtaken["latest"]["lockedByName"], "Ola Hansen");
        assert_eq!(overtaken["latest"]["id"], json!(NIL_LOCK));
        ola.release(new.id()).await;
    }
}
