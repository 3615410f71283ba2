//! The rules of E25 one by one, then whole saves over arbitrary trees.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::json;

use super::*;

fn document(value: Value) -> Document {
    Document::try_from(value).unwrap()
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn marked(mark: &str, text: &str) -> Value {
    json!({ "type": "text", "text": text, "marks": [{ "type": "bold" }, { "type": mark, "attrs": { "changeId": "c1" } }] })
}

fn block(kind: &str, content: Vec<Value>) -> Value {
    let mut node = json!({ "type": kind });
    node["content"] = Value::Array(content);
    node
}

fn section(key: &str, blocks: Vec<Value>) -> Value {
    json!({
        "type": "caseSection",
        "attrs": { "fieldKey": key, "label": key, "required": true },
        "content": [block("sectionTitle", vec![text("Tittel")]), block("sectionContent", blocks)],
    })
}

fn case_document(sections: Vec<Value>) -> Document {
    let mut root = block("caseDocument", sections);
    root["attrs"] = json!({ "version": 3 });
    document(root)
}

/// The flat text of one section holding these blocks.
fn flat_of(blocks: Vec<Value>) -> Option<String> {
    case_document(vec![section("justification", blocks)]).flat().justification
}

fn paragraph(line: &str) -> Value {
    block("paragraph", vec![text(line)])
}

mod parsing {
    use super::*;

    #[test]
    fn a_hundred_thousand_levels_are_refused_without_using_the_stack() {
        for open in ["[", "{\"a\":"] {
            let deep = format!("{{\"content\":{}", open.repeat(100_000));
            assert!(matches!(Document::parse(&deep), Err(DocumentError::TooDeep)));
        }
    }

    #[test]
    fn sixty_four_levels_are_accepted_and_one_more_is_not() {
        let nested = |levels: usize| {
            let arrays = levels - 1;
            format!("{{\"content\":{}{}}}", "[".repeat(arrays), "]".repeat(arrays))
        };
        assert!(Document::parse(&nested(MAX_DEPTH)).is_ok());
        assert!(matches!(Document::parse(&nested(MAX_DEPTH + 1)), Err(DocumentError::TooDeep)));
    }

    #[test]
    fn brackets_inside_a_text_are_not_depth() {
        let brackets = format!("{{\"a\":\"\\\"{}\"}}", "[{".repeat(100));
        assert!(Document::parse(&brackets).is_ok());
    }

    #[test]
    fn a_document_of_two_mebibytes_is_accepted_and_one_byte_more_is_not() {
        let filler = MAX_BYTES - "{\"a\":\"\"}".len();
        let sized = |bytes: usize| Document::parse(&format!("{{\"a\":\"{}\"}}", "x".repeat(bytes)));
        assert!(sized(filler).is_ok());
        assert!(matches!(sized(filler + 1), Err(DocumentError::TooLarge)));
    }

    #[test]
    fn what_is_not_a_json_object_is_refused() {
        for bad in ["", "{", "{\"a\":}", "{} {}", "{\"a\":1e999}", "{\"a\":\"\\ud800\"}"] {
            assert!(matches!(Document::parse(bad), Err(DocumentError::NotJson(_))), "{bad}");
        }
        for other in ["[]", "null", "\"tekst\"", "12"] {
            assert!(matches!(Document::parse(other), Err(DocumentError::NotAnObject)), "{other}");
        }
    }

    #[test]
    fn a_nul_character_is_refused_in_texts_and_in_names() {
        for bad in ["{\"a\":[{\"text\":\"x\\u0000\"}]}", "{\"a\":{\"\\u0000\":1}}"] {
            assert!(matches!(Document::parse(bad), Err(DocumentError::NulCharacter)), "{bad}");
        }
        assert!(Document::parse("{\"a\":\"\\\\u0000\"}").is_ok());
    }

    #[test]
    fn a_document_without_sections_is_accepted() {
        let plain = Document::parse(r#"{"type":"doc","content":[{"type":"paragraph"}]}"#).unwrap();
        assert_eq!(plain.flat(), FlatFields::default());
    }

    #[test]
    fn numbers_in_unknown_attributes_come_back_as_sent() {
        let json = r#"{"attrs":{"a":0.1,"b":123456789012345678,"c":5e-324,"d":-7}}"#;
        assert_eq!(Document::parse(json).unwrap().to_json(), json);
    }
}

mod extraction {
    use super::*;

    #[test]
    fn the_contracts_example_reads_as_the_contract_says() {
        let blocks = vec![block(
            "paragraph",
            vec![
                text("Kostnaden er "),
                marked("deletion", "10"),
                marked("insertion", "12"),
                text(" mill. kroner."),
            ],
        )];
        assert_eq!(flat_of(blocks).unwrap(), "Kostnaden er 12 mill. kroner.");
    }

    #[test]
    fn blocks_are_lines_and_an_empty_paragraph_is_an_empty_line() {
        let blocks = vec![paragraph("a"), json!({ "type": "paragraph" }), paragraph("b")];
        assert_eq!(flat_of(blocks).unwrap(), "a\n\nb");
    }

    #[test]
    fn a_hard_break_adds_nothing() {
        let line = block("paragraph", vec![text("a"), json!({ "type": "hardBreak" }), text("b")]);
        assert_eq!(flat_of(vec![line]).unwrap(), "ab");
    }

    #[test]
    fn lists_give_one_line_per_paragraph_recursively() {
        let inner = block("orderedList", vec![block("listItem", vec![paragraph("c")])]);
        let list = block(
            "bulletList",
            vec![
                block("listItem", vec![paragraph("a"), paragraph("b"), inner]),
                block("listItem", vec![paragraph("d")]),
            ],
        );
        assert_eq!(flat_of(vec![list]).unwrap(), "a\nb\nc\nd");
    }

    #[test]
    fn quotations_code_and_unknown_blocks_lose_no_text() {
        let blocks = vec![
            block("blockquote", vec![paragraph("sitat")]),
            block("codeBlock", vec![text("kode\nlinje")]),
            json!({ "type": "horizontalRule" }),
            block("boks", vec![text("ukjent tekstblokk")]),
            block("ramme", vec![block("boks", vec![paragraph("innerst")])]),
        ];
        assert_eq!(flat_of(blocks).unwrap(), "sitat\nkode\nlinje\nukjent tekstblokk\ninnerst");
    }

    #[test]
    fn a_blank_section_is_no_text() {
        assert_eq!(flat_of(vec![json!({ "type": "paragraph" })]), None);
        assert_eq!(flat_of(vec![paragraph("  "), paragraph("\t")]), None);
        assert_eq!(flat_of(vec![]), None);
        assert_eq!(flat_of(vec![block("paragraph", vec![marked("deletion", "borte")])]), None);
    }

    #[test]
    fn only_the_first_body_of_a_section_counts_and_its_title_never_does() {
        let mut twice = section("comment", vec![paragraph("første")]);
        twice["content"]
            .as_array_mut()
            .unwrap()
            .push(block("sectionContent", vec![paragraph("andre")]));
        assert_eq!(case_document(vec![twice]).flat().comment.unwrap(), "første");
    }

    #[test]
    fn a_fag_section_pasted_into_another_lends_it_its_text_but_not_its_title() {
        let pasted = section("comment", vec![paragraph("b")]);
        let doc = case_document(vec![section("justification", vec![paragraph("a"), pasted])]);
        assert_eq!(doc.flat().justification.unwrap(), "a\nb");
        assert_eq!(doc.flat().comment, None);
    }

    #[test]
    fn sections_with_an_empty_or_unknown_key_are_ignored() {
        let doc = case_document(vec![
            section("", vec![paragraph("a")]),
            section("egetFelt", vec![paragraph("b")]),
            json!({ "type": "paragraph", "attrs": { "fieldKey": 7 } }),
            json!("ikke en node"),
        ]);
        assert_eq!(doc.flat(), FlatFields::default());
    }

    #[test]
    fn a_section_pasted_twice_loses_neither_text() {
        let doc = case_document(vec![
            section("comment", vec![paragraph("a")]),
            section("justification", vec![paragraph("x")]),
            section("comment", vec![paragraph("b")]),
        ]);
        assert_eq!(doc.flat().comment.unwrap(), "a\nb");
    }
}

mod saving {
    use super::*;
    use crate::content::ContentField::{FinAssessment, FinVerbal, Justification, ProposalText};

    fn saved(sections: Vec<Value>) -> Merged {
        merge_document(case_document(sections), None, &FlatFields::default(), false)
    }

    fn both_sides() -> Merged {
        saved(vec![
            section("justification", vec![paragraph("fag")]),
            section("finAssessment", vec![block("paragraph", vec![marked("comment", "fin")])]),
        ])
    }

    #[test]
    fn a_section_missing_from_the_submission_is_carried_forward_as_it_was() {
        let before = both_sides();
        let submitted = case_document(vec![section("justification", vec![paragraph("nytt")])]);
        let after = merge_document(submitted, Some(&before.document), &before.flat, true);
        assert_eq!(after.flat.get(Justification), Some("nytt"));
        assert_eq!(after.flat.get(FinAssessment), Some("fin"));
        let kept = &after.document.root()["content"][1];
        assert_eq!(kept, &before.document.root()["content"][1]);
    }

    #[test]
    fn without_a_previous_document_the_section_is_built_from_the_flat_text() {
        let flat = FlatFields::default().with(&[(FinVerbal, Some("a\n\nb".to_owned()))]);
        let submitted = case_document(vec![section("comment", vec![paragraph("c")])]);
        let after = merge_document(submitted, None, &flat, false);
        assert_eq!(after.document.flat(), after.flat);
        assert_eq!(after.flat.get(FinVerbal), Some("a\n\nb"));
    }

    #[test]
    fn a_section_that_is_there_and_empty_clears_its_field() {
        let before = both_sides();
        let submitted = case_document(vec![section("justification", vec![])]);
        let after = merge_document(submitted, Some(&before.document), &before.flat, false);
        assert_eq!(after.flat.get(Justification), None);
    }

    #[test]
    fn a_fin_section_from_fag_is_ignored_while_fin_text_is_hidden() {
        let before = both_sides();
        let forged = || {
            case_document(vec![
                section("justification", vec![section("finVerbal", vec![paragraph("skjult")])]),
                section("finAssessment", vec![paragraph("falsk")]),
            ])
        };
        let hidden = merge_document(forged(), Some(&before.document), &before.flat, true);
        assert_eq!(hidden.flat.get(FinAssessment), Some("fin"));
        assert_eq!(hidden.flat.get(FinVerbal), None);
        let shown = merge_document(forged(), Some(&before.document), &before.flat, false);
        assert_eq!(shown.flat.get(FinAssessment), Some("falsk"));
    }

    #[test]
    fn a_fin_section_nested_in_a_fag_section_moves_to_the_top_and_stays_fins() {
        let nested = section("finVerbal", vec![paragraph("hemmelig")]);
        let after = saved(vec![section("justification", vec![nested.clone()])]);
        assert_eq!(after.flat.get(Justification), None);
        assert_eq!(after.flat.get(FinVerbal), Some("hemmelig"));
        assert_eq!(after.document.root()["content"][1], nested);
        // The emptied body keeps a block, which the editor's schema demands.
        assert_eq!(
            after.document.root()["content"][0]["content"][1]["content"],
            json!([{ "type": "paragraph" }])
        );
    }

    #[test]
    fn a_nested_fin_section_in_an_older_document_survives_a_fag_save() {
        // Stored by something else than `merge_document`, so FIN's section is still inside FAG's.
        let nested = section("finVerbal", vec![paragraph("hemmelig")]);
        let older = case_document(vec![section("justification", vec![paragraph("a"), nested])]);
        let submitted = case_document(vec![section("justification", vec![paragraph("b")])]);
        let after = merge_document(submitted, Some(&older), &older.flat(), true);
        assert_eq!(after.flat.get(FinVerbal), Some("hemmelig"));
        assert_eq!(after.document.flat(), after.flat);
        let all_kept = merge_document(document(json!({})), Some(&older), &older.flat(), true);
        assert!(!without_fin(&all_kept.document).to_json().contains("hemmelig"));
        assert_eq!(all_kept.document.to_json().matches("hemmelig").count(), 1);
    }

    #[test]
    fn a_document_without_sections_keeps_every_text_of_the_case() {
        let before = both_sides();
        for submitted in [
            json!({ "type": "doc", "content": [paragraph("løs tekst")] }),
            json!({ "type": "doc" }),
            json!({ "type": "doc", "content": "rart" }),
        ] {
            let after =
                merge_document(document(submitted), Some(&before.document), &before.flat, false);
            assert_eq!(after.flat, before.flat);
            assert_eq!(after.document.flat(), before.flat);
        }
    }

    #[test]
    fn rewriting_flat_fields_keeps_titles_marks_and_the_other_sections() {
        let before = both_sides().document;
        let changed = [
            (Justification, Some("ny\n\ntekst".to_owned())),
            (FinAssessment, Some("fin".to_owned())),
            (ProposalText, Some("forslag".to_owned())),
            (FinVerbal, None),
        ];
        let after = rewrite_fields(&before, &changed);
        let [justification, assessment, proposal] =
            after.root()["content"].as_array().unwrap().as_slice()
        else {
            panic!("three sections")
        };
        assert_eq!(
            justification["content"][1]["content"],
            json!([paragraph("ny"), { "type": "paragraph" }, paragraph("tekst")])
        );
        assert_eq!(justification["attrs"]["required"], true);
        assert_eq!(assessment, &before.root()["content"][1], "an unchanged text keeps its marks");
        assert_eq!(proposal["attrs"]["fieldKey"], "proposalText");
    }

    #[test]
    fn clearing_a_field_leaves_one_empty_paragraph() {
        let after =
            rewrite_fields(&both_sides().document, &[(Justification, Some(" ".to_owned()))]);
        assert_eq!(
            after.root()["content"][0]["content"][1]["content"],
            json!([{ "type": "paragraph" }])
        );
    }

    #[test]
    fn fin_gets_all_three_of_its_sections_to_write_in() {
        let before = both_sides();
        let flat = before.flat.with(&[(FinVerbal, Some("fra flat".to_owned()))]);
        let complete = with_fin_sections(&before.document, &flat);
        let keys: Vec<_> = complete.root()["content"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["attrs"]["fieldKey"].as_str().unwrap())
            .collect();
        assert_eq!(keys, ["justification", "finAssessment", "finVerbal", "finRConclusion"]);
        assert_eq!(complete.flat().fin_verbal.unwrap(), "fra flat");
        assert_eq!(complete.flat().fin_assessment.unwrap(), "fin");
        assert_eq!(with_fin_sections(&complete, &flat), complete);
    }
}

// ---- arbitrary trees ----

const SECRET: &str = "HEMMELIG";

fn an_inline() -> impl Strategy<Value = Value> {
    let mark = select(vec!["bold", "insertion", "deletion", "comment", "formatChange", "ukjent"]);
    prop_oneof![
        3 => "[a-zæøå \n]{1,8}".prop_map(|line| text(&line)),
        3 => (mark, "[a-zæøå ]{1,8}").prop_map(|(mark, line)| marked(mark, &line)),
        1 => Just(json!({ "type": "hardBreak" })),
        1 => Just(json!({ "type": "omtale", "attrs": { "id": 7, "x": [null, 0.5] } })),
    ]
}

fn a_block() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => prop::collection::vec(an_inline(), 0..4).prop_map(|inlines| block("paragraph", inlines)),
        1 => Just(json!({ "type": "paragraph" })),
        1 => Just(json!({ "type": "horizontalRule" })),
        1 => Just(json!({ "type": "ukjentBlad", "attrs": { "data": { "a": true } } })),
    ];
    let container =
        select(vec!["bulletList", "orderedList", "listItem", "blockquote", "ukjentRamme"]);
    leaf.prop_recursive(3, 12, 3, move |inner| {
        (container.clone(), prop::collection::vec(inner, 0..4))
            .prop_map(|(kind, blocks)| block(kind, blocks))
    })
}

fn blocks() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(a_block(), 0..4)
}

fn secret_section() -> impl Strategy<Value = Value> {
    (select(ContentField::FIN.to_vec()), blocks()).prop_map(|(field, mut blocks)| {
        blocks.push(paragraph(SECRET));
        section(field.as_str(), blocks)
    })
}

/// A section of FAG's, or one unknown, sometimes with a section of FIN's pasted into it.
fn open_section() -> impl Strategy<Value = Value> {
    let keys: Vec<_> =
        ContentField::FAG.iter().map(|field| field.as_str()).chain(["", "egetFelt"]).collect();
    (select(keys), blocks(), proptest::option::weighted(0.2, secret_section()), any::<bool>())
        .prop_map(|(key, mut blocks, pasted, inside_a_quotation)| {
            blocks.extend(pasted.map(|secret| {
                if inside_a_quotation { block("blockquote", vec![secret]) } else { secret }
            }));
            section(key, blocks)
        })
}

fn a_document() -> impl Strategy<Value = Document> {
    let node = prop_oneof![3 => open_section(), 2 => secret_section(), 1 => a_block()];
    (prop::collection::vec(node, 0..8), any::<Option<i32>>()).prop_map(|(nodes, version)| {
        document(json!({
            "type": "caseDocument", "attrs": { "version": version, "ukjent": {} },
            "content": nodes, "ekstra": "rot",
        }))
    })
}

fn a_stored_version() -> impl Strategy<Value = Merged> {
    (a_document(), some_changes()).prop_map(|(submitted, changes)| {
        merge_document(submitted, None, &FlatFields::default().with(&changes), false)
    })
}

fn some_changes() -> impl Strategy<Value = Vec<(ContentField, Option<String>)>> {
    subsequence(ContentField::ALL.to_vec(), 0..5).prop_flat_map(|fields| {
        fields
            .into_iter()
            .map(|field| (Just(field), proptest::option::of("[a-zæøå \n\r]{0,12}")))
            .collect::<Vec<_>>()
    })
}

fn sections_of_fin(document: &Document) -> Vec<&Value> {
    ContentField::FIN.iter().flat_map(|field| sections::sections_of(document, *field)).collect()
}

/// Every node of a tree that is not FIN's, as text, in document order.
fn nodes_of(value: &Value) -> Vec<String> {
    text::children(value)
        .iter()
        .flat_map(|child| {
            let mut own = child.clone();
            if let Value::Object(members) = &mut own {
                members.remove("content");
            }
            std::iter::once(own.to_string()).chain(nodes_of(child))
        })
        .collect()
}

proptest! {
    #[test]
    fn a_document_survives_its_own_json(document in a_document()) {
        prop_assert_eq!(Document::parse(&document.to_json()).unwrap(), document);
    }

    #[test]
    fn flat_text_to_document_and_back_is_the_same_text(changes in some_changes()) {
        let flat = FlatFields::default().with(&changes);
        prop_assert_eq!(Document::from_flat(&flat).flat(), flat);
    }

    #[test]
    fn a_stored_document_and_its_flat_fields_agree(
        previous in a_stored_version(), submitted in a_document(), hide_fin: bool,
    ) {
        prop_assert_eq!(previous.document.flat(), previous.flat.clone());
        let after =
            merge_document(submitted, Some(&previous.document), &previous.flat, hide_fin);
        prop_assert_eq!(after.document.flat(), after.flat);
    }

    #[test]
    fn saving_what_one_read_changes_nothing(previous in a_stored_version()) {
        let again = merge_document(
            previous.document.clone(), Some(&previous.document), &previous.flat, false,
        );
        prop_assert_eq!(again, previous);
    }

    #[test]
    fn i6_masking_leaves_no_fin_text_and_is_idempotent(document in a_document()) {
        let masked = without_fin(&document);
        prop_assert!(!masked.to_json().contains(SECRET));
        prop_assert_eq!(masked.flat(), masked.flat().without_fin());
        prop_assert_eq!(without_fin(&masked), masked);
    }

    #[test]
    fn what_fag_cannot_see_survives_a_fag_save(
        previous in a_stored_version(), submitted in a_document(), edits_what_it_read: bool,
    ) {
        let seen = without_fin(&previous.document);
        let submitted = if edits_what_it_read { seen } else { submitted };
        let after = merge_document(submitted, Some(&previous.document), &previous.flat, true);
        for field in ContentField::FIN {
            prop_assert_eq!(after.flat.get(field), previous.flat.get(field));
        }
        prop_assert_eq!(sections_of_fin(&after.document), sections_of_fin(&previous.document));
    }

    #[test]
    fn fields_absent_from_a_save_are_carried_forward(
        previous in a_stored_version(), kept in subsequence(ContentField::ALL.to_vec(), 0..10),
    ) {
        let sections = kept.iter().map(|field| section(field.as_str(), vec![paragraph("ny")]));
        let submitted = case_document(sections.collect());
        let after = merge_document(submitted, Some(&previous.document), &previous.flat, false);
        for field in ContentField::ALL {
            let expected = if kept.contains(&field) { Some("ny") } else { previous.flat.get(field) };
            prop_assert_eq!(after.flat.get(field), expected, "{}", field);
        }
    }

    #[test]
    fn unknown_nodes_marks_and_attributes_survive_a_save(
        previous in a_stored_version(), submitted in a_document(),
    ) {
        let sent = Value::from(submitted.clone());
        let after = merge_document(submitted, Some(&previous.document), &previous.flat, false);
        let stored = Value::from(after.document);
        prop_assert_eq!(&stored["attrs"], &sent["attrs"]);
        prop_assert_eq!(&stored["ekstra"], &sent["ekstra"]);
        let stored = nodes_of(&stored);
        for node in nodes_of(&sent) {
            prop_assert!(stored.contains(&node), "lost {}", node);
        }
    }

    #[test]
    fn rewriting_fields_changes_those_fields_and_no_others(
        previous in a_stored_version(), changes in some_changes(),
    ) {
        let after = rewrite_fields(&previous.document, &changes);
        prop_assert_eq!(after.flat(), previous.flat.with(&changes));
        let unchanged = |node: &&Value| {
            sections::field_of(node).is_none_or(|field| changes.iter().all(|(f, _)| *f != field))
        };
        let before: Vec<_> = sections::top_level(&previous.document).iter().filter(unchanged).collect();
        let kept: Vec<_> = sections::top_level(&after).iter().filter(unchanged).collect();
        prop_assert_eq!(kept, before);
    }

    #[test]
    fn completing_fins_sections_shows_fin_every_text_it_has(previous in a_stored_version()) {
        let complete = with_fin_sections(&previous.document, &previous.flat);
        prop_assert_eq!(complete.flat(), previous.flat);
        for field in ContentField::FIN {
            prop_assert!(!sections::sections_of(&complete, field).is_empty());
        }
    }

    #[test]
    fn parsing_never_panics(json in "[\\[\\]{}\",:a\\\\0-9]{0,60}") {
        let _ = Document::parse(&json);
    }
}
