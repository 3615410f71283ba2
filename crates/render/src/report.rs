//! The printable document: what a report says, before anybody decides how a page shows it.
//!
//! Word and PDF take the same [`Report`], so that they cannot say different things. Builders in this
//! module turn domain values into one; everything that needs judgement (which heading, which number,
//! what stands in for a missing figure) is decided here, and a writer only sets type. The tree is
//! flat on purpose: lists and quotations are paragraphs that know their marker and indent, as in
//! Word and on a page.

mod case;
mod case_list;
mod department_list;
mod flow;
mod lists;
mod numbering;
mod picture;
mod style;

use chrono::{DateTime, Utc};
use domain::rich_text::Span;
pub use domain::rich_text::{Comment, Reply};

pub use case::{CaseInput, case_report};
pub use case_list::{CaseListInput, case_list_report};
pub use department_list::{DepartmentListInput, department_list_report, picture_sources};
pub use lists::{ListItem, ListKind, ListSpec};
pub use numbering::HeadingNumbers;
pub use picture::{Picture, PictureFonts, PictureFormat, Pictures, read_pictures};
pub use style::Style;

/// Name of the program, where a document must name somebody.
pub const PRODUCT: &str = "Statsbudsjettportalen";
/// Language of every document, for spelling and for readers of the screen.
pub const LANGUAGE: &str = "nb-NO";

/// A document ready to be set in type.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Title in the document's properties.
    pub title: String,
    /// Creator in the document's properties.
    pub creator: String,
    /// Line at the top of every page.
    pub header: String,
    /// What stands at the bottom of every page, beside "Side x av y".
    pub footer: String,
    /// Everything on the pages, top to bottom.
    pub blocks: Vec<Block>,
    /// The lists that paragraphs refer to by their place in here.
    pub lists: Vec<ListSpec>,
    /// Comments whose anchors are marks on spans of [`Report::blocks`]. Each has at least one; marks
    /// without a comment mean nothing.
    pub comments: Vec<Comment>,
    /// When the document was made; also the time of changes whose time is unknown.
    pub made_at: DateTime<Utc>,
}

/// One thing on a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A paragraph, heading, list item or caption.
    Paragraph(Paragraph),
    /// A horizontal rule.
    Rule,
    /// Short facts with their labels, label beside value.
    Facts(Vec<Fact>),
    /// A table.
    Table(Table),
    /// The classification in its frame (documents contract 5.5); already upper case.
    Classification(String),
    /// A picture in a line of its own. Its caption, if any, is the paragraph after it.
    Figure(Figure),
    /// What follows begins a new page.
    PageBreak,
}

/// A paragraph of text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Paragraph {
    /// What kind of paragraph it is; the look follows from it.
    pub style: Style,
    /// The list it is an item of. Further paragraphs of an item have only its indent.
    pub list: Option<ListItem>,
    /// Steps that the text is moved in from the margin. The marker of a list item stands before it.
    pub indent: u8,
    /// The text. A `\n` is a line break.
    pub spans: Vec<Span>,
}

/// A labelled value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// Its value.
    pub value: String,
}

/// A table with a header row, which is repeated on every page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The columns; every row has a cell for each.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// The last row, in bold.
    pub sum: Option<Vec<String>>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its header.
    pub title: String,
    /// Whether it holds numbers, which are aligned to the right.
    pub numeric: bool,
    /// Its width in parts of a hundred of the text's width.
    pub width: u8,
}

/// A picture as it stands on the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The picture.
    pub picture: Picture,
    /// Its width in parts of a hundred of the text's width, 1 to 100.
    pub width_percent: u8,
    /// What it shows, in words.
    pub alt: String,
}

impl Report {
    /// Calls `see` with every span of the pages, top to bottom.
    pub fn each_span<'a>(&'a self, mut see: impl FnMut(&'a Span)) {
        for block in &self.blocks {
            if let Block::Paragraph(paragraph) = block {
                paragraph.spans.iter().for_each(&mut see);
            }
        }
    }
}

#[cfg(test)]
mod tests;
