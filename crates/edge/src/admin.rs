//! The admin port: probes and metrics, never routed by the gateway.
//!
//! Liveness says only that the process runs; readiness reads a flag that a background check keeps
//! up to date, so that probes never load the parts they ask about.

use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::{App, HttpResponse, HttpServer, web};
use telemetry::metric;

use tokio_util::sync::CancellationToken;

use crate::metrics;

/// Whether this instance wants traffic.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    healthy: AtomicBool,
    draining: CancellationToken,
}

/// How often the parts that readiness depends on are checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// How soon a failed check is repeated: an instance must be ready soon after what it needs is.
const RECHECK_INTERVAL: Duration = Duration::from_millis(200);

/// A check that takes longer has failed: a hung server must not leave an instance ready for ever.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

impl Readiness {
    /// True when the last check succeeded and shutdown has not begun.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.healthy.load(Ordering::Acquire) && !self.0.draining.is_cancelled()
    }

    /// Begins shutdown: from now on this instance is not ready, whatever checks say.
    pub fn drain(&self) {
        self.0.draining.cancel();
    }

    /// Cancelled when shutdown begins: for what would otherwise go on until it is over.
    #[must_use]
    pub fn draining(&self) -> CancellationToken {
        self.0.draining.clone()
    }

    /// Runs `check` for ever and keeps its result. Meant to be spawned.
    pub async fn watch<F, Fut>(self, check: F)
    where
        F: Fn() -> Fut,
        Fut: Future<Output = bool>,
    {
        loop {
            let healthy = tokio::time::timeout(CHECK_TIMEOUT, check()).await.unwrap_or(false);
            if self.0.healthy.swap(healthy, Ordering::AcqRel) != healthy {
                tracing::info!(ready = healthy, "readiness changed");
            }
            tokio::time::sleep(if healthy { CHECK_INTERVAL } else { RECHECK_INTERVAL }).await;
        }
    }
}

/// Starts the admin port.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(listener: TcpListener, readiness: Readiness) -> std::io::Result<Server> {
    metrics::install();
    let readiness = web::Data::new(readiness);
    let app = move || {
        App::new()
            .app_data(readiness.clone())
            .route("/health/live", web::get().to(HttpResponse::Ok))
            .route("/livez", web::get().to(HttpResponse::Ok))
            .route("/health/ready", web::get().to(ready))
            .route("/readyz", web::get().to(ready))
            .route("/metrics", web::get().to(scrape))
    };
    let server = HttpServer::new(app)
        .workers(1)
        .shutdown_timeout(1)
        .disable_signals()
        .listen(listener)?
        .run();
    Ok(server)
}

async fn ready(readiness: web::Data<Readiness>) -> HttpResponse {
    if readiness.is_ready() {
        HttpResponse::Ok().finish()
    } else {
        HttpResponse::ServiceUnavailable().finish()
    }
}

async fn scrape(readiness: web::Data<Readiness>) -> HttpResponse {
    let ready = if readiness.is_ready() { 1.0 } else { 0.0 };
    ::metrics::gauge!(metric::SERVICE_READY).set(ready);
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(metrics::render())
}
