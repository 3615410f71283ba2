//! Department lists made from a template, and the automatic placement of cases in them (domain 7.1
//! and 7.2; seed-data 7).

use chrono::{DateTime, Utc};
use domain::list_template::SectionType;
use domain::placement::{ListPlacement, PlacementCase, PlacementSection, Placer};
use uuid::Uuid;

use super::copy::JsonText;
use super::dialogue::LIST_MINISTRIES;
use super::documents::{Block, list_document};
use super::ids::{base_date, days, stable_id};
use super::organisation::{MINISTRIES, Ministry, Round};
use super::people::{ADMIN_EMAIL, user_id};
use super::rows::{CaseRow, ListEntryRow, ListRow, ListSectionRow};
use super::template::{SectionSpec, Template};

/// Lists with their sections and entries.
#[derive(Default)]
pub(super) struct Lists {
    pub(super) rows: Vec<ListRow>,
    pub(super) sections: Vec<ListSectionRow>,
    pub(super) entries: Vec<ListEntryRow>,
}

/// What a list is made for.
pub(super) struct NewList<'a> {
    pub(super) ministry: &'a Ministry,
    pub(super) template: &'a Template,
    pub(super) round_id: Uuid,
    pub(super) status: &'static str,
    pub(super) created_at: DateTime<Utc>,
}

/// The demo's lists: five for MARS2026 without entries, and five for AUG2026 with automatically
/// placed cases.
pub(super) fn demo_lists(mars: &Template, august: &Template, cases: &[CaseRow]) -> Lists {
    let mut lists = Lists::default();
    let listed = MINISTRIES.iter().filter(|ministry| LIST_MINISTRIES.contains(&ministry.code));
    for (nth, ministry) in listed.enumerate() {
        let has_begun = matches!(ministry.code, "AID" | "HOD" | "KD");
        let list = |round: Round, template, status, day| NewList {
            ministry,
            template,
            round_id: round.id(),
            status,
            created_at: base_date() + days(day),
        };
        let status = if has_begun { "in_progress" } else { "draft" };
        lists.add(&list(Round::Mars2026, mars, status, nth), &[]);
        lists.add(&list(Round::Aug2026, august, "in_progress", 90 + nth), cases);
    }
    lists
}

impl Lists {
    /// Instantiates the template and places those of `cases` that belong in the list.
    pub(super) fn add(&mut self, new: &NewList<'_>, cases: &[CaseRow]) {
        let id = stable_id("department_list", &format!("{} {}", new.ministry.code, new.round_id));
        self.rows.push(ListRow {
            id,
            template_id: new.template.id(),
            budget_round_id: new.round_id,
            department_id: new.ministry.id(),
            status: new.status,
            created_by: user_id(ADMIN_EMAIL),
            created_at: new.created_at,
            updated_at: new.created_at,
        });
        let sections = new.template.sections.iter().zip(1..);
        self.sections.extend(sections.map(|(section, sort_order)| ListSectionRow {
            id: section_id(id, section.number),
            department_list_id: id,
            template_section_id: new.template.section_id(section.number),
            parent_id: (section.parent > 0).then(|| section_id(id, section.parent)),
            title: section.kind.title(section.title, new.ministry.name, new.ministry.code),
            sort_order,
            content_json: free_text(section, new.ministry),
        }));
        self.entries.extend(placed(id, new, cases));
    }
}

fn section_id(list: Uuid, number: usize) -> Uuid {
    stable_id("list_section", &format!("{list} {number}"))
}

/// One paragraph in every free-text section.
fn free_text(section: &SectionSpec, ministry: &Ministry) -> Option<JsonText> {
    if section.kind != SectionType::Freetext {
        return None;
    }
    let [first, second, third, ..] = ministry.topics;
    let text = if section.title.contains("struktur") {
        format!(
            "{} arbeider med strukturen i sektoren gjennom hele fireårsperioden. Oppgaver knyttet \
             til {first} og {second} samles i færre enheter, og antallet tilskuddsordninger \
             reduseres fra 14 til 9. Det meste av omstillingen ventes gjennomført innen utgangen \
             av andre året.",
            ministry.name
        )
    } else {
        format!(
            "{} prioriterer tre satsinger: {first} (120,0 mill. kroner), {second} (85,5 mill. \
             kroner) og {third} (42,0 mill. kroner). Finansdepartementet tilrår de to første fullt \
             ut og anbefaler at den tredje dekkes innenfor gjeldende ramme.",
            ministry.name
        )
    };
    Some(JsonText::of(&list_document(&[Block::paragraph(text)])))
}

/// Entries for the cases that belong in the list, by the rule that places them in service.
fn placed(list: Uuid, new: &NewList<'_>, cases: &[CaseRow]) -> Vec<ListEntryRow> {
    let (department, round) = (new.ministry.id(), new.round_id);
    let sections = new.template.sections.iter().map(|section| placement_section(list, section));
    let mut placer = Placer::new(department.into(), round.into(), sections.collect(), &[]);
    let of_the_list = cases
        .iter()
        .filter(|case| case.department_id == department && case.budget_round_id == round)
        .filter_map(placement_case);
    placer
        .place_all(of_the_list.collect())
        .into_iter()
        .map(|entry| ListEntryRow {
            id: stable_id("list_entry", &format!("{list} {}", entry.case_id)),
            department_list_id: list,
            section_id: entry.section_id.into(),
            case_id: entry.case_id.into(),
            subgroup: entry.subgroup.map(ListPlacement::as_str),
            sort_order: entry.sort_order,
            included_at: new.created_at,
        })
        .collect()
}

fn placement_section(list: Uuid, section: &SectionSpec) -> PlacementSection {
    let filter = section.config.as_ref().and_then(|config| config["case_type_filter"].as_str());
    PlacementSection {
        id: section_id(list, section.number).into(),
        section_type: section.kind,
        case_type_filter: filter.map(str::to_owned),
    }
}

/// The case as the placement rule sees it; the seed's own values are always the domain's.
fn placement_case(case: &CaseRow) -> Option<PlacementCase> {
    Some(PlacementCase {
        id: case.id.into(),
        department_id: case.department_id.into(),
        budget_round_id: case.budget_round_id.into(),
        status: case.status.parse().ok()?,
        case_type: case.case_type.to_owned(),
        name: case.case_name.clone(),
        list_placement: case.fin_list_placement.and_then(|text| text.parse().ok()),
        priority_number: case.priority_number,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn technical_adjustments_have_no_section() {
        for template in [Template::mars(), Template::august()] {
            let asks_for = |case_type: &str| {
                let mut sections = template.sections.iter();
                sections.any(|section| {
                    let section = placement_section(Uuid::nil(), section);
                    section.case_type_filter.as_deref() == Some(case_type)
                })
            };
            assert!(!asks_for("teknisk_justering"));
            assert!(asks_for("budsjettiltak") && asks_for("andre_saker"));
        }
    }
}
