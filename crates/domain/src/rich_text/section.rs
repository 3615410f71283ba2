//! The sections of a case document, as they are printed.

use serde_json::Value;

use super::RichText;
use super::inlines::text_below;
use super::parse::blocks_in;
use crate::content::{ContentField, FlatFields};
use crate::document::{Document, children, kind};

/// A labelled part of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseSection {
    /// The content field it holds; `None` for text outside the ten fields.
    pub field: Option<ContentField>,
    /// Its heading; empty for text outside sections.
    pub label: String,
    /// Its text.
    pub body: RichText,
}

impl CaseSection {
    /// The sections that flat fields stand for, when no document is stored (D-22). `label_of` words
    /// the headings as the case's type does.
    pub fn from_flat(flat: &FlatFields, label_of: impl Fn(ContentField) -> String) -> Vec<Self> {
        ContentField::ALL
            .into_iter()
            .filter_map(|field| {
                let body = RichText::from_flat(flat.get(field)?);
                Some(Self { field: Some(field), label: label_of(field), body })
            })
            .collect()
    }
}

/// The sections of a document in its own order. What stands outside sections, as in documents that
/// scripts write, is printed too, without a heading.
#[must_use]
pub fn case_sections(document: &Document) -> Vec<CaseSection> {
    let mut sections: Vec<CaseSection> = Vec::new();
    for node in document.top_level() {
        if kind(node) == "caseSection" || field_key(node).is_some() {
            sections.push(section(node));
            continue;
        }
        let blocks = blocks_in(std::slice::from_ref(node));
        let loose =
            sections.last_mut().filter(|last| last.field.is_none() && last.label.is_empty());
        if let Some(last) = loose {
            last.body.blocks.extend(blocks);
        } else {
            let body = RichText { blocks };
            sections.push(CaseSection { field: None, label: String::new(), body });
        }
    }
    sections
}

fn section(node: &Value) -> CaseSection {
    let field = field_key(node).and_then(|key| key.parse::<ContentField>().ok());
    let title = children(node).iter().find(|child| kind(child) == "sectionTitle");
    let label = node["attrs"]["label"]
        .as_str()
        .map(|label| label.trim().to_owned())
        .filter(|label| !label.is_empty())
        .or_else(|| title.map(text_below))
        .or_else(|| field.map(|field| field.label().to_owned()))
        .unwrap_or_default();
    // Everything but the title, so that text in an unexpected place is printed too.
    let blocks = children(node).iter().filter(|child| kind(child) != "sectionTitle");
    let body = blocks.flat_map(|child| match kind(child) {
        "sectionContent" => blocks_in(children(child)),
        _ => blocks_in(std::slice::from_ref(child)),
    });
    CaseSection { field, label, body: RichText { blocks: body.collect() } }
}

fn field_key(node: &Value) -> Option<&str> {
    node["attrs"]["fieldKey"].as_str().filter(|key| !key.is_empty())
}
