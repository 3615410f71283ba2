//! Documents in programs that are not the portal: `LibreOffice`, python-docx and poppler's tools.
//!
//! A test of `render` writes the documents and, beside each, what it was made of; the Python side
//! says what other programs make of them. None of it needs the stack.

use std::process::Command;

use anyhow::{Result, ensure};

use super::count::Count;
use super::suites::{count, nextest};
use crate::packages;
use crate::python;
use crate::workspace::Workspace;

/// The test that writes.
const WRITER: &str = "binary_id(render::documents)";
/// Where it writes, below cargo's target directory.
const WRITTEN: &str = "tmp/documents";
const SOURCE: &str = "crates/xtask/documents";
const PROGRAMS: [(&str, &str); 3] =
    [("soffice", "libreoffice-writer-nogui"), ("qpdf", "qpdf"), ("pdftotext", "poppler-utils")];

/// Writes the documents and has them opened.
pub(super) fn check(workspace: &Workspace, figures: &mut Vec<String>) -> Result<Count> {
    for (program, package) in PROGRAMS {
        packages::ensure_program(program, package)?;
    }
    packages::ensure_fonts()?;
    let source = workspace.root.join(SOURCE);
    let python = python::ensure(workspace, "documents", &[source.join("requirements.txt")])?;
    let mut counted = nextest(workspace, WRITER, None, figures)?;
    let written = workspace.target()?.join(WRITTEN);
    ensure!(written.is_dir(), "{} was not written", written.display());
    let mut check = Command::new(python.join("python"));
    // Nothing is to be left in the checkout.
    check.arg("-B").arg(source.join("check.py")).arg(&written);
    counted += count(&mut check, figures)?;
    Ok(counted)
}
