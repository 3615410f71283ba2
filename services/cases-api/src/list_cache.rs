//! The case list, read from the database once per department and change (architecture 4).
//!
//! A page holds the unfiltered items of one department in one round, as the bytes that go out.
//! Every list a caller may ask for is cut from pages, so no mix of roles and filters multiplies
//! database work.
//!
//! **Never older than an answered save (I4).** Each page carries the generation it was read under,
//! a random id in Redis that every write replaces before it is answered. A reader takes a page,
//! its own process's or Redis', only if its generation still stands; the check is one round trip
//! that all readers of the moment share ([`generations`]). A fill that a write overtakes is not
//! stored.
//!
//! **One fill for all.** Readers of a missing page queue for it inside the process, and the
//! processes among themselves by a short lease in Redis ([`shared`]).
//!
//! **Nobody waits for a page in demand**, one that somebody has read within four times its time to
//! live. It is read again in the background: shortly before it ends, and at once when a write of
//! this process has made it worthless. So a page costs at most a query for each time to live, as
//! it would with readers, and soon none when it is forgotten.
//!
//! **Redis is optional.** Without it readers who come while the database is being asked share the
//! next answer, and nothing is kept.

mod body;
mod generations;
mod page;
mod reading;
mod refresh;
mod shared;
mod turns;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::{HttpRequest, HttpResponse};
use domain::ids::{BudgetRoundId, DepartmentId};
use edge::redis::Redis;
use metrics::Counter;
use quick_cache::sync::Cache;
use store::StoreError;
use store::pool::Pool;
use telemetry::metric;
use tokio_util::sync::CancellationToken;

use body::Demand;
pub(crate) use body::{Body, BodyKey, Form, compose};
use generations::{Generations, generations};
use page::{Page, PageWeight};
use shared::Shared;
use turns::Turns;

use crate::directory::DirectoryCache;

/// Memory for pages of this process: some thousand departments and rounds.
const PAGES_BYTES: u64 = 64 << 20;
/// Memory for composed lists of this process.
const BODIES_BYTES: u64 = 32 << 20;

/// Names a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PageKey {
    pub(crate) round: BudgetRoundId,
    pub(crate) department: DepartmentId,
}

/// The pages of this process and the way to everybody's.
pub(crate) struct ListCache {
    pool: Pool,
    directory: Arc<DirectoryCache>,
    /// How long a page may be used after it was read, or after its predecessor ended.
    time_to_live: Duration,
    /// Its own time begins here.
    began: Instant,
    shared: Shared,
    generations: Generations,
    pages: Cache<PageKey, Arc<Page>, PageWeight>,
    bodies: Cache<BodyKey, Arc<Body>, body::Weight>,
    encodings: Demand,
    turns: Turns,
    reads: Reads,
}

/// What a reader found in this process.
#[must_use = "what was not found is still to be read"]
pub(crate) struct Held {
    arrived: Instant,
    found: BTreeMap<PageKey, Arc<Page>>,
}

/// How readers got pages: [`metric::LIST_CACHE_READS`] by its label `served`.
struct Reads {
    /// From this process's memory.
    hit: Counter,
    /// From Redis.
    shared_hit: Counter,
    /// Another reader, here or in another process, was reading it already.
    waited: Counter,
    /// By reading it from the database.
    missed: Counter,
}

impl Reads {
    fn new() -> Self {
        let served =
            |how: &'static str| metrics::counter!(metric::LIST_CACHE_READS, "served" => how);
        Self {
            hit: served("hit"),
            shared_hit: served("shared_hit"),
            waited: served("wait"),
            missed: served("miss"),
        }
    }
}

fn count(counter: &Counter, pages: usize) {
    counter.increment(u64::try_from(pages).unwrap_or(u64::MAX));
}

impl ListCache {
    /// An empty cache.
    pub(crate) fn new(
        pool: Pool,
        directory: Arc<DirectoryCache>,
        redis: &Redis,
        time_to_live: Duration,
    ) -> Arc<Self> {
        let shared = Shared::new(redis.clone(), time_to_live);
        Arc::new(Self {
            pool,
            directory,
            time_to_live,
            began: Instant::now(),
            generations: generations(shared.clone()),
            shared,
            pages: Cache::with_weighter(1000, PAGES_BYTES, PageWeight),
            bodies: Cache::with_weighter(1000, BODIES_BYTES, body::Weight),
            encodings: Demand::default(),
            turns: Turns::new(),
            reads: Reads::new(),
        })
    }

    /// Keeps Redis and this process in step until the token is cancelled, and a while longer if
    /// Redis has not been told everything.
    pub(crate) async fn keep_in_touch(self: Arc<Self>, stop: CancellationToken) {
        self.shared.clone().keep_in_touch(stop).await;
    }

    /// Forgets a page everywhere. Called between the commit of a write and its answer (I4).
    pub(crate) async fn forget(self: &Arc<Self>, key: PageKey) {
        let held = self.pages.remove(&key);
        self.shared.replace_generation(key).await;
        if let Some((_, page)) = held
            && self.is_in_demand(&page)
        {
            self.refresh_now(key, page.last_read());
        }
    }

    /// The list that `compose` would make from pages under `key`, composed once.
    pub(crate) fn body(&self, key: &BodyKey, compose: impl FnOnce() -> Body) -> Arc<Body> {
        let composed = self
            .bodies
            .get_or_insert_with(key, || Ok::<_, std::convert::Infallible>(Arc::new(compose())));
        match composed {
            Ok(body) => body,
            Err(never) => match never {},
        }
    }

    /// Answers with a list in the encoding the client likes best.
    pub(crate) fn respond(&self, body: &Body, request: &HttpRequest) -> HttpResponse {
        body.respond(request, &self.encodings, self.now_ms())
    }

    /// Takes the pages with these keys that this process holds and that still stand: the first half
    /// of [`ListCache::pages`], which asks Redis and never the database.
    pub(crate) async fn held(self: &Arc<Self>, keys: &[PageKey]) -> Held {
        let arrived = Instant::now();
        let mut found = BTreeMap::new();
        self.take_held(keys, arrived, &mut found).await;
        Held { arrived, found }
    }

    /// The pages with these keys, in their order, none older than the call that `held` came from.
    ///
    /// # Errors
    ///
    /// When a page has to be read and the database fails.
    pub(crate) async fn pages(
        self: &Arc<Self>,
        keys: &[PageKey],
        Held { arrived, mut found }: Held,
    ) -> Result<Vec<Arc<Page>>, StoreError> {
        count(&self.reads.hit, found.len());
        let missing = missing(keys, &found);
        if !missing.is_empty() {
            self.load(&missing, arrived, &mut found).await?;
        }
        Ok(keys.iter().filter_map(|key| found.get(key).cloned()).collect())
    }

    /// Takes the pages of this process that still stand. Tells whether Redis could say so.
    async fn take_held(
        self: &Arc<Self>,
        keys: &[PageKey],
        arrived: Instant,
        found: &mut BTreeMap<PageKey, Arc<Page>>,
    ) -> bool {
        let generations = self.generations.ask(keys.to_vec()).await.flatten();
        let now_ms = self.now_ms();
        for (index, key) in keys.iter().enumerate() {
            let Some(page) = self.pages.get(key) else { continue };
            let stands = generations.as_ref().is_some_and(|current| {
                page.generation.is_some()
                    && current.get(index).copied().flatten() == page.generation
                    && page.ends > Instant::now()
            });
            page.note_reader(now_ms);
            if stands || page.is_new_to(arrived) {
                found.insert(*key, page);
            }
        }
        generations.is_some()
    }

    /// Takes the pages of this process that were read since a caller came: younger than any save
    /// that it can know of, so that nobody has to be asked.
    fn take_new(
        &self,
        keys: &[PageKey],
        arrived: Instant,
        found: &mut BTreeMap<PageKey, Arc<Page>>,
    ) {
        for key in keys {
            if let Some(page) = self.pages.get(key).filter(|page| page.is_new_to(arrived)) {
                page.note_reader(self.now_ms());
                found.insert(*key, page);
            }
        }
    }

    /// Keeps a page that was last wanted then, or when the one before it was.
    fn hold(self: &Arc<Self>, key: PageKey, page: Page, last_read: u64) -> Arc<Page> {
        let before = self.pages.get(&key).map_or(0, |before| before.last_read());
        page.note_reader(last_read.max(before));
        let page = Arc::new(page);
        self.pages.insert(key, Arc::clone(&page));
        if page.generation.is_some() {
            self.refresh_in_time(key, page.ends);
        }
        page
    }
}

fn missing(keys: &[PageKey], found: &BTreeMap<PageKey, Arc<Page>>) -> Vec<PageKey> {
    keys.iter().filter(|key| !found.contains_key(key)).copied().collect()
}
