//! The kinds of paragraphs (documents contract 4.2 and 5.1).

use domain::list_template::HeadingStyle;

/// What a paragraph is. Names follow the contract; each writer knows how one looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Style {
    /// Running text.
    #[default]
    Body,
    /// Title of a document, and its name among the headings.
    Heading1,
    /// Section of a case, or a case in a list.
    Heading2,
    /// Headings inside a text, from the third level down.
    Heading3,
    /// Fourth level.
    Heading4,
    /// Fifth level.
    Heading5,
    /// Sixth level.
    Heading6,
    /// Department of a department list, numbered 1.
    ListHeading1,
    /// Its chapters, numbered 1.1.
    ListHeading2,
    /// Their sections, numbered 1.1.1.
    ListHeading3,
    /// Fourth level, reserved.
    ListHeading4,
    /// A- and B-list, without a number.
    Group,
    /// A single case, without a number.
    Case,
    /// Title above a table.
    TableTitle,
    /// Caption below a figure.
    FigureCaption,
    /// A conclusion of a case, lettered.
    Conclusion,
    /// Bold words above a text that say what it is.
    Label,
    /// Quoted text.
    Quote,
    /// Text in a fixed-width font.
    Code,
    /// Stands where something is missing.
    Placeholder,
}

impl Style {
    /// Every style.
    pub const ALL: [Self; 20] = [
        Self::Body,
        Self::Heading1,
        Self::Heading2,
        Self::Heading3,
        Self::Heading4,
        Self::Heading5,
        Self::Heading6,
        Self::ListHeading1,
        Self::ListHeading2,
        Self::ListHeading3,
        Self::ListHeading4,
        Self::Group,
        Self::Case,
        Self::TableTitle,
        Self::FigureCaption,
        Self::Conclusion,
        Self::Label,
        Self::Quote,
        Self::Code,
        Self::Placeholder,
    ];

    /// Level in the outline of the document, from 1; `None` for what is no heading.
    #[must_use]
    pub const fn outline_level(self) -> Option<u8> {
        match self {
            Self::Heading1 | Self::ListHeading1 => Some(1),
            Self::Heading2 | Self::ListHeading2 => Some(2),
            Self::Heading3 | Self::ListHeading3 => Some(3),
            Self::Heading4 | Self::ListHeading4 => Some(4),
            Self::Heading5 | Self::Group => Some(5),
            Self::Heading6 => Some(6),
            Self::Case => Some(7),
            Self::Body
            | Self::TableTitle
            | Self::FigureCaption
            | Self::Conclusion
            | Self::Label
            | Self::Quote
            | Self::Code
            | Self::Placeholder => None,
        }
    }

    /// Depth in the multilevel numbering, from 0; `None` for what carries no number
    /// (documents contract 5.2).
    #[must_use]
    pub const fn number_depth(self) -> Option<u8> {
        match self {
            Self::ListHeading1 => Some(0),
            Self::ListHeading2 => Some(1),
            Self::ListHeading3 => Some(2),
            _ => None,
        }
    }

    /// The unnumbered heading of a level, from 1; deeper levels than there are look like the last.
    #[must_use]
    pub const fn heading(level: u8) -> Self {
        match level {
            0 | 1 => Self::Heading1,
            2 => Self::Heading2,
            3 => Self::Heading3,
            4 => Self::Heading4,
            5 => Self::Heading5,
            _ => Self::Heading6,
        }
    }
}

/// The styles that headings of a template name (domain contract 2.11).
impl From<HeadingStyle> for Style {
    fn from(style: HeadingStyle) -> Self {
        match style {
            HeadingStyle::Deplisteoverskrift1 => Self::ListHeading1,
            HeadingStyle::Deplisteoverskrift2 => Self::ListHeading2,
            HeadingStyle::Deplisteoverskrift3 => Self::ListHeading3,
            HeadingStyle::Overskrift5 => Self::Group,
            HeadingStyle::Overskrift7 => Self::Case,
        }
    }
}
