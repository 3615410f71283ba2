//! Python programs of the Python index, each set in an environment of its own below `.local/tools`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::command;
use crate::console::stage;
use crate::packages;
use crate::workspace::Workspace;

/// Finds the environment `name`, or makes it of what `requirements` pins; returns the directory of
/// its programs. A changed list is a new environment.
pub(crate) fn ensure(workspace: &Workspace, name: &str, requirements: &Path) -> Result<PathBuf> {
    let home = workspace.local.join("tools").join(name);
    let programs = home.join("bin");
    let installed = home.join("requirements.txt");
    let is_current =
        fs::read(&installed).is_ok_and(|text| fs::read(requirements).is_ok_and(|w| w == text));
    if is_current && command::is_program(&programs.join("python")) {
        return Ok(programs);
    }
    stage(&format!("getting {name}"), || {
        packages::ensure_program("python3", "python3")?;
        // Debian's Python comes without the part that makes environments.
        if command::capture(Command::new("python3").args(["-c", "import ensurepip"])).is_err() {
            packages::ensure(&["python3-venv"])?;
        }
        command::capture(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
        command::capture(
            Command::new(programs.join("pip"))
                .args(["install", "--quiet", "--disable-pip-version-check"])
                .args(["--require-hashes", "--only-binary", ":all:", "--requirement"])
                .arg(requirements),
        )?;
        fs::copy(requirements, &installed)?;
        Ok(programs.clone())
    })
}
