//! A ministry's own Word template (documents contract 5.10).
//!
//! The package of the template is taken over as it is, with its styles, numbering, theme, headers
//! and footers, and the page of its last section. Only its text gives way to ours. Styles that the
//! contract wants and the template lacks are added; ours that it has under another name, as Norwegian
//! Word calls "heading 1" `Overskrift1`, take the template's look.

mod package;
mod styles;

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read as _, Seek, Write};

use roxmltree::{Document, Node};
use zip::ZipArchive;
use zip::result::ZipError;

use super::body::{self, NAMESPACES};
use super::comments::Comments;
use super::frame::Frame;
use super::numbering::{self, Offsets};
use super::xml::Xml;
use super::{DocxError, Package, STYLES, properties};
use crate::report::Report;
use crate::watch::Watch;

const WORD: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const COMPATIBILITY: &str = "http://schemas.openxmlformats.org/markup-compatibility/2006";
const TYPES: &str = "[Content_Types].xml";
const PACKAGE_RELATIONS: &str = "_rels/.rels";
const DOCUMENT: &str = "word/document.xml";
const RELATIONS: &str = "word/_rels/document.xml.rels";
const STYLE_SHEET: &str = "word/styles.xml";
const NUMBERING: &str = "word/numbering.xml";
const CORE: &str = "docProps/core.xml";
/// Most bytes of a template when it is unpacked.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Why a file cannot be a template.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// Not a package of Word's at all.
    #[error("template is no Word file")]
    Package(#[from] ZipError),
    /// The file cannot be read to its end.
    #[error("template cannot be read")]
    Read(#[from] io::Error),
    /// Larger than any template is.
    #[error("template is larger than {LARGEST} bytes unpacked")]
    TooLarge,
    /// It would bring a program into every document.
    #[error("template has macros")]
    Macros,
    /// A part is not where Word puts it.
    #[error("template has no part {0}")]
    Missing(&'static str),
    /// A part is not XML.
    #[error("part {0} of the template is not XML")]
    Xml(&'static str, #[source] roxmltree::Error),
    /// A part is built as Word does not build it; strict Open XML is one such way.
    #[error("part {0} of the template is of an unknown kind")]
    Unsupported(&'static str),
}

/// A template, ready to take texts.
#[derive(Debug)]
pub struct Template {
    /// Everything that is the same in every document.
    parts: BTreeMap<String, Vec<u8>>,
    frame: Frame,
    numbering: Option<Numbering>,
    /// Which of the numbered headings the template lacks.
    own_headings: [bool; 3],
    types: String,
    relations: String,
}

/// The template's numbering, and where ours goes into it.
#[derive(Debug)]
struct Numbering {
    text: String,
    definitions_at: usize,
    instances_at: usize,
}

impl Template {
    /// Reads a `.docx` or `.dotx`.
    ///
    /// # Errors
    /// Any [`TemplateError`].
    pub fn read(file: &[u8]) -> Result<Self, TemplateError> {
        let mut parts = unpack(file)?;
        let Surroundings { root, section } = surroundings(&text_of(&mut parts, DOCUMENT)?)?;
        let numbering = match parts.remove(NUMBERING) {
            Some(bytes) => Some(Numbering::read(&utf8(bytes, NUMBERING)?)?),
            None => None,
        };
        let (numbering, numbers) = numbering.unzip();
        let numbers = numbers.unwrap_or_default();
        let merged = styles::merge(&text_of(&mut parts, STYLE_SHEET)?, STYLES, numbers)?;
        let relations = package::relations(&text_of(&mut parts, RELATIONS)?)?;
        let types = text_of(&mut parts, TYPES)?;
        let package_relations = text_of(&mut parts, PACKAGE_RELATIONS)?;
        let has_core = parts.remove(CORE).is_some();
        for part in &relations.dropped {
            parts.remove(part);
        }
        let types = package::types(&types, &relations.dropped, numbering.is_some(), has_core)?;
        let package_relations = package::with_core(&package_relations, has_core)?;
        parts.insert(PACKAGE_RELATIONS.to_owned(), package_relations.into_bytes());
        parts.insert(STYLE_SHEET.to_owned(), merged.text.into_bytes());
        let frame = Frame { styles: merged.ids, numbers, pictures: "portal", root, section };
        Ok(Self {
            parts,
            frame,
            own_headings: merged.own_headings,
            types,
            relations: relations.with_numbering(numbering.is_some())?,
            numbering,
        })
    }

    /// Writes a report into the template.
    pub(super) fn write<W: Write + Seek>(
        &self,
        report: &Report,
        comments: &Comments<'_>,
        package: &mut Package<W>,
        watch: &mut Watch<'_>,
    ) -> Result<(), DocxError> {
        let with_comments = comments.len() > 0;
        let types = package::with_comments(&self.types, with_comments);
        package.part(TYPES)?.write_all(types.as_bytes())?;
        let part = package.part(DOCUMENT)?;
        let relations = body::write(part, report, comments, &self.frame, watch)?;
        relations.write_after(&self.relations, package.part(RELATIONS)?, with_comments)?;
        self.write_numbering(report, package.part(NUMBERING)?)?;
        for (name, bytes) in &self.parts {
            package.part(name)?.write_all(bytes)?;
        }
        if with_comments {
            comments.write_texts(package.part("word/comments.xml")?, &self.frame)?;
            comments.write_threads(package.part("word/commentsExtended.xml")?)?;
        }
        for (name, picture) in relations.files() {
            package.stored(&format!("word/{name}"))?.write_all(&picture.bytes)?;
        }
        properties::core(package.part(CORE)?, report)?;
        Ok(())
    }

    fn write_numbering(&self, report: &Report, mut out: impl Write) -> io::Result<()> {
        let Some(Numbering { text, definitions_at, instances_at }) = &self.numbering else {
            return numbering::write(out, &report.lists);
        };
        let offsets = self.frame.numbers;
        let (before, rest) = text.split_at(*definitions_at);
        let (between, after) = rest.split_at(instances_at - definitions_at);
        out.write_all(before.as_bytes())?;
        numbering::definitions(&mut Xml::fragment(&mut out), offsets, self.own_headings)?;
        out.write_all(between.as_bytes())?;
        let with_headings = self.own_headings.contains(&true);
        let mut xml = Xml::fragment(&mut out);
        numbering::instances(&mut xml, offsets, with_headings, &report.lists)?;
        out.write_all(after.as_bytes())
    }
}

fn unpack(file: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, TemplateError> {
    let mut archive = ZipArchive::new(Cursor::new(file))?;
    let mut parts = BTreeMap::new();
    let mut room = LARGEST;
    for index in 0..archive.len() {
        let entry = archive.by_index(index)?;
        if entry.is_dir() {
            continue;
        }
        let name = entry.name()?.trim_start_matches('/').to_owned();
        let mut bytes = Vec::new();
        entry.take(room + 1).read_to_end(&mut bytes)?;
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        room = room.checked_sub(size).ok_or(TemplateError::TooLarge)?;
        if name.to_lowercase().ends_with("vbaproject.bin") {
            return Err(TemplateError::Macros);
        }
        parts.insert(name, bytes);
    }
    Ok(parts)
}

fn text_of(
    parts: &mut BTreeMap<String, Vec<u8>>,
    name: &'static str,
) -> Result<String, TemplateError> {
    utf8(parts.remove(name).ok_or(TemplateError::Missing(name))?, name)
}

fn utf8(bytes: Vec<u8>, name: &'static str) -> Result<String, TemplateError> {
    let text = String::from_utf8(bytes).map_err(|_| TemplateError::Unsupported(name))?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

fn parsed<'a>(text: &'a str, name: &'static str) -> Result<Document<'a>, TemplateError> {
    Document::parse(text).map_err(|source| TemplateError::Xml(name, source))
}

/// Refuses a part that calls the elements of Word by another prefix than ours.
fn ensure_prefix(root: Node<'_, '_>, name: &'static str) -> Result<(), TemplateError> {
    let is_known =
        root.tag_name().namespace() == Some(WORD) && root.lookup_prefix(WORD) == Some("w");
    is_known.then_some(()).ok_or(TemplateError::Unsupported(name))
}

fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.has_tag_name((WORD, name))
}

/// The end tag of the part's root, before which something can be added.
fn end_of_root(text: &str, name: &'static str) -> Result<usize, TemplateError> {
    let trimmed = text.trim_end();
    match trimmed.rfind("</") {
        Some(at) if trimmed.ends_with('>') && !trimmed[at..].contains("/>") => Ok(at),
        _ => Err(TemplateError::Unsupported(name)),
    }
}

/// What stands around the template's text.
struct Surroundings {
    root: Vec<(String, String)>,
    section: Option<String>,
}

/// Attributes for the root of our text, and the properties of the template's last section.
fn surroundings(text: &str) -> Result<Surroundings, TemplateError> {
    let document = parsed(text, DOCUMENT)?;
    let root = document.root_element();
    ensure_prefix(root, DOCUMENT)?;
    let mut attributes: Vec<(String, String)> = root
        .namespaces()
        .filter(|namespace| namespace.name() != Some("xml"))
        .map(|namespace| {
            let name = namespace.name().map_or("xmlns".to_owned(), |name| format!("xmlns:{name}"));
            (name, namespace.uri().to_owned())
        })
        .collect();
    for (name, uri) in NAMESPACES {
        match attributes.iter().find(|(known, _)| known == name) {
            Some((_, bound)) if bound == uri => {}
            Some(_) => return Err(TemplateError::Unsupported(DOCUMENT)),
            None => attributes.push(((*name).to_owned(), (*uri).to_owned())),
        }
    }
    let ignorable = root.attribute((COMPATIBILITY, "Ignorable"));
    if let (Some(prefix), Some(value)) = (root.lookup_prefix(COMPATIBILITY), ignorable) {
        attributes.push((format!("{prefix}:Ignorable"), value.to_owned()));
    }
    let body = root.children().find(|node| is(*node, "body"));
    let last = body.and_then(|body| body.last_element_child());
    let section = last.filter(|node| is(*node, "sectPr"));
    Ok(Surroundings {
        root: attributes,
        section: section.map(|node| text[node.range()].to_owned()),
    })
}

impl Numbering {
    /// Finds the numbers that are free, and the places that the order of elements leaves for ours.
    fn read(text: &str) -> Result<(Self, Offsets), TemplateError> {
        let document = parsed(text, NUMBERING)?;
        let root = document.root_element();
        ensure_prefix(root, NUMBERING)?;
        let highest = |element: &str, attribute: &str| {
            let numbers = root.children().filter(|node| is(*node, element));
            let numbers =
                numbers.filter_map(|node| node.attribute((WORD, attribute))?.parse().ok());
            numbers.max().unwrap_or(0_usize)
        };
        let offsets = Offsets {
            definitions: highest("abstractNum", "abstractNumId") + 1,
            instances: highest("num", "numId"),
        };
        let end = end_of_root(text, NUMBERING)?;
        let start_of = |element: &str| {
            root.children().find(|node| is(*node, element)).map(|node| node.range().start)
        };
        let instances_at = start_of("numIdMacAtCleanup").unwrap_or(end);
        let definitions_at = start_of("num").unwrap_or(instances_at);
        Ok((Self { definitions_at, instances_at, text: text.to_owned() }, offsets))
    }
}

#[cfg(test)]
mod tests;
