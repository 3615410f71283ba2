//! What surrounds the text in its package: our own parts, or those of a ministry's template.
//!
//! The text itself is the same in both. What differs is how its styles are called, which numbers
//! lists may have, and what the page looks like.

use std::collections::HashMap;

use super::numbering::Offsets;

/// The surroundings of a text. The default is our own.
#[derive(Debug)]
pub(super) struct Frame {
    /// Names of styles that are called something else there.
    pub(super) styles: HashMap<String, String>,
    /// Numbers that are taken there.
    pub(super) numbers: Offsets,
    /// Beginning of the names of pictures.
    pub(super) pictures: &'static str,
    /// Attributes of the text's root element; none are those that the text needs.
    pub(super) root: Vec<(String, String)>,
    /// The last section's properties, as XML.
    pub(super) section: Option<String>,
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            styles: HashMap::new(),
            numbers: Offsets::default(),
            pictures: "image",
            root: Vec::new(),
            section: None,
        }
    }
}

impl Frame {
    /// What a style of ours is called here.
    pub(super) fn style<'a>(&'a self, ours: &'a str) -> &'a str {
        self.styles.get(ours).map_or(ours, String::as_str)
    }
}
