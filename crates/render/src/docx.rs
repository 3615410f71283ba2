//! Writes a [`Report`] as a Word document (documents contract 4 and 5).
//!
//! Tracked changes are Word's own revisions, comments its own comments, numbers are counted by its
//! list engine. The parts that are the same in every document are files beside this one, because
//! styles are easier to read and to change as what they are. Everything else is written as a
//! stream: only the report itself is in memory.

mod body;
mod comments;
mod drawing;
mod frame;
mod numbering;
mod properties;
mod relations;
mod runs;
mod style;
mod template;
mod xml;

use std::io::{self, Seek, Write};
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::report::Report;
use crate::watch::{Stopped, Watch};
use comments::Comments;
use frame::Frame;
pub use template::{Template, TemplateError};

const STYLES: &str = include_str!("docx/parts/styles.xml");
const SETTINGS: &str = include_str!("docx/parts/settings.xml");
const THEME: &str = include_str!("docx/parts/theme.xml");
const FONTS: &str = include_str!("docx/parts/fonts.xml");
const PACKAGE_RELATIONS: &str = include_str!("docx/parts/package-rels.xml");

/// Why a document was not finished.
#[derive(Debug, thiserror::Error)]
pub enum DocxError {
    /// A part could not be written.
    #[error("part of the document could not be written")]
    Part(#[from] io::Error),
    /// The package could not be written.
    #[error("document package could not be written")]
    Package(#[from] ZipError),
    /// Nobody wants it any more.
    #[error("document was given up")]
    Stopped(#[from] Stopped),
}

/// Writes the report to `out`, into a template if there is one.
///
/// # Errors
/// When `out` does not take it, or `watch` says stop.
pub fn write<W: Write + Seek>(
    report: &Report,
    template: Option<&Template>,
    out: W,
    watch: &mut Watch<'_>,
) -> Result<(), DocxError> {
    let comments = Comments::of(report);
    let mut package = Package(ZipWriter::new(out));
    match template {
        Some(template) => template.write(report, &comments, &mut package, watch)?,
        None => write_built_in(report, &comments, &mut package, watch)?,
    }
    package.0.finish()?;
    Ok(())
}

fn write_built_in<W: Write + Seek>(
    report: &Report,
    comments: &Comments<'_>,
    package: &mut Package<W>,
    watch: &mut Watch<'_>,
) -> Result<(), DocxError> {
    let with_comments = comments.len() > 0;
    let frame = Frame::default();
    properties::content_types(package.part("[Content_Types].xml")?, with_comments)?;
    package.part("_rels/.rels")?.write_all(PACKAGE_RELATIONS.as_bytes())?;
    let relations =
        body::write(package.part("word/document.xml")?, report, comments, &frame, watch)?;
    relations.write(package.part("word/_rels/document.xml.rels")?, with_comments)?;
    package.part("word/styles.xml")?.write_all(STYLES.as_bytes())?;
    numbering::write(package.part("word/numbering.xml")?, &report.lists)?;
    package.part("word/settings.xml")?.write_all(SETTINGS.as_bytes())?;
    package.part("word/theme/theme1.xml")?.write_all(THEME.as_bytes())?;
    package.part("word/fontTable.xml")?.write_all(FONTS.as_bytes())?;
    properties::header(package.part("word/header1.xml")?, report)?;
    properties::footer(package.part("word/footer1.xml")?, report)?;
    if with_comments {
        comments.write_texts(package.part("word/comments.xml")?, &frame)?;
        comments.write_threads(package.part("word/commentsExtended.xml")?)?;
    }
    for (name, picture) in relations.files() {
        package.stored(&format!("word/{name}"))?.write_all(&picture.bytes)?;
    }
    properties::core(package.part("docProps/core.xml")?, report)?;
    properties::app(package.part("docProps/app.xml")?)?;
    Ok(())
}

/// Writes the report into memory.
///
/// # Errors
/// As [`write`].
pub fn to_bytes(report: &Report, template: Option<&Template>) -> Result<Vec<u8>, DocxError> {
    let mut out = io::Cursor::new(Vec::new());
    write(report, template, &mut out, &mut |_, _| ControlFlow::Continue(()))?;
    Ok(out.into_inner())
}

struct Package<W: Write + Seek>(ZipWriter<W>);

impl<W: Write + Seek> Package<W> {
    fn part(&mut self, name: &str) -> Result<&mut ZipWriter<W>, ZipError> {
        self.file(name, CompressionMethod::Deflated)
    }

    /// A part that is compressed already.
    fn stored(&mut self, name: &str) -> Result<&mut ZipWriter<W>, ZipError> {
        self.file(name, CompressionMethod::Stored)
    }

    fn file(
        &mut self,
        name: &str,
        method: CompressionMethod,
    ) -> Result<&mut ZipWriter<W>, ZipError> {
        self.0.start_file(name, SimpleFileOptions::default().compression_method(method))?;
        Ok(&mut self.0)
    }
}

/// A moment as Word writes them (documents contract 4.3).
fn date(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests;
