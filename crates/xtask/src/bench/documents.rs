//! What it costs to make documents. Nothing but the renderer takes part, so there is no stack.

use anyhow::{Context as _, Result, ensure};

use crate::cli::Benchmark;
use crate::packages;
use crate::workspace::Workspace;

/// What the renderer's benchmark program calls it, if it is one of its own.
pub(super) const fn name(benchmark: Benchmark) -> Option<&'static str> {
    match benchmark {
        Benchmark::Xlsx => Some("xlsx"),
        Benchmark::Docx => Some("docx"),
        Benchmark::Pdf => Some("pdf"),
        _ => None,
    }
}

/// Runs it in a process of its own, whose memory is then its alone. It prints its line itself.
pub(super) fn measure(workspace: &Workspace, name: &str) -> Result<()> {
    packages::ensure_fonts()?;
    let mut cargo = workspace.cargo();
    cargo.args(["bench", "--quiet", "--package", "render", "--bench", "documents", "--", name]);
    let status = cargo.status().context("cargo bench")?;
    ensure!(status.success(), "the benchmark {name} failed");
    Ok(())
}
