//! Which files can be templates, and what of them is in the document.

use chrono::DateTime;
use domain::rich_text::{Comment, CommentMark, Link, Marks, Span};

use super::*;
use crate::docx::{to_bytes, write};
use crate::report::{Block, ListItem, ListKind, ListSpec, Paragraph, Style};

type Parts = BTreeMap<String, Vec<u8>>;

fn report() -> Report {
    let comments = vec![CommentMark { id: "k".to_owned(), resolved: false }];
    let marks = Marks { comments, link: Link::parse("https://regjeringen.no"), ..Marks::default() };
    let span = Span { text: "Vårt".to_owned(), marks };
    let heading =
        Paragraph { style: Style::ListHeading1, spans: vec![span], ..Paragraph::default() };
    let list = Some(ListItem { list: 0, number: 1 });
    let item = Paragraph { list, spans: vec![Span::plain("punkt")], ..Paragraph::default() };
    let at = DateTime::UNIX_EPOCH;
    Report {
        title: "Tittel".to_owned(),
        creator: "Portalen".to_owned(),
        header: String::new(),
        footer: String::new(),
        blocks: vec![Block::Paragraph(heading), Block::Paragraph(item)],
        lists: vec![ListSpec { kind: ListKind::Conclusions, level: 0, start: 1 }],
        comments: vec![Comment {
            anchor: "k".to_owned(),
            author: "Kari".to_owned(),
            at,
            text: "Hva?".to_owned(),
            resolved: false,
            replies: Vec::new(),
        }],
        made_at: at,
    }
}

/// Our own document, which is a template like any other.
fn own() -> Parts {
    unpack(&to_bytes(&report(), None).unwrap()).unwrap()
}

fn packed(parts: &Parts) -> Vec<u8> {
    let mut package = Package(zip::ZipWriter::new(Cursor::new(Vec::new())));
    for (name, bytes) in parts {
        package.part(name).unwrap().write_all(bytes).unwrap();
    }
    package.0.finish().unwrap().into_inner()
}

fn changed(parts: &mut Parts, name: &str, from: &str, to: &str) {
    let text = String::from_utf8(parts.remove(name).unwrap()).unwrap();
    assert!(text.contains(from), "{name} has no {from}");
    parts.insert(name.to_owned(), text.replace(from, to).into_bytes());
}

fn printed(template: &[u8]) -> BTreeMap<String, String> {
    let template = Template::read(template).unwrap();
    let file = to_bytes(&report(), Some(&template)).unwrap();
    let parts = unpack(&file).unwrap();
    parts.into_iter().map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap())).collect()
}

/// Every part is XML, has a type, and refers to parts that are there.
fn assert_whole(parts: &BTreeMap<String, String>) {
    for (name, text) in parts {
        Document::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let types = &parts[TYPES];
    for part in types.split("PartName=\"/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(parts.contains_key(part), "a type for {part}");
        assert_eq!(types.matches(&format!("\"/{part}\"")).count(), 1, "{part}");
    }
    let relations = Document::parse(&parts[RELATIONS]).unwrap();
    let all = relations.root_element().children();
    let mut ids: Vec<&str> = all.clone().filter_map(|node| node.attribute("Id")).collect();
    for node in all.filter(|node| node.attribute("TargetMode").is_none()) {
        let target = format!("word/{}", node.attribute("Target").unwrap());
        assert!(parts.contains_key(&target), "{target}");
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id twice");
}

#[test]
fn a_document_of_ours_is_a_template_that_changes_nothing() {
    let made = printed(&packed(&own()));
    assert_whole(&made);
    let ours: BTreeMap<String, Vec<u8>> = own();
    assert_eq!(made[STYLE_SHEET].as_bytes(), ours[STYLE_SHEET], "no style is there twice");
    let text = &made[DOCUMENT];
    assert!(text.contains("Deplisteoverskrift1") && text.matches("Vårt").count() == 1, "{text}");
    assert_eq!(made["word/comments.xml"].matches("<w:comment ").count(), 1);
    assert!(text.contains("w:headerReference"), "the header goes along");
}

#[test]
fn numbers_of_lists_are_those_that_are_free() {
    let made = printed(&packed(&own()));
    let numbering = Document::parse(&made[NUMBERING]).unwrap();
    for (element, attribute) in [("abstractNum", "abstractNumId"), ("num", "numId")] {
        let all = numbering.descendants().filter(|node| is(*node, element));
        let mut numbers: Vec<_> = all.filter_map(|n| n.attribute((WORD, attribute))).collect();
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), count, "{element}");
    }
    // The template's lists are 1 and 2; its headings keep theirs.
    assert!(made[DOCUMENT].contains("<w:numId w:val=\"4\"/>"), "{}", made[DOCUMENT]);
    assert!(made[STYLE_SHEET].contains("<w:numId w:val=\"1\"/>"));
}

#[test]
fn a_template_without_lists_gets_ours() {
    let mut parts = own();
    parts.remove(NUMBERING);
    let of_numbering = "<Relationship Id=\"rId2\" Type=\"http://schemas.openxmlformats.org/\
                        officeDocument/2006/relationships/numbering\" Target=\"numbering.xml\"/>";
    changed(&mut parts, RELATIONS, of_numbering, "");
    let of_type = "<Override PartName=\"/word/numbering.xml\" ContentType=\"application/vnd.\
                   openxmlformats-officedocument.wordprocessingml.numbering+xml\"/>";
    changed(&mut parts, TYPES, of_type, "");
    let made = printed(&packed(&parts));
    assert_whole(&made);
    assert!(made[TYPES].contains("numbering+xml"));
}

#[test]
fn a_template_becomes_a_document() {
    let mut parts = own();
    changed(&mut parts, TYPES, ".document.main+xml", ".template.main+xml");
    let made = printed(&packed(&parts));
    assert!(!made[TYPES].contains("template") && made[TYPES].contains(".document.main+xml"));
}

#[test]
fn the_same_template_takes_one_document_after_another() {
    let template = Template::read(&packed(&own())).unwrap();
    let one = to_bytes(&report(), Some(&template)).unwrap();
    let without = Report { comments: Vec::new(), ..report() };
    let mut two = Cursor::new(Vec::new());
    let mut watch = |_, _| std::ops::ControlFlow::Continue(());
    write(&without, Some(&template), &mut two, &mut watch).unwrap();
    assert!(unpack(&one).unwrap().contains_key("word/comments.xml"));
    let two = unpack(two.get_ref()).unwrap();
    assert!(!two.contains_key("word/comments.xml"));
}

#[test]
fn what_is_no_template_is_refused() {
    let refusal = |change: &dyn Fn(&mut Parts)| {
        let mut parts = own();
        change(&mut parts);
        Template::read(&packed(&parts)).unwrap_err()
    };
    assert!(matches!(Template::read(b"tekst").unwrap_err(), TemplateError::Package(_)));
    let missing = refusal(&|parts| drop(parts.remove(STYLE_SHEET)));
    assert!(matches!(missing, TemplateError::Missing(STYLE_SHEET)), "{missing}");
    let broken = refusal(&|parts| drop(parts.insert(DOCUMENT.to_owned(), b"<w:document".to_vec())));
    assert!(matches!(broken, TemplateError::Xml(DOCUMENT, _)), "{broken}");
    let macros = refusal(&|parts| drop(parts.insert("word/vbaProject.bin".to_owned(), Vec::new())));
    assert!(matches!(macros, TemplateError::Macros), "{macros}");
    let sheet = refusal(&|parts| changed(parts, TYPES, "wordprocessingml.document.main", "sheet"));
    assert!(matches!(sheet, TemplateError::Unsupported(TYPES)), "{sheet}");
    let strict = refusal(&|parts| changed(parts, DOCUMENT, WORD, "http://purl.oclc.org/ooxml/w"));
    assert!(matches!(strict, TemplateError::Unsupported(DOCUMENT)), "{strict}");
    let large = refusal(&|parts| {
        let size = usize::try_from(LARGEST).unwrap();
        parts.insert("word/media/big.png".to_owned(), vec![0; size]);
    });
    assert!(matches!(large, TemplateError::TooLarge), "{large}");
}
