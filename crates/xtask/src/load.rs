//! `cargo xtask load`: the requirement's load scenarios against a running portal.
//!
//! Locust makes the load, decides whether the thresholds hold and writes the report; beyond what a
//! Python process can be, `crowd` makes the load and Locust's side decides. What neither can see
//! from outside (processes, PgBouncer, the cache) is sampled here meanwhile.

pub(crate) mod crowd;
mod locust;
pub(crate) mod metrics;
mod processes;
mod report;
mod sampling;

use std::path::PathBuf;
use std::process::ExitStatus;

use anyhow::{Context, Result, bail, ensure};

use crate::cli::{LoadArgs, LoadStep, Scale};
use crate::console::{stage, step};
use crate::database::DATABASE;
use crate::servers::postgres::Login;
use crate::stack::{Kind, Stack};
use crate::workspace::{Workspace, make_dir};
use crate::{gateway, python, seed};

/// The round that holds the load data.
pub(crate) const ROUND: &str = "LAST2026";
/// Exit codes of the Python side: a threshold was missed, or the run could not be made.
const MISSED: i32 = 1;
const UNFIT: i32 = 2;

/// Runs one scenario, or puts the reports of all into the documentation.
pub(crate) fn run(workspace: &Workspace, arguments: &LoadArgs) -> Result<()> {
    if arguments.step == LoadStep::Report {
        return report::write(workspace);
    }
    let kind = if arguments.test_stack { Kind::Test } else { Kind::Dev };
    let stack = Stack::open(workspace, kind)?;
    let state = stack.state().filter(|state| state.is_alive(gateway::NAME)).context(
        "the portal does not run; start it with `cargo xtask up --detach` \
         (or `cargo xtask test --portal-only`, with --test-stack)",
    )?;
    ensure_load_data(&stack)?;
    let name = arguments.step.as_str();
    let home = workspace.local.join("load").join(name);
    make_dir(&home, 0o755)?;
    stage(&format!("load: {name}"), || match arguments.step {
        LoadStep::Users => crowd::run(&stack, &state, arguments, &home),
        _ => locust::run(&stack, &state, arguments, &home),
    })?;
    println!("  the report is in {}", home.join("report.md").display());
    Ok(())
}

/// The directory of Locust and of what its tests need.
pub(crate) fn environment(workspace: &Workspace) -> Result<PathBuf> {
    let lists = ["requirements.txt", "requirements-test.txt"];
    python::ensure(workspace, "locust", &lists.map(|list| sources(workspace).join(list)))
}

/// Where the users' behaviour is described.
pub(crate) fn sources(workspace: &Workspace) -> PathBuf {
    workspace.root.join("locust")
}

/// What the stack's programs were built as.
fn profile(stack: &Stack) -> &'static str {
    if stack.kind == Kind::Test { "debug" } else { "release" }
}

/// Seeds what the scenarios need, unless it is there.
fn ensure_load_data(stack: &Stack) -> Result<()> {
    let found = Login::owner(stack)
        .query(DATABASE, &format!("SELECT count(*) FROM budget_rounds WHERE name = '{ROUND}'"))?;
    if found != "0" {
        return Ok(());
    }
    let programs = stack.workspace.target()?.join(profile(stack));
    ensure!(
        programs.join("seed").is_file(),
        "there is no load data; run `cargo xtask seed --scale load`"
    );
    step("load data", || seed::run_quietly(stack, &programs, Scale::Load))
}

/// Turns an exit code of the Python side into words.
fn judged(status: ExitStatus) -> Result<()> {
    match status.code() {
        Some(0) => Ok(()),
        Some(MISSED) => bail!("not every threshold was met"),
        Some(UNFIT) => bail!("the run could not be made; what is above says why"),
        _ => bail!("the run did not come to its end"),
    }
}
