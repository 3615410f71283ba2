//! What must happen when a case has changed, whichever way it was changed.
//!
//! Between the commit of a change and its answer the case's list is forgotten, so that no reader
//! sees the older case after the writer has been answered (I4), and listeners are told. Every write
//! path ends here.

use std::sync::Arc;

use domain::ids::CaseId;
use edge::events::{Event, Happening, publish_all};
use edge::redis::Redis;
use telemetry::metric;

use crate::list_cache::{ListCache, PageKey};

/// Where changes are made known.
pub(crate) struct Changes {
    lists: Arc<ListCache>,
    redis: Redis,
}

impl Changes {
    pub(crate) fn new(lists: Arc<ListCache>, redis: Redis) -> Self {
        Self { lists, redis }
    }

    /// Makes committed changes of cases of one list known: each case, and the version that the
    /// change made, if it made one.
    pub(crate) async fn announce(
        &self,
        list: PageKey,
        cases: impl IntoIterator<Item = (CaseId, Option<i32>)>,
    ) {
        let saved = |(case_id, version)| {
            metrics::counter!(metric::CASE_CHANGES).increment(1);
            Event::now(Happening::CaseSaved {
                case_id,
                budget_round_id: list.round,
                department_id: list.department,
                version,
            })
        };
        let saved: Vec<Event> = cases.into_iter().map(saved).collect();
        tokio::join!(self.lists.forget(list), publish_all(&self.redis, &saved));
    }
}
