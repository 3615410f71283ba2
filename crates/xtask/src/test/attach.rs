//! `stack.json`: how the integration tests find the private stack.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use serde_json::json;

use super::test_stack::REPLICAS;
use crate::database::{DATABASE, TEMPLATE};
use crate::services::instances;
use crate::stack::Stack;

/// Writes the file that `test-support` reads, readable by its owner only: it holds passwords.
pub(crate) fn write(stack: &Stack) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let path = stack.home.join("stack.json");
    let fresh = path.with_extension("json.new");
    fs::write(&fresh, serde_json::to_vec_pretty(&describe(stack))?)?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600))?;
    fs::rename(&fresh, &path).with_context(|| format!("{}", path.display()))
}

fn describe(stack: &Stack) -> serde_json::Value {
    let (ports, secrets) = (&stack.ports, &stack.secrets);
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let admin_urls: BTreeMap<String, String> = instances(stack, REPLICAS)
        .into_iter()
        .map(|instance| (instance.name, url(instance.admin_port)))
        .collect();
    json!({
        "postgres": {
            "host": "127.0.0.1", "port": ports.postgres,
            "user": "portal_owner", "password": secrets.portal_owner,
            "superuser": "postgres", "superuser_password": secrets.postgres,
        },
        "pgbouncer": {
            "host": "127.0.0.1", "port": ports.pgbouncer, "console_user": "portal_owner",
        },
        "database": DATABASE,
        "template_database": TEMPLATE,
        "roles": {
            "cases_api": {"user": "portal_cases_api", "password": secrets.portal_cases_api},
            "locks_api": {"user": "portal_locks_api", "password": secrets.portal_locks_api},
            "export_worker": {"user": "portal_export_worker", "password": secrets.portal_export_worker},
        },
        "redis_url": format!("redis://127.0.0.1:{}/0", ports.redis),
        "amqp_url": format!("amqp://portal:{}@127.0.0.1:{}/%2f", secrets.rabbitmq, ports.rabbitmq),
        "amqp_management_url":
            format!("http://portal:{}@127.0.0.1:{}", secrets.rabbitmq, ports.rabbitmq_management()),
        "gateway_url": url(ports.gateway),
        "cases_api_url": url(ports.cases_api),
        "locks_api_url": url(ports.locks_api),
        "admin_urls": admin_urls,
        "prometheus_url": url(ports.observability.prometheus),
        "trace_receiver_port": ports.observability.traces_in,
        "signing_key_file": stack.home.join("signing-key.pem"),
        "local_dir": stack.home,
    })
}
