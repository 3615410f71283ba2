//! A TCP proxy that breaks on demand, for tests of what a service does when a part of it goes away (I7).

use std::net::SocketAddr;

use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const BUFFER_BYTES: usize = 16 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Pass,
    Stall,
    Reset,
}

/// Stands between a client and a server on the loopback interface; starts by passing everything on.
#[derive(Debug)]
pub struct ChaosProxy {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    acceptor: JoinHandle<()>,
}

impl ChaosProxy {
    /// Listens on a free port in front of `upstream`, for example `127.0.0.1:26432`.
    pub async fn start(upstream: &str) -> Self {
        Self::start_at(0, upstream).await
    }

    /// Listens on this port in front of `upstream`.
    pub async fn start_at(port: u16, upstream: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let (mode, seen) = watch::channel(Mode::Pass);
        let acceptor = tokio::spawn(accept(listener, upstream.to_owned(), seen));
        Self { address, mode, acceptor }
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of the server with this proxy in its place.
    #[must_use]
    pub fn instead_of(&self, url: &str) -> String {
        let (scheme, rest) = url.split_once("://").expect("a URL has a scheme");
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let credentials = authority.rsplit_once('@').map_or("", |(credentials, _)| credentials);
        let at = if credentials.is_empty() { "" } else { "@" };
        format!("{scheme}://{credentials}{at}{}/{path}", self.address)
    }

    /// Passes bytes on again.
    pub fn pass(&self) {
        self.mode.send_replace(Mode::Pass);
    }

    /// Keeps connections open and accepts new ones, but moves no byte: a hung server or a lost network.
    pub fn stall(&self) {
        self.mode.send_replace(Mode::Stall);
    }

    /// Resets every connection, and each new one at once: a crashed server.
    pub fn reset(&self) {
        self.mode.send_replace(Mode::Reset);
    }
}

impl Drop for ChaosProxy {
    fn drop(&mut self) {
        self.acceptor.abort();
        self.reset();
    }
}

async fn accept(listener: TcpListener, upstream: String, mode: watch::Receiver<Mode>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(serve(client, upstream.clone(), mode.clone()));
    }
}

async fn serve(mut client: TcpStream, upstream: String, mut mode: watch::Receiver<Mode>) {
    // A reset instead of an orderly end, whenever this connection is dropped before both sides finished.
    let _ = client.set_zero_linger();
    if until_passing(&mut mode).await.is_err() {
        return;
    }
    let Ok(mut server) = TcpStream::connect(&upstream).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (mut client_in, mut client_out) = client.split();
    let (mut server_in, mut server_out) = server.split();
    let _ = tokio::try_join!(
        pump(&mut client_in, &mut server_out, mode.clone()),
        pump(&mut server_in, &mut client_out, mode),
    );
}

/// Moves bytes one way until the sender ends, the connection breaks, or the mode says reset.
async fn pump(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut mode: watch::Receiver<Mode>,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        until_passing(&mut mode).await?;
        let count = tokio::select! {
            count = from.read(&mut buffer) => count?,
            _ = mode.changed() => continue,
        };
        // A stall that begins while a read waits must hold back what that read returns.
        until_passing(&mut mode).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..count]).await?;
    }
}

/// Waits while the mode is stall; fails when it is reset, or when the proxy is gone.
async fn until_passing(mode: &mut watch::Receiver<Mode>) -> io::Result<()> {
    let mode = mode.wait_for(|mode| *mode != Mode::Stall).await;
    match mode.as_deref() {
        Ok(Mode::Pass | Mode::Stall) => Ok(()),
        Ok(Mode::Reset) | Err(_) => Err(io::ErrorKind::ConnectionReset.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn echo_server() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    io::copy(&mut read, &mut write).await
                });
            }
        });
        address
    }

    async fn ask(stream: &mut TcpStream) -> io::Result<u8> {
        stream.write_u8(7).await?;
        stream.read_u8().await
    }

    #[tokio::test]
    async fn passes_stalls_and_resets() {
        let proxy = ChaosProxy::start(&echo_server().await.to_string()).await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut stream).await.unwrap(), 7);

        proxy.stall();
        let waited = tokio::time::timeout(Duration::from_millis(50), ask(&mut stream)).await;
        assert!(waited.is_err(), "nothing may pass a stalled proxy");
        proxy.pass();
        assert_eq!(stream.read_u8().await.unwrap(), 7, "what waited is passed on");

        proxy.reset();
        assert!(ask(&mut stream).await.is_err());
        let mut late = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(ask(&mut late).await.is_err());
    }
}
