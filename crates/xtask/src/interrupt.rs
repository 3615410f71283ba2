//! Ctrl-C and SIGTERM, noticed between two steps instead of killing us in the middle of one, so
//! that whatever was started can be stopped again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Starts to listen. A second signal of the same kind ends the process at once.
pub(crate) fn install() -> Result<()> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&flag))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&flag)))
            .context("signals cannot be handled")?;
    }
    FLAG.set(flag).map_err(|_| anyhow::anyhow!("signals are already handled"))
}

/// Whether someone asked us to stop.
pub(crate) fn requested() -> bool {
    FLAG.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// Sleeps, and fails if someone asked us to stop meanwhile.
pub(crate) fn pause(duration: Duration) -> Result<()> {
    thread::sleep(duration);
    if requested() {
        bail!("interrupted");
    }
    Ok(())
}
