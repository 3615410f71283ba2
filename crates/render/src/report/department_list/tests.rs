//! What is printed of each kind of section, and of the cases in them.

use chrono::DateTime;
use domain::content::{ContentField, FlatFields};
use domain::department_list::{ListEntry, ListStatus};
use domain::ids::{
    BudgetRoundId, CaseId, DepartmentId, DepartmentListId, ListEntryId, ListFigureId,
    ListSectionId, TemplateId, TemplateSectionId, UserId,
};
use domain::list_template::HeadingStyle;
use domain::money::ThousandNok;
use serde_json::json;

use super::*;
use crate::report::{Picture, PictureFormat};

fn list(sections: Vec<ListSection>) -> DepartmentList {
    let head = ListHead {
        id: DepartmentListId::nil(),
        template_id: TemplateId::nil(),
        template_name: "Augustkonferansen 2026".to_owned(),
        classification_text: Some("Strengt fortrolig, jf. § 4".to_owned()),
        budget_round_id: BudgetRoundId::nil(),
        budget_round_name: "AUG2026".to_owned(),
        department_id: DepartmentId::nil(),
        department_code: "KLD".to_owned(),
        department_name: "Klima- og miljødepartementet".to_owned(),
        status: ListStatus::InProgress,
        created_by: UserId::nil(),
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    };
    DepartmentList { head, sections }
}

fn section(kind: SectionType, title: &str, config: impl Into<Option<Value>>) -> ListSection {
    ListSection {
        id: ListSectionId::nil(),
        template_section_id: TemplateSectionId::nil(),
        parent_id: None,
        title: Some(title.to_owned()).filter(|title| !title.is_empty()),
        sort_order: 1,
        content_json: None,
        section_type: kind,
        heading_style: HeadingStyle::Deplisteoverskrift2,
        title_template: String::new(),
        config: config.into(),
        children: Vec::new(),
        entries: Vec::new(),
        figures: Vec::new(),
    }
}

fn entry(name: &str, subgroup: Option<&str>, amounts: [Option<i64>; 2]) -> ListEntry {
    let [amount, fin_amount] = amounts.map(|amount| amount.map(ThousandNok::new));
    ListEntry {
        id: ListEntryId::nil(),
        section_id: ListSectionId::nil(),
        case_id: CaseId::nil(),
        case_name: name.to_owned(),
        case_type: "satsingsforslag".to_owned(),
        subgroup: subgroup.map(str::to_owned),
        sort_order: 4,
        override_content: None,
        priority_number: None,
        amount,
        fin_amount,
        gov_amount: None,
        texts: FlatFields::default(),
        document: None,
        conclusions: Vec::new(),
    }
}

fn doc(text: &str) -> String {
    let paragraph = json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] });
    json!({ "type": "doc", "content": [paragraph, { "type": "paragraph" }] }).to_string()
}

fn report_with(list: &DepartmentList, pictures: &Pictures, comments: Vec<Comment>) -> Report {
    let made_at = DateTime::UNIX_EPOCH;
    department_list_report(DepartmentListInput { list, pictures, comments, made_at })
}

fn report(sections: Vec<ListSection>) -> Report {
    report_with(&list(sections), &Pictures::new(), Vec::new())
}

/// Each block in a line: its style and marker, and what it says.
fn lines(report: &Report) -> Vec<String> {
    let line = |block: &Block| match block {
        Block::Paragraph(p) => {
            let text: String = p.spans.iter().map(|span| span.text.as_str()).collect();
            match p.list {
                Some(item) => {
                    let marker = report.lists[item.list].label(item.number);
                    format!("{:?}: {marker} {text}", p.style)
                }
                None => format!("{:?}: {text}", p.style),
            }
        }
        Block::Classification(text) => format!("Ramme: {text}"),
        Block::Table(table) => {
            let rows = table.rows.iter().chain(&table.sum).map(|row| row.join("|"));
            format!("Tabell: {}", rows.collect::<Vec<_>>().join(" / "))
        }
        Block::Figure(figure) => format!("Figur {} %: {}", figure.width_percent, figure.alt),
        other => format!("{other:?}"),
    };
    report.blocks.iter().map(line).collect()
}

fn entry_template(config: Value) -> ListSection {
    section(SectionType::CaseEntryTemplate, "", config)
}

fn group(config: Value, entries: Vec<ListEntry>) -> ListSection {
    ListSection { entries, ..section(SectionType::CaseGroup, "", config) }
}

#[test]
fn the_header_is_the_departments_heading_and_the_classification_in_upper_case() {
    let header = ListSection {
        heading_style: HeadingStyle::Deplisteoverskrift1,
        ..section(SectionType::DepartmentHeader, "Klima- og miljødepartementet", None)
    };
    let report = report(vec![header]);
    assert_eq!(
        lines(&report),
        ["ListHeading1: Klima- og miljødepartementet", "Ramme: STRENGT FORTROLIG, JF. § 4"]
    );
    assert!(report.title.contains("AUG2026"));
}

#[test]
fn without_a_classification_there_is_no_box() {
    let mut list = list(vec![section(SectionType::DepartmentHeader, "KLD", None)]);
    list.head.classification_text = Some("  ".to_owned());
    assert_eq!(lines(&report_with(&list, &Pictures::new(), vec![])), ["ListHeading2: KLD"]);
}

#[test]
fn written_sections_are_heading_and_text_without_the_line_for_the_cursor() {
    for kind in [SectionType::FixedContent, SectionType::Freetext] {
        let written =
            ListSection { content_json: Some(doc("Mål")), ..section(kind, "Innledning", None) };
        let untitled = ListSection { title: None, ..written.clone() };
        let empty = section(kind, "Tom", None);
        assert_eq!(
            lines(&report(vec![written, untitled, empty])),
            ["ListHeading2: Innledning", "Body: Mål", "Body: Mål", "ListHeading2: Tom"]
        );
    }
}

#[test]
fn sections_are_printed_depth_first_and_structural_ones_not_at_all() {
    let text = |title: &str| section(SectionType::Freetext, title, None);
    let mut outer = text("1");
    let inner = ListSection { children: vec![text("1.1.1")], ..text("1.1") };
    outer.children = vec![inner, text("1.2")];
    for kind in SectionType::ALL.into_iter().filter(|kind| kind.is_structural()) {
        outer.children.push(section(kind, "{case_name}", None));
    }
    let found = lines(&report(vec![outer, text("2")]));
    assert_eq!(
        found,
        ["1", "1.1", "1.1.1", "1.2", "2"].map(|title| format!("ListHeading2: {title}"))
    );
}

fn figure(url: &str, caption: Option<&str>, width_percent: i32) -> ListFigure {
    ListFigure {
        id: ListFigureId::nil(),
        section_id: ListSectionId::nil(),
        file_url: url.to_owned(),
        file_type: "png".to_owned(),
        caption: caption.map(str::to_owned),
        width_percent,
        sort_order: 1,
        uploaded_by: UserId::nil(),
        uploaded_at: DateTime::UNIX_EPOCH,
    }
}

fn pictures(url: &str) -> Pictures {
    let bytes = [1].into();
    let picture = Picture { format: PictureFormat::Png, bytes, width: 10, height: 10 };
    Pictures::from([(url.to_owned(), picture)])
}

#[test]
fn figures_have_their_width_and_caption_and_a_missing_one_leaves_a_mark() {
    let placed = ListSection {
        figures: vec![
            figure("/uploads/figures/1.png", Some("Utgifter"), 60),
            figure("/uploads/figures/2.png", Some("Borte"), 500),
        ],
        ..section(SectionType::FigurePlaceholder, "Utvikling", None)
    };
    let list = list(vec![placed]);
    assert_eq!(
        lines(&report_with(&list, &pictures("/uploads/figures/1.png"), vec![])),
        [
            "ListHeading2: Utvikling",
            "Figur 60 %: Utgifter",
            "FigureCaption: Utgifter",
            "Placeholder: [Figur mangler: Borte]",
            "FigureCaption: Borte",
        ]
    );
}

#[test]
fn a_figure_may_be_named_by_the_sections_content() {
    let content = json!({ "file_url": "/uploads/figures/3.png", "caption": "Kake" }).to_string();
    let placed = ListSection {
        content_json: Some(content),
        ..section(SectionType::FigurePlaceholder, "", None)
    };
    let list = list(vec![placed]);
    assert_eq!(
        lines(&report_with(&list, &pictures("/uploads/figures/3.png"), vec![])),
        ["Figur 100 %: Kake", "FigureCaption: Kake"]
    );
    assert_eq!(picture_sources(&list).into_iter().collect::<Vec<_>>(), ["/uploads/figures/3.png"]);
}

#[test]
fn where_no_figure_is_uploaded_the_expected_ones_are_marked() {
    let config =
        json!({ "figures": [{ "type": "bar_chart", "caption": "Endringer" }, { "type": "x" }] });
    let expected = section(SectionType::FigurePlaceholder, "", config);
    let unknown = section(SectionType::FigurePlaceholder, "", None);
    assert_eq!(
        lines(&report(vec![expected, unknown])),
        [
            "Placeholder: [Figur mangler]",
            "FigureCaption: Endringer",
            "Placeholder: [Figur mangler]",
            "Placeholder: [Figur mangler]",
        ]
    );
}

#[test]
fn the_introduction_counts_the_a_list_by_fins_amount_else_the_ministrys() {
    let config =
        json!({ "intro_text_template": "{count} saker, {total_amount} for {department_name}." });
    let entries = vec![
        entry("a", Some("a_list"), [Some(10_000), Some(8_000)]),
        entry("b", Some("a_list"), [Some(4_500), None]),
        entry("c", Some("a_list"), [None, None]),
        entry("d", Some("b_list"), [Some(99_000), None]),
    ];
    let found = lines(&report(vec![group(config.clone(), entries)]));
    assert_eq!(found[0], "Body: 3 saker, 12,5 mill. kroner for Klima- og miljødepartementet.");
    let empty = lines(&report(vec![group(config, vec![])]));
    assert_eq!(empty[0], "Body: 0 saker, 0,0 mill. kroner for Klima- og miljødepartementet.");
}

#[test]
fn the_summary_table_numbers_all_cases_and_sums_both_amounts() {
    let entries = vec![
        entry("Rein luft", Some("b_list"), [Some(1_234_567), None]),
        entry("Vern", Some("a_list"), [Some(-500), Some(1_000)]),
    ];
    let summed = ListSection {
        title: Some("Satsingsforslag".to_owned()),
        ..group(json!({ "summary_table": true }), entries)
    };
    let report = report(vec![summed]);
    let found = lines(&report);
    assert_eq!(found[1], "TableTitle: Satsingsforslag (1 000 kr)");
    assert_eq!(
        found[2],
        "Tabell: 1|Rein luft|1\u{a0}234\u{a0}567|- / 2|Vern|\u{2212}500|1\u{a0}000 / |Sum|1\u{a0}234\u{a0}067|1\u{a0}000"
    );
    let Block::Table(table) = &report.blocks[2] else { panic!("no table") };
    let titles: Vec<_> = table.columns.iter().map(|column| column.title.as_str()).collect();
    assert_eq!(titles, ["Nr.", "Sak", "KLDs forslag", "FINs tilråding"]);
}

#[test]
fn the_table_is_called_what_the_template_calls_it() {
    let named = ListSection {
        title_template: "Satsinger i {department_abbrev}".to_owned(),
        ..section(SectionType::AutoTable, "", None)
    };
    let entries = vec![entry("a", None, [None, None])];
    let group = ListSection { children: vec![named], ..group(json!({}), entries) };
    assert_eq!(lines(&report(vec![group]))[0], "TableTitle: Satsinger i KLD (1 000 kr)");
}

#[test]
fn a_group_prints_one_table_whoever_asks_for_it_and_none_when_it_is_empty() {
    let tables = |config: Value, children: Vec<ListSection>, entries: Vec<ListEntry>| {
        let group = ListSection { children, ..group(config, entries) };
        lines(&report(vec![group])).iter().filter(|line| line.starts_with("Tabell")).count()
    };
    let asking = || vec![section(SectionType::AutoTable, "", None)];
    let one = || vec![entry("a", None, [None, None])];
    assert_eq!(tables(json!({}), vec![], one()), 0);
    assert_eq!(tables(json!({ "summary_table": true }), asking(), one()), 1);
    assert_eq!(tables(json!({ "summary_table": false }), asking(), one()), 1);
    assert_eq!(tables(json!({ "summary_table": true }), asking(), vec![]), 0);
}

#[test]
fn subgroups_are_headings_and_cases_of_none_are_not_dropped() {
    let config = json!({ "subgroups": [
        { "value": "a_list", "title": "A-listen" }, { "value": "b_list", "label": "B-listen" },
    ] });
    let entries = vec![
        entry("uten", None, [None, None]),
        entry("b", Some("b_list"), [None, None]),
        entry("a", Some("a_list"), [None, None]),
        entry("ukjent", Some("c_list"), [None, None]),
    ];
    assert_eq!(
        lines(&report(vec![group(config, entries)])),
        [
            "Group: A-listen",
            "Case: a",
            "Group: B-listen",
            "Case: b",
            "Group: Uten plassering",
            "Case: uten",
            "Case: ukjent",
        ]
    );
}

#[test]
fn a_case_is_heading_amounts_and_its_texts_with_labels() {
    let mut case = entry("Rein luft", None, [Some(12_000), Some(-450)]);
    case.texts = FlatFields::default().with(&[
        (ContentField::ProposalText, Some("Forslag".to_owned())),
        (ContentField::Justification, Some("Ikke her".to_owned())),
        (ContentField::FinRConclusion, Some("Vedtatt".to_owned())),
    ]);
    assert_eq!(
        lines(&report(vec![group(json!({}), vec![case])])),
        [
            "Case: Rein luft",
            "Body: KLDs forslag: 12,0 mill. kroner",
            "Body: FINs tilråding: \u{2212}0,5 mill. kroner",
            "Label: Forslag til omtale",
            "Body: Forslag",
            "Label: Regjeringens konklusjon",
            "Body: Vedtatt",
        ]
    );
}

#[test]
fn the_priority_in_a_heading_is_the_cases_own_else_its_place() {
    let template = || {
        entry_template(
            json!({ "heading_format": "{department_abbrev}s pri. {priority} {case_name}" }),
        )
    };
    let mut own = entry("a", None, [None, None]);
    own.priority_number = Some(2);
    let entries = vec![own, entry("{priority}", None, [None, None])];
    let group = ListSection { children: vec![template()], ..group(json!({}), entries) };
    assert_eq!(
        lines(&report(vec![group])),
        ["Case: KLDs pri. 2 a", "Case: KLDs pri. 4 {priority}"]
    );
}

#[test]
fn content_written_into_the_list_replaces_the_cases_own() {
    let mut case = entry("a", None, [None, None]);
    case.texts.set(ContentField::ProposalText, Some("Forslag".to_owned()));
    case.override_content = Some(doc("Annen tekst"));
    assert_eq!(
        lines(&report(vec![group(json!({}), vec![case])])),
        ["Case: a", "Body: Annen tekst"]
    );
}

fn document(marks: &Value) -> String {
    let text = json!({ "type": "text", "text": "12", "marks": marks });
    json!({ "type": "caseDocument", "content": [{
        "type": "caseSection", "attrs": { "fieldKey": "proposalText" },
        "content": [{ "type": "sectionContent", "content": [
            { "type": "bulletList", "content": [{ "type": "listItem", "content": [
                { "type": "paragraph", "content": [text] },
            ] }] },
        ] }],
    }] })
    .to_string()
}

#[test]
fn the_written_document_is_preferred_to_flat_text() {
    let mut case = entry("a", None, [None, None]);
    case.texts.set(ContentField::ProposalText, Some("12".to_owned()));
    case.texts.set(ContentField::FinVerbal, Some("Flat".to_owned()));
    case.document = Some(document(&json!([])));
    assert_eq!(
        lines(&report(vec![group(json!({}), vec![case])]))[1..],
        ["Label: Forslag til omtale", "Body: • 12", "Label: Konklusjon", "Body: Flat"]
    );
}

#[test]
fn comments_come_along_where_their_text_is_printed() {
    let comment = |anchor: &str| Comment {
        anchor: anchor.to_owned(),
        author: "Kari".to_owned(),
        at: DateTime::UNIX_EPOCH,
        text: "Sjekk".to_owned(),
        resolved: false,
        replies: Vec::new(),
    };
    let mut case = entry("a", None, [None, None]);
    case.document =
        Some(document(&json!([{ "type": "comment", "attrs": { "commentId": "here" } }])));
    let list = list(vec![group(json!({}), vec![case])]);
    let report = report_with(&list, &Pictures::new(), vec![comment("here"), comment("gone")]);
    let anchors: Vec<_> = report.comments.iter().map(|c| c.anchor.as_str()).collect();
    assert_eq!(anchors, ["here"]);
}

fn concluded(name: &str) -> ListEntry {
    let conclusions = ["Ja", "Nei"].map(str::to_owned).to_vec();
    ListEntry { conclusions, ..entry(name, None, [None, None]) }
}

#[test]
fn conclusions_are_lettered_anew_for_each_case_when_the_group_has_any() {
    let decisions = |config: Value, children: Vec<ListSection>| {
        let entries = vec![concluded("a"), concluded("b"), entry("c", None, [None, None])];
        let section = section(SectionType::DecisionsSection, "", config);
        lines(&report(vec![ListSection { entries, children, ..section }]))
    };
    let expected = [
        "Case: a",
        "Label: Konklusjon:",
        "Conclusion: a) Ja",
        "Conclusion: b) Nei",
        "Case: b",
        "Label: Konklusjon:",
        "Conclusion: a) Ja",
        "Conclusion: b) Nei",
        "Case: c",
    ];
    let yes = json!({ "has_conclusion": true });
    assert_eq!(decisions(yes.clone(), vec![]), expected);
    assert_eq!(decisions(json!({}), vec![entry_template(yes)]), expected);
    assert_eq!(decisions(json!({}), vec![]), ["Case: a", "Case: b", "Case: c"]);
}

#[test]
fn decisions_may_be_numbered_sections_and_cases_of_a_group_never_are() {
    use HeadingStyle::{Deplisteoverskrift3, Overskrift7};
    use SectionType::{CaseGroup, DecisionsSection, SummarySection};

    let heading = |kind, style| {
        let template = ListSection { heading_style: style, ..entry_template(json!({})) };
        let entries = vec![entry("a", None, [None, None])];
        let section = section(kind, "", None);
        let section = ListSection { entries, children: vec![template], ..section };
        lines(&report(vec![section])).remove(0)
    };
    assert_eq!(heading(DecisionsSection, Deplisteoverskrift3), "ListHeading3: a");
    assert_eq!(heading(SummarySection, Deplisteoverskrift3), "ListHeading3: a");
    assert_eq!(heading(DecisionsSection, Overskrift7), "Case: a");
    assert_eq!(heading(CaseGroup, Deplisteoverskrift3), "Case: a");
}

#[test]
fn a_groups_own_configuration_goes_before_its_templates() {
    let own = ListSection {
        content_json: Some(json!({ "heading_format": "Sak: {case_name}" }).to_string()),
        ..group(json!({ "summary_table": true }), vec![entry("a", None, [None, None])])
    };
    assert_eq!(lines(&report(vec![own.clone()])), ["Case: Sak: a"]);
    let broken = ListSection { content_json: Some("[".to_owned()), ..own };
    assert!(lines(&report(vec![broken]))[1].starts_with("Tabell"));
}

#[test]
fn pictures_are_found_wherever_a_list_shows_one() {
    let image = |src: &str| {
        json!({ "type": "doc", "content": [{ "type": "image", "attrs": { "src": src } }] })
            .to_string()
    };
    let mut case = entry("a", None, [None, None]);
    case.override_content = Some(image("/uploads/images/case.png"));
    let inner = ListSection {
        content_json: Some(image("/uploads/images/text.png")),
        ..section(SectionType::Freetext, "", None)
    };
    let outer = ListSection { children: vec![inner], ..group(json!({}), vec![case]) };
    let found: Vec<_> = picture_sources(&list(vec![outer])).into_iter().collect();
    assert_eq!(found, ["/uploads/images/case.png", "/uploads/images/text.png"]);
}
