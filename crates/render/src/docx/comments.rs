//! Comments: where they stand in the text, and the two parts that hold what they say.

use std::collections::HashMap;
use std::io::{self, Write};

use chrono::{DateTime, Utc};

use super::frame::Frame;
use super::xml::Xml;
use super::{date, style};
use crate::report::{Comment, Report};

const NAMESPACES: &[(&str, &str)] = &[
    ("xmlns:w", "http://schemas.openxmlformats.org/wordprocessingml/2006/main"),
    ("xmlns:mc", "http://schemas.openxmlformats.org/markup-compatibility/2006"),
    ("xmlns:w14", "http://schemas.microsoft.com/office/word/2010/wordml"),
    ("xmlns:w15", "http://schemas.microsoft.com/office/word/2012/wordml"),
    ("mc:Ignorable", "w14 w15"),
];

/// A comment or reply as Word counts them: each is a comment of its own, with the same range.
struct Entry<'a> {
    author: &'a str,
    at: DateTime<Utc>,
    text: &'a str,
    resolved: bool,
    /// Place of the comment it answers.
    parent: Option<usize>,
}

/// All comments of a report, and between which spans each one stands.
pub(super) struct Comments<'a> {
    entries: Vec<Entry<'a>>,
    starts: HashMap<usize, Vec<usize>>,
    ends: HashMap<usize, Vec<usize>>,
}

impl<'a> Comments<'a> {
    /// Finds the range of every comment: from the first to the last span that carries its mark.
    pub(super) fn of(report: &'a Report) -> Self {
        let mut ranges: HashMap<&str, (usize, usize)> = HashMap::new();
        let mut place = 0;
        report.each_span(|span| {
            if span.text.is_empty() {
                return;
            }
            for mark in &span.marks.comments {
                ranges
                    .entry(&mark.id)
                    .and_modify(|range| range.1 = place)
                    .or_insert((place, place));
            }
            place += 1;
        });
        let mut comments =
            Self { entries: Vec::new(), starts: HashMap::new(), ends: HashMap::new() };
        for comment in &report.comments {
            if let Some(range) = ranges.get(comment.anchor.as_str()) {
                comments.add(comment, *range);
            }
        }
        comments
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Ids of the comments that begin before the span in this place.
    pub(super) fn starting_at(&self, place: usize) -> &[usize] {
        self.starts.get(&place).map_or(&[], Vec::as_slice)
    }

    /// Ids of the comments that end after the span in this place.
    pub(super) fn ending_at(&self, place: usize) -> &[usize] {
        self.ends.get(&place).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, comment: &'a Comment, (first, last): (usize, usize)) {
        let root = self.entries.len();
        self.entries.push(Entry {
            author: &comment.author,
            at: comment.at,
            text: &comment.text,
            resolved: comment.resolved,
            parent: None,
        });
        self.entries.extend(comment.replies.iter().map(|reply| Entry {
            author: &reply.author,
            at: reply.at,
            text: &reply.text,
            resolved: comment.resolved,
            parent: Some(root),
        }));
        let added = root..self.entries.len();
        self.starts.entry(first).or_default().extend(added.clone());
        self.ends.entry(last).or_default().extend(added);
    }

    /// Writes `word/comments.xml`.
    pub(super) fn write_texts(&self, out: impl Write, frame: &Frame) -> io::Result<()> {
        let mut xml = Xml::new(out)?;
        xml.start("w:comments", NAMESPACES)?;
        for (id, entry) in self.entries.iter().enumerate() {
            let attributes = [
                ("w:id", &*id.to_string()),
                ("w:author", entry.author),
                ("w:date", &*date(entry.at)),
                ("w:initials", &*initials(entry.author)),
            ];
            xml.start("w:comment", &attributes)?;
            let lines: Vec<&str> = entry.text.lines().collect();
            let last = lines.len().saturating_sub(1);
            if lines.is_empty() {
                paragraph(&mut xml, frame, Some(id), true, "")?;
            }
            for (index, line) in lines.into_iter().enumerate() {
                let ends = (index == last).then_some(id);
                paragraph(&mut xml, frame, ends, index == 0, line)?;
            }
            xml.end("w:comment")?;
        }
        xml.end("w:comments")
    }

    /// Writes `word/commentsExtended.xml`: which comment answers which, and which are settled.
    pub(super) fn write_threads(&self, out: impl Write) -> io::Result<()> {
        let mut xml = Xml::new(out)?;
        xml.start("w15:commentsEx", NAMESPACES)?;
        for (id, entry) in self.entries.iter().enumerate() {
            let done = if entry.resolved { "1" } else { "0" };
            let (paragraph, parent) = (paragraph_id(id), entry.parent.map(paragraph_id));
            let mut attributes = vec![("w15:paraId", paragraph.as_str())];
            attributes.extend(parent.as_deref().map(|parent| ("w15:paraIdParent", parent)));
            attributes.push(("w15:done", done));
            xml.empty("w15:commentEx", &attributes)?;
        }
        xml.end("w15:commentsEx")
    }
}

/// One line of a comment. The last one carries the id by which threads name the comment.
fn paragraph<W: Write>(
    xml: &mut Xml<W>,
    frame: &Frame,
    last_of: Option<usize>,
    is_first: bool,
    line: &str,
) -> io::Result<()> {
    let id = last_of.map(paragraph_id);
    let id = id.as_deref().map(|id| ("w14:paraId", id));
    xml.start("w:p", id.as_slice())?;
    xml.start("w:pPr", &[])?;
    xml.value("w:pStyle", frame.style(style::COMMENT_TEXT))?;
    xml.end("w:pPr")?;
    if is_first {
        xml.start("w:r", &[])?;
        xml.start("w:rPr", &[])?;
        xml.value("w:rStyle", frame.style(style::COMMENT_REFERENCE))?;
        xml.end("w:rPr")?;
        xml.empty("w:annotationRef", &[])?;
        xml.end("w:r")?;
    }
    xml.start("w:r", &[])?;
    xml.text_element("w:t", &[("xml:space", "preserve")], line)?;
    xml.end("w:r")?;
    xml.end("w:p")
}

/// Eight hexadecimal digits, neither 0 nor above 7FFFFFFF.
fn paragraph_id(comment: usize) -> String {
    format!("{:08X}", comment + 1)
}

/// First letters of the parts of a name.
fn initials(name: &str) -> String {
    name.split_whitespace()
        .filter_map(|part| part.chars().next())
        .flat_map(char::to_uppercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_the_first_letters_of_a_name_in_upper_case() {
        assert_eq!(initials("Åse von der Lippe"), "ÅVDL");
        assert_eq!(initials(" "), "");
    }
}
