//! Names that tell their age, and asynchronous work in `Drop`.
//!
//! A test that panics still drops its values, but one that is killed does not. Names therefore carry the
//! time they were made, and whoever comes later removes what is too old to be in use.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

/// Age after which something made by a test belongs to nobody; no test runs this long.
const ABANDONED_AFTER: Duration = Duration::from_hours(1);

/// A fresh name: `prefix`, the second it was made, and something random.
pub(crate) fn dated_name(prefix: &str) -> String {
    let random = Uuid::new_v4().simple().to_string();
    format!("{prefix}{}_{random}", now().as_secs())
}

/// Tells whether `name` was made by [`dated_name`] with this prefix, too long ago to be in use.
pub(crate) fn is_abandoned(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix)
        .and_then(|rest| rest.split_once('_'))
        .and_then(|(made_at, _)| made_at.parse().ok())
        .is_some_and(|made_at| now().saturating_sub(Duration::from_secs(made_at)) > ABANDONED_AFTER)
}

/// Runs `work` to its end from a place that cannot await.
///
/// It gets a thread and a runtime of its own: the test's runtime may be single-threaded and is busy
/// dropping us. A failure is printed and not raised, because a panic inside a panic aborts the process.
pub(crate) fn block_on<F>(what: &str, work: impl FnOnce() -> F + Send + 'static)
where
    F: Future<Output = Result<(), String>>,
{
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| error.to_string())?.block_on(work())
    };
    match thread::spawn(run).join() {
        Ok(Ok(())) => {}
        Ok(Err(error)) => eprintln!("{what}: {error}"),
        Err(_) => eprintln!("{what}: panicked"),
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_names_of_ours_are_abandoned() {
        assert!(!is_abandoned(&dated_name("portal_test_"), "portal_test_"));
        assert!(is_abandoned("portal_test_1000_x", "portal_test_"));
        assert!(!is_abandoned("portal", "portal_test_"));
        assert!(!is_abandoned("portal_test_template", "portal_test_"));
    }
}
