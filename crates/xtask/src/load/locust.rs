//! Locust: the requirement's scenarios. It judges its runs itself.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{ROUND, environment, judged, report, sources};
use crate::cli::LoadArgs;
use crate::load::sampling::Sampler;
use crate::stack::{Stack, State};

/// Runs a scenario and keeps what it left in `home`.
pub(super) fn run(stack: &Stack, state: &State, arguments: &LoadArgs, home: &Path) -> Result<()> {
    let observed = home.join("system.jsonl");
    let program = environment(&stack.workspace)?.join("locust");
    let mut command = command(stack, arguments, &program, home);
    let mut locust = command
        .env("PORTAL_LOAD_CONDITIONS", report::conditions(stack, state)?)
        .env("PORTAL_LOAD_SYSTEM", &observed)
        .spawn()
        .context("Locust cannot be run")?;
    let sampler = Sampler::start(stack, state, ("locust", locust.id()), &observed)?;
    let status = locust.wait();
    sampler.finish()?;
    judged(status?)
}

fn command(stack: &Stack, arguments: &LoadArgs, program: &Path, home: &Path) -> Command {
    let mut locust = Command::new(program);
    locust
        .arg("--locustfile")
        .arg(sources(&stack.workspace).join("locustfile.py"))
        .arg("--host")
        .arg(format!("http://127.0.0.1:{}", stack.ports.gateway))
        .current_dir(home)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PORTAL_LOAD_SCENARIO", arguments.step.as_str())
        .env("PORTAL_LOAD_ROUND", ROUND)
        .env("PORTAL_LOAD_OUTPUT", home);
    match arguments.minutes {
        Some(minutes) => locust.env("PORTAL_LOAD_MINUTES", minutes.to_string()),
        None => locust.env_remove("PORTAL_LOAD_MINUTES"),
    };
    match arguments.web_port {
        Some(port) => {
            println!("  Locust's page: http://127.0.0.1:{port}/; Ctrl-C ends it");
            locust.args(["--autostart", "--web-host", "127.0.0.1", "--web-port"]);
            locust.arg(port.to_string());
        }
        None => {
            locust.args(["--headless", "--only-summary"]);
        }
    }
    locust
}
