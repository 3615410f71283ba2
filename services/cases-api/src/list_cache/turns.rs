//! Who may read which page: one reader of this process at a time, while those who want the same
//! wait for what it finds.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use store::StoreError;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, timeout_at};

use super::PageKey;

/// How many queues readers stand in; pages share queues by chance.
const QUEUES: u64 = 64;

/// The queues before the pages.
pub(super) struct Turns(Vec<Mutex<()>>);

/// The right to read some pages, until it is dropped.
#[must_use = "a turn that is dropped is over"]
pub(super) struct Turn<'a> {
    pub(super) keys: Vec<PageKey>,
    _queues: BTreeMap<usize, MutexGuard<'a, ()>>,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self((0..QUEUES).map(|_| Mutex::default()).collect())
    }

    /// The turn to read those of some pages that nobody else is reading. When all are being read,
    /// the turn to read the first, as soon as those before us are done. Nobody holds a turn while
    /// waiting for another: otherwise, in front of many pages, each who wants all of them would keep
    /// everybody waiting who wants one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when that takes until `deadline`.
    pub(super) async fn take(
        &self,
        keys: &[PageKey],
        deadline: Instant,
    ) -> Result<Turn<'_>, StoreError> {
        let mut queues = BTreeMap::new();
        for (index, queue) in keys.iter().filter_map(|key| self.queue(key)) {
            if let Ok(guard) = queue.try_lock() {
                queues.insert(index, guard);
            }
        }
        if queues.is_empty()
            && let Some((index, queue)) = keys.first().and_then(|key| self.queue(key))
        {
            let guard = timeout_at(deadline, queue.lock()).await;
            let guard = guard.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
            queues.insert(index, guard);
        }
        let is_ours =
            |key: &PageKey| self.queue(key).is_some_and(|(index, _)| queues.contains_key(&index));
        Ok(Turn { keys: keys.iter().copied().filter(is_ours).collect(), _queues: queues })
    }

    fn queue(&self, key: &PageKey) -> Option<(usize, &Mutex<()>)> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(key);
        let index = usize::try_from(hash % QUEUES).ok()?;
        Some((index, self.0.get(index)?))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    /// Pages that stand in different queues.
    fn pages(turns: &Turns) -> [PageKey; 2] {
        let page = |number| PageKey {
            round: Uuid::from_u128(1).into(),
            department: Uuid::from_u128(number).into(),
        };
        let queue = |key: &PageKey| turns.queue(key).unwrap().0;
        let other = (3..1000).map(page).find(|other| queue(other) != queue(&page(2))).unwrap();
        [page(2), other]
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    #[tokio::test]
    async fn who_wants_several_pages_reads_those_first_that_nobody_else_reads() {
        let turns = Turns::new();
        let [first, second] = pages(&turns);
        let reading = turns.take(&[first], soon()).await.unwrap();
        let turn = turns.take(&[first, second], soon()).await.unwrap();
        assert_eq!(turn.keys, [second]);
        drop(turn);
        drop(reading);
        assert_eq!(turns.take(&[first, second], soon()).await.unwrap().keys, [first, second]);
    }

    #[tokio::test]
    async fn who_waits_for_one_page_keeps_nobody_from_another() {
        let turns = Turns::new();
        let [first, second] = pages(&turns);
        let reading = turns.take(&[first, second], soon()).await.unwrap();
        let both = [first, second];
        let mut waiting = Box::pin(turns.take(&both, Instant::now() + Duration::from_mins(1)));
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        drop(reading);
        assert_eq!(turns.take(&[second], soon()).await.unwrap().keys, [second]);
        assert_eq!(waiting.await.unwrap().keys, [first], "the one it has waited for");
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let turns = Turns::new();
        let [first, _] = pages(&turns);
        let _reading = turns.take(&[first], soon()).await.unwrap();
        let refused = turns.take(&[first], soon()).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    }
}
