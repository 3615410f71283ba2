//! One user's connection: kept open between requests, as a browser keeps it.
//!
//! Each user has one of their own. A pool shared by all would let five thousand users look like a
//! few dozen to the gateway.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HOST, HeaderMap};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A browser gives up sooner or later; so do its users.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the portal is.
#[derive(Clone, Debug)]
pub struct Host {
    /// Host and port, as the header `Host` has them.
    pub authority: String,
}

/// A connection that is opened when it is needed.
#[derive(Debug)]
pub struct Connection {
    host: Host,
    sender: Option<SendRequest<Full<Bytes>>>,
}

/// A whole answer.
#[derive(Debug)]
pub struct Received {
    /// The status line's number.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// As it was sent, compressed or not.
    pub body: Bytes,
}

impl Host {
    /// Parses `http://HOST:PORT`. Only unencrypted: the generator stands beside the gateway.
    ///
    /// # Errors
    /// When it is something else.
    pub fn parse(url: &str) -> Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("{url} is no address"))?;
        ensure!(uri.scheme_str() == Some("http"), "{url} does not begin with http://");
        let authority = uri.authority().with_context(|| format!("{url} names no host"))?;
        let port = authority.port_u16().unwrap_or(80);
        Ok(Self { authority: format!("{}:{port}", authority.host()) })
    }
}

impl Connection {
    /// A connection that does not exist yet.
    #[must_use]
    pub fn new(host: Host) -> Self {
        Self { host, sender: None }
    }

    /// Opens it ahead of its first request.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn open(&mut self) -> Result<()> {
        self.sender = Some(self.host.connect().await?);
        Ok(())
    }

    /// Sends a request and waits for the whole answer. A kept connection that the gateway has just
    /// closed is not the request's fault: that is tried once more on a new one, as browsers do.
    ///
    /// # Errors
    /// When there is no connection, or no whole answer in time.
    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Received> {
        let (mut parts, body) = request.into_parts();
        parts.headers.insert(HOST, self.host.authority.parse()?);
        let request = Request::from_parts(parts, body);
        let was_open = self.sender.as_ref().is_some_and(|sender| !sender.is_closed());
        let answer = match timeout(PATIENCE, self.attempt(request.clone())).await {
            Ok(Err(_)) if was_open => {
                self.sender = None;
                timeout(PATIENCE, self.attempt(request)).await
            }
            outcome => outcome,
        };
        if !matches!(answer, Ok(Ok(_))) {
            // Half an answer may still be on its way.
            self.sender = None;
        }
        answer.context("no answer in time")?
    }

    async fn attempt(&mut self, request: Request<Full<Bytes>>) -> Result<Received> {
        let mut sender = match self.sender.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => self.host.connect().await?,
        };
        sender.ready().await?;
        let answer = sender.send_request(request).await?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        self.sender = Some(sender);
        Ok(Received { status: head.status, headers: head.headers, body })
    }
}

impl Host {
    /// Opens a connection.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn connect(&self) -> Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(&self.authority).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // How it ends shows in the request that was under way, if there was one.
            let _ = connection.await;
        });
        Ok(sender)
    }
}
