//! Lists of a report: what marks their items.

use domain::rich_text::ListMarker;

/// How a list marks its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListKind {
    /// A list of the editor's.
    Marker(ListMarker),
    /// The lettered conclusions of one case: a) b) c).
    Conclusions,
}

/// One list. A list inside another one is a list of its own, one level deeper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListSpec {
    /// How items are marked.
    pub kind: ListKind,
    /// How deep the list lies in others, 0 to 8: what Word can number.
    pub level: u8,
    /// Number of its first item.
    pub start: u32,
}

/// A paragraph's place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListItem {
    /// Which list: its place in the report's.
    pub list: usize,
    /// The item's number, which a writer that does not count itself prints.
    pub number: u32,
}

impl ListSpec {
    /// The deepest level there is.
    pub const DEEPEST: u8 = 8;

    /// What stands before the item with this number, such as `4.`, `b.` or `c)`.
    #[must_use]
    pub fn label(&self, number: u32) -> String {
        match self.kind {
            ListKind::Marker(ListMarker::Bullet) => "•".to_owned(),
            ListKind::Marker(ListMarker::Decimal) => format!("{number}."),
            ListKind::Marker(ListMarker::LowerLetter) => format!("{}.", letters(number)),
            ListKind::Marker(ListMarker::UpperLetter) => {
                format!("{}.", letters(number).to_uppercase())
            }
            ListKind::Marker(ListMarker::LowerRoman) => format!("{}.", roman(number)),
            ListKind::Marker(ListMarker::UpperRoman) => {
                format!("{}.", roman(number).to_uppercase())
            }
            ListKind::Conclusions => format!("{})", letters(number)),
        }
    }
}

/// a to z, then aa to zz, as Word counts: 27 is aa, 28 is bb.
fn letters(number: u32) -> String {
    let Some(place) = number.checked_sub(1) else { return number.to_string() };
    let letter = ('a'..='z').nth(usize::try_from(place % 26).unwrap_or_default()).unwrap_or('a');
    let times = usize::try_from(place / 26 + 1).unwrap_or(1);
    // Far beyond any list, where Word gives up as well.
    if times > 30 { number.to_string() } else { letter.to_string().repeat(times) }
}

fn roman(number: u32) -> String {
    const PARTS: [(u32, &str); 13] = [
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];
    if !(1..4_000).contains(&number) {
        return number.to_string();
    }
    let mut rest = number;
    let mut text = String::new();
    for (value, part) in PARTS {
        while rest >= value {
            text.push_str(part);
            rest -= value;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(kind: ListKind, number: u32) -> String {
        ListSpec { kind, level: 0, start: 1 }.label(number)
    }

    #[test]
    fn markers_are_those_of_word() {
        use ListMarker::{Bullet, Decimal, LowerLetter, LowerRoman, UpperLetter, UpperRoman};
        let marker = |marker, number| label(ListKind::Marker(marker), number);
        assert_eq!(marker(Bullet, 3), "•");
        assert_eq!(marker(Decimal, 12), "12.");
        assert_eq!([1, 26, 27, 53].map(|n| marker(LowerLetter, n)), ["a.", "z.", "aa.", "aaa."]);
        assert_eq!(marker(UpperLetter, 2), "B.");
        assert_eq!([4, 9, 1999].map(|n| marker(LowerRoman, n)), ["iv.", "ix.", "mcmxcix."]);
        assert_eq!(marker(UpperRoman, 6), "VI.");
        assert_eq!(label(ListKind::Conclusions, 3), "c)");
    }

    #[test]
    fn numbers_without_a_letter_stay_numbers() {
        assert_eq!(label(ListKind::Conclusions, 0), "0)");
        assert_eq!(label(ListKind::Marker(ListMarker::UpperRoman), 4_000), "4000.");
        assert_eq!(label(ListKind::Marker(ListMarker::LowerLetter), u32::MAX), "4294967295.");
    }
}
