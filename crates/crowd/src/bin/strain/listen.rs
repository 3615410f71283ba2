//! Listeners to the event stream, who do nothing until a case is saved.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use crowd::connection::Host;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::plan::{Call, Plan};
use crate::wait_for_the_word;

const EVENT: &[u8] = b"event: case.saved\n";
/// How long an event may take to reach everybody.
const PATIENCE: Duration = Duration::from_secs(10);
const BETWEEN_SAVES: Duration = Duration::from_millis(500);

pub(crate) async fn run(plan: &Arc<Plan>, connections: usize, saves: usize) -> Result<Value> {
    let (heard, mut hearing) = mpsc::unbounded_channel();
    let mut listeners = JoinSet::new();
    for nth in 0..connections {
        let stream = open(plan, nth).await?;
        listeners.spawn(listen(stream, heard.clone()));
    }
    wait_for_the_word().await?;
    let mut all_ms: Vec<f64> = Vec::new();
    let mut median_ms: Vec<f64> = Vec::new();
    let mut fewest = connections;
    for _ in 0..saves {
        let mut connection = plan.connection(0)?;
        let begun = Instant::now();
        let answer = connection.send(plan.request(0)?).await?;
        ensure!(answer.status.is_success(), "the save was answered {}", answer.status);
        let mut times = Vec::with_capacity(connections);
        while times.len() < connections
            && let Ok(Some(at)) = timeout(PATIENCE, hearing.recv()).await
        {
            let at: Instant = at;
            times.push(at.saturating_duration_since(begun).as_secs_f64() * 1000.0);
        }
        fewest = fewest.min(times.len());
        times.sort_by(f64::total_cmp);
        median_ms.extend(times.get(times.len() / 2));
        all_ms.extend(times.last());
        sleep(BETWEEN_SAVES).await;
    }
    Ok(json!({ "reached": fewest, "half_ms": median_ms, "all_ms": all_ms }))
}

async fn open(plan: &Plan, nth: usize) -> Result<Incoming> {
    let host: Host = plan.host(nth)?;
    let call = Call { method: "GET".to_owned(), path: "/api/events".to_owned(), body: None };
    let mut request: Request<Full<Bytes>> = plan.request_of(&call, nth)?;
    request.headers_mut().insert(HOST, host.authority.parse()?);
    let answer = host.connect().await?.send_request(request).await?;
    ensure!(answer.status() == StatusCode::OK, "the stream was answered {}", answer.status());
    Ok(answer.into_body())
}

/// Tells of each event. Events are small and come in one piece.
async fn listen(mut stream: Incoming, heard: mpsc::UnboundedSender<Instant>) -> Result<()> {
    loop {
        let frame = stream.frame().await.context("the stream ended")??;
        let bytes = frame.into_data().unwrap_or_default();
        if bytes.windows(EVENT.len()).any(|part| part == EVENT) {
            heard.send(Instant::now())?;
        }
    }
}
