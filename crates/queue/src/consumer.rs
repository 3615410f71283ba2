//! Consumes export orders: at most so many at a time, acknowledged only when done.
//!
//! The broker's prefetch limits what is handed out and a semaphore limits what runs, because after
//! a reconnect the broker hands out anew while handlers of the old connection may still be busy.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions,
    BasicRejectOptions,
};
use lapin::types::{FieldTable, ShortString};
use telemetry::metric;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, Span, error, field, info, info_span, warn};

use crate::connection::{BrokerConfig, BrokerError, Link, cause, in_time, retry_delays};
use crate::headers::Incoming;
use crate::message::ExportRequested;
use crate::topology::EXPORT_QUEUE;

/// Time the handlers get to give their work back once they are told to stop at once.
const WIND_UP: Duration = Duration::from_secs(10);

/// What becomes of a delivery when its handler returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Dealt with, or recorded elsewhere as still to do: acknowledge.
    Done,
    /// Not dealt with, somebody else may: back to the queue.
    Retry,
    /// Nobody will ever manage: to the dead letters.
    DeadLetter,
}

/// A message handed to the handler.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// The checked message.
    pub message: ExportRequested,
    /// The broker has handed it out before.
    pub redelivered: bool,
    /// Cancelled when the process can wait no longer: give the work back and return.
    pub abort: CancellationToken,
}

/// The consuming end of the export queue.
pub struct Consumer {
    config: BrokerConfig,
    concurrency: u16,
    grace: Duration,
    wind_up: Duration,
    running: TaskTracker,
    drained: OnceCell<()>,
    slots: Arc<Semaphore>,
    abort: CancellationToken,
    on_link: Box<dyn Fn(bool) + Send + Sync>,
}

impl Consumer {
    /// Prepares a consumer that runs at most `concurrency` handlers at a time and, when told to
    /// stop, lets them run for `grace` before it aborts them.
    #[must_use]
    pub fn new(config: BrokerConfig, concurrency: u16, grace: Duration) -> Self {
        Self {
            config,
            concurrency,
            grace,
            wind_up: WIND_UP,
            running: TaskTracker::new(),
            drained: OnceCell::new(),
            slots: Arc::new(Semaphore::new(usize::from(concurrency))),
            abort: CancellationToken::new(),
            on_link: Box::new(|_| {}),
        }
    }

    /// Calls `watcher` with `true` when messages can arrive and `false` when they no longer can.
    #[must_use]
    pub fn on_link(mut self, watcher: impl Fn(bool) + Send + Sync + 'static) -> Self {
        self.on_link = Box::new(watcher);
        self
    }

    /// Consumes until `shutdown` is cancelled, reconnecting for as long as it takes, and returns
    /// when no handler runs any more.
    pub async fn run<H, F>(self, shutdown: CancellationToken, handler: H)
    where
        H: Fn(Delivered) -> F + Clone + Send + 'static,
        F: Future<Output = Outcome> + Send + 'static,
    {
        for outcome in [Outcome::Done, Outcome::Retry, Outcome::DeadLetter] {
            // Known before it first happens, or the first would be no growth of the counter.
            metrics::counter!(metric::EXPORT_DELIVERIES, "outcome" => outcome.as_str())
                .increment(0);
        }
        let mut delays = retry_delays();
        while !shutdown.is_cancelled() {
            match self.session(&shutdown, &handler).await {
                Ok(()) => break,
                Err(SessionError { consumed, source }) => {
                    (self.on_link)(false);
                    warn!(error = cause(&source), "broker link lost");
                    if consumed {
                        delays = retry_delays();
                    }
                    let delay = delays.next().unwrap_or_default();
                    let _ = shutdown.run_until_cancelled(tokio::time::sleep(delay)).await;
                }
            }
        }
        // Done already unless the broker was away when the shutdown came.
        self.drain().await;
        (self.on_link)(false);
    }

    /// One connection, from the first message to the last acknowledgement.
    async fn session<H, F>(
        &self,
        shutdown: &CancellationToken,
        handler: &H,
    ) -> Result<(), SessionError>
    where
        H: Fn(Delivered) -> F + Clone + Send + 'static,
        F: Future<Output = Outcome> + Send + 'static,
    {
        let (link, mut deliveries) = self.subscribe().await.map_err(SessionError::before)?;
        (self.on_link)(true);
        info!(messaging.destination.name = EXPORT_QUEUE, self.concurrency, "consuming");
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                next = deliveries.next() => match next {
                    Some(Ok(delivery)) => {
                        let Some(slot) = self.free_slot(shutdown).await else { break };
                        self.start(delivery, slot, handler.clone());
                    }
                    Some(Err(source)) => return Err(SessionError::after(source.into())),
                    None => return Err(SessionError::after(BrokerError::Refused)),
                },
            }
        }
        let tag = deliveries.tag();
        let stop =
            async { Ok(link.channel.basic_cancel(tag, BasicCancelOptions::default()).await?) };
        if let Err(source) = in_time(stop).await {
            warn!(error = cause(&source), "subscription could not be ended");
        }
        self.drain().await;
        // Closing hands everything unacknowledged back, also what was received but never started.
        link.close().await;
        Ok(())
    }

    async fn subscribe(&self) -> Result<(Link, lapin::Consumer), BrokerError> {
        let link = Link::open(&self.config).await?;
        let deliveries = in_time(async {
            link.channel.basic_qos(self.concurrency, BasicQosOptions::default()).await?;
            Ok(link
                .channel
                .basic_consume(
                    EXPORT_QUEUE.into(),
                    self.config.connection_name.as_str().into(),
                    BasicConsumeOptions::default(),
                    FieldTable::default(),
                )
                .await?)
        })
        .await?;
        Ok((link, deliveries))
    }

    async fn free_slot(&self, shutdown: &CancellationToken) -> Option<OwnedSemaphorePermit> {
        shutdown.run_until_cancelled(Arc::clone(&self.slots).acquire_owned()).await?.ok()
    }

    fn start<H, F>(&self, delivery: Delivery, slot: OwnedSemaphorePermit, handler: H)
    where
        H: Fn(Delivered) -> F + Send + 'static,
        F: Future<Output = Outcome> + Send + 'static,
    {
        let span = info_span!(
            "process export.jobs",
            otel.kind = "consumer",
            otel.status_code = field::Empty,
            error.type = field::Empty,
            messaging.system = "rabbitmq",
            messaging.operation.name = "process",
            messaging.operation.type = "process",
            messaging.destination.name = EXPORT_QUEUE,
            messaging.message.id =
                delivery.properties.message_id().as_ref().map(ShortString::as_str),
        );
        if let Some(headers) = delivery.properties.headers() {
            telemetry::propagation::set_parent(&span, &Incoming(headers));
        }
        let abort = self.abort.clone();
        let work = async move {
            let outcome = match ExportRequested::decode(&delivery.data) {
                Ok(message) => {
                    let redelivered = delivery.redelivered;
                    handle_safely(handler, Delivered { message, redelivered, abort }).await
                }
                Err(source) => {
                    error!(error = cause(&source), "message is unreadable");
                    Outcome::DeadLetter
                }
            };
            if outcome != Outcome::Done {
                telemetry::span::fail(&Span::current(), outcome.as_str());
            }
            settle(&delivery, outcome).await;
            drop(slot);
        };
        self.running.spawn(work.instrument(span));
    }

    /// Waits for the handlers, once: whoever did not stop when told to would not the second time,
    /// and the process has to end before it is killed.
    async fn drain(&self) {
        self.drained.get_or_init(|| self.end_handlers()).await;
    }

    async fn end_handlers(&self) {
        self.running.close();
        if tokio::time::timeout(self.grace, self.running.wait()).await.is_ok() {
            return;
        }
        warn!(messages = self.running.len(), "grace period over, giving the rest back");
        self.abort.cancel();
        if tokio::time::timeout(self.wind_up, self.running.wait()).await.is_err() {
            error!(messages = self.running.len(), "handlers did not stop when told to");
        }
    }
}

/// Runs the handler in a task of its own, so that its panic cannot leak the slot or the delivery.
async fn handle_safely<H, F>(handler: H, delivered: Delivered) -> Outcome
where
    H: Fn(Delivered) -> F,
    F: Future<Output = Outcome> + Send + 'static,
{
    match tokio::spawn(handler(delivered).instrument(Span::current())).await {
        Ok(outcome) => outcome,
        Err(source) => {
            error!(error = cause(&source), "message handler panicked");
            Outcome::DeadLetter
        }
    }
}

async fn settle(delivery: &Delivery, outcome: Outcome) {
    let settled = match outcome {
        Outcome::Done => delivery.ack(BasicAckOptions::default()).await,
        Outcome::Retry => {
            delivery.nack(BasicNackOptions { requeue: true, ..BasicNackOptions::default() }).await
        }
        Outcome::DeadLetter => delivery.reject(BasicRejectOptions { requeue: false }).await,
    };
    metrics::counter!(metric::EXPORT_DELIVERIES, "outcome" => outcome.as_str()).increment(1);
    if let Err(source) = settled {
        // The link is gone; the broker delivers again, and the job row knows what was done.
        warn!(error = cause(&source), ?outcome, "delivery not settled");
    }
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry => "retry",
            Self::DeadLetter => "dead_letter",
        }
    }
}

/// How a session ended, and whether it had worked before (then waiting times start over).
struct SessionError {
    consumed: bool,
    source: BrokerError,
}

impl SessionError {
    fn before(source: BrokerError) -> Self {
        Self { consumed: false, source }
    }

    fn after(source: BrokerError) -> Self {
        Self { consumed: true, source }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use futures_util::future::pending;

    use super::*;

    #[tokio::test]
    async fn handlers_that_do_not_stop_are_waited_for_once() {
        let nowhere = BrokerConfig {
            url: "amqp://127.0.0.1:1".to_owned().into(),
            connection_name: "test".to_owned(),
        };
        let mut consumer = Consumer::new(nowhere, 1, Duration::ZERO);
        consumer.wind_up = Duration::ZERO;
        consumer.running.spawn(pending::<()>());
        consumer.drain().await;
        assert!(consumer.abort.is_cancelled());
        consumer.grace = Duration::MAX;
        assert!(consumer.drain().now_or_never().is_some(), "the process must end");
    }
}
