//! Reviewed snapshots that no test looks at any more: they would be trusted, and prove nothing.
//!
//! The snapshot library writes down which files it compared; every other one on disk is an orphan.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::count::Count;
use crate::workspace::{Workspace, make_dir};

/// The variable that makes the library write the paths down.
pub(super) const VARIABLE: &str = "INSTA_SNAPSHOT_REFERENCES_FILE";

/// Where it writes them.
pub(super) fn record(workspace: &Workspace) -> PathBuf {
    workspace.local.join("test/snapshots-compared")
}

/// Forgets what an earlier run compared.
pub(super) fn forget(workspace: &Workspace) -> Result<()> {
    make_dir(&workspace.local.join("test"), 0o711)?;
    let record = record(workspace);
    if record.exists() {
        fs::remove_file(record)?;
    }
    Ok(())
}

/// Fails if a snapshot on disk was not compared since [`forget`].
pub(super) fn check(workspace: &Workspace) -> Result<Count> {
    let text = fs::read_to_string(record(workspace))
        .context("no test has compared a snapshot; run the other suites in the same call")?;
    let compared: BTreeSet<PathBuf> =
        text.lines().filter_map(|line| resolve(line.as_ref())).collect();
    let mut on_disk = BTreeSet::new();
    for directory in ["crates", "services"] {
        collect(&workspace.root.join(directory), &mut on_disk)?;
    }
    for orphan in on_disk.difference(&compared) {
        println!("no test compares {}", orphan.display());
    }
    println!("{} snapshots on disk", on_disk.len());
    Ok(Count::of_check(on_disk.is_subset(&compared)))
}

/// Paths come as the compiler knew them, with `..` in them.
fn resolve(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok()
}

fn collect(directory: &Path, found: &mut BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "snap") {
            found.extend(resolve(&path));
        }
    }
    Ok(())
}
