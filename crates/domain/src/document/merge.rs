//! What a save makes of a document, and what a reader gets of it.
//!
//! A client's document holds only the sections its author could see. Taking it at its word would
//! erase FIN's text each time FAG saves a returned case, so whatever is missing is carried forward
//! from the previous version (D-20), and what the author may not see is carried forward even if the
//! author sent something in its place.

use std::collections::BTreeMap;

use super::Document;
use super::sections::{append, build, hoist_fin, rewrite, sections_of, take_fin, texts};
use crate::content::{ContentField, FlatFields, is_blank};

/// The next version's content: the two forms, in agreement.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The document to store.
    pub document: Document,
    /// The flat fields to store beside it.
    pub flat: FlatFields,
}

/// Makes the next version from a submitted document and the version before it (api E25).
///
/// `hide_fin` says that the author may not see FIN's texts now
/// ([`crate::visibility::hides_fin_text`]): FIN sections in the submission are ignored.
#[must_use]
pub fn merge_document(
    mut submitted: Document,
    previous: Option<&Document>,
    previous_flat: &FlatFields,
    hide_fin: bool,
) -> Merged {
    if hide_fin {
        take_fin(&mut submitted);
    } else {
        hoist_fin(&mut submitted);
    }
    let submitted_texts = texts(&submitted);
    let previous = previous.map(Document::with_fin_sections_on_top);
    for field in ContentField::ALL {
        if !submitted_texts.contains_key(&field) {
            append(&mut submitted, carried_forward(previous.as_ref(), previous_flat, field));
        }
    }
    Merged { document: submitted, flat: updated(previous_flat, submitted_texts) }
}

/// Applies a save of flat fields to the newest document (api E23): changed fields become plain
/// paragraphs, all else stays. A field whose text does not change keeps its marks and comments.
#[must_use]
pub fn rewrite_fields(previous: &Document, changed: &[(ContentField, Option<String>)]) -> Document {
    let mut document = previous.with_fin_sections_on_top();
    for (field, text) in changed {
        let text = text.as_deref().filter(|text| !is_blank(text));
        match (texts(&document).get(field), text) {
            (Some(current), Some(text)) if current == text => {}
            (Some(_), text) => rewrite(&mut document, *field, text),
            (None, Some(text)) => append(&mut document, vec![build(*field, Some(text))]),
            (None, None) => {}
        }
    }
    document
}

/// The document as FAG sees it while FIN's texts are hidden (D-27).
#[must_use]
pub fn without_fin(document: &Document) -> Document {
    let mut visible = document.clone();
    take_fin(&mut visible);
    visible
}

/// The document as FIN edits it: every FIN field has a section, from the flat text or empty (D-33).
/// For reading only; it makes no new version.
#[must_use]
pub fn with_fin_sections(document: &Document, flat: &FlatFields) -> Document {
    let mut complete = document.clone();
    for field in ContentField::FIN {
        if sections_of(&complete, field).is_empty() {
            append(&mut complete, vec![build(field, flat.get(field))]);
        }
    }
    complete
}

fn carried_forward(
    previous: Option<&Document>,
    previous_flat: &FlatFields,
    field: ContentField,
) -> Vec<serde_json::Value> {
    let own = previous.map(|previous| sections_of(previous, field)).unwrap_or_default();
    if own.is_empty() {
        previous_flat.get(field).map(|text| build(field, Some(text))).into_iter().collect()
    } else {
        own.into_iter().cloned().collect()
    }
}

fn updated(previous: &FlatFields, texts: BTreeMap<ContentField, String>) -> FlatFields {
    let mut flat = previous.clone();
    for (field, text) in texts {
        flat.set(field, Some(text));
    }
    flat
}
