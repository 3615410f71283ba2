//! Messages between services over RabbitMQ, and the only crate that names `lapin`.
//!
//! The topology lives here because RabbitMQ refuses a queue that two services declare differently.
//! Delivery is at least once in both directions: [`Publisher`] waits for the broker's confirm, and
//! [`Consumer`] acknowledges only after the handler is done. Whoever handles a message must
//! therefore be able to meet it twice (I5).

mod connection;
mod consumer;
mod headers;
mod message;
mod publisher;
mod topology;

pub use connection::{BrokerConfig, BrokerError};
pub use consumer::{Consumer, Delivered, Outcome};
pub use message::{ExportRequested, InvalidMessage};
pub use publisher::Publisher;
pub use topology::{EXPORT_DEAD_LETTERS, EXPORT_EXCHANGE, EXPORT_QUEUE};
