//! From text to lines: which letters can be shown, how wide they are, and where a line may end.
//!
//! Lines are broken by the Unicode algorithm, so that an amount is not torn from its unit when a
//! no-break space stands between them. Nothing here can fail: a letter that the font lacks is shown
//! as a box, and a word that is wider than the page is cut.

use std::borrow::Cow;
use std::rc::Rc;

use unicode_linebreak::{BreakOpportunity, linebreaks};
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use super::fonts::{Face, Fonts, Glyph, Typeface};

/// Shown for a letter that the font lacks, in order of preference.
const REPLACEMENTS: [char; 2] = ['□', '?'];
const SOFT_HYPHEN: char = '\u{ad}';
/// Widths are sums of rounded numbers; a line that fits exactly must not be broken for that.
const TOLERANCE: f32 = 0.01;

/// A colour, each part from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Color(pub(super) f32, pub(super) f32, pub(super) f32);

impl Color {
    pub(super) const BLACK: Self = Self(0.0, 0.0, 0.0);
}

/// How a stretch of text looks. Lengths are points.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Style {
    pub(super) typeface: Typeface,
    pub(super) size: f32,
    pub(super) color: Color,
    pub(super) underline: bool,
    pub(super) strike: bool,
    /// Colour behind the letters.
    pub(super) ground: Option<Color>,
    /// Address that a click leads to.
    pub(super) link: Option<Rc<str>>,
    /// Comments that lie on it.
    pub(super) comments: Vec<Rc<str>>,
}

impl Style {
    pub(super) const fn new(typeface: Typeface, size: f32) -> Self {
        Self {
            typeface,
            size,
            color: Color::BLACK,
            underline: false,
            strike: false,
            ground: None,
            link: None,
            comments: Vec::new(),
        }
    }
}

/// A stretch of text in one style.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) style: Style,
}

impl<'a> Run<'a> {
    pub(super) fn new(text: impl Into<Cow<'a, str>>, style: Style) -> Self {
        Self { text: text.into(), style }
    }
}

/// A part of a line in one style.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    /// Distance from the start of the line.
    pub(super) x: f32,
    pub(super) width: f32,
    /// The letters as they are shown: the font has every one of them.
    pub(super) text: String,
    pub(super) style: Style,
}

/// A line of text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Line {
    pub(super) pieces: Vec<Piece>,
    /// Without the spaces at its end.
    pub(super) width: f32,
    pub(super) ascent: f32,
    pub(super) descent: f32,
}

impl Line {
    pub(super) fn height(&self) -> f32 {
        self.ascent + self.descent
    }
}

/// A letter on its way into a line.
struct Atom {
    shown: Option<char>,
    run: usize,
    width: f32,
    /// Takes no part in the width of a line when it ends it.
    hangs: bool,
    soft_hyphen: bool,
    after: Option<BreakOpportunity>,
}

/// Breaks text into lines of at most `width`. There is always one line, be it empty; it is as high
/// as `base`, or as the largest letters in it.
pub(super) fn lines(runs: &[Run<'_>], width: f32, base: &Style, fonts: &Fonts) -> Vec<Line> {
    let atoms = atoms(runs, fonts);
    let mut lines = Vec::new();
    let mut push = |from: usize, to: usize| {
        lines.push(line(atoms.get(from..to).unwrap_or_default(), runs, base, fonts));
    };
    let mut start = 0;
    let mut allowed = 0;
    let mut pen = Pen::default();
    for (at, atom) in atoms.iter().enumerate() {
        pen.pass(atom);
        while pen.ink > width + TOLERANCE && at > start {
            // Without a place to break the word is cut.
            let end = if allowed > start { allowed } else { at };
            push(start, end);
            start = end;
            pen = Pen::default();
            atoms.iter().take(at + 1).skip(start).for_each(|atom| pen.pass(atom));
        }
        match atom.after {
            Some(BreakOpportunity::Mandatory) => {
                push(start, at + 1);
                start = at + 1;
                pen = Pen::default();
            }
            Some(BreakOpportunity::Allowed)
                if !atom.soft_hyphen || pen.ink + base.size / 3.0 < width =>
            {
                allowed = at + 1;
            }
            _ => {}
        }
    }
    if start < atoms.len() || lines.is_empty() {
        lines.push(line(atoms.get(start..).unwrap_or_default(), runs, base, fonts));
    }
    lines
}

/// Where the next letter goes.
#[derive(Default)]
struct Pen {
    x: f32,
    /// End of the last letter that can be seen.
    ink: f32,
}

impl Pen {
    fn pass(&mut self, atom: &Atom) {
        self.x += atom.width;
        if !atom.hangs {
            self.ink = self.x;
        }
    }
}

fn atoms(runs: &[Run<'_>], fonts: &Fonts) -> Vec<Atom> {
    let composed: Vec<Cow<'_, str>> = runs.iter().map(|run| composed(&run.text)).collect();
    let whole = composed.concat();
    let mut breaks = linebreaks(&whole).peekable();
    let mut atoms = Vec::with_capacity(whole.len());
    let mut end = 0;
    for (index, (run, text)) in runs.iter().zip(&composed).enumerate() {
        let face = fonts.face(run.style.typeface);
        for letter in text.chars() {
            end += letter.len_utf8();
            let after = breaks.next_if(|(at, _)| *at == end).map(|(_, opportunity)| opportunity);
            let shown = shown(face, letter);
            atoms.push(Atom {
                shown: shown.map(|(letter, _)| letter),
                run: index,
                width: shown.map_or(0.0, |(_, glyph)| width_of(glyph, run.style.size)),
                hangs: shown.is_none() || letter.is_whitespace(),
                soft_hyphen: letter == SOFT_HYPHEN,
                after,
            });
        }
    }
    // The algorithm ends every text with a break, but a paragraph's end is no empty line.
    if let Some(last) = atoms.last_mut() {
        last.after = None;
    }
    atoms
}

/// Letters and their accents joined, because accents that stand alone are not placed.
fn composed(text: &str) -> Cow<'_, str> {
    if is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// What is drawn for a letter; `None` for those that only control the text.
fn shown(face: &Face, letter: char) -> Option<(char, Glyph)> {
    // A space of any kind is drawn as a plain one: whoever copies text out of the document wants to
    // find it again.
    let letter = match letter {
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\t' => ' ',
        '\u{2010}' | '\u{2011}' => '-',
        '\u{2012}' | '\u{2015}' => '–',
        '\u{2032}' => '\'',
        '\u{2033}' => '"',
        other if is_invisible(other) => return None,
        other => other,
    };
    let drawn = |letter: char| face.glyph(letter).map(|glyph| (letter, glyph));
    drawn(letter).or_else(|| REPLACEMENTS.into_iter().find_map(drawn))
}

fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            SOFT_HYPHEN
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
        )
}

fn width_of(glyph: Glyph, size: f32) -> f32 {
    f32::from(glyph.advance) * size / 1000.0
}

fn line(atoms: &[Atom], runs: &[Run<'_>], base: &Style, fonts: &Fonts) -> Line {
    let seen = atoms.iter().rposition(|atom| !atom.hangs).map_or(0, |last| last + 1);
    let mut pieces: Vec<(usize, Piece)> = Vec::new();
    let mut x = 0.0;
    for atom in atoms.iter().take(seen) {
        let (Some(letter), Some(run)) = (atom.shown, runs.get(atom.run)) else { continue };
        match pieces.last_mut() {
            Some((index, piece)) if *index == atom.run => {
                piece.text.push(letter);
                piece.width += atom.width;
            }
            _ => {
                let style = run.style.clone();
                let piece = Piece { x, width: atom.width, text: letter.into(), style };
                pieces.push((atom.run, piece));
            }
        }
        x += atom.width;
    }
    if atoms.last().is_some_and(|atom| atom.soft_hyphen && atom.after.is_some()) {
        x += hyphenate(pieces.last_mut().map(|(_, piece)| piece), fonts);
    }
    let pieces: Vec<Piece> = pieces.into_iter().map(|(_, piece)| piece).collect();
    let mut line = Line { pieces, width: x, ..Line::default() };
    (line.ascent, line.descent) = extent(&line.pieces, base, fonts);
    line
}

/// A word that is broken at a soft hyphen shows it; the width that is added is returned.
fn hyphenate(piece: Option<&mut Piece>, fonts: &Fonts) -> f32 {
    let Some(piece) = piece else { return 0.0 };
    let Some((hyphen, glyph)) = shown(fonts.face(piece.style.typeface), '-') else { return 0.0 };
    let width = width_of(glyph, piece.style.size);
    piece.text.push(hyphen);
    piece.width += width;
    width
}

fn extent(pieces: &[Piece], base: &Style, fonts: &Fonts) -> (f32, f32) {
    let styles = pieces.iter().map(|piece| &piece.style).chain([base]);
    styles.fold((0.0, 0.0), |(ascent, descent): (f32, f32), style| {
        let face = fonts.face(style.typeface);
        (ascent.max(face.ascent() * style.size), descent.max(face.descent() * style.size))
    })
}

/// Width of a text on one line.
pub(super) fn width(text: &str, style: &Style, fonts: &Fonts) -> f32 {
    let face = fonts.face(style.typeface);
    let advance =
        |letter| shown(face, letter).map_or(0.0, |(_, glyph)| width_of(glyph, style.size));
    text.chars().map(advance).sum()
}

#[cfg(test)]
mod tests {
    use super::super::tests::fonts;
    use super::*;

    const BODY: Style = Style::new(Typeface::Regular, 12.0);

    fn texts(text: &str, width: f32) -> Vec<String> {
        let runs = [Run::new(text, BODY)];
        let text = |line: &Line| line.pieces.iter().map(|piece| piece.text.as_str()).collect();
        lines(&runs, width, &BODY, fonts()).iter().map(text).collect()
    }

    #[test]
    fn an_empty_paragraph_is_one_empty_line() {
        let lines = lines(&[], 100.0, &BODY, fonts());
        assert_eq!(lines.len(), 1);
        assert!(lines[0].pieces.is_empty() && lines[0].height() > 12.0);
    }

    #[test]
    fn no_line_is_wider_than_asked_and_no_letter_is_lost() {
        let text = "Regjeringen foreslår å øke bevilgningen til jernbanen med 1 250 mill. kroner.";
        for width in [20.0, 60.0, 111.0, 300.0] {
            let runs = [Run::new(text, BODY)];
            let lines = lines(&runs, width, &BODY, fonts());
            assert!(lines.iter().all(|line| line.width <= width + TOLERANCE), "{width}");
            let letters: String = texts(text, width).concat();
            assert_eq!(letters.replace(' ', ""), text.replace(' ', ""), "{width}");
        }
    }

    #[test]
    fn a_no_break_space_holds_amount_and_unit_together() {
        let text = "Kostnaden er 10\u{a0}mill.\u{a0}kroner";
        let wide = width("Kostnaden er 10 mill.", &BODY, fonts());
        assert_eq!(texts(text, wide), ["Kostnaden er", "10 mill. kroner"]);
    }

    #[test]
    fn a_line_end_in_the_text_ends_the_line() {
        assert_eq!(texts("en\nto\n\nfire", 500.0), ["en", "to", "", "fire"]);
        assert_eq!(texts("slutt\n", 500.0), ["slutt"]);
    }

    #[test]
    fn spaces_that_end_a_line_do_not_count() {
        let wide = width("to", &BODY, fonts());
        assert_eq!(texts("to    to", wide), ["to", "to"]);
    }

    #[test]
    fn a_word_wider_than_the_line_is_cut() {
        let lines = texts(&"x".repeat(100), 50.0);
        assert!(lines.len() > 5);
        assert_eq!(lines.concat().len(), 100);
    }

    #[test]
    fn a_soft_hyphen_shows_only_where_it_breaks() {
        let word = "departements\u{ad}listen";
        assert_eq!(texts(word, 500.0), ["departementslisten"]);
        assert_eq!(texts(word, 80.0), ["departements-", "listen"]);
    }

    #[test]
    fn a_letter_the_font_lacks_is_a_box() {
        assert_eq!(texts("a😀b\u{10ffff}", 500.0), ["a□b□"]);
    }

    #[test]
    fn control_characters_are_not_drawn() {
        assert_eq!(texts("a\u{0}b\u{1b}c\u{feff}d\u{202e}e", 500.0), ["abcde"]);
    }

    #[test]
    fn accents_that_stand_alone_are_joined() {
        assert_eq!(texts("Bla\u{30a}ba\u{308}r", 500.0), ["Blåbär"]);
    }

    #[test]
    fn styles_change_inside_a_line() {
        let bold = Style::new(Typeface::Bold, 12.0);
        let runs = [Run::new("Sak: ", bold.clone()), Run::new("Nytt tog", BODY)];
        let lines = lines(&runs, 500.0, &BODY, fonts());
        let [line] = &lines[..] else { panic!("one line") };
        assert_eq!(line.pieces.len(), 2);
        assert_eq!(line.pieces[0].style, bold);
        assert!((line.pieces[1].x - line.pieces[0].width).abs() < TOLERANCE);
    }

    #[test]
    fn a_tab_is_a_space() {
        assert_eq!(texts("a\tb", 500.0), ["a b"]);
    }
}
