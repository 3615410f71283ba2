//! What documents are made with besides what they say: read once, when a process starts.
//!
//! Both services read it here, so that a department list that is made at once looks like one that
//! was ordered.

use std::io;
use std::path::Path;

use crate::docx::{Template, TemplateError};
use crate::pdf::FONT_FILES;
use crate::report::PictureFonts;

/// Why the configured template cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StationeryError {
    /// The file cannot be read.
    #[error("template file cannot be read")]
    Unreadable(#[from] io::Error),
    /// The file is no template.
    #[error("template cannot be used")]
    Template(#[from] TemplateError),
}

/// Fonts for drawings, and the ministry's template where there is one.
#[derive(Debug, Default)]
pub struct Stationery {
    /// What texts in drawings are set in.
    pub picture_fonts: PictureFonts,
    /// What department lists are written into.
    pub template: Option<Template>,
}

impl Stationery {
    /// Reads the fonts in a folder, as far as they are there, and a template, which must be.
    ///
    /// # Errors
    /// [`StationeryError`] when the template is missing or no template.
    pub fn read(
        read: impl Fn(&Path) -> io::Result<Vec<u8>>,
        fonts: &Path,
        template: Option<&Path>,
    ) -> Result<Self, StationeryError> {
        let files = FONT_FILES.iter().filter_map(|file| read(&fonts.join(file)).ok());
        let template = match template {
            Some(path) => Some(Template::read(&read(path)?)?),
            None => None,
        };
        Ok(Self { picture_fonts: PictureFonts::of_files(files), template })
    }
}
