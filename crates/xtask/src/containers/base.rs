//! The base image: from its registry if that can be reached, else made of Debian's own packages.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::engine::Engine;
use crate::command;
use crate::packages;
use crate::workspace::{Workspace, is_root};

/// What our images begin with.
const IMAGE: &str = "debian:trixie-slim";
const SUITE: &str = "trixie";
/// What the real one leaves out too: it is fetched anew, or read by people only.
const UNWANTED: [&str; 5] = [
    "var/cache/apt/archives",
    "var/lib/apt/lists",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
];

/// Makes sure that the engine has the image.
pub(super) fn ensure(workspace: &Workspace, engine: &Engine) -> Result<()> {
    let has = |arguments: &[&str]| {
        engine.docker().args(arguments).arg(IMAGE).output().is_ok_and(|o| o.status.success())
    };
    if has(&["image", "inspect"]) || has(&["pull", "--quiet"]) {
        return Ok(());
    }
    if !is_root() {
        bail!("{IMAGE} cannot be pulled, and only root can make it");
    }
    packages::ensure_program("debootstrap", "debootstrap")?;
    let root = workspace.local.join("images/base");
    // What an interrupted run left.
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    command::capture(
        Command::new("debootstrap").args(["--variant=minbase", SUITE]).arg(&root).arg(mirror()?),
    )?;
    for directory in UNWANTED {
        empty(&root.join(directory))?;
    }
    import(engine, &root)?;
    fs::remove_dir_all(&root)?;
    Ok(())
}

/// Where apt fetches this machine's own packages.
fn mirror() -> Result<String> {
    let sites = command::capture(Command::new("apt-get").args([
        "indextargets",
        "--format=$(SITE)",
        "Created-By: Packages",
    ]))?;
    let debian = |site: &&str| site.trim_end_matches('/').ends_with("/debian");
    sites.lines().find(debian).map(str::to_owned).context("apt names no Debian mirror")
}

fn empty(directory: &Path) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            fs::remove_dir_all(path)?;
        } else {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn import(engine: &Engine, root: &Path) -> Result<()> {
    let mut archive = Command::new("tar")
        .arg("--directory")
        .arg(root)
        .args(["--create", "--one-file-system", "."])
        .stdout(Stdio::piped())
        .spawn()
        .context("tar")?;
    let stream = archive.stdout.take().context("tar has no output")?;
    let imported = command::capture(engine.docker().args(["import", "-", IMAGE]).stdin(stream));
    let packed = archive.wait()?;
    imported?;
    ensure!(packed.success(), "tar could not read {}", root.display());
    Ok(())
}
