//! Requests for some time, at a rate or as fast as they are answered.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use crowd::connection::Connection;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::plan::{Plan, Sample};
use crate::wait_for_the_word;

/// At a rate each connection has its own moments to send at, evenly spread. An answer that comes
/// late does not move them, and what it holds up counts from when it was due: a service that is
/// slow gets no less to do, and does not look better for it.
pub(crate) async fn run(
    plan: &Arc<Plan>,
    connections: usize,
    rate: Option<f64>,
    secs: f64,
) -> Result<Vec<Sample>> {
    let mut open = Vec::with_capacity(connections);
    for nth in 0..connections {
        let mut connection = plan.connection(nth)?;
        connection.open().await?;
        open.push(connection);
    }
    wait_for_the_word().await?;
    let start = Instant::now();
    let end = start + Duration::try_from_secs_f64(secs)?;
    let gap = rate.map(|rate| Duration::try_from_secs_f64(1.0 / rate)).transpose()?;
    let mut senders = JoinSet::new();
    for (nth, connection) in open.into_iter().enumerate() {
        let first = gap.unwrap_or_default().saturating_mul(u32::try_from(nth)?);
        let period = gap.unwrap_or_default().saturating_mul(u32::try_from(connections)?);
        let sender = Sender { plan: Arc::clone(plan), nth, connections, connection };
        senders.spawn(sender.send_all(start, start + first, period, end));
    }
    let samples: Result<Vec<Vec<Sample>>> = senders.join_all().await.into_iter().collect();
    Ok(samples?.concat())
}

struct Sender {
    plan: Arc<Plan>,
    nth: usize,
    connections: usize,
    connection: Connection,
}

impl Sender {
    async fn send_all(
        mut self,
        start: Instant,
        mut due: Instant,
        period: Duration,
        end: Instant,
    ) -> Result<Vec<Sample>> {
        let mut samples = Vec::new();
        let mut number = self.nth;
        while due < end && Instant::now() < end {
            sleep_until(due).await;
            let request = self.plan.request(number)?;
            samples.push(Sample::take(&mut self.connection, request, (start, due)).await);
            number += self.connections;
            due = if period.is_zero() { Instant::now() } else { due + period };
        }
        Ok(samples)
    }
}
