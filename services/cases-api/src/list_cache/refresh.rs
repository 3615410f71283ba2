//! Reads pages in demand again in the background, so that nobody waits for them.

use std::sync::Arc;
use std::time::Instant;

use store::StoreError;

use super::page::Page;
use super::shared::{Lease, NewPage};
use super::{ListCache, PageKey};

/// A page in demand is read again when this part of its time is left.
const REFRESH_AHEAD: u32 = 15;
/// A page is in demand so many times as long as it lives. People come back to an overview every
/// quarter or half of a minute; with fewer than a hundred of them a department is seldom asked for
/// twice within one page's time.
const DEMAND: u32 = 4;

impl ListCache {
    /// Has a page read again that a write has just made worthless.
    pub(super) fn refresh_now(self: &Arc<Self>, key: PageKey, last_read: u64) {
        let cache = Arc::clone(self);
        tokio::spawn(async move { cache.refresh(key, Instant::now(), last_read).await });
    }

    /// Has a page that ends then read again in the background when its end is near, if it is in
    /// demand by then.
    pub(super) fn refresh_in_time(self: &Arc<Self>, key: PageKey, ends: Instant) {
        let left = ends.saturating_duration_since(Instant::now());
        let wait = left.saturating_sub(self.time_to_live / REFRESH_AHEAD);
        let cache = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            // What a write of another process has made worthless is that process's to read again.
            if let Some(cache) = cache.upgrade()
                && let Some(page) = cache.pages.get(&key).filter(|page| page.ends == ends)
                && cache.is_in_demand(&page)
                && cache.stands(key, &page).await
            {
                cache.refresh(key, ends, page.last_read()).await;
            }
        });
    }

    pub(super) fn is_in_demand(&self, page: &Page) -> bool {
        page.last_read() >= self.demand_began_ms()
    }

    /// What was last asked for before that is in demand no more.
    pub(super) fn demand_began_ms(&self) -> u64 {
        let span = u64::try_from((self.time_to_live * DEMAND).as_millis()).unwrap_or(u64::MAX);
        self.now_ms().saturating_sub(span)
    }

    /// Milliseconds since the cache began.
    pub(super) fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    async fn stands(&self, key: PageKey, page: &Page) -> bool {
        let current = self.generations.ask(vec![key]).await.flatten();
        let current = current.and_then(|current| current.first().copied().flatten());
        current.is_some() && current == page.generation
    }

    /// Reads a page whose predecessor ends then. The next reader does it if that fails, and is told
    /// if that fails too.
    async fn refresh(self: &Arc<Self>, key: PageKey, ends: Instant, last_read: u64) {
        if let Err(error) = self.try_refresh(key, ends, last_read).await {
            tracing::warn!(error.chain = %edge::error::chain(&error), "list not refreshed");
        }
    }

    async fn try_refresh(
        self: &Arc<Self>,
        key: PageKey,
        ends: Instant,
        last_read: u64,
    ) -> Result<(), StoreError> {
        let ahead = self.time_to_live / REFRESH_AHEAD;
        let deadline = Instant::now() + self.pool.acquire_timeout();
        let _turn = self.turns.take(&[key], deadline.into()).await?;
        let Some(lease) = self.shared.begin_refresh(key, ahead).await else {
            return Ok(());
        };
        match lease {
            Lease::Filled(stored) => {
                // A reader here may have been first. The page it got stays, with its readers.
                let is_held = self.pages.get(&key).is_some_and(|held| {
                    held.generation == Some(stored.generation) && held.ends > Instant::now() + ahead
                });
                if !is_held && let Some(page) = Page::adopt(&stored) {
                    self.hold(key, page, last_read);
                }
            }
            Lease::Others => {}
            Lease::Mine { generation } => {
                // From the end of the old page on, so that looking ahead does not read more often
                // than every `time_to_live`.
                let ends = ends + self.time_to_live;
                for (key, mut page) in self.read(&[key], ends).await? {
                    let time_to_live = ends.saturating_duration_since(Instant::now());
                    let new = NewPage { key, generation, body: &page.body, time_to_live };
                    if self.shared.store(&[new]).await == [true] {
                        page.generation = Some(generation);
                        self.hold(key, page, last_read);
                    }
                }
            }
        }
        Ok(())
    }
}
