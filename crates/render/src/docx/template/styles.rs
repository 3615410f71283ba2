//! Our styles among the template's.

use std::collections::{HashMap, HashSet};

use roxmltree::Node;

use super::{STYLE_SHEET, TemplateError, WORD, end_of_root, ensure_prefix, is, parsed};
use crate::docx::numbering::Offsets;

/// Headings that carry a number.
const NUMBERED: [&str; 3] = ["Deplisteoverskrift1", "Deplisteoverskrift2", "Deplisteoverskrift3"];

/// The template's styles with those of ours that it lacks.
pub(super) struct Merged {
    pub(super) text: String,
    /// Ids of ours that the template has under other ids.
    pub(super) ids: HashMap<String, String>,
    /// Which of the numbered headings are ours.
    pub(super) own_headings: [bool; 3],
}

struct Style<'a> {
    id: &'a str,
    kind: &'a str,
    name: String,
    is_default: bool,
    source: &'a str,
}

/// Adds `ours` to the template's where it has no style of the same id or name.
pub(super) fn merge(template: &str, ours: &str, numbers: Offsets) -> Result<Merged, TemplateError> {
    let document = parsed(template, STYLE_SHEET)?;
    ensure_prefix(document.root_element(), STYLE_SHEET)?;
    let theirs = styles(document.root_element(), template);
    let own_document = parsed(ours, STYLE_SHEET)?;
    let mut ids = HashMap::new();
    let mut added = Vec::new();
    for own in styles(own_document.root_element(), ours) {
        let alike = theirs.iter().filter(|style| style.kind == own.kind);
        let found = alike
            .clone()
            .find(|style| style.id == own.id)
            .or_else(|| alike.clone().find(|style| style.name == own.name))
            .or_else(|| alike.clone().find(|style| style.is_default && own.is_default));
        match found {
            Some(same) if same.id == own.id => {}
            Some(other) => {
                ids.insert(own.id.to_owned(), other.id.to_owned());
            }
            None if theirs.iter().any(|style| style.id == own.id) => {
                return Err(TemplateError::Unsupported(STYLE_SHEET));
            }
            None => added.push(own),
        }
    }
    let names: HashSet<&str> = added.iter().map(|style| style.id).collect();
    let own_headings = NUMBERED.map(|heading| names.contains(heading));
    let sources = added.iter().map(|style| adapted(style.source, &ids, numbers));
    let mut text = template.to_owned();
    text.insert_str(end_of_root(template, STYLE_SHEET)?, &sources.collect::<String>());
    Ok(Merged { text, ids, own_headings })
}

fn styles<'a>(root: Node<'a, 'a>, text: &'a str) -> Vec<Style<'a>> {
    let value = |node: Node<'a, 'a>, name: &str| {
        let child = node.children().find(|child| is(*child, name))?;
        child.attribute((WORD, "val"))
    };
    root.children()
        .filter(|node| is(*node, "style"))
        .filter_map(|node| {
            Some(Style {
                id: node.attribute((WORD, "styleId"))?,
                kind: node.attribute((WORD, "type")).unwrap_or("paragraph"),
                name: value(node, "name")?.to_lowercase(),
                is_default: matches!(node.attribute((WORD, "default")), Some("1" | "true" | "on")),
                source: &text[node.range()],
            })
        })
        .collect()
}

/// One of our styles as it refers to the template's styles and to our own numbering.
fn adapted(source: &str, ids: &HashMap<String, String>, numbers: Offsets) -> String {
    let mut source = source.to_owned();
    for (ours, theirs) in ids {
        for element in ["basedOn", "next", "link"] {
            let refer = |id: &str| format!("<w:{element} w:val=\"{id}\"/>");
            source = source.replace(&refer(ours), &refer(theirs));
        }
    }
    let number = |id: &str| format!("<w:numId w:val=\"{id}\"/>");
    source.replace(&number("1"), &number(&numbers.headings()))
}
