//! What traces and metrics cost: the cached list from a copy of cases-api that makes both, as in
//! production, against one that makes neither.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::http::Client;
use super::list_hot::{CONNECTIONS, free_port, take_turns};
use super::statistics::{median, verdict};
use super::{Bench, lists};
use crate::observability;
use crate::services::{self, Instance};
use crate::stack::Running;

/// As `k8s/base` has it.
const SAMPLED: &str = "0.1";
const TARGET: f64 = 0.95;
const OBSERVED: &str = "cases-api-observed";
const UNOBSERVED: &str = "cases-api-unobserved";

pub(super) fn measure(bench: &Bench<'_>, running: &mut Running) -> Result<Value> {
    let client = Client::sign_in(bench.stack)?;
    let list = lists::all(bench.stack)?.into_iter().next().context("there is no list")?;
    let result =
        start_both(bench, running).and_then(|ports| take_turns(bench, &client, &list.path, ports));
    let started = [OBSERVED, UNOBSERVED, "collector"].map(str::to_owned);
    running.stop_named(&started)?;
    let pairs = result?;
    let ratios: Vec<f64> = pairs.iter().map(|(with, without)| with / without).collect();
    let rates = |side: fn(&(f64, f64)) -> f64| pairs.iter().map(side).collect::<Vec<_>>();
    let ratio = median(&ratios)?;
    Ok(json!({
        "bench": "list-observed",
        "connections": CONNECTIONS,
        "sampled": SAMPLED,
        "observed_per_second": median(&rates(|pair| pair.0))?,
        "unobserved_per_second": median(&rates(|pair| pair.1))?,
        "ratio": ratio,
        "ratios": ratios,
        "target": format!("ratio >= {TARGET}"),
        "verdict": verdict(ratio >= TARGET),
    }))
}

/// Starts a copy with and one without; returns their ports.
fn start_both(bench: &Bench<'_>, running: &mut Running) -> Result<(u16, u16)> {
    observability::start_collector(running)?;
    let collector = observability::collector_url(bench.stack);
    let observed =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.as_str()), ("OTEL_TRACES_SAMPLER_ARG", SAMPLED)];
    let with = start(bench, running, OBSERVED, &observed)?;
    let without = start(bench, running, UNOBSERVED, &[("OTEL_SDK_DISABLED", "true")])?;
    Ok((with, without))
}

fn start(
    bench: &Bench<'_>,
    running: &mut Running,
    name: &str,
    variables: &[(&'static str, &str)],
) -> Result<u16> {
    let port = free_port()?;
    let instance = Instance {
        service: "cases-api",
        name: name.to_owned(),
        public_port: Some(port),
        admin_port: free_port()?,
    };
    services::start_one(running, &bench.programs, &instance, variables)?;
    Ok(port)
}
