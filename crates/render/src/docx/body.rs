//! The text: `word/document.xml`, block by block.

use std::io::{self, Write};

use super::comments::Comments;
use super::frame::Frame;
use super::numbering::{HANGING, STEP};
use super::relations::{self, Relations};
use super::xml::Xml;
use super::{DocxError, drawing, style};
use crate::report::{Block, Fact, ListItem, Paragraph, Report, Style, Table};
use crate::watch::{self, Watch};

/// Width of the text on A4 with margins of 2.54 cm, in twentieths of a point.
const TEXT_WIDTH: usize = 9_026;
/// Deepest indent that leaves room for a text.
const DEEPEST_INDENT: u8 = 12;
pub(super) const NAMESPACES: &[(&str, &str)] = &[
    ("xmlns:w", "http://schemas.openxmlformats.org/wordprocessingml/2006/main"),
    ("xmlns:r", "http://schemas.openxmlformats.org/officeDocument/2006/relationships"),
    ("xmlns:wp", "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"),
    ("xmlns:a", "http://schemas.openxmlformats.org/drawingml/2006/main"),
    ("xmlns:pic", "http://schemas.openxmlformats.org/drawingml/2006/picture"),
];

/// The text being written, and what it has referred to so far.
pub(super) struct Body<'a, W: Write> {
    pub(super) xml: Xml<W>,
    pub(super) report: &'a Report,
    pub(super) comments: &'a Comments<'a>,
    pub(super) frame: &'a Frame,
    pub(super) relations: Relations,
    /// Spans written so far.
    pub(super) place: usize,
    /// Ids of revisions follow those of comments: annotations share one number range.
    pub(super) next_revision: usize,
    next_drawing: usize,
}

/// Writes the text and returns what it refers to.
pub(super) fn write<W: Write>(
    out: W,
    report: &Report,
    comments: &Comments<'_>,
    frame: &Frame,
    watch: &mut Watch<'_>,
) -> Result<Relations, DocxError> {
    let mut body = Body {
        xml: Xml::new(out)?,
        report,
        comments,
        frame,
        relations: Relations::new(frame),
        place: 0,
        next_revision: comments.len(),
        next_drawing: 1,
    };
    let root: Vec<_> = frame.root.iter().map(|(name, value)| (&**name, &**value)).collect();
    body.xml.start("w:document", if root.is_empty() { NAMESPACES } else { &root })?;
    body.xml.start("w:body", &[])?;
    for (index, block) in report.blocks.iter().enumerate() {
        watch::ask(watch, index, report.blocks.len())?;
        body.block(block)?;
    }
    match &frame.section {
        Some(section) => body.xml.raw(section)?,
        None => body.page(frame.root.is_empty())?,
    }
    body.xml.end("w:body")?;
    body.xml.end("w:document")?;
    Ok(body.relations)
}

impl<W: Write> Body<'_, W> {
    fn block(&mut self, block: &Block) -> io::Result<()> {
        match block {
            Block::Paragraph(paragraph) => self.paragraph(paragraph),
            Block::Rule => self.rule(),
            Block::Facts(facts) => facts.iter().try_for_each(|fact| self.fact(fact)),
            Block::Table(table) => self.table(table),
            Block::Classification(text) => self.line(style::CLASSIFICATION, text),
            Block::Figure(figure) => {
                let relation = self.relations.picture(&figure.picture);
                let number = self.next_drawing;
                self.next_drawing += 1;
                drawing::write(&mut self.xml, figure, &relation, number)
            }
            Block::PageBreak => {
                self.xml.start("w:p", &[])?;
                self.xml.start("w:r", &[])?;
                self.xml.empty("w:br", &[("w:type", "page")])?;
                self.xml.end("w:r")?;
                self.xml.end("w:p")
            }
        }
    }

    fn paragraph(&mut self, paragraph: &Paragraph) -> io::Result<()> {
        self.xml.start("w:p", &[])?;
        self.paragraph_properties(paragraph)?;
        self.spans(&paragraph.spans)?;
        self.xml.end("w:p")
    }

    fn paragraph_properties(&mut self, paragraph: &Paragraph) -> io::Result<()> {
        let style = match (paragraph.style, paragraph.list) {
            (Style::Body, Some(_)) => style::LIST_ITEM,
            (style, _) => style::id(style),
        };
        let indent = usize::from(paragraph.indent.min(DEEPEST_INDENT));
        self.xml.start("w:pPr", &[])?;
        self.xml.value("w:pStyle", self.frame.style(style))?;
        match paragraph.list {
            Some(item) => self.list_item(item, indent)?,
            None if indent > 0 => {
                self.xml.empty("w:ind", &[("w:left", &(indent * STEP).to_string())])?;
            }
            None => {}
        }
        self.xml.end("w:pPr")
    }

    fn list_item(&mut self, item: ListItem, indent: usize) -> io::Result<()> {
        let level = self.report.lists.get(item.list).map_or(0, |list| list.level);
        self.xml.start("w:numPr", &[])?;
        self.xml.value("w:ilvl", &level.to_string())?;
        self.xml.value("w:numId", &self.frame.numbers.instance(item.list))?;
        self.xml.end("w:numPr")?;
        // The definition indents by level; only a list inside a quotation stands elsewhere.
        if indent != usize::from(level) + 1 {
            let (left, hanging) = ((indent * STEP).to_string(), HANGING.to_string());
            self.xml.empty("w:ind", &[("w:left", &left), ("w:hanging", &hanging)])?;
        }
        Ok(())
    }

    /// A paragraph of plain text in a style.
    fn line(&mut self, style: &str, text: &str) -> io::Result<()> {
        self.xml.start("w:p", &[])?;
        self.style(style)?;
        self.plain_run(text, false)?;
        self.xml.end("w:p")
    }

    fn style(&mut self, style: &str) -> io::Result<()> {
        self.xml.start("w:pPr", &[])?;
        self.xml.value("w:pStyle", self.frame.style(style))?;
        self.xml.end("w:pPr")
    }

    fn plain_run(&mut self, text: &str, is_bold: bool) -> io::Result<()> {
        self.xml.start("w:r", &[])?;
        if is_bold {
            self.xml.start("w:rPr", &[])?;
            self.xml.empty("w:b", &[])?;
            self.xml.end("w:rPr")?;
        }
        self.xml.text_element("w:t", &[("xml:space", "preserve")], text)?;
        self.xml.end("w:r")
    }

    fn fact(&mut self, fact: &Fact) -> io::Result<()> {
        self.xml.start("w:p", &[])?;
        self.style(style::FACT)?;
        self.plain_run(&fact.label, true)?;
        self.xml.start("w:r", &[])?;
        self.xml.empty("w:tab", &[])?;
        self.xml.text_element("w:t", &[("xml:space", "preserve")], &fact.value)?;
        self.xml.end("w:r")?;
        self.xml.end("w:p")
    }

    fn rule(&mut self) -> io::Result<()> {
        let border = [("w:val", "single"), ("w:sz", "6"), ("w:space", "1"), ("w:color", "auto")];
        self.xml.start("w:p", &[])?;
        self.xml.start("w:pPr", &[])?;
        self.xml.start("w:pBdr", &[])?;
        self.xml.empty("w:bottom", &border)?;
        self.xml.end("w:pBdr")?;
        self.xml.end("w:pPr")?;
        self.xml.end("w:p")
    }

    fn table(&mut self, table: &Table) -> io::Result<()> {
        let width = |parts: u8| (TEXT_WIDTH * usize::from(parts) / 100).to_string();
        self.xml.start("w:tbl", &[])?;
        self.xml.start("w:tblPr", &[])?;
        self.xml.value("w:tblStyle", self.frame.style(style::TABLE))?;
        self.xml.empty("w:tblW", &[("w:w", "5000"), ("w:type", "pct")])?;
        self.xml.value("w:tblLook", "0460")?;
        self.xml.end("w:tblPr")?;
        self.xml.start("w:tblGrid", &[])?;
        for column in &table.columns {
            self.xml.empty("w:gridCol", &[("w:w", &width(column.width))])?;
        }
        self.xml.end("w:tblGrid")?;
        let titles: Vec<String> = table.columns.iter().map(|column| column.title.clone()).collect();
        self.row(table, &titles, RowKind::Header)?;
        for row in &table.rows {
            self.row(table, row, RowKind::Plain)?;
        }
        if let Some(sum) = &table.sum {
            self.row(table, sum, RowKind::Sum)?;
        }
        self.xml.end("w:tbl")?;
        // Two tables without a paragraph between them would be one.
        self.line(style::CELL, "")
    }

    fn row(&mut self, table: &Table, cells: &[String], kind: RowKind) -> io::Result<()> {
        self.xml.start("w:tr", &[])?;
        self.xml.start("w:trPr", &[])?;
        self.xml.empty("w:cantSplit", &[])?;
        if kind == RowKind::Header {
            self.xml.empty("w:tblHeader", &[])?;
        }
        self.xml.end("w:trPr")?;
        for (column, text) in table.columns.iter().zip(cells) {
            let width = (5_000 * usize::from(column.width) / 100).to_string();
            self.xml.start("w:tc", &[])?;
            self.xml.start("w:tcPr", &[])?;
            self.xml.empty("w:tcW", &[("w:w", &width), ("w:type", "pct")])?;
            if kind == RowKind::Header {
                let shade = [("w:val", "clear"), ("w:color", "auto"), ("w:fill", "E8E8E8")];
                self.xml.empty("w:shd", &shade)?;
            }
            self.xml.end("w:tcPr")?;
            self.xml.start("w:p", &[])?;
            self.xml.start("w:pPr", &[])?;
            self.xml.value("w:pStyle", self.frame.style(style::CELL))?;
            if column.numeric {
                self.xml.value("w:jc", "right")?;
            }
            self.xml.end("w:pPr")?;
            self.plain_run(text, kind != RowKind::Plain)?;
            self.xml.end("w:p")?;
            self.xml.end("w:tc")?;
        }
        self.xml.end("w:tr")
    }

    /// A4 portrait with margins of 2.54 cm (documents contract 4.2 and 5.3), and with our header and
    /// footer in them.
    fn page(&mut self, has_margins: bool) -> io::Result<()> {
        self.xml.start("w:sectPr", &[])?;
        if has_margins {
            let part = |id| [("w:type", "default"), ("r:id", id)];
            self.xml.empty("w:headerReference", &part(relations::HEADER))?;
            self.xml.empty("w:footerReference", &part(relations::FOOTER))?;
        }
        self.xml.empty("w:pgSz", &[("w:w", "11906"), ("w:h", "16838")])?;
        self.xml.empty(
            "w:pgMar",
            &[
                ("w:top", "1440"),
                ("w:right", "1440"),
                ("w:bottom", "1440"),
                ("w:left", "1440"),
                ("w:header", "720"),
                ("w:footer", "720"),
                ("w:gutter", "0"),
            ],
        )?;
        self.xml.empty("w:cols", &[("w:space", "708")])?;
        self.xml.end("w:sectPr")
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum RowKind {
    Header,
    Plain,
    Sum,
}
