//! The outline that readers show beside the pages.
//!
//! Built here, because printpdf knows only flat outlines whose entries lead to pages, sorted by
//! name.

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary, text_string};

use super::flow::{Bookmark, PAGE_HEIGHT};

/// Levels that are unfolded when the document is opened.
const UNFOLDED: u8 = 2;

/// An entry with its place in the tree.
struct Node<'a> {
    bookmark: &'a Bookmark,
    id: ObjectId,
    parent: Option<usize>,
    children: Vec<usize>,
}

/// Adds the outline and returns its id; `None` without bookmarks.
pub(super) fn add(
    document: &mut Document,
    bookmarks: &[Bookmark],
    pages: &[ObjectId],
) -> Option<ObjectId> {
    let nodes = tree(document, bookmarks);
    let roots: Vec<usize> = (0..nodes.len()).filter(|at| nodes[*at].parent.is_none()).collect();
    let (first, last) = (nodes.get(*roots.first()?)?.id, nodes.get(*roots.last()?)?.id);
    let root = document.new_object_id();
    for node in &nodes {
        let siblings = node.parent.map_or(&roots, |parent| &nodes[parent].children);
        let entry = entry(node, siblings, &nodes, root, pages);
        document.set_object(node.id, entry);
    }
    let shown = roots.iter().map(|at| 1 + unfolded(&nodes, *at)).sum::<i64>();
    document.set_object(
        root,
        dictionary! { "Type" => "Outlines", "First" => first, "Last" => last, "Count" => shown },
    );
    Some(root)
}

/// Each entry belongs to the last one before it that is of a higher level, whatever is skipped.
fn tree<'a>(document: &mut Document, bookmarks: &'a [Bookmark]) -> Vec<Node<'a>> {
    let mut nodes: Vec<Node<'a>> = Vec::with_capacity(bookmarks.len());
    let mut path: Vec<usize> = Vec::new();
    for (at, bookmark) in bookmarks.iter().enumerate() {
        while path.pop_if(|open| nodes[*open].bookmark.level >= bookmark.level).is_some() {}
        let parent = path.last().copied();
        if let Some(parent) = parent {
            nodes[parent].children.push(at);
        }
        path.push(at);
        let id = document.new_object_id();
        nodes.push(Node { bookmark, id, parent, children: Vec::new() });
    }
    nodes
}

fn entry(
    node: &Node<'_>,
    siblings: &[usize],
    nodes: &[Node<'_>],
    root: ObjectId,
    pages: &[ObjectId],
) -> Dictionary {
    let id = |at: &usize| nodes[*at].id;
    let mut entry = dictionary! {
        "Title" => text_string(&node.bookmark.title),
        "Parent" => node.parent.map_or(root, |parent| nodes[parent].id),
    };
    if let Some(page) = pages.get(node.bookmark.page) {
        let top = Object::Real(PAGE_HEIGHT - node.bookmark.y);
        let target: Vec<Object> =
            vec![(*page).into(), "XYZ".into(), Object::Null, top, Object::Null];
        entry.set("Dest", target);
    }
    let place = siblings.iter().position(|at| id(at) == node.id).unwrap_or_default();
    if let Some(before) = place.checked_sub(1).and_then(|before| siblings.get(before)) {
        entry.set("Prev", id(before));
    }
    if let Some(after) = siblings.get(place + 1) {
        entry.set("Next", id(after));
    }
    if let (Some(first), Some(last)) = (node.children.first(), node.children.last()) {
        entry.set("First", id(first));
        entry.set("Last", id(last));
        let count = i64::try_from(node.children.len()).unwrap_or(i64::MAX);
        // A negative count is that of a folded entry.
        let open = node.bookmark.level < UNFOLDED;
        entry.set("Count", if open { count } else { -count });
    }
    entry
}

/// How many entries below this one can be seen.
fn unfolded(nodes: &[Node<'_>], at: usize) -> i64 {
    if nodes[at].bookmark.level >= UNFOLDED {
        return 0;
    }
    nodes[at].children.iter().map(|child| 1 + unfolded(nodes, *child)).sum()
}
