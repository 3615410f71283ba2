//! Redis as an optional helper: it answers within milliseconds, or the process goes on without it.
//!
//! A dead Redis must not add more than 50 ms to a request (architecture 4), and a request may need
//! it more than once. So every use is bounded by one short time limit, and after a failure a
//! circuit breaker answers "unavailable" at once, letting a single probe through now and then: soon
//! after the first failure, which may have been a moment's, and each second once it goes on.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use bb8_redis::RedisConnectionManager;
use bb8_redis::redis::aio::MultiplexedConnection;
use bb8_redis::redis::{Arg, Client, Cmd, FromRedisValue, Pipeline, RedisError, Value, cmd};
use futures_util::{Stream, StreamExt as _, poll};
use secrecy::ExposeSecret as _;
use thread_local::ThreadLocal;
use tracing::Instrument as _;

use crate::batching::Batcher;
use crate::config::RedisConfig;

/// How commands are written.
pub mod commands {
    pub use bb8_redis::redis::{Cmd, FromRedisValue, Pipeline, Value, cmd, pipe};
}

/// Connections of a thread; each carries one command or pipeline at a time.
const POOL_SIZE: u32 = 8;
/// How long Redis is left alone after a failure; twice as long after each probe that fails.
const FIRST_REST: Duration = Duration::from_millis(50);
/// How long it is left alone at most.
const LONGEST_REST: Duration = Duration::from_secs(1);
/// How often other tasks of a thread get their turn before an answer that is not there counts as
/// late: the connection's own has to read it, and the pool may have to pass it on.
const HANDOVERS: usize = 2;
/// How many times as long as usual a process waits for Redis that has to tell it something.
const INSISTENCE: u32 = 2;
/// Pause between two attempts to tell Redis what others must not miss.
pub const RETRY: Duration = Duration::from_millis(50);
/// How many attempts another process is given to tell Redis what it could not while it was away.
const ATTEMPTS: u32 = 4;
/// Longest wait for a subscription, which no request waits for.
const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a health check waits, which wants the truth and not a quick answer.
const PING_TIMEOUT: Duration = Duration::from_millis(500);

/// Pools of connections to Redis behind a circuit breaker. Clones share them.
#[derive(Clone)]
pub struct Redis {
    links: Links,
    together: Arc<Batcher<Cmd, Result<Value, Unavailable>>>,
    client: Client,
    prefix: Arc<str>,
}

/// Redis cannot be used now; do without it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unavailable {
    /// It failed a moment ago and is left alone.
    #[error("Redis failed a moment ago")]
    Resting,
    /// No connection, or no answer, within the time limit.
    #[error("Redis did not answer in time")]
    Timeout,
    /// It answered with an error, or hung up.
    #[error("Redis refused")]
    Refused(#[from] RedisError),
}

impl Redis {
    /// Connects to nothing yet, so that a process starts without Redis too.
    ///
    /// # Errors
    /// When the URL is not one of Redis.
    pub fn open(config: &RedisConfig) -> Result<Self, RedisError> {
        let client = Client::open(config.url.expose_secret())?;
        let manager = Manager(RedisConnectionManager::new(config.url.expose_secret())?);
        let prefix = config.key_prefix.as_str().into();
        let (pools, breaker) = (Arc::default(), Arc::default());
        let links = Links { manager, pools, timeout: config.timeout, breaker };
        let of_batch = links.clone();
        let together = Arc::new(Batcher::new(move |commands| {
            let links = of_batch.clone();
            async move { links.run_all(commands).await }
        }));
        Ok(Self { links, together, client, prefix })
    }

    /// The full name of a key.
    #[must_use]
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Runs one command.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn command<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Unavailable> {
        let span = telemetry::span::redis(name_of(command));
        let run = self.links.run(async |connection| command.query_async(connection).await);
        run.instrument(span).await
    }

    /// Runs one command in the same round trip as whatever else this thread asks this way at the
    /// moment: for what every request of a kind needs.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn together<T: FromRedisValue>(&self, command: Cmd) -> Result<T, Unavailable> {
        let answer = self.together.ask(command).await.unwrap_or(Err(Unavailable::Timeout))?;
        T::from_redis_value(answer).map_err(|error| Unavailable::Refused(error.into()))
    }

    /// Runs several commands in one round trip.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn pipeline<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, Unavailable> {
        let span = telemetry::span::redis("PIPELINE");
        let run = self.links.run(async |connection| commands.query_async(connection).await);
        run.instrument(span).await
    }

    /// Runs several commands whatever the breaker thinks, and waits longer for them: for what other
    /// processes must not miss just because this one found Redis slow a moment ago.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn insist<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, Unavailable> {
        let links = &self.links;
        let told = links.attempt(async |connection| commands.query_async(connection).await);
        let told = told.instrument(telemetry::span::redis("PIPELINE"));
        let outcome = tokio::time::timeout(links.timeout * INSISTENCE, told).await;
        let outcome = outcome.unwrap_or(Err(Unavailable::Timeout));
        if outcome.is_err() {
            links.breaker.note(false);
        }
        outcome
    }

    /// Whether Redis may not have been told yet what others changed while it was away: until this
    /// process would have noticed that it is back, and others that [`Redis::insist`] again after
    /// each [`RETRY`] have had time for some attempts.
    #[must_use]
    pub fn may_be_behind(&self) -> bool {
        self.links.breaker.has_rested_within((self.links.timeout * INSISTENCE + RETRY) * ATTEMPTS)
    }

    /// What is published on a channel from now on. Ends when the connection does; a connection that
    /// is merely silent may be dead.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn subscribe(
        &self,
        channel: &str,
    ) -> Result<impl Stream<Item = Vec<u8>> + use<>, Unavailable> {
        let subscribe = async {
            let mut subscriber = self.client.get_async_pubsub().await?;
            subscriber.subscribe(self.key(channel)).await?;
            Ok::<_, RedisError>(subscriber.into_on_message())
        };
        let messages = tokio::time::timeout(SUBSCRIBE_TIMEOUT, subscribe)
            .await
            .unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))?;
        Ok(messages.map(|message| message.get_payload_bytes().to_vec()))
    }

    /// Asks Redis for a sign of life, whatever the breaker thinks.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn ping(&self) -> Result<(), Unavailable> {
        let ping = self.links.attempt(async |connection| cmd("PING").query_async(connection).await);
        let ping = ping.instrument(telemetry::span::redis("PING"));
        tokio::time::timeout(PING_TIMEOUT, ping).await.unwrap_or(Err(Unavailable::Timeout))
    }
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// The connections of each thread.
#[derive(Clone, Debug)]
struct Links {
    manager: Manager,
    /// One for each thread: a connection is served by the runtime that opened it, and to wake that
    /// one's thread costs more than the command.
    pools: Arc<ThreadLocal<bb8::Pool<Manager>>>,
    timeout: Duration,
    breaker: Arc<Breaker>,
}

impl Links {
    fn pool(&self) -> &bb8::Pool<Manager> {
        self.pools.get_or(|| {
            bb8::Pool::builder()
                .max_size(POOL_SIZE)
                .connection_timeout(self.timeout)
                // A round trip before every use would double its time; a broken connection shows
                // itself when it is used, and is then thrown away.
                .test_on_check_out(false)
                .build_unchecked(self.manager.clone())
        })
    }

    /// The answers of several commands, in one round trip.
    async fn run_all(&self, commands: Vec<Cmd>) -> Vec<Result<Value, Unavailable>> {
        let count = commands.len();
        let mut together = Pipeline::with_capacity(count);
        for command in commands {
            together.add_command(command);
        }
        let run = self.run(async |connection| together.query_async(connection).await);
        let answers: Result<Vec<Value>, _> =
            run.instrument(telemetry::span::redis("PIPELINE")).await;
        match answers {
            Ok(answers) => answers.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error); count],
        }
    }

    async fn run<T>(
        &self,
        operation: impl AsyncFnOnce(&mut MultiplexedConnection) -> Result<T, RedisError>,
    ) -> Result<T, Unavailable> {
        if !self.breaker.admits() {
            return Err(Unavailable::Resting);
        }
        let outcome = within(self.timeout, self.attempt(operation)).await;
        let outcome = outcome.unwrap_or(Err(Unavailable::Timeout));
        self.breaker.note(outcome.is_ok());
        outcome
    }

    async fn attempt<T>(
        &self,
        operation: impl AsyncFnOnce(&mut MultiplexedConnection) -> Result<T, RedisError>,
    ) -> Result<T, Unavailable> {
        let mut link = self.pool().get().await.map_err(|error| match error {
            bb8::RunError::User(error) => Unavailable::Refused(error),
            bb8::RunError::TimedOut => Unavailable::Timeout,
        })?;
        // Also when the time limit drops this future: an answer may still come, to nobody.
        link.is_broken = true;
        let answer = operation(&mut link.connection).await?;
        link.is_broken = false;
        Ok(answer)
    }
}

/// What comes of `work` within `limit`. A thread that was busy itself finds the limit over and the
/// answer at its door: that is its own lateness and not Redis', and the answer counts. Without this
/// a process at its limit would take Redis for dead, and read from the database what is there.
async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    if let Ok(done) = tokio::time::timeout(limit, &mut work).await {
        return Some(done);
    }
    for _ in 0..HANDOVERS {
        tokio::task::yield_now().await;
        if let Poll::Ready(done) = poll!(&mut work) {
            return Some(done);
        }
    }
    None
}

/// The word that a command begins with, which says nothing of its keys and values.
fn name_of(command: &Cmd) -> &str {
    match command.args_iter().next() {
        Some(Arg::Simple(name)) => std::str::from_utf8(name).unwrap_or_default(),
        _ => "",
    }
}

/// bb8-redis' manager, which never calls a connection broken.
#[derive(Clone, Debug)]
struct Manager(RedisConnectionManager);

/// A connection and whether its last use failed.
struct Link {
    connection: MultiplexedConnection,
    is_broken: bool,
}

impl bb8::ManageConnection for Manager {
    type Connection = Link;
    type Error = RedisError;

    async fn connect(&self) -> Result<Link, RedisError> {
        Ok(Link { connection: self.0.connect().await?, is_broken: false })
    }

    async fn is_valid(&self, link: &mut Link) -> Result<(), RedisError> {
        self.0.is_valid(&mut link.connection).await
    }

    fn has_broken(&self, link: &mut Link) -> bool {
        link.is_broken
    }
}

/// Open after a failure, until a probe succeeds. All times are milliseconds after `started`.
#[derive(Debug)]
struct Breaker {
    started: Instant,
    /// Until when Redis rests; 0 when it is well.
    rests_until: AtomicU64,
    /// How long it rests after the next failure.
    rest: AtomicU64,
    /// End of the rest after the latest failure; 0 when there was none.
    rested_until: AtomicU64,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            rests_until: AtomicU64::new(0),
            rest: AtomicU64::new(millis(FIRST_REST)),
            rested_until: AtomicU64::new(0),
        }
    }
}

impl Breaker {
    fn admits(&self) -> bool {
        let rests_until = self.rests_until.load(Ordering::Relaxed);
        if rests_until == 0 {
            return true;
        }
        let now = self.now();
        if now < rests_until {
            return false;
        }
        // Whoever moves the end of the rest is the probe; everybody else goes on resting.
        let rest = (self.rest.load(Ordering::Relaxed) * 2).min(millis(LONGEST_REST));
        let is_probe = self
            .rests_until
            .compare_exchange(rests_until, now + rest, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok();
        if is_probe {
            self.rest.store(rest, Ordering::Relaxed);
        }
        is_probe
    }

    fn has_rested_within(&self, time: Duration) -> bool {
        let rested_until = self.rested_until.load(Ordering::Acquire);
        rested_until > 0 && self.now() < rested_until + millis(time)
    }

    fn note(&self, succeeded: bool) {
        if succeeded {
            if self.rests_until.swap(0, Ordering::Relaxed) != 0 {
                self.rest.store(millis(FIRST_REST), Ordering::Relaxed);
            }
            return;
        }
        let rests_until = self.now() + self.rest.load(Ordering::Relaxed);
        self.rested_until.fetch_max(rests_until, Ordering::AcqRel);
        if self.rests_until.swap(rests_until, Ordering::Relaxed) == 0 {
            tracing::warn!("Redis failed; going on without it");
        }
    }

    fn now(&self) -> u64 {
        // Never 0, which means that Redis is well.
        millis(self.started.elapsed()).max(1)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Vars;

    #[test]
    fn a_failure_is_remembered_beyond_the_success_that_follows() {
        let breaker = Breaker::default();
        assert!(!breaker.has_rested_within(Duration::from_hours(1)));
        breaker.note(false);
        breaker.note(true);
        assert!(breaker.has_rested_within(Duration::from_hours(1)));
        assert!(breaker.has_rested_within(Duration::ZERO), "until its rest would have ended");
        std::thread::sleep(FIRST_REST * 2);
        assert!(!breaker.has_rested_within(Duration::ZERO));
    }

    #[test]
    fn after_a_failure_one_probe_at_a_time_is_let_through() {
        let breaker = Breaker::default();
        assert!(breaker.admits() && breaker.admits());
        breaker.note(false);
        assert!(!breaker.admits());
        breaker.rests_until.store(1, Ordering::Relaxed);
        assert!(breaker.admits(), "the probe");
        assert!(!breaker.admits(), "nobody beside the probe");
        breaker.note(true);
        assert!(breaker.admits() && breaker.admits());
    }

    #[test]
    fn each_probe_that_fails_doubles_the_rest_up_to_a_second_and_a_success_ends_that() {
        let breaker = Breaker::default();
        let rest = || breaker.rest.load(Ordering::Relaxed);
        let mut rests = Vec::new();
        for _ in 0..7 {
            // All who had asked at that moment fail with the first.
            for _ in 0..50 {
                breaker.note(false);
            }
            rests.push(rest());
            breaker.rests_until.store(1, Ordering::Relaxed);
            assert!(breaker.admits());
        }
        assert_eq!(rests, [50, 100, 200, 400, 800, 1000, 1000]);
        breaker.note(true);
        assert_eq!(rest(), millis(FIRST_REST));
    }

    fn nowhere() -> Redis {
        let vars = Vars::from_pairs([("REDIS_URL", "redis://127.0.0.1:1")]);
        Redis::open(&RedisConfig::from_vars(&vars).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn an_answer_that_lies_there_counts_however_late_the_thread_is() {
        let (sender, answer) = tokio::sync::oneshot::channel();
        // Stands for the connection's task: it is woken by what arrives, not by the asking.
        let connection = tokio::spawn(async {
            tokio::time::sleep(Duration::from_millis(2)).await;
            sender.send(7)
        });
        let busy = async {
            tokio::task::yield_now().await;
            std::thread::sleep(Duration::from_millis(20));
        };
        let (late, ()) = tokio::join!(within(Duration::from_millis(1), answer), busy);
        assert_eq!(late, Some(Ok(7)));
        connection.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn an_answer_that_does_not_come_is_not_waited_for() {
        assert_eq!(within(Duration::from_millis(1), std::future::pending::<()>()).await, None);
    }

    #[tokio::test]
    async fn all_who_ask_together_learn_that_redis_is_away() {
        let redis = nowhere();
        let ask = || redis.together::<()>(cmd("PING"));
        let answers = tokio::join!(ask(), ask(), ask());
        assert!(answers.0.is_err() && answers.1.is_err() && answers.2.is_err());
        assert!(matches!(ask().await, Err(Unavailable::Resting)));
    }

    #[tokio::test]
    async fn a_redis_that_is_not_there_costs_one_wait_and_then_nothing() {
        let redis = nowhere();
        // The longest rest, so that none ends meanwhile on a busy machine.
        redis.links.breaker.rest.store(millis(LONGEST_REST), Ordering::Relaxed);
        assert!(redis.command::<()>(&cmd("PING")).await.is_err());
        let begun = Instant::now();
        for _ in 0..100 {
            let refused = redis.command::<()>(&cmd("PING")).await.unwrap_err();
            assert!(matches!(refused, Unavailable::Resting), "{refused}");
        }
        assert!(begun.elapsed() < LONGEST_REST / 2);
    }
}
