//! Jaeger's pages over the traces of a developer's stack: `trace-view PAGES_ADDRESS OTLP_ADDRESS`.
//!
//! Traces are kept in memory only, the newest of them.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use otlp_embedded::{Config, State, TraceServiceImpl, TraceServiceServer, ui_app};
use tokio::net::TcpListener;
use tonic::codec::CompressionEncoding;
use tonic::transport::Server;

/// About 30 KiB each.
const MOST_TRACES: u32 = 2_000;
/// No limit: otlp-embedded 0.0.2 does not count down for traces that it drops by their number, so
/// that after some thousands it takes itself to be over any limit and keeps nothing any more.
const MOST_BYTES: usize = usize::MAX;

#[tokio::main]
async fn main() -> Result<()> {
    let mut addresses = std::env::args().skip(1);
    let pages: SocketAddr = addresses.next().context("no address for the pages")?.parse()?;
    let intake: SocketAddr = addresses.next().context("no address for OTLP")?.parse()?;
    let state = State::new(Config { max_length: MOST_TRACES, max_memory_usage: MOST_BYTES });
    let listener = TcpListener::bind(pages).await?;
    // The collector compresses.
    let traces = TraceServiceServer::new(TraceServiceImpl::new(state.clone()))
        .accept_compressed(CompressionEncoding::Gzip);
    tokio::select! {
        served = axum::serve(listener, ui_app(state, "/")) => served?,
        taken = Server::builder().add_service(traces).serve(intake) => taken?,
    }
    Ok(())
}
