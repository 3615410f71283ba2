//! Keeps the table small and the gauge of live locks current.
//!
//! Nothing depends on it for correctness: every read and write of a lock ignores what is over.

use std::time::Duration;

use domain::lock::ResourceType;
use store::StoreError;
use store::pool::Pool;
use telemetry::metric;
use tokio::time::MissedTickBehavior;

use crate::config::LockConfig;

/// A row that is over stays at least this long: longer than any statement of the role may run
/// (`statement_timeout`), which is what makes fencing tokens grow (see [`store::locks`]).
pub const SHORTEST_RETENTION: Duration = Duration::from_mins(1);

/// Sweeps for ever. Meant to be spawned.
pub async fn run(pool: Pool, config: LockConfig) {
    let mut ticks = tokio::time::interval(config.sweep_interval);
    // After a pause there is one sweep to do, not as many as were missed.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = sweep(&pool, config.lease.max(SHORTEST_RETENTION)).await {
            tracing::warn!(error.chain = %edge::error::chain(&error), "locks were not swept");
        }
    }
}

async fn sweep(pool: &Pool, retention: Duration) -> Result<(), StoreError> {
    let mut conn = pool.get().await?;
    let deleted = store::locks::delete_dead_locks(&mut conn, retention).await?;
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
