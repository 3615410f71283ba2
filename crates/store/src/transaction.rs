//! Transactions for callers that know nothing of diesel.
//!
//! A use case that reads, decides and writes under one lock belongs to its service, but the
//! connection type's own `transaction` would make every service depend on diesel and wrap its
//! errors in diesel's.

use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};

use crate::error::StoreError;

/// A connection, inside a transaction or not: what every query of this crate takes.
pub type Connection = AsyncPgConnection;

/// Runs `work` in a transaction: committed when it succeeds, rolled back when it fails.
///
/// If the caller's future is dropped half-way, the connection still counts as inside a transaction
/// and the pool closes it instead of lending it out again, which rolls back too.
///
/// # Errors
///
/// The error of `work`; or a [`StoreError`] when the transaction could not begin or commit.
pub async fn transaction<T, E>(
    conn: &mut AsyncPgConnection,
    work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, E>,
) -> Result<T, E>
where
    E: From<StoreError>,
{
    AnsiTransactionManager::begin_transaction(conn).await.map_err(StoreError::from)?;
    match work(conn).await {
        Ok(value) => {
            AnsiTransactionManager::commit_transaction(conn).await.map_err(StoreError::from)?;
            Ok(value)
        }
        Err(error) => {
            // The caller learns why the work failed. A rollback that fails as well leaves the
            // connection marked as broken, and the pool discards it.
            if let Err(rollback) = AnsiTransactionManager::rollback_transaction(conn).await {
                tracing::warn!(error = %rollback, "transaction could not be rolled back");
            }
            Err(error)
        }
    }
}
