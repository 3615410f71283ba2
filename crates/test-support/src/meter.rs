//! A TCP proxy that counts how often a service waits for its database.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_postgres::Client;

/// A client that has sent nothing for so long is waiting. What it sends is held back until then,
/// because on the loopback interface the answer to the first statement of a pipeline may come before
/// the second is sent, and one wait would look like two.
const SILENCE: Duration = Duration::from_millis(10);
/// Each message begins with its type and its length, which counts itself.
const HEADER_BYTES: usize = 5;

/// Statements that a role has had executed in this connection's database so far, as PostgreSQL's
/// `pg_stat_statements` has them; those of triggers left out.
///
/// # Panics
///
/// When the database does not answer.
pub async fn recorded_statements(client: &Client, role: &str) -> i64 {
    let count = "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements
                 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
                     AND userid = (SELECT oid FROM pg_roles WHERE rolname = $1) AND toplevel";
    client.query_one(count, &[&role]).await.expect("pg_stat_statements").get(0)
}

/// What has been counted between two looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Times that the client sent something and waited for the answer. Statements sent together,
    /// as in a pipeline, are waited for once.
    pub round_trips: u64,
    /// Statements executed, those that begin and end transactions too.
    pub statements: u64,
}

#[derive(Debug, Default)]
struct Counters {
    round_trips: AtomicU64,
    statements: AtomicU64,
}

/// Stands between a service and PostgreSQL or PgBouncer on the loopback interface, and reads along.
#[derive(Debug)]
pub struct DatabaseMeter {
    address: SocketAddr,
    counters: Arc<Counters>,
    acceptor: JoinHandle<()>,
}

impl DatabaseMeter {
    /// Listens on a free port in front of `upstream`, for example `127.0.0.1:26432`.
    pub async fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let counters = Arc::new(Counters::default());
        let acceptor = tokio::spawn(accept(listener, upstream.to_owned(), Arc::clone(&counters)));
        Self { address, counters, acceptor }
    }

    /// Where clients connect, host and port.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// What was counted since the last look.
    #[must_use]
    pub fn take(&self) -> Traffic {
        Traffic {
            round_trips: self.counters.round_trips.swap(0, Ordering::SeqCst),
            statements: self.counters.statements.swap(0, Ordering::SeqCst),
        }
    }
}

impl Drop for DatabaseMeter {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

async fn accept(listener: TcpListener, upstream: String, counters: Arc<Counters>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(serve(client, upstream.clone(), Arc::clone(&counters)));
    }
}

async fn serve(mut client: TcpStream, upstream: String, counters: Arc<Counters>) {
    let Ok(mut server) = TcpStream::connect(&upstream).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (mut client_in, mut client_out) = client.split();
    let (mut server_in, mut server_out) = server.split();
    let mut asked = Messages::after_startup();
    let _ = tokio::try_join!(
        pump_batches(&mut client_in, &mut server_out, |batch| {
            let mut is_waited_for = false;
            asked.read(batch, |kind| match kind {
                b'Q' | b'E' => {
                    counters.statements.fetch_add(1, Ordering::SeqCst);
                    is_waited_for = true;
                }
                b'P' | b'B' | b'D' => is_waited_for = true,
                // Nobody waits until a statement is forgotten.
                _ => {}
            });
            if is_waited_for {
                counters.round_trips.fetch_add(1, Ordering::SeqCst);
            }
        }),
        async { io::copy(&mut server_in, &mut client_out).await },
    );
}

/// Moves what a client sends before it falls silent, as a whole, and shows it to `look` before it
/// arrives.
async fn pump_batches(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut look: impl FnMut(&[u8]),
) -> io::Result<()> {
    let mut batch = Vec::new();
    loop {
        let mut is_over = from.read_buf(&mut batch).await? == 0;
        while let Ok(count) = tokio::time::timeout(SILENCE, from.read_buf(&mut batch)).await {
            if count? == 0 {
                is_over = true;
                break;
            }
        }
        look(&batch);
        to.write_all(&batch).await?;
        batch.clear();
        if is_over {
            return to.shutdown().await;
        }
    }
}

/// Finds the messages in a stream that comes in arbitrary pieces.
#[derive(Debug, Default)]
struct Messages {
    /// The beginning of a message whose header has not come whole.
    header: Vec<u8>,
    /// Bytes of the current message's body that are still to come.
    body: usize,
    /// A client's first message has no type.
    is_startup: bool,
}

impl Messages {
    fn after_startup() -> Self {
        Self { is_startup: true, ..Self::default() }
    }

    fn read(&mut self, mut bytes: &[u8], mut found: impl FnMut(u8)) {
        while !bytes.is_empty() {
            let skipped = self.body.min(bytes.len());
            self.body -= skipped;
            bytes = &bytes[skipped..];
            let wanted = if self.is_startup { HEADER_BYTES - 1 } else { HEADER_BYTES };
            while self.body == 0 && self.header.len() < wanted {
                let Some((byte, rest)) = bytes.split_first() else { return };
                self.header.push(*byte);
                bytes = rest;
            }
            if self.body == 0 {
                let length: [u8; 4] =
                    self.header[wanted - 4..].try_into().expect("four bytes of length");
                let length = usize::try_from(u32::from_be_bytes(length)).expect("a small message");
                self.body = length.saturating_sub(4);
                if !self.is_startup {
                    found(self.header[0]);
                }
                self.is_startup = false;
                self.header.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap();
        [&[kind][..], &length.to_be_bytes(), body].concat()
    }

    #[test]
    fn messages_are_found_however_they_are_cut() {
        let startup = [&8_u32.to_be_bytes()[..], b"Q\0\0S"].concat();
        let stream =
            [startup, message(b'P', b"SELECT 'Q'"), message(b'E', b""), message(b'S', b"")];
        let stream = stream.concat();
        for size in 1..stream.len() {
            let mut messages = Messages::after_startup();
            let mut kinds = Vec::new();
            for piece in stream.chunks(size) {
                messages.read(piece, |kind| kinds.push(kind));
            }
            assert_eq!(kinds, b"PES", "in pieces of {size}");
        }
    }
}
