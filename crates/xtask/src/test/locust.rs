//! The load test's own tests: a load that behaves otherwise than the requirement's users, or a
//! threshold that lets everything pass, would not be noticed in any run.

use std::process::Command;

use anyhow::{Context, Result};

use super::count::Count;
use super::suites::count;
use crate::load;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace, figures: &mut Vec<String>) -> Result<Count> {
    let sources = load::sources(workspace);
    let programs = load::environment(workspace)?;
    let mut sum = Count::default();
    for arguments in [["check", "--no-cache"].as_slice(), &["format", "--no-cache", "--check"]] {
        let status = Command::new(programs.join("ruff"))
            .args(arguments)
            .current_dir(&sources)
            .status()
            .context("ruff cannot be run")?;
        sum += Count::of_check(status.success());
    }
    let mut pytest = Command::new(programs.join("python"));
    pytest
        .args(["-m", "pytest", "--quiet", "--color=no"])
        .current_dir(&sources)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    sum += count(&mut pytest, figures)?;
    Ok(sum)
}
