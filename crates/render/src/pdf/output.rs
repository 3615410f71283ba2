//! From pages to the bytes of a file: the only place that speaks PDF through printpdf.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use chrono::{DateTime, Utc};
use lopdf::{Document, Object, ObjectId, dictionary, text_string};
use printpdf::{
    Actions, BorderArray, ColorArray, FontId, LinkAnnotation, Op, PaintMode, PdfDocument, PdfFont,
    PdfFontHandle, PdfPage, PdfSaveOptions, Point, Pt, Rect, Rgb, TextItem, XObjectId,
    XObjectTransform,
};

use super::annotations::Notes;
use super::compose::Composed;
use super::figure::Figures;
use super::flow::{Area, MARGIN, Mark, PAGE_HEIGHT, PAGE_WIDTH, TEXT_WIDTH};
use super::fonts::{Fonts, Typeface};
use super::text::{Color, Piece, Run, Style, lines};
use super::{PdfError, look, outline};
use crate::report::{LANGUAGE, PRODUCT, Report};
use crate::watch::{self, Watch};

/// Distance of header and footer from the edge of the paper (documents contract 5.3).
const EDGE: f32 = 36.0;
/// Pages printed at a time.
const AT_ONCE: usize = 16;
const SMALL: Style = Style::new(Typeface::Regular, 9.0);

/// Writes what was composed.
pub(super) fn write(
    composed: Composed,
    report: &Report,
    fonts: &Fonts,
    mut out: impl Write,
    watch: &mut Watch<'_>,
) -> Result<(), PdfError> {
    let Composed { mut pages, figures } = composed;
    let total = pages.pages.len();
    for (index, page) in pages.pages.iter_mut().enumerate() {
        page.extend(margins(report, index + 1, total, fonts));
    }
    let mut press = Press::new(&pages.pages, fonts)?;
    let mut document = press.blank(total, figures);
    let ids: Vec<ObjectId> = document.page_iter().collect();
    let mut notes = Notes::new(report);
    let mut left = pages.pages.into_iter().zip(&ids).peekable();
    while left.peek().is_some() {
        watch::ask(watch, total - left.len(), total)?;
        let (sheets, ids): (Vec<_>, Vec<_>) = left.by_ref().take(AT_ONCE).unzip();
        press.print(&sheets, &ids, &mut document)?;
        for (marks, id) in sheets.iter().zip(ids) {
            notes.add(marks, *id, &mut document)?;
        }
    }
    let outline = outline::add(&mut document, &pages.bookmarks, &ids);
    describe(&mut document, report, outline)?;
    document.compress();
    document.save_modern(&mut out)?;
    Ok(out.flush()?)
}

/// Prints a few pages at a time, because printpdf keeps what it has to print, and what it has
/// printed, in a form many times larger than the packed page.
struct Press {
    /// The fonts, and the pages to be printed next.
    pdf: PdfDocument,
    specimen: Vec<Op>,
}

impl Press {
    fn new(pages: &[Vec<Mark>], fonts: &Fonts) -> Result<Self, PdfError> {
        let mut press = Self { pdf: PdfDocument::new(""), specimen: Vec::new() };
        for (typeface, letters) in letters(pages) {
            let subset = PdfFont::new(fonts.face(typeface).subset(&letters)?);
            press.pdf.resources.fonts.map.insert(font_id(typeface), subset);
            let shown = letters.into_iter().collect::<String>();
            press.specimen.extend(show(typeface, SMALL.size, Point::default(), shown));
        }
        Ok(press)
    }

    /// A document of empty pages, which has all fonts and pictures.
    ///
    /// printpdf describes of a font what it sees in use, so the first page shows every letter until
    /// its own content comes.
    fn blank(&mut self, total: usize, figures: Figures) -> Document {
        let figures = figures.into_objects().into_iter().enumerate();
        let figures = figures.map(|(number, object)| (picture_id(number), object)).collect();
        self.pdf.resources.xobjects.map = figures;
        let first = std::iter::once(std::mem::take(&mut self.specimen));
        let all = first.chain(std::iter::repeat(Vec::new())).take(total);
        self.pdf.pages = all.map(sheet).collect();
        let document = self.put();
        self.pdf.resources.xobjects.map.clear();
        document
    }

    /// Prints these pages on those of the document.
    fn print(
        &mut self,
        sheets: &[Vec<Mark>],
        ids: &[&ObjectId],
        document: &mut Document,
    ) -> Result<(), PdfError> {
        self.pdf.pages = sheets.iter().map(|marks| sheet(drawn(marks))).collect();
        let mut printed = self.put();
        let printed_ids: Vec<ObjectId> = printed.page_iter().collect();
        for (from, to) in printed_ids.into_iter().zip(ids) {
            let from = printed.get_dictionary(from)?;
            let links = from.get(b"Annots")?.clone();
            let content = from.get(b"Contents")?.as_reference()?;
            let mut content = printed.get_object_mut(content)?.as_stream_mut()?.clone();
            content.compress()?;
            let page = document.get_object_mut(**to)?.as_dict_mut()?;
            page.set("Annots", links);
            let place = page.get(b"Contents")?.as_reference()?;
            document.set_object(place, content);
        }
        Ok(())
    }

    fn put(&self) -> Document {
        printpdf::to_lopdf_doc(&self.pdf, &PdfSaveOptions::default(), &mut Vec::new())
    }
}

/// Header, footer and page number of one page.
fn margins(report: &Report, number: usize, total: usize, fonts: &Fonts) -> Vec<Mark> {
    let place = format!("Side {number} av {total}");
    let style = Style { color: look::GREY, ..SMALL };
    let line = |text: &str, width: f32| {
        lines(&[Run::new(text, style.clone())], width, &style, fonts)
            .into_iter()
            .next()
            .unwrap_or_default()
    };
    let page_number = line(&place, TEXT_WIDTH);
    let right = TEXT_WIDTH - page_number.width;
    let bottom = PAGE_HEIGHT - EDGE;
    // Whatever does not fit on one line is left out: the document says it in full elsewhere.
    let parts = [
        (line(&report.header, TEXT_WIDTH), 0.0, EDGE + SMALL.size),
        (line(&report.footer, right - EDGE), 0.0, bottom),
        (page_number, right, bottom),
    ];
    let mark = |(x, baseline, mut piece): (f32, f32, Piece)| {
        piece.x += MARGIN + x;
        Mark::Text { baseline, piece }
    };
    let pieces = parts.into_iter().flat_map(|(line, x, baseline)| {
        line.pieces.into_iter().map(move |piece| (x, baseline, piece))
    });
    pieces.map(mark).collect()
}

/// The letters that each face shows.
fn letters(pages: &[Vec<Mark>]) -> BTreeMap<Typeface, BTreeSet<char>> {
    let mut letters: BTreeMap<Typeface, BTreeSet<char>> = BTreeMap::new();
    for mark in pages.iter().flatten() {
        if let Mark::Text { piece, .. } = mark {
            letters.entry(piece.style.typeface).or_default().extend(piece.text.chars());
        }
    }
    letters
}

/// An A4 page.
fn sheet(ops: Vec<Op>) -> PdfPage {
    let paper = Rect::from_wh(Pt(PAGE_WIDTH), Pt(PAGE_HEIGHT));
    PdfPage { media_box: paper.clone(), trim_box: paper.clone(), crop_box: paper, ops }
}

fn drawn(marks: &[Mark]) -> Vec<Op> {
    let mut ops = Vec::with_capacity(marks.len() * 6);
    let mut pen = Pen { ops: &mut ops, color: None };
    for mark in marks {
        pen.draw(mark);
    }
    ops
}

/// Shows a text from a point on.
fn show(typeface: Typeface, size: f32, pos: Point, text: String) -> [Op; 5] {
    [
        Op::StartTextSection,
        Op::SetFont { font: PdfFontHandle::External(font_id(typeface)), size: Pt(size) },
        Op::SetTextCursor { pos },
        Op::ShowText { items: vec![TextItem::Text(text)] },
        Op::EndTextSection,
    ]
}

/// Draws on one page.
struct Pen<'a> {
    ops: &'a mut Vec<Op>,
    color: Option<Color>,
}

impl Pen<'_> {
    fn draw(&mut self, mark: &Mark) {
        match mark {
            Mark::Text { baseline, piece } => self.text(*baseline, piece),
            Mark::Fill { area, color } => self.fill(*area, *color),
            Mark::Picture { area, number } => self.picture(*area, *number),
        }
    }

    fn text(&mut self, baseline: f32, piece: &Piece) {
        let style = &piece.style;
        let Style { typeface, size, color, .. } = style;
        let beside = |up: f32, height: f32| Area {
            x: piece.x,
            y: baseline - up,
            width: piece.width,
            height,
        };
        let body = beside(size * 0.75, *size);
        if let Some(ground) = style.ground {
            self.fill(body, ground);
        }
        self.color(*color);
        let start = Point { x: Pt(piece.x), y: Pt(PAGE_HEIGHT - baseline) };
        self.ops.extend(show(*typeface, *size, start, piece.text.clone()));
        let thickness = size * 0.06;
        if style.underline {
            self.fill(beside(-size * 0.12, thickness), *color);
        }
        if style.strike {
            self.fill(beside(size * 0.25, thickness), *color);
        }
        if let Some(address) = &style.link {
            self.ops.push(Op::LinkAnnotation { link: link(body, address) });
        }
    }

    fn fill(&mut self, area: Area, color: Color) {
        self.color(color);
        let rectangle = Rect { mode: Some(PaintMode::Fill), ..rect(area) };
        self.ops.push(Op::DrawRectangle { rectangle });
    }

    fn picture(&mut self, area: Area, number: usize) {
        let Area { x, y, width, height } = area;
        let transform = XObjectTransform {
            translate_x: Some(Pt(x)),
            translate_y: Some(Pt(PAGE_HEIGHT - y - height)),
            scale_x: Some(width),
            scale_y: Some(height),
            no_auto_scale: true,
            ..XObjectTransform::default()
        };
        self.ops.push(Op::UseXobject { id: picture_id(number), transform });
    }

    fn color(&mut self, color: Color) {
        if self.color != Some(color) {
            self.color = Some(color);
            let Color(r, g, b) = color;
            let col = printpdf::Color::Rgb(Rgb { r, g, b, icc_profile: None });
            self.ops.push(Op::SetFillColor { col });
        }
    }
}

fn rect(area: Area) -> Rect {
    let Area { x, y, width, height } = area;
    let lower_left = Point { x: Pt(x), y: Pt(PAGE_HEIGHT - y - height) };
    Rect {
        x: lower_left.x,
        y: lower_left.y,
        width: Pt(width),
        height: Pt(height),
        mode: None,
        winding_order: None,
    }
}

fn link(area: Area, address: &str) -> LinkAnnotation {
    let border = BorderArray::Solid([0.0, 0.0, 0.0]);
    let action = Actions::uri(address.to_owned());
    LinkAnnotation::new(rect(area), action, Some(border), Some(ColorArray::Transparent), None)
}

fn font_id(typeface: Typeface) -> FontId {
    FontId(typeface.resource().to_owned())
}

fn picture_id(number: usize) -> XObjectId {
    XObjectId(format!("P{number}"))
}

/// Says what the document is, to readers and to search engines.
fn describe(
    document: &mut Document,
    report: &Report,
    outline: Option<ObjectId>,
) -> Result<(), PdfError> {
    // Object streams, in which the file is saved, came with 1.5.
    "1.7".clone_into(&mut document.version);
    let catalog = document.catalog_mut()?;
    catalog.set("Lang", Object::string_literal(LANGUAGE));
    catalog.set("ViewerPreferences", dictionary! { "DisplayDocTitle" => true });
    if let Some(outline) = outline {
        catalog.set("Outlines", outline);
        catalog.set("PageMode", "UseOutlines");
    }
    let information = dictionary! {
        "Title" => text_string(&report.title),
        "Author" => text_string(&report.creator),
        "Creator" => text_string(PRODUCT),
        "Producer" => "printpdf",
        "CreationDate" => time(report.made_at),
        "ModDate" => time(report.made_at),
    };
    let id = document.trailer.get(b"Info")?.as_reference()?;
    document.set_object(id, information);
    Ok(())
}

fn time(at: DateTime<Utc>) -> Object {
    Object::string_literal(at.format("D:%Y%m%d%H%M%SZ").to_string())
}
