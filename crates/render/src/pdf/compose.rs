//! From a report to pages: sets every block and lets it flow.

use std::borrow::Cow;
use std::rc::Rc;

use domain::rich_text::{Marks, Revision, Span};

use super::figure::{self, Figures};
use super::flow::{Area, Flow, Mark, Pages, Slab, TEXT_HEIGHT, TEXT_WIDTH};
use super::fonts::{Fonts, Typeface};
use super::look::{self, INDENT, Look};
use super::table::{Align, Column, Table};
use super::text::{Line, Run, Style, lines, width};
use crate::report::{self, Block, Fact, Figure, HeadingNumbers, Paragraph, Report};
use crate::watch::{self, Stopped, Watch};

/// Room for the number of a heading.
const NUMBER_WIDTH: f32 = 36.0;
/// Between a list item's marker and its text.
const MARKER_GAP: f32 = 6.0;
/// Space between the items of a list, and around what is no text.
const CLOSE: f32 = 3.0;
const AROUND: f32 = 8.0;
/// Room that a figure leaves for its caption.
const CAPTION_HEIGHT: f32 = 48.0;
const LABEL_WIDTH: f32 = 180.0;
/// Frame of the classification (documents contract 5.5).
const FRAME: f32 = 1.5;

/// A report with everything in its place.
pub(super) struct Composed {
    pub(super) pages: Pages,
    pub(super) figures: Figures,
}

/// Sets a report.
pub(super) fn compose(
    report: &Report,
    fonts: &Fonts,
    watch: &mut Watch<'_>,
) -> Result<Composed, Stopped> {
    let mut composer = Composer {
        report,
        fonts,
        flow: Flow::new(),
        figures: Figures::default(),
        numbers: HeadingNumbers::default(),
        space: 0.0,
    };
    for (index, block) in report.blocks.iter().enumerate() {
        watch::ask(watch, index, report.blocks.len())?;
        composer.block(block, report.blocks.get(index + 1));
    }
    Ok(Composed { pages: composer.flow.finish(), figures: composer.figures })
}

struct Composer<'a> {
    report: &'a Report,
    fonts: &'a Fonts,
    flow: Flow,
    figures: Figures,
    numbers: HeadingNumbers,
    /// Space that the last block wants below it.
    space: f32,
}

/// Where in the width of the page a paragraph stands.
struct Lead {
    /// Left edge of the text.
    x: f32,
    /// Stands before the first line: the number of a heading, the marker of a list item.
    before: Option<(f32, Line)>,
}

impl Composer<'_> {
    fn block(&mut self, block: &Block, next: Option<&Block>) {
        match block {
            Block::Paragraph(paragraph) => self.paragraph(paragraph),
            Block::Rule => self.rule(),
            Block::Facts(facts) => self.facts(facts),
            Block::Table(table) => self.table(table),
            Block::Classification(text) => self.classification(text),
            Block::Figure(figure) => self.figure(figure, is_caption(next)),
            Block::PageBreak => self.flow.break_page(),
        }
    }

    fn push(&mut self, mut slab: Slab) {
        slab.space_before = slab.space_before.max(std::mem::take(&mut self.space));
        self.flow.push(slab);
    }

    fn paragraph(&mut self, paragraph: &Paragraph) {
        let look = look::of(paragraph.style);
        let number = self.numbers.next(paragraph.style);
        let lead = self.lead(paragraph, &look, number.as_deref());
        let runs: Vec<Run<'_>> =
            paragraph.spans.iter().map(|span| run(span, paragraph.style, &look.text)).collect();
        let lines = lines(&runs, TEXT_WIDTH - lead.x, &look.text, self.fonts);
        let mut slabs = set_lines(lines, paragraph, &look, lead.x);
        if let (Some(first), Some((x, line))) = (slabs.first_mut(), lead.before) {
            // Before the text, as whoever copies it out of the document expects.
            let text = std::mem::take(&mut first.marks);
            first.add_lines(vec![line], x, 0.0);
            first.marks.extend(text);
        }
        if let (Some(first), Some(level)) = (slabs.first_mut(), paragraph.style.outline_level()) {
            first.bookmark = title(&paragraph.spans, number).map(|title| (level, title));
        }
        for slab in slabs {
            self.push(slab);
        }
    }

    fn lead(&self, paragraph: &Paragraph, look: &Look, number: Option<&str>) -> Lead {
        let indent = f32::from(paragraph.indent) * INDENT;
        let x = indent.min(TEXT_WIDTH / 2.0);
        if let Some(number) = number {
            return Lead {
                x: NUMBER_WIDTH,
                before: Some((0.0, self.one_line(number, &look.text))),
            };
        }
        let item = paragraph.list.and_then(|item| Some((item, self.report.lists.get(item.list)?)));
        let Some((item, list)) = item else { return Lead { x, before: None } };
        let label = list.label(item.number);
        let marker_width = width(&label, &look.text, self.fonts);
        let x = x.max(marker_width + MARKER_GAP);
        let marker = self.one_line(&label, &look.text);
        Lead { x, before: Some((x - MARKER_GAP - marker_width, marker)) }
    }

    fn one_line(&self, text: &str, style: &Style) -> Line {
        let runs = [Run::new(text, style.clone())];
        lines(&runs, f32::INFINITY, style, self.fonts).pop().unwrap_or_default()
    }

    fn rule(&mut self) {
        let area = Area { x: 0.0, y: 0.0, width: TEXT_WIDTH, height: 0.75 };
        let marks = vec![Mark::Fill { area, color: look::GREY }];
        self.push(Slab { height: 1.0, space_before: AROUND, marks, ..Slab::default() });
        self.space = AROUND;
    }

    fn facts(&mut self, facts: &[Fact]) {
        let value = Style::new(Typeface::Regular, 11.0);
        let label = Style::new(Typeface::Bold, 11.0);
        for (index, fact) in facts.iter().enumerate() {
            let room = LABEL_WIDTH - MARKER_GAP;
            let labels = lines(&[Run::new(&fact.label, label.clone())], room, &label, self.fonts);
            let runs = [Run::new(&fact.value, value.clone())];
            let values = lines(&runs, TEXT_WIDTH - LABEL_WIDTH, &value, self.fonts);
            let space_before = if index == 0 { AROUND } else { 2.0 };
            let mut slab = Slab { space_before, ..Slab::default() };
            for (x, lines) in [(0.0, labels), (LABEL_WIDTH, values)] {
                slab.height = slab.height.max(slab.add_lines(lines, x, 0.0));
            }
            self.push(slab);
        }
        self.space = AROUND;
    }

    fn table(&mut self, table: &report::Table) {
        let plain = Style::new(Typeface::Regular, 10.0);
        let bold = Style::new(Typeface::Bold, 10.0);
        let column = |column: &report::Column| Column {
            width: TEXT_WIDTH * f32::from(column.width) / 100.0,
            align: if column.numeric { Align::Right } else { Align::Left },
        };
        let columns: Vec<Column> = table.columns.iter().map(column).collect();
        let setter = Table { columns, fonts: self.fonts };
        let titles = table.columns.iter().map(|column| column.title.as_str());
        let header = setter.header(titles, &bold);
        let mut slabs = vec![Slab::clone(&header)];
        let rows = table.rows.iter().map(|row| (row, &plain));
        let rows: Vec<_> = rows.chain(table.sum.iter().map(|sum| (sum, &bold))).collect();
        let second_last = rows.len().checked_sub(2);
        for (index, (row, style)) in rows.into_iter().enumerate() {
            let mut parts = setter.row(row.iter().map(String::as_str), style, &header);
            if let Some(last) = parts.last_mut() {
                // The sum does not begin a page: it says nothing there.
                last.keep_with_next = table.sum.is_some() && Some(index) == second_last;
            }
            slabs.extend(parts);
        }
        self.space = self.space.max(CLOSE);
        for slab in slabs {
            self.push(slab);
        }
        self.space = AROUND;
    }

    fn classification(&mut self, text: &str) {
        let mut style = Style::new(Typeface::Bold, 11.0);
        style.color = look::RED;
        let inner = TEXT_WIDTH - 2.0 * AROUND;
        let set = lines(&[Run::new(text, style.clone())], inner, &style, self.fonts);
        let mut slab = Slab { space_before: AROUND, ..Slab::default() };
        let mut y = AROUND;
        for line in set {
            let x = AROUND + Align::Center.offset(inner, line.width);
            y += slab.add_lines(vec![line], x, y);
        }
        slab.height = y + AROUND;
        let area = Area { x: 0.0, y: 0.0, width: TEXT_WIDTH, height: slab.height };
        slab.marks.extend(frame(area).map(|area| Mark::Fill { area, color: look::RED }));
        self.push(slab);
        self.space = AROUND;
    }

    fn figure(&mut self, shown: &Figure, captioned: bool) {
        let Some(number) = self.figures.add(&shown.picture) else {
            let text = format!("[Figuren kan ikke vises: {}]", shown.alt);
            let spans = vec![Span::plain(text)];
            let style = report::Style::Placeholder;
            return self.paragraph(&Paragraph { style, spans, ..Paragraph::default() });
        };
        let width = TEXT_WIDTH * f32::from(shown.width_percent.min(100)) / 100.0;
        let shape = width * figure::ratio(shown.picture.height, shown.picture.width);
        let room = TEXT_HEIGHT - CAPTION_HEIGHT;
        let (width, height) =
            if shape > room { (width * room / shape, room) } else { (width, shape) };
        let marks = vec![Mark::Picture { area: Area { x: 0.0, y: 0.0, width, height }, number }];
        let space_before = AROUND;
        let slab =
            Slab { height, space_before, keep_with_next: captioned, marks, ..Slab::default() };
        self.push(slab);
        self.space = CLOSE;
    }
}

fn is_caption(block: Option<&Block>) -> bool {
    matches!(block, Some(Block::Paragraph(paragraph)) if paragraph.style == report::Style::FigureCaption)
}

/// Lines as slabs. Two lines of a paragraph stay together at either end, so that no page begins or
/// ends with a single one; a paragraph that must be torn nevertheless still is.
fn set_lines(lines: Vec<Line>, paragraph: &Paragraph, look: &Look, x: f32) -> Vec<Slab> {
    let count = lines.len();
    let space = if paragraph.list.is_some() { CLOSE } else { look.space_before };
    let set = |(index, line): (usize, Line)| {
        let mut slab = Slab {
            space_before: if index == 0 { space } else { 0.0 },
            keep_with_next: look.keep_with_next || (index == 0 && count > 1) || index + 2 == count,
            ..Slab::default()
        };
        ground(&mut slab, paragraph, &line, x);
        let indent = look.align.offset(TEXT_WIDTH - x, line.width);
        slab.height = slab.add_lines(vec![line], x + indent, 0.0);
        slab
    };
    lines.into_iter().enumerate().map(set).collect()
}

/// What lies beside or under a line of a quotation or of code.
fn ground(slab: &mut Slab, paragraph: &Paragraph, line: &Line, x: f32) {
    let height = line.height();
    let (area, color) = match paragraph.style {
        report::Style::Quote => {
            (Area { x: x - INDENT / 2.0, y: 0.0, width: 1.5, height }, look::GREY)
        }
        report::Style::Code => {
            let around = x - CLOSE;
            (Area { x: around, y: 0.0, width: TEXT_WIDTH - around, height }, look::SHADE)
        }
        _ => return,
    };
    slab.marks.push(Mark::Fill { area, color });
}

/// The four sides of a frame.
fn frame(area: Area) -> [Area; 4] {
    let Area { x, y, width, height } = area;
    [
        Area { x, y, width, height: FRAME },
        Area { x, y: y + height - FRAME, width, height: FRAME },
        Area { x, y, width: FRAME, height },
        Area { x: x + width - FRAME, y, width: FRAME, height },
    ]
}

/// The title that leads to a heading from the outline.
fn title(spans: &[Span], number: Option<String>) -> Option<String> {
    let text: String =
        spans.iter().filter(|span| !is_deleted(span)).map(|span| &*span.text).collect();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let parts: Vec<String> =
        number.into_iter().chain((!words.is_empty()).then_some(words)).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn is_deleted(span: &Span) -> bool {
    matches!(span.marks.revision, Some(Revision::Deletion(_)))
}

/// A span in the style that its paragraph and its marks make.
fn run<'a>(span: &'a Span, kind: report::Style, base: &Style) -> Run<'a> {
    let Marks { format, strike, code, link, revision, comments, .. } = &span.marks;
    let mut style = base.clone();
    let bold = format.bold || matches!(base.typeface, Typeface::Bold | Typeface::BoldItalic);
    let italic = format.italic || matches!(base.typeface, Typeface::Italic | Typeface::BoldItalic);
    style.typeface = Typeface::of(bold, italic);
    style.underline |= format.underline;
    style.strike = *strike;
    if *code && kind != report::Style::Code {
        style.ground = Some(look::SHADE);
    }
    if let Some(link) = link {
        style.link = Some(Rc::from(link.as_str()));
        style.color = look::LINK;
        style.underline = true;
    }
    match revision {
        Some(Revision::Insertion(_)) => {
            style.color = look::INSERTED;
            style.underline = true;
        }
        Some(Revision::Deletion(_)) => {
            style.color = look::DELETED;
            style.strike = true;
        }
        None => {}
    }
    if !comments.is_empty() {
        style.ground = Some(look::COMMENTED);
        style.comments = comments.iter().map(|mark| Rc::from(mark.id.as_str())).collect();
    }
    Run { text: Cow::Borrowed(&span.text), style }
}
