//! What the text refers to outside itself: addresses, pictures and the other parts of the package.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use domain::rich_text::Link;

use super::frame::Frame;
use super::xml::Xml;
use crate::report::{Picture, PictureFormat};

const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MICROSOFT: &str = "http://schemas.microsoft.com/office/2011/relationships";

/// Relationship of the page header.
pub(super) const HEADER: &str = "rId4";
/// Relationship of the page footer.
pub(super) const FOOTER: &str = "rId5";
/// The parts that every document has, by relationship.
const FIXED: [(&str, &str, &str); 7] = [
    ("rId1", "styles", "styles.xml"),
    ("rId2", "numbering", "numbering.xml"),
    ("rId3", "settings", "settings.xml"),
    (HEADER, "header", "header1.xml"),
    (FOOTER, "footer", "footer1.xml"),
    ("rId6", "fontTable", "fontTable.xml"),
    ("rId7", "theme", "theme/theme1.xml"),
];

/// Relationships of the text, collected while it is written.
pub(super) struct Relations {
    /// Beginning of the names of pictures.
    pictures_named: &'static str,
    links: Vec<Link>,
    link_ids: HashMap<Link, String>,
    pictures: Vec<Picture>,
    picture_ids: HashMap<*const u8, String>,
}

impl Relations {
    pub(super) fn new(frame: &Frame) -> Self {
        Self {
            pictures_named: frame.pictures,
            links: Vec::new(),
            link_ids: HashMap::new(),
            pictures: Vec::new(),
            picture_ids: HashMap::new(),
        }
    }

    /// Id of the relationship to an address.
    pub(super) fn link(&mut self, link: &Link) -> String {
        if let Some(id) = self.link_ids.get(link) {
            return id.clone();
        }
        self.links.push(link.clone());
        let id = format!("rIdLink{}", self.links.len());
        self.link_ids.insert(link.clone(), id.clone());
        id
    }

    /// Id of the relationship to a picture. One that is shown twice is stored once.
    pub(super) fn picture(&mut self, picture: &Picture) -> String {
        let file = Arc::as_ptr(&picture.bytes).cast::<u8>();
        if let Some(id) = self.picture_ids.get(&file) {
            return id.clone();
        }
        self.pictures.push(picture.clone());
        let id = format!("rIdImage{}", self.pictures.len());
        self.picture_ids.insert(file, id.clone());
        id
    }

    /// The pictures with their names below `word/`.
    pub(super) fn files(&self) -> impl Iterator<Item = (String, &Picture)> {
        let name = self.pictures_named;
        let numbered = self.pictures.iter().zip(1..);
        numbered.map(move |(picture, number)| (file_name(name, picture, number), picture))
    }

    /// Writes `word/_rels/document.xml.rels`.
    pub(super) fn write(&self, out: impl Write, with_comments: bool) -> io::Result<()> {
        let mut xml = begin(out)?;
        for (id, kind, target) in FIXED {
            relationship(&mut xml, id, &format!("{OFFICE}/{kind}"), target)?;
        }
        self.write_own(&mut xml, with_comments)
    }

    /// Writes the same part with the relationships of a template in the place of ours to fixed parts.
    pub(super) fn write_after(
        &self,
        others: &str,
        out: impl Write,
        with_comments: bool,
    ) -> io::Result<()> {
        let mut xml = begin(out)?;
        xml.raw(others)?;
        self.write_own(&mut xml, with_comments)
    }

    fn write_own<W: Write>(&self, xml: &mut Xml<W>, with_comments: bool) -> io::Result<()> {
        if with_comments {
            relationship(xml, "rIdComments", &format!("{OFFICE}/comments"), "comments.xml")?;
            let kind = format!("{MICROSOFT}/commentsExtended");
            relationship(xml, "rIdThreads", &kind, "commentsExtended.xml")?;
        }
        for (link, number) in self.links.iter().zip(1..) {
            xml.empty(
                "Relationship",
                &[
                    ("Id", &format!("rIdLink{number}")),
                    ("Type", &format!("{OFFICE}/hyperlink")),
                    ("Target", link.as_str()),
                    ("TargetMode", "External"),
                ],
            )?;
        }
        for ((name, _), number) in self.files().zip(1..) {
            let kind = format!("{OFFICE}/image");
            relationship(xml, &format!("rIdImage{number}"), &kind, &name)?;
        }
        xml.end("Relationships")
    }
}

fn begin<W: Write>(out: W) -> io::Result<Xml<W>> {
    let mut xml = Xml::new(out)?;
    let namespace = "http://schemas.openxmlformats.org/package/2006/relationships";
    xml.start("Relationships", &[("xmlns", namespace)])?;
    Ok(xml)
}

fn relationship<W: Write>(xml: &mut Xml<W>, id: &str, kind: &str, target: &str) -> io::Result<()> {
    xml.empty("Relationship", &[("Id", id), ("Type", kind), ("Target", target)])
}

fn file_name(name: &str, picture: &Picture, number: usize) -> String {
    let extension = match picture.format {
        PictureFormat::Png => "png",
        PictureFormat::Jpeg => "jpeg",
    };
    format!("media/{name}{number}.{extension}")
}
