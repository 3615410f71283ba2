//! The private Redis: a cache without persistence.

use std::fs;
use std::io::{Read as _, Write as _};
use std::time::Duration;

use anyhow::{Context, Result};

use super::connect;
use crate::command;
use crate::process::Daemon;
use crate::stack::Running;
use crate::workspace::make_dir;

const CONFIGURATION: &str = include_str!("../../../../compose/redis/redis.conf");

/// Starts it unless it runs.
pub(crate) fn start(running: &mut Running) -> Result<()> {
    let stack = &running.stack;
    let port = stack.ports.redis;
    let home = stack.home.join("redis");
    make_dir(&home, 0o700)?;
    let configuration = home.join("redis.conf");
    fs::write(&configuration, CONFIGURATION)?;
    let daemon = Daemon::new(
        "redis",
        command::find("redis-server").context("redis-server is not installed")?,
    )
    .arg(configuration.display().to_string())
    .arg("--bind")
    .arg("127.0.0.1")
    .arg("--port")
    .arg(port.to_string())
    .arg("--dir")
    .arg(home.display().to_string());
    let process = running.ensure(&daemon, &[port])?;
    process.wait_until(Duration::from_secs(10), || answers(port))?;
    Ok(())
}

fn answers(port: u16) -> bool {
    let Some(mut stream) = connect(port) else {
        return false;
    };
    let mut answer = [0_u8; 7];
    stream.write_all(b"PING\r\n").is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && &answer == b"+PONG\r\n"
}
