//! The pages that all processes share, in Redis.
//!
//! | Key | Holds |
//! |---|---|
//! | `cases:list:{round}:{department}` | generation (16 bytes), both compressed texts |
//! | `…:generation` | the generation that stands |
//! | `…:fill` | the lease of the process that reads the page |
//!
//! Every decision over more than one key is one script, so no other command comes between.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::Bytes;
use edge::redis::commands::{Cmd, cmd, pipe};
use edge::redis::{RETRY, Redis};
use tokio::time::Instant;
use uuid::Uuid;

use super::PageKey;
use super::body::Body;

/// How long a process may take to read a page before another may.
const LEASE: Duration = Duration::from_secs(2);
/// How long to wait for another process before reading the page oneself.
const PATIENCE: Duration = Duration::from_secs(1);
/// Pause between two looks at a page that another process reads.
const GLANCE: Duration = Duration::from_millis(5);
/// How long a generation is kept that nobody asks for; far longer than any page.
const GENERATION_TTL: Duration = Duration::from_hours(24);
/// No page older than this is alive anywhere: its time to live, twice if it was refreshed.
const EVERY_PAGE_IS_GONE_AFTER: Duration = Duration::from_secs(32);
/// Keys: page, generation, lease. Arguments: a new generation, its time to live, the lease's name
/// and duration, and how long a page must still live to do.
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
if redis.call('SET', KEYS[3], ARGV[3], 'NX', 'PX', ARGV[4]) then
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
    /// Changes that Redis has not been told of.
    untold: Arc<Mutex<Vec<(PageKey, Instant)>>>,
}

impl Shared {
    pub(super) fn new(redis: Redis) -> Self {
        Self { redis, holder: Uuid::new_v4(), untold: Arc::default() }
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
        let is_first = {
            let mut untold = self.lock_untold();
            untold.push((key, Instant::now()));
            untold.len() == 1
        };
        if is_first {
            tokio::spawn(self.clone().tell_until_told());
        }
    }

    async fn tell_until_told(self) {
        loop {
            tokio::time::sleep(RETRY).await;
            let untold = {
                let mut untold = self.lock_untold();
                untold.retain(|(_, since)| since.elapsed() < EVERY_PAGE_IS_GONE_AFTER);
                untold.clone()
            };
            let mut commands = pipe();
            for (key, _) in &untold {
                commands.add_command(self.replacement(*key)).ignore();
            }
            if untold.is_empty() || self.redis.insist::<()>(&commands).await.is_ok() {
                let mut left = self.lock_untold();
                let told = untold.len().min(left.len());
                left.drain(..told);
                if left.is_empty() {
                    return;
                }
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

    /// Waits a while for a page that another process is reading.
    pub(super) async fn wait_for(&self, key: PageKey) -> Option<StoredPage> {
        let deadline = Instant::now() + PATIENCE;
        let names = self.names(key);
        let mut look = pipe();
        look.cmd("GET").arg(&names.generation).cmd("GET").arg(&names.page);
        look.cmd("PTTL").arg(&names.page);
        while Instant::now() < deadline {
            tokio::time::sleep(GLANCE).await;
            let begun: Begun = self.redis.pipeline(&look).await.ok()?;
            if let Lease::Filled(page) = lease(begun)
                && page.left > Duration::ZERO
            {
                return Some(page);
            }
        }
        None
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

    fn lock_untold(&self) -> std::sync::MutexGuard<'_, Vec<(PageKey, Instant)>> {
        // A panic between push and drain cannot leave the list half changed.
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
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
