//! What clients are told when events are lost, late or too many. Nothing here waits: what has not
//! been said yet will not be.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use domain::ids::{DepartmentId, UserId};
use domain::lock::ResourceType;
use domain::role::Role;
use edge::config::{RedisConfig, Vars};
use futures_util::future::{pending, ready};
use tokio::sync::broadcast::Sender;

use super::*;

/// A hub, and how often it asked who may know of an event.
fn hub_with(answer: impl Fn() -> Answer + Send + Sync + 'static) -> (Arc<Hub>, Arc<AtomicUsize>) {
    let vars = Vars::from_pairs([("REDIS_URL", "redis://127.0.0.1:1")]);
    let redis = Redis::open(&RedisConfig::from_vars(&vars).unwrap()).unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let ask = move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        answer()
    };
    (Hub::asking(redis, Box::new(ask)), asked)
}

/// A hub whose events are for everybody here.
fn hub() -> (Arc<Hub>, Arc<AtomicUsize>) {
    hub_with(|| ready(Ok(Some(Audience::Lists))).boxed())
}

fn somebody() -> Viewer {
    let user_id = UserId::from(Uuid::new_v4());
    Viewer { user_id, role: Role::Administrator, department_id: DepartmentId::nil() }
}

fn event() -> Arc<Heard> {
    let resource_id = Uuid::new_v4();
    let resource_type = ResourceType::DepartmentList;
    Arc::new(Event::now(Happening::LockReleased { resource_type, resource_id }).into())
}

fn news() -> (Sender<News>, broadcast::Receiver<News>) {
    broadcast::channel(WAITING)
}

/// What is said on the channel, handed on to the last.
async fn say(hub: &Hub, said: impl IntoIterator<Item = News>) {
    let (sender, receiver) = news();
    for one in said {
        assert!(sender.send(one).is_ok());
    }
    drop(sender);
    hub.hand_on(receiver).await;
}

/// Names of the events that a client has been sent, in order, and the ids of those that have one.
fn told(stream: impl Stream<Item = Bytes>) -> Vec<String> {
    let mut stream = pin!(stream);
    let mut text = String::new();
    while let Some(Some(bytes)) = stream.next().now_or_never() {
        text.push_str(std::str::from_utf8(&bytes).unwrap());
    }
    let lines = text.lines().filter_map(|line| {
        line.strip_prefix("id: ")
            .or_else(|| line.strip_prefix("event: ").filter(|e| *e == "resync"))
    });
    lines.map(str::to_owned).collect()
}

fn ids(events: &[Arc<Heard>]) -> Vec<String> {
    events.iter().map(|event| event.id.to_string()).collect()
}

#[actix_rt::test]
async fn who_comes_back_across_a_gap_of_the_channel_reads_all_again() {
    let (hub, _) = hub();
    let there = hub.join(somebody(), None).await.unwrap();
    let (before, after) = (event(), event());
    let said = [News::Event(Arc::clone(&before)), News::Gap, News::Event(Arc::clone(&after))];
    say(&hub, said).await;
    let back = hub.join(somebody(), Some(before.id)).await.unwrap();
    assert_eq!(told(back), ["resync"]);
    assert_eq!(told(there), [&before.id.to_string(), "resync", &after.id.to_string()]);
}

#[actix_rt::test]
async fn i7_an_event_that_the_database_could_not_be_asked_about_makes_all_read_again() {
    let is_away = Arc::new(AtomicBool::new(false));
    let away = Arc::clone(&is_away);
    let (hub, asked) = hub_with(move || {
        let is_away = away.load(Ordering::Relaxed).then(|| StoreError::Unavailable("away".into()));
        ready(is_away.map_or(Ok(Some(Audience::Lists)), Err)).boxed()
    });
    let there = hub.join(somebody(), None).await.unwrap();
    let (before, after) = (event(), event());
    say(&hub, [News::Event(Arc::clone(&before))]).await;
    is_away.store(true, Ordering::Relaxed);
    // Those that wait behind it are covered by the same word, and cost no wait of their own.
    say(&hub, [event(), event(), event()].map(News::Event)).await;
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    is_away.store(false, Ordering::Relaxed);
    say(&hub, [News::Event(Arc::clone(&after))]).await;

    let back = hub.join(somebody(), Some(before.id)).await.unwrap();
    assert_eq!(told(back), ["resync"]);
    assert_eq!(told(there), [&before.id.to_string(), "resync", &after.id.to_string()]);
}

#[actix_rt::test]
async fn events_that_come_faster_than_they_are_handed_on_are_dropped_and_all_read_again() {
    let (hub, asked) = hub();
    let there = hub.join(somebody(), None).await.unwrap();
    let (sender, receiver) = news();
    let flood: Vec<_> = (0..=WAITING).map(|_| event()).collect();
    for one in &flood {
        assert!(sender.send(News::Event(Arc::clone(one))).is_ok());
    }
    let mut handing_on = pin!(hub.hand_on(receiver));
    assert!(handing_on.as_mut().now_or_never().is_none(), "it waits for more");
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    let next = event();
    assert!(sender.send(News::Event(Arc::clone(&next))).is_ok());
    drop(sender);
    handing_on.await;

    let back = hub.join(somebody(), flood.last().map(|event| event.id)).await.unwrap();
    assert_eq!(told(back), ["resync"]);
    assert_eq!(told(there), ["resync", &next.id.to_string()]);
}

#[actix_rt::test]
async fn many_clients_that_come_back_at_once_ask_once_about_each_event() {
    let (hub, asked) = hub();
    let events: Vec<_> = (0..=MOST_ASKED).map(|_| event()).collect();
    say(&hub, events.iter().cloned().map(News::Event)).await;
    assert_eq!(asked.load(Ordering::Relaxed), 0, "nobody is there");
    for _client in 0..100 {
        let back = hub.join(somebody(), Some(events[0].id)).await.unwrap();
        assert_eq!(told(back), ids(&events[1..]));
    }
    assert_eq!(asked.load(Ordering::Relaxed), MOST_ASKED);
}

#[actix_rt::test]
async fn what_others_have_heard_is_replayed_in_full_without_a_question() {
    let (hub, asked) = hub();
    let there = hub.join(somebody(), None).await.unwrap();
    let events: Vec<_> = (0..40).map(|_| event()).collect();
    say(&hub, events.iter().cloned().map(News::Event)).await;
    assert_eq!(told(there), ids(&events));
    let back = hub.join(somebody(), Some(events[0].id)).await.unwrap();
    assert_eq!(told(back), ids(&events[1..]));
    assert_eq!(asked.load(Ordering::Relaxed), events.len());
}

#[actix_rt::test]
async fn who_has_missed_more_than_may_be_asked_about_reads_all_again() {
    let (hub, asked) = hub();
    let events: Vec<_> = (0..MOST_ASKED + 2).map(|_| event()).collect();
    say(&hub, events.iter().cloned().map(News::Event)).await;
    let back = hub.join(somebody(), Some(events[0].id)).await.unwrap();
    assert_eq!(told(back), ["resync"]);
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}

#[actix_rt::test]
async fn a_client_that_hangs_up_while_its_missed_events_are_looked_up_leaves_nothing_behind() {
    let (hub, _) = hub_with(|| pending().boxed());
    let events = [event(), event()];
    say(&hub, events.iter().cloned().map(News::Event)).await;
    assert!(hub.join(somebody(), Some(events[0].id)).now_or_never().is_none());
    assert!(hub.lock().clients.is_empty());
}
