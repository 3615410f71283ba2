//! Counts and times of all requests, in the form that `locust/portal_load` judges.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::names;

/// What one kind of answer was called: method, name, and a word if it was a refusal.
type Key = (&'static str, &'static str, Option<&'static str>);

/// Statistics that all users share. Some thousand entries a second need no finer lock.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<Statistics>);

#[derive(Debug, Default)]
struct Statistics {
    entries: BTreeMap<Key, Entry>,
    errors: BTreeMap<(&'static str, &'static str, String), u64>,
}

#[derive(Debug, Default)]
struct Entry {
    count: u64,
    failures: u64,
    longest_ms: u64,
    /// Times in milliseconds, rounded, and how often each came.
    histogram: BTreeMap<u64, u64>,
}

impl Recorder {
    /// Forgets everything: from now on it counts.
    pub(crate) fn reset(&self) {
        *self.statistics() = Statistics::default();
    }

    /// Requests so far.
    pub(crate) fn count(&self) -> u64 {
        self.statistics().entries.values().map(|entry| entry.count).sum()
    }

    /// An answer that was asked for, or expected.
    pub(crate) fn answer(&self, key: Key, took: Duration) {
        self.entry(key, took, None);
    }

    /// An answer nobody expected, or none.
    pub(crate) fn failure(&self, key: Key, took: Duration, error: String) {
        self.entry(key, took, Some(error));
    }

    fn entry(&self, key: Key, took: Duration, error: Option<String>) {
        let mut statistics = self.statistics();
        let entry = statistics.entries.entry(key).or_default();
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        entry.count += 1;
        entry.failures += u64::from(error.is_some());
        entry.longest_ms = entry.longest_ms.max(ms);
        *entry.histogram.entry(rounded_ms(took)).or_default() += 1;
        if let Some(error) = error {
            *statistics.errors.entry((key.0, key.1, error)).or_default() += 1;
        }
    }

    /// The part of the result that is about requests.
    pub(crate) fn describe(&self) -> (Value, Value) {
        let statistics = self.statistics();
        let requests = statistics.entries.iter().map(|((method, name, refusal), entry)| {
            let refusal = refusal.map(|word| format!("{}{word}", names::REFUSED));
            json!({
                "method": method,
                "name": format!("{name}{}", refusal.unwrap_or_default()),
                "count": entry.count,
                "failures": entry.failures,
                "max_ms": entry.longest_ms,
                "histogram": entry.histogram.iter().collect::<Vec<_>>(),
            })
        });
        let errors = statistics.errors.iter().map(|((method, name, error), occurrences)| {
            json!({"method": method, "name": name, "error": error, "occurrences": occurrences})
        });
        (requests.collect(), errors.collect())
    }

    fn statistics(&self) -> MutexGuard<'_, Statistics> {
        // Counting cannot leave anything half done that matters.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rounds as Locust does, so that both kinds of runs are judged alike: to whole milliseconds below
/// 100 ms, then to two digits.
fn rounded_ms(took: Duration) -> u64 {
    let ms = u64::try_from(took.as_micros().saturating_add(500) / 1000).unwrap_or(u64::MAX);
    let step = match ms {
        0..100 => 1,
        100..1000 => 10,
        1000..10_000 => 100,
        _ => 1000,
    };
    ms.saturating_add(step / 2) / step * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_as_locust_rounds_them() {
        let rounded = |micros| rounded_ms(Duration::from_micros(micros));
        assert_eq!([400, 600, 99_400].map(rounded), [0, 1, 99]);
        assert_eq!([104_000, 106_000, 994_000].map(rounded), [100, 110, 990]);
        assert_eq!([1_049_000, 1_051_000, 12_600_000].map(rounded), [1000, 1100, 13_000]);
    }

    #[test]
    fn refusals_have_a_name_of_their_own_and_failures_are_counted() {
        let recorder = Recorder::default();
        recorder.answer(("GET", "/a", None), Duration::from_millis(3));
        recorder.answer(("GET", "/a", Some("429 rate limit")), Duration::from_millis(1));
        recorder.failure(("GET", "/a", None), Duration::from_millis(5), "5xx 503".to_owned());
        let (requests, errors) = recorder.describe();
        assert_eq!(requests[0]["histogram"], json!([[3, 1], [5, 1]]));
        assert_eq!((&requests[0]["count"], &requests[0]["failures"]), (&json!(2), &json!(1)));
        assert_eq!(requests[1]["name"], "/a → 429 rate limit");
        assert_eq!(errors[0]["occurrences"], 1);
        recorder.reset();
        assert_eq!(recorder.count(), 0);
    }
}
