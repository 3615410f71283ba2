//! Runs of text with everything that lies on them.
//!
//! Word's elements nest in one way only: a link holds revisions, a revision holds runs. Ranges of
//! comments may begin and end anywhere; the run that refers to a comment stands outside revisions,
//! because rejecting an insertion would otherwise take the comment with it.

use std::io::{self, Write};

use domain::rich_text::{Change, Format, Marks, Revision, Span};

use super::body::Body;
use super::{date, style};
use crate::report::PRODUCT;

const CODE_FONT: &str = "Consolas";

impl<W: Write> Body<'_, W> {
    /// Writes the spans of a paragraph.
    pub(super) fn spans(&mut self, spans: &[Span]) -> io::Result<()> {
        for linked in spans.chunk_by(|one, next| one.marks.link == next.marks.link) {
            let link = linked.first().and_then(|span| span.marks.link.as_ref());
            if let Some(link) = link {
                let id = self.relations.link(link);
                self.xml.start("w:hyperlink", &[("r:id", &id), ("w:history", "1")])?;
            }
            for revised in linked.chunk_by(|one, next| same_revision(&one.marks, &next.marks)) {
                self.revised(revised)?;
            }
            if link.is_some() {
                self.xml.end("w:hyperlink")?;
            }
        }
        Ok(())
    }

    /// Writes spans that were inserted or deleted together, or neither.
    fn revised(&mut self, spans: &[Span]) -> io::Result<()> {
        let revision = spans.first().and_then(|span| span.marks.revision.as_ref());
        let element = match revision {
            None => None,
            Some(Revision::Insertion(_)) => Some("w:ins"),
            Some(Revision::Deletion(_)) => Some("w:del"),
        };
        if let (Some(element), Some(revision)) = (element, revision) {
            self.start_change(element, revision.change())?;
        }
        let mut referred = Vec::new();
        for span in spans.iter().filter(|span| !span.text.is_empty()) {
            for id in self.comments.starting_at(self.place) {
                self.xml.empty("w:commentRangeStart", &[("w:id", &id.to_string())])?;
            }
            self.run(span)?;
            for id in self.comments.ending_at(self.place) {
                self.xml.empty("w:commentRangeEnd", &[("w:id", &id.to_string())])?;
                referred.push(*id);
            }
            self.place += 1;
        }
        if let Some(element) = element {
            self.xml.end(element)?;
        }
        referred.into_iter().try_for_each(|id| self.comment_reference(id))
    }

    fn run(&mut self, span: &Span) -> io::Result<()> {
        let is_deleted = matches!(span.marks.revision, Some(Revision::Deletion(_)));
        let text_element = if is_deleted { "w:delText" } else { "w:t" };
        self.xml.start("w:r", &[])?;
        self.properties(&span.marks)?;
        for (index, line) in span.text.split('\n').enumerate() {
            if index > 0 {
                self.xml.empty("w:br", &[])?;
            }
            for (index, piece) in line.split('\t').enumerate() {
                if index > 0 {
                    self.xml.empty("w:tab", &[])?;
                }
                if !piece.is_empty() {
                    self.xml.text_element(text_element, &[("xml:space", "preserve")], piece)?;
                }
            }
        }
        self.xml.end("w:r")
    }

    /// Writes `w:rPr`, whose children have a fixed order.
    fn properties(&mut self, marks: &Marks) -> io::Result<()> {
        if *marks == Marks::default() {
            return Ok(());
        }
        self.xml.start("w:rPr", &[])?;
        self.formats(marks, marks.format)?;
        if let Some(changed) = &marks.format_change {
            self.start_change("w:rPrChange", &changed.change)?;
            self.xml.start("w:rPr", &[])?;
            self.formats(marks, changed.before)?;
            self.xml.end("w:rPr")?;
            self.xml.end("w:rPrChange")?;
        }
        self.xml.end("w:rPr")
    }

    /// Writes what the run looks like, or looked like before its format was changed.
    fn formats(&mut self, marks: &Marks, format: Format) -> io::Result<()> {
        if marks.link.is_some() {
            self.xml.value("w:rStyle", self.frame.style(style::LINK))?;
        }
        if marks.code {
            let font = CODE_FONT;
            self.xml.empty("w:rFonts", &[("w:ascii", font), ("w:hAnsi", font), ("w:cs", font)])?;
        }
        if format.bold {
            self.xml.empty("w:b", &[])?;
        }
        if format.italic {
            self.xml.empty("w:i", &[])?;
        }
        if marks.strike {
            self.xml.empty("w:strike", &[])?;
        }
        if format.underline {
            self.xml.value("w:u", "single")?;
        }
        Ok(())
    }

    fn start_change(&mut self, element: &str, change: &Change) -> io::Result<()> {
        let id = self.next_revision.to_string();
        self.next_revision += 1;
        let author = change.author.as_deref().unwrap_or(PRODUCT);
        let at = date(change.at.unwrap_or(self.report.made_at));
        self.xml.start(element, &[("w:id", &id), ("w:author", author), ("w:date", &at)])
    }

    fn comment_reference(&mut self, id: usize) -> io::Result<()> {
        self.xml.start("w:r", &[])?;
        self.xml.start("w:rPr", &[])?;
        self.xml.value("w:rStyle", self.frame.style(style::COMMENT_REFERENCE))?;
        self.xml.end("w:rPr")?;
        self.xml.empty("w:commentReference", &[("w:id", &id.to_string())])?;
        self.xml.end("w:r")
    }
}

/// Whether two neighbours belong to one revision: those of one change do, whatever their format.
fn same_revision(one: &Marks, next: &Marks) -> bool {
    use Revision::{Deletion, Insertion};
    match (&one.revision, &next.revision) {
        (None, None) => true,
        (Some(Insertion(a)), Some(Insertion(b))) | (Some(Deletion(a)), Some(Deletion(b))) => {
            if a.id.is_empty() { a == b } else { a.id == b.id }
        }
        _ => false,
    }
}
