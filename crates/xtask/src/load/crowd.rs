//! `crowd`: more users than a Python process can be. It only makes the load; Locust's side judges.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{ROUND, environment, judged, profile, report, sources};
use crate::cli::LoadArgs;
use crate::console::{stage, step};
use crate::load::sampling::Sampler;
use crate::seed;
use crate::stack::{Kind, Stack, State};

/// How long it is measured if nothing else is asked for.
const MINUTES: f64 = 5.0;

/// Runs so many users and keeps what they left in `home`.
pub(super) fn run(stack: &Stack, state: &State, arguments: &LoadArgs, home: &Path) -> Result<()> {
    let users = arguments.users.context("how many? --users N")?;
    let python = environment(&stack.workspace)?.join("python");
    let programs = build(stack)?;
    step("accounts", || seed::accounts(stack, &programs, users))?;
    let observed = home.join("system.jsonl");
    let mut crowd = Command::new(programs.join("crowd"))
        .arg("--host")
        .arg(format!("http://127.0.0.1:{}", stack.ports.gateway))
        .args(["--users", &users.to_string()])
        .args(["--minutes", &arguments.minutes.unwrap_or(MINUTES).to_string()])
        .args(["--round", ROUND, "--conditions", &report::conditions(stack, state)?])
        .arg("--output")
        .arg(home)
        .spawn()
        .context("crowd cannot be run")?;
    let sampler = Sampler::start(stack, state, ("crowd", crowd.id()), &observed)?;
    let status = crowd.wait();
    sampler.finish()?;
    ensure!(status?.success(), "the run could not be made; what is above says why");
    let verdict = Command::new(python)
        .args(["-m", "portal_load"])
        .args([&home.join("result.json"), &observed, home])
        .current_dir(home)
        .env("PYTHONPATH", sources(&stack.workspace))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .status()
        .context("python cannot be run")?;
    judged(verdict)
}

/// The directory of `crowd`, `strain` and `seed`, in the build that the stack runs. Together with what `up`
/// builds, so that nothing is compiled with other features.
pub(crate) fn build(stack: &Stack) -> Result<PathBuf> {
    let workspace = &stack.workspace;
    let mut arguments = vec!["--bins"];
    if stack.kind == Kind::Test {
        arguments.push("--workspace");
    } else {
        arguments.extend(["--release", "--package", "crowd", "--package", "store"]);
        arguments.extend(["--package", "cases-api", "--package", "locks-api"]);
        arguments.extend(["--package", "export-worker"]);
    }
    stage("building the load generators", || workspace.build(&arguments))?;
    Ok(workspace.target()?.join(profile(stack)))
}
