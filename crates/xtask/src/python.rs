//! Python programs that we run: kept in an environment of their own below `.local/tools`, made from
//! lists that pin every file by its hash.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::console::stage;
use crate::packages;
use crate::workspace::Workspace;

/// Makes sure that the environment `name` holds what the lists say, and returns the directory of
/// its programs. A changed list is a new environment.
pub(crate) fn ensure(workspace: &Workspace, name: &str, lists: &[PathBuf]) -> Result<PathBuf> {
    let home = workspace.local.join("tools").join(name);
    let wanted = read(lists)?;
    let installed = home.join("requirements.txt");
    let programs = home.join("bin");
    let is_current = fs::read(&installed).is_ok_and(|text| text == wanted.as_bytes());
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
        let mut pip = Command::new(programs.join("pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check"]).args([
            "--require-hashes",
            "--only-binary",
            ":all:",
        ]);
        for list in lists {
            pip.arg("--requirement").arg(list);
        }
        command::capture(&mut pip)?;
        fs::write(&installed, &wanted)?;
        Ok(programs.clone())
    })
}

fn read(lists: &[PathBuf]) -> Result<String> {
    lists.iter().map(|list| read_one(list)).collect()
}

fn read_one(list: &Path) -> Result<String> {
    fs::read_to_string(list).with_context(|| format!("{}", list.display()))
}
