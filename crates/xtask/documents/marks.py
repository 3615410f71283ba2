"""What must be found in a document, read from the JSON it was made of.

A second reading of the contract, on purpose without a line in common with the portal's own: texts
are found again by the numbers in them, whatever is built around.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

TOKEN = re.compile(r"§\d{4}")
TEXTBLOCKS = {"paragraph", "heading", "codeBlock", "sectionTitle"}


@dataclass
class Expected:
    """One document's contents."""

    name: str
    told: dict
    # The numbers in texts, in the order of the document, for each of its rich texts.
    kept: list = field(default_factory=list)
    original: list = field(default_factory=list)
    insertions: int = 0
    deletions: int = 0
    format_changes: int = 0
    comments: int = 0
    # Items of bulleted and numbered lists, and the lists they are in.
    items: int = 0
    lists: int = 0

    @staticmethod
    def read(path: Path) -> "Expected":
        told = json.loads(path.read_text("utf-8"))
        expected = Expected(path.stem, told)
        anchored = set()
        for text in told["texts"]:
            expected.kept.append([])
            expected.original.append([])
            expected._blocks(text, anchored)
        listed = {comment["id"]: 1 + comment["replies"] for comment in told["comments"]}
        expected.comments = sum(listed[anchor] for anchor in anchored) + told["orphans"]
        return expected

    def _blocks(self, node, anchored):
        if node["type"] in ("bulletList", "orderedList"):
            self.lists += 1
            self.items += len(node["content"])
        if node["type"] in TEXTBLOCKS:
            if node["type"] != "sectionTitle":
                self._inlines(node.get("content", []), anchored)
            return
        for child in node.get("content", []):
            self._blocks(child, anchored)

    def _inlines(self, nodes, anchored):
        before = None
        for node in nodes:
            marks = {mark["type"]: mark.get("attrs", {}) for mark in node.get("marks", [])}
            change = next((kind for kind in ("insertion", "deletion") if kind in marks), None)
            link = marks.get("link", {}).get("href")
            revision = change and (change, marks[change]["changeId"], link)
            # Neighbours of one change share one revision, unless a link begins or ends between.
            if revision and revision != before:
                self.insertions += change == "insertion"
                self.deletions += change == "deletion"
            before = revision
            self.format_changes += "formatChange" in marks
            if "comment" in marks:
                anchored.add(marks["comment"]["commentId"])
            tokens = TOKEN.findall(node.get("text", ""))
            if change != "deletion":
                self.kept[-1] += tokens
            if change != "insertion":
                self.original[-1] += tokens


def tokens_of(lines, wanted):
    """Of the numbers in some lines those that belong to one rich text, in their order."""
    wanted = set(wanted)
    return [token for line in lines for token in TOKEN.findall(line) if token in wanted]


def bare(text):
    """Text without any space, which programs set as they like."""
    return re.sub(r"\s+", "", text or "")
