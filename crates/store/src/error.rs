//! What can go wrong between a query and its caller, in the words a caller can act on.
//!
//! diesel reports every server error as one variant. Callers need to know four things: is the database out
//! of reach (503), did a constraint refuse the write (409 or 400), would the same transaction succeed if it
//! ran again, or is it our bug (500). The driver's error stays in the source chain and is printed where the
//! failure is logged.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

/// Failure of a query or of taking a connection.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No connection could be had in time, or the connection broke during the query.
    #[error("database is not reachable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The row that a `get_*` query promises does not exist.
    #[error("row does not exist")]
    NotFound,
    /// A unique key refused the write.
    #[error("unique key {constraint} refused the write")]
    UniqueViolation {
        /// Name of the constraint or unique index, as the migrations spell it.
        constraint: String,
        /// The driver's error.
        #[source]
        source: DieselError,
    },
    /// A foreign key refused the write: the row refers to something that does not exist, or something
    /// still refers to the row.
    #[error("foreign key {constraint} refused the write")]
    ForeignKeyViolation {
        /// Name of the constraint, as the migrations spell it.
        constraint: String,
        /// The driver's error.
        #[source]
        source: DieselError,
    },
    /// The transaction lost against another one (serialization failure, deadlock, lock timeout) and was
    /// rolled back; the same work may succeed on a second try.
    #[error("transaction lost against a concurrent one")]
    Contention(#[source] DieselError),
    /// A stored value breaks a rule that the code relies on, for example an unknown status.
    #[error("stored row is not valid")]
    Corrupt(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Everything else: a query this crate wrote wrongly, or a server that ran into a limit.
    #[error("query failed")]
    Query(#[source] DieselError),
}

impl StoreError {
    /// Tells whether running the same transaction again from its start can succeed.
    ///
    /// An unreachable database counts as retryable although a broken connection leaves open whether a
    /// commit took effect: retry a write only if it is idempotent.
    #[must_use]
    pub fn retryable(&self) -> bool {
        // No `_` arm: a new variant has to decide.
        match self {
            Self::Unavailable(_) | Self::Contention(_) => true,
            Self::NotFound
            | Self::UniqueViolation { .. }
            | Self::ForeignKeyViolation { .. }
            | Self::Corrupt(_)
            | Self::Query(_) => false,
        }
    }

    /// Wraps the failure to turn a stored value into one of the domain.
    pub fn corrupt(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Corrupt(Box::new(error))
    }

    /// Tells whether the unique key or foreign key of this name refused the write.
    #[must_use]
    pub fn violates(&self, name: &str) -> bool {
        match self {
            Self::UniqueViolation { constraint, .. }
            | Self::ForeignKeyViolation { constraint, .. } => constraint == name,
            Self::Unavailable(_)
            | Self::NotFound
            | Self::Contention(_)
            | Self::Corrupt(_)
            | Self::Query(_) => false,
        }
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        let DieselError::DatabaseError(kind, information) = &error else {
            return match error {
                DieselError::NotFound => Self::NotFound,
                other => Self::Query(other),
            };
        };
        match kind {
            DatabaseErrorKind::UniqueViolation => Self::UniqueViolation {
                constraint: constraint_of(information.as_ref()),
                source: error,
            },
            DatabaseErrorKind::ForeignKeyViolation | DatabaseErrorKind::RestrictViolation => {
                Self::ForeignKeyViolation {
                    constraint: constraint_of(information.as_ref()),
                    source: error,
                }
            }
            DatabaseErrorKind::SerializationFailure => Self::Contention(error),
            // The driver calls every failure without an SQLSTATE "unable to send": the socket is gone.
            DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection => {
                Self::Unavailable(Box::new(error))
            }
            _ => match reason_in(information.message()) {
                Reason::Contention => Self::Contention(error),
                Reason::Unavailable => Self::Unavailable(Box::new(error)),
                Reason::Other => Self::Query(error),
            },
        }
    }
}

/// What a message without a kind of its own means to a caller.
enum Reason {
    Contention,
    Unavailable,
    Other,
}

/// Recognises failures by their text, because diesel drops the SQLSTATE of every error it has no kind for.
///
/// PostgreSQL's texts are those of `lc_messages = C`, which the deployment sets; PgBouncer has no others.
fn reason_in(message: &str) -> Reason {
    const CONTENTION: [&str; 2] = ["deadlock detected", "canceling statement due to lock timeout"];
    const UNAVAILABLE: [&str; 11] = [
        // PostgreSQL stops, starts, fails over or is full.
        "terminating connection",
        "the database system is",
        "sorry, too many clients already",
        "remaining connection slots",
        // PgBouncer waits in vain for a server, or loses it.
        "query_wait_timeout",
        "server conn crashed",
        "server_login_retry",
        "server login failed",
        "server closed the connection",
        "no more connections allowed",
        "pgbouncer cannot connect to server",
    ];
    if CONTENTION.iter().any(|text| message.contains(text)) {
        Reason::Contention
    } else if UNAVAILABLE.iter().any(|text| message.contains(text)) {
        Reason::Unavailable
    } else {
        Reason::Other
    }
}

fn constraint_of(information: &(dyn DatabaseErrorInformation + Send + Sync)) -> String {
    information.constraint_name().unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(message: &str) -> StoreError {
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned())).into()
    }

    #[test]
    fn deadlock_and_lock_timeout_may_be_retried() {
        assert!(matches!(unknown("deadlock detected"), StoreError::Contention(_)));
        assert!(unknown("canceling statement due to lock timeout").retryable());
    }

    #[test]
    fn a_lost_server_is_unavailable() {
        assert!(matches!(unknown("query_wait_timeout"), StoreError::Unavailable(_)));
        let administrator = "terminating connection due to administrator command";
        assert!(matches!(unknown(administrator), StoreError::Unavailable(_)));
    }

    #[test]
    fn a_wrong_query_is_our_bug_and_keeps_its_source() {
        let error = unknown("column cases.colour does not exist");
        assert!(!error.retryable());
        assert!(std::error::Error::source(&error).is_some());
    }

    #[test]
    fn a_missing_row_is_not_found() {
        assert!(matches!(StoreError::from(DieselError::NotFound), StoreError::NotFound));
    }
}
