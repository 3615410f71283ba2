//! What builders make of cases: which blocks, in which order, with which markers.
#![expect(clippy::needless_pass_by_value, reason = "`json!` values are made in the call")]

use chrono::DateTime;
use domain::case_list::CaseListFilters;
use domain::content::{ContentField, FlatFields};
use domain::export::ExportField;
use domain::exported_case::ExportedCase;
use domain::money::ThousandNok;
use domain::origin::Origin;
use domain::rich_text::{CaseSection, RichText};
use domain::status::Status;
use serde_json::{Value, json};

use super::*;

fn case() -> ExportedCase {
    ExportedCase {
        case_name: "Økt satsing på jernbane".to_owned(),
        department_code: "SD".to_owned(),
        department_name: "Samferdselsdepartementet".to_owned(),
        budget_round_name: "AUG2026".to_owned(),
        chapter: Some("0042".to_owned()),
        post: None,
        amount: Some(ThousandNok::new(12_000)),
        fin_amount: None,
        gov_amount: None,
        case_type: "Satsingsforslag".to_owned(),
        status: Status::SendtTilFin,
        assigned_to_name: None,
        fin_assigned_to_name: None,
        created_by_name: "Ola Nordmann".to_owned(),
        responsible_division: None,
        fin_list_placement: None,
        priority_number: None,
        origin: Origin::Fag,
        version: 2,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
        texts: FlatFields::default().with(&[(ContentField::Comment, Some("En\nTo".to_owned()))]),
    }
}

fn section(label: &str, blocks: Value) -> CaseSection {
    let body = RichText::from_value(&json!({ "content": blocks }));
    CaseSection { field: None, label: label.to_owned(), body }
}

fn report(sections: &[CaseSection], comments: Vec<Comment>) -> Report {
    let case = case();
    case_report(CaseInput { case: &case, sections, comments, made_at: DateTime::UNIX_EPOCH })
}

fn comment(anchor: &str) -> Comment {
    Comment {
        anchor: anchor.to_owned(),
        author: "Kari Nordmann".to_owned(),
        at: DateTime::UNIX_EPOCH,
        text: "Er dette riktig?".to_owned(),
        resolved: false,
        replies: Vec::new(),
    }
}

fn paragraph(text: &str) -> Value {
    json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] })
}

fn list(kind: &str, items: &[Value]) -> Value {
    let items: Vec<_> =
        items.iter().map(|item| json!({ "type": "listItem", "content": item })).collect();
    json!({ "type": kind, "content": items })
}

/// Style, marker, indent and text of every paragraph after the facts.
fn shown(report: &Report) -> Vec<(Style, String, u8, String)> {
    let paragraphs = report.blocks.iter().skip(2).filter_map(|block| match block {
        Block::Paragraph(paragraph) => Some(paragraph),
        _ => None,
    });
    paragraphs
        .map(|p| {
            let marker = p.list.map(|item| report.lists[item.list].label(item.number));
            let text = p.spans.iter().map(|span| span.text.as_str()).collect();
            (p.style, marker.unwrap_or_default(), p.indent, text)
        })
        .collect()
}

fn line(style: Style, marker: &str, indent: u8, text: &str) -> (Style, String, u8, String) {
    (style, marker.to_owned(), indent, text.to_owned())
}

#[test]
fn a_case_begins_with_its_name_and_what_is_known_of_it() {
    let report = report(&[], vec![]);
    assert_eq!(
        (report.title.as_str(), report.creator.as_str()),
        ("Økt satsing på jernbane", PRODUCT)
    );
    let [Block::Paragraph(title), Block::Facts(facts)] = &report.blocks[..] else {
        panic!("{report:?}")
    };
    assert_eq!(title.style, Style::Heading1);
    let facts: Vec<_> = facts.iter().map(|f| (f.label.as_str(), f.value.as_str())).collect();
    assert_eq!(
        facts,
        [
            ("Departement", "Samferdselsdepartementet"),
            ("Budsjettrunde", "AUG2026"),
            ("Kapittel/post", "kap. 0042"),
            ("Sakstype", "Satsingsforslag"),
            ("Status", "Sendt til FIN"),
            ("FAGs forslag (1 000 kr)", "12\u{a0}000"),
        ]
    );
}

#[test]
fn each_section_is_a_heading_and_its_text_and_an_empty_one_an_empty_line() {
    let sections =
        [section("Begrunnelse", json!([paragraph("Fordi")])), section("Kommentar", json!([]))];
    assert_eq!(
        shown(&report(&sections, vec![])),
        [
            line(Style::Heading2, "", 0, "Begrunnelse"),
            line(Style::Body, "", 0, "Fordi"),
            line(Style::Heading2, "", 0, "Kommentar"),
            line(Style::Body, "", 0, ""),
        ]
    );
}

#[test]
fn nested_lists_count_for_themselves_and_further_paragraphs_are_only_indented() {
    let inner = list("orderedList", &[json!([paragraph("i")]), json!([paragraph("ii")])]);
    let outer = list(
        "orderedList",
        &[
            json!([paragraph("en"), paragraph("mer"), inner]),
            json!([paragraph("to")]),
            json!([list("bulletList", &[json!([paragraph("dypt")])])]),
            json!([]),
        ],
    );
    assert_eq!(
        shown(&report(&[section("", json!([outer]))], vec![])),
        [
            line(Style::Body, "1.", 1, "en"),
            line(Style::Body, "", 1, "mer"),
            line(Style::Body, "1.", 2, "i"),
            line(Style::Body, "2.", 2, "ii"),
            line(Style::Body, "2.", 1, "to"),
            line(Style::Body, "3.", 1, ""),
            line(Style::Body, "•", 2, "dypt"),
            line(Style::Body, "4.", 1, ""),
        ]
    );
}

#[test]
fn every_list_is_its_own_so_that_numbers_restart() {
    let one = || list("orderedList", &[json!([paragraph("a")])]);
    let mut third = one();
    third["attrs"] = json!({ "start": 7 });
    let report = report(&[section("", json!([one(), one(), third]))], vec![]);
    assert_eq!(report.lists.iter().map(|list| list.start).collect::<Vec<_>>(), [1, 1, 7]);
    assert_eq!(shown(&report)[2].1, "7.");
}

#[test]
fn lists_deeper_than_word_can_number_stay_at_the_deepest_level() {
    let mut node = paragraph("bunn");
    for _ in 0..12 {
        node = list("bulletList", &[json!([node])]);
    }
    let report = report(&[section("", json!([node]))], vec![]);
    assert!(report.lists.iter().all(|list| list.level <= ListSpec::DEEPEST));
    assert_eq!(report.lists.len(), 12);
}

#[test]
fn quotations_are_indented_code_and_rules_are_kept_and_headings_begin_at_the_third_level() {
    let blocks = json!([
        { "type": "heading", "attrs": { "level": 1 }, "content": [{ "type": "text", "text": "H" }] },
        { "type": "heading", "attrs": { "level": 6 }, "content": [{ "type": "text", "text": "h" }] },
        { "type": "blockquote", "content": [paragraph("sitat")] },
        { "type": "codeBlock", "content": [{ "type": "text", "text": "x = 1" }] },
        { "type": "horizontalRule" },
    ]);
    let report = report(&[section("", blocks)], vec![]);
    assert_eq!(
        shown(&report),
        [
            line(Style::Heading3, "", 0, "H"),
            line(Style::Heading6, "", 0, "h"),
            line(Style::Quote, "", 1, "sitat"),
            line(Style::Code, "", 0, "x = 1"),
        ]
    );
    assert_eq!(report.blocks.last(), Some(&Block::Rule));
}

#[test]
fn a_picture_that_is_not_there_leaves_a_mark() {
    let image =
        json!([{ "type": "image", "attrs": { "src": "/uploads/images/1.png", "alt": "Søyler" } }]);
    let found = shown(&report(&[section("", image)], vec![]));
    assert_eq!(found, [line(Style::Placeholder, "", 0, "[Figur mangler: Søyler]")]);
}

#[test]
fn comments_stay_where_they_are_and_those_without_a_place_go_to_the_title() {
    let marked = json!([{ "type": "paragraph", "content": [{ "type": "text", "text": "tall",
        "marks": [{ "type": "comment", "attrs": { "commentId": "here" } }] }] }]);
    let report = report(&[section("", marked)], vec![comment("here"), comment("gone")]);
    let Block::Paragraph(title) = &report.blocks[0] else { panic!("no title") };
    let on_title: Vec<_> =
        title.spans[0].marks.comments.iter().map(|mark| mark.id.as_str()).collect();
    assert_eq!(on_title, ["gone"]);
}

fn list_report(fields: &[ExportField], cases: Vec<ExportedCase>) -> Report {
    let filters = CaseListFilters {
        status: Some("sendt_til_fin".to_owned()),
        search: Some("tog".to_owned()),
        ..CaseListFilters::default()
    };
    let input = CaseListInput {
        filters: &filters,
        department_code: Some("SD"),
        round_name: Some("AUG2026"),
        fields,
        made_at: DateTime::UNIX_EPOCH,
    };
    case_list_report(&input, cases)
}

fn texts(report: &Report) -> Vec<(Style, String)> {
    let paragraphs = report.blocks.iter().filter_map(|block| match block {
        Block::Paragraph(p) => Some((p.style, p.spans.iter().map(|s| s.text.as_str()).collect())),
        _ => None,
    });
    paragraphs.collect()
}

#[test]
fn a_case_list_names_round_and_filter_and_each_case_with_the_chosen_fields() {
    let fields = [
        ExportField::CaseName,
        ExportField::DepartmentCode,
        ExportField::Post,
        ExportField::UpdatedAt,
        ExportField::Content(ContentField::Comment),
        ExportField::Content(ContentField::FinVerbal),
    ];
    let found = texts(&list_report(&fields, vec![case()]));
    let expected = [
        (Style::Heading1, "Saksliste – AUG2026 – SD – Sendt til FIN – tog"),
        (Style::Heading2, "Økt satsing på jernbane"),
        (Style::Body, "Departement: SD  |  Oppdatert: 01.01.1970"),
        (Style::Label, "Kommentar"),
        (Style::Body, "En"),
        (Style::Body, "To"),
    ];
    assert_eq!(found, expected.map(|(style, text)| (style, text.to_owned())));
}

#[test]
fn an_empty_case_list_says_so() {
    assert_eq!(texts(&list_report(&[], vec![]))[1].1, "Ingen saker.");
}

#[test]
fn a_picture_is_read_by_its_content() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x02\0\0\0";
    let picture = Picture::read(png, &PictureFonts::default()).unwrap();
    assert_eq!((picture.format, picture.width, picture.height), (PictureFormat::Png, 640, 480));
    let bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\x0f\x42\x40\0\x0f\x42\x40\x08\x02\0\0\0";
    for other in [&b"tekst"[..], b"", b"GIF89a\x01\0\x01\0", bomb] {
        assert_eq!(Picture::read(other, &PictureFonts::default()), None);
    }
}
