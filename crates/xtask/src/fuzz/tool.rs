//! schemathesis itself: a Python program, kept in an environment of its own below `.local/tools`.

use std::path::PathBuf;

use anyhow::Result;

use crate::python;
use crate::workspace::Workspace;

/// Where this crate keeps the Python side.
pub(super) fn sources(workspace: &Workspace) -> PathBuf {
    workspace.root.join("crates/xtask/fuzz")
}

/// Finds the program, or installs what `requirements.txt` pins.
pub(super) fn ensure(workspace: &Workspace) -> Result<PathBuf> {
    let requirements = sources(workspace).join("requirements.txt");
    Ok(python::ensure(workspace, "schemathesis", &requirements)?.join("schemathesis"))
}
