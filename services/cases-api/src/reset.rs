//! Use case of the demo reset (E90).
//!
//! cases-api may not empty tables, and should not: its role appends history and never deletes it.
//! The reset therefore comes with a login of its own, which only demonstration and development
//! environments are given.

use store::StoreError;
use store::rounds;
use store::seed::{self, SeedError};

use crate::app::AppState;
use crate::list_cache::PageKey;

/// Why the data was not reset.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// This environment has no reset.
    #[error("there is no reset here")]
    Unavailable,
    /// Another reset is in progress.
    #[error("another reset is in progress")]
    Busy,
    /// The reset failed and nothing has changed.
    #[error("the demo data could not be loaded")]
    Failed(#[source] SeedError),
    /// The data was reset, but what was read before it could not be forgotten.
    #[error("what was read before the reset could not be forgotten")]
    NotForgotten(#[source] StoreError),
}

/// Wipes everything and loads the demo data again.
///
/// # Errors
///
/// [`ResetError`]; the data is then as it was, unless the error says otherwise.
pub async fn reset_database(state: &AppState) -> Result<(), ResetError> {
    let url = state.reset_database_url.as_ref().ok_or(ResetError::Unavailable)?;
    let report = seed::reset(url).await.map_err(|error| match error {
        SeedError::Busy => ResetError::Busy,
        other => ResetError::Failed(other),
    })?;
    forget(state).await.map_err(ResetError::NotForgotten)?;
    let rows: u64 = report.tables.iter().map(|table| table.rows).sum();
    tracing::info!(seed.rows = rows, "the database holds {rows} rows of demo data again");
    Ok(())
}

/// Forgets every case list: the ids of the demo data are always the same, so that a list read
/// before the reset would pass for one read after it (I4).
async fn forget(state: &AppState) -> Result<(), StoreError> {
    state.directory.forget().await;
    let directory = state.directory.current().await?;
    for round in rounds::list_rounds(&mut *state.pool.get().await?).await? {
        for department in directory.departments() {
            state.lists.forget(PageKey { round: round.id, department: department.id }).await;
        }
    }
    Ok(())
}
