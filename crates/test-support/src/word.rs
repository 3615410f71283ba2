//! A Word document read back: what a reader would see, and what lies on it.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use roxmltree::{Document, Node};
use zip::ZipArchive;

/// Namespace of Word's elements.
const WORD: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";

/// An unpacked Word document.
#[derive(Clone, Debug)]
pub struct Word(BTreeMap<String, Vec<u8>>);

impl Word {
    /// Unpacks a document, and fails unless every part of it is sound XML.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("a package");
        let mut parts = BTreeMap::new();
        for index in 0..archive.len() {
            let mut file = archive.by_index(index).expect("a part");
            let mut content = Vec::new();
            file.read_to_end(&mut content).expect("a whole part");
            let name = file.name().expect("a name in UTF-8").into_owned();
            parts.insert(name, content);
        }
        let word = Self(parts);
        for name in word.0.keys().filter(|name| !name.contains("/media/")) {
            assert!(Document::parse(word.part(name)).is_ok(), "{name} is not XML");
        }
        word
    }

    /// Whether there is such a part.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// An XML part as text.
    #[must_use]
    pub fn part(&self, name: &str) -> &str {
        let content = self.0.get(name).unwrap_or_else(|| panic!("no part {name}"));
        std::str::from_utf8(content).expect("UTF-8")
    }

    /// Style and text of every paragraph with text, inserted text included, deleted text not.
    #[must_use]
    pub fn paragraphs(&self) -> Vec<(String, String)> {
        self.ask("word/document.xml", |root| {
            let paragraphs = root.descendants().filter(|node| is(*node, "p"));
            paragraphs
                .map(|paragraph| (style_of(paragraph), text_below(paragraph, "t")))
                .filter(|(_, text)| !text.is_empty())
                .collect()
        })
    }

    /// The text of every paragraph with text.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.paragraphs().into_iter().map(|(_, text)| text).collect()
    }

    /// The texts of the paragraphs in this style.
    #[must_use]
    pub fn in_style(&self, style: &str) -> Vec<String> {
        let found = self.paragraphs().into_iter().filter(|(name, _)| name == style);
        found.map(|(_, text)| text).collect()
    }

    /// How many elements with this local name the text has, such as `ins`.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        self.ask("word/document.xml", |root| {
            root.descendants().filter(|node| is(*node, name)).count()
        })
    }

    /// The values of a Word attribute on all elements with this local name in a part.
    #[must_use]
    pub fn values(&self, part: &str, name: &str, attribute: &str) -> Vec<String> {
        self.ask(part, |root| {
            let found = root.descendants().filter(|node| is(*node, name));
            found.filter_map(|node| node.attribute((WORD, attribute)).map(str::to_owned)).collect()
        })
    }

    /// The text below each element with this local name, of elements `text` (`t` or `delText`).
    #[must_use]
    pub fn texts_in(&self, part: &str, name: &str, text: &str) -> Vec<String> {
        self.ask(part, |root| {
            let found = root.descendants().filter(|node| is(*node, name));
            found.map(|node| text_below(node, text)).collect()
        })
    }

    fn ask<T>(&self, part: &str, question: impl FnOnce(Node<'_, '_>) -> T) -> T {
        question(Document::parse(self.part(part)).expect("XML").root())
    }
}

fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.tag_name().namespace() == Some(WORD) && node.tag_name().name() == name
}

fn style_of(paragraph: Node<'_, '_>) -> String {
    let style = paragraph.descendants().find(|node| is(*node, "pStyle"));
    style.and_then(|style| style.attribute((WORD, "val"))).unwrap_or_default().to_owned()
}

fn text_below(node: Node<'_, '_>, name: &str) -> String {
    let texts = node.descendants().filter(|below| is(*below, name));
    texts.filter_map(|below| below.text()).collect()
}
