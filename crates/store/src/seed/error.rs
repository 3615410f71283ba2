//! What can stop a seed run.

use std::path::PathBuf;

/// Why a seed run was abandoned. Its transaction has been rolled back, so nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
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
