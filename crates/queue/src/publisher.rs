//! Publishes messages and answers only when the broker has them safely.

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Confirmation};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use crate::connection::{BrokerConfig, BrokerError, Link, in_time};
use crate::headers::Outgoing;
use crate::message::ExportRequested;
use crate::topology::{EXPORT_EXCHANGE, EXPORT_QUEUE};

const PERSISTENT: u8 = 2;

/// A publisher that connects when it is first needed and again after a failure.
///
/// It never retries by itself: the caller owns the outbox and decides when to try again.
pub struct Publisher {
    config: BrokerConfig,
    /// Where connections live: whoever needs one first may be on a runtime that ends sooner, as
    /// the workers of an HTTP server do, and closing a connection that has no runtime takes as
    /// long as the broker may.
    runtime: Handle,
    link: Mutex<Option<Link>>,
}

impl Publisher {
    /// Prepares a publisher; nothing is connected yet.
    ///
    /// # Panics
    /// Outside a tokio runtime. Connections will live on the current one.
    #[must_use]
    pub fn new(config: BrokerConfig) -> Self {
        Self { config, runtime: Handle::current(), link: Mutex::new(None) }
    }

    /// Publishes one message and returns when the broker has confirmed it.
    ///
    /// The current span's trace context goes along in the headers.
    ///
    /// # Errors
    /// Any [`BrokerError`]. The message may have arrived all the same (a lost confirm), so that
    /// publishing again can deliver it twice.
    pub async fn publish(&self, message: ExportRequested) -> Result<(), BrokerError> {
        // Held across the confirm: one outbox relay is the only user, and one message at a time
        // (about 3 ms) is far above the rate at which people order exports.
        let mut link = self.link.lock().await;
        let open = self.usable(&mut link).await?;
        let sent = in_time(send(open, message)).await;
        if sent.is_err() {
            // Whatever went wrong, the state of this channel is no longer known.
            *link = None;
        }
        sent
    }

    /// Checks that the broker can be reached, connecting when necessary.
    ///
    /// # Errors
    /// The [`BrokerError`] met while connecting.
    pub async fn ping(&self) -> Result<(), BrokerError> {
        let mut link = self.link.lock().await;
        self.usable(&mut link).await.map(|_| ())
    }

    /// Closes the connection, if one is open.
    pub async fn close(&self) {
        if let Some(link) = self.link.lock().await.take() {
            link.close().await;
        }
    }

    async fn usable<'a>(&self, link: &'a mut Option<Link>) -> Result<&'a Link, BrokerError> {
        if link.as_ref().is_some_and(|link| !link.is_open()) {
            *link = None;
        }
        if link.is_none() {
            let config = self.config.clone();
            let opening = self.runtime.spawn(async move { Link::open(&config).await });
            // Nobody aborts the task, so that it fails only when its runtime is shutting down.
            let opened = opening.await.map_err(|_| BrokerError::Refused)??;
            in_time(async {
                Ok(opened.channel.confirm_select(ConfirmSelectOptions::default()).await?)
            })
            .await?;
            *link = Some(opened);
        }
        link.as_ref().ok_or(BrokerError::Refused)
    }
}

async fn send(link: &Link, message: ExportRequested) -> Result<(), BrokerError> {
    let mut headers = FieldTable::default();
    telemetry::propagation::inject_current(&mut Outgoing(&mut headers));
    let properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/x-protobuf".into())
        .with_type("portal.export.v1.ExportRequested".into())
        .with_message_id(message.job_id.to_string().into())
        .with_headers(headers);
    // Mandatory: without it a message that no queue is bound for would be confirmed and lost.
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let confirmation = link
        .channel
        .basic_publish(
            EXPORT_EXCHANGE.into(),
            EXPORT_QUEUE.into(),
            options,
            &message.encode(),
            properties,
        )
        .await?
        .await?;
    match confirmation {
        Confirmation::Ack(None) => Ok(()),
        Confirmation::Ack(Some(_)) => Err(BrokerError::Unroutable),
        Confirmation::Nack(_) | Confirmation::NotRequested => Err(BrokerError::Refused),
    }
}
