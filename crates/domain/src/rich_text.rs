//! Rich text as documents are printed from it: a typed tree of blocks, spans and marks.
//!
//! [`crate::document`] keeps what the editor sent, known or not, because the editor must get it
//! back. A printed document needs the opposite: few shapes, every one of them understood. So this
//! module reads the same TipTap JSON (documents contract 1 to 3) into a closed model that Word and
//! PDF share, and decides once what becomes of everything else: an unknown node is its children or
//! its text, an attribute of the wrong type is absent, an address that a document must not link to
//! is no link. Nothing here is an error, and no text is lost.

mod comment;
mod inlines;
mod marks;
mod parse;
mod section;

use serde_json::Value;

pub use comment::{Comment, Reply};
pub use marks::{Change, CommentMark, Format, FormatChange, Link, Marks, Revision};
pub use section::{CaseSection, case_sections};

use crate::content::is_blank;
use crate::document::children;

/// A text with structure. Never nested deeper than a document may be, so walking it recursively is
/// safe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RichText {
    /// Its blocks, top to bottom.
    pub blocks: Vec<Block>,
}

/// One block of a rich text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// An ordinary paragraph; without spans it is an empty line.
    Paragraph(Vec<Span>),
    /// A heading inside the text.
    Heading {
        /// 1 to 6.
        level: u8,
        /// What it says.
        spans: Vec<Span>,
    },
    /// A list, whose items may hold further lists.
    List(List),
    /// A quotation.
    Quote(Vec<Block>),
    /// Text in which every space and line end counts.
    Code(Vec<Span>),
    /// A horizontal rule.
    Rule,
    /// A picture.
    Image(Image),
}

/// A bulleted or numbered list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// How items are marked.
    pub marker: ListMarker,
    /// Number of the first item; 1 and without meaning in a bulleted list.
    pub start: u32,
    /// The items, each with its own blocks.
    pub items: Vec<Vec<Block>>,
}

/// What stands before the items of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListMarker {
    /// A dot.
    Bullet,
    /// 1. 2. 3.
    Decimal,
    /// a. b. c.
    LowerLetter,
    /// A. B. C.
    UpperLetter,
    /// i. ii. iii.
    LowerRoman,
    /// I. II. III.
    UpperRoman,
}

/// A picture in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Where the editor found it, such as `/uploads/images/…`.
    pub src: String,
    /// What it shows, in words.
    pub alt: Option<String>,
    /// Width in CSS pixels, when the author chose one.
    pub width: Option<u32>,
}

/// A stretch of text under the same marks. A line break inside a paragraph is `\n`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The characters.
    pub text: String,
    /// What lies on them.
    pub marks: Marks,
}

impl Span {
    /// Text without marks.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), marks: Marks::default() }
    }

    /// Bold text.
    #[must_use]
    pub fn bold(text: impl Into<String>) -> Self {
        let format = Format { bold: true, ..Format::default() };
        Self { text: text.into(), marks: Marks { format, ..Marks::default() } }
    }

    /// Italic text.
    #[must_use]
    pub fn italic(text: impl Into<String>) -> Self {
        let format = Format { italic: true, ..Format::default() };
        Self { text: text.into(), marks: Marks { format, ..Marks::default() } }
    }
}

impl RichText {
    /// Reads a stored TipTap document given as JSON text. A text that is no JSON is shown as it is
    /// (documents contract 3).
    #[must_use]
    pub fn from_json_text(json: &str) -> Self {
        match serde_json::from_str::<Value>(json) {
            Ok(value) => Self::from_value(&value),
            Err(_) => Self::from_flat(json),
        }
    }

    /// Reads a TipTap node: its children are the blocks.
    #[must_use]
    pub fn from_value(root: &Value) -> Self {
        match root {
            Value::String(text) => Self::from_flat(text),
            root => Self { blocks: parse::blocks_in(children(root)) },
        }
    }

    /// One paragraph a line (documents contract 1.6); a blank text is one empty paragraph.
    #[must_use]
    pub fn from_flat(text: &str) -> Self {
        if is_blank(text) {
            return Self { blocks: vec![Block::Paragraph(Vec::new())] };
        }
        let line = |line: &str| {
            let line = line.trim_end_matches('\r');
            Block::Paragraph(if line.is_empty() { Vec::new() } else { vec![Span::plain(line)] })
        };
        Self { blocks: text.split('\n').map(line).collect() }
    }

    /// Whether there is nothing to print: no text, no picture, no rule.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.blocks.iter().all(Block::is_blank)
    }

    /// The text without the empty paragraphs at its end, where the editor keeps one for the cursor
    /// (documents contract 3).
    #[must_use]
    pub fn trimmed(mut self) -> Self {
        let empty =
            |block: &mut Block| matches!(block, Block::Paragraph(spans) if spans.is_empty());
        while self.blocks.pop_if(empty).is_some() {}
        self
    }

    /// Calls `see` with every span, top to bottom.
    pub fn each_span<'a>(&'a self, see: &mut impl FnMut(&'a Span)) {
        self.blocks.iter().for_each(|block| block.each_span(see));
    }

    /// Calls `see` with every picture, top to bottom.
    pub fn each_image<'a>(&'a self, see: &mut impl FnMut(&'a Image)) {
        self.blocks.iter().for_each(|block| block.each_image(see));
    }
}

impl Block {
    fn is_blank(&self) -> bool {
        match self {
            Self::Paragraph(spans) | Self::Heading { spans, .. } | Self::Code(spans) => {
                spans.iter().all(|span| is_blank(&span.text))
            }
            Self::List(list) => list.items.iter().flatten().all(Self::is_blank),
            Self::Quote(blocks) => blocks.iter().all(Self::is_blank),
            Self::Rule | Self::Image(_) => false,
        }
    }

    fn each_span<'a>(&'a self, see: &mut impl FnMut(&'a Span)) {
        match self {
            Self::Paragraph(spans) | Self::Heading { spans, .. } | Self::Code(spans) => {
                spans.iter().for_each(see);
            }
            Self::List(list) => list.items.iter().flatten().for_each(|block| block.each_span(see)),
            Self::Quote(blocks) => blocks.iter().for_each(|block| block.each_span(see)),
            Self::Rule | Self::Image(_) => {}
        }
    }

    fn each_image<'a>(&'a self, see: &mut impl FnMut(&'a Image)) {
        match self {
            Self::Image(image) => see(image),
            Self::List(list) => list.items.iter().flatten().for_each(|block| block.each_image(see)),
            Self::Quote(blocks) => blocks.iter().for_each(|block| block.each_image(see)),
            Self::Paragraph(_) | Self::Heading { .. } | Self::Code(_) | Self::Rule => {}
        }
    }
}

#[cfg(test)]
mod tests;
