//! Waits for the signal that ends a process.

use tokio::signal::unix::{SignalKind, signal};

/// Completes at SIGTERM or SIGINT.
///
/// # Errors
/// When the handlers cannot be installed, which only happens at start-up.
pub async fn requested() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
