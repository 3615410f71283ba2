//! Redis as an optional helper: short timeouts, and a process that starts without it.
//!
//! Redis answers faster or not at all (architecture, section 4): a dead one must not add more
//! than 50 ms to a request, so both getting a connection and using it are bounded by that.

use std::time::Duration;

use bb8_redis::RedisConnectionManager;
use bb8_redis::redis::{self, RedisError, cmd};

/// Longest that Redis may hold up a request.
pub const TIMEOUT: Duration = Duration::from_millis(50);

/// A pool of Redis connections that never blocks start-up.
pub type RedisPool = bb8::Pool<RedisConnectionManager>;

/// Opens a pool without connecting yet.
///
/// # Errors
/// When `url` is not a Redis URL.
pub fn open(url: &str, max_size: u32) -> Result<RedisPool, RedisError> {
    let manager = RedisConnectionManager::new(url)?;
    Ok(bb8::Pool::builder().max_size(max_size).connection_timeout(TIMEOUT).build_unchecked(manager))
}

/// Why Redis did not answer.
#[derive(Debug, thiserror::Error)]
pub enum PingError {
    /// No connection or no answer within [`TIMEOUT`].
    #[error("Redis did not answer in time")]
    Timeout,
    /// Redis answered with an error.
    #[error("Redis refused")]
    Refused(#[from] redis::RedisError),
}

/// Asks Redis for a sign of life.
///
/// # Errors
/// [`PingError`].
pub async fn ping(pool: &RedisPool) -> Result<(), PingError> {
    let answer = async {
        let mut connection = pool.get().await.map_err(|error| match error {
            bb8::RunError::User(error) => PingError::Refused(error),
            bb8::RunError::TimedOut => PingError::Timeout,
        })?;
        cmd("PING").query_async::<()>(&mut *connection).await.map_err(PingError::Refused)
    };
    tokio::time::timeout(TIMEOUT * 2, answer).await.map_err(|_| PingError::Timeout)?
}
