//! The printable document as PDF (documents contract 5.11 and 6.4).
//!
//! Sets type itself: lines, pages, tables and figures are laid out here, and printpdf only writes
//! what has its place. So the page looks the same whatever the library's own layout engine, which is
//! left out, would make of it. The result says as much as the Word document of the same report; the
//! numbers that Word counts itself are counted here.
//!
//! No text can make it fail. Text is not shaped: scripts that join or reorder their letters are
//! shown letter by letter.

mod annotations;
mod compose;
mod figure;
mod flow;
mod fonts;
mod look;
mod outline;
mod output;
mod table;
mod text;

use std::io::Write;

pub use fonts::{FONT_DIR, FONT_FILES, FontError, Fonts};

use crate::report::Report;
use crate::watch::{Stopped, Watch};

/// Media type of the document.
pub const MEDIA_TYPE: &str = "application/pdf";

/// Why a document was not finished.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// A font is damaged in a way that does not show when it is read.
    #[error("font cannot be embedded")]
    Font(#[from] subsetter::Error),
    /// The writer of the file format failed.
    #[error("PDF could not be put together")]
    Structure(#[from] lopdf::Error),
    /// The given writer failed.
    #[error("PDF could not be written")]
    Write(#[from] std::io::Error),
    /// Nobody wants it any more.
    #[error("document was given up")]
    Stopped(#[from] Stopped),
}

/// Writes a report as PDF.
///
/// # Errors
/// [`PdfError`] when a font is damaged, `out` fails or `watch` says stop; never for what the report
/// says.
pub fn write(
    report: &Report,
    fonts: &Fonts,
    out: impl Write,
    watch: &mut Watch<'_>,
) -> Result<(), PdfError> {
    // Setting the blocks and printing the pages take about as long.
    let composed = compose::compose(report, fonts, &mut |done, total| watch(done, total * 2))?;
    let mut printing = |done, total| watch(total + done, total * 2);
    output::write(composed, report, fonts, out, &mut printing)
}

#[cfg(test)]
mod tests;
