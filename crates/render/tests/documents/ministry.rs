//! A Word template such as a ministry has: made by a Norwegian Word, with a look of its own.
//!
//! Theme and fonts are taken from `made_by_word`, any whole document: they are long, and no part of
//! what is tested.

use std::io::{Cursor, Read as _, Write as _};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// What stands at the top of its pages.
pub(crate) const HEADER: &str = "Finansdepartementet – unntatt offentlighet";
/// Left margin in twentieths of a point: 3 cm, where ours is 2.54.
pub(crate) const MARGIN: u32 = 1_701;
/// Colour of its first heading.
pub(crate) const COLOR: &str = "1F3864";

const THEME: &str = "word/theme/theme1.xml";
const FONTS: &str = "word/fontTable.xml";
const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const WORD: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const TYPE: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";

/// The file, a `.dotx`, with this picture in it.
pub(crate) fn template(made_by_word: &[u8], picture: &[u8]) -> Vec<u8> {
    let mut package = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, content: &[u8]| {
        package.start_file(name, SimpleFileOptions::default()).unwrap();
        package.write_all(content).unwrap();
    };
    for (name, content) in parts() {
        add(name, content.as_bytes());
    }
    let mut other = ZipArchive::new(Cursor::new(made_by_word)).unwrap();
    for name in [THEME, FONTS] {
        let mut content = Vec::new();
        other.by_name(name).unwrap().read_to_end(&mut content).unwrap();
        add(name, &content);
    }
    add("word/media/image1.png", picture);
    package.finish().unwrap().into_inner()
}

fn parts() -> Vec<(&'static str, String)> {
    vec![
        ("[Content_Types].xml", types()),
        ("_rels/.rels", relations(&[("rId1", "officeDocument", "word/document.xml")])),
        ("word/document.xml", document()),
        ("word/_rels/document.xml.rels", document_relations()),
        ("word/styles.xml", styles()),
        ("word/numbering.xml", numbering()),
        ("word/settings.xml", part("settings", "<w:zoom w:percent=\"100\"/>")),
        ("word/header1.xml", part("hdr", &paragraph("Topptekst", HEADER))),
        ("word/comments.xml", part("comments", "")),
    ]
}

fn types() -> String {
    let part = |name: &str, kind: &str| {
        format!("<Override PartName=\"/word/{name}.xml\" ContentType=\"{TYPE}.{kind}+xml\"/>")
    };
    let parts = [
        part("document", "template.main"),
        part("styles", "styles"),
        part("numbering", "numbering"),
        part("settings", "settings"),
        part("header1", "header"),
        part("comments", "comments"),
        part("fontTable", "fontTable"),
        format!(
            "<Override PartName=\"/{THEME}\" \
             ContentType=\"application/vnd.openxmlformats-officedocument.theme+xml\"/>"
        ),
    ];
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" \
         ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Default Extension=\"PNG\" ContentType=\"image/png\"/>{}</Types>",
        parts.concat()
    )
}

fn relations(listed: &[(&str, &str, &str)]) -> String {
    let one = |(id, kind, target): &(&str, &str, &str)| {
        format!("<Relationship Id=\"{id}\" Type=\"{RELATION}/{kind}\" Target=\"{target}\"/>")
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
         {}</Relationships>",
        listed.iter().map(one).collect::<String>()
    )
}

fn document_relations() -> String {
    relations(&[
        ("rId1", "styles", "styles.xml"),
        ("rId2", "numbering", "numbering.xml"),
        ("rId3", "settings", "settings.xml"),
        ("rId7", "header", "header1.xml"),
        ("rId8", "comments", "comments.xml"),
        ("rId5", "fontTable", "fontTable.xml"),
        ("rId6", "theme", "theme/theme1.xml"),
        ("rId9", "image", "media/image1.png"),
    ])
}

fn part(root: &str, content: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <w:{root} xmlns:w=\"{WORD}\" xmlns:r=\"{RELATION}\">{content}</w:{root}>"
    )
}

fn paragraph(style: &str, text: &str) -> String {
    format!("<w:p><w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>")
}

fn document() -> String {
    let section = format!(
        "<w:sectPr><w:headerReference w:type=\"default\" r:id=\"rId7\"/>\
         <w:pgSz w:w=\"11906\" w:h=\"16838\"/><w:pgMar w:top=\"1440\" w:right=\"1440\" \
         w:bottom=\"1440\" w:left=\"{MARGIN}\" w:header=\"709\" w:footer=\"709\" w:gutter=\"0\"/>\
         </w:sectPr>"
    );
    let body = paragraph("Overskrift1", "Skriv her") + &section;
    part("document", &format!("<w:body>{body}</w:body>"))
}

fn styles() -> String {
    let style = |kind: &str, id: &str, name: &str, rest: &str| {
        format!(
            "<w:style w:type=\"{kind}\" w:styleId=\"{id}\"><w:name w:val=\"{name}\"/>{rest}\
             </w:style>"
        )
    };
    let look = format!(
        "<w:basedOn w:val=\"Overskrift1\"/><w:pPr><w:numPr><w:numId w:val=\"3\"/></w:numPr></w:pPr>\
         <w:rPr><w:color w:val=\"{COLOR}\"/></w:rPr>"
    );
    let level = "<w:basedOn w:val=\"Normal\"/><w:pPr><w:numPr><w:ilvl w:val=\"1\"/>\
                 <w:numId w:val=\"3\"/></w:numPr></w:pPr>";
    let based = "<w:basedOn w:val=\"Normal\"/>";
    let all = [
        "<w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\">\
         <w:name w:val=\"Normal\"/><w:rPr><w:sz w:val=\"22\"/></w:rPr></w:style>"
            .to_owned(),
        "<w:style w:type=\"character\" w:default=\"1\" w:styleId=\"Standardskriftforavsnitt\">\
         <w:name w:val=\"Default Paragraph Font\"/></w:style>"
            .to_owned(),
        style("paragraph", "Overskrift1", "heading 1", based),
        style("paragraph", "Overskrift5", "heading 5", based),
        style("paragraph", "Overskrift7", "heading 7", based),
        style("paragraph", "Topptekst", "header", based),
        style("paragraph", "Sitat", "Quote", based),
        style("character", "Hyperkobling", "Hyperlink", ""),
        style("paragraph", "Deplisteoverskrift1", "Deplisteoverskrift1", &look),
        style("paragraph", "Deplisteoverskrift2", "Deplisteoverskrift2", level),
    ];
    part("styles", &all.concat())
}

fn numbering() -> String {
    let definition = |id: u32| {
        format!(
            "<w:abstractNum w:abstractNumId=\"{id}\"><w:multiLevelType w:val=\"multilevel\"/>\
             <w:lvl w:ilvl=\"0\"><w:start w:val=\"1\"/><w:numFmt w:val=\"decimal\"/>\
             <w:lvlText w:val=\"%1\"/></w:lvl></w:abstractNum>"
        )
    };
    let instance = |id: u32, of: u32| {
        format!("<w:num w:numId=\"{id}\"><w:abstractNumId w:val=\"{of}\"/></w:num>")
    };
    let all = [definition(0), definition(4), instance(1, 0), instance(3, 4)];
    part("numbering", &all.concat())
}
