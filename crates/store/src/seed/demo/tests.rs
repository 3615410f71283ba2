//! The demo data set against the seed-data contract, section by section.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::document::Document;
use domain::status::Status;
use uuid::Uuid;

use super::*;
use crate::seed::organisation::{Round, department_id, round_id};
use crate::seed::people::user_id;
use crate::seed::plan::BASE;
use crate::seed::rows::ListEntryRow;

/// The data set with the contract's 640 cases picked out.
struct Demo {
    data: DemoData,
    base: HashMap<Uuid, CaseRow>,
}

impl Demo {
    fn new() -> Self {
        let data = DemoData::generate(None).unwrap();
        let rounds = [Round::Aug2026.id(), Round::Mars2026.id()];
        let base = data.cases.iter().filter(|case| rounds.contains(&case.budget_round_id));
        let base = base.map(|case| (case.id, case.clone())).collect();
        Self { data, base }
    }

    fn newest(&self, case: &CaseRow) -> &ContentRow {
        let id = case.latest_content_id.unwrap();
        self.data.contents.iter().find(|content| content.id == id).unwrap()
    }

    /// Base cases of one ministry with this status.
    fn base_of(&self, code: &str, status: Status) -> Vec<&CaseRow> {
        let of_ministry =
            self.base.values().filter(|case| case.department_id == department_id(code));
        of_ministry.filter(|case| case.status == status.as_str()).collect()
    }
}

fn counts<T: Ord>(values: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts
}

#[test]
fn section_4_1_totals_of_the_base_are_exact() {
    let demo = Demo::new();
    let in_base = |case: &Uuid| demo.base.contains_key(case);
    assert_eq!(demo.base.len(), 640);
    assert_eq!(demo.data.contents.iter().filter(|row| in_base(&row.case_id)).count(), 1_712);
    assert_eq!(demo.data.events.iter().filter(|row| in_base(&row.case_id)).count(), 1_984);
    assert_eq!(demo.data.questions.iter().filter(|row| in_base(&row.case_id)).count(), 960);
    let extras = demo.data.cases.len() - demo.base.len();
    assert_eq!(extras, 16 * 12, "the extras are additional and in rounds of their own");
}

#[test]
fn section_4_1_every_ministry_has_forty_base_cases_in_the_contracts_shares() {
    let demo = Demo::new();
    let august = demo.base.values().filter(|case| case.budget_round_id == Round::Aug2026.id());
    let by_status = counts(august.map(|case| case.status));
    // 20, 20, 30, 20 and 10 per cent of 480.
    let expected = [
        ("ferdigbehandlet_fin", 48),
        ("godkjent_pol", 96),
        ("klarert", 96),
        ("sendt_til_fin", 144),
        ("under_vurdering_fin", 96),
    ];
    assert_eq!(by_status, BTreeMap::from(expected));
    let by_ministry = counts(demo.base.values().map(|case| case.department_id));
    assert_eq!(by_ministry.len(), 16);
    assert!(by_ministry.values().all(|count| *count == BASE.len()));
}

#[test]
fn section_4_1_questions_are_answered_as_the_table_says() {
    let demo = Demo::new();
    let mut per_case: HashMap<Uuid, (usize, usize)> = HashMap::new();
    for question in &demo.data.questions {
        let (asked, answered) = per_case.entry(question.case_id).or_default();
        *asked += 1;
        *answered += usize::from(question.answer_text.is_some());
        assert_eq!(question.answer_text.is_some(), question.answered_at.is_some());
        let later = question.answered_at.map(|at| (at - question.created_at).num_days());
        assert!(later.is_none_or(|days| days == 3));
    }
    for case in demo.base.values() {
        let expected = match case.status {
            "sendt_til_fin" => (3, 2),
            "under_vurdering_fin" => (4, 3),
            "ferdigbehandlet_fin" => (3, 3),
            _ => (0, 0),
        };
        let actual = per_case.get(&case.id).copied().unwrap_or_default();
        assert_eq!(actual, expected, "{}", case.case_name);
    }
}

#[test]
fn section_4_2_case_types_have_the_contracts_distribution() {
    const STATUSES: [Status; 6] = [
        Status::Klarert,
        Status::GodkjentPol,
        Status::SendtTilFin,
        Status::UnderVurderingFin,
        Status::FerdigbehandletFin,
        Status::Regjeringsbehandlet,
    ];
    let demo = Demo::new();
    let table = STATUSES.map(|status| {
        let types = counts(demo.base_of("KLD", status).into_iter().map(|case| case.case_type));
        ["satsingsforslag", "budsjettiltak", "teknisk_justering", "andre_saker"]
            .map(|kind| types.get(kind).copied().unwrap_or_default())
    });
    let expected =
        [[2, 2, 1, 1], [1, 1, 2, 2], [3, 2, 2, 2], [1, 2, 2, 1], [1, 1, 0, 1], [2, 2, 3, 3]];
    assert_eq!(table, expected);
}

#[test]
fn section_4_3_amounts_and_handlers_follow_the_status() {
    let demo = Demo::new();
    for case in demo.base.values() {
        let is_at_fin =
            matches!(case.status, "sendt_til_fin" | "under_vurdering_fin" | "ferdigbehandlet_fin");
        let is_decided = case.status == "regjeringsbehandlet";
        if case.case_type == "andre_saker" {
            assert_eq!((&case.chapter, &case.post, case.amount), (&None, &None, None));
        }
        assert_eq!(case.fin_amount, case.amount.filter(|_| is_at_fin).map(|a| a * 85 / 100));
        assert_eq!(case.gov_amount, case.amount.filter(|_| is_decided).map(|a| a * 90 / 100));
        assert_eq!(case.fin_assigned_to.is_some(), is_at_fin, "{}", case.case_name);
        assert_eq!(case.priority_number.is_some(), case.case_type == "satsingsforslag");
        let age = (case.updated_at - case.created_at).num_days();
        assert_eq!(age, if is_at_fin { 14 } else { 7 });
        if is_at_fin && case.case_type == "satsingsforslag" {
            assert!(case.fin_list_placement.is_some());
        }
    }
    let of_sd = demo.base_of("SD", Status::SendtTilFin);
    assert!(of_sd.iter().all(|case| case.fin_assigned_to == Some(user_id("fin.sd1@test.no"))));
    assert!(of_sd.iter().all(|case| case.assigned_to == Some(user_id("budsjett.sd@test.no"))));
}

#[test]
fn section_4_3_both_lists_have_cases() {
    let demo = Demo::new();
    let placed = counts(
        demo.base.values().filter_map(|case| Some((case.case_type, case.fin_list_placement?))),
    );
    for case_type in ["satsingsforslag", "budsjettiltak"] {
        for list in ["a_list", "b_list"] {
            assert!(placed.contains_key(&(case_type, list)), "{case_type} {list}");
        }
    }
}

#[test]
fn i2_versions_run_without_gaps_and_the_pointer_is_the_newest() {
    let demo = Demo::new();
    let mut versions: HashMap<Uuid, Vec<i32>> = HashMap::new();
    for content in &demo.data.contents {
        versions.entry(content.case_id).or_default().push(content.version);
    }
    for case in &demo.data.cases {
        assert!(versions[&case.id].iter().copied().eq(1..=case.version), "{}", case.case_name);
        let newest = demo.newest(case);
        assert_eq!((newest.case_id, newest.version), (case.id, case.version));
        assert_eq!(newest.status, Some(case.status));
        assert_eq!(
            (newest.amount, newest.fin_amount, newest.gov_amount),
            (case.amount, case.fin_amount, case.gov_amount)
        );
    }
}

#[test]
fn section_4_4_the_newest_version_has_the_fields_of_its_type() {
    let demo = Demo::new();
    for case in demo.base.values() {
        let newest = demo.newest(case);
        let kind = case.case_type;
        let is_initiative = kind == "satsingsforslag";
        assert_eq!(newest.proposal_text.is_some(), kind != "teknisk_justering");
        assert!(newest.justification.is_some());
        assert_eq!(newest.verbal_conclusion.is_some(), is_initiative || kind == "andre_saker");
        assert_eq!(newest.socioeconomic_analysis.is_some(), is_initiative);
        assert_eq!(newest.goal_indicator.is_some(), is_initiative);
        assert_eq!(newest.benefit_plan.is_some(), is_initiative);
        let is_fin_visible = case.status.parse::<Status>().unwrap().is_fin_visible();
        for text in [&newest.fin_assessment, &newest.fin_verbal, &newest.fin_r_conclusion] {
            assert_eq!(text.is_some(), is_fin_visible, "{}", case.status);
        }
    }
    let with_comment =
        demo.base.values().filter(|case| demo.newest(case).comment.is_some()).count();
    assert_eq!(with_comment, 640 / 5);
}

#[test]
fn section_4_4_the_first_version_is_a_short_draft_by_the_saksbehandler() {
    let demo = Demo::new();
    for content in demo.data.contents.iter().filter(|content| content.version == 1) {
        let Some(case) = demo.base.get(&content.case_id) else { continue };
        assert_eq!(content.created_by, case.created_by);
        assert_eq!(content.status, Some("under_arbeid"));
        let has_proposal = matches!(case.case_type, "satsingsforslag" | "budsjettiltak");
        assert_eq!(content.proposal_text.is_some(), has_proposal);
        let newest = demo.newest(case).justification.as_ref().unwrap().len();
        assert!(content.justification.as_ref().unwrap().len() < newest);
    }
}

#[test]
fn documents_say_exactly_what_the_flat_fields_say() {
    let demo = Demo::new();
    let mut documents = 0;
    for content in &demo.data.contents {
        let Some(json) = &content.content_json else { continue };
        documents += 1;
        let flat = Document::parse(&json.0).unwrap().flat();
        assert_eq!(flat.proposal_text, content.proposal_text);
        assert_eq!(flat.justification, content.justification);
        assert_eq!(flat.verbal_conclusion, content.verbal_conclusion);
        assert_eq!(flat.socioeconomic_analysis, content.socioeconomic_analysis);
        assert_eq!(flat.goal_indicator, content.goal_indicator);
        assert_eq!(flat.benefit_plan, content.benefit_plan);
        assert_eq!(flat.comment, content.comment);
        assert_eq!(flat.fin_assessment, content.fin_assessment);
        assert_eq!(flat.fin_verbal, content.fin_verbal);
        assert_eq!(flat.fin_r_conclusion, content.fin_r_conclusion);
    }
    assert!(documents >= 832 / 3, "at least every third case has a document, not {documents}");
}

#[test]
fn comments_hang_on_marks_of_the_newest_document() {
    let demo = Demo::new();
    assert_eq!(demo.data.comments.len(), 16 * 3);
    for comment in &demo.data.comments {
        let case = &demo.base[&comment.case_id];
        let newest = demo.newest(case);
        assert!(newest.track_changes_active);
        let json = &newest.content_json.as_ref().unwrap().0;
        assert!(json.contains(&format!(r#""commentId":"{}""#, comment.comment_id)));
        for mark in ["insertion", "deletion", "formatChange"] {
            assert!(json.contains(&format!(r#""type":"{mark}""#)), "{mark}");
        }
        if let Some(anchor) = comment.anchor_text.as_ref().filter(|_| comment.status == "open") {
            assert!(newest.justification.as_ref().unwrap().starts_with(anchor));
        }
    }
}

#[test]
fn section_4_5_events_are_in_order_and_end_in_the_status() {
    let demo = Demo::new();
    let mut events: HashMap<Uuid, Vec<&EventRow>> = HashMap::new();
    for event in &demo.data.events {
        events.entry(event.case_id).or_default().push(event);
    }
    for case in &demo.data.cases {
        let log = &events[&case.id];
        assert_eq!((log[0].event_type, log[0].created_at), ("created", case.created_at));
        let last = log.iter().rev().find(|event| event.event_type == "status_changed");
        if let Some(last) = last {
            let data: serde_json::Value =
                serde_json::from_str(&last.event_data.as_ref().unwrap().0).unwrap();
            assert_eq!(data["to"], case.status);
            let needs_reason = matches!(case.status, "returnert_til_fag" | "avvist_av_fin");
            assert_eq!(data["reason"].is_string(), needs_reason);
        }
    }
}

#[test]
fn opinions_show_every_type_and_status_and_each_has_its_event() {
    let data = Demo::new().data;
    let shown: BTreeSet<(&str, &str)> =
        data.opinions.iter().map(|opinion| (opinion.r#type, opinion.status)).collect();
    let expected = [
        ("godkjenning", "approved"),
        ("godkjenning", "forwarded"),
        ("godkjenning", "pending"),
        ("godkjenning", "rejected"),
        ("uttalelse", "declined"),
        ("uttalelse", "given"),
        ("uttalelse", "pending"),
    ];
    assert_eq!(shown, BTreeSet::from(expected));
    let asked = data.events.iter().filter(|event| event.event_type.ends_with("_requested"));
    let forwarded = data.opinions.iter().filter(|opinion| opinion.forwarded_from_id.is_some());
    assert_eq!(asked.count() + forwarded.count(), data.opinions.len());
    for opinion in &data.opinions {
        assert_eq!(opinion.status == "pending", opinion.resolved_at.is_none());
    }
}

#[test]
fn section_7_lists_are_the_contracts_and_the_recommended_ones() {
    let data = Demo::new().data;
    let lists: BTreeSet<(Uuid, Uuid, &str)> = data
        .lists
        .rows
        .iter()
        .map(|list| (list.budget_round_id, list.department_id, list.status))
        .collect();
    let mut expected = BTreeSet::new();
    for (code, status) in [
        ("AID", "in_progress"),
        ("HOD", "in_progress"),
        ("KD", "in_progress"),
        ("NFD", "draft"),
        ("SD", "draft"),
    ] {
        expected.insert((round_id("MARS2026"), department_id(code), status));
        expected.insert((round_id("AUG2026"), department_id(code), "in_progress"));
    }
    assert_eq!(lists, expected);
    for list in &data.lists.rows {
        let sections: Vec<_> =
            data.lists.sections.iter().filter(|s| s.department_list_id == list.id).collect();
        let is_mars = list.budget_round_id == round_id("MARS2026");
        assert_eq!(sections.len(), if is_mars { 21 } else { 16 });
        let with_text = sections.iter().filter(|section| section.content_json.is_some());
        assert_eq!(with_text.count(), if is_mars { 2 } else { 1 });
        let titles = sections.iter().filter_map(|section| section.title.as_deref());
        assert!(titles.into_iter().all(|title| !title.contains('{')));
    }
}

#[test]
fn section_7_every_august_list_has_the_seven_routable_cases_in_order() {
    let demo = Demo::new();
    let cases: HashMap<Uuid, &CaseRow> = demo.data.cases.iter().map(|row| (row.id, row)).collect();
    let mut by_list: HashMap<Uuid, Vec<&ListEntryRow>> = HashMap::new();
    for entry in &demo.data.lists.entries {
        by_list.entry(entry.department_list_id).or_default().push(entry);
    }
    assert_eq!(by_list.len(), 5);
    for entries in by_list.values() {
        let types = counts(entries.iter().map(|entry| cases[&entry.case_id].case_type));
        let expected = [("andre_saker", 2), ("budsjettiltak", 3), ("satsingsforslag", 2)];
        assert_eq!(types, BTreeMap::from(expected));
        let mut sections: HashMap<Uuid, Vec<i32>> = HashMap::new();
        for entry in entries {
            assert_eq!(entry.subgroup, cases[&entry.case_id].fin_list_placement);
            sections.entry(entry.section_id).or_default().push(entry.sort_order);
        }
        for mut orders in sections.into_values() {
            orders.sort_unstable();
            assert!(orders.iter().copied().zip(1..).all(|(order, nth)| order == nth));
        }
    }
    let listed: HashSet<Uuid> = demo.data.lists.entries.iter().map(|e| e.case_id).collect();
    assert!(demo.data.conclusions.iter().all(|conclusion| listed.contains(&conclusion.case_id)));
    assert_eq!(demo.data.conclusions.len(), 5 * 10);
}

#[test]
fn every_id_is_used_once_and_the_next_run_uses_the_same() {
    let first = DemoData::generate(None).unwrap();
    let second = DemoData::generate(None).unwrap();
    assert_eq!(first.cases, second.cases);
    assert_eq!(first.contents, second.contents);
    assert_eq!(first.events, second.events);
    let ids = first.events.iter().map(|row| row.id).chain(first.contents.iter().map(|row| row.id));
    let unique: HashSet<Uuid> = ids.clone().collect();
    assert_eq!(unique.len(), ids.count());
}

#[test]
fn texts_are_filled_in_and_quote_amounts_in_millions() {
    let demo = Demo::new();
    for case in demo.base.values() {
        let newest = demo.newest(case);
        let texts = [&newest.proposal_text, &newest.justification, &newest.fin_assessment];
        for text in texts.into_iter().flatten() {
            assert!(!text.contains('{'), "a placeholder was left: {text}");
            let is_capital = text.chars().next().is_some_and(|c| c.is_uppercase() || c == '«');
            assert!(is_capital, "{text}");
        }
        if case.case_type == "satsingsforslag" {
            assert!(newest.proposal_text.as_ref().unwrap().contains("mill. kroner"));
        }
    }
}
