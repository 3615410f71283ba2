//! Comments as notes in the margin, which readers show on request and printers leave out.

use std::collections::HashMap;

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary, text_string};

use super::flow::{MARGIN, Mark, PAGE_HEIGHT, PAGE_WIDTH};
use crate::report::{Comment, Report};
use crate::text::day_text;

const SIZE: f32 = 18.0;
/// From the edge of the text.
const GAP: f32 = 8.0;

/// The comments of a report on their way to its pages.
pub(super) struct Notes<'a> {
    /// Those that have no place yet, by their mark.
    comments: HashMap<&'a str, &'a Comment>,
}

impl<'a> Notes<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let by_anchor = |comment: &'a Comment| (comment.anchor.as_str(), comment);
        Self { comments: report.comments.iter().map(by_anchor).collect() }
    }

    /// Puts every comment that begins on this page beside its first line.
    pub(super) fn add(
        &mut self,
        marks: &[Mark],
        page: ObjectId,
        document: &mut Document,
    ) -> Result<(), lopdf::Error> {
        for (anchor, baseline) in anchors(marks) {
            if let Some(comment) = self.comments.remove(anchor) {
                let note = document.add_object(note(comment, baseline));
                let page = document.get_object_mut(page)?.as_dict_mut()?;
                page.get_mut(b"Annots")?.as_array_mut()?.push(note.into());
            }
        }
        Ok(())
    }
}

fn anchors(marks: &[Mark]) -> impl Iterator<Item = (&str, f32)> {
    marks.iter().flat_map(|mark| {
        let (comments, baseline) = match mark {
            Mark::Text { baseline, piece } => (&piece.style.comments[..], *baseline),
            _ => (&[][..], 0.0),
        };
        comments.iter().map(move |anchor| (&**anchor, baseline))
    })
}

fn note(comment: &Comment, baseline: f32) -> Dictionary {
    let (left, bottom) = (PAGE_WIDTH - MARGIN + GAP, PAGE_HEIGHT - baseline - SIZE / 4.0);
    let corners = [left, bottom, left + SIZE, bottom + SIZE];
    dictionary! {
        "Type" => "Annot",
        "Subtype" => "Text",
        "Name" => "Comment",
        "Rect" => corners.map(Object::Real).to_vec(),
        "T" => text_string(&comment.author),
        "Contents" => text_string(&said(comment)),
        "M" => Object::string_literal(comment.at.format("D:%Y%m%d%H%M%SZ").to_string()),
        "C" => vec![Object::Real(1.0), Object::Real(0.85), Object::Real(0.3)],
    }
}

/// The comment with its answers, as one text.
fn said(comment: &Comment) -> String {
    let state = if comment.resolved { " (løst)" } else { "" };
    let replies = comment
        .replies
        .iter()
        .map(|reply| format!("\n\n{}, {}:\n{}", reply.author, day_text(reply.at), reply.text));
    format!("{}{state}{}", comment.text, replies.collect::<String>())
}
