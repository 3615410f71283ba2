//! Numbers of headings, for writers that do not count themselves (domain contract 7.5).

use super::Style;

/// Counts numbered headings from the top of a document: 1, 1.1, 1.1.1.
#[derive(Clone, Debug, Default)]
pub struct HeadingNumbers([u32; 3]);

impl HeadingNumbers {
    /// The number of the next heading of this style; `None` for a style without numbers.
    pub fn next(&mut self, style: Style) -> Option<String> {
        let depth = usize::from(style.number_depth()?);
        *self.0.get_mut(depth)? += 1;
        for deeper in self.0.iter_mut().skip(depth + 1) {
            *deeper = 0;
        }
        let parts = self.0.iter().take(depth + 1).map(u32::to_string);
        Some(parts.collect::<Vec<_>>().join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_counts_within_the_one_above() {
        use Style::{Body, Case, ListHeading1, ListHeading2, ListHeading3};
        let mut numbers = HeadingNumbers::default();
        let styles = [
            ListHeading1,
            ListHeading2,
            ListHeading3,
            ListHeading3,
            Case,
            ListHeading2,
            ListHeading3,
            Body,
        ];
        let found: Vec<_> = styles.map(|style| numbers.next(style).unwrap_or_default()).into();
        assert_eq!(found, ["1", "1.1", "1.1.1", "1.1.2", "", "1.2", "1.2.1", ""]);
    }
}
