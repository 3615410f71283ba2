//! Transactions for callers that know nothing of diesel.
//!
//! A use case that reads, decides and writes under one lock belongs to its service, but the
//! connection type's own `transaction` would make every service depend on diesel and wrap its
//! errors in diesel's.

use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};
use futures_util::future::join;

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

/// The answers to two statements that are sent one behind the other, without waiting between.
///
/// When both fail, the error is the first one's, in whatever order their answers are noticed: in a
/// transaction the second fails because the first did, and knows nothing of the reason.
pub(crate) async fn both<A, B, E>(
    first: impl Future<Output = Result<A, E>>,
    second: impl Future<Output = Result<B, E>>,
) -> Result<(A, B), E> {
    let (first, second) = join(first, second).await;
    Ok((first?, second?))
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    #[tokio::test]
    async fn i8_the_first_statement_says_why_both_failed_also_when_it_is_noticed_last() {
        let first = async {
            tokio::task::yield_now().await;
            Err::<(), _>("there is a list already")
        };
        let second = ready(Err::<(), _>("current transaction is aborted"));
        assert_eq!(both(first, second).await, Err("there is a list already"));
        assert_eq!(both(ready(Ok::<_, &str>(1)), ready(Ok(2))).await, Ok((1, 2)));
    }
}
