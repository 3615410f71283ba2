//! The portal's own pages in a real browser.
//!
//! Chromium comes from the distribution and its driver from the npm registry, both only for this
//! suite: nothing else needs them, and together they are larger than the portal.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::count::Count;
use super::npm::BROWSER;
use super::suites::count;
use crate::command;
use crate::packages;
use crate::workspace::Workspace;

/// Walks through the portal that `attach` describes.
pub(super) fn walk(
    workspace: &Workspace,
    attach: &Path,
    figures: &mut Vec<String>,
) -> Result<Count> {
    packages::ensure_program("chromium", "chromium")?;
    let chromium = command::find("chromium").context("chromium is not installed")?;
    let home = BROWSER.ensure(workspace)?;
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=tap", BROWSER.program])
        .current_dir(&home)
        .env("CHROMIUM", chromium)
        .env("PORTAL_TEST_STACK", attach);
    count(&mut node, figures)
}
