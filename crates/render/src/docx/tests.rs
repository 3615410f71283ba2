//! The package taken apart again: every part parsed, every reference followed, every rule of order
//! checked, and the marks of a text found as Word's own.
#![expect(clippy::needless_pass_by_value, reason = "`json!` values are made in the call")]

mod package;
mod schema;

use chrono::DateTime;
use domain::content::FlatFields;
use domain::exported_case::ExportedCase;
use domain::money::ThousandNok;
use domain::origin::Origin;
use domain::rich_text::{CaseSection, RichText};
use domain::status::Status;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::report::{
    Block, CaseInput, Column, Comment, Figure, Paragraph, Picture, PictureFonts, Reply, Style,
    Table, case_report,
};
use package::{Part, Unpacked};

/// An image of one pixel.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, b'I', b'D', b'A', b'T',
    0x78, 0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0xf0, 0x1f, 0, 5, 0, 1, 0xff, 0x89, 0x99, 0x3d, 0x1d, 0, 0,
    0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

fn case() -> ExportedCase {
    ExportedCase {
        case_name: "Økt satsing på jernbane".to_owned(),
        department_code: "SD".to_owned(),
        department_name: "Samferdselsdepartementet".to_owned(),
        budget_round_name: "AUG2026".to_owned(),
        chapter: Some("0042".to_owned()),
        post: Some("01".to_owned()),
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
        texts: FlatFields::default(),
    }
}

fn report(blocks: Value, comments: Vec<Comment>) -> Report {
    let body = RichText::from_value(&json!({ "content": blocks }));
    let sections = [CaseSection { field: None, label: "Begrunnelse".to_owned(), body }];
    let made_at = "2026-03-01T12:00:00Z".parse().unwrap();
    case_report(CaseInput { case: &case(), sections: &sections, comments, made_at })
}

fn unpacked(report: &Report) -> Unpacked {
    Unpacked::read(to_bytes(report, None).unwrap())
}

/// The text of a document with these blocks.
fn document(blocks: Value) -> Part {
    unpacked(&report(blocks, vec![])).part("word/document.xml")
}

fn text(text: &str, marks: Value) -> Value {
    json!({ "type": "text", "text": text, "marks": marks })
}

fn paragraph(nodes: Value) -> Value {
    json!({ "type": "paragraph", "content": nodes })
}

fn change(kind: &str, id: &str) -> Value {
    json!({ "type": kind, "attrs": {
        "changeId": id, "authorId": "u", "authorName": "Kari Nordmann",
        "timestamp": "2026-02-01T09:00:05.5Z", "originalFormat": "[\"italic\"]",
    } })
}

fn comment_mark(id: &str) -> Value {
    json!({ "type": "comment", "attrs": { "commentId": id } })
}

fn comment(anchor: &str, replies: &[&str]) -> Comment {
    let reply = |text: &&str| Reply {
        author: "Ola Nordmann".to_owned(),
        at: DateTime::UNIX_EPOCH,
        text: (*text).to_owned(),
    };
    Comment {
        anchor: anchor.to_owned(),
        author: "Kari Nordmann".to_owned(),
        at: "2026-02-01T09:00:00Z".parse().unwrap(),
        text: "Er dette riktig?\nSjekk.".to_owned(),
        resolved: anchor == "settled",
        replies: replies.iter().map(reply).collect(),
    }
}

fn ordered(start: Option<u32>, items: &[Value]) -> Value {
    let items: Vec<_> =
        items.iter().map(|item| json!({ "type": "listItem", "content": item })).collect();
    json!({ "type": "orderedList", "attrs": { "start": start }, "content": items })
}

/// A document with one of everything.
fn everything() -> Report {
    let plain = |words: &str| paragraph(json!([{ "type": "text", "text": words }]));
    let blocks = json!([
        plain("Vanlig tekst"),
        paragraph(json!([
            text("fet", json!([{ "type": "bold" }, { "type": "underline" }, { "type": "italic" }])),
            text("strøket", json!([{ "type": "strike" }, { "type": "code" }])),
            text("inn", json!([change("insertion", "a"), { "type": "bold" }, comment_mark("c")])),
            text("satt", json!([change("insertion", "a")])),
            text("ut", json!([change("deletion", "b"), change("formatChange", "f"), { "type": "bold" }, { "type": "strike" }, { "type": "code" }])),
            text("lenke", json!([{ "type": "link", "attrs": { "href": "https://regjeringen.no/æ" } }, change("insertion", "a"), change("formatChange", "f")])),
            { "type": "hardBreak" },
            text("slutt\tpå", json!([comment_mark("settled")])),
        ])),
        ordered(Some(3), &[json!([plain("tre"), ordered(None, &[json!([plain("inni")])])])]),
        { "type": "bulletList", "content": [{ "type": "listItem", "content": [plain("kule")] }] },
        { "type": "blockquote", "content": [plain("sitat"), ordered(None, &[json!([plain("i sitat")])])] },
        { "type": "codeBlock", "content": [{ "type": "text", "text": "x\n  y" }] },
        { "type": "horizontalRule" },
        { "type": "heading", "attrs": { "level": 2 }, "content": [{ "type": "text", "text": "H" }] },
        { "type": "image", "attrs": { "src": "/borte.png" } },
    ]);
    let comments =
        vec![comment("c", &["Ja", "Nei"]), comment("settled", &[]), comment("gone", &[])];
    let mut report = report(blocks, comments);
    let picture = Picture::read(PNG, &PictureFonts::default()).unwrap();
    for alt in ["Søyler", "Kake"] {
        let figure = Figure { picture: picture.clone(), width_percent: 60, alt: alt.to_owned() };
        report.blocks.push(Block::Figure(figure));
    }
    report.blocks.push(Block::Classification("STRENGT FORTROLIG".to_owned()));
    report.blocks.push(Block::PageBreak);
    for style in Style::ALL {
        let spans = vec![domain::rich_text::Span::plain(format!("{style:?}"))];
        report.blocks.push(Block::Paragraph(Paragraph { style, spans, ..Paragraph::default() }));
    }
    report.blocks.push(Block::Table(table()));
    report
}

fn table() -> Table {
    let column = |title: &str, numeric, width| Column { title: title.to_owned(), numeric, width };
    let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
    Table {
        columns: vec![column("Sak", false, 70), column("Forslag", true, 30)],
        rows: vec![row(["Jernbane", "12 000"]), row(["Vei", "-"])],
        sum: Some(row(["Sum", "12 000"])),
    }
}

#[test]
fn every_part_is_sound_xml_and_every_reference_leads_somewhere() {
    unpacked(&everything()).assert_sound();
    unpacked(&report(json!([]), vec![])).assert_sound();
}

#[test]
fn the_order_of_elements_is_that_of_the_schema() {
    let unpacked = unpacked(&everything());
    for part in ["document", "styles", "numbering", "settings", "comments", "header1", "footer1"] {
        schema::assert_order(&unpacked.part(&format!("word/{part}.xml")));
    }
}

#[test]
fn every_style_of_the_contract_is_defined_by_its_name() {
    let styles = unpacked(&everything()).part("word/styles.xml");
    for name in [
        "Normal",
        "Deplisteoverskrift1",
        "Deplisteoverskrift2",
        "Deplisteoverskrift3",
        "Deplisteoverskrift4",
        "Overskrift5",
        "Overskrift7",
        "Deplistetabell-tittel",
        "Deplistefigur-tittel",
        "Deplistetittel-ramme",
        "Konklusjonbokstavert",
        "Tabellrutenett",
    ] {
        let found = styles.with("w:style", "w:styleId", name);
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(found[0].value_of("w:name").as_deref(), Some(name));
    }
    for name in ["Heading1", "Heading2", "Heading3", "CommentReference", "CommentText"] {
        assert_eq!(styles.with("w:style", "w:styleId", name).len(), 1, "{name}");
    }
}

#[test]
fn sizes_weights_and_fonts_are_those_of_the_contract() {
    let styles = unpacked(&everything()).part("word/styles.xml");
    for (name, based_on, font, half_points, bold) in [
        ("Heading1", "Normal", "Calibri Light", "32", true),
        ("Heading2", "Normal", "Calibri Light", "28", true),
        ("Heading3", "Normal", "Calibri Light", "28", true),
        ("Deplisteoverskrift1", "Heading1", "Calibri Light", "32", true),
        ("Deplisteoverskrift2", "Heading2", "Calibri Light", "28", true),
        ("Deplisteoverskrift3", "Heading3", "Calibri Light", "28", true),
        ("Deplisteoverskrift4", "Heading4", "Calibri Light", "24", true),
        ("Overskrift5", "Heading5", "Calibri", "24", true),
        ("Overskrift7", "Heading7", "Calibri", "24", true),
        ("Deplistetittel-ramme", "Normal", "Calibri", "22", true),
        ("Konklusjonbokstavert", "Normal", "Calibri", "24", true),
        ("Deplistefigur-tittel", "Normal", "Calibri", "24", false),
    ] {
        let style = &styles.with("w:style", "w:styleId", name)[0];
        assert_eq!(style.value_of("w:basedOn").as_deref(), Some(based_on), "{name}");
        assert_eq!(style.attribute_of("w:rFonts", "w:ascii").as_deref(), Some(font), "{name}");
        assert_eq!(style.value_of("w:sz").as_deref(), Some(half_points), "{name}");
        assert_eq!(style.has("w:b"), bold, "{name}");
    }
    let case = &styles.with("w:style", "w:styleId", "Overskrift7")[0];
    assert_eq!(case.value_of("w:u").as_deref(), Some("single"));
    let frame = &styles.with("w:style", "w:styleId", "Deplistetittel-ramme")[0];
    assert_eq!(frame.value_of("w:color").as_deref(), Some("CC0000"));
    assert_eq!(frame.attribute_of("w:top", "w:sz").as_deref(), Some("12"));
}

#[test]
fn headings_are_numbered_by_one_multilevel_list_and_nothing_is_typed() {
    let unpacked = unpacked(&everything());
    let numbering = unpacked.part("word/numbering.xml");
    let levels = numbering.with("w:abstractNum", "w:abstractNumId", "0")[0].children("w:lvl");
    for (level, (style, text)) in [
        ("Deplisteoverskrift1", "%1"),
        ("Deplisteoverskrift2", "%1.%2"),
        ("Deplisteoverskrift3", "%1.%2.%3"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(levels[level].value_of("w:pStyle").as_deref(), Some(style));
        assert_eq!(levels[level].value_of("w:lvlText").as_deref(), Some(text));
        let styles = unpacked.part("word/styles.xml");
        let linked = &styles.with("w:style", "w:styleId", style)[0];
        assert_eq!(linked.value_of("w:numId").as_deref(), Some("1"));
        let depth = linked.value_of("w:ilvl").unwrap_or_else(|| "0".to_owned());
        assert_eq!(depth, level.to_string());
    }
}

#[test]
fn an_insertion_is_a_revision_with_its_author_and_time() {
    let words = text("12", json!([change("insertion", "c")]));
    let document = document(json!([paragraph(json!([words]))]));
    let inserted = document.all("w:ins");
    assert_eq!(inserted.len(), 1);
    assert_eq!(inserted[0].attribute("w:author").as_deref(), Some("Kari Nordmann"));
    assert_eq!(inserted[0].attribute("w:date").as_deref(), Some("2026-02-01T09:00:05Z"));
    assert_eq!(inserted[0].text_of("w:t"), "12");
}

#[test]
fn a_deletion_keeps_its_text_as_deleted() {
    let words = text(" 10 ", json!([change("deletion", "c")]));
    let document = document(json!([paragraph(json!([words]))]));
    assert_eq!(document.all("w:del")[0].text_of("w:delText"), " 10 ");
    assert!(!document.source().contains("<w:t xml:space=\"preserve\"> 10 </w:t>"));
}

#[test]
fn neighbours_of_one_change_share_a_revision_and_others_do_not() {
    let document = document(json!([paragraph(json!([
        text("a", json!([change("insertion", "1")])),
        text("b", json!([change("insertion", "1"), { "type": "bold" }])),
        text("c", json!([change("insertion", "2")])),
        text("d", json!([])),
        text("e", json!([change("insertion", "2")])),
    ]))]));
    let texts: Vec<_> = document.all("w:ins").iter().map(|ins| ins.text_of("w:t")).collect();
    assert_eq!(texts, ["ab", "c", "e"]);
}

#[test]
fn a_change_by_nobody_is_by_the_product_at_the_time_of_the_export() {
    let mark = json!({ "type": "insertion", "attrs": { "authorName": null, "timestamp": null } });
    let document = document(json!([paragraph(json!([text("a", json!([mark]))]))]));
    let inserted = &document.all("w:ins")[0];
    assert_eq!(inserted.attribute("w:author").as_deref(), Some("Statsbudsjettportalen"));
    assert_eq!(inserted.attribute("w:date").as_deref(), Some("2026-03-01T12:00:00Z"));
}

#[test]
fn a_format_change_holds_what_was_before() {
    let words = text("a", json!([{ "type": "bold" }, change("formatChange", "f")]));
    let document = document(json!([paragraph(json!([words]))]));
    let changed = &document.all("w:rPrChange")[0];
    assert!(changed.has("w:i") && !changed.has("w:b"));
    assert_eq!(changed.parent_name(), "w:rPr");
    assert!(changed.parent_has_child("w:b"));
}

#[test]
fn a_comment_has_one_range_over_paragraphs_and_revisions_and_one_reference() {
    let blocks = json!([
        paragraph(json!([
            text("a", json!([])),
            text("b", json!([comment_mark("c"), change("deletion", "d")]))
        ])),
        paragraph(json!([
            text("e", json!([change("insertion", "i")])),
            text("f", json!([comment_mark("c"), change("insertion", "i")])),
            text("g", json!([change("insertion", "i")]))
        ])),
    ]);
    let unpacked = unpacked(&report(blocks, vec![comment("c", &[])]));
    let document = unpacked.part("word/document.xml");
    let order = document.sequence(&[
        "w:commentRangeStart",
        "w:delText",
        "w:t",
        "w:commentRangeEnd",
        "w:commentReference",
    ]);
    let begin = order.iter().position(|name| name == "w:commentRangeStart").unwrap();
    assert_eq!(
        order[begin..],
        [
            "w:commentRangeStart",
            "w:delText",
            "w:t",
            "w:t",
            "w:commentRangeEnd",
            "w:t",
            "w:commentReference"
        ]
    );
    let reference = &document.all("w:commentReference")[0];
    assert_eq!(reference.sibling_value("w:rPr", "w:rStyle").as_deref(), Some("CommentReference"));
    assert_eq!(document.all("w:ins").len(), 1);
}

#[test]
fn a_comment_says_who_when_and_what() {
    let blocks = json!([paragraph(json!([text("b", json!([comment_mark("c")]))]))]);
    let comments = unpacked(&report(blocks, vec![comment("c", &[])])).part("word/comments.xml");
    let found = &comments.all("w:comment")[0];
    assert_eq!(found.attribute("w:id").as_deref(), Some("0"));
    assert_eq!(found.attribute("w:author").as_deref(), Some("Kari Nordmann"));
    assert_eq!(found.attribute("w:initials").as_deref(), Some("KN"));
    assert_eq!(found.attribute("w:date").as_deref(), Some("2026-02-01T09:00:00Z"));
    let lines: Vec<_> = found.children("w:p").iter().map(|line| line.text_of("w:t")).collect();
    assert_eq!(lines, ["Er dette riktig?", "Sjekk."]);
}

#[test]
fn replies_are_threaded_and_settled_comments_are_done() {
    let blocks = json!([paragraph(json!([
        text("a", json!([comment_mark("open")])),
        text("b", json!([comment_mark("settled")])),
    ]))]);
    let unpacked =
        unpacked(&report(blocks, vec![comment("open", &["Ja"]), comment("settled", &[])]));
    let threads = unpacked.part("word/commentsExtended.xml");
    let found: Vec<_> = threads
        .all("w15:commentEx")
        .iter()
        .map(|thread| {
            ["w15:paraId", "w15:paraIdParent", "w15:done"]
                .map(|name| thread.attribute(name).unwrap_or_default())
        })
        .collect();
    let expected = [["00000001", "", "0"], ["00000002", "00000001", "0"], ["00000003", "", "1"]];
    assert_eq!(found, expected.map(|row| row.map(str::to_owned)));
    assert_eq!(unpacked.part("word/document.xml").all("w:commentReference").len(), 3);
}

#[test]
fn a_comment_whose_text_is_gone_stands_at_the_title() {
    let unpacked = unpacked(&report(json!([]), vec![comment("gone", &[])]));
    let title = &unpacked.part("word/document.xml").all("w:p")[0];
    assert!(title.has("w:commentRangeStart") && title.has("w:commentReference"));
}

#[test]
fn without_comments_there_are_no_parts_for_them() {
    let unpacked = unpacked(&report(
        json!([paragraph(json!([text("a", json!([comment_mark("x")]))]))]),
        vec![],
    ));
    assert!(unpacked.names().all(|name| !name.contains("comments")));
    assert!(!unpacked.part("word/document.xml").source().contains("comment"));
}

#[test]
fn ids_of_revisions_and_comments_do_not_meet() {
    let document = unpacked(&everything()).part("word/document.xml");
    let mut ids: Vec<String> = ["w:ins", "w:del", "w:rPrChange", "w:commentReference"]
        .iter()
        .flat_map(|name| document.all(name))
        .filter_map(|element| element.attribute("w:id"))
        .collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), all), (all, 10));
}

#[test]
fn a_link_is_an_external_relationship() {
    let link = json!([{ "type": "link", "attrs": { "href": "https://regjeringen.no/?a=1&b=2" } }]);
    let unpacked = unpacked(&report(
        json!([paragraph(json!([
            text("a", link.clone()),
            text("b", json!([{ "type": "bold" }, link[0]]))
        ]))]),
        vec![],
    ));
    let document = unpacked.part("word/document.xml");
    let links = document.all("w:hyperlink");
    assert_eq!((links.len(), links[0].text_of("w:t")), (1, "ab".to_owned()));
    let id = links[0].attribute("r:id").unwrap();
    let relations = unpacked.part("word/_rels/document.xml.rels");
    let target = &relations.with("Relationship", "Id", &id)[0];
    assert_eq!(target.attribute("Target").as_deref(), Some("https://regjeringen.no/?a=1&b=2"));
    assert_eq!(target.attribute("TargetMode").as_deref(), Some("External"));
}

#[test]
fn an_address_that_runs_something_is_no_link() {
    let link = json!([{ "type": "link", "attrs": { "href": "javascript:alert(1)" } }]);
    let document = document(json!([paragraph(json!([text("a", link)]))]));
    assert!(document.all("w:hyperlink").is_empty());
}

#[test]
fn numbered_lists_restart_and_honour_their_start() {
    let item = || json!([paragraph(json!([{ "type": "text", "text": "a" }]))]);
    let blocks = json!([ordered(None, &[item(), item()]), ordered(Some(5), &[item()])]);
    let unpacked = unpacked(&report(blocks, vec![]));
    let used: Vec<_> = unpacked
        .part("word/document.xml")
        .all("w:numId")
        .iter()
        .filter_map(|id| id.attribute("w:val"))
        .collect();
    assert_eq!(used[0], used[1]);
    assert_ne!(used[1], used[2]);
    let numbering = unpacked.part("word/numbering.xml");
    let start = |id: &str| numbering.with("w:num", "w:numId", id)[0].value_of("w:startOverride");
    assert_eq!(start(&used[0]).as_deref(), Some("1"));
    assert_eq!(start(&used[2]).as_deref(), Some("5"));
}

#[test]
fn levels_follow_the_nesting() {
    let leaf = |words: &str| paragraph(json!([{ "type": "text", "text": words }]));
    let inner = ordered(None, &[json!([leaf("inni")])]);
    let document = document(
        json!([{ "type": "bulletList", "content": [{ "type": "listItem", "content": [leaf("ute"), inner] }] }]),
    );
    let levels: Vec<_> =
        document.all("w:ilvl").iter().filter_map(|level| level.attribute("w:val")).collect();
    assert_eq!(levels, ["0", "1"]);
}

#[test]
fn line_breaks_tabs_and_spaces_survive() {
    let document = document(json!([paragraph(json!([
        { "type": "text", "text": " a\tb" }, { "type": "hardBreak" }, { "type": "text", "text": "c " },
    ]))]));
    let order = document.sequence(&["w:tab", "w:br"]);
    assert_eq!(order.iter().filter(|name| *name == "w:br").count(), 1);
    let texts: Vec<_> = document.all("w:t").iter().map(package::Element::text).collect();
    assert_eq!(texts[texts.len() - 3..], [" a", "b", "c "]);
}

#[test]
fn the_page_is_a4_with_the_contracts_margins() {
    let document = document(json!([]));
    let page = &document.all("w:pgSz")[0];
    assert_eq!(
        (page.attribute("w:w"), page.attribute("w:h")),
        (Some("11906".into()), Some("16838".into()))
    );
    let margins = &document.all("w:pgMar")[0];
    for (side, width) in [
        ("top", "1440"),
        ("left", "1440"),
        ("right", "1440"),
        ("bottom", "1440"),
        ("header", "720"),
        ("footer", "720"),
    ] {
        assert_eq!(margins.attribute(&format!("w:{side}")).as_deref(), Some(width), "{side}");
    }
}

#[test]
fn properties_name_title_creator_and_language() {
    let core = unpacked(&report(json!([]), vec![])).part("docProps/core.xml");
    assert_eq!(core.all("dc:title")[0].text(), "Økt satsing på jernbane");
    assert_eq!(core.all("dc:creator")[0].text(), "Statsbudsjettportalen");
    assert_eq!(core.all("dc:language")[0].text(), "nb-NO");
}

#[test]
fn pages_count_themselves() {
    let footer = unpacked(&report(json!([]), vec![])).part("word/footer1.xml");
    let fields: Vec<_> =
        footer.all("w:fldSimple").iter().filter_map(|f| f.attribute("w:instr")).collect();
    assert_eq!(fields, [" PAGE ", " NUMPAGES "]);
}

#[test]
fn a_table_repeats_its_header_aligns_numbers_and_ends_with_a_bold_sum() {
    let mut report = report(json!([]), vec![]);
    report.blocks.push(Block::Table(table()));
    let document = unpacked(&report).part("word/document.xml");
    let rows = document.all("w:tr");
    assert_eq!(rows.len(), 4);
    assert!(rows[0].has("w:tblHeader") && !rows[1].has("w:tblHeader"));
    assert_eq!(rows[0].attribute_of("w:shd", "w:fill").as_deref(), Some("E8E8E8"));
    assert!(rows[0].has("w:b") && !rows[1].has("w:b") && rows[3].has("w:b"));
    assert_eq!(rows[1].value_of("w:jc").as_deref(), Some("right"));
    assert_eq!(rows[3].text_of("w:t"), "Sum12 000");
    assert_eq!(document.attribute_of("w:tblW", "w:w").as_deref(), Some("5000"));
    assert_eq!(document.all("w:tblStyle")[0].attribute("w:val").as_deref(), Some("Tabellrutenett"));
}

#[test]
fn a_picture_that_is_shown_twice_is_stored_once() {
    let unpacked = unpacked(&everything());
    assert_eq!(unpacked.names().filter(|name| name.starts_with("word/media/")).count(), 1);
    let document = unpacked.part("word/document.xml");
    let shown = document.all("wp:docPr");
    assert_eq!(shown[0].attribute("descr").as_deref(), Some("Søyler"));
    assert_ne!(shown[0].attribute("id"), shown[1].attribute("id"));
    assert_eq!(document.attribute_of("wp:extent", "cx").as_deref(), Some("3438720"));
}

#[test]
fn what_xml_cannot_carry_is_left_out_and_the_rest_is_text() {
    let hostile = "a\u{1}\u{b}\u{ffff}<w:p/>&amp;]]>\u{feff}æ";
    let document = document(json!([paragraph(json!([{ "type": "text", "text": hostile }]))]));
    let texts: Vec<_> = document.all("w:t").iter().map(package::Element::text).collect();
    assert_eq!(texts.last().map(String::as_str), Some("a<w:p/>&amp;]]>\u{feff}æ"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_text_and_no_name_makes_an_unsound_document(words in "\\PC{0,12}|[\u{0}-\u{20}<>&\"']{0,9}", author in ".{0,8}") {
        let mark = json!({ "type": "insertion", "attrs": { "authorName": author } });
        let nodes = json!([text(&words, json!([mark, comment_mark("c")]))]);
        let mut noted = comment("c", &[]);
        (noted.text, noted.author) = (words.clone(), author.clone());
        let mut report = report(json!([paragraph(nodes)]), vec![noted]);
        (report.title, report.header) = (words.clone(), words);
        unpacked(&report).assert_sound();
    }
}

#[test]
fn whoever_waits_can_end_it_between_two_blocks() {
    let report = report(json!([{ "type": "paragraph" }, { "type": "paragraph" }]), vec![]);
    let mut seen = Vec::new();
    let mut watch = |done, total| {
        seen.push(done);
        if done + 1 == total { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let stopped = write(&report, None, std::io::Cursor::new(Vec::new()), &mut watch);
    assert!(matches!(stopped, Err(DocxError::Stopped(_))));
    assert!(seen.len() > 1 && seen.is_sorted(), "{seen:?}");
}
