//! The faces a document is set in: what a letter measures, and what is embedded of them.
//!
//! The files are not ours to distribute, so they come from the machine. Everything that can be wrong
//! with them is found when they are read, at start-up, and not in the middle of a document.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;

use printpdf::{FontMetrics, FontType, ParsedFont, PdfFontMetricsStub};
use subsetter::GlyphRemapper;

use super::PdfError;

/// The files a document is set in, in the order of [`Typeface`].
///
/// Carlito has the widths of Calibri, so a PDF breaks its lines where Word does.
pub const FONT_FILES: [&str; 4] =
    ["Carlito-Regular.ttf", "Carlito-Bold.ttf", "Carlito-Italic.ttf", "Carlito-BoldItalic.ttf"];

/// Where Debian's `fonts-crosextra-carlito` puts [`FONT_FILES`].
pub const FONT_DIR: &str = "/usr/share/fonts/truetype/crosextra";

/// Letters without which a Norwegian document is not readable.
const INDISPENSABLE: &str = "AZaz09 æøåÆØÅéàô.,:;-–«»()%§/•−";

/// Space between lines that the font asks for, half above and half below, as a share of the size.
/// With it a line is as high as one of Calibri, single spaced, is in Word.
const LINE_GAP: f32 = 0.22;

/// Units of an em that widths are counted in, in PDF and so here.
const EM: u16 = 1000;

/// Letters below this are looked up in a table: nearly all there are.
const COMMON: u32 = 0x250;

/// Why the fonts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FontError {
    /// The file is not there, or not readable.
    #[error("font {0} cannot be read")]
    Missing(&'static str, #[source] io::Error),
    /// The file is no font that can be embedded.
    #[error("font {0} is not a usable TrueType font")]
    Unusable(&'static str),
    /// The font lacks a letter that every document may need.
    #[error("font {0} has no glyph for {1:?}")]
    Incomplete(&'static str, char),
}

/// One of the four faces of the family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Typeface {
    /// Upright.
    #[default]
    Regular,
    /// Bold.
    Bold,
    /// Italic.
    Italic,
    /// Both.
    BoldItalic,
}

impl Typeface {
    pub(super) const fn of(bold: bool, italic: bool) -> Self {
        match (bold, italic) {
            (false, false) => Self::Regular,
            (true, false) => Self::Bold,
            (false, true) => Self::Italic,
            (true, true) => Self::BoldItalic,
        }
    }

    /// Name of the font resource in the PDF.
    pub(super) const fn resource(self) -> &'static str {
        match self {
            Self::Regular => "T1",
            Self::Bold => "T2",
            Self::Italic => "T3",
            Self::BoldItalic => "T4",
        }
    }
}

/// A shape of a face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glyph {
    id: u16,
    /// Width in thousandths of the size.
    pub(super) advance: u16,
}

/// The family a document is set in.
pub struct Fonts {
    faces: [Face; 4],
}

impl Fonts {
    /// Reads [`FONT_FILES`] with `read`, which is given each name.
    ///
    /// # Errors
    /// [`FontError`] for the first file that is missing or does not do.
    pub fn read(mut read: impl FnMut(&str) -> io::Result<Vec<u8>>) -> Result<Self, FontError> {
        let mut face = |index: usize| {
            let name = FONT_FILES[index];
            let program = read(name).map_err(|source| FontError::Missing(name, source))?;
            Face::parse(name, &program)
        };
        Ok(Self { faces: [face(0)?, face(1)?, face(2)?, face(3)?] })
    }

    pub(super) fn face(&self, typeface: Typeface) -> &Face {
        match typeface {
            Typeface::Regular => &self.faces[0],
            Typeface::Bold => &self.faces[1],
            Typeface::Italic => &self.faces[2],
            Typeface::BoldItalic => &self.faces[3],
        }
    }
}

impl std::fmt::Debug for Fonts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.faces.iter().map(|face| face.name)).finish()
    }
}

/// One face, ready to measure with.
pub(super) struct Face {
    name: &'static str,
    program: ParsedFont,
    common: Vec<Option<Glyph>>,
}

impl Face {
    fn parse(file: &'static str, bytes: &[u8]) -> Result<Self, FontError> {
        let program = ParsedFont::from_bytes(bytes, 0, &mut Vec::new())
            .filter(|program| program.units_per_em > 0)
            .ok_or(FontError::Unusable(file))?;
        let name = file.trim_end_matches(".ttf");
        let mut face = Self { name, program, common: Vec::new() };
        face.common =
            (0..COMMON).map(|code| char::from_u32(code).and_then(|c| face.look_up(c))).collect();
        match INDISPENSABLE.chars().find(|c| face.glyph(*c).is_none()) {
            Some(letter) => Err(FontError::Incomplete(file, letter)),
            None => Ok(face),
        }
    }

    /// Height of a line above its baseline, as a share of the size.
    pub(super) fn ascent(&self) -> f32 {
        self.share(self.program.font_metrics.ascent) + LINE_GAP / 2.0
    }

    /// Depth of a line below its baseline, as a share of the size.
    pub(super) fn descent(&self) -> f32 {
        LINE_GAP / 2.0 - self.share(self.program.font_metrics.descent)
    }

    fn share(&self, units: i16) -> f32 {
        f32::from(units) / f32::from(self.program.units_per_em)
    }

    /// The shape of a letter, if the face has one.
    pub(super) fn glyph(&self, letter: char) -> Option<Glyph> {
        match usize::try_from(u32::from(letter)).ok().and_then(|code| self.common.get(code)) {
            Some(glyph) => *glyph,
            None => self.look_up(letter),
        }
    }

    fn look_up(&self, letter: char) -> Option<Glyph> {
        let id = self.program.lookup_glyph_index(u32::from(letter)).filter(|id| *id != 0)?;
        Some(Glyph { id, advance: self.thousandths(self.program.get_glyph_width(id)?) })
    }

    fn thousandths(&self, units: u16) -> u16 {
        let em = u32::from(self.program.units_per_em);
        let rounded = (u32::from(units) * u32::from(EM) + em / 2) / em;
        u16::try_from(rounded).unwrap_or(u16::MAX)
    }

    /// The face reduced to these letters, under the numbers that it will have in the PDF.
    ///
    /// printpdf subsets only together with its layout engine, so it is handed a font that is small
    /// already, with widths in thousandths: those it would otherwise cut off instead of rounding.
    pub(super) fn subset(&self, letters: &BTreeSet<char>) -> Result<ParsedFont, PdfError> {
        let mut remapper = GlyphRemapper::new();
        let mut codes = BTreeMap::new();
        let mut widths = BTreeMap::new();
        for letter in letters {
            let Some(glyph) = self.glyph(*letter) else { continue };
            let id = remapper.remap(glyph.id);
            codes.insert(u32::from(*letter), id);
            widths.insert(id, glyph.advance);
        }
        let source = &self.program;
        let program = subsetter::subset(&source.original_bytes, 0, &remapper)?;
        let metrics = &source.pdf_font_metrics;
        Ok(ParsedFont {
            original_bytes: program,
            font_index: 0,
            font_name: Some(format!("{}+{}", tag(letters), self.name)),
            codepoint_to_glyph: codes,
            glyph_widths: widths,
            units_per_em: EM,
            font_metrics: FontMetrics {
                ascent: self.scaled(source.font_metrics.ascent),
                descent: self.scaled(source.font_metrics.descent),
            },
            font_type: FontType::TrueType,
            pdf_font_metrics: PdfFontMetricsStub {
                units_per_em: EM,
                x_min: self.scaled(metrics.x_min),
                y_min: self.scaled(metrics.y_min),
                x_max: self.scaled(metrics.x_max),
                y_max: self.scaled(metrics.y_max),
                ..metrics.clone()
            },
        })
    }

    fn scaled(&self, units: i16) -> i16 {
        let scaled = i32::from(units) * i32::from(EM) / i32::from(self.program.units_per_em);
        i16::try_from(scaled).unwrap_or(i16::MAX)
    }
}

/// Six letters that say which subset this is (ISO 32000-1, 9.6.4), so that a program which merges
/// documents does not take one subset for another.
fn tag(letters: &BTreeSet<char>) -> String {
    let mut hasher = DefaultHasher::new();
    letters.hash(&mut hasher);
    let letter = |byte: &u8| char::from(b'A' + byte % 26);
    hasher.finish().to_be_bytes().iter().take(6).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{font_bytes, fonts};
    use super::*;

    #[test]
    fn a_missing_file_is_named() {
        let error = Fonts::read(|name| {
            if name == FONT_FILES[2] {
                Err(io::ErrorKind::NotFound.into())
            } else {
                font_bytes(name)
            }
        })
        .unwrap_err();
        assert_eq!(error.to_string(), "font Carlito-Italic.ttf cannot be read");
    }

    #[test]
    fn a_file_that_is_no_font_is_refused() {
        let error = Fonts::read(|_| Ok(b"<!DOCTYPE html>".to_vec())).unwrap_err();
        assert!(matches!(error, FontError::Unusable("Carlito-Regular.ttf")), "{error}");
    }

    #[test]
    fn a_font_without_norwegian_letters_is_refused() {
        let regular = fonts().face(Typeface::Regular);
        let letters: BTreeSet<char> = "AZaz09 ".chars().collect();
        let program = regular.subset(&letters).unwrap().original_bytes;
        // A subset has no character map, as is the case of a damaged font.
        let error = Fonts::read(|_| Ok(program.clone())).unwrap_err();
        assert!(matches!(error, FontError::Incomplete(_, 'A')), "{error}");
    }

    #[test]
    fn widths_are_those_of_calibri() {
        // Widths of Calibri in thousandths: the reason why this family stands in for it.
        let face = fonts().face(Typeface::Regular);
        let advance = |c| face.glyph(c).unwrap().advance;
        assert_eq!((advance(' '), advance('a'), advance('M'), advance('0')), (226, 479, 855, 507));
    }

    #[test]
    fn a_subset_is_small_and_keeps_widths() {
        let face = fonts().face(Typeface::Regular);
        let letters: BTreeSet<char> = "Blåbærsyltetøy".chars().collect();
        let subset = face.subset(&letters).unwrap();
        assert!(subset.original_bytes.len() < 10_000, "{}", subset.original_bytes.len());
        let id = subset.codepoint_to_glyph[&u32::from('ø')];
        assert_eq!(subset.glyph_widths[&id], face.glyph('ø').unwrap().advance);
        assert!(subset.font_name.unwrap().ends_with("+Carlito-Regular"));
    }
}
