//! What can be done to the parts of the stack: links stall, processes are killed and come back.

use std::process::{Command, Stdio};

use serde_json::json;
use test_support::{ChaosProxy, Http, Stack};

/// Distance from a server to its link; `cargo xtask` tells the services the same.
const LINK_OFFSET: u16 = 50;

/// The links to the four servers.
pub(crate) struct Links {
    postgres: ChaosProxy,
    pgbouncer: ChaosProxy,
    redis: ChaosProxy,
    rabbitmq: ChaosProxy,
}

impl Links {
    pub(crate) async fn open(stack: &Stack) -> Self {
        Self {
            postgres: link(stack.postgres.port).await,
            pgbouncer: link(stack.pgbouncer.port).await,
            redis: link(port_of(&stack.redis_url)).await,
            rabbitmq: link(port_of(&stack.amqp_url)).await,
        }
    }

    /// The link to a server of this name.
    pub(crate) fn to(&self, server: &str) -> &ChaosProxy {
        match server {
            "postgres" => &self.postgres,
            "pgbouncer" => &self.pgbouncer,
            "redis" => &self.redis,
            "rabbitmq" => &self.rabbitmq,
            other => panic!("there is no link to {other}"),
        }
    }
}

async fn link(port: u16) -> ChaosProxy {
    ChaosProxy::start_at(port + LINK_OFFSET, &format!("127.0.0.1:{port}")).await
}

fn port_of(url: &str) -> u16 {
    let url = reqwest::Url::parse(url).expect("a URL");
    url.port().expect("the stack's URLs name their ports")
}

/// Has `cargo xtask` do something to a part, with these variables besides.
pub(crate) async fn part(action: &str, name: &str, variables: &[(&str, &str)]) {
    let xtask = std::env::var("PORTAL_XTASK").expect("run me through `cargo xtask faults`");
    let mut command = Command::new(xtask);
    command.args(["part", action, name]).envs(variables.iter().copied()).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.expect("it does not panic").expect("xtask runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{action} {name}: {said}");
}

/// Sends the workers a message past the services.
pub(crate) async fn publish(stack: &Stack, payload: &str) {
    let broker = Http::anonymous(stack.amqp_management_url.as_str());
    let message = json!({
        "properties": {}, "routing_key": "export.jobs", "payload": payload,
        "payload_encoding": "string",
    });
    broker.post("/api/exchanges/%2f/export/publish", &message).await.assert_status(200);
}

/// How many messages lie among the dead letters; it lags behind by seconds.
pub(crate) async fn dead_letters(stack: &Stack) -> u64 {
    let broker = Http::anonymous(stack.amqp_management_url.as_str());
    let queue = broker.get("/api/queues/%2f/export.jobs.dead").await;
    queue.assert_status(200).json()["messages"].as_u64().unwrap_or(0)
}
