//! The private RabbitMQ node with its own Erlang port mapper.
//!
//! The `rabbitmq-server` on `PATH` becomes another user with the machine's own paths when root
//! calls it, so the script below `/usr/lib` is run, with every path and port given.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::connect;
use crate::command;
use crate::http;
use crate::process::{Daemon, Process};
use crate::stack::{Kind, Running, Stack};
use crate::template::render;
use crate::workspace::make_dir;

const CONFIGURATION: &str = include_str!("../../../../compose/rabbitmq/rabbitmq.conf.template");

/// The server script that takes our word for every path.
pub(super) const PROGRAM: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// Starts the port mapper and the node, and does not wait for them.
pub(super) fn launch(running: &mut Running) -> Result<Process> {
    let ports = running.stack.ports.clone();
    // Started here and not by the node, which would leave it behind without telling its pid.
    let epmd = Daemon::new("epmd", command::find("epmd").context("epmd is not installed")?)
        .arg("-address")
        .arg("127.0.0.1")
        .arg("-port")
        .arg(ports.epmd().to_string());
    let mapper = running.ensure(&epmd, &[ports.epmd()])?;
    mapper.wait_until(Duration::from_secs(5), || connect(ports.epmd()).is_some())?;
    let node = node(&running.stack)?;
    running.ensure(
        &node,
        &[
            ports.rabbitmq,
            ports.rabbitmq_distribution(),
            ports.rabbitmq_metrics,
            ports.rabbitmq_management(),
        ],
    )
}

/// Waits until the node takes AMQP connections and shows its metrics.
pub(super) fn wait(stack: &Stack, node: &Process) -> Result<()> {
    let metrics = format!("http://127.0.0.1:{}/metrics", stack.ports.rabbitmq_metrics);
    let management = format!("http://127.0.0.1:{}/", stack.ports.rabbitmq_management());
    node.wait_until(Duration::from_secs(90), || {
        speaks_amqp(stack.ports.rabbitmq)
            && http::status(&metrics) == Some(200)
            && (!has_management(stack.kind) || http::status(&management).is_some())
    })?;
    Ok(())
}

/// Only tests use the management API: it makes virtual hosts, and publishes what no service would.
fn has_management(kind: Kind) -> bool {
    matches!(kind, Kind::Test | Kind::Fault)
}

fn node(stack: &Stack) -> Result<Daemon> {
    let home = stack.home.join("rabbitmq");
    make_dir(&home, 0o700)?;
    write_cookie(&home, &stack.secrets.erlang_cookie)?;
    let ports = &stack.ports;
    let configuration = render(
        CONFIGURATION,
        &[
            ("RABBITMQ_LISTEN", "127.0.0.1"),
            ("RABBITMQ_PORT", &ports.rabbitmq.to_string()),
            ("RABBITMQ_PASSWORD", &stack.secrets.rabbitmq),
            ("RABBITMQ_METRICS_PORT", &ports.rabbitmq_metrics.to_string()),
        ],
    )?;
    // Only tests use the management API, to give each of them a virtual host. The node refuses
    // settings of a plugin that is not enabled.
    let (plugins, management) = match stack.kind {
        Kind::Dev | Kind::Bench => ("[rabbitmq_prometheus].\n", String::new()),
        Kind::Test | Kind::Fault => (
            "[rabbitmq_management,rabbitmq_prometheus].\n",
            format!(
                "management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {}\n",
                ports.rabbitmq_management()
            ),
        ),
    };
    let configuration_file = home.join("rabbitmq.conf");
    fs::write(&configuration_file, configuration + &management)?;
    let plugins_file = home.join("enabled_plugins");
    fs::write(&plugins_file, plugins)?;
    let (lowest, highest) = ports.rabbitmq_ctl();
    let path = |name: &str| home.join(name).display().to_string();
    Ok(Daemon::new("rabbitmq", PROGRAM)
        .env("HOME", home.display().to_string())
        .env("RABBITMQ_NODENAME", format!("portal{}@localhost", ports.rabbitmq))
        .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_NODE_PORT", ports.rabbitmq.to_string())
        .env("RABBITMQ_DIST_PORT", ports.rabbitmq_distribution().to_string())
        .env("RABBITMQ_CTL_DIST_PORT_MIN", lowest.to_string())
        .env("RABBITMQ_CTL_DIST_PORT_MAX", highest.to_string())
        .env("ERL_EPMD_PORT", ports.epmd().to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_MNESIA_BASE", path("mnesia"))
        .env("RABBITMQ_LOG_BASE", path("log"))
        .env("RABBITMQ_CONFIG_FILE", configuration_file.display().to_string())
        .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", plugins_file.display().to_string())
        .env("RABBITMQ_GENERATED_CONFIG_DIR", path("generated"))
        .env("RABBITMQ_PID_FILE", path("node.pid"))
        // Busy-waiting schedulers would take both cores from the services they serve.
        .env(
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
            "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}",
        ))
}

fn write_cookie(home: &Path, cookie: &str) -> Result<()> {
    let path = home.join(".erlang.cookie");
    if !path.exists() {
        fs::write(&path, cookie)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400))?;
    }
    Ok(())
}

/// Greets the broker and looks for its first frame (a method frame, type 1, on channel 0).
fn speaks_amqp(port: u16) -> bool {
    let Some(mut stream) = connect(port) else {
        return false;
    };
    let mut answer = [0_u8; 3];
    stream.write_all(b"AMQP\x00\x00\x09\x01").is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && answer == [1, 0, 0]
}
