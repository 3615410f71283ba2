//! Opens connections that are named, time-limited and ready to use.

use std::error::Error;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties};
use secrecy::{ExposeSecret as _, SecretString};

use crate::topology;

/// Longest wait for the broker to accept a connection or to confirm a message.
pub(crate) const BROKER_TIMEOUT: Duration = Duration::from_secs(5);

const FIRST_RETRY: Duration = Duration::from_millis(200);
const SLOWEST_RETRY: Duration = Duration::from_secs(5);

/// A dead peer is noticed after two of these; RabbitMQ's own default would take two minutes.
const HEARTBEAT_SECS: u16 = 10;

/// Where the broker is and who connects.
#[derive(Clone, Debug)]
pub struct BrokerConfig {
    /// `amqp://user:password@host:port/vhost`.
    pub url: SecretString,
    /// Shown in the broker's list of connections, so that an operator can tell the pods apart.
    pub connection_name: String,
}

/// Why the broker could not be used. All but a wrong address may pass.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The protocol, the network or the broker failed.
    #[error("message broker failed")]
    Amqp(#[from] lapin::Error),
    /// The address is not an AMQP URL; the parser's words are left out, as they may quote it.
    #[error("AMQP_URL is not an AMQP URL")]
    Address,
    /// The broker did not answer in time.
    #[error("message broker did not answer within {} s", BROKER_TIMEOUT.as_secs())]
    Timeout,
    /// The broker answered that it did not take the message.
    #[error("message broker refused the message")]
    Refused,
    /// No queue is bound for the message, so the broker sent it back.
    #[error("message could not be routed to a queue")]
    Unroutable,
}

/// An open connection with one channel on which the topology is declared.
pub(crate) struct Link {
    // Kept beside the channel: dropping the connection closes the channel.
    connection: Connection,
    pub(crate) channel: Channel,
}

impl Link {
    pub(crate) async fn open(config: &BrokerConfig) -> Result<Self, BrokerError> {
        let properties = ConnectionProperties::default()
            .with_connection_name(config.connection_name.as_str().into());
        let mut uri: AMQPUri =
            config.url.expose_secret().parse().map_err(|_| BrokerError::Address)?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT_SECS);
        in_time(async {
            let connection = Connection::connect_uri(uri, properties).await?;
            let channel = connection.create_channel().await?;
            topology::declare(&channel).await?;
            Ok(Self { connection, channel })
        })
        .await
    }

    pub(crate) fn is_open(&self) -> bool {
        self.connection.status().connected() && self.channel.status().connected()
    }

    /// Says goodbye; unacknowledged deliveries go back to the queue.
    pub(crate) async fn close(self) {
        let goodbye = async { Ok(self.connection.close(200, "goodbye".into()).await?) };
        if let Err(error) = in_time(goodbye).await {
            tracing::debug!(error = cause(&error), "broker link was gone");
        }
    }
}

/// Runs a conversation with the broker under the common time limit.
pub(crate) async fn in_time<T>(
    conversation: impl Future<Output = Result<T, BrokerError>>,
) -> Result<T, BrokerError> {
    tokio::time::timeout(BROKER_TIMEOUT, conversation).await.unwrap_or(Err(BrokerError::Timeout))
}

/// Waiting times between attempts to connect: growing, jittered, without end.
pub(crate) fn retry_delays() -> impl Iterator<Item = Duration> + Send {
    ExponentialBuilder::new()
        .with_min_delay(FIRST_RETRY)
        .with_max_delay(SLOWEST_RETRY)
        .without_max_times()
        .with_jitter()
        .build()
}

/// An error as a log field, which prints its whole chain.
pub(crate) fn cause(error: &(impl Error + 'static)) -> &(dyn Error + 'static) {
    error
}
