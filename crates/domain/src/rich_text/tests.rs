//! What becomes of each node and mark, of unknown ones, and of trees without end.
#![expect(clippy::needless_pass_by_value, reason = "`json!` values are made in the call")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::content::{ContentField, FlatFields};
use crate::document::Document;

fn doc(blocks: Value) -> RichText {
    RichText::from_value(&json!({ "type": "doc", "content": blocks }))
}

fn paragraph(text: &str) -> Value {
    json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] })
}

fn marked(marks: Value) -> Marks {
    let node = json!({ "type": "text", "text": "tekst", "marks": marks });
    let text = doc(json!([{ "type": "paragraph", "content": [node] }]));
    let Some(Block::Paragraph(spans)) = text.blocks.into_iter().next() else { panic!("no text") };
    spans.into_iter().next().unwrap().marks
}

fn all_text(text: &RichText) -> String {
    let mut all = String::new();
    text.each_span(&mut |span| all.push_str(&span.text));
    all
}

#[test]
fn every_block_of_the_contract_is_understood() {
    let item = |text| json!({ "type": "listItem", "content": [paragraph(text)] });
    let text = doc(json!([
        paragraph("en"),
        { "type": "heading", "attrs": { "level": 4 }, "content": [{ "type": "text", "text": "to" }] },
        { "type": "bulletList", "content": [item("tre")] },
        { "type": "orderedList", "attrs": { "start": 4, "type": null }, "content": [item("fire")] },
        { "type": "blockquote", "content": [paragraph("fem")] },
        { "type": "codeBlock", "attrs": { "language": null }, "content": [{ "type": "text", "text": "seks" }] },
        { "type": "horizontalRule" },
        { "type": "image", "attrs": { "src": "/uploads/images/1.png", "alt": null, "title": "Søyler", "width": "320px" } },
        { "type": "paragraph" },
    ]));
    let plain = |text: &str| vec![Span::plain(text)];
    let list = |marker, start, text| {
        Block::List(List { marker, start, items: vec![vec![Block::Paragraph(plain(text))]] })
    };
    assert_eq!(
        text.blocks,
        [
            Block::Paragraph(plain("en")),
            Block::Heading { level: 4, spans: plain("to") },
            list(ListMarker::Bullet, 1, "tre"),
            list(ListMarker::Decimal, 4, "fire"),
            Block::Quote(vec![Block::Paragraph(plain("fem"))]),
            Block::Code(plain("seks")),
            Block::Rule,
            Block::Image(Image {
                src: "/uploads/images/1.png".to_owned(),
                alt: Some("Søyler".to_owned()),
                width: Some(320),
            }),
            Block::Paragraph(vec![]),
        ]
    );
}

#[test]
fn lists_nest_and_keep_further_paragraphs_of_an_item() {
    let inner = json!({ "type": "orderedList", "attrs": { "type": "a" }, "content": [
        { "type": "listItem", "content": [paragraph("inni")] },
    ] });
    let text = doc(json!([{ "type": "bulletList", "content": [
        { "type": "listItem", "content": [paragraph("ute"), paragraph("mer"), inner] },
    ] }]));
    let [Block::List(outer)] = &text.blocks[..] else { panic!("no list") };
    let [Block::Paragraph(_), Block::Paragraph(_), Block::List(inner)] = &outer.items[0][..] else {
        panic!("{outer:?}");
    };
    assert_eq!((inner.marker, inner.start), (ListMarker::LowerLetter, 1));
}

#[test]
fn a_line_break_is_part_of_the_text() {
    let text = doc(json!([{ "type": "paragraph", "content": [
        { "type": "text", "text": "over" }, { "type": "hardBreak" }, { "type": "text", "text": "under" },
    ] }]));
    assert_eq!(text.blocks, [Block::Paragraph(vec![Span::plain("over\nunder")])]);
}

#[test]
fn formats_and_links_are_read() {
    let marks = marked(json!([
        { "type": "bold" }, { "type": "italic" }, { "type": "underline" }, { "type": "strike" },
        { "type": "code" }, { "type": "link", "attrs": { "href": "https://regjeringen.no" } },
        { "type": "highlight", "attrs": { "color": "red" } },
    ]));
    assert_eq!(marks.format, Format { bold: true, italic: true, underline: true });
    assert!(marks.strike && marks.code);
    assert_eq!(marks.link.unwrap().as_str(), "https://regjeringen.no/");
}

#[test]
fn a_document_links_to_web_and_mail_addresses_only() {
    for address in ["http://a.no", "HTTPS://a.no/ø?b=1", "mailto:post@fin.dep.no", " https://a.no "]
    {
        assert!(Link::parse(address).is_some(), "{address}");
    }
    let long = format!("https://a.no/{}", "x".repeat(2_000));
    for address in [
        "",
        "a.no",
        "/sak/1",
        "#x",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http:",
        "http://a b",
        &long,
    ] {
        assert!(Link::parse(address).is_none(), "{address}");
    }
}

#[test]
fn tracked_changes_carry_author_and_time() {
    let attrs = json!({
        "changeId": "c1", "authorId": "u1", "authorName": "Kari Nordmann",
        "timestamp": "2026-02-01T09:00:00.250Z",
    });
    let Some(Revision::Insertion(change)) =
        marked(json!([{ "type": "insertion", "attrs": attrs }])).revision
    else {
        panic!("no insertion");
    };
    assert_eq!((change.id.as_str(), change.author.as_deref()), ("c1", Some("Kari Nordmann")));
    assert_eq!(change.at.unwrap().to_rfc3339(), "2026-02-01T09:00:00.250+00:00");
    let deleted = marked(json!([{ "type": "deletion", "attrs": attrs }])).revision;
    assert!(matches!(deleted, Some(Revision::Deletion(_))));
}

#[test]
fn attributes_may_be_null_missing_or_of_the_wrong_type() {
    let nulls = json!({ "changeId": null, "authorName": null, "timestamp": null });
    for attrs in
        [nulls, json!(null), json!({ "changeId": 7, "authorName": " ", "timestamp": "i går" })]
    {
        let marks = marked(json!([{ "type": "deletion", "attrs": attrs }]));
        assert_eq!(marks.revision, Some(Revision::Deletion(Change::default())));
    }
    assert_eq!(
        marked(json!([{ "type": "comment", "attrs": { "commentId": null } }, 5, null])),
        Marks::default()
    );
    assert_eq!(marked(json!("bold")), Marks::default());
}

#[test]
fn a_format_change_knows_what_applied_before() {
    let before = |original: Value| {
        let mark = json!({ "type": "formatChange", "attrs": { "originalFormat": original } });
        marked(json!([mark])).format_change.unwrap().before
    };
    assert_eq!(
        before(json!("[\"bold\",\"underline\"]")),
        Format { bold: true, italic: false, underline: true }
    );
    assert_eq!(before(json!(["italic"])), Format { italic: true, ..Format::default() });
    for nothing in [json!("[]"), json!(null), json!("bold"), json!({})] {
        assert_eq!(before(nothing), Format::default());
    }
}

#[test]
fn comments_overlap() {
    let comment = |id: &str, resolved: bool| json!({ "type": "comment", "attrs": { "commentId": id, "resolved": resolved } });
    let marks = marked(json!([comment("a", false), comment("b", true)]));
    let found: Vec<_> = marks.comments.iter().map(|c| (c.id.as_str(), c.resolved)).collect();
    assert_eq!(found, [("a", false), ("b", true)]);
}

#[test]
fn unknown_nodes_are_their_children_or_their_text() {
    let cell = |text| json!({ "type": "tableCell", "content": [paragraph(text)] });
    let text = doc(json!([
        { "type": "table", "content": [{ "type": "tableRow", "content": [cell("a"), cell("b")] }] },
        { "type": "callout", "content": [{ "type": "text", "text": "c" }] },
        { "type": "text", "text": "d" },
        { "type": "mention", "text": "e" },
        { "type": "paragraph", "content": [{ "type": "badge", "content": [{ "type": "text", "text": "f" }] }] },
        { "type": "video" }, 7, null,
    ]));
    let lines: Vec<_> = text
        .blocks
        .iter()
        .map(|block| match block {
            Block::Paragraph(spans) => {
                spans.iter().map(|span| span.text.as_str()).collect::<String>()
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(lines, ["a", "b", "c", "de", "f"]);
}

#[test]
fn neighbours_with_the_same_marks_are_one_span() {
    let text = doc(json!([{ "type": "paragraph", "content": [
        { "type": "text", "text": "a" }, { "type": "text", "text": "b" },
        { "type": "text", "text": "c", "marks": [{ "type": "bold" }] },
    ] }]));
    assert_eq!(text.blocks, [Block::Paragraph(vec![Span::plain("ab"), Span::bold("c")])]);
}

#[test]
fn text_below_the_greatest_depth_is_kept_and_lies_no_deeper() {
    let mut node = paragraph("innerst");
    for _ in 0..500 {
        node = json!({ "type": "blockquote", "content": [node] });
    }
    let text = doc(json!([node]));
    assert_eq!(all_text(&text), "innerst");
    let mut depth = 0;
    let mut blocks = &text.blocks;
    while let [Block::Quote(inner)] = &blocks[..] {
        (blocks, depth) = (inner, depth + 1);
    }
    assert!(depth <= crate::document::MAX_DEPTH, "{depth}");
}

#[test]
fn what_is_no_json_is_a_text() {
    assert_eq!(RichText::from_json_text("Vedtatt\ni går").blocks.len(), 2);
    assert!(RichText::from_json_text("null").is_blank());
    assert!(RichText::from_json_text("[1, 2]").is_blank());
    assert_eq!(all_text(&RichText::from_json_text("\"tekst\"")), "tekst");
}

#[test]
fn flat_text_is_a_paragraph_a_line() {
    let text = RichText::from_flat("en\r\n\nto");
    let plain = |text: &str| Block::Paragraph(vec![Span::plain(text)]);
    assert_eq!(text.blocks, [plain("en"), Block::Paragraph(vec![]), plain("to")]);
    assert_eq!(RichText::from_flat(" \n").blocks, [Block::Paragraph(vec![])]);
}

#[test]
fn the_empty_paragraph_for_the_cursor_is_trimmed() {
    let text = doc(json!([{ "type": "paragraph" }, paragraph("a"), { "type": "paragraph" }]));
    assert_eq!(text.trimmed().blocks.len(), 2);
}

#[test]
fn blank_is_what_prints_nothing() {
    assert!(doc(json!([{ "type": "paragraph" }, paragraph(" ")])).is_blank());
    assert!(!doc(json!([{ "type": "horizontalRule" }])).is_blank());
    assert!(!doc(json!([{ "type": "bulletList", "content": [{ "type": "listItem", "content": [paragraph("a")] }] }])).is_blank());
}

#[test]
fn a_case_document_is_its_sections_in_its_own_order() {
    let section = |key: &str, label: &str| {
        json!({
            "type": "caseSection", "attrs": { "fieldKey": key, "label": label },
            "content": [
                { "type": "sectionTitle", "content": [{ "type": "text", "text": "Tittel" }] },
                { "type": "sectionContent", "content": [paragraph("tekst")] },
            ],
        })
    };
    let document = Document::try_from(json!({ "type": "caseDocument", "content": [
        paragraph("løs"), section("comment", "Kommentar (intern)"), section("justification", ""),
        section("noe", "Annet"), section("", "Uten nøkkel"),
    ] }))
    .unwrap();
    let sections = case_sections(&document);
    let found: Vec<_> = sections.iter().map(|s| (s.field, s.label.as_str())).collect();
    assert_eq!(
        found,
        [
            (None, ""),
            (Some(ContentField::Comment), "Kommentar (intern)"),
            (Some(ContentField::Justification), "Tittel"),
            (None, "Annet"),
            (None, "Uten nøkkel"),
        ]
    );
    assert!(sections[1..].iter().all(|section| all_text(&section.body) == "tekst"));
}

#[test]
fn a_section_inside_a_section_becomes_a_heading_in_it() {
    let inner = json!({ "type": "caseSection", "attrs": { "fieldKey": "goalIndicator" }, "content": [
        { "type": "sectionTitle", "content": [{ "type": "text", "text": "Mål" }] },
        { "type": "sectionContent", "content": [paragraph("inni")] },
    ] });
    let outer = json!({ "type": "caseSection", "attrs": { "fieldKey": "justification" }, "content": [
        { "type": "sectionContent", "content": [paragraph("ute"), inner] },
    ] });
    let document =
        Document::try_from(json!({ "type": "caseDocument", "content": [outer] })).unwrap();
    let sections = case_sections(&document);
    assert_eq!(sections[0].label, "Begrunnelse");
    let [_, Block::Heading { level: 1, .. }, Block::Paragraph(_)] = &sections[0].body.blocks[..]
    else {
        panic!("{sections:?}");
    };
}

#[test]
fn flat_fields_become_sections_with_the_given_headings() {
    let flat = FlatFields::default().with(&[
        (ContentField::FinVerbal, Some("Tilrås".to_owned())),
        (ContentField::ProposalText, Some("En\nTo".to_owned())),
    ]);
    let sections = CaseSection::from_flat(&flat, |field| format!("[{}]", field.label()));
    let labels: Vec<_> = sections.iter().map(|section| section.label.as_str()).collect();
    assert_eq!(labels, ["[Forslag til omtale]", "[Konklusjon]"]);
    assert_eq!(sections[0].body.blocks.len(), 2);
}

fn a_node() -> impl Strategy<Value = Value> {
    let kinds = [
        "paragraph",
        "bulletList",
        "orderedList",
        "listItem",
        "blockquote",
        "codeBlock",
        "heading",
        "sectionContent",
        "x",
    ];
    let leaf = (proptest::sample::select(vec!["text", "paragraph", "x"]), "[a-z]{0,3}")
        .prop_map(|(kind, text)| json!({ "type": kind, "text": text }));
    leaf.prop_recursive(6, 60, 6, move |inner| {
        (proptest::sample::select(kinds.to_vec()), prop::collection::vec(inner, 0..6))
            .prop_map(|(kind, content)| json!({ "type": kind, "content": content, "attrs": null }))
    })
}

fn text_of(node: &Value, out: &mut String) {
    out.push_str(node["text"].as_str().unwrap_or_default());
    for child in node["content"].as_array().map_or(&[][..], Vec::as_slice) {
        text_of(child, out);
    }
}

proptest! {
    #[test]
    fn no_tree_loses_text(nodes in prop::collection::vec(a_node(), 0..6)) {
        let root = json!({ "type": "doc", "content": nodes });
        let mut expected = String::new();
        text_of(&root, &mut expected);
        let found = all_text(&RichText::from_value(&root)).replace('\n', "");
        prop_assert_eq!(found, expected);
    }
}
