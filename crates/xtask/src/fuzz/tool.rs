//! schemathesis itself: a Python program, kept in an environment of its own below `.local/tools`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::command;
use crate::console::stage;
use crate::packages;
use crate::workspace::Workspace;

/// Where this crate keeps the Python side.
pub(super) fn sources(workspace: &Workspace) -> PathBuf {
    workspace.root.join("crates/xtask/fuzz")
}

/// Finds the program, or installs what `requirements.txt` pins. A changed list is a new
/// environment.
pub(super) fn ensure(workspace: &Workspace) -> Result<PathBuf> {
    let home = workspace.local.join("tools/schemathesis");
    let program = home.join("bin/schemathesis");
    let wanted = sources(workspace).join("requirements.txt");
    let installed = home.join("requirements.txt");
    let is_current =
        fs::read(&installed).is_ok_and(|text| fs::read(&wanted).is_ok_and(|w| w == text));
    if is_current && command::is_program(&program) {
        return Ok(program);
    }
    stage("getting schemathesis", || {
        packages::ensure_program("python3", "python3")?;
        // Debian's Python comes without the part that makes environments.
        if command::capture(Command::new("python3").args(["-c", "import ensurepip"])).is_err() {
            packages::ensure(&["python3-venv"])?;
        }
        command::capture(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
        command::capture(
            Command::new(home.join("bin/pip"))
                .args(["install", "--quiet", "--disable-pip-version-check"])
                .args(["--require-hashes", "--only-binary", ":all:", "--requirement"])
                .arg(&wanted),
        )?;
        fs::copy(&wanted, &installed)?;
        Ok(program.clone())
    })
}
