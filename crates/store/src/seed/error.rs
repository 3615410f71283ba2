//! What can stop a seed run.

use std::path::PathBuf;

use tokio_postgres::error::SqlState;

/// Why a seed run was abandoned. Its transaction has been rolled back, so nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The database could not be reached, or refused the owner's credentials.
    #[error("the database could not be reached")]
    Connect(#[source] tokio_postgres::Error),
    /// Another run on the same database has not ended.
    #[error("another seed run is in progress")]
    Busy,
    /// The thread that generates the data ended without a result.
    #[error("the demo data could not be generated")]
    Generation(#[source] tokio::task::JoinError),
    /// A statement other than a bulk load failed.
    #[error("the database refused a statement of the seed run")]
    Database(#[from] tokio_postgres::Error),
    /// A bulk load failed; the usual cause is a schema that is older than this binary.
    #[error("rows could not be copied into {table}")]
    Copy {
        /// The table that was being loaded.
        table: &'static str,
        /// What the driver or the server said.
        source: tokio_postgres::Error,
    },
    /// The budget-line file is missing, or is not CSV with the expected columns.
    #[error("budget lines could not be read from {}", path.display())]
    Lines {
        /// The file that was asked for.
        path: PathBuf,
        /// What the CSV reader said.
        source: csv::Error,
    },
    /// The password of the demo users could not be hashed.
    #[error("the demo password could not be hashed")]
    Password(#[source] argon2::password_hash::Error),
    /// The label of a load or xl run does not fit a round's name.
    #[error("the label must be 1 to 20 letters, digits, '-' or '_'")]
    Label,
}

/// Conditions that pass by themselves: somebody else holds a lock, or the server is on its way down
/// or up.
const PASSING: [SqlState; 5] = [
    SqlState::LOCK_NOT_AVAILABLE,
    SqlState::T_R_DEADLOCK_DETECTED,
    SqlState::ADMIN_SHUTDOWN,
    SqlState::CRASH_SHUTDOWN,
    SqlState::CANNOT_CONNECT_NOW,
];

impl SeedError {
    /// Tells whether the same run can succeed when it is tried again.
    #[must_use]
    pub fn retryable(&self) -> bool {
        // No `_` arm: a new variant has to decide.
        match self {
            Self::Connect(_) | Self::Busy => true,
            Self::Database(error) | Self::Copy { source: error, .. } => {
                error.is_closed() || error.code().is_some_and(|code| PASSING.contains(code))
            }
            Self::Generation(_) | Self::Lines { .. } | Self::Password(_) | Self::Label => false,
        }
    }
}
