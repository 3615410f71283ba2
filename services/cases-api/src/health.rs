//! Asks the parts that cases-api stands on for a sign of life, all at the same time.
//!
//! Probes give up after 3 s (E89), so each check has a shorter limit of its own: one hanging part
//! must not hide what the others say.

use std::error::Error as StdError;
use std::time::{Duration, Instant};

use crate::app::AppState;

/// Longest wait for one part.
const CHECK_TIMEOUT: Duration = Duration::from_millis(1_500);

/// What one part answered, and after how long.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Whether it answered as it should.
    pub is_up: bool,
    /// From asking to the answer or to giving up.
    pub response_time: Duration,
}

/// The state of every part.
#[derive(Clone, Copy, Debug)]
pub struct Health {
    /// PostgreSQL, through PgBouncer. Nothing works without it.
    pub database: Check,
    /// Redis. Without it answers are slower.
    pub redis: Check,
    /// RabbitMQ. Without it accepted exports wait.
    pub broker: Check,
}

impl Health {
    /// Whether every part answered.
    #[must_use]
    pub fn is_all_up(&self) -> bool {
        self.database.is_up && self.redis.is_up && self.broker.is_up
    }
}

/// Checks every part.
pub async fn check(state: &AppState) -> Health {
    let (database, redis, broker) = tokio::join!(
        timed("database", state.pool.ping()),
        timed("redis", state.redis.ping()),
        timed("rabbitmq", state.publisher.ping()),
    );
    Health { database, redis, broker }
}

async fn timed<E: StdError + 'static>(
    part: &'static str,
    question: impl Future<Output = Result<(), E>>,
) -> Check {
    let asked_at = Instant::now();
    let answer = tokio::time::timeout(CHECK_TIMEOUT, question).await;
    match &answer {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(part, error.chain = %edge::error::chain(error), "part is down");
        }
        Err(_) => tracing::warn!(part, "part did not answer in time"),
    }
    Check { is_up: matches!(answer, Ok(Ok(()))), response_time: asked_at.elapsed() }
}
