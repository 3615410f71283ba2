//! What polls are answered from: the state of a lock, kept in Redis for a few seconds, and the
//! events that make most polls needless (architecture 4, 5 and 7).
//!
//! The database decides who holds a lock and this never does. A state is replaced by every change
//! and never by an older one: the fencing token orders them. Without Redis every poll asks the
//! database.

use std::time::Duration;

use edge::events::{Event, Happening, publish_all};
use edge::redis::Redis;
use edge::redis::commands::cmd;
use serde::{Deserialize, Serialize};
use store::locks::{LockRow, LockedResource};
use telemetry::metric;

/// How long a state is kept (contract 1.6).
const TIME_TO_LIVE: Duration = Duration::from_secs(5);
/// Digits of a fencing token, so that texts sort as numbers do.
const TOKEN_DIGITS: usize = 19;
/// Keeps a state unless a later one is kept already.
const KEEP: &str = r"
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, 19) > string.sub(ARGV[1], 1, 19) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
";

/// A state as it is kept.
#[derive(Serialize, Deserialize)]
struct Status {
    lock: Option<LockRow>,
}

/// A poll's state, if it is known.
pub(crate) async fn find(redis: &Redis, resource: LockedResource) -> Option<Option<LockRow>> {
    let kept: Option<String> = redis.command(cmd("GET").arg(key(redis, resource))).await.ok()?;
    let status: Option<Status> =
        kept.and_then(|kept| serde_json::from_str(kept.get(TOKEN_DIGITS..)?).ok());
    let outcome = if status.is_some() { "hit" } else { "miss" };
    metrics::counter!(metric::LOCK_STATUS_READS, "outcome" => outcome).increment(1);
    Some(status?.lock)
}

/// Keeps what a poll has found, unless something is kept already: that is at least as new.
pub(crate) async fn remember(redis: &Redis, resource: LockedResource, lock: Option<&LockRow>) {
    let Some(kept) = written(lock.map_or(0, |lock| lock.fencing_token.get()), lock) else { return };
    let mut keep = cmd("SET");
    keep.arg(key(redis, resource)).arg(kept).arg("NX").arg("PX").arg(millis(lock));
    let _ = redis.command::<()>(&keep).await;
}

/// Keeps the state after a change, and tells listeners if it begins or ends a tenure.
pub(crate) async fn announce(
    redis: &Redis,
    resource: LockedResource,
    lock: &LockRow,
    change: Change,
) {
    let live = matches!(change, Change::Begun | Change::Renewed).then_some(lock);
    let keep = async {
        let Some(kept) = written(lock.fencing_token.get(), live) else { return };
        let mut keep = cmd("EVAL");
        keep.arg(KEEP).arg(1).arg(key(redis, resource)).arg(kept).arg(millis(live));
        let _ = redis.command::<()>(&keep).await;
    };
    let happening = match change {
        Change::Begun => Some(Happening::LockTaken {
            resource_type: resource.kind,
            resource_id: resource.id,
            locked_by_name: lock.locked_by_name.clone(),
        }),
        Change::Renewed | Change::HandedBack => None,
        Change::Ended => {
            Some(Happening::LockReleased { resource_type: resource.kind, resource_id: resource.id })
        }
    };
    let events: Vec<Event> = happening.into_iter().map(Event::now).collect();
    let tell = async {
        if !events.is_empty() {
            publish_all(redis, &events).await;
        }
    };
    tokio::join!(keep, tell);
}

/// What has become of a tenure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It has begun.
    Begun,
    /// It lasts longer.
    Renewed,
    /// It is over.
    Ended,
    /// It is anybody's to take, and its holder's with the next heartbeat: nothing to tell yet.
    HandedBack,
}

fn written(token: i64, lock: Option<&LockRow>) -> Option<String> {
    let status = serde_json::to_string(&Status { lock: lock.cloned() }).ok()?;
    Some(format!("{token:019}{status}"))
}

/// Not longer than the lock itself, as far as the clocks of this machine and the database agree.
fn millis(lock: Option<&LockRow>) -> u64 {
    let left = lock.and_then(|lock| (lock.expires_at - chrono::Utc::now()).to_std().ok());
    let kept = left.map_or(TIME_TO_LIVE, |left| left.min(TIME_TO_LIVE));
    u64::try_from(kept.as_millis()).unwrap_or(u64::MAX).max(1)
}

fn key(redis: &Redis, resource: LockedResource) -> String {
    redis.key(&format!("lock:{}:{}", resource.kind.as_str(), resource.id))
}
