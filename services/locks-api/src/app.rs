//! Wires the process together, and takes it apart in order.
//!
//! Shutdown: readiness turns false so that no new traffic is sent here, running requests get
//! their grace period, and then this instance hands back the locks it served last (contract 12.2).
//! Handing back comes after the last request: a heartbeat answered in between would be undone.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::web;
use anyhow::Context as _;
use edge::admin::Readiness;
use edge::config::RedisConfig;
use edge::process::{self, Background, Servers};
use edge::redis::Redis;
use edge::server::PublicServer;
use edge::token::TokenVerifier;
use store::StoreError;
use store::locks::ResourceLock;
use store::pool::{Gate, Pool};
use telemetry::metric;

use crate::config::Config;
use crate::status::{self, Change};
use crate::{routes, sweeper};

/// What handlers share.
#[derive(Debug)]
pub struct AppState {
    /// Connections to PostgreSQL, through PgBouncer.
    pub pool: Pool,
    /// Connections to Redis, which may be down at any time.
    pub redis: Redis,
    /// How long a lock lasts without a heartbeat.
    pub lease: Duration,
    /// Name of this instance, written to every lock it serves.
    pub instance_id: String,
}

/// The whole process, listening but not yet serving.
pub struct Application {
    state: web::Data<AppState>,
    readiness: Readiness,
    server: PublicServer,
    admin: Server,
    address: SocketAddr,
    admin_address: SocketAddr,
    background: Background,
    redis: RedisConfig,
}

/// Longest wait for the database when locks are handed back; without it the locks expire.
const HAND_BACK_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two attempts at it.
const HAND_BACK_PAUSE: Duration = Duration::from_millis(20);

impl Application {
    /// Builds the process described by `config` and binds its ports.
    ///
    /// Neither the database nor the issuer of tokens has to be there yet.
    ///
    /// # Errors
    /// When the configuration cannot work: a port is taken, or PgBouncer is of a kind that loses
    /// prepared statements.
    pub async fn build(config: Config) -> anyhow::Result<Self> {
        let pool = store::pool::connect(&config.database).await?;
        let gate = Gate::new(pool.clone(), config.database);
        gate.refuse_unfit_pooler().await?;
        let state = web::Data::new(AppState {
            pool: pool.clone(),
            redis: Redis::open(&config.redis).context("REDIS_URL is not valid")?,
            lease: config.lock.lease,
            instance_id: config.http.instance_id.clone(),
        });
        let verifier = web::Data::new(TokenVerifier::remote(config.jwks_url, &config.auth)?);
        let readiness = Readiness::default();

        let listener = process::bind("HTTP_BIND", config.http.bind)?;
        let admin_listener = process::bind("ADMIN_BIND", config.http.admin_bind)?;
        let address = listener.local_addr()?;
        let admin_address = admin_listener.local_addr()?;
        let shared = state.clone();
        let server = edge::server::serve(listener, &config.http, routes::API, move |app| {
            app.app_data(shared.clone()).app_data(verifier.clone());
        })?;
        let admin = edge::admin::serve(admin_listener, readiness.clone())?;

        let background = Background::default();
        background.spawn_droppable(watch_readiness(readiness.clone(), gate));
        edge::metrics::begin_at_zero(metric::LOCK_ACQUISITIONS, "outcome", &["granted", "held"]);
        let reported = pool.clone();
        background.spawn_droppable(edge::metrics::keep_up(move || reported.report()));
        background.spawn_droppable(sweeper::run(pool, config.lock));
        Ok(Self {
            state,
            readiness,
            server,
            admin,
            address,
            admin_address,
            background,
            redis: config.redis,
        })
    }

    /// Address of the public port, as bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Address of the admin port, as bound.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Serves until `shutdown` completes, then shuts down in order.
    ///
    /// # Errors
    /// When a server stops by itself, or `shutdown` fails.
    pub async fn run_until(
        self,
        shutdown: impl Future<Output = std::io::Result<()>>,
    ) -> anyhow::Result<()> {
        let Self { state, readiness, server, admin, background, redis, .. } = self;
        let servers = Servers { public: Some(server), admin, readiness };
        let close = async {
            background.stop().await;
            hand_back(&state, &redis).await;
        };
        servers.run_until(shutdown, close).await
    }
}

async fn hand_back(state: &AppState, redis: &RedisConfig) {
    match tokio::time::timeout(HAND_BACK_TIMEOUT, hand_back_insistently(state)).await {
        Ok(Ok(handed_back)) => {
            let count = handed_back.len();
            // New connections: those there are ended with the threads that served requests.
            if let Ok(redis) = Redis::open(redis) {
                for ResourceLock { resource, lock } in &handed_back {
                    status::announce(&redis, *resource, lock, Change::HandedBack).await;
                }
            }
            tracing::info!(lock.handed_back = count, "handed back {count} locks");
        }
        Ok(Err(error)) => {
            tracing::warn!(error.chain = %edge::error::chain(&error), "locks were not handed back");
        }
        Err(_) => tracing::warn!("locks were not handed back in time"),
    }
}

/// A database connection is driven by the worker thread that opened it and ends with that thread,
/// so that just now the pool may lend one that is about to close.
async fn hand_back_insistently(state: &AppState) -> Result<Vec<ResourceLock>, StoreError> {
    loop {
        let outcome = match state.pool.get().await {
            Ok(mut conn) => store::locks::hand_back_locks(&mut conn, &state.instance_id).await,
            Err(error) => Err(error),
        };
        match outcome {
            Err(error) if error.retryable() => tokio::time::sleep(HAND_BACK_PAUSE).await,
            decided => return decided,
        }
    }
}

/// The issuer of tokens does not count: its keys are kept once they have been fetched.
async fn watch_readiness(readiness: Readiness, gate: Gate) {
    readiness.watch(|| gate.is_open()).await;
}
