//! Reads pages in demand again in the background, so that nobody waits for them.

use std::sync::Arc;
use std::time::Instant;

use store::StoreError;

use super::page::Page;
use super::shared::{Lease, NewPage};
use super::{ListCache, PageKey};

/// A page in demand is read again when this part of its time is left.
const REFRESH_AHEAD: u32 = 15;

impl ListCache {
    /// Has a page read again that a write has just made worthless.
    pub(super) fn refresh_now(self: &Arc<Self>, key: PageKey) {
        let cache = Arc::clone(self);
        tokio::spawn(async move { cache.refresh(key, Instant::now()).await });
    }

    /// Has a page that ends then read again in the background when its end is near.
    pub(super) fn refresh_in_time(self: &Arc<Self>, key: PageKey, ends: Instant) {
        let left = ends.saturating_duration_since(Instant::now());
        let wait = left.saturating_sub(self.time_to_live / REFRESH_AHEAD);
        let cache = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            // What a write, or nobody, has made worthless is not in demand in this process.
            if let Some(cache) = cache.upgrade()
                && cache.stands(key, ends).await
            {
                cache.refresh(key, ends).await;
            }
        });
    }

    /// Whether the page that ends then is still the one that is used.
    async fn stands(&self, key: PageKey, ends: Instant) -> bool {
        let Some(page) = self.pages.get(&key).filter(|page| page.ends == ends) else {
            return false;
        };
        let current = self.generations.ask(vec![key]).await.flatten();
        let current = current.and_then(|current| current.first().copied().flatten());
        current.is_some() && current == page.generation
    }

    /// Reads a page whose predecessor ends then. The next reader does it if that fails, and is told
    /// if that fails too.
    async fn refresh(&self, key: PageKey, ends: Instant) {
        if let Err(error) = self.try_refresh(key, ends).await {
            tracing::warn!(error.chain = %edge::error::chain(&error), "list not refreshed");
        }
    }

    async fn try_refresh(&self, key: PageKey, ends: Instant) -> Result<(), StoreError> {
        let ahead = self.time_to_live / REFRESH_AHEAD;
        let _turn = self.wait_for_turn(&[key]).await;
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
                    self.hold(key, page);
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
                        self.hold(key, page);
                    }
                }
            }
        }
        Ok(())
    }
}
