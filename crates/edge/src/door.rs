//! Closes a public port without losing a request that is on its way to it.
//!
//! A gateway without health checks, nginx is one, goes on sending until a connection is refused.
//! Whoever simply closes the port loses requests in three places: on idle connections that end just
//! as one is sent, on connections that nobody has accepted yet, and on those that are accepted and
//! not yet with a worker. A gateway must not repeat a `POST` that it has sent, so each of them would
//! be an error that a user sees. The order here leaves nothing to be lost:
//!
//! 1. Answers say `Connection: close`, so that the gateway keeps fewer and fewer connections.
//! 2. The kernel is told to drop new connection attempts, which a client repeats by itself after a
//!    second, while those that are through are accepted and served.
//! 3. The port is closed: attempts are refused, which a gateway takes as leave to ask elsewhere.
//! 4. Idle connections stay open until the gateway has met such a refusal and looks elsewhere first.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::middleware::Next;
use socket2::{SockFilter, Socket};

/// How long answers have said `Connection: close` before the port closes.
const LAST_CALL: Duration = Duration::from_millis(500);
/// How long a connection that is through may need to reach a worker.
const ENTRANCE: Duration = Duration::from_millis(200);
/// How long idle connections outlive the port.
const FAREWELL: Duration = Duration::from_millis(300);
/// The classic packet filter's instruction `return 0`: nothing passes.
const DROP_EVERYTHING: [SockFilter; 1] = [SockFilter::new(0x06, 0, 0, 0)];

/// Whether answers are to say that the connection ends with them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Closing(Arc<AtomicBool>);

impl Closing {
    /// Asks the client not to use this connection again, once the port is about to close.
    pub(crate) async fn mark(
        self,
        request: ServiceRequest,
        next: Next<impl MessageBody>,
    ) -> Result<ServiceResponse<impl MessageBody>, Error> {
        let mut response = next.call(request).await?;
        if self.0.load(Ordering::Acquire) {
            let head = response.response_mut().head_mut();
            head.set_connection_type(ConnectionType::Close);
        }
        Ok(response)
    }
}

/// A second handle to the port, which the server does not know of.
#[derive(Debug)]
pub(crate) struct Door {
    socket: Socket,
    closing: Closing,
}

impl Door {
    pub(crate) fn of(listener: &TcpListener) -> std::io::Result<Self> {
        Ok(Self { socket: Socket::from(listener.try_clone()?), closing: Closing::default() })
    }

    pub(crate) fn closing(&self) -> Closing {
        self.closing.clone()
    }

    /// Closes the port in order; connections that are through stay open.
    pub(crate) async fn close(&self, server: &ServerHandle) {
        self.closing.0.store(true, Ordering::Release);
        tokio::time::sleep(LAST_CALL).await;
        if let Err(error) = self.socket.attach_filter(&DROP_EVERYTHING) {
            // Some sandboxes forbid filters; then a request may be lost where it waits.
            tracing::warn!(error = %error, "new connections cannot be held back");
        }
        tokio::time::sleep(ENTRANCE).await;
        // The server would take the closed port for one that fails, and try again and again.
        server.pause().await;
        if let Err(error) = self.socket.shutdown(std::net::Shutdown::Both) {
            tracing::warn!(error = %error, "the public port cannot be closed");
        }
        tokio::time::sleep(FAREWELL).await;
    }
}
