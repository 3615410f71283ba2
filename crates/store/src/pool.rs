//! The one way a service gets a database connection: a small pool in front of PgBouncer.
//!
//! PgBouncer already shares server connections, so this pool only saves the cost of connecting and bounds
//! how many queries a process runs at once. Every wait is bounded: when no connection is free within
//! [`PoolConfig::acquire_timeout`], the caller gets [`StoreError::Unavailable`] and answers 503, never later.
//! A connection is driven by the runtime thread that opened it. In an actix service that is a worker's, so
//! when the workers have stopped at shutdown, connections they opened are gone: whatever still needs the
//! database then gets [`StoreError::Unavailable`] once and has to ask again.
//!
//! Whether the PgBouncer behind it is fit for us is the question of [`crate::pooler`].

use std::future::ready;
use std::time::{Duration, Instant};

use ::bb8::ErrorSink;
use diesel::result::{DatabaseErrorKind, Error as QueryError};
use diesel::sql_types::Integer;
use diesel::{ConnectionError, ConnectionResult, IntoSql};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolError, PoolableConnection, RecyclingMethod,
    bb8,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use secrecy::{ExposeSecret, SecretString};
use telemetry::metric;
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;

use crate::StoreError;
pub use crate::pooler::{Gate, PoolerError, check_pooler};
use crate::statement_spans::StatementSpans;
use crate::tls;

/// The pool's timeout may not be zero.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(1);

/// Silence after which the kernel probes whether the peer still lives, also while a query waits for
/// its answer.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(5);

/// Pause between two probes; the kernel's own would be 75 seconds.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(2);

/// Longest time that sent data or probes may stay unacknowledged before the connection counts as
/// dead.
const DEAD_PEER_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection taken from the pool, given back when dropped.
pub type PooledConnection<'a> = bb8::PooledConnection<'a, AsyncPgConnection>;

/// How a service reaches the database.
#[derive(Clone, Debug)]
pub struct PoolConfig {
    /// PgBouncer URL with the service's own role.
    pub url: SecretString,
    /// Most connections this process opens.
    pub max_size: u32,
    /// Longest wait for a free connection, and for opening a new one.
    pub acquire_timeout: Duration,
}

/// Connections of one process, cheap to clone.
#[derive(Clone, Debug)]
pub struct Pool {
    connections: bb8::Pool<AsyncPgConnection>,
}

/// How busy a [`Pool`] is, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolUsage {
    /// Open connections, lent or idle.
    pub open: u32,
    /// Open connections that nobody uses.
    pub idle: u32,
    /// Requests that are waiting for a connection now.
    pub waiting: u64,
    /// Requests that gave up waiting since the start.
    pub timed_out: u64,
}

impl Pool {
    /// Takes a connection, waiting at most [`PoolConfig::acquire_timeout`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when none became free or could be opened in time.
    pub async fn get(&self) -> Result<PooledConnection<'_>, StoreError> {
        let asked_at = Instant::now();
        let lent = self.connections.get().await;
        metrics::histogram!(metric::DB_WAIT_TIME).record(asked_at.elapsed());
        lent.map_err(|error| StoreError::Unavailable(Box::new(error)))
    }

    /// Takes a connection that may outlive this handle, for spawned tasks.
    ///
    /// # Errors
    ///
    /// As [`Pool::get`].
    pub async fn get_owned(&self) -> Result<PooledConnection<'static>, StoreError> {
        self.connections.get_owned().await.map_err(|error| StoreError::Unavailable(Box::new(error)))
    }

    /// How long [`Pool::get`] waits at most.
    #[must_use]
    pub fn acquire_timeout(&self) -> Duration {
        self.connections.config().connection_timeout
    }

    /// Runs an empty query, to see whether the database answers.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when it cannot be reached.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut conn = self.get().await?;
        diesel::select(1.into_sql::<Integer>()).get_result::<i32>(&mut conn).await?;
        Ok(())
    }

    /// Reports how busy the pool is now.
    #[must_use]
    pub fn usage(&self) -> PoolUsage {
        let state = self.connections.state();
        PoolUsage {
            open: state.connections,
            idle: state.idle_connections,
            waiting: state.statistics.pending_gets(),
            timed_out: state.statistics.get_timed_out,
        }
    }

    /// Publishes how busy the pool is now, for a scrape to find.
    pub fn report(&self) {
        let usage = self.usage();
        let state = "db_client_connection_state";
        metrics::gauge!(metric::DB_CONNECTIONS, state => "used").set(usage.open - usage.idle);
        metrics::gauge!(metric::DB_CONNECTIONS, state => "idle").set(usage.idle);
        metrics::gauge!(metric::DB_CONNECTIONS_MAX).set(self.connections.config().max_size);
        let pending = u32::try_from(usage.waiting).unwrap_or(u32::MAX);
        metrics::gauge!(metric::DB_PENDING_REQUESTS).set(pending);
        metrics::counter!(metric::DB_TIMEOUTS).absolute(usage.timed_out);
    }
}

/// Prepares the pool; connections are opened when they are first needed.
///
/// It does not wait for the database, so a service can start, answer its liveness probe and report itself
/// unready while the database is still on its way.
pub async fn connect(config: &PoolConfig) -> Result<Pool, StoreError> {
    let connect_timeout = config.acquire_timeout;
    let mut manager = ManagerConfig::default();
    manager.custom_setup = Box::new(move |url| establish(url.to_owned(), connect_timeout).boxed());
    // No test query: it would add a round trip to every request. A socket that has closed is noticed
    // without one, and a query on a socket that is about to close fails as `Unavailable`.
    manager.recycling_method = RecyclingMethod::CustomFunction(Box::new(|conn| {
        let sound = !conn.is_broken();
        conn.set_instrumentation(StatementSpans::default());
        ready(if sound { Ok(()) } else { Err(QueryError::BrokenTransactionManager) }).boxed()
    }));
    let manager =
        AsyncDieselConnectionManager::new_with_config(config.url.expose_secret(), manager);
    let connections = ::bb8::Pool::builder()
        .max_size(config.max_size.max(1))
        .connection_timeout(config.acquire_timeout.max(SHORTEST_TIMEOUT))
        .error_sink(Box::new(LogSink))
        .build(manager)
        .await
        .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
    Ok(Pool { connections })
}

/// Failed attempts to open a connection surface to callers only as a timeout; the reason goes to the log.
#[derive(Clone, Copy, Debug)]
struct LogSink;

impl ErrorSink<PoolError> for LogSink {
    fn sink(&self, error: PoolError) {
        tracing::warn!(error = %error, "database connection failed");
    }

    fn boxed_clone(&self) -> Box<dyn ErrorSink<PoolError>> {
        Box::new(*self)
    }
}

/// Opens one connection; shared with the migrations, which need no pool.
pub(crate) async fn establish(
    url: String,
    connect_timeout: Duration,
) -> ConnectionResult<AsyncPgConnection> {
    let mut config: tokio_postgres::Config = url
        .parse()
        .map_err(|_| ConnectionError::InvalidConnectionUrl("not a PostgreSQL URL".into()))?;
    // Dead peers: notice one that vanished in seconds rather than after the kernel's hours.
    config.connect_timeout(connect_timeout).tcp_user_timeout(DEAD_PEER_TIMEOUT);
    config.keepalives_idle(KEEPALIVE_IDLE).keepalives_interval(KEEPALIVE_INTERVAL);
    let failed =
        |error: tokio_postgres::Error| ConnectionError::CouldntSetupConfiguration(wrap(&error));
    // `prefer`, the default, would pass over a server that somebody has put between without a word.
    if config.get_ssl_mode() == SslMode::Require {
        let tls = tls::connector().map_err(|error| {
            let text = Box::new(error.to_string());
            let kind = DatabaseErrorKind::UnableToSendCommand;
            ConnectionError::CouldntSetupConfiguration(QueryError::DatabaseError(kind, text))
        })?;
        let (client, connection) = config.connect(tls).await.map_err(failed)?;
        return AsyncPgConnection::try_from_client_and_connection(client, connection).await;
    }
    let (client, connection) = config.connect(NoTls).await.map_err(failed)?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
}

/// `tokio_postgres::Error` prints only its own layer ("db error"); the reason is in its source.
fn wrap(error: &tokio_postgres::Error) -> QueryError {
    let reason = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let text = format!("{error}: {reason}");
    QueryError::DatabaseError(DatabaseErrorKind::UnableToSendCommand, Box::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_never_prints_the_password() {
        let config = PoolConfig {
            url: "postgres://portal:hemmelig@localhost/portal".into(),
            max_size: 4,
            acquire_timeout: Duration::from_secs(2),
        };
        assert!(!format!("{config:?}").contains("hemmelig"));
    }
}
