//! What open windows are told of a job: that it has failed only when it has.

use std::fs;
use std::future::ready;

use domain::export::{ExportField, JobStatus};
use domain::lock::ResourceType;
use edge::config::{RedisConfig, Vars};
use edge::events::{CHANNEL, Event, Happening, publish};
use edge::redis::Redis;
use futures_util::{Stream, StreamExt as _};
use test_support::Stack;
use uuid::Uuid;

use super::bench::Bench;

/// What was told of a job, in order: its status and the step, if any.
type Told = Vec<(String, Option<String>)>;

fn redis_of(bench: &Bench) -> Redis {
    let vars = Vars::from_pairs([
        ("REDIS_URL", Stack::load().redis_url.as_str()),
        ("REDIS_KEY_PREFIX", bench.redis_prefix()),
        ("REDIS_TIMEOUT_MS", "2000"),
    ]);
    Redis::open(&RedisConfig::from_vars(&vars).unwrap()).unwrap()
}

/// All that is published from now on.
async fn listen(redis: &Redis) -> impl Stream<Item = Event> + Unpin + use<> {
    let messages = redis.subscribe(CHANNEL).await.unwrap();
    Box::pin(messages.filter_map(|message| ready(serde_json::from_slice(&message).ok())))
}

/// What has been told of exports so far. Something else is published, and all before it is heard.
async fn told_so_far(redis: &Redis, events: &mut (impl Stream<Item = Event> + Unpin)) -> Told {
    let end =
        Happening::LockReleased { resource_type: ResourceType::Case, resource_id: Uuid::new_v4() };
    publish(redis, end.clone()).await;
    let mut told = Told::new();
    while let Some(event) = events.next().await {
        match event.what {
            Happening::ExportProgress { status, step, .. } => told.push((status, step)),
            what if what == end => break,
            _ => {}
        }
    }
    told
}

fn failures(told: &Told) -> usize {
    told.iter().filter(|(status, _)| status == "failed").count()
}

#[actix_rt::test]
async fn i5_an_attempt_that_will_be_repeated_is_told_as_waiting_and_not_as_failed() {
    let (mut bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let redis = redis_of(&bench);
    let mut events = listen(&redis).await;
    let obstacle = bench.blobs.path().join("exports");
    fs::write(&obstacle, "in the way").unwrap();
    bench.start_relay();
    let worker = bench.worker("one").await;
    let id = bench.accept(&actor, &ExportField::DEFAULT).await;
    bench.wait_for(id, JobStatus::Failed).await;
    worker.shut_down().await.unwrap();

    let told = told_so_far(&redis, &mut events).await;
    let waiting = ("processing".to_owned(), Some("Venter på nytt forsøk".to_owned()));
    assert_eq!(told.iter().filter(|told| **told == waiting).count(), 4, "{told:?}");
    assert_eq!(failures(&told), 1, "{told:?}");
    assert_eq!(told.last(), Some(&("failed".to_owned(), None)), "{told:?}");
}

#[actix_rt::test]
async fn i5_a_job_whose_last_worker_died_is_told_as_failed_by_whoever_finds_it() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let redis = redis_of(&bench);
    let mut events = listen(&redis).await;
    let id = bench.accept(&actor, &ExportField::DEFAULT).await;
    bench
        .execute(
            "UPDATE export_jobs SET status = 'processing', attempts = 5, claimed_by = 'dead',
                 lease_until = now() - interval '1 second'",
        )
        .await;
    let worker = bench.worker("one").await;
    for _ in 0..2 {
        bench.publish(id).await;
    }
    bench.wait_for(id, JobStatus::Failed).await;
    bench.wait_for_messages(queue::EXPORT_QUEUE, 0).await;
    worker.shut_down().await.unwrap();

    let told = told_so_far(&redis, &mut events).await;
    assert_eq!(told, [("failed".to_owned(), None)], "once, however often it was asked for");
}

#[actix_rt::test]
async fn i5_a_worker_that_lost_its_claim_tells_nothing_of_the_job() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let redis = redis_of(&bench);
    let mut events = listen(&redis).await;
    let worker = bench.worker("slow").await;
    bench.hold_up().await;
    let id = bench.order(&actor, &ExportField::DEFAULT).await;
    bench.wait_for(id, JobStatus::Processing).await;
    bench
        .execute(
            "UPDATE export_jobs SET attempts = 2, claimed_by = 'heir',
                 lease_until = now() + interval '1 hour'",
        )
        .await;
    bench.let_go().await;
    worker.shut_down().await.unwrap();

    let told = told_so_far(&redis, &mut events).await;
    assert_eq!(failures(&told), 0, "{told:?}");
}

#[actix_rt::test]
async fn a_job_that_its_owner_cancels_is_told_as_failed_to_the_other_windows() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let redis = redis_of(&bench);
    let mut events = listen(&redis).await;
    let worker = bench.worker("one").await;
    bench.hold_up().await;
    let id = bench.order(&actor, &ExportField::DEFAULT).await;
    bench.wait_for(id, JobStatus::Processing).await;
    assert!(bench.cancel(id).await);
    bench.let_go().await;
    worker.shut_down().await.unwrap();

    let told = told_so_far(&redis, &mut events).await;
    assert_eq!(told.last(), Some(&("failed".to_owned(), None)), "{told:?}");
}
