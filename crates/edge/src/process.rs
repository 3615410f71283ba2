//! The life of a process: what runs beside its requests, and the order in which it all ends.
//!
//! Shutdown is where services would differ by accident and lose requests or work, so there is one
//! order for all: readiness turns false, the public port closes (`door`), running requests get
//! their grace period, then the service closes what those needed, and the admin port answers
//! until the end.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::Server;
use anyhow::Context as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::Readiness;
use crate::server::PublicServer;

/// Longest wait for background tasks to finish what they are in the middle of.
const BACKGROUND_GRACE: Duration = Duration::from_secs(5);

/// Listens on `address`, which `variable` configures.
///
/// # Errors
/// When the port is taken or may not be used; names the variable.
pub fn bind(variable: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).with_context(|| format!("{variable}: cannot listen on {address}"))
}

/// Tasks beside the requests, told to stop together.
#[derive(Debug, Default)]
pub struct Background {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Background {
    /// Runs `task` until shutdown drops it; for tasks that are never in the middle of anything.
    pub fn spawn_droppable(&self, task: impl Future<Output = ()> + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn_local(async move { stop.run_until_cancelled(task).await });
    }

    /// Runs a task that ends by itself, soon after the token it is given is cancelled.
    pub fn spawn<F>(&self, task: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + 'static,
    {
        self.tasks.spawn_local(task(self.stop.clone()));
    }

    /// Tells every task to stop and waits until they have, but not for ever.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(BACKGROUND_GRACE, self.tasks.wait()).await.is_err() {
            tracing::warn!("background tasks did not stop in time");
        }
    }
}

/// The servers of a process.
pub struct Servers {
    /// The public port; a worker has none.
    pub public: Option<PublicServer>,
    /// The admin port.
    pub admin: Server,
    /// Turned false when shutdown begins.
    pub readiness: Readiness,
}

impl Servers {
    /// Serves until `shutdown` completes, then drains, runs `close`, and stops the admin port.
    ///
    /// # Errors
    /// When a server stops by itself, or `shutdown` fails.
    pub async fn run_until(
        self,
        shutdown: impl Future<Output = std::io::Result<()>>,
        close: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        let (public, exit) = self.public.map(PublicServer::split).unzip();
        let admin_handle = self.admin.handle();
        let public = async {
            match public {
                Some(server) => server.await,
                None => std::future::pending().await,
            }
        };
        let mut public = actix_web::rt::spawn(public);
        let mut admin = actix_web::rt::spawn(self.admin);
        tokio::select! {
            requested = shutdown => requested.context("signals cannot be waited for")?,
            stopped = &mut public => stopped?.context("the public server stopped by itself")?,
            stopped = &mut admin => stopped?.context("the admin server stopped by itself")?,
        }
        tracing::info!("shutting down");
        self.readiness.drain();
        if let Some(exit) = exit {
            exit.leave().await;
        }
        close.await;
        admin_handle.stop(true).await;
        Ok(())
    }
}
