//! Use case of the demo reset (E90).
//!
//! cases-api may not empty tables, and should not: its role appends history and never deletes it.
//! The reset therefore comes with a login of its own, which only demonstration and development
//! environments are given.

use secrecy::SecretString;
use store::seed::{self, SeedError};

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
}

/// Wipes everything and loads the demo data again.
///
/// # Errors
///
/// [`ResetError`]; the data is then as it was.
pub async fn reset_database(url: Option<&SecretString>) -> Result<(), ResetError> {
    let url = url.ok_or(ResetError::Unavailable)?;
    let report = seed::reset(url).await.map_err(|error| match error {
        SeedError::Busy => ResetError::Busy,
        other => ResetError::Failed(other),
    })?;
    let rows: u64 = report.tables.iter().map(|table| table.rows).sum();
    tracing::info!(seed.rows = rows, "the database holds {rows} rows of demo data again");
    Ok(())
}
