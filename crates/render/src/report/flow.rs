//! Puts texts and headings one below the other: the hand that every builder writes a report with.

use domain::rich_text::{Block as TextBlock, Image, List, RichText, Span};

use super::{Block, Figure, ListItem, ListKind, ListSpec, Paragraph, Picture, Pictures, Style};

/// Width of the text on a page in CSS pixels, by which the editor measures pictures: 15.92 cm.
const TEXT_WIDTH_PX: u32 = 602;

/// Blocks on their way into a report.
pub(super) struct Flow<'a> {
    pub(super) blocks: Vec<Block>,
    pub(super) lists: Vec<ListSpec>,
    pictures: &'a Pictures,
    /// Level of a text's own first-level headings.
    top_heading: u8,
}

/// Where in a text a block stands.
#[derive(Clone, Copy, Default)]
struct Place {
    indent: u8,
    /// Level of a list that begins here.
    list_level: u8,
    quoted: bool,
}

impl<'a> Flow<'a> {
    /// A flow whose texts may show `pictures`, and whose own headings begin at level `top_heading`.
    pub(super) fn new(pictures: &'a Pictures, top_heading: u8) -> Self {
        Self { blocks: Vec::new(), lists: Vec::new(), pictures, top_heading }
    }

    pub(super) fn heading(&mut self, style: Style, text: impl Into<String>) {
        self.paragraph(style, vec![Span::plain(text)]);
    }

    pub(super) fn paragraph(&mut self, style: Style, spans: Vec<Span>) {
        self.blocks.push(Block::Paragraph(Paragraph { style, spans, ..Paragraph::default() }));
    }

    /// The text, or an empty line when there is none (documents contract 4.1).
    pub(super) fn text(&mut self, text: &RichText) {
        if text.blocks.is_empty() {
            self.paragraph(Style::Body, Vec::new());
        }
        self.text_blocks(&text.blocks, Place::default());
    }

    /// A picture in the width it shall have, or a line that says it is missing.
    pub(super) fn figure(&mut self, src: &str, width_percent: u8, alt: &str) {
        match self.pictures.get(src) {
            Some(picture) => self.picture(picture, width_percent, alt),
            None => self.missing(alt),
        }
    }

    /// A line that says a figure is missing.
    pub(super) fn missing(&mut self, alt: &str) {
        let text = match alt.trim() {
            "" => "[Figur mangler]".to_owned(),
            alt => format!("[Figur mangler: {alt}]"),
        };
        self.heading(Style::Placeholder, text);
    }

    /// Begins a list and returns its place among the report's.
    pub(super) fn list(&mut self, kind: ListKind, level: u8, start: u32) -> usize {
        let level = level.min(ListSpec::DEEPEST);
        self.lists.push(ListSpec { kind, level, start });
        self.lists.len() - 1
    }

    fn text_blocks(&mut self, blocks: &[TextBlock], place: Place) {
        for block in blocks {
            self.text_block(block, place, None);
        }
    }

    fn text_block(&mut self, block: &TextBlock, place: Place, list: Option<ListItem>) {
        match block {
            TextBlock::Paragraph(spans) => {
                let style = if place.quoted { Style::Quote } else { Style::Body };
                self.placed(style, spans, place, list);
            }
            TextBlock::Heading { level, spans } => {
                let level = level.saturating_sub(1).saturating_add(self.top_heading);
                self.placed(Style::heading(level), spans, place, list);
            }
            TextBlock::Code(spans) => self.placed(Style::Code, spans, place, list),
            TextBlock::List(inner) => self.items(inner, place),
            TextBlock::Quote(inner) => {
                let indent = place.indent.saturating_add(1);
                self.text_blocks(inner, Place { indent, quoted: true, ..place });
            }
            TextBlock::Rule => self.blocks.push(Block::Rule),
            TextBlock::Image(image) => self.image(image),
        }
    }

    fn placed(&mut self, style: Style, spans: &[Span], place: Place, list: Option<ListItem>) {
        let spans = spans.to_vec();
        self.blocks.push(Block::Paragraph(Paragraph { style, list, indent: place.indent, spans }));
    }

    fn items(&mut self, list: &List, place: Place) {
        let index = self.list(ListKind::Marker(list.marker), place.list_level, list.start);
        let inside = Place {
            indent: place.indent.saturating_add(1),
            list_level: place.list_level.saturating_add(1),
            ..place
        };
        for (item, number) in list.items.iter().zip(list.start..) {
            let marker = ListItem { list: index, number };
            let rest = match item.split_first() {
                Some((first, rest)) if carries_marker(first) => {
                    self.text_block(first, inside, Some(marker));
                    rest
                }
                // A marker needs a line to stand in.
                _ => {
                    self.placed(Style::Body, &[], inside, Some(marker));
                    item
                }
            };
            self.text_blocks(rest, inside);
        }
    }

    fn image(&mut self, image: &Image) {
        let alt = image.alt.as_deref().unwrap_or_default();
        match self.pictures.get(&image.src) {
            Some(picture) => {
                let width = u64::from(image.width.unwrap_or(picture.width));
                let percent = (width * 100 / u64::from(TEXT_WIDTH_PX)).clamp(1, 100);
                self.picture(picture, u8::try_from(percent).unwrap_or(100), alt);
            }
            None => self.missing(alt),
        }
    }

    fn picture(&mut self, picture: &Picture, width_percent: u8, alt: &str) {
        self.blocks.push(Block::Figure(Figure {
            picture: picture.clone(),
            width_percent: width_percent.clamp(1, 100),
            alt: alt.to_owned(),
        }));
    }
}

fn carries_marker(block: &TextBlock) -> bool {
    matches!(block, TextBlock::Paragraph(_) | TextBlock::Heading { .. } | TextBlock::Code(_))
}
