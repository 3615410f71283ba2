//! Asks Redis which generation of a page stands, once for all readers of the moment.
//!
//! Every cached read needs this check, so it must not cost a round trip each. A reader is only ever
//! answered by a check that was sent after it came, so it cannot miss a save that was answered
//! before (I4).

use std::collections::BTreeMap;

use edge::batching::Batcher;
use uuid::Uuid;

use super::PageKey;
use super::shared::Shared;

/// Asks for the generations of some pages that stand now, in their order; `None` when Redis does
/// not say.
pub(super) type Generations = Batcher<Vec<PageKey>, Option<Vec<Option<Uuid>>>>;

pub(super) fn generations(shared: Shared) -> Generations {
    Batcher::new(move |readers| {
        let shared = shared.clone();
        async move { check(&shared, &readers).await }
    })
}

async fn check(shared: &Shared, readers: &[Vec<PageKey>]) -> Vec<Option<Vec<Option<Uuid>>>> {
    let mut known: BTreeMap<PageKey, Option<Uuid>> =
        readers.iter().flatten().map(|key| (*key, None)).collect();
    let Some(generations) = shared.generations(known.keys()).await else {
        return vec![None; readers.len()];
    };
    for (held, generation) in known.values_mut().zip(generations) {
        *held = generation;
    }
    let generation_of = |key| known.get(key).copied().flatten();
    readers.iter().map(|keys| Some(keys.iter().map(generation_of).collect())).collect()
}
