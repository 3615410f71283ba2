//! Exchange, queues and bindings of the export pipeline, declared by whoever connects first.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};

/// Exchange that export orders are published to.
pub const EXPORT_EXCHANGE: &str = "export";
/// Queue that the workers consume; also its routing key.
pub const EXPORT_QUEUE: &str = "export.jobs";
/// Queue of the orders nobody could carry out; an alert watches its depth.
pub const EXPORT_DEAD_LETTERS: &str = "export.jobs.dead";

/// Returns to the queue before the broker itself gives a message up.
///
/// Attempts at a job are counted in its row, where the limit is far lower. This one only stops a
/// message that kills every worker before the worker can write that it tried.
const DELIVERY_LIMIT: i32 = 20;

/// Declares everything; declaring again what already exists alike is a no-op.
pub(crate) async fn declare(channel: &Channel) -> Result<(), lapin::Error> {
    channel
        .exchange_declare(
            EXPORT_EXCHANGE.into(),
            ExchangeKind::Direct,
            ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() },
            FieldTable::default(),
        )
        .await?;
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(EXPORT_DEAD_LETTERS.into(), durable, quorum()).await?;
    channel.queue_declare(EXPORT_QUEUE.into(), durable, with_dead_letters(quorum())).await?;
    channel
        .queue_bind(
            EXPORT_QUEUE.into(),
            EXPORT_EXCHANGE.into(),
            EXPORT_QUEUE.into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await
}

fn quorum() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    arguments
}

fn with_dead_letters(mut arguments: FieldTable) -> FieldTable {
    arguments.insert("x-delivery-limit".into(), AMQPValue::LongInt(DELIVERY_LIMIT));
    // The default exchange routes by queue name, so that the dead letters need no binding.
    arguments.insert("x-dead-letter-exchange".into(), text(""));
    arguments.insert("x-dead-letter-routing-key".into(), text(EXPORT_DEAD_LETTERS));
    // At-least-once dead lettering is only available together with reject-publish.
    arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
    arguments.insert("x-overflow".into(), text("reject-publish"));
    arguments
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}
