//! `cargo xtask seed`: the store's own `seed` program against the running stack.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::cli::{Scale, SeedArgs};
use crate::command;
use crate::database::DATABASE;
use crate::servers::postgres::Login;
use crate::stack::{Kind, Stack};
use crate::up;
use crate::workspace::Workspace;

/// Seeds the developer's running database; the program's own report goes to the terminal.
pub(crate) fn run(workspace: &Workspace, arguments: &SeedArgs) -> Result<()> {
    let stack = Stack::open(workspace, Kind::Dev)?;
    ensure!(
        stack.state().is_some_and(|state| state.is_alive("postgres")),
        "the portal does not run; start it with `cargo xtask up --detach`"
    );
    let lines = arguments.lines.as_deref().map(std::path::absolute).transpose()?;
    if let Some(lines) = &lines {
        ensure!(lines.is_file(), "{} is no file", lines.display());
    }
    // The same build as `up`'s: a single package would resolve other features, and so compile half
    // the workspace again.
    let mut seed = program(&stack, &up::build_release(workspace)?, arguments.scale);
    if let Some(lines) = lines {
        seed.arg("--lines").arg(lines);
    }
    if let Some(label) = &arguments.label {
        seed.arg("--label").arg(label);
    }
    seed.arg("--accounts").arg(arguments.accounts.to_string());
    let status = seed.status().context("seed cannot be run")?;
    ensure!(status.success(), "seed failed");
    Ok(())
}

/// Seeds as one step among others; what the program says is shown only if it fails.
pub(crate) fn run_quietly(stack: &Stack, programs: &Path, scale: Scale) -> Result<()> {
    command::capture(&mut program(stack, programs, scale)).map(drop)
}

/// The load data, and accounts for so many users.
pub(crate) fn accounts(stack: &Stack, programs: &Path, accounts: u32) -> Result<()> {
    let mut seed = program(stack, programs, Scale::Load);
    command::capture(seed.arg("--accounts").arg(accounts.to_string())).map(drop)
}

/// Seeding writes every table, so it runs as their owner, and past PgBouncer for `COPY`.
fn program(stack: &Stack, programs: &Path, scale: Scale) -> Command {
    let mut command = Command::new(programs.join("seed"));
    command
        .args(["--scale", scale.as_str()])
        .env("DATABASE_URL", Login::owner(stack).url(DATABASE))
        .current_dir(&stack.workspace.root);
    command
}
