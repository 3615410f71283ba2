//! Wires the process together, and takes it apart in order.
//!
//! Shutdown: the subscription ends, running jobs get their grace period, the rest is given back to
//! the queue, and only then the connections that all of it needs close.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use edge::admin::Readiness;
use edge::blobs::BlobStore;
use edge::process::{Background, Servers, bind};
use edge::redis::Redis;
use queue::{BrokerConfig, Consumer};
use render::pdf::Fonts;
use render::stationery::Stationery;
use store::pool::{Gate, Pool};
use telemetry::metric;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, JobConfig};
use crate::report::Pages;
use crate::{job, presence, retention};

/// What jobs share.
pub(crate) struct Worker {
    /// Connections to PostgreSQL, through PgBouncer.
    pub(crate) pool: Pool,
    /// Where progress is told; may be down at any time.
    pub(crate) redis: Redis,
    /// Where finished documents go.
    pub(crate) blobs: BlobStore,
    /// What PDFs are set in.
    pub(crate) fonts: Arc<Fonts>,
    /// What department lists are made with besides.
    pub(crate) stationery: Arc<Stationery>,
    /// How jobs are run.
    pub(crate) jobs: JobConfig,
    /// Name of this instance, the holder of its claims.
    pub(crate) instance_id: String,
}

impl Worker {
    /// Pages as PDF.
    pub(crate) fn pdf(&self) -> Pages {
        Pages::Pdf(Arc::clone(&self.fonts))
    }
}

/// The whole process, with its admin port listening and not yet consuming.
pub struct Application {
    worker: Arc<Worker>,
    consumer: Consumer,
    servers: Servers,
    background: Background,
    admin_address: SocketAddr,
}

impl Application {
    /// Builds the process described by `config` and binds its admin port.
    ///
    /// Neither the database nor the broker has to be there yet.
    ///
    /// # Errors
    /// When the configuration cannot work: a font is missing, the port is taken, the blob store
    /// cannot be opened, or PgBouncer is of a kind that loses prepared statements.
    pub async fn build(config: Config) -> anyhow::Result<Self> {
        let fonts = fonts(&config.font_dir)?;
        let template = config.word_template.as_deref();
        let stationery = Stationery::read(|path| std::fs::read(path), &config.font_dir, template)
            .context("EXPORT_WORD_TEMPLATE")?;
        let pool = store::pool::connect(&config.database).await?;
        let gate = Gate::new(pool.clone(), config.database);
        gate.refuse_unfit_pooler().await?;
        let broker = BrokerConfig {
            url: config.amqp_url,
            connection_name: format!("export-worker {}", config.http.instance_id),
        };
        let consuming = Arc::new(AtomicBool::new(false));
        let link = Arc::clone(&consuming);
        let consumer = Consumer::new(broker, config.jobs.concurrency, config.http.shutdown_grace)
            .on_link(move |up| link.store(up, Ordering::Release));
        let worker = Arc::new(Worker {
            pool,
            redis: Redis::open(&config.redis).context("REDIS_URL is not valid")?,
            blobs: edge::blobs::open(&config.blob_store_url)?,
            fonts: Arc::new(fonts),
            stationery: Arc::new(stationery),
            jobs: config.jobs,
            instance_id: config.http.instance_id,
        });

        let listener = bind("ADMIN_BIND", config.http.admin_bind)?;
        let admin_address = listener.local_addr()?;
        let readiness = Readiness::default();
        let admin = edge::admin::serve(listener, readiness.clone())?;
        let background = Background::default();
        background.spawn_droppable(presence::report(Arc::clone(&worker), Arc::clone(&consuming)));
        background.spawn_droppable(watch(readiness.clone(), gate, consuming));
        background.spawn_droppable(retention::sweep(Arc::clone(&worker), config.retention));
        edge::metrics::begin_at_zero(metric::EXPORT_JOBS, "outcome", &job::OUTCOMES);
        let pool = worker.pool.clone();
        background.spawn_droppable(edge::metrics::keep_up(move || pool.report()));
        let servers = Servers { public: None, admin, readiness };
        Ok(Self { worker, consumer, servers, background, admin_address })
    }

    /// Address of the admin port, as bound.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Works until `shutdown` completes, then shuts down in order.
    ///
    /// # Errors
    /// When the admin port stops by itself, or `shutdown` fails.
    pub async fn run_until(
        self,
        shutdown: impl Future<Output = std::io::Result<()>>,
    ) -> anyhow::Result<()> {
        let Self { worker, consumer, servers, background, .. } = self;
        let stop = CancellationToken::new();
        let consuming = consume(consumer, worker, stop.clone());
        let close = async move {
            stop.cancel();
            if let Err(error) = consuming.await {
                tracing::error!(error.chain = %edge::error::chain(&error), "consumer failed");
            }
            background.stop().await;
        };
        servers.run_until(shutdown, close).await
    }
}

fn fonts(folder: &Path) -> anyhow::Result<Fonts> {
    Fonts::read(|file| std::fs::read(folder.join(file))).with_context(|| {
        format!("EXPORT_FONT_DIR is {}; Debian: fonts-crosextra-carlito", folder.display())
    })
}

fn consume(consumer: Consumer, worker: Arc<Worker>, stop: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(consumer.run(stop, move |delivered| job::handle(Arc::clone(&worker), delivered)))
}

/// Ready means: PgBouncer is fit, the database answers, and orders can arrive.
async fn watch(readiness: Readiness, gate: Gate, consuming: Arc<AtomicBool>) {
    readiness.watch(|| async { consuming.load(Ordering::Acquire) && gate.is_open().await }).await;
}
