//! The cached list against a handler that does nothing but check the token and send the same bytes
//! from memory: what is lost is the price of routes, cache, limits, metrics and traces.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::http::Client;
use super::statistics::{median, verdict};
use super::{Bench, lists, load};
use crate::process::Daemon;
use crate::stack::Running;
use crate::{gateway, http};

/// Callers at once.
pub(super) const CONNECTIONS: u16 = 64;
/// As browsers send it.
const ACCEPT_ENCODING: &str = "gzip, deflate, br, zstd";
/// The two sides take turns, so that what else the machine does meets both.
const ROUNDS: u16 = 15;
const TARGET: f64 = 0.6;
const BARE: &str = "bare-list";
const BARE_GATEWAY: &str = "gateway-bare";

/// Which way requests go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Direct,
    Gateway,
}

pub(super) fn measure(bench: &Bench<'_>, running: &mut Running, way: Way) -> Result<Value> {
    let client = Client::sign_in(bench.stack)?;
    let list = lists::all(bench.stack)?.into_iter().next().context("there is no list")?;
    let (bytes, encoding) = client.packed(&list.path, ACCEPT_ENCODING)?;
    let file = bench.scratch.join("list");
    fs::write(&file, &bytes)?;
    let result = start_bare(bench, running, &file, &encoding, way).and_then(|bare| {
        let ports = &bench.stack.ports;
        let ours = if way == Way::Direct { ports.cases_api } else { ports.gateway };
        take_turns(bench, &client, &list.path, (ours, bare))
    });
    running.stop_named(&[BARE.to_owned(), BARE_GATEWAY.to_owned()])?;
    let pairs = result?;
    let ratios: Vec<f64> = pairs.iter().map(|(ours, bare)| ours / bare).collect();
    let rates = |side: fn(&(f64, f64)) -> f64| pairs.iter().map(side).collect::<Vec<_>>();
    let ratio = median(&ratios)?;
    Ok(json!({
        "bench": if way == Way::Direct { "list-hot" } else { "list-gateway" },
        "cases": list.cases,
        "bytes": bytes.len(),
        "encoding": encoding,
        "connections": CONNECTIONS,
        "requests_per_second": median(&rates(|pair| pair.0))?,
        "bare_per_second": median(&rates(|pair| pair.1))?,
        "ratio": ratio,
        "ratios": ratios,
        "target": format!("ratio >= {TARGET}"),
        "verdict": verdict(ratio >= TARGET),
    }))
}

/// Starts the bare handler, and a gateway in front of it; returns the port to ask.
fn start_bare(
    bench: &Bench<'_>,
    running: &mut Running,
    file: &Path,
    encoding: &str,
    way: Way,
) -> Result<u16> {
    let port = free_port()?;
    let jwks = format!("http://127.0.0.1:{}/api/auth/jwks.json", bench.stack.ports.cases_api);
    let daemon = Daemon::new(BARE, bench.programs.join(BARE))
        .arg(port.to_string())
        .arg(jwks)
        .arg(file.display().to_string())
        .arg(encoding);
    let process = running.ensure(&daemon, &[port])?;
    let page = format!("http://127.0.0.1:{port}/");
    process.wait_until(Duration::from_secs(10), || http::status(&page) == Some(401))?;
    if way == Way::Direct {
        return Ok(port);
    }
    let front = free_port()?;
    gateway::start_before(running, BARE_GATEWAY, front, port)?;
    Ok(front)
}

pub(super) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Requests a second of the one and of the other, round by round.
pub(super) fn take_turns(
    bench: &Bench<'_>,
    client: &Client,
    path: &str,
    (one, other): (u16, u16),
) -> Result<Vec<(f64, f64)>> {
    let headers = [
        format!("--header=Authorization: Bearer {}", client.token()),
        format!("--header=Accept-Encoding: {ACCEPT_ENCODING}"),
    ];
    let measure = |port: u16, secs: u16| -> Result<f64> {
        load::wrk(CONNECTIONS, secs, &headers, &format!("http://127.0.0.1:{port}{path}"))
    };
    // Both once before it counts.
    measure(one, 1)?;
    measure(other, 1)?;
    let secs = bench.secs.div_ceil(ROUNDS).max(1);
    let mut pairs = Vec::new();
    for _ in 0..ROUNDS {
        pairs.push((measure(one, secs)?, measure(other, secs)?));
    }
    ensure!(pairs.iter().all(|(_, other)| *other > 0.0), "port {other} answered nothing");
    Ok(pairs)
}
