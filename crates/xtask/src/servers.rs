//! The four servers of a stack, started together and left to the operating system's care.
//!
//! RabbitMQ takes longest, so it is started first and waited for last.

pub(crate) mod pgbouncer;
mod pgbouncer_build;
pub(crate) mod postgres;
mod rabbitmq;
pub(crate) mod redis;

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::Result;

use crate::console::step;
use crate::ports::Ports;
use crate::process::Process;
use crate::stack::{Running, Stack};

/// Starts what does not run yet, and returns when all but RabbitMQ answer.
pub(crate) fn start(running: &mut Running) -> Result<Broker> {
    let bouncer = pgbouncer::program(&running.stack)?;
    let node = rabbitmq::launch(running)?;
    step("PostgreSQL", || postgres::start(running))?;
    step("PgBouncer", || pgbouncer::start(running, &bouncer))?;
    step("Redis", || redis::start(running))?;
    Ok(Broker(node))
}

/// RabbitMQ on its way: it needs ten seconds, in which other things can be done.
#[must_use = "nobody has waited for RabbitMQ yet"]
pub(crate) struct Broker(Process);

impl Broker {
    /// Waits until it takes connections.
    pub(crate) fn wait(&self, stack: &Stack) -> Result<()> {
        step("RabbitMQ", || rabbitmq::wait(stack, &self.0))
    }
}

/// Where the RabbitMQ server's own script is, if its package is installed.
pub(crate) const fn rabbitmq_program() -> &'static str {
    rabbitmq::PROGRAM
}

/// The ports that the servers of a stack listen on, with the name of the part.
pub(crate) fn ports(ports: &Ports) -> Vec<(String, u16)> {
    [
        ("epmd", ports.epmd()),
        ("rabbitmq", ports.rabbitmq),
        ("rabbitmq", ports.rabbitmq_distribution()),
        ("rabbitmq", ports.rabbitmq_metrics),
        ("postgres", ports.postgres),
        ("pgbouncer", ports.pgbouncer),
        ("redis", ports.redis),
    ]
    .map(|(name, port)| (name.to_owned(), port))
    .to_vec()
}

/// A connection to one of our own ports.
fn connect(port: u16) -> Option<TcpStream> {
    let limit = Duration::from_secs(1);
    let stream =
        TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), limit).ok()?;
    stream.set_read_timeout(Some(limit)).ok()?;
    stream.set_write_timeout(Some(limit)).ok()?;
    Some(stream)
}
