//! `cargo xtask dashboards`: a picture of each dashboard for the documentation, drawn from its own
//! panels with what the portal's Prometheus knows.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::cli::DashboardsArgs;
use crate::python;
use crate::stack::{Kind, Stack};
use crate::workspace::Workspace;

const SOURCE: &str = "crates/xtask/dashboards";
const DASHBOARDS: &str = "compose/grafana/dashboards";
const PICTURES: &str = "docs/images";

/// Draws all dashboards over the last minutes.
pub(crate) fn run(workspace: &Workspace, arguments: &DashboardsArgs) -> Result<()> {
    let stack = Stack::open(workspace, Kind::Dev)?;
    stack.state().filter(|state| state.is_alive("prometheus")).context(
        "there is no Prometheus; start the portal with `cargo xtask up --detach --observability`",
    )?;
    let source = workspace.root.join(SOURCE);
    let python = python::ensure(workspace, "dashboards", &[source.join("requirements.txt")])?;
    let status = Command::new(python.join("python"))
        .current_dir(&workspace.root)
        // Nothing is to be left beside the sources.
        .arg("-B")
        .arg(source.join("draw.py"))
        .arg(format!("http://127.0.0.1:{}", stack.ports.observability.prometheus))
        .arg(arguments.minutes.to_string())
        .args([DASHBOARDS, PICTURES])
        .status()?;
    ensure!(status.success(), "not every panel found something: was there load, of every kind?");
    Ok(())
}
