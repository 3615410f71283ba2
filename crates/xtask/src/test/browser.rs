//! The portal's own pages in a real browser.
//!
//! Chromium comes from the distribution and its driver from the npm registry, both only for this
//! suite: nothing else needs them, and together they are larger than the portal.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::count::Count;
use super::suites::count;
use crate::command;
use crate::console::stage;
use crate::packages;
use crate::workspace::{Workspace, make_dir};

/// Where the walk is kept.
const SOURCE: &str = "crates/test-support/browser";
/// The walk, and what pins its driver.
const FILES: [&str; 3] = ["package.json", LOCK, WALK];
const LOCK: &str = "package-lock.json";
const WALK: &str = "walk.test.mjs";
/// Written when the driver of a lock file has been installed.
const INSTALLED: &str = "installed-lock.json";

/// Walks through the portal that `attach` describes.
pub(super) fn walk(
    workspace: &Workspace,
    attach: &Path,
    figures: &mut Vec<String>,
) -> Result<Count> {
    for (program, package) in [("chromium", "chromium"), ("node", "nodejs"), ("npm", "npm")] {
        packages::ensure_program(program, package)?;
    }
    let chromium = command::find("chromium").context("chromium is not installed")?;
    let home = ensure_driver(workspace)?;
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=tap", WALK])
        .current_dir(&home)
        .env("CHROMIUM", chromium)
        .env("PORTAL_TEST_STACK", attach);
    count(&mut node, figures)
}

/// Copies the walk to where its driver is installed, which is no place in the checkout.
fn ensure_driver(workspace: &Workspace) -> Result<PathBuf> {
    let home = workspace.local.join("tools/browser");
    make_dir(&home, 0o755)?;
    for name in FILES {
        let source = workspace.root.join(SOURCE).join(name);
        fs::copy(&source, home.join(name)).with_context(|| format!("{}", source.display()))?;
    }
    let wanted = fs::read(home.join(LOCK))?;
    if fs::read(home.join(INSTALLED)).is_ok_and(|installed| installed == wanted) {
        return Ok(home);
    }
    stage("getting the browser's driver", || {
        command::capture(
            Command::new("npm")
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                .current_dir(&home),
        )?;
        fs::write(home.join(INSTALLED), &wanted)?;
        Ok(())
    })?;
    Ok(home)
}
