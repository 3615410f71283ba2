//! Builds PgBouncer from Debian's newer source package, where the distribution's own is too old.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::console::step;
use crate::newer_debian::NewerDebian;
use crate::workspace::{Workspace, make_dir};

/// Where the program ends up.
pub(super) fn place(workspace: &Workspace) -> PathBuf {
    prefix(workspace).join("bin/pgbouncer")
}

fn prefix(workspace: &Workspace) -> PathBuf {
    workspace.served.join("tools/pgbouncer")
}

pub(super) fn build(workspace: &Workspace) -> Result<()> {
    step("PgBouncer from Debian's source", || {
        let work = workspace.served.join("tools/pgbouncer-build");
        let source = NewerDebian::open(&work)?
            .source("pgbouncer")
            .context("this distribution's PgBouncer is too old, and a newer one cannot be had")?;
        compile(&source, &prefix(workspace))?;
        fs::remove_dir_all(&work)?;
        Ok(())
    })
}

fn compile(source: &Path, prefix: &Path) -> Result<()> {
    command::capture(
        Command::new("./configure")
            .arg(format!("--prefix={}", prefix.display()))
            .args(["--without-pam", "--with-cares"])
            .current_dir(source),
    )?;
    command::capture(Command::new("make").arg("-j2").current_dir(source))?;
    let program = prefix.join("bin/pgbouncer");
    for directory in [prefix, &prefix.join("bin")] {
        make_dir(directory, 0o755)?;
    }
    // Only the program: `make install` would also want the tools that format the manual.
    fs::copy(source.join("pgbouncer"), &program)
        .with_context(|| format!("{} cannot be written", program.display()))?;
    Ok(())
}
