//! Rich texts of the seed: one tree of blocks gives both the TipTap document of a case and its flat
//! fields, so the two agree by construction (documents 1.6, api E25).

use chrono::{DateTime, SecondsFormat, Utc};
use domain::case_type::FieldDefinition;
use domain::content::FlatFields;
use serde_json::{Value, json};
use uuid::Uuid;

/// A block of rich text.
#[derive(Clone, Debug)]
pub(super) enum Block {
    Paragraph(Vec<Run>),
    Bullets(Vec<String>),
    Numbered(Vec<String>),
}

/// Text with the marks that lie on it.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) marks: Vec<Mark>,
}

/// A mark of the editor's schema (documents 1.3).
#[derive(Clone, Debug)]
pub(super) enum Mark {
    Bold,
    Italic,
    Insertion(Change),
    Deletion(Change),
    /// Bold that was put on by a tracked change.
    FormatChange(Change),
    Comment {
        change: Change,
        resolved: bool,
    },
}

/// Who made a tracked change or a comment, and when. `id` is its `changeId` or `commentId`.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) id: Uuid,
    pub(super) author: Uuid,
    pub(super) author_name: &'static str,
    pub(super) at: DateTime<Utc>,
}

/// One section of a case document.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) definition: FieldDefinition,
    pub(super) blocks: Vec<Block>,
}

/// A block in both of its forms. Large runs render a block once and use it in many documents.
#[derive(Clone, Debug)]
pub(super) struct RenderedBlock {
    pub(super) json: String,
    flat: String,
}

/// A section whose blocks are rendered.
#[derive(Clone, Debug)]
pub(super) struct RenderedSection {
    pub(super) definition: FieldDefinition,
    pub(super) blocks: Vec<RenderedBlock>,
}

impl Run {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), marks: Vec::new() }
    }

    pub(super) fn marked(text: impl Into<String>, marks: Vec<Mark>) -> Self {
        Self { text: text.into(), marks }
    }

    fn is_deleted(&self) -> bool {
        self.marks.iter().any(|mark| matches!(mark, Mark::Deletion(_)))
    }

    fn node(&self) -> Value {
        let mut node = json!({ "type": "text", "text": self.text });
        if !self.marks.is_empty() {
            node["marks"] = self.marks.iter().map(Mark::node).collect();
        }
        node
    }
}

impl Mark {
    fn node(&self) -> Value {
        match self {
            Self::Bold => json!({ "type": "bold" }),
            Self::Italic => json!({ "type": "italic" }),
            Self::Insertion(change) => json!({ "type": "insertion", "attrs": change.attrs() }),
            Self::Deletion(change) => json!({ "type": "deletion", "attrs": change.attrs() }),
            Self::FormatChange(change) => {
                let mut attrs = change.attrs();
                attrs["originalFormat"] = json!("[]");
                json!({ "type": "formatChange", "attrs": attrs })
            }
            Self::Comment { change, resolved } => json!({ "type": "comment", "attrs": {
                "commentId": change.id,
                "authorId": change.author,
                "authorName": change.author_name,
                "timestamp": change.timestamp(),
                "resolved": resolved,
            } }),
        }
    }
}

impl Change {
    fn timestamp(&self) -> String {
        self.at.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    fn attrs(&self) -> Value {
        json!({
            "changeId": self.id,
            "authorId": self.author,
            "authorName": self.author_name,
            "timestamp": self.timestamp(),
        })
    }
}

impl Block {
    pub(super) fn paragraph(text: impl Into<String>) -> Self {
        Self::Paragraph(vec![Run::plain(text)])
    }

    fn node(&self) -> Value {
        match self {
            Self::Paragraph(runs) => paragraph_node(runs),
            Self::Bullets(items) => json!({ "type": "bulletList", "content": list_items(items) }),
            Self::Numbered(items) => json!({
                "type": "orderedList",
                "attrs": { "start": 1, "type": null },
                "content": list_items(items),
            }),
        }
    }

    /// The lines of flat text the block stands for; deleted text is no longer there.
    fn lines(&self) -> Vec<String> {
        match self {
            Self::Paragraph(runs) => {
                let kept = runs.iter().filter(|run| !run.is_deleted());
                vec![kept.map(|run| run.text.as_str()).collect()]
            }
            Self::Bullets(items) | Self::Numbered(items) => items.clone(),
        }
    }
}

fn paragraph_node(runs: &[Run]) -> Value {
    if runs.is_empty() {
        return json!({ "type": "paragraph" });
    }
    json!({ "type": "paragraph", "content": runs.iter().map(Run::node).collect::<Value>() })
}

fn list_items(items: &[String]) -> Value {
    items
        .iter()
        .map(|item| json!({ "type": "listItem", "content": [paragraph_node(&[Run::plain(item)])] }))
        .collect()
}

impl Block {
    pub(super) fn render(&self) -> RenderedBlock {
        RenderedBlock { json: self.node().to_string(), flat: self.lines().join("\n") }
    }
}

impl Section {
    pub(super) fn render(&self) -> RenderedSection {
        let blocks = self.blocks.iter().map(Block::render).collect();
        RenderedSection { definition: self.definition, blocks }
    }
}

impl RenderedSection {
    /// Appends the section as JSON; `more` are blocks that follow its own.
    fn write(&self, out: &mut String, more: &[&RenderedBlock]) {
        let FieldDefinition { field, label, required } = self.definition;
        let attrs = json!({ "fieldKey": field.as_str(), "label": label, "required": required });
        let title = json!({
            "type": "sectionTitle",
            "attrs": { "level": 2 },
            "content": [{ "type": "text", "text": label }],
        });
        out.push_str(r#"{"type":"caseSection","attrs":"#);
        out.push_str(&attrs.to_string());
        out.push_str(r#","content":["#);
        out.push_str(&title.to_string());
        out.push_str(r#",{"type":"sectionContent","content":["#);
        let blocks = self.blocks.iter().chain(more.iter().copied());
        let before = out.len();
        for block in blocks {
            if out.len() > before {
                out.push(',');
            }
            out.push_str(&block.json);
        }
        if out.len() == before {
            out.push_str(r#"{"type":"paragraph"}"#); // a section is never without a block
        }
        out.push_str("]}]}");
    }

    fn flat(&self, more: &[&RenderedBlock]) -> Option<String> {
        let blocks = self.blocks.iter().chain(more.iter().copied());
        let lines: Vec<&str> = blocks.map(|block| block.flat.as_str()).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

/// A version's flat fields and its document. `more` holds further blocks for each section.
pub(super) fn compose(
    (case, version): (Uuid, usize),
    sections: &[RenderedSection],
    more: &[Vec<&RenderedBlock>],
) -> (FlatFields, String) {
    let mut texts = FlatFields::default();
    let mut out = format!(
        r#"{{"type":"caseDocument","attrs":{{"caseId":"{case}","version":{version}}},"content":["#
    );
    for (index, section) in sections.iter().enumerate() {
        let more = more.get(index).map_or(&[][..], Vec::as_slice);
        if index > 0 {
            out.push(',');
        }
        section.write(&mut out, more);
        texts.set(section.definition.field, section.flat(more));
    }
    out.push_str("]}");
    (texts, out)
}

/// A list section's rich content, with the empty paragraph the editor keeps last (documents 3).
pub(super) fn list_document(blocks: &[Block]) -> Value {
    let trailing = Block::Paragraph(Vec::new());
    json!({
        "type": "doc",
        "content": blocks.iter().chain([&trailing]).map(Block::node).collect::<Value>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::ids::{base_date, stable_id};

    fn change(key: &str) -> Change {
        Change {
            id: stable_id("change", key),
            author: stable_id("user", "a"),
            author_name: "Eva Johansen",
            at: base_date(),
        }
    }

    #[test]
    fn flat_text_drops_deletions_keeps_insertions_and_lists_a_line_per_item() {
        let blocks = [
            Block::Paragraph(vec![
                Run::plain("Kostnaden er "),
                Run::marked("10", vec![Mark::Deletion(change("1"))]),
                Run::marked("12", vec![Mark::Insertion(change("2"))]),
                Run::plain(" mill. kroner."),
            ]),
            Block::Bullets(vec!["én".to_owned(), "to".to_owned()]),
        ];
        let flat: Vec<String> = blocks.iter().map(|block| block.render().flat).collect();
        assert_eq!(flat, ["Kostnaden er 12 mill. kroner.", "én\nto"]);
    }

    #[test]
    fn a_tracked_change_carries_the_attributes_word_needs() {
        let node = Mark::Insertion(change("1")).node();
        assert_eq!(node["attrs"]["authorName"], "Eva Johansen");
        assert_eq!(node["attrs"]["timestamp"], "2025-12-01T10:00:00Z");
        let format = Mark::FormatChange(change("1")).node();
        assert_eq!(format["attrs"]["originalFormat"], "[]");
    }
}
