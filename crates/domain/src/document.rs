//! The document of a case: the editor's TipTap tree, and what a save does to it.
//!
//! The portal stores what the editor sends and understands only two things about it: which
//! top-level sections hold which of the ten content fields, and what their plain text is
//! (documents contract 1, api E25). Everything else, known or not, passes through untouched, so an
//! editor newer than this code loses nothing.
//!
//! A stored document and the flat fields beside it always agree. The functions here keep it so:
//! [`merge_document`] for a document save, [`rewrite_fields`] for a save of flat fields, and
//! [`without_fin`] and [`with_fin_sections`] for reading.
//!
//! A tree of this type is never deep: every recursion below relies on [`MAX_DEPTH`], and nothing
//! here builds a tree deeper than the ones it was given.

mod merge;
mod sections;
mod text;

use serde_json::{Map, Value};

pub use merge::{Merged, merge_document, rewrite_fields, with_fin_sections, without_fin};
pub(crate) use text::{children, kind};

use crate::content::{ContentField, FlatFields};

/// Largest document accepted, in bytes of its JSON text (documents contract 1.7).
pub const MAX_BYTES: usize = 2 * 1024 * 1024;

/// Deepest nesting of objects and arrays accepted (documents contract 1.7). A list nested ten levels
/// deep needs about fifty.
pub const MAX_DEPTH: usize = 64;

/// A document that can be stored: a JSON object, not too deep, free of what `jsonb` refuses.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    root: Map<String, Value>,
}

/// Why a text is not a document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Longer than [`MAX_BYTES`]; answered with 413.
    #[error("document is larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("document is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// Not JSON.
    #[error("document is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// JSON, but not an object.
    #[error("document is not a JSON object")]
    NotAnObject,
    /// Holds U+0000, which PostgreSQL cannot store in `jsonb`.
    #[error("document holds the character U+0000")]
    NulCharacter,
}

impl Document {
    /// Reads a document as a client sent it.
    ///
    /// # Errors
    ///
    /// The first limit the text breaks. Unknown nodes, marks and attributes are never an error.
    pub fn parse(json: &str) -> Result<Self, DocumentError> {
        if json.len() > MAX_BYTES {
            return Err(DocumentError::TooLarge);
        }
        // Before the parser, so that depth is told apart from bad syntax and costs no stack.
        if is_deeper_than(json, MAX_DEPTH) {
            return Err(DocumentError::TooDeep);
        }
        let value: Value = serde_json::from_str(json).map_err(DocumentError::NotJson)?;
        if holds_nul(&value) {
            return Err(DocumentError::NulCharacter);
        }
        Self::try_from(value)
    }

    /// Builds the document that flat fields stand for (documents contract 1.6): one section for
    /// each field that has a text.
    #[must_use]
    pub fn from_flat(flat: &FlatFields) -> Self {
        let sections = ContentField::ALL
            .into_iter()
            .filter_map(|field| Some(sections::build(field, Some(flat.get(field)?))))
            .collect();
        let root = [
            ("type", Value::from("caseDocument")),
            ("attrs", serde_json::json!({ "caseId": null, "version": null })),
            ("content", Value::Array(sections)),
        ];
        Self { root: root.map(|(key, value)| (key.to_owned(), value)).into_iter().collect() }
    }

    /// The document as JSON text, the form it has on the wire.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Writing a tree with text keys into memory has no way to fail.
        serde_json::to_string(&self.root).unwrap_or_default()
    }

    /// The root node.
    #[must_use]
    pub fn root(&self) -> &Map<String, Value> {
        &self.root
    }

    /// The plain text of every section (api E25). A field without a section is `None` here, which
    /// alone does not mean that its text was deleted: see [`merge_document`].
    #[must_use]
    pub fn flat(&self) -> FlatFields {
        let mut flat = FlatFields::default();
        for (field, text) in sections::texts(&self.with_fin_sections_on_top()) {
            flat.set(field, Some(text));
        }
        flat
    }

    /// The nodes right below the root.
    pub(crate) fn top_level(&self) -> &[Value] {
        sections::top_level(self)
    }

    fn with_fin_sections_on_top(&self) -> Self {
        let mut document = self.clone();
        sections::hoist_fin(&mut document);
        document
    }
}

/// Takes over a document that was stored, and so was within the limits when it came in.
impl TryFrom<Value> for Document {
    type Error = DocumentError;

    fn try_from(value: Value) -> Result<Self, DocumentError> {
        match value {
            Value::Object(root) => Ok(Self { root }),
            _ => Err(DocumentError::NotAnObject),
        }
    }
}

impl From<Document> for Value {
    fn from(document: Document) -> Self {
        Self::Object(document.root)
    }
}

/// Whether objects and arrays nest deeper than `limit`, judged by the text alone.
fn is_deeper_than(json: &str, limit: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return true;
        }
    }
    false
}

/// Whether any text holds U+0000, which PostgreSQL cannot store.
pub(crate) fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(members) => {
            members.iter().any(|(key, member)| key.contains('\0') || holds_nul(member))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests;
