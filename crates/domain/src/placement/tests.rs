//! The rules of domain contract 7.2, one by one and on arbitrary lists.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use super::*;

const MINISTRY: DepartmentId = DepartmentId::new(Uuid::from_u128(1));
const ROUND: BudgetRoundId = BudgetRoundId::new(Uuid::from_u128(2));
const TYPES: [&str; 3] = ["satsingsforslag", "budsjettiltak", "teknisk_justering"];

fn section_id(number: u128) -> ListSectionId {
    ListSectionId::new(Uuid::from_u128(100 + number))
}

fn section(number: u128, section_type: SectionType, filter: Option<&str>) -> PlacementSection {
    PlacementSection {
        id: section_id(number),
        section_type,
        case_type_filter: filter.map(str::to_owned),
    }
}

fn case(number: u128) -> PlacementCase {
    PlacementCase {
        id: CaseId::new(Uuid::from_u128(1_000 + number)),
        department_id: MINISTRY,
        budget_round_id: ROUND,
        status: Status::UnderVurderingFin,
        case_type: "satsingsforslag".to_owned(),
        name: format!("Sak {number}"),
        list_placement: None,
        priority_number: None,
    }
}

fn list(sections: Vec<PlacementSection>, existing: &[PlacedEntry]) -> Placer {
    Placer::new(MINISTRY, ROUND, sections, existing)
}

fn one_group() -> Vec<PlacementSection> {
    vec![section(1, SectionType::CaseGroup, Some("satsingsforslag"))]
}

fn existing(entries: &[NewEntry]) -> Vec<PlacedEntry> {
    let placed = |entry: &NewEntry| PlacedEntry {
        section_id: entry.section_id,
        case_id: entry.case_id,
        sort_order: entry.sort_order,
    };
    entries.iter().map(placed).collect()
}

#[test]
fn a_case_goes_to_the_first_section_that_asks_for_its_type() {
    let sections = vec![
        section(1, SectionType::Freetext, Some("satsingsforslag")),
        section(2, SectionType::CaseGroup, Some("budsjettiltak")),
        section(3, SectionType::SummarySection, Some("satsingsforslag")),
        section(4, SectionType::CaseGroup, Some("satsingsforslag")),
    ];
    let entry = list(sections, &[]).place(&case(1)).unwrap();
    assert_eq!((entry.section_id, entry.sort_order), (section_id(3), 1));
}

#[test]
fn only_sections_for_cases_with_a_filter_receive_any() {
    for section_type in SectionType::ALL {
        let placed = list(vec![section(1, section_type, Some("satsingsforslag"))], &[]);
        assert_eq!(placed.clone().place(&case(1)).is_ok(), section_type.takes_cases());
        let mut unfiltered = list(vec![section(1, section_type, None)], &[]);
        assert_eq!(unfiltered.place(&case(1)), Err(PlacementRefusal::NoSection));
    }
}

#[test]
fn a_case_is_eligible_in_two_statuses_of_its_own_list_only() {
    for status in Status::ALL {
        let outcome = list(one_group(), &[]).place(&PlacementCase { status, ..case(1) });
        let is_assessed = matches!(status, Status::UnderVurderingFin | Status::FerdigbehandletFin);
        assert_eq!(outcome.is_ok(), is_assessed, "{status}");
    }
    let department_id = DepartmentId::nil();
    let foreign = PlacementCase { department_id, ..case(1) };
    assert_eq!(list(one_group(), &[]).place(&foreign), Err(PlacementRefusal::NotEligible));
    let budget_round_id = BudgetRoundId::nil();
    let earlier = PlacementCase { budget_round_id, ..case(1) };
    assert_eq!(list(one_group(), &[]).place(&earlier), Err(PlacementRefusal::NotEligible));
}

#[test]
fn entries_come_by_priority_then_name_after_what_is_there() {
    let named = |number, name: &str, priority_number| PlacementCase {
        name: name.to_owned(),
        priority_number,
        ..case(number)
    };
    let cases = vec![
        named(1, "Banan", None),
        named(2, "Ananas", None),
        named(3, "Sitron", Some(2)),
        named(4, "Ananas", Some(2)),
        named(5, "Pære", Some(-1)),
    ];
    let occupied = PlacedEntry { section_id: section_id(1), case_id: case(9).id, sort_order: 40 };
    let entries = list(one_group(), &[occupied]).place_all(cases);
    let order: Vec<_> = entries.iter().map(|entry| (entry.case_id, entry.sort_order)).collect();
    let expected = [(5, 41), (4, 42), (3, 43), (2, 44), (1, 45)];
    assert_eq!(order, expected.map(|(number, sort_order)| (case(number).id, sort_order)));
}

#[test]
fn the_subgroup_is_fins_placement() {
    for list_placement in [None, Some(ListPlacement::AList), Some(ListPlacement::BList)] {
        let placed = list(one_group(), &[]).place(&PlacementCase { list_placement, ..case(1) });
        assert_eq!(placed.unwrap().subgroup, list_placement);
    }
}

#[test]
fn i8_a_section_numbered_to_the_end_still_takes_cases() {
    let last = PlacedEntry { section_id: section_id(1), case_id: case(9).id, sort_order: i32::MAX };
    assert_eq!(list(one_group(), &[last]).place(&case(1)).unwrap().sort_order, i32::MAX);
}

prop_compose! {
    fn a_case()(
        number in 0_u128..30,
        status in select(Status::ALL.to_vec()),
        case_type in select(TYPES.to_vec()),
        name in "[a-c]{0,2}",
        priority_number in option::of(-2_i32..4),
        list_placement in option::of(select(ListPlacement::ALL.to_vec())),
    ) -> PlacementCase {
        let case_type = case_type.to_owned();
        PlacementCase { status, case_type, name, list_placement, priority_number, ..case(number) }
    }
}

prop_compose! {
    fn a_section()(
        section_type in select(SectionType::ALL.to_vec()),
        filter in option::of(select(TYPES.to_vec())),
    ) -> (SectionType, Option<&'static str>) {
        (section_type, filter)
    }
}

fn sections() -> impl Strategy<Value = Vec<PlacementSection>> {
    vec(a_section(), 0..8).prop_map(|kinds| {
        (0..).zip(kinds).map(|(number, (kind, filter))| section(number, kind, filter)).collect()
    })
}

proptest! {
    #[test]
    fn placing_again_places_nothing(sections in sections(), cases in vec(a_case(), 0..40)) {
        let first = list(sections.clone(), &[]).place_all(cases.clone());
        prop_assert_eq!(list(sections, &existing(&first)).place_all(cases), vec![]);
    }

    #[test]
    fn no_case_is_in_a_list_twice_and_no_place_is_given_twice(
        sections in sections(),
        before in vec(a_case(), 0..20),
        after in vec(a_case(), 0..40),
    ) {
        let mut entries = list(sections.clone(), &[]).place_all(before);
        let more = list(sections, &existing(&entries)).place_all(after);
        entries.extend(more);
        let cases: BTreeSet<_> = entries.iter().map(|entry| entry.case_id).collect();
        prop_assert_eq!(cases.len(), entries.len());
        let places: BTreeSet<_> =
            entries.iter().map(|entry| (entry.section_id, entry.sort_order)).collect();
        prop_assert_eq!(places.len(), entries.len());
    }

    #[test]
    fn every_case_that_may_be_placed_is_placed(
        sections in sections(),
        cases in vec(a_case(), 0..40),
    ) {
        let entries = list(sections.clone(), &[]).place_all(cases.clone());
        let placed: BTreeSet<_> = entries.iter().map(|entry| entry.case_id).collect();
        for case in cases {
            // The same number may stand for several descriptions of a case; one is enough.
            if list(sections.clone(), &[]).place(&case).is_ok() {
                prop_assert!(placed.contains(&case.id));
            }
        }
    }

    #[test]
    fn within_a_section_entries_follow_the_order_of_the_contract(
        sections in sections(),
        cases in vec(a_case(), 0..40),
    ) {
        let entries = list(sections, &[]).place_all(cases.clone());
        let key = |entry: &NewEntry| {
            cases
                .iter()
                .filter(|case| case.id == entry.case_id && PLACEABLE.contains(&case.status))
                .map(|case| (case.priority_number.is_none(), case.priority_number, case.name.clone()))
                .min()
        };
        for (one, next) in entries.iter().zip(entries.iter().skip(1)) {
            if one.section_id == next.section_id {
                prop_assert!(one.sort_order < next.sort_order);
            }
        }
        // Only cases described once have one key.
        let described_once =
            |entry: &&NewEntry| cases.iter().filter(|case| case.id == entry.case_id).count() == 1;
        let keys: Vec<_> = entries.iter().filter(described_once).map(key).collect();
        prop_assert!(keys.is_sorted(), "{:?}", keys);
    }
}
