//! The outbox relay: publishes accepted exports, and publishes again what the queue has lost.
//!
//! An accepted export is a committed row, whether or not RabbitMQ is there. The relay takes rows
//! that are not published, hands each to the broker, and marks it only when the broker has
//! confirmed (I5). Any number of relays may run: they lease rows from each other, and what is
//! published twice is done once.

use std::time::{Duration, Instant};

use actix_web::web;
use domain::ids::ExportJobId;
use queue::{BrokerError, ExportRequested};
use store::StoreError;
use store::export_jobs::outbox::{self, Unpublished};
use telemetry::metric;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, field, info_span};

use crate::app::AppState;

/// Jobs taken at a time.
const BATCH: i64 = 50;
/// How long another relay leaves them alone.
const LEASE: Duration = Duration::from_secs(30);
/// How often lost jobs are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(2);
/// How long a published job may wait for a worker before it counts as lost. A backlog this old is
/// published once more, which does no harm.
const OVERDUE: Duration = Duration::from_mins(10);
/// Longest pause while the broker or the database is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why a round of the relay ended early.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error("outbox could not be read or written")]
    Store(#[from] StoreError),
    #[error("export job could not be published")]
    Broker(#[from] BrokerError),
}

/// Relays until `stop` is cancelled.
pub async fn run(state: web::Data<AppState>, stop: CancellationToken) {
    let mut pause = state.export.relay_interval;
    let mut swept: Option<Instant> = None;
    while !stop.is_cancelled() {
        let sweep = swept.is_none_or(|at| at.elapsed() >= SWEEP_INTERVAL);
        match relay(&state, sweep).await {
            Ok(()) => {
                pause = state.export.relay_interval;
                swept = if sweep { Some(Instant::now()) } else { swept };
                let woken = state.exports_ordered.notified();
                let _ = stop.run_until_cancelled(tokio::time::timeout(pause, woken)).await;
            }
            Err(error) => {
                tracing::warn!(error.chain = %edge::error::chain(&error), "relay has to wait");
                // Jittered, so that the relays of all pods do not come back at the same moment.
                pause = (pause * 2).min(LONGEST_PAUSE).mul_f64(rand::random_range(0.5..1.0));
                let _ = stop.run_until_cancelled(tokio::time::sleep(pause)).await;
            }
        }
    }
}

async fn relay(state: &AppState, sweep: bool) -> Result<(), RelayError> {
    if sweep {
        sweep_lost(state).await?;
    }
    loop {
        // The connection goes back before anything is published: the broker may be slow.
        let leased = {
            let mut conn = state.pool.get().await?;
            outbox::lease_unpublished(&mut conn, &state.instance_id, LEASE, BATCH).await?
        };
        if leased.is_empty() {
            return Ok(());
        }
        let (published, outcome) = publish_all(state, &leased).await;
        let mut conn = state.pool.get().await?;
        outbox::mark_published(&mut conn, &published).await?;
        if outcome.is_err() {
            outbox::release_unpublished(&mut conn, &state.instance_id).await?;
        }
        outcome?;
    }
}

/// Publishes in order, stops at the first failure and returns what the broker has confirmed.
async fn publish_all(
    state: &AppState,
    jobs: &[Unpublished],
) -> (Vec<ExportJobId>, Result<(), BrokerError>) {
    let mut published = Vec::with_capacity(jobs.len());
    for job in jobs {
        let span = info_span!(
            "publish export",
            otel.kind = "producer",
            otel.status_code = field::Empty,
            error.type = field::Empty,
            messaging.system = "rabbitmq",
            messaging.operation.name = "publish",
            messaging.operation.type = "send",
            messaging.destination.name = queue::EXPORT_EXCHANGE,
            messaging.rabbitmq.destination.routing_key = queue::EXPORT_QUEUE,
            messaging.message.id = %job.id,
            export.job_id = %job.id,
        );
        if let Some(trace_parent) = &job.trace_parent {
            telemetry::propagation::set_parent_from(&span, trace_parent);
        }
        let message = ExportRequested { job_id: job.id.into() };
        let sent = state.publisher.publish(message).instrument(span.clone()).await;
        if let Err(error) = sent {
            telemetry::span::fail(&span, "broker");
            return (published, Err(error));
        }
        published.push(job.id);
    }
    (published, Ok(()))
}

async fn sweep_lost(state: &AppState) -> Result<(), StoreError> {
    let mut conn = state.pool.get().await?;
    let lost = outbox::requeue_lost(&mut conn, OVERDUE).await?;
    if lost > 0 {
        tracing::warn!(export.requeued = lost, "put {lost} lost export jobs back in the queue");
    }
    let unfinished = outbox::count_unfinished(&mut conn).await?;
    let count = |status| metrics::gauge!(metric::EXPORT_UNFINISHED, "status" => status);
    count("queued").set(unfinished.queued);
    count("processing").set(unfinished.processing);
    metrics::gauge!(metric::EXPORT_OLDEST_QUEUED).set(unfinished.oldest_queued);
    Ok(())
}
