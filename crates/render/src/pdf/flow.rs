//! From a column of things to pages: where one page ends and the next begins.
//!
//! Whatever is set becomes a [`Slab`], a strip as wide as the page that is never torn. Slabs that
//! say so stay together with the next one: a heading with its text, the first two lines of a
//! paragraph, a table's header with its first row. Only what is taller than a page is torn apart.
//!
//! All lengths are points; here `y` grows downwards, and the last step turns it around.

use std::rc::Rc;

use super::text::{Color, Line, Piece};

/// A4 upright (documents contract 4.2).
pub(super) const PAGE_WIDTH: f32 = 595.28;
pub(super) const PAGE_HEIGHT: f32 = 841.89;
/// 2.54 cm on all sides.
pub(super) const MARGIN: f32 = 72.0;
/// What a line of text may fill.
pub(super) const TEXT_WIDTH: f32 = PAGE_WIDTH - 2.0 * MARGIN;
/// What a page may fill.
pub(super) const TEXT_HEIGHT: f32 = PAGE_HEIGHT - 2.0 * MARGIN;

/// A rectangle with its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) height: f32,
}

/// Something to be seen on a page.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    /// Text from `x` of the piece, on a baseline.
    Text { baseline: f32, piece: Piece },
    /// A coloured area; lines are thin ones.
    Fill { area: Area, color: Color },
    /// A picture, by its number.
    Picture { area: Area, number: usize },
}

impl Mark {
    fn moved(mut self, right: f32, down: f32) -> Self {
        match &mut self {
            Self::Text { baseline, piece } => {
                *baseline += down;
                piece.x += right;
            }
            Self::Fill { area, .. } | Self::Picture { area, .. } => {
                area.x += right;
                area.y += down;
            }
        }
        self
    }
}

/// An entry of the outline that readers show beside the pages.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bookmark {
    /// From 1.
    pub(super) level: u8,
    pub(super) title: String,
    /// From 0.
    pub(super) page: usize,
    pub(super) y: f32,
}

/// A strip as wide as the text.
#[derive(Clone, Debug, Default)]
pub(super) struct Slab {
    pub(super) height: f32,
    /// Distance to what is above, unless the page begins here.
    pub(super) space_before: f32,
    /// Not the last thing on a page.
    pub(super) keep_with_next: bool,
    /// Drawn first when the page begins here: the header row of a table.
    pub(super) header: Option<Rc<Slab>>,
    /// Level and title, if the outline leads here.
    pub(super) bookmark: Option<(u8, String)>,
    /// Placed relative to the slab's upper left corner.
    pub(super) marks: Vec<Mark>,
}

impl Slab {
    /// Adds lines of text whose upper left corner is at `(x, y)`, and returns their height.
    pub(super) fn add_lines(&mut self, lines: Vec<Line>, x: f32, y: f32) -> f32 {
        let mut height = 0.0;
        for line in lines {
            let baseline = y + height + line.ascent;
            height += line.height();
            for mut piece in line.pieces {
                piece.x += x;
                self.marks.push(Mark::Text { baseline, piece });
            }
        }
        height
    }
}

/// What was laid out.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// The marks of each page, placed on the page.
    pub(super) pages: Vec<Vec<Mark>>,
    /// In the order of the document.
    pub(super) bookmarks: Vec<Bookmark>,
}

/// Fills pages from top to bottom.
#[derive(Debug)]
pub(super) struct Flow {
    done: Pages,
    page: Vec<Mark>,
    /// Height that the page has used.
    used: f32,
    /// Slabs that wait for the one they stay with.
    chain: Vec<Slab>,
}

impl Flow {
    pub(super) fn new() -> Self {
        Self { done: Pages::default(), page: Vec::new(), used: 0.0, chain: Vec::new() }
    }

    pub(super) fn push(&mut self, slab: Slab) {
        let waits = slab.keep_with_next;
        self.chain.push(slab);
        if !waits {
            self.place_chain();
        }
    }

    /// Begins a new page, unless one has just begun.
    pub(super) fn break_page(&mut self) {
        self.place_chain();
        if self.used > 0.0 {
            self.end_page();
        }
    }

    pub(super) fn finish(mut self) -> Pages {
        self.place_chain();
        // A document has a page, also when there is nothing on it.
        if self.used > 0.0 || self.done.pages.is_empty() {
            self.end_page();
        }
        self.done
    }

    fn place_chain(&mut self) {
        let chain = std::mem::take(&mut self.chain);
        let together = self.height_here(&chain);
        if self.used > 0.0 && self.used + together > TEXT_HEIGHT && fits_a_page(&chain) {
            self.end_page();
        }
        for slab in chain {
            self.place(slab);
        }
    }

    fn height_here(&self, chain: &[Slab]) -> f32 {
        let all: f32 = chain.iter().map(|slab| slab.space_before + slab.height).sum();
        let first = chain.first().filter(|_| self.used == 0.0);
        all - first.map_or(0.0, |slab| slab.space_before)
    }

    fn place(&mut self, slab: Slab) {
        if self.used > 0.0 && self.used + slab.space_before + slab.height > TEXT_HEIGHT {
            self.end_page();
        }
        if self.used > 0.0 {
            self.used += slab.space_before;
        } else if let Some(header) = &slab.header {
            let header = Slab::clone(header);
            self.draw(header);
        }
        self.draw(slab);
    }

    fn draw(&mut self, slab: Slab) {
        let top = MARGIN + self.used;
        if let Some((level, title)) = slab.bookmark {
            let page = self.done.pages.len();
            self.done.bookmarks.push(Bookmark { level, title, page, y: top });
        }
        self.page.extend(slab.marks.into_iter().map(|mark| mark.moved(MARGIN, top)));
        self.used += slab.height;
    }

    fn end_page(&mut self) {
        self.done.pages.push(std::mem::take(&mut self.page));
        self.used = 0.0;
    }
}

/// Whether the chain would fit if a page began with it.
fn fits_a_page(chain: &[Slab]) -> bool {
    let Some(first) = chain.first() else { return true };
    let header = first.header.as_ref().map_or(0.0, |header| header.height);
    let all: f32 = chain.iter().map(|slab| slab.space_before + slab.height).sum();
    header + all - first.space_before <= TEXT_HEIGHT
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slab that can be told by its width.
    fn slab(name: f32, height: f32) -> Slab {
        let area = Area { x: 0.0, y: 0.0, width: name, height };
        Slab { height, marks: vec![Mark::Fill { area, color: Color::BLACK }], ..Slab::default() }
    }

    fn names(pages: &Pages) -> Vec<Vec<f32>> {
        let name = |mark: &Mark| match mark {
            Mark::Fill { area, .. } => area.width,
            _ => f32::NAN,
        };
        pages.pages.iter().map(|page| page.iter().map(name).collect()).collect()
    }

    fn flow(slabs: Vec<Slab>) -> Pages {
        let mut flow = Flow::new();
        for slab in slabs {
            flow.push(slab);
        }
        flow.finish()
    }

    #[test]
    fn nothing_is_one_empty_page() {
        assert_eq!(names(&flow(vec![])), [Vec::<f32>::new()]);
    }

    #[test]
    fn a_page_is_filled_to_its_end() {
        let third = TEXT_HEIGHT / 3.0;
        let pages =
            flow(vec![slab(1.0, third), slab(2.0, third), slab(3.0, third), slab(4.0, 1.0)]);
        assert_eq!(names(&pages), [vec![1.0, 2.0, 3.0], vec![4.0]]);
    }

    #[test]
    fn a_heading_goes_with_its_text() {
        let heading = Slab { keep_with_next: true, ..slab(2.0, 20.0) };
        let pages = flow(vec![slab(1.0, TEXT_HEIGHT - 30.0), heading, slab(3.0, 20.0)]);
        assert_eq!(names(&pages), [vec![1.0], vec![2.0, 3.0]]);
    }

    #[test]
    fn what_is_taller_than_a_page_is_torn_apart() {
        let link = |name| Slab { keep_with_next: true, ..slab(name, TEXT_HEIGHT * 0.6) };
        let pages = flow(vec![link(1.0), link(2.0), slab(3.0, 10.0)]);
        assert_eq!(names(&pages), [vec![1.0], vec![2.0, 3.0]]);
    }

    #[test]
    fn a_chain_that_nothing_follows_is_not_lost() {
        let heading = Slab { keep_with_next: true, ..slab(1.0, 20.0) };
        assert_eq!(names(&flow(vec![heading])), [vec![1.0]]);
    }

    #[test]
    fn a_page_does_not_begin_with_space() {
        let spaced = |name| Slab { space_before: 50.0, ..slab(name, TEXT_HEIGHT - 10.0) };
        let pages = flow(vec![spaced(1.0), spaced(2.0)]);
        for page in &pages.pages {
            let [Mark::Fill { area, .. }] = page[..] else { panic!("one mark") };
            assert!((area.y - MARGIN).abs() < 0.01);
        }
    }

    #[test]
    fn a_header_is_repeated_where_a_page_begins() {
        let header = Rc::new(slab(0.0, 20.0));
        let row = |name| Slab { header: Some(Rc::clone(&header)), ..slab(name, 300.0) };
        let mut first = Slab::clone(&header);
        first.keep_with_next = true;
        let pages = flow(vec![first, row(1.0), row(2.0), row(3.0)]);
        assert_eq!(names(&pages), [vec![0.0, 1.0, 2.0], vec![0.0, 3.0]]);
    }

    #[test]
    fn a_bookmark_knows_its_page_and_place() {
        let heading = Slab { bookmark: Some((1, "Slutt".into())), ..slab(2.0, 20.0) };
        let pages = flow(vec![slab(1.0, TEXT_HEIGHT), heading]);
        let expected = Bookmark { level: 1, title: "Slutt".into(), page: 1, y: MARGIN };
        assert_eq!(pages.bookmarks, [expected]);
    }
}
