//! Drawings: an SVG is a document that can carry scripts, so it is never kept as it came.
//!
//! Three passes. [`prepare`] applies the contract's own list (E65), which is stricter than any
//! library's: no `use`, no animation, no reference on anything but `a`, and no style that fetches.
//! Then `svg-hush` lets only what it knows to be harmless through, and has the last word about
//! elements and attributes. It removes every link too, so the links that the contract keeps travel
//! through it as data, and [`finish`] puts them back. It reads styles anew as well, because the
//! library takes characters out of them.
//!
//! All three read with the same parser, so none sees another document than the next.

use std::borrow::Cow;

use xml::attribute::{Attribute, OwnedAttribute};
use xml::name::{Name, OwnedName};
use xml::namespace::Namespace;
use xml::reader::XmlEvent as Read;
use xml::writer::XmlEvent as Write;
use xml::{EmitterConfig, EventReader, EventWriter, ParserConfig};

use super::css::without_addresses;

const SVG: &str = "http://www.w3.org/2000/svg";
const XLINK: &str = "http://www.w3.org/1999/xlink";

/// Elements that the contract removes with all that is in them, in lower case.
const REMOVED: [&str; 14] = [
    "script",
    "use",
    "iframe",
    "object",
    "embed",
    "foreignobject",
    "animate",
    "animatecolor",
    "animatemotion",
    "animatetransform",
    "set",
    "mpath",
    "handler",
    "listener",
];
/// What a link of `a` may begin with; anything else may run a script.
const LINKS: [&str; 3] = ["http://", "https://", "#"];
/// Carries a link through the library.
const CARRIER: &str = "data-portal-link";
/// Deepest nesting. Namespaces are looked up through all of it at every element.
const MAX_DEPTH: usize = 100;
/// Most namespaces, for the same reason. Drawing programs declare about a dozen.
const MAX_NAMESPACES: usize = 50;
/// Most elements; a detailed map has tens of thousands.
const MAX_ELEMENTS: usize = 250_000;

/// Why a drawing is refused.
#[derive(Debug, thiserror::Error)]
pub enum SvgError {
    /// It is not XML as the standard wants it.
    #[error("drawing is not well-formed")]
    NotWellFormed(#[source] xml::reader::Error),
    /// It is XML, but no drawing.
    #[error("root element is not svg")]
    NotADrawing,
    /// It declares entities, which can make a little file a very large one.
    #[error("drawing declares entities")]
    DeclaresEntities,
    /// It is nested too deeply, or has too many elements.
    #[error("drawing is too complex")]
    TooComplex,
    /// The library found nothing it could keep.
    #[error("drawing could not be cleaned")]
    NotCleaned(#[from] svg_hush::FError),
    /// Our own writing failed.
    #[error("clean drawing could not be written")]
    Unwritable(#[from] xml::writer::Error),
}

impl From<xml::reader::Error> for SvgError {
    fn from(error: xml::reader::Error) -> Self {
        Self::NotWellFormed(error)
    }
}

/// Whether `bytes` begin like a text of markup, in UTF-8 or UTF-16.
pub(super) fn looks_like_xml(bytes: &[u8]) -> bool {
    const MARKS: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];
    let text = MARKS.iter().find_map(|mark| bytes.strip_prefix(*mark)).unwrap_or(bytes);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace() && **byte != 0);
    first == Some(&b'<')
}

/// Writes a drawing anew, without what could run, fetch or change.
///
/// # Errors
/// Any [`SvgError`].
pub(super) fn clean(svg: &[u8]) -> Result<Vec<u8>, SvgError> {
    let prepared = prepare(svg)?;
    let mut harmless = Vec::with_capacity(prepared.len());
    svg_hush::Filter::new().filter(prepared.as_slice(), &mut harmless)?;
    finish(&harmless)
}

/// Removes what the contract removes, and leaves one namespace.
fn prepare(svg: &[u8]) -> Result<Vec<u8>, SvgError> {
    let mut output = Output::new(svg.len());
    // Depth below a removed element; 0 when nothing is being removed.
    let mut removing = 0_usize;
    let (mut depth, mut elements) = (0_usize, 0_usize);
    let mut style: Option<String> = None;
    for event in reader(svg) {
        match event? {
            Read::Doctype { syntax } if syntax.contains('[') => {
                return Err(SvgError::DeclaresEntities);
            }
            Read::StartElement { name, attributes, namespace } => {
                (depth, elements) = (depth + 1, elements + 1);
                refuse_complexity(depth, elements, &namespace)?;
                if elements == 1 && !is_drawing(&name) {
                    return Err(SvgError::NotADrawing);
                }
                // An element within a style would let the text after it pass the library unread.
                if removing > 0 || style.is_some() || is_removed(&name) {
                    removing += 1;
                } else {
                    style = (name.local_name == "style").then(String::new);
                    let links = name.local_name == "a";
                    let attributes =
                        attributes.into_iter().filter_map(|one| prepare_attribute(one, links));
                    output.open(&name.local_name, attributes)?;
                }
            }
            Read::EndElement { .. } => {
                depth -= 1;
                if removing > 0 {
                    removing -= 1;
                } else {
                    output.style(style.take())?;
                    output.close()?;
                }
            }
            Read::Characters(text) if removing == 0 => match &mut style {
                Some(rules) => rules.push_str(&text),
                // The library indents, and space between letters is seen. Its indentation can be
                // told from the drawing's own space when that has no lines.
                None if is_blank(&text) => output.text(" ")?,
                None => output.text(&text)?,
            },
            _ => {}
        }
    }
    Ok(output.into_bytes())
}

fn refuse_complexity(depth: usize, elements: usize, namespace: &Namespace) -> Result<(), SvgError> {
    let is_too_complex =
        depth > MAX_DEPTH || elements > MAX_ELEMENTS || namespace.0.len() > MAX_NAMESPACES;
    if is_too_complex { Err(SvgError::TooComplex) } else { Ok(()) }
}

/// The attribute as it goes to the library, by its plain name.
fn prepare_attribute(attribute: OwnedAttribute, links: bool) -> Option<(String, String)> {
    let OwnedAttribute { name, value } = attribute;
    let is_plain = name.namespace.is_none() && name.prefix.is_none();
    if name.local_name == "href" && (is_plain || name.namespace.as_deref() == Some(XLINK)) {
        let target = value.trim();
        let is_kept = links && is_link(target);
        return is_kept.then(|| (CARRIER.to_owned(), target.to_owned()));
    }
    let lower = name.local_name.to_ascii_lowercase();
    let is_kept = is_plain && !lower.starts_with("on") && lower != CARRIER;
    let value = without_addresses(&value).filter(|_| is_kept)?;
    Some((name.local_name, value))
}

fn is_link(target: &str) -> bool {
    let lower = target.to_ascii_lowercase();
    LINKS.iter().any(|beginning| lower.starts_with(beginning))
        && !target.chars().any(char::is_control)
}

/// Puts links back, and reads styles once more.
fn finish(harmless: &[u8]) -> Result<Vec<u8>, SvgError> {
    let mut output = Output::new(harmless.len());
    let mut style: Option<String> = None;
    for event in reader(harmless) {
        match event? {
            Read::StartElement { name, attributes, .. } => {
                style = (name.local_name == "style").then(String::new);
                let links = name.local_name == "a";
                let attributes =
                    attributes.into_iter().filter_map(|one| finish_attribute(one, links));
                output.open(&name.local_name, attributes)?;
            }
            Read::EndElement { .. } => {
                output.style(style.take())?;
                output.close()?;
            }
            Read::Characters(text) => match &mut style {
                Some(rules) => rules.push_str(&text),
                None if is_blank(&text) && text.starts_with('\n') => {}
                None => output.text(&text)?,
            },
            _ => {}
        }
    }
    Ok(output.into_bytes())
}

fn finish_attribute(attribute: OwnedAttribute, links: bool) -> Option<(String, String)> {
    let OwnedAttribute { name, value } = attribute;
    match name.local_name.as_str() {
        CARRIER if links => Some(("href".to_owned(), value)),
        CARRIER | "href" => None,
        _ => without_addresses(&value).map(|value| (name.local_name, value)),
    }
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// Programs leave the namespace out, or name it by a prefix of their own; both mean SVG.
fn is_svg(name: &OwnedName) -> bool {
    name.namespace.as_deref().is_none_or(|namespace| namespace == SVG)
}

fn is_drawing(name: &OwnedName) -> bool {
    is_svg(name) && name.local_name == "svg"
}

fn is_removed(name: &OwnedName) -> bool {
    !is_svg(name) || REMOVED.contains(&name.local_name.to_ascii_lowercase().as_str())
}

fn reader(svg: &[u8]) -> EventReader<&[u8]> {
    ParserConfig::new()
        .cdata_to_characters(true)
        .whitespace_to_characters(true)
        .ignore_comments(true)
        .allow_multiple_root_elements(false)
        .max_attributes(200)
        .max_entity_expansion_depth(1)
        .create_reader(svg)
}

/// Elements of one namespace, with plain names.
struct Output {
    writer: EventWriter<Vec<u8>>,
    namespace: Namespace,
}

impl Output {
    fn new(capacity: usize) -> Self {
        let writer = EmitterConfig::new()
            .write_document_declaration(false)
            .create_writer(Vec::with_capacity(capacity));
        let mut namespace = Namespace::empty();
        namespace.put("", SVG);
        Self { writer, namespace }
    }

    fn open(
        &mut self,
        name: &str,
        attributes: impl Iterator<Item = (String, String)>,
    ) -> Result<(), xml::writer::Error> {
        let attributes: Vec<_> = attributes.collect();
        let mut seen = Vec::with_capacity(attributes.len());
        let mut plain = Vec::with_capacity(attributes.len());
        for (name, value) in &attributes {
            // `href` and `xlink:href` are one attribute now; the first one counts.
            if !seen.contains(&name) {
                seen.push(name);
                plain.push(Attribute { name: Name::local(name), value });
            }
        }
        self.writer.write(Write::StartElement {
            name: Name::local(name),
            attributes: Cow::Owned(plain),
            namespace: Cow::Borrowed(&self.namespace),
        })
    }

    fn close(&mut self) -> Result<(), xml::writer::Error> {
        self.writer.write(Write::EndElement { name: None })
    }

    fn text(&mut self, text: &str) -> Result<(), xml::writer::Error> {
        self.writer.write(Write::Characters(text))
    }

    /// What of an element's style is kept.
    fn style(&mut self, rules: Option<String>) -> Result<(), xml::writer::Error> {
        match rules.and_then(|rules| without_addresses(&rules)) {
            Some(rules) => self.text(&rules),
            None => Ok(()),
        }
    }

    fn into_bytes(self) -> Vec<u8> {
        self.writer.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(inside: &str) -> String {
        let svg = format!("<svg xmlns='{SVG}' xmlns:xlink='{XLINK}'>{inside}</svg>");
        String::from_utf8(clean(svg.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn what_a_drawing_is_made_of_stays() {
        let drawing = drawn(
            "<title>Søyler</title><defs><linearGradient id='g'><stop offset='0'/>\
             </linearGradient></defs><g transform='scale(2)' fill='url(#g)'>\
             <rect width='4' height='5' style='stroke:#123'/><path d='M0 0L1 1'/>\
             <text x='1'>Kap. 1400 &amp; <tspan>post 21</tspan></text></g>",
        );
        for kept in [
            "Søyler",
            "linearGradient id=\"g\"",
            "scale(2)",
            "url(#g)",
            "height=\"5\"",
            "stroke:#123",
            "M0 0L1 1",
            "Kap. 1400 &amp; ",
            "<tspan>post 21</tspan>",
        ] {
            assert!(drawing.contains(kept), "{kept} is not in {drawing}");
        }
        assert!(drawing.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\">"), "{drawing}");
    }

    #[test]
    fn links_stay_on_a_and_only_where_they_run_nothing() {
        for (target, is_kept) in [
            ("https://a.no/?b=1&amp;c=2", true),
            ("HTTP://a.no", true),
            ("#del", true),
            ("javascript:alert(1)", false),
            (" java&#10;script:alert(1)", false),
            ("data:text/html,x", false),
            ("//a.no", false),
            ("/api", false),
            ("https:a.no", false),
        ] {
            for attribute in ["href", "xlink:href"] {
                let drawing = drawn(&format!("<a {attribute}='{target}'><rect/></a>"));
                let href = format!("<a href=\"{target}\">");
                assert_eq!(drawing.contains(&href), is_kept, "{drawing}");
                assert_eq!(drawing.contains("href"), is_kept, "{drawing}");
                assert!(!drawing.contains(CARRIER), "{drawing}");
            }
        }
        let forged = drawn(&format!("<a {CARRIER}='javascript:a()'><rect/></a>"));
        assert!(!forged.contains("javascript"), "{forged}");
    }

    #[test]
    fn a_style_with_an_element_in_it_is_filtered_to_its_end() {
        let drawing = drawn("<style>a{}<g/>@import url(https://a.no/b.css);</style>");
        assert!(!drawing.contains("import") && !drawing.contains("a.no"), "{drawing}");
    }

    #[test]
    fn a_drawing_without_a_namespace_is_one_all_the_same() {
        let drawing = String::from_utf8(clean(b"<svg><rect/></svg>").unwrap()).unwrap();
        assert_eq!(drawing, "<svg xmlns=\"http://www.w3.org/2000/svg\"><rect /></svg>");
        let named = format!("<s:svg xmlns:s='{SVG}'><s:rect/></s:svg>");
        assert_eq!(clean(named.as_bytes()).unwrap(), drawing.as_bytes());
    }

    #[test]
    fn letters_move_neither_apart_nor_together() {
        let text = "<text><tspan>CO</tspan><tspan>2</tspan> <tspan>i</tspan>\n   <tspan>tonn</tspan></text>";
        let drawing = drawn(text);
        let kept = text.replace("\n   ", " ");
        assert!(drawing.contains(&kept), "{drawing}");
    }

    #[test]
    fn utf_16_is_read_and_utf_8_written() {
        let text = "<svg><text>Bjørn</text></svg>";
        let mut bytes = vec![0xff, 0xfe];
        bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        assert!(looks_like_xml(&bytes));
        let drawing = String::from_utf8(clean(&bytes).unwrap()).unwrap();
        assert!(drawing.contains(">Bjørn<"), "{drawing}");
    }

    #[test]
    fn entities_are_refused_and_a_plain_doctype_is_not() {
        let entity = format!("<!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='{SVG}'>&a;</svg>");
        let refusal = clean(entity.as_bytes()).unwrap_err();
        assert!(matches!(refusal, SvgError::DeclaresEntities), "{refusal:?}");
        let plain = format!(
            "<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' \
             'http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd'><svg xmlns='{SVG}'><g/></svg>"
        );
        assert!(clean(plain.as_bytes()).is_ok());
    }

    #[test]
    fn what_is_no_drawing_is_refused() {
        for text in ["<html><svg/></html>", "<svg", "<svg></g>", "<svg/><svg/>", "<svg>&a;</svg>"] {
            assert!(clean(text.as_bytes()).is_err(), "{text}");
        }
        let deep = format!("<svg>{}{}</svg>", "<g>".repeat(200), "</g>".repeat(200));
        assert!(matches!(clean(deep.as_bytes()).unwrap_err(), SvgError::TooComplex));
    }
}
