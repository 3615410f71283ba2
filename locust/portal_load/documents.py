"""Edits that people make in documents. They replace their own earlier edit, so that a document does
not grow by the number of saves of a long run."""

import json

# Marks the paragraph that the load test writes.
MARK = "Lasttest: "


def paragraph(text: str) -> dict:
    return {"type": "paragraph", "content": [{"type": "text", "text": MARK + text}]}


def is_ours(block: dict) -> bool:
    inlines = block.get("content") or [{}]
    return block.get("type") == "paragraph" and str(inlines[0].get("text", "")).startswith(MARK)


def edit_case_document(content_json: str | None, case_id: str, text: str) -> str:
    """The case's document with a new last paragraph in its first section."""
    document = json.loads(content_json) if content_json else _new_document(case_id)
    section = next(node for node in document["content"] if node.get("type") == "caseSection")
    body = next(node for node in section["content"] if node.get("type") == "sectionContent")
    blocks = [block for block in body.get("content", []) if not is_ours(block)]
    body["content"] = [*blocks, paragraph(text)]
    return json.dumps(document, ensure_ascii=False)


def edit_rich_text(content_json: str | None, text: str) -> str:
    """A list's free text with a new last paragraph."""
    document = json.loads(content_json) if content_json else {"type": "doc", "content": []}
    blocks = [block for block in document.get("content", []) if not is_ours(block)]
    document["content"] = [*blocks, paragraph(text)]
    return json.dumps(document, ensure_ascii=False)


def _new_document(case_id: str) -> dict:
    title = {"type": "sectionTitle", "content": [{"type": "text", "text": "Omtale av saken"}]}
    return {
        "type": "caseDocument",
        "attrs": {"caseId": case_id, "version": None},
        "content": [
            {
                "type": "caseSection",
                "attrs": {"fieldKey": "proposalText", "label": "Omtale av saken", "required": True},
                "content": [title, {"type": "sectionContent", "content": []}],
            }
        ],
    }
