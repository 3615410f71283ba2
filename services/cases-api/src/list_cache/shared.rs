//! The pages that all processes share, in Redis.
//!
//! | Key | Holds |
//! |---|---|
//! | `cases:list:{round}:{department}` | generation (16 bytes), both compressed texts |
//! | `…:generation` | the generation that stands |
//! | `…:fill` | the lease of the process that reads the page |
//!
//! Every decision over more than one key is one script, so no other command comes between.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::Bytes;
use edge::redis::commands::{Cmd, FromRedisValue, Value, cmd, pipe};
use edge::redis::{RETRY, Redis};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::PageKey;
use super::body::Body;

/// How long a process may take to read a page before another may.
const LEASE: Duration = Duration::from_secs(2);
/// How long to wait for another process before reading the page oneself.
const PATIENCE: Duration = Duration::from_secs(1);
/// Pause between two looks at a page that another process reads.
const GLANCE: Duration = Duration::from_millis(5);
/// How long a generation is kept. A page whose generation has ended is read again, once in that
/// time; and lists of rounds that nobody has leave nothing behind for longer.
const GENERATION_TTL: Duration = Duration::from_mins(30);
/// Pause between two looks whether Redis is there. A process that asks it nothing would not notice
/// that it was away, and that others may still be telling it what they changed meanwhile.
const WATCH: Duration = Duration::from_millis(250);
/// How long a process that ends goes on telling Redis what it could not before.
const FAREWELL: Duration = Duration::from_secs(3);
/// Keys: page, generation, lease. Arguments: a new generation, its time to live, the lease's name
/// and duration, and how long a page must still live to do. Whoever has the lease gets it again: in
/// a process only one reads a page at a time, so the one before has given up.
const BEGIN: &str = r"
local generation = redis.call('GET', KEYS[2])
if not generation then
  generation = ARGV[1]
  redis.call('SET', KEYS[2], generation, 'PX', ARGV[2])
end
local page = redis.call('GET', KEYS[1])
if page and string.sub(page, 1, 16) == generation then
  local left = redis.call('PTTL', KEYS[1])
  if left > tonumber(ARGV[5]) then return {generation, page, left} end
end
local reader = redis.call('GET', KEYS[3])
if not reader or reader == ARGV[3] then
  redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4])
  return {generation, false, 0}
end
return {false, false, 0}";

/// Keys: page, generation, lease. Arguments: the generation the page was read under, the lease's
/// name, the page, its time to live.
const STORE: &str = r"
if redis.call('GET', KEYS[3]) == ARGV[2] then redis.call('DEL', KEYS[3]) end
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return 1";

/// A page as Redis has it.
pub(super) struct StoredPage {
    pub(super) generation: Uuid,
    /// See [`Body::unpack`].
    pub(super) packed: Bytes,
    /// How long it still lives.
    pub(super) left: Duration,
}

/// What a process learns that wants to read a page.
pub(super) enum Lease {
    /// Somebody has read it already.
    Filled(StoredPage),
    /// It is this process's to read, under this generation.
    Mine { generation: Uuid },
    /// Another process is reading it.
    Others,
}

/// A page to store, with the generation it was read under.
pub(super) struct NewPage<'a> {
    pub(super) key: PageKey,
    pub(super) generation: Uuid,
    pub(super) body: &'a Body,
    pub(super) time_to_live: Duration,
}

/// The way to the pages in Redis.
#[derive(Clone)]
pub(super) struct Shared {
    redis: Redis,
    /// Names this process's leases.
    holder: Uuid,
    /// No page older than this is alive anywhere: its time to live, twice if it was refreshed.
    every_page_is_gone_after: Duration,
    untold: Arc<Untold>,
}

/// Changes that Redis has not been told of, and when the latest of each page was.
#[derive(Default)]
struct Untold {
    changes: Mutex<BTreeMap<PageKey, Instant>>,
    grown: Notify,
}

impl Shared {
    pub(super) fn new(redis: Redis, time_to_live: Duration) -> Self {
        let every_page_is_gone_after = 2 * time_to_live + LEASE;
        let (holder, untold) = (Uuid::new_v4(), Arc::default());
        Self { redis, holder, every_page_is_gone_after, untold }
    }

    /// The generations of pages that stand now; `None` when Redis does not say, or does not know
    /// yet what this process has changed, or may not know what others have.
    pub(super) async fn generations(
        &self,
        keys: impl Iterator<Item = &PageKey>,
    ) -> Option<Vec<Option<Uuid>>> {
        if !self.lock_untold().is_empty() || self.redis.may_be_behind() {
            // A probe, so that it is noticed when Redis is back.
            let _ = self.redis.command::<()>(&cmd("PING")).await;
            return None;
        }
        let mut command = cmd("MGET");
        for key in keys {
            command.arg(self.names(*key).generation);
        }
        let found: Vec<Option<Vec<u8>>> = self.redis.together(command).await.ok()?;
        Some(found.iter().map(|bytes| Uuid::from_slice(bytes.as_deref()?).ok()).collect())
    }

    /// Makes every stored page of this key worthless. If Redis is away it is told later; until
    /// then this process does not trust it.
    pub(super) async fn replace_generation(&self, key: PageKey) {
        let mut command = pipe();
        command.add_command(self.replacement(key)).ignore();
        if self.redis.insist::<()>(&command).await.is_ok() {
            return;
        }
        self.lock_untold().insert(key, Instant::now());
        self.untold.grown.notify_one();
    }

    /// Tells Redis what it has not been told, and notices when it is away. When the process ends,
    /// what is left is told a while longer, because nobody else knows of it.
    pub(super) async fn keep_in_touch(self, stop: CancellationToken) {
        let mut watch = tokio::time::interval(WATCH);
        watch.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.untold.grown.notified() => self.tell_until_told(&stop).await,
                // For the breaker, which remembers that it failed.
                _ = watch.tick() => drop(self.redis.command::<()>(&cmd("PING")).await),
            }
        }
        let end = CancellationToken::new();
        let _ = tokio::time::timeout(FAREWELL, self.tell_until_told(&end)).await;
    }

    async fn tell_until_told(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let untold = {
                let mut untold = self.lock_untold();
                untold.retain(|_, since| since.elapsed() < self.every_page_is_gone_after);
                untold.clone()
            };
            if untold.is_empty() {
                return;
            }
            let mut commands = pipe();
            for key in untold.keys() {
                commands.add_command(self.replacement(*key)).ignore();
            }
            if self.redis.insist::<()>(&commands).await.is_ok() {
                // What has changed again meanwhile is told again.
                self.lock_untold().retain(|key, since| untold.get(key) != Some(since));
            } else {
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    /// Asks for pages to read; `None` when Redis does not answer.
    pub(super) async fn begin(&self, keys: &[PageKey]) -> Option<Vec<Lease>> {
        let mut commands = pipe();
        for key in keys {
            commands.add_command(self.beginning(*key, Duration::ZERO));
        }
        let answers: Vec<Begun> = self.redis.pipeline(&commands).await.ok()?;
        Some(answers.into_iter().map(lease).collect())
    }

    /// Asks for a page to read again, unless one is there that lives longer than `longer_than`.
    pub(super) async fn begin_refresh(&self, key: PageKey, longer_than: Duration) -> Option<Lease> {
        self.redis.command(&self.beginning(key, longer_than)).await.ok().map(lease)
    }

    /// Stores pages whose generation still stands, and tells for each whether it does.
    pub(super) async fn store(&self, pages: &[NewPage<'_>]) -> Vec<bool> {
        let mut commands = pipe();
        for page in pages {
            commands.add_command(self.storing(page));
        }
        let stored: Result<Vec<bool>, _> = self.redis.pipeline(&commands).await;
        stored.unwrap_or_else(|_| vec![false; pages.len()])
    }

    /// Waits a while for pages that other processes are reading, and tells which have come. Ends
    /// when nobody reads those that have not.
    pub(super) async fn wait_for(&self, keys: &[PageKey]) -> Vec<(PageKey, StoredPage)> {
        let deadline = Instant::now() + PATIENCE;
        let mut awaited = keys.to_vec();
        let mut came = Vec::new();
        while !awaited.is_empty() && Instant::now() < deadline {
            tokio::time::sleep(GLANCE).await;
            let mut look = pipe();
            for key in &awaited {
                let names = self.names(*key);
                look.cmd("EXISTS").arg(&names.lease);
                look.cmd("GET").arg(&names.generation).cmd("GET").arg(&names.page);
                look.cmd("PTTL").arg(&names.page);
            }
            let Ok(seen) = self.redis.pipeline::<Vec<Value>>(&look).await else { break };
            let mut seen = seen.into_iter();
            awaited.retain(|key| {
                let (is_read, begun) = glance(&mut seen).unwrap_or_default();
                match lease(begun) {
                    Lease::Filled(page) if page.left > Duration::ZERO => {
                        came.push((*key, page));
                        false
                    }
                    _ => is_read,
                }
            });
        }
        came
    }

    fn beginning(&self, key: PageKey, longer_than: Duration) -> Cmd {
        let names = self.names(key);
        let mut command = cmd("EVAL");
        command
            .arg(BEGIN)
            .arg(3)
            .arg(names.page)
            .arg(names.generation)
            .arg(names.lease)
            .arg(Uuid::new_v4().as_bytes())
            .arg(millis(GENERATION_TTL))
            .arg(self.holder.as_bytes())
            .arg(millis(LEASE))
            .arg(millis(longer_than));
        command
    }

    fn storing(&self, page: &NewPage<'_>) -> Cmd {
        let names = self.names(page.key);
        let mut value = page.generation.as_bytes().to_vec();
        value.extend(page.body.pack());
        let mut command = cmd("EVAL");
        command
            .arg(STORE)
            .arg(3)
            .arg(names.page)
            .arg(names.generation)
            .arg(names.lease)
            .arg(page.generation.as_bytes())
            .arg(self.holder.as_bytes())
            .arg(value)
            .arg(millis(page.time_to_live));
        command
    }

    fn replacement(&self, key: PageKey) -> Cmd {
        let mut command = cmd("SET");
        command.arg(self.names(key).generation).arg(Uuid::new_v4().as_bytes());
        command.arg("PX").arg(millis(GENERATION_TTL));
        command
    }

    fn names(&self, PageKey { round, department }: PageKey) -> Names {
        let page = self.redis.key(&format!("cases:list:{round}:{department}"));
        Names { generation: format!("{page}:generation"), lease: format!("{page}:fill"), page }
    }

    fn lock_untold(&self) -> std::sync::MutexGuard<'_, BTreeMap<PageKey, Instant>> {
        // A panic between two changes cannot leave the map half changed.
        self.untold.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Full names of a page's keys.
struct Names {
    page: String,
    generation: String,
    lease: String,
}

/// Generation, page and milliseconds left, as [`BEGIN`] answers.
type Begun = (Option<Vec<u8>>, Option<Vec<u8>>, i64);

/// Whether a page is being read, and the page, from the answers to one look at it.
fn glance(seen: &mut impl Iterator<Item = Value>) -> Option<(bool, Begun)> {
    let (is_read, generation, page, left) =
        (seen.next()?, seen.next()?, seen.next()?, seen.next()?);
    let begun = (from_value(generation)?, from_value(page)?, from_value(left)?);
    Some((from_value(is_read)?, begun))
}

fn from_value<T: FromRedisValue>(value: Value) -> Option<T> {
    T::from_redis_value(value).ok()
}

fn lease((generation, page, left): Begun) -> Lease {
    let generation = generation.and_then(|bytes| Uuid::from_slice(&bytes).ok());
    let Some(generation) = generation else { return Lease::Others };
    match page.map(Bytes::from) {
        Some(page) if page.starts_with(generation.as_bytes()) => Lease::Filled(StoredPage {
            packed: page.slice(generation.as_bytes().len()..),
            left: Duration::from_millis(u64::try_from(left).unwrap_or(0)),
            generation,
        }),
        Some(_) => Lease::Others,
        None => Lease::Mine { generation },
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
