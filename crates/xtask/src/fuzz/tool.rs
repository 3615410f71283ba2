//! schemathesis itself, a Python program.

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
    let list = sources(workspace).join("requirements.txt");
    Ok(python::ensure(workspace, "schemathesis", &[list])?.join("schemathesis"))
}
