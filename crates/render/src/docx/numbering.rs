//! Numbering: Word's list engine counts, no number is ever typed (documents contract 5.2).

use std::io::{self, Write};

use domain::rich_text::ListMarker;

use super::xml::Xml;
use crate::report::{ListKind, ListSpec};

/// The one instance that headings share; `parts/styles.xml` names it.
const HEADINGS: usize = 1;
/// Before the first instance of a list.
const LISTS: usize = 1;
/// Largest number that Word begins a list with.
const LARGEST_START: u32 = 32_767;
/// What a text is moved in by a step, and the room for a marker before it, in twentieths of a point.
pub(super) const STEP: usize = 567;
pub(super) const HANGING: usize = 425;

/// The kinds of lists; their place is the number of their definition, after that of headings.
const KINDS: [(ListKind, &str); 7] = [
    (ListKind::Marker(ListMarker::Bullet), "bullet"),
    (ListKind::Marker(ListMarker::Decimal), "decimal"),
    (ListKind::Marker(ListMarker::LowerLetter), "lowerLetter"),
    (ListKind::Marker(ListMarker::UpperLetter), "upperLetter"),
    (ListKind::Marker(ListMarker::LowerRoman), "lowerRoman"),
    (ListKind::Marker(ListMarker::UpperRoman), "upperRoman"),
    (ListKind::Conclusions, "lowerLetter"),
];

/// Numbers before ours, which something else in the part has taken.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Offsets {
    pub(super) definitions: usize,
    pub(super) instances: usize,
}

impl Offsets {
    /// Number of the instance that the list in this place of the report uses.
    pub(super) fn instance(self, list: usize) -> String {
        (self.instances + LISTS + 1 + list).to_string()
    }

    /// Number of the instance that headings share.
    pub(super) fn headings(self) -> String {
        (self.instances + HEADINGS).to_string()
    }
}

/// Writes `word/numbering.xml`: a definition for each kind, and an instance for each list, so that
/// each begins anew.
pub(super) fn write(out: impl Write, lists: &[ListSpec]) -> io::Result<()> {
    let mut xml = Xml::new(out)?;
    let namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
    xml.start("w:numbering", &[("xmlns:w", namespace)])?;
    definitions(&mut xml, Offsets::default(), [true; 3])?;
    instances(&mut xml, Offsets::default(), true, lists)?;
    xml.end("w:numbering")
}

/// Writes the definitions: that of the headings which are ours, if any is, and of the kinds of lists.
pub(super) fn definitions<W: Write>(
    xml: &mut Xml<W>,
    offsets: Offsets,
    own_headings: [bool; 3],
) -> io::Result<()> {
    if own_headings.contains(&true) {
        headings(xml, offsets.definitions, own_headings)?;
    }
    for ((kind, format), id) in KINDS.into_iter().zip(1..) {
        definition(xml, offsets.definitions + id, kind, format)?;
    }
    Ok(())
}

/// Writes the instances: that of the headings, if they are ours, and one for each list.
pub(super) fn instances<W: Write>(
    xml: &mut Xml<W>,
    offsets: Offsets,
    with_headings: bool,
    lists: &[ListSpec],
) -> io::Result<()> {
    if with_headings {
        xml.start("w:num", &[("w:numId", &offsets.headings())])?;
        xml.value("w:abstractNumId", &offsets.definitions.to_string())?;
        xml.end("w:num")?;
    }
    for (index, list) in lists.iter().enumerate() {
        let definition = offsets.definitions + definition_of(list.kind);
        xml.start("w:num", &[("w:numId", &offsets.instance(index))])?;
        xml.value("w:abstractNumId", &definition.to_string())?;
        xml.start("w:lvlOverride", &[("w:ilvl", &list.level.to_string())])?;
        xml.value("w:startOverride", &list.start.min(LARGEST_START).to_string())?;
        xml.end("w:lvlOverride")?;
        xml.end("w:num")?;
    }
    Ok(())
}

fn definition_of(kind: ListKind) -> usize {
    KINDS.iter().position(|(known, _)| *known == kind).unwrap_or_default() + 1
}

/// 1, 1.1 and 1.1.1, linked to the heading styles of department lists.
fn headings<W: Write>(xml: &mut Xml<W>, id: usize, own: [bool; 3]) -> io::Result<()> {
    xml.start("w:abstractNum", &[("w:abstractNumId", &id.to_string())])?;
    xml.value("w:multiLevelType", "multilevel")?;
    let mut text = String::new();
    for level in 0..9 {
        text += if level == 0 { "%1".to_owned() } else { format!(".%{}", level + 1) }.as_str();
        xml.start("w:lvl", &[("w:ilvl", &level.to_string())])?;
        xml.value("w:start", "1")?;
        xml.value("w:numFmt", "decimal")?;
        if own.get(level).is_some_and(|is_own| *is_own) {
            xml.value("w:pStyle", &format!("Deplisteoverskrift{}", level + 1))?;
        }
        xml.value("w:lvlText", &text)?;
        let room = (567 + 210 * level).to_string();
        position(xml, &room, &room)?;
        xml.end("w:lvl")?;
    }
    xml.end("w:abstractNum")
}

fn definition<W: Write>(
    xml: &mut Xml<W>,
    id: usize,
    kind: ListKind,
    format: &str,
) -> io::Result<()> {
    xml.start("w:abstractNum", &[("w:abstractNumId", &id.to_string())])?;
    xml.value("w:multiLevelType", "hybridMultilevel")?;
    for level in 0..=usize::from(ListSpec::DEEPEST) {
        let text = match kind {
            ListKind::Marker(ListMarker::Bullet) => "•".to_owned(),
            ListKind::Marker(_) => format!("%{}.", level + 1),
            ListKind::Conclusions => format!("%{})", level + 1),
        };
        xml.start("w:lvl", &[("w:ilvl", &level.to_string())])?;
        xml.value("w:start", "1")?;
        xml.value("w:numFmt", format)?;
        xml.value("w:lvlText", &text)?;
        position(xml, &((level + 1) * STEP).to_string(), &HANGING.to_string())?;
        xml.end("w:lvl")?;
    }
    xml.end("w:abstractNum")
}

fn position<W: Write>(xml: &mut Xml<W>, left: &str, hanging: &str) -> io::Result<()> {
    xml.value("w:lvlJc", "left")?;
    xml.start("w:pPr", &[])?;
    xml.empty("w:ind", &[("w:left", left), ("w:hanging", hanging)])?;
    xml.end("w:pPr")
}
