//! A package unpacked, and its parts as trees that tests can ask.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};

use roxmltree::{Document, Node};
use zip::ZipArchive;

/// The parts of a package by name.
pub(super) struct Unpacked(BTreeMap<String, Vec<u8>>);

/// One XML part.
pub(super) struct Part(String);

/// An element with everything below it, taken out of its part.
pub(super) struct Element {
    source: String,
    /// The path of child numbers that leads to it.
    id: roxmltree::NodeId,
}

const PREFIXES: [(&str, &str); 6] = [
    ("http://schemas.openxmlformats.org/wordprocessingml/2006/main", "w"),
    ("http://schemas.openxmlformats.org/officeDocument/2006/relationships", "r"),
    ("http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing", "wp"),
    ("http://schemas.microsoft.com/office/word/2012/wordml", "w15"),
    ("http://schemas.microsoft.com/office/word/2010/wordml", "w14"),
    ("http://purl.org/dc/elements/1.1/", "dc"),
];

fn prefixed(namespace: Option<&str>, name: &str) -> String {
    match PREFIXES.iter().find(|(known, _)| Some(*known) == namespace) {
        Some((_, prefix)) => format!("{prefix}:{name}"),
        None => name.to_owned(),
    }
}

pub(super) fn name(node: Node<'_, '_>) -> String {
    prefixed(node.tag_name().namespace(), node.tag_name().name())
}

fn attribute(node: Node<'_, '_>, wanted: &str) -> Option<String> {
    node.attributes()
        .find(|attribute| prefixed(attribute.namespace(), attribute.name()) == wanted)
        .map(|attribute| attribute.value().to_owned())
}

impl Unpacked {
    pub(super) fn read(bytes: Vec<u8>) -> Self {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut parts = BTreeMap::new();
        for index in 0..archive.len() {
            let mut file = archive.by_index(index).unwrap();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            let name = file.name().unwrap().into_owned();
            assert!(parts.insert(name.clone(), content).is_none(), "{name} is there twice");
        }
        Self(parts)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn part(&self, name: &str) -> Part {
        Part(String::from_utf8(self.0[name].clone()).unwrap())
    }

    /// Holds the package to the rules that Word repairs or refuses a file for.
    pub(super) fn assert_sound(&self) {
        for (name, content) in &self.0 {
            if !name.starts_with("word/media/") {
                Document::parse(std::str::from_utf8(content).unwrap()).unwrap();
            }
        }
        self.assert_types();
        self.assert_relations();
        self.assert_styles();
        self.assert_numbers();
        self.assert_comments();
    }

    fn assert_types(&self) {
        let types = self.part("[Content_Types].xml");
        let by_extension: BTreeSet<_> = types.values("Default", "Extension");
        let by_name: BTreeSet<_> = types.values("Override", "PartName");
        for part in self.names() {
            let extension = part.rsplit('.').next().unwrap();
            assert!(
                by_name.contains(&format!("/{part}")) || by_extension.contains(extension),
                "{part}"
            );
        }
        assert!(by_name.iter().all(|part| self.0.contains_key(&part[1..])), "{by_name:?}");
    }

    fn assert_relations(&self) {
        let relations = self.part("word/_rels/document.xml.rels");
        let ids = relations.all("Relationship");
        let defined = relations.values("Relationship", "Id");
        assert_eq!(ids.len(), defined.len(), "ids are not unique");
        for relation in ids {
            let target = relation.attribute("Target").unwrap();
            if relation.attribute("TargetMode").is_none() {
                assert!(self.0.contains_key(&format!("word/{target}")), "{target}");
            }
        }
        let document = self.part("word/document.xml");
        let tree = Document::parse(document.source()).unwrap();
        for node in tree.descendants() {
            for used in ["r:id", "r:embed"].iter().filter_map(|key| attribute(node, key)) {
                assert!(defined.contains(&used), "{used}");
            }
        }
    }

    fn assert_styles(&self) {
        let styles = self.part("word/styles.xml");
        let defined = styles.values("w:style", "w:styleId");
        assert_eq!(styles.all("w:style").len(), defined.len(), "styles are not unique");
        for part in ["document", "styles", "numbering", "comments", "header1", "footer1"] {
            let name = format!("word/{part}.xml");
            if !self.0.contains_key(&name) {
                continue;
            }
            let part = self.part(&name);
            for element in ["w:pStyle", "w:rStyle", "w:tblStyle", "w:basedOn", "w:next"] {
                let used = part.values(element, "w:val");
                assert!(used.is_subset(&defined), "{:?}", used.difference(&defined));
            }
        }
    }

    fn assert_numbers(&self) {
        let numbering = self.part("word/numbering.xml");
        let defined = numbering.values("w:num", "w:numId");
        assert_eq!(numbering.all("w:num").len(), defined.len(), "numbers are not unique");
        for part in ["word/document.xml", "word/styles.xml"] {
            assert!(self.part(part).values("w:numId", "w:val").is_subset(&defined), "{part}");
        }
        let kinds = numbering.values("w:abstractNum", "w:abstractNumId");
        assert!(numbering.values("w:abstractNumId", "w:val").is_subset(&kinds));
    }

    fn assert_comments(&self) {
        let document = self.part("word/document.xml");
        let referred = document.values("w:commentReference", "w:id");
        assert_eq!(document.all("w:commentReference").len(), referred.len());
        assert_eq!(document.values("w:commentRangeStart", "w:id"), referred);
        assert_eq!(document.values("w:commentRangeEnd", "w:id"), referred);
        if self.0.contains_key("word/comments.xml") {
            let comments = self.part("word/comments.xml");
            assert_eq!(comments.values("w:comment", "w:id"), referred);
            let threads = self.part("word/commentsExtended.xml");
            let paragraphs = comments.values("w:p", "w14:paraId");
            assert_eq!(threads.values("w15:commentEx", "w15:paraId"), paragraphs);
        } else {
            assert!(referred.is_empty());
        }
    }
}

impl Part {
    pub(super) fn source(&self) -> &str {
        &self.0
    }

    /// Every element with this name.
    pub(super) fn all(&self, wanted: &str) -> Vec<Element> {
        let tree = Document::parse(&self.0).unwrap();
        let found = tree.descendants().filter(|node| node.is_element() && name(*node) == wanted);
        found.map(|node| Element { source: self.0.clone(), id: node.id() }).collect()
    }

    /// Every element with this name whose attribute has this value.
    pub(super) fn with(&self, wanted: &str, key: &str, value: &str) -> Vec<Element> {
        let mut found = self.all(wanted);
        found.retain(|element| element.attribute(key).as_deref() == Some(value));
        found
    }

    /// The values of an attribute on all elements with this name.
    pub(super) fn values(&self, wanted: &str, key: &str) -> BTreeSet<String> {
        let tree = Document::parse(&self.0).unwrap();
        let found = tree.descendants().filter(|node| node.is_element() && name(*node) == wanted);
        found.filter_map(|node| attribute(node, key)).collect()
    }

    /// The names of these elements in the order they stand.
    pub(super) fn sequence(&self, wanted: &[&str]) -> Vec<String> {
        let tree = Document::parse(&self.0).unwrap();
        let names = tree.descendants().filter(Node::is_element).map(name);
        names.filter(|name| wanted.contains(&name.as_str())).collect()
    }

    pub(super) fn attribute_of(&self, wanted: &str, key: &str) -> Option<String> {
        self.all(wanted).first()?.attribute(key)
    }
}

impl Element {
    fn ask<T>(&self, question: impl FnOnce(Node<'_, '_>) -> T) -> T {
        let tree = Document::parse(&self.source).unwrap();
        question(tree.get_node(self.id).unwrap())
    }

    pub(super) fn attribute(&self, key: &str) -> Option<String> {
        self.ask(|node| attribute(node, key))
    }

    pub(super) fn has(&self, wanted: &str) -> bool {
        self.ask(|node| node.descendants().any(|below| name(below) == wanted))
    }

    /// An attribute of the first element with this name below.
    pub(super) fn attribute_of(&self, wanted: &str, key: &str) -> Option<String> {
        self.ask(|node| attribute(node.descendants().find(|below| name(*below) == wanted)?, key))
    }

    pub(super) fn value_of(&self, wanted: &str) -> Option<String> {
        self.attribute_of(wanted, "w:val")
    }

    pub(super) fn children(&self, wanted: &str) -> Vec<Element> {
        self.ask(|node| {
            let found = node.children().filter(|child| name(*child) == wanted);
            found.map(|child| Element { source: self.source.clone(), id: child.id() }).collect()
        })
    }

    pub(super) fn text(&self) -> String {
        self.ask(|node| node.text().unwrap_or_default().to_owned())
    }

    /// The text of all elements with this name below.
    pub(super) fn text_of(&self, wanted: &str) -> String {
        self.ask(|node| {
            let found = node.descendants().filter(|below| name(*below) == wanted);
            found.filter_map(|below| below.text().map(str::to_owned)).collect()
        })
    }

    pub(super) fn parent_name(&self) -> String {
        self.ask(|node| name(node.parent().unwrap()))
    }

    pub(super) fn parent_has_child(&self, wanted: &str) -> bool {
        self.ask(|node| node.parent().unwrap().children().any(|child| name(child) == wanted))
    }

    /// The value of an element inside a sibling.
    pub(super) fn sibling_value(&self, sibling: &str, wanted: &str) -> Option<String> {
        self.ask(|node| {
            let sibling = node.parent()?.children().find(|child| name(*child) == sibling)?;
            attribute(sibling.descendants().find(|below| name(*below) == wanted)?, "w:val")
        })
    }
}
