//! Tables: cells that wrap, rows that are not torn, and a header on every page.

use std::rc::Rc;

use super::flow::{Area, Mark, Slab, TEXT_HEIGHT};
use super::fonts::Fonts;
use super::text::{Color, Line, Run, Style, lines};

const PADDING: f32 = 3.0;
/// Borders are half a point (documents contract 5.7).
const BORDER: f32 = 0.5;
/// `999999`.
const BORDER_COLOR: Color = Color(0.6, 0.6, 0.6);
/// `E8E8E8`.
pub(super) const HEADER_COLOR: Color = Color(0.91, 0.91, 0.91);

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Align {
    #[default]
    Left,
    Center,
    Right,
}

impl Align {
    /// Distance of a line from the start of the space it has.
    pub(super) fn offset(self, space: f32, line: f32) -> f32 {
        match self {
            Self::Left => 0.0,
            Self::Center => ((space - line) / 2.0).max(0.0),
            Self::Right => (space - line).max(0.0),
        }
    }
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) width: f32,
    pub(super) align: Align,
}

/// Sets rows.
pub(super) struct Table<'a> {
    pub(super) columns: Vec<Column>,
    pub(super) fonts: &'a Fonts,
}

impl Table<'_> {
    /// The row that stands above all others, on every page.
    pub(super) fn header<'t>(
        &self,
        titles: impl Iterator<Item = &'t str>,
        style: &Style,
    ) -> Rc<Slab> {
        let mut header = self.slab(self.cells(titles, style), Some(HEADER_COLOR));
        header.keep_with_next = true;
        Rc::new(header)
    }

    /// A row: one slab, or as many as it takes when it is taller than a page.
    pub(super) fn row<'t>(
        &self,
        cells: impl Iterator<Item = &'t str>,
        style: &Style,
        header: &Rc<Slab>,
    ) -> Vec<Slab> {
        let room = TEXT_HEIGHT - header.height - 2.0 * PADDING;
        let mut left = self.cells(cells, style);
        let mut slabs = Vec::new();
        while left.iter().any(|lines| !lines.is_empty()) {
            let part = left.iter_mut().map(|lines| take(lines, room)).collect();
            slabs.push(Slab { header: Some(Rc::clone(header)), ..self.slab(part, None) });
        }
        slabs
    }

    /// The lines of each cell; a row may have too few cells or too many.
    fn cells<'t>(&self, cells: impl Iterator<Item = &'t str>, style: &Style) -> Vec<Vec<Line>> {
        let set = |(column, cell): (&Column, &'t str)| {
            let room = (column.width - 2.0 * PADDING).max(style.size);
            lines(&[Run::new(cell, style.clone())], room, style, self.fonts)
        };
        self.columns.iter().zip(cells.chain(std::iter::repeat(""))).map(set).collect()
    }

    fn slab(&self, cells: Vec<Vec<Line>>, fill: Option<Color>) -> Slab {
        let tallest = cells.iter().map(|lines| height(lines)).fold(0.0, f32::max);
        let height = tallest + 2.0 * PADDING;
        let width: f32 = self.columns.iter().map(|column| column.width).sum();
        let mut slab = Slab { height, ..Slab::default() };
        if let Some(color) = fill {
            let area = Area { x: 0.0, y: 0.0, width, height };
            slab.marks.push(Mark::Fill { area, color });
        }
        let mut left = 0.0;
        for (column, lines) in self.columns.iter().zip(cells) {
            let mut y = PADDING;
            for line in lines {
                let offset = column.align.offset(column.width - 2.0 * PADDING, line.width);
                y += slab.add_lines(vec![line], left + PADDING + offset, y);
            }
            slab.marks.push(border(left, 0.0, BORDER, height));
            left += column.width;
        }
        slab.marks.push(border(left, 0.0, BORDER, height));
        slab.marks.push(border(0.0, 0.0, width + BORDER, BORDER));
        slab.marks.push(border(0.0, height, width + BORDER, BORDER));
        slab
    }
}

fn border(x: f32, y: f32, width: f32, height: f32) -> Mark {
    Mark::Fill { area: Area { x, y, width, height }, color: BORDER_COLOR }
}

fn height(lines: &[Line]) -> f32 {
    lines.iter().map(Line::height).sum()
}

/// Takes the lines that fit, and at least one.
fn take(lines: &mut Vec<Line>, room: f32) -> Vec<Line> {
    let mut used = 0.0;
    let fitting = lines.iter().take_while(|line| {
        used += line.height();
        used <= room
    });
    let count = fitting.count().max(1).min(lines.len());
    lines.drain(..count).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fonts::Typeface;
    use super::super::tests::fonts;
    use super::*;

    const BODY: Style = Style::new(Typeface::Regular, 10.0);

    fn table() -> Table<'static> {
        let column = |width, align| Column { width, align };
        let columns = vec![column(200.0, Align::Left), column(80.0, Align::Right)];
        Table { columns, fonts: fonts() }
    }

    fn rows(name: &str, amount: &str) -> Vec<Slab> {
        let header = table().header(["Sak", "Beløp"].into_iter(), &BODY);
        table().row([name, amount].into_iter(), &BODY, &header)
    }

    fn texts(slab: &Slab) -> Vec<(f32, String)> {
        let text = |mark: &Mark| match mark {
            Mark::Text { piece, .. } => Some((piece.x + piece.width, piece.text.clone())),
            _ => None,
        };
        slab.marks.iter().filter_map(text).collect()
    }

    #[test]
    fn numbers_end_at_the_same_place() {
        for amount in ["5", "12 500"] {
            let (end, text) = texts(&rows("Tog", amount)[0])[1].clone();
            assert_eq!(text, amount);
            assert!((end - (280.0 - PADDING)).abs() < 0.01);
        }
    }

    #[test]
    fn a_long_cell_wraps_and_makes_the_row_taller() {
        let long = "Investeringer i jernbane og vei på Sørlandet og i resten av landet";
        assert!(rows(long, "5")[0].height > rows("Tog", "5")[0].height * 1.5);
    }

    #[test]
    fn a_row_taller_than_a_page_is_torn_and_loses_nothing() {
        let slabs = rows(&"ord ".repeat(8_000), "5");
        let words: usize = slabs
            .iter()
            .flat_map(texts)
            .map(|(_, text)| text.split_whitespace().filter(|word| *word == "ord").count())
            .sum();
        assert_eq!(words, 8_000);
        assert!(slabs.len() > 1 && slabs.iter().all(|slab| slab.height <= TEXT_HEIGHT));
    }

    #[test]
    fn missing_cells_are_empty() {
        let header = table().header(std::iter::empty(), &BODY);
        let slabs = table().row(["alene"].into_iter(), &BODY, &header);
        assert_eq!(texts(&slabs[0]).len(), 1);
    }
}
