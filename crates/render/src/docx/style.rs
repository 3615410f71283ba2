//! Which of Word's styles stands for which kind of paragraph; the styles are in `parts/styles.xml`.

use crate::report::Style;

/// Title in the frame of the classification.
pub(super) const CLASSIFICATION: &str = "Deplistetittel-ramme";
/// One fact with its label.
pub(super) const FACT: &str = "Sakopplysning";
/// An item of a list in running text.
pub(super) const LIST_ITEM: &str = "ListParagraph";
/// Text in a cell.
pub(super) const CELL: &str = "Tabelltekst";
/// All tables.
pub(super) const TABLE: &str = "Tabellrutenett";
/// Runs that link to something.
pub(super) const LINK: &str = "Hyperlink";
/// Where a comment is referred to.
pub(super) const COMMENT_REFERENCE: &str = "CommentReference";
/// Text of a comment.
pub(super) const COMMENT_TEXT: &str = "CommentText";

/// Id of the paragraph style.
pub(super) const fn id(style: Style) -> &'static str {
    match style {
        Style::Body => "Normal",
        Style::Heading1 => "Heading1",
        Style::Heading2 => "Heading2",
        Style::Heading3 => "Heading3",
        Style::Heading4 => "Heading4",
        Style::Heading5 => "Heading5",
        Style::Heading6 => "Heading6",
        Style::ListHeading1 => "Deplisteoverskrift1",
        Style::ListHeading2 => "Deplisteoverskrift2",
        Style::ListHeading3 => "Deplisteoverskrift3",
        Style::ListHeading4 => "Deplisteoverskrift4",
        Style::Group => "Overskrift5",
        Style::Case => "Overskrift7",
        Style::TableTitle => "Deplistetabell-tittel",
        Style::FigureCaption => "Deplistefigur-tittel",
        Style::Conclusion => "Konklusjonbokstavert",
        Style::Label => "Ledetekst",
        Style::Quote => "Quote",
        Style::Code => "Kodeblokk",
        Style::Placeholder => "Plassholder",
    }
}
