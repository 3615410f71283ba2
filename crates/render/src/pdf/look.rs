//! How each kind of paragraph looks (documents contract 4.2 and 5.1).

use super::fonts::Typeface;
use super::table::Align;
use super::text::{Color, Style};
use crate::report;

/// One step of indentation: 0.63 cm, as in Word.
pub(super) const INDENT: f32 = 18.0;
/// `CC0000`.
pub(super) const RED: Color = Color(0.8, 0.0, 0.0);
pub(super) const GREY: Color = Color(0.4, 0.4, 0.4);
/// Ground under text of fixed width.
pub(super) const SHADE: Color = Color(0.94, 0.94, 0.94);
pub(super) const LINK: Color = Color(0.02, 0.39, 0.76);
/// Text that a tracked change adds.
pub(super) const INSERTED: Color = Color(0.0, 0.42, 0.2);
/// Text that a tracked change takes away.
pub(super) const DELETED: Color = Color(0.7, 0.05, 0.05);
/// Ground under text with a comment.
pub(super) const COMMENTED: Color = Color(1.0, 0.95, 0.75);

/// The look of a paragraph.
pub(super) struct Look {
    pub(super) text: Style,
    pub(super) space_before: f32,
    /// Not the last line on a page.
    pub(super) keep_with_next: bool,
    pub(super) align: Align,
}

/// The look of a kind of paragraph. Calibri Light has no counterpart of equal width; its bold is
/// Calibri's.
pub(super) fn of(style: report::Style) -> Look {
    use Typeface::{Bold, BoldItalic, Italic, Regular};
    use report::Style as Kind;
    let (typeface, size, space_before) = match style {
        Kind::Heading1 | Kind::ListHeading1 => (Bold, 16.0, 18.0),
        Kind::Heading2 | Kind::ListHeading2 => (Bold, 14.0, 16.0),
        Kind::Heading3 | Kind::ListHeading3 => (Bold, 14.0, 14.0),
        Kind::Heading4 | Kind::Heading5 | Kind::Heading6 | Kind::ListHeading4 => (Bold, 12.0, 12.0),
        Kind::Group | Kind::Case => (Bold, 12.0, 14.0),
        Kind::TableTitle => (BoldItalic, 12.0, 12.0),
        Kind::FigureCaption => (Italic, 10.0, 4.0),
        Kind::Conclusion | Kind::Label => (Bold, 12.0, 6.0),
        Kind::Body | Kind::Quote => (Regular, 12.0, 6.0),
        Kind::Code => (Regular, 11.0, 6.0),
        Kind::Placeholder => (Italic, 12.0, 6.0),
    };
    let mut text = Style::new(typeface, size);
    text.underline = style == Kind::Case;
    if style == Kind::Placeholder {
        text.color = GREY;
    }
    let leads = style.outline_level().is_some() || matches!(style, Kind::TableTitle | Kind::Label);
    Look { text, space_before, keep_with_next: leads, align: Align::Left }
}
