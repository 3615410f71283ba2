//! Makes sure that the PgBouncer in front of the database is one we can work with.
//!
//! diesel-async names every prepared statement. PgBouncer tracks names only from 1.21 on, and only with
//! `max_prepared_statements` above zero; otherwise most queries fail with "prepared statement does not
//! exist", some of the time and under load. The check turns that into one clear error before a service
//! takes traffic.

use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_postgres::{NoTls, SimpleQueryMessage, SimpleQueryRow};

use crate::pool::{Pool, PoolConfig};

/// Oldest PgBouncer that tracks named prepared statements.
const OLDEST_POOLER: (u32, u32) = (1, 21);

/// Name of PgBouncer's console, a database of its own that answers `SHOW` commands.
const CONSOLE_DATABASE: &str = "pgbouncer";

/// Failure of the start-up check of PgBouncer.
#[derive(Debug, thiserror::Error)]
pub enum PoolerError {
    /// The URL is not a PostgreSQL URL.
    #[error("DATABASE_URL is not a PostgreSQL URL")]
    Url(#[source] tokio_postgres::Error),
    /// The console could not be reached, or the role may not use it.
    #[error(
        "cannot ask PgBouncer's console: DATABASE_URL must lead to PgBouncer, and its role must be in stats_users or admin_users"
    )]
    Console(#[source] tokio_postgres::Error),
    /// The console did not answer in time.
    #[error("PgBouncer's console did not answer within {0:?}")]
    Timeout(Duration),
    /// PgBouncer is too old to track named prepared statements.
    #[error("PgBouncer 1.21 or newer is required, found {0}")]
    TooOld(String),
    /// PgBouncer does not track named prepared statements.
    #[error("PgBouncer must be configured with max_prepared_statements above 0")]
    NoPreparedStatements,
}

/// Decides whether a service may take traffic, as far as the database is concerned.
#[derive(Debug)]
pub struct Gate {
    pool: Pool,
    config: PoolConfig,
    found_fit: OnceCell<()>,
}

impl Gate {
    /// Makes a gate that is closed until PgBouncer was found fit.
    #[must_use]
    pub fn new(pool: Pool, config: PoolConfig) -> Self {
        Self { pool, config, found_fit: OnceCell::new() }
    }

    /// Ends a start-up that can never succeed; a PgBouncer that does not answer yet is let through, and
    /// [`Gate::is_open`] asks again.
    ///
    /// # Errors
    ///
    /// When PgBouncer answers and is unfit, or the URL is not one.
    pub async fn refuse_unfit_pooler(&self) -> Result<(), PoolerError> {
        match self.check_once().await {
            Err(error @ (PoolerError::Console(_) | PoolerError::Timeout(_))) => {
                let reason = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(%error, reason, "PgBouncer is not checked yet");
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// Tells whether PgBouncer was found fit once and the database answers now.
    pub async fn is_open(&self) -> bool {
        self.check_once().await.is_ok() && self.pool.ping().await.is_ok()
    }

    async fn check_once(&self) -> Result<(), PoolerError> {
        self.found_fit.get_or_try_init(|| check_pooler(&self.config)).await.copied()
    }
}

/// Asks PgBouncer's console for its version and configuration, with the service's own credentials.
///
/// # Errors
///
/// A [`PoolerError`] that names what the operator has to change.
pub async fn check_pooler(config: &PoolConfig) -> Result<(), PoolerError> {
    let answers = timeout(config.acquire_timeout, ask_console(config.url.expose_secret()));
    let answers = answers.await.map_err(|_| PoolerError::Timeout(config.acquire_timeout))??;
    if answers.version.is_none_or(|version| version < OLDEST_POOLER) {
        return Err(PoolerError::TooOld(answers.version_text));
    }
    if answers.max_prepared_statements == 0 {
        return Err(PoolerError::NoPreparedStatements);
    }
    Ok(())
}

struct ConsoleAnswers {
    version: Option<(u32, u32)>,
    version_text: String,
    max_prepared_statements: u32,
}

async fn ask_console(url: &str) -> Result<ConsoleAnswers, PoolerError> {
    let mut config: tokio_postgres::Config = url.parse().map_err(PoolerError::Url)?;
    config.dbname(CONSOLE_DATABASE);
    let (client, connection) = config.connect(NoTls).await.map_err(PoolerError::Console)?;
    let connection = tokio::spawn(connection);
    // The console speaks only the simple query protocol.
    let version = client.simple_query("SHOW VERSION").await.map_err(PoolerError::Console)?;
    let settings = client.simple_query("SHOW CONFIG").await.map_err(PoolerError::Console)?;
    drop(client);
    connection.abort();
    let version_text = rows(&version).find_map(|row| row.get(0)).unwrap_or("no version").to_owned();
    let max_prepared_statements = rows(&settings)
        .find(|row| row.get("key") == Some("max_prepared_statements"))
        .and_then(|row| row.get("value")?.parse().ok())
        .unwrap_or(0);
    Ok(ConsoleAnswers {
        version: parse_version(&version_text),
        version_text,
        max_prepared_statements,
    })
}

fn rows(answer: &[SimpleQueryMessage]) -> impl Iterator<Item = &SimpleQueryRow> {
    answer.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    })
}

/// Reads major and minor out of `PgBouncer 1.24.1`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split_whitespace().nth(1)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooler_versions_compare_as_numbers() {
        assert_eq!(parse_version("PgBouncer 1.24.1"), Some((1, 24)));
        assert!(parse_version("PgBouncer 1.9.0") < Some(OLDEST_POOLER));
        assert_eq!(parse_version("no version"), None);
    }
}
