//! Wires the process together, and takes it apart in order.
//!
//! Shutdown: readiness turns false so that no new traffic is sent here, running requests get
//! their grace period, then background work ends, then the connections that both needed close.
//! Telemetry is flushed after that, by `main`.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::web;
use anyhow::Context as _;
use edge::ApiError;
use edge::admin::Readiness;
use edge::blobs::BlobStore;
use edge::config::Environment;
use edge::process::{Background, Servers, bind};
use edge::rate_limit::RateLimiter;
use edge::redis::Redis;
use edge::token::{TokenIssuer, TokenVerifier};
use queue::{BrokerConfig, Publisher};
use render::stationery::Stationery;
use secrecy::SecretString;
use store::pool::{Pool, PooledConnection};
use store::pooler::Gate;
use telemetry::metric;
use tokio::sync::{Notify, Semaphore};

use crate::changes::Changes;
use crate::config::{Config, ExportConfig, SignInConfig};
use crate::directory::DirectoryCache;
use crate::documents::Workshop;
use crate::downloads::DownloadLinks;
use crate::error::store_failure;
use crate::events::Hub;
use crate::fencing::Fencing;
use crate::list_cache::ListCache;
use crate::oidc::Oidc;
use crate::passwords::Passwords;
use crate::{relay, routes};

/// What handlers share.
pub struct AppState {
    /// Connections to PostgreSQL, through PgBouncer.
    pub pool: Pool,
    /// Names that lists show.
    pub directory: Arc<DirectoryCache>,
    /// Case lists, read once for everybody.
    pub(crate) lists: Arc<ListCache>,
    /// Those who listen to events.
    pub(crate) events: Arc<Hub>,
    /// Makes changes of cases known.
    pub(crate) changes: Changes,
    /// Asks whether the lock that a save refers to still stands.
    pub(crate) fencing: Fencing,
    /// Connections to Redis, which may be down at any time.
    pub redis: Redis,
    /// Signs tokens and publishes the key that verifies them.
    pub issuer: TokenIssuer,
    /// Checks passwords, a few at a time.
    pub passwords: Passwords,
    /// Publishes export jobs; connects when it is first needed.
    pub publisher: Publisher,
    /// Where finished documents are.
    pub blobs: BlobStore,
    /// Limits of the export routes and the relay.
    pub export: ExportConfig,
    /// Links to finished documents.
    pub downloads: DownloadLinks,
    /// Wakes the relay, so that an order does not wait for its next round.
    pub exports_ordered: Notify,
    /// Documents that are made while the client waits.
    pub workshop: Workshop,
    /// Uploaded pictures that are looked into, one at a time: the largest takes 200 MB of memory.
    pub picture_checks: Semaphore,
    /// Name of this instance, the relay's among all relays.
    pub instance_id: String,
    /// Where the process runs.
    pub environment: Environment,
    /// Whether an e-mail address alone signs in (D-01).
    pub demo_login: bool,
    /// The issuer that signs people in, where it is not us.
    pub oidc: Option<Oidc>,
    /// Proxies of ours that a request passes on its way here.
    pub trusted_proxies: usize,
    /// The way to the database for the demo reset, where there is one (E90).
    pub reset_database_url: Option<SecretString>,
}

impl AppState {
    /// Prepares every client. None of them connects yet, so that a part that is down at start-up
    /// keeps the process unready rather than ending it.
    async fn connect(config: &Config) -> anyhow::Result<Self> {
        let pem = std::fs::read(&config.sign_in.signing_key_file)
            .context("AUTH_SIGNING_KEY_FILE cannot be read")?;
        let issuer = issuer(&pem, &config.sign_in)?;
        let broker = BrokerConfig {
            url: config.export.amqp_url.clone(),
            connection_name: format!("cases-api {}", config.http.instance_id),
        };
        let pool = store::pool::connect(&config.database).await?;
        let redis = Redis::open(&config.redis).context("REDIS_URL is not valid")?;
        let oidc = config.sign_in.oidc.clone();
        let oidc = oidc.map(|oidc| Oidc::new(oidc, redis.clone())).transpose()?;
        let directory = Arc::new(DirectoryCache::new(pool.clone()));
        let lists =
            ListCache::new(pool.clone(), Arc::clone(&directory), &redis, config.list_cache_ttl);
        let downloads = DownloadLinks::new(&pem, &issuer, config.export.download_token_ttl)?;
        Ok(Self {
            downloads,
            exports_ordered: Notify::new(),
            workshop: Workshop::new(stationery(&config.export)?),
            picture_checks: Semaphore::new(1),
            instance_id: config.http.instance_id.clone(),
            events: Hub::new(redis.clone(), pool.clone()),
            changes: Changes::new(Arc::clone(&lists), redis.clone()),
            lists,
            fencing: Fencing::new(config.locks_api_url.as_deref())?,
            directory,
            pool,
            redis,
            issuer,
            passwords: Passwords::new(config.http.workers),
            publisher: Publisher::new(broker),
            blobs: edge::blobs::open(&config.export.blob_store_url)?,
            export: config.export.clone(),
            environment: config.http.environment,
            demo_login: config.sign_in.demo_login,
            oidc,
            trusted_proxies: config.sign_in.trusted_proxies,
            reset_database_url: config.reset_database_url.clone(),
        })
    }

    /// A database connection for one request.
    ///
    /// # Errors
    /// 503 when none is free in time.
    pub async fn db(&self) -> Result<PooledConnection<'_>, ApiError> {
        self.pool.get().await.map_err(store_failure)
    }
}

fn issuer(pem: &[u8], config: &SignInConfig) -> anyhow::Result<TokenIssuer> {
    let issuer = TokenIssuer::from_pem(pem, config.auth.clone(), config.token_ttl)
        .context("AUTH_SIGNING_KEY_FILE is not an Ed25519 key in PKCS #8 PEM")?;
    let Some(file) = &config.accepted_key_file else { return Ok(issuer) };
    match std::fs::read(file) {
        Ok(pem) => issuer
            .also_accepting(&pem)
            .context("AUTH_ACCEPTED_KEY_FILE is not an Ed25519 key in PKCS #8 PEM"),
        // Between two changes there is none, while the setting stays.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(issuer),
        Err(error) => Err(error).context("AUTH_ACCEPTED_KEY_FILE cannot be read"),
    }
}

/// Says when the signing key is to be replaced, for an alert to watch.
fn publish_key_expiry(sign_in: &SignInConfig) {
    if let Some(at) = sign_in.signing_key_expires {
        // A gauge is a float, and whole seconds fit in one until the year 2106.
        let seconds = u32::try_from(at.timestamp()).unwrap_or(u32::MAX);
        metrics::gauge!(metric::SIGNING_KEY_EXPIRY).set(seconds);
    }
}

fn stationery(config: &ExportConfig) -> anyhow::Result<Stationery> {
    let template = config.word_template.as_deref();
    let read = Stationery::read(|path| std::fs::read(path), &config.font_dir, template)
        .context("EXPORT_WORD_TEMPLATE")?;
    if read.picture_fonts.is_empty() {
        let folder = config.font_dir.display();
        tracing::warn!("no fonts in {folder}: texts in drawings will be missing in documents");
    }
    Ok(read)
}

/// The whole process, listening but not yet serving.
pub struct Application {
    state: web::Data<AppState>,
    servers: Servers,
    background: Background,
    address: SocketAddr,
    admin_address: SocketAddr,
}

impl Application {
    /// Builds the process described by `config` and binds its ports.
    ///
    /// # Errors
    /// When the configuration cannot work: a port is taken, a file is missing, PgBouncer is of a
    /// kind that loses prepared statements.
    pub async fn build(config: Config) -> anyhow::Result<Self> {
        // Before the parts that begin their counters at zero.
        edge::metrics::install();
        let state = web::Data::new(AppState::connect(&config).await?);
        let gate = Gate::new(state.pool.clone(), config.database.clone());
        gate.refuse_unfit_pooler().await?;
        let verifier = web::Data::new(TokenVerifier::local(&state.issuer));
        let limiter = web::Data::new(RateLimiter::new(state.redis.clone(), config.rate_limits));
        let readiness = Readiness::default();
        publish_key_expiry(&config.sign_in);

        let listener = bind("HTTP_BIND", config.http.bind)?;
        let admin_listener = bind("ADMIN_BIND", config.http.admin_bind)?;
        let address = listener.local_addr()?;
        let admin_address = admin_listener.local_addr()?;
        let shared = state.clone();
        let public = edge::server::serve(listener, &config.http, routes::API, move |app| {
            app.app_data(shared.clone()).app_data(verifier.clone()).app_data(limiter.clone());
        })?;
        let admin = edge::admin::serve(admin_listener, readiness.clone())?;

        let background = Background::default();
        // Redis and RabbitMQ do not count, because most requests do without them (I7).
        let watched = readiness.clone();
        background
            .spawn_droppable(async move { watched.watch(async || gate.is_open().await).await });
        let pool = state.pool.clone();
        background.spawn_droppable(edge::metrics::keep_up(move || pool.report()));
        background.spawn(|stop| relay::run(state.clone(), stop));
        background.spawn(|stop| Arc::clone(&state.lists).keep_in_touch(stop));
        // Streams end when draining begins: no request is waited for that never ends by itself.
        background.spawn(|_| Arc::clone(&state.events).run(readiness.draining()));
        let servers = Servers { public: Some(public), admin, readiness };
        Ok(Self { state, servers, background, address, admin_address })
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
        let Self { state, servers, background, .. } = self;
        let close = async move {
            background.stop().await;
            state.publisher.close().await;
        };
        servers.run_until(shutdown, close).await
    }
}
