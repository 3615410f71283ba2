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
use store::case_lists::{self, CaseQuery, CaseScope};
use store::pool::Pool;
use telemetry::metric;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use body::Demand;
pub(crate) use body::{Body, BodyKey, Form, compose};
use generations::{Generations, generations};
use page::{Page, PageWeight};
use shared::{Lease, NewPage, Shared, StoredPage};
use turns::Turns;

use crate::directory::DirectoryCache;
use crate::routes::cases::views::BudgetCaseView;

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

    /// Gets pages that this process does not hold, or that it may not use any more.
    async fn load(
        self: &Arc<Self>,
        keys: &[PageKey],
        arrived: Instant,
        found: &mut BTreeMap<PageKey, Arc<Page>>,
    ) -> Result<(), StoreError> {
        // As long as a caller would wait for a connection: those in front wait for no more.
        let deadline = arrived + self.pool.acquire_timeout();
        let mut wanted = keys.to_vec();
        while !wanted.is_empty() {
            let turn = self.turns.take(&wanted, deadline.into()).await?;
            self.use_turn(&turn.keys, arrived, found).await?;
            drop(turn);
            wanted = missing(&wanted, found);
        }
        Ok(())
    }

    /// Gets pages that it is our turn to read.
    async fn use_turn(
        self: &Arc<Self>,
        keys: &[PageKey],
        arrived: Instant,
        found: &mut BTreeMap<PageKey, Arc<Page>>,
    ) -> Result<(), StoreError> {
        // Those in front of us wanted the same; whoever waited for them needs no word from Redis.
        let before = found.len();
        self.take_new(keys, arrived, found);
        let mut wanted = missing(keys, found);
        let redis_is_up = !wanted.is_empty() && self.take_held(&wanted, arrived, found).await;
        count(&self.reads.waited, found.len() - before);
        wanted = missing(keys, found);
        if wanted.is_empty() {
            return Ok(());
        }
        let may_keep = redis_is_up && !self.time_to_live.is_zero();
        let leases = if may_keep { self.shared.begin(&wanted).await } else { None };
        let Some(leases) = leases else {
            count(&self.reads.missed, wanted.len());
            return self.fill(&wanted, &BTreeMap::new(), found).await;
        };
        let mut mine = BTreeMap::new();
        let others = self.use_leases(&wanted, leases, &mut mine, found);
        if !others.is_empty() {
            let came = self.shared.wait_for(&others).await;
            count(&self.reads.waited, self.adopt(came, found));
            // Whoever was reading the rest has died or takes too long; the first can be known.
            let left = missing(&others, found);
            if !left.is_empty()
                && let Some(leases) = self.shared.begin(&left).await
            {
                self.use_leases(&left, leases, &mut mine, found);
            }
        }
        wanted = missing(&wanted, found);
        count(&self.reads.missed, wanted.len());
        self.fill(&wanted, &mine, found).await
    }

    /// Takes what is there already and notes what is ours to read; returns what others are reading.
    fn use_leases(
        self: &Arc<Self>,
        keys: &[PageKey],
        leases: Vec<Lease>,
        mine: &mut BTreeMap<PageKey, Uuid>,
        found: &mut BTreeMap<PageKey, Arc<Page>>,
    ) -> Vec<PageKey> {
        let (mut there, mut others) = (Vec::new(), Vec::new());
        for (key, lease) in keys.iter().zip(leases) {
            match lease {
                Lease::Filled(stored) => there.push((*key, stored)),
                Lease::Mine { generation } => drop(mine.insert(*key, generation)),
                Lease::Others => others.push(*key),
            }
        }
        count(&self.reads.shared_hit, self.adopt(there, found));
        others
    }

    /// Keeps pages that other processes have read, and says how many could be.
    fn adopt(
        self: &Arc<Self>,
        stored: Vec<(PageKey, StoredPage)>,
        found: &mut BTreeMap<PageKey, Arc<Page>>,
    ) -> usize {
        let before = found.len();
        for (key, stored) in stored {
            if let Some(page) = Page::adopt(&stored) {
                found.insert(key, self.hold(key, page, self.now_ms()));
            }
        }
        found.len() - before
    }

    /// Reads pages from the database, all in one query, and stores those that this process has the
    /// lease for.
    async fn fill(
        self: &Arc<Self>,
        keys: &[PageKey],
        leases: &BTreeMap<PageKey, Uuid>,
        found: &mut BTreeMap<PageKey, Arc<Page>>,
    ) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut pages = self.read(keys, Instant::now() + self.time_to_live).await?;
        let mine: Vec<NewPage<'_>> = pages
            .iter()
            .filter_map(|(key, page)| {
                let generation = *leases.get(key)?;
                let time_to_live = self.time_to_live;
                Some(NewPage { key: *key, generation, body: &page.body, time_to_live })
            })
            .collect();
        let kept: BTreeMap<PageKey, Uuid> = if mine.is_empty() {
            BTreeMap::new()
        } else {
            let stored = self.shared.store(&mine).await;
            let stored = mine.iter().zip(stored).filter(|(_, is_stored)| *is_stored);
            stored.map(|(page, _)| (page.key, page.generation)).collect()
        };
        for (key, page) in &mut pages {
            // Without a generation when a save has overtaken it: then it is good for those who
            // wait now, and for nobody after them.
            page.generation = kept.get(key).copied();
        }
        let now = self.now_ms();
        found.extend(pages.into_iter().map(|(key, page)| (key, self.hold(key, page, now))));
        Ok(())
    }

    /// Reads pages in one query for each round, of which there is one.
    async fn read(
        &self,
        keys: &[PageKey],
        ends: Instant,
    ) -> Result<Vec<(PageKey, Page)>, StoreError> {
        let begun = Instant::now();
        count(&metrics::counter!(metric::LIST_CACHE_FILLS), keys.len());
        let mut by_round: BTreeMap<BudgetRoundId, Vec<Uuid>> = BTreeMap::new();
        for key in keys {
            by_round.entry(key.round).or_default().push(key.department.into());
        }
        let mut rows: BTreeMap<PageKey, Vec<BudgetCaseView>> =
            keys.iter().map(|key| (*key, Vec::new())).collect();
        let mut conn = self.pool.get().await?;
        for (round, departments) in by_round {
            let query = CaseQuery {
                budget_round_id: Some(round),
                departments: Some(departments),
                ..CaseQuery::new(CaseScope::Everything)
            };
            let cases = case_lists::list_cases(&mut conn, &query).await?;
            for case in self.directory.name_all(&mut conn, cases).await? {
                let department = case.case.department_id.into();
                if let Some(items) = rows.get_mut(&PageKey { round, department }) {
                    items.push(BudgetCaseView::from(case));
                }
            }
        }
        drop(conn);
        let likely = self.encodings.since(self.demand_began_ms());
        // Compressing a long list takes milliseconds that other requests of this thread would wait.
        tokio::task::spawn_blocking(move || {
            let page = |items: Vec<BudgetCaseView>| -> serde_json::Result<Page> {
                Page::read(Body::compressed(&items, likely)?, begun, ends)
            };
            let pages = rows.into_iter().map(|(key, items)| Ok((key, page(items)?)));
            pages.collect::<serde_json::Result<Vec<_>>>()
        })
        .await
        .map_err(StoreError::corrupt)?
        .map_err(StoreError::corrupt)
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
