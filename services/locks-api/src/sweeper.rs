//! Keeps the table small and the gauge of live locks current.
//!
//! Every read and write of a lock ignores what is over, except the check of a fencing token, which
//! asks who came last: [`RETENTION`] is made for that.

use std::time::Duration;

use domain::lock::ResourceType;
use store::StoreError;
use store::pool::Pool;
use telemetry::metric;
use tokio::time::MissedTickBehavior;

use crate::config::LockConfig;

/// How long a row that is over stays. While it does, an overtaken fencing token is known to be one:
/// so longer than any page lies open with a token, whose user signs in anew every day. There is one
/// small row for each resource at most, so it costs next to nothing.
///
/// Also longer than any statement of the role may run (`statement_timeout`), which is what makes
/// tokens grow (see [`store::locks`]).
pub const RETENTION: Duration = Duration::from_hours(30 * 24);

/// Sweeps for ever. Meant to be spawned.
pub async fn run(pool: Pool, config: LockConfig) {
    let mut ticks = tokio::time::interval(config.sweep_interval);
    // After a pause there is one sweep to do, not as many as were missed.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = sweep(&pool).await {
            tracing::warn!(error.chain = %edge::error::chain(&error), "locks were not swept");
        }
    }
}

async fn sweep(pool: &Pool) -> Result<(), StoreError> {
    let mut conn = pool.get().await?;
    let deleted = store::locks::delete_dead_locks(&mut conn, RETENTION).await?;
    if deleted > 0 {
        tracing::info!(lock.deleted = deleted, "deleted {deleted} locks that were long over");
    }
    let counts = store::locks::count_live_locks(&mut conn).await?;
    for kind in ResourceType::ALL {
        let live = counts.iter().find(|(name, _)| name == kind.as_str()).map_or(0, |(_, n)| *n);
        // A gauge is a float; beyond 4 billion locks its exact value is of no interest.
        let live = f64::from(u32::try_from(live).unwrap_or(u32::MAX));
        metrics::gauge!(metric::LOCKS_ACTIVE, "resource_type" => kind.as_str()).set(live);
    }
    Ok(())
}
