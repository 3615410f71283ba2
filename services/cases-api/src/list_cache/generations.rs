//! Asks Redis which generation of a page stands, once for all readers of the moment.
//!
//! Every cached read needs this check, so it must not cost a round trip each: while one check is
//! on its way, the next readers gather, and the next check answers all of them. A reader is only
//! ever answered by a check that was sent after it came, so it cannot miss a save that was
//! answered before (I4).

use std::collections::BTreeMap;

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::PageKey;
use super::shared::Shared;

/// Readers that may wait for a check; more wait to be let in.
const MOST_WAITING: usize = 4096;

/// The way to the task that checks.
pub(super) struct Generations(mpsc::Sender<Question>);

struct Question {
    keys: Vec<PageKey>,
    answer: oneshot::Sender<Option<Vec<Option<Uuid>>>>,
}

impl Generations {
    /// Starts the task that checks; it ends when this value is dropped.
    pub(super) fn spawn(shared: Shared) -> Self {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        tokio::spawn(check(shared, receiver));
        Self(sender)
    }

    /// The generation of each page that stands now; `None` when Redis does not say.
    pub(super) async fn current(&self, keys: &[PageKey]) -> Option<Vec<Option<Uuid>>> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Question { keys: keys.to_vec(), answer }).await.ok()?;
        answered.await.ok()?
    }
}

async fn check(shared: Shared, mut questions: mpsc::Receiver<Question>) {
    let mut waiting = Vec::new();
    while questions.recv_many(&mut waiting, MOST_WAITING).await > 0 {
        let mut known: BTreeMap<PageKey, Option<Uuid>> =
            waiting.iter().flat_map(|question| &question.keys).map(|key| (*key, None)).collect();
        let redis_is_up = match shared.generations(known.keys()).await {
            Some(generations) => {
                for (held, generation) in known.values_mut().zip(generations) {
                    *held = generation;
                }
                true
            }
            None => false,
        };
        for Question { keys, answer } in waiting.drain(..) {
            let generations = redis_is_up.then(|| {
                keys.iter().map(|key| known.get(key).copied().flatten()).collect::<Vec<_>>()
            });
            // A reader that has given up wants no answer.
            let _ = answer.send(generations);
        }
    }
}
