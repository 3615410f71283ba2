//! Edits that people make in documents. They replace their own earlier edit, so that a document
//! does not grow by the number of saves of a long run.

use serde_json::{Value, json};

/// Marks the paragraph that the load test writes.
pub(crate) const MARK: &str = "Lasttest: ";

/// The case's document with a new last paragraph in its first section. A case without a document,
/// or with one of another form, gets a new one.
pub(crate) fn edit_case_document(content_json: Option<&str>, case_id: &str, text: &str) -> String {
    let mut document: Value = content_json
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_else(|| new_document(case_id));
    if !write_into(first_section(&mut document), text) {
        document = new_document(case_id);
        write_into(first_section(&mut document), text);
    }
    document.to_string()
}

/// A list's free text with a new last paragraph.
pub(crate) fn edit_rich_text(content_json: Option<&str>, text: &str) -> String {
    let mut document: Value = content_json
        .and_then(|text| serde_json::from_str(text).ok())
        .filter(|document: &Value| document["content"].is_array())
        .unwrap_or_else(|| json!({"type": "doc", "content": []}));
    write_into(document.get_mut("content"), text);
    document.to_string()
}

/// The blocks of the first section.
fn first_section(document: &mut Value) -> Option<&mut Value> {
    let is = |node: &Value, kind: &str| node["type"] == kind;
    let sections = document.get_mut("content")?.as_array_mut()?;
    let section = sections.iter_mut().find(|node| is(node, "caseSection"))?;
    let parts = section.get_mut("content")?.as_array_mut()?;
    parts.iter_mut().find(|node| is(node, "sectionContent"))?.get_mut("content")
}

fn write_into(blocks: Option<&mut Value>, text: &str) -> bool {
    let Some(blocks) = blocks.and_then(Value::as_array_mut) else { return false };
    blocks.retain(|block| !is_ours(block));
    let text = format!("{MARK}{text}");
    blocks.push(json!({"type": "paragraph", "content": [{"type": "text", "text": text}]}));
    true
}

fn is_ours(block: &Value) -> bool {
    let text = block["content"][0]["text"].as_str().unwrap_or_default();
    block["type"] == "paragraph" && text.starts_with(MARK)
}

fn new_document(case_id: &str) -> Value {
    let title =
        json!({"type": "sectionTitle", "content": [{"type": "text", "text": "Omtale av saken"}]});
    json!({
        "type": "caseDocument",
        "attrs": {"caseId": case_id, "version": null},
        "content": [{
            "type": "caseSection",
            "attrs": {"fieldKey": "proposalText", "label": "Omtale av saken", "required": true},
            "content": [title, {"type": "sectionContent", "content": []}],
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_do_not_grow_with_the_number_of_saves() {
        let case = edit_case_document(None, "c", "a");
        assert_eq!(edit_case_document(Some(&case), "c", "b").len(), case.len());
        let text = edit_rich_text(None, "a");
        assert_eq!(edit_rich_text(Some(&text), "b").len(), text.len());
    }

    #[test]
    fn what_others_wrote_is_kept() {
        let theirs = edit_case_document(None, "c", "deres").replace(MARK, "");
        let both = edit_case_document(Some(&theirs), "c", "vårt");
        assert!(both.contains("deres") && both.contains("vårt"), "{both}");
    }
}
