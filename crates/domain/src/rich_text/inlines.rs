//! Spans of a textblock.

use serde_json::Value;

use super::{Marks, Span};
use crate::document::{MAX_DEPTH, children, kind};

/// The spans of a textblock, neighbours with the same marks joined.
pub(super) fn spans_of(block: &Value) -> Vec<Span> {
    let mut spans = Vec::new();
    push_children(block, 0, &mut spans);
    spans
}

/// The span of an inline node among blocks, where the schema has none.
pub(super) fn push_inline(node: &Value, spans: &mut Vec<Span>) {
    push(node, 0, spans);
}

/// Whether the node belongs inside a textblock.
pub(super) fn is_inline(node: &Value) -> bool {
    matches!(kind(node), "text" | "hardBreak") || node.get("text").is_some_and(Value::is_string)
}

/// All text below a node, whatever the node is. Uses no stack, so that it works at any depth.
pub(super) fn text_below(node: &Value) -> String {
    let mut text = String::new();
    let mut waiting = vec![node];
    while let Some(node) = waiting.pop() {
        text.push_str(node.get("text").and_then(Value::as_str).unwrap_or_default());
        waiting.extend(children(node).iter().rev());
    }
    text
}

fn push_children(node: &Value, depth: usize, spans: &mut Vec<Span>) {
    for child in children(node) {
        push(child, depth + 1, spans);
    }
}

fn push(node: &Value, depth: usize, spans: &mut Vec<Span>) {
    if depth > MAX_DEPTH {
        return add(spans, &text_below(node), Marks::of(node));
    }
    match (kind(node), node.get("text").and_then(Value::as_str)) {
        (_, Some(text)) => add(spans, text, Marks::of(node)),
        ("hardBreak", None) => add(spans, "\n", Marks::of(node)),
        (_, None) => push_children(node, depth, spans),
    }
}

fn add(spans: &mut Vec<Span>, text: &str, marks: Marks) {
    if text.is_empty() {
        return;
    }
    match spans.last_mut() {
        Some(last) if last.marks == marks => last.text.push_str(text),
        _ => spans.push(Span { text: text.to_owned(), marks }),
    }
}
