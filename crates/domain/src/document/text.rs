//! Plain text of a section's blocks, and blocks for a plain text (documents contract 1.6, api E25).
//!
//! The client has its own extractor for the same purpose; where the contract is silent, the rule
//! here is the one that loses no text.

use serde_json::{Value, json};

/// The nodes below a node; none when `content` is absent or not an array.
pub(crate) fn children(node: &Value) -> &[Value] {
    node.get("content").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The node's type name; empty when it has none.
pub(crate) fn kind(node: &Value) -> &str {
    node.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// Adds the lines of a block: one for each textblock in it, also inside lists and quotations.
pub(super) fn push_lines(block: &Value, lines: &mut Vec<String>) {
    match kind(block) {
        "paragraph" | "heading" | "codeBlock" => lines.push(inline_text(block)),
        // The heading of a section that was pasted into another one: a label, not content.
        "sectionTitle" => {}
        _ if children(block).iter().any(is_inline) => lines.push(inline_text(block)),
        _ => children(block).iter().for_each(|child| push_lines(child, lines)),
    }
}

/// The paragraphs of a text: one per line, an empty line being a paragraph without content.
pub(super) fn paragraphs(text: Option<&str>) -> Vec<Value> {
    text.unwrap_or_default().split('\n').map(paragraph).collect()
}

/// One paragraph. The editor's schema forbids empty text nodes, so an empty one has no content.
pub(super) fn paragraph(line: &str) -> Value {
    if line.is_empty() {
        json!({ "type": "paragraph" })
    } else {
        json!({ "type": "paragraph", "content": [{ "type": "text", "text": line }] })
    }
}

/// Text as it reads once tracked changes are accepted: insertions count, deletions do not.
fn inline_text(block: &Value) -> String {
    children(block)
        .iter()
        .filter(|node| !is_deleted(node))
        .filter_map(|node| node.get("text").and_then(Value::as_str))
        .collect()
}

fn is_inline(node: &Value) -> bool {
    matches!(kind(node), "text" | "hardBreak")
}

fn is_deleted(node: &Value) -> bool {
    node.get("marks")
        .and_then(Value::as_array)
        .is_some_and(|marks| marks.iter().any(|mark| kind(mark) == "deletion"))
}
