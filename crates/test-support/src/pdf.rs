//! A PDF as its reader has it: the text of its pages and what it says of itself.

use lopdf::{Dictionary, Document, Object};

/// A PDF that was read back.
#[derive(Debug)]
pub struct Pdf(Document);

impl Pdf {
    /// Reads a file.
    #[must_use]
    pub fn read(file: &[u8]) -> Self {
        assert!(file.starts_with(b"%PDF-"), "no PDF");
        Self(Document::load_mem(file).expect("a PDF"))
    }

    /// The text of each page, its words parted by one space.
    #[must_use]
    pub fn pages(&self) -> Vec<String> {
        let text = |page| self.0.extract_text(&[page]).expect("text of the page");
        let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.0.get_pages().into_keys().map(text).map(words).collect()
    }

    /// The text of all pages.
    #[must_use]
    pub fn text(&self) -> String {
        self.pages().join(" ")
    }

    /// The title in the document's properties.
    #[must_use]
    pub fn title(&self) -> String {
        let information = self.dictionary(self.0.trailer.get(b"Info").expect("properties"));
        decoded(information, "Title")
    }

    /// The document's language.
    #[must_use]
    pub fn language(&self) -> String {
        decoded(self.0.catalog().expect("a catalog"), "Lang")
    }

    /// The titles of the outline, top to bottom.
    #[must_use]
    pub fn outline(&self) -> Vec<String> {
        let mut titles = Vec::new();
        if let Ok(root) = self.0.catalog().expect("a catalog").get(b"Outlines") {
            self.add_titles(self.dictionary(root), &mut titles);
        }
        titles
    }

    fn add_titles(&self, parent: &Dictionary, titles: &mut Vec<String>) {
        let mut next = parent.get(b"First").ok();
        while let Some(entry) = next.map(|entry| self.dictionary(entry)) {
            titles.push(decoded(entry, "Title"));
            self.add_titles(entry, titles);
            next = entry.get(b"Next").ok();
        }
    }

    /// How many pictures are in the file, masks included.
    #[must_use]
    pub fn picture_count(&self) -> usize {
        let is_picture = |object: &&Object| {
            let subtype = object.as_stream().and_then(|stream| stream.dict.get(b"Subtype"));
            subtype.and_then(Object::as_name).is_ok_and(|name| name == b"Image")
        };
        self.0.objects.values().filter(is_picture).count()
    }

    /// The names of the fonts that are in the file.
    #[must_use]
    pub fn embedded_fonts(&self) -> Vec<String> {
        let name = |object: &Object| {
            let font = object.as_dict().ok().filter(|font| font.has(b"FontFile2"))?;
            let name = font.get(b"FontName").and_then(Object::as_name).ok()?;
            Some(String::from_utf8_lossy(name).into_owned())
        };
        self.0.objects.values().filter_map(name).collect()
    }

    fn dictionary<'a>(&'a self, object: &'a Object) -> &'a Dictionary {
        self.0.dereference(object).and_then(|(_, found)| found.as_dict()).expect("a dictionary")
    }
}

fn decoded(dictionary: &Dictionary, key: &str) -> String {
    let text = dictionary.get(key.as_bytes()).expect("a text");
    lopdf::decode_text_string(text).expect("a readable text")
}
