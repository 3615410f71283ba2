//! Many callers at the same moment.

use std::cell::Cell;

use futures_util::future::join_all;
use reqwest::StatusCode;
use uuid::Uuid;

use crate::app::{Caller, Lock, TestApp, World, eventually};

/// The requirement's load profile: 30 attempts on one case (`seed-data.md`).
const RACERS: usize = 30;
const ROUNDS: usize = 25;

fn racers(apps: &[TestApp], count: usize) -> Vec<Caller> {
    apps.iter()
        .cycle()
        .take(count)
        .enumerate()
        .map(|(n, app)| app.by(&format!("Nr. {n}")))
        .collect()
}

#[actix_web::test]
async fn i3_of_thirty_racing_callers_exactly_one_gets_the_lock() {
    let world = World::create().await;
    // Two instances, as behind the gateway: nothing but the database may decide.
    let apps = [world.start("a").await, world.start("b").await];
    let racers = racers(&apps, RACERS);
    let resource = Uuid::new_v4();
    let mut last_token = 0;

    for round in 0..ROUNDS {
        let answers = join_all(racers.iter().map(|racer| racer.acquire(resource))).await;

        let (won, lost): (Vec<_>, Vec<_>) =
            answers.iter().zip(&racers).partition(|(answer, _)| answer.status == StatusCode::OK);
        assert_eq!((won.len(), lost.len()), (1, RACERS - 1), "round {round}");
        let (lock, winner) = (Lock(won[0].0.json()), won[0].1);
        for (refused, _) in lost {
            let problem = refused.assert_problem(409, "/problems/lock-held");
            assert_eq!(problem["lockedByName"], winner.actor.identity.name.as_str());
        }
        assert!(lock.token() > last_token, "round {round}: tokens must grow");
        last_token = lock.token();
        // Alternate how the lock comes free, so that takeover races as well.
        match round % 3 {
            0 => winner.release(lock.id()).await,
            1 => apps[0].beacon(lock.id()).await,
            _ => world.expire_all().await,
        }
    }
}

#[actix_web::test]
async fn i3_one_users_racing_tabs_share_one_lock() {
    let world = World::create().await;
    let app = world.start("a").await;
    let kari = app.by("Kari Nordmann");
    for _round in 0..ROUNDS {
        let resource = Uuid::new_v4();
        let locks = join_all((0..8).map(|_tab| kari.must_acquire(resource))).await;
        for lock in &locks {
            assert_eq!((lock.id(), lock.token()), (locks[0].id(), locks[0].token()));
        }
    }
}

#[actix_web::test]
async fn i3_tokens_grow_while_callers_acquire_and_release_without_pause() {
    let world = World::create().await;
    let apps = [world.start("a").await, world.start("b").await];
    let racers = racers(&apps, 8);
    let resource = Uuid::new_v4();
    // Read and written between acquiring and releasing, so that a token which does not grow from
    // one tenure to the next, whoever has them, is seen.
    let last_token = Cell::new(0);

    join_all(racers.iter().map(|racer| async {
        for _attempt in 0..60 {
            let answer = racer.acquire(resource).await;
            if answer.status == StatusCode::OK {
                let lock = Lock(answer.json());
                assert!(lock.token() > last_token.get(), "{} again", lock.token());
                last_token.set(lock.token());
                racer.release(lock.id()).await;
            }
        }
    }))
    .await;

    assert!(last_token.get() > 0);
}

/// The window in which a token could be drawn too early, held open.
#[actix_web::test]
async fn i3_a_caller_who_had_to_wait_gets_a_token_above_all_drawn_meanwhile() {
    let world = World::create().await;
    let app = world.start("a").await;
    let (kari, ola) = (app.by("Kari Nordmann"), app.by("Ola Hansen"));
    let resource = Uuid::new_v4();
    let over = kari.must_acquire(resource).await;
    kari.release(over.id()).await;
    let mut owner = world.database.owner().await;
    let tenure = owner.transaction().await.unwrap();
    tenure.execute("SELECT FROM resource_locks FOR UPDATE", &[]).await.unwrap();

    let waiting = actix_web::rt::spawn(async move { ola.must_acquire(resource).await });
    eventually("the caller waits for the row", || async {
        let blocked = "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) \
                       WHERE NOT granted AND datname = current_database()";
        tenure.query_one(blocked, &[]).await.unwrap().get::<_, i64>(0) == 1
    })
    .await;
    let draw = "UPDATE resource_locks \
                SET fencing_token = nextval('resource_lock_fencing_token') RETURNING fencing_token";
    let drawn: i64 = tenure.query_one(draw, &[]).await.unwrap().get(0);
    tenure.commit().await.unwrap();

    assert!(waiting.await.unwrap().token() > drawn);
}
