//! Gets pages that this process does not hold: from Redis, from another reader, from the database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use domain::ids::BudgetRoundId;
use store::StoreError;
use store::case_lists::{self, CaseQuery, CaseScope};
use telemetry::metric;
use uuid::Uuid;

use super::body::Body;
use super::page::Page;
use super::shared::{Lease, NewPage, StoredPage};
use super::{ListCache, PageKey, count, missing};
use crate::routes::cases::views::BudgetCaseView;

impl ListCache {
    /// Gets pages that this process does not hold, or that it may not use any more.
    pub(super) async fn load(
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
    pub(super) async fn read(
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
}
