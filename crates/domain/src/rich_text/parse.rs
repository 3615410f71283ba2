//! Blocks out of TipTap nodes.

use serde_json::Value;

use super::inlines::{is_inline, push_inline, spans_of, text_below};
use super::{Block, Image, List, ListMarker, Span};
use crate::document::{MAX_DEPTH, children, kind};

/// The blocks that some nodes are.
pub(super) fn blocks_in(nodes: &[Value]) -> Vec<Block> {
    Reader { depth: 0 }.list(nodes)
}

#[derive(Clone, Copy)]
struct Reader {
    depth: usize,
}

impl Reader {
    /// The blocks of a node's children. Inline nodes between blocks become a paragraph.
    fn children(self, node: &Value) -> Vec<Block> {
        self.list(children(node))
    }

    fn list(self, nodes: &[Value]) -> Vec<Block> {
        let below = Self { depth: self.depth + 1 };
        let mut blocks = Vec::new();
        let mut loose: Vec<Span> = Vec::new();
        for node in nodes {
            if is_inline(node) {
                push_inline(node, &mut loose);
                continue;
            }
            end_paragraph(&mut loose, &mut blocks);
            below.push(node, &mut blocks);
        }
        end_paragraph(&mut loose, &mut blocks);
        blocks
    }

    fn push(self, node: &Value, blocks: &mut Vec<Block>) {
        if self.depth > MAX_DEPTH {
            let mut rest = vec![Span::plain(text_below(node))];
            rest.retain(|span| !span.text.is_empty());
            return end_paragraph(&mut rest, blocks);
        }
        match kind(node) {
            "paragraph" => blocks.push(Block::Paragraph(spans_of(node))),
            "heading" => {
                blocks.push(Block::Heading { level: level(node), spans: spans_of(node) });
            }
            // The title of a section that was pasted into another one.
            "sectionTitle" => blocks.push(Block::Heading { level: 1, spans: spans_of(node) }),
            "bulletList" => blocks.push(self.items(node, ListMarker::Bullet)),
            "orderedList" => blocks.push(self.items(node, marker(node))),
            "blockquote" => blocks.push(Block::Quote(self.children(node))),
            "codeBlock" => blocks.push(Block::Code(spans_of(node))),
            "horizontalRule" => blocks.push(Block::Rule),
            "image" => blocks.extend(image(node)),
            _ => blocks.extend(self.children(node)),
        }
    }

    fn items(self, node: &Value, marker: ListMarker) -> Block {
        let below = Self { depth: self.depth + 1 };
        let item = |node: &Value| match kind(node) {
            "listItem" => below.children(node),
            // Something else where the schema wants an item: an item of its own.
            _ => below.list(std::slice::from_ref(node)),
        };
        let start = match marker {
            ListMarker::Bullet => 1,
            _ => whole_number(&node["attrs"]["start"]).unwrap_or(1),
        };
        Block::List(List { marker, start, items: children(node).iter().map(item).collect() })
    }
}

fn end_paragraph(loose: &mut Vec<Span>, blocks: &mut Vec<Block>) {
    if !loose.is_empty() {
        blocks.push(Block::Paragraph(std::mem::take(loose)));
    }
}

fn level(heading: &Value) -> u8 {
    let level = whole_number(&heading["attrs"]["level"]).unwrap_or(1);
    u8::try_from(level.clamp(1, 6)).unwrap_or(6)
}

/// The HTML names of numberings, which the editor keeps in `type`.
fn marker(list: &Value) -> ListMarker {
    match list["attrs"]["type"].as_str() {
        Some("a") => ListMarker::LowerLetter,
        Some("A") => ListMarker::UpperLetter,
        Some("i") => ListMarker::LowerRoman,
        Some("I") => ListMarker::UpperRoman,
        _ => ListMarker::Decimal,
    }
}

fn image(node: &Value) -> Option<Block> {
    let attrs = &node["attrs"];
    let text = |key: &str| attrs[key].as_str().map(str::to_owned).filter(|text| !text.is_empty());
    let src = text("src")?;
    Some(Block::Image(Image {
        src,
        alt: text("alt").or_else(|| text("title")),
        width: whole_number(&attrs["width"]),
    }))
}

/// A number, or the digits a text begins with, as in `"300px"`. A percentage is none.
fn whole_number(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => u32::try_from(number.as_u64()?).ok(),
        Value::String(text) if !text.ends_with('%') => {
            let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            text[..end].parse().ok()
        }
        _ => None,
    }
}
