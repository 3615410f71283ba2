//! The small parts around the text: types, properties, page header and footer.

use std::io::{self, Write};

use super::date;
use super::xml::Xml;
use crate::report::{LANGUAGE, PRODUCT, Report};

const WORD: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const MAIN_TYPE: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";

/// Parts and their types after [`MAIN_TYPE`].
const TYPES: [(&str, &str); 7] = [
    ("/word/document.xml", "document.main+xml"),
    ("/word/styles.xml", "styles+xml"),
    ("/word/numbering.xml", "numbering+xml"),
    ("/word/settings.xml", "settings+xml"),
    ("/word/fontTable.xml", "fontTable+xml"),
    ("/word/header1.xml", "header+xml"),
    ("/word/footer1.xml", "footer+xml"),
];
const COMMENT_TYPES: [(&str, &str); 2] = [
    ("/word/comments.xml", "comments+xml"),
    ("/word/commentsExtended.xml", "commentsExtended+xml"),
];

/// Writes `[Content_Types].xml`.
pub(super) fn content_types(out: impl Write, with_comments: bool) -> io::Result<()> {
    let mut xml = Xml::new(out)?;
    xml.start("Types", &[("xmlns", &format!("{PACKAGE}/content-types"))])?;
    let relations = "application/vnd.openxmlformats-package.relationships+xml";
    for (extension, kind) in [
        ("rels", relations),
        ("xml", "application/xml"),
        ("png", "image/png"),
        ("jpeg", "image/jpeg"),
    ] {
        xml.empty("Default", &[("Extension", extension), ("ContentType", kind)])?;
    }
    let comments = COMMENT_TYPES.into_iter().filter(|_| with_comments);
    for (part, kind) in TYPES.into_iter().chain(comments) {
        part_type(&mut xml, part, &format!("{MAIN_TYPE}.{kind}"))?;
    }
    let theme = "application/vnd.openxmlformats-officedocument.theme+xml";
    part_type(&mut xml, "/word/theme/theme1.xml", theme)?;
    let core = "application/vnd.openxmlformats-package.core-properties+xml";
    part_type(&mut xml, "/docProps/core.xml", core)?;
    let app = "application/vnd.openxmlformats-officedocument.extended-properties+xml";
    part_type(&mut xml, "/docProps/app.xml", app)?;
    xml.end("Types")
}

fn part_type<W: Write>(xml: &mut Xml<W>, part: &str, kind: &str) -> io::Result<()> {
    xml.empty("Override", &[("PartName", part), ("ContentType", kind)])
}

/// Writes `docProps/core.xml`.
pub(super) fn core(out: impl Write, report: &Report) -> io::Result<()> {
    let mut xml = Xml::new(out)?;
    xml.start(
        "cp:coreProperties",
        &[
            ("xmlns:cp", &format!("{PACKAGE}/metadata/core-properties")),
            ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
            ("xmlns:dcterms", "http://purl.org/dc/terms/"),
            ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
        ],
    )?;
    xml.text_element("dc:title", &[], &report.title)?;
    xml.text_element("dc:creator", &[], &report.creator)?;
    xml.text_element("cp:lastModifiedBy", &[], &report.creator)?;
    for element in ["dcterms:created", "dcterms:modified"] {
        xml.text_element(element, &[("xsi:type", "dcterms:W3CDTF")], &date(report.made_at))?;
    }
    xml.text_element("dc:language", &[], LANGUAGE)?;
    xml.end("cp:coreProperties")
}

/// Writes `docProps/app.xml`.
pub(super) fn app(out: impl Write) -> io::Result<()> {
    let mut xml = Xml::new(out)?;
    let namespace = "http://schemas.openxmlformats.org/officeDocument/2006/extended-properties";
    xml.start("Properties", &[("xmlns", namespace)])?;
    xml.text_element("Application", &[], PRODUCT)?;
    xml.end("Properties")
}

/// Writes the page header.
pub(super) fn header(out: impl Write, report: &Report) -> io::Result<()> {
    let mut xml = Xml::new(out)?;
    xml.start("w:hdr", &[("xmlns:w", WORD)])?;
    xml.start("w:p", &[])?;
    style(&mut xml, "Header")?;
    text(&mut xml, &report.header)?;
    xml.end("w:p")?;
    xml.end("w:hdr")
}

/// Writes the page footer: the text on the left, page x of y on the right.
pub(super) fn footer(out: impl Write, report: &Report) -> io::Result<()> {
    let mut xml = Xml::new(out)?;
    xml.start("w:ftr", &[("xmlns:w", WORD)])?;
    xml.start("w:p", &[])?;
    style(&mut xml, "Footer")?;
    text(&mut xml, &report.footer)?;
    xml.start("w:r", &[])?;
    xml.empty("w:tab", &[])?;
    xml.end("w:r")?;
    text(&mut xml, "Side ")?;
    field(&mut xml, "PAGE")?;
    text(&mut xml, " av ")?;
    field(&mut xml, "NUMPAGES")?;
    xml.end("w:p")?;
    xml.end("w:ftr")
}

fn style<W: Write>(xml: &mut Xml<W>, style: &str) -> io::Result<()> {
    xml.start("w:pPr", &[])?;
    xml.value("w:pStyle", style)?;
    xml.end("w:pPr")
}

fn text<W: Write>(xml: &mut Xml<W>, text: &str) -> io::Result<()> {
    xml.start("w:r", &[])?;
    xml.text_element("w:t", &[("xml:space", "preserve")], text)?;
    xml.end("w:r")
}

/// A number that Word fills in; until it does, a 1 stands there.
fn field<W: Write>(xml: &mut Xml<W>, name: &str) -> io::Result<()> {
    xml.start("w:fldSimple", &[("w:instr", &format!(" {name} "))])?;
    text(xml, "1")?;
    xml.end("w:fldSimple")
}
