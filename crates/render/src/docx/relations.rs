//! What the text refers to outside itself: addresses, pictures and the other parts of the package.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use domain::rich_text::Link;

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
#[derive(Default)]
pub(super) struct Relations {
    links: Vec<Link>,
    link_ids: HashMap<Link, String>,
    pictures: Vec<Picture>,
    picture_ids: HashMap<*const u8, String>,
}

impl Relations {
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
        self.pictures.iter().zip(1..).map(|(picture, number)| (file_name(picture, number), picture))
    }

    /// Writes `word/_rels/document.xml.rels`.
    pub(super) fn write(&self, out: impl Write, with_comments: bool) -> io::Result<()> {
        let mut xml = Xml::new(out)?;
        let namespace = "http://schemas.openxmlformats.org/package/2006/relationships";
        xml.start("Relationships", &[("xmlns", namespace)])?;
        for (id, kind, target) in FIXED {
            relationship(&mut xml, id, &format!("{OFFICE}/{kind}"), target)?;
        }
        if with_comments {
            relationship(&mut xml, "rId8", &format!("{OFFICE}/comments"), "comments.xml")?;
            let kind = format!("{MICROSOFT}/commentsExtended");
            relationship(&mut xml, "rId9", &kind, "commentsExtended.xml")?;
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
            relationship(&mut xml, &format!("rIdImage{number}"), &kind, &name)?;
        }
        xml.end("Relationships")
    }
}

fn relationship<W: Write>(xml: &mut Xml<W>, id: &str, kind: &str, target: &str) -> io::Result<()> {
    xml.empty("Relationship", &[("Id", id), ("Type", kind), ("Target", target)])
}

fn file_name(picture: &Picture, number: usize) -> String {
    let extension = match picture.format {
        PictureFormat::Png => "png",
        PictureFormat::Jpeg => "jpeg",
    };
    format!("media/image{number}.{extension}")
}
