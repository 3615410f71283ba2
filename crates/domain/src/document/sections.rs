//! Sections of a document: finding, building, replacing, and keeping FIN's apart.
//!
//! A section is a top-level node whose `attrs.fieldKey` names one of the ten content fields. The
//! editor's schema lets a section be pasted *into* another one. For FIN's sections that matters:
//! text FAG may not read must not hide inside a section FAG may. So FIN's are looked for at every
//! depth, and a save moves the nested ones to the top.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Document;
use super::text::{children, kind, paragraph, paragraphs, push_lines};
use crate::content::ContentField;

/// The content field a node is the section of.
pub(super) fn field_of(node: &Value) -> Option<ContentField> {
    node.get("attrs")?.get("fieldKey")?.as_str()?.parse().ok()
}

/// The top-level nodes.
pub(super) fn top_level(document: &Document) -> &[Value] {
    document.root.get("content").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The sections of one field; normally one or none.
pub(super) fn sections_of(document: &Document, field: ContentField) -> Vec<&Value> {
    top_level(document).iter().filter(|node| field_of(node) == Some(field)).collect()
}

/// Adds top-level nodes at the end.
pub(super) fn append(document: &mut Document, nodes: Vec<Value>) {
    if nodes.is_empty() {
        return;
    }
    let mut content = into_list(document.root.remove("content"));
    content.extend(nodes);
    document.root.insert("content".to_owned(), Value::Array(content));
}

/// The text of every field that has a section, blank or not. A field with several sections (one was
/// pasted twice) has the text of all of them, so that none is lost.
pub(super) fn texts(document: &Document) -> BTreeMap<ContentField, String> {
    let mut lines: BTreeMap<ContentField, Vec<String>> = BTreeMap::new();
    for node in top_level(document) {
        if let Some(field) = field_of(node) {
            let lines = lines.entry(field).or_default();
            if let Some(body) = children(node).iter().find(|child| is_body(child)) {
                for block in children(body) {
                    push_lines(block, lines);
                }
            }
        }
    }
    lines.into_iter().map(|(field, lines)| (field, lines.join("\n"))).collect()
}

/// A new section holding a text as plain paragraphs.
pub(super) fn build(field: ContentField, text: Option<&str>) -> Value {
    let label = field.label();
    json!({
        "type": "caseSection",
        "attrs": { "fieldKey": field.as_str(), "label": label, "required": false },
        "content": [
            {
                "type": "sectionTitle",
                "attrs": { "level": 2 },
                "content": [{ "type": "text", "text": label }],
            },
            { "type": "sectionContent", "content": paragraphs(text) },
        ],
    })
}

/// Makes a text the whole text of a field that has a section already: its first section keeps title
/// and attributes and gets new paragraphs, further ones go.
pub(super) fn rewrite(document: &mut Document, field: ContentField, text: Option<&str>) {
    let Some(nodes) = document.root.get_mut("content").and_then(Value::as_array_mut) else {
        return;
    };
    let mut first_seen = false;
    nodes.retain_mut(|node| {
        if field_of(node) != Some(field) {
            return true;
        }
        let is_first = !first_seen;
        first_seen = true;
        if is_first {
            replace_body(node, paragraphs(text));
        }
        is_first
    });
}

/// Removes FIN's sections at every depth and hands them out.
pub(super) fn take_fin(document: &mut Document) -> Vec<Value> {
    let mut taken = Vec::new();
    for member in document.root.values_mut() {
        take_fin_from(member, &mut taken);
    }
    taken
}

/// Moves FIN sections that sit inside other nodes to the end of the top level.
pub(super) fn hoist_fin(document: &mut Document) {
    let mut taken = Vec::new();
    for (key, member) in &mut document.root {
        match member {
            Value::Array(nodes) if key == "content" => nodes
                .iter_mut()
                .filter(|node| !is_fin_section(node))
                .for_each(|node| take_fin_from(node, &mut taken)),
            other => take_fin_from(other, &mut taken),
        }
    }
    append(document, taken);
}

fn take_fin_from(value: &mut Value, taken: &mut Vec<Value>) {
    if is_fin_section(value) {
        taken.push(value.take());
        return;
    }
    match value {
        Value::Array(nodes) => {
            taken.extend(nodes.extract_if(.., |node| is_fin_section(node)));
            for node in nodes {
                take_fin_from(node, taken);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                let had_children = member.as_array().is_some_and(|nodes| !nodes.is_empty());
                take_fin_from(member, taken);
                // The schema wants a block in every container; an emptied one would not open.
                if let Value::Array(nodes) = member
                    && key == "content"
                    && had_children
                    && nodes.is_empty()
                {
                    nodes.push(paragraph(""));
                }
            }
        }
        _ => {}
    }
}

fn replace_body(section: &mut Value, blocks: Vec<Value>) {
    let Value::Object(members) = section else { return };
    let mut content = into_list(members.remove("content"));
    match content.iter_mut().find(|child| is_body(child)) {
        Some(Value::Object(body)) => {
            body.insert("content".to_owned(), Value::Array(blocks));
        }
        _ => content.push(json!({ "type": "sectionContent", "content": blocks })),
    }
    members.insert("content".to_owned(), Value::Array(content));
}

/// A node's `content` as a list that can be added to; whatever else it was becomes its element.
fn into_list(content: Option<Value>) -> Vec<Value> {
    match content {
        Some(Value::Array(nodes)) => nodes,
        None | Some(Value::Null) => Vec::new(),
        Some(other) => vec![other],
    }
}

fn is_body(node: &Value) -> bool {
    kind(node) == "sectionContent"
}

fn is_fin_section(node: &Value) -> bool {
    field_of(node).is_some_and(ContentField::is_fin)
}
