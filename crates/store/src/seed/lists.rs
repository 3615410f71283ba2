//! Department lists made from a template, and the automatic placement of cases in them (domain 7.1
//! and 7.2; seed-data 7).

use std::cmp::Reverse;
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::status::Status;
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
            title: title(section, new.ministry),
            sort_order,
            content_json: free_text(section, new.ministry),
        }));
        self.entries.extend(placed(id, new, cases));
    }
}

fn section_id(list: Uuid, number: usize) -> Uuid {
    stable_id("list_section", &format!("{list} {number}"))
}

/// Structural sections have no title of their own: theirs is a pattern for the cases in them.
fn title(section: &SectionSpec, ministry: &Ministry) -> Option<String> {
    let is_structural =
        matches!(section.kind, "case_entry_template" | "case_subgroup" | "auto_table");
    (!is_structural).then(|| {
        section
            .title
            .replace("{department_name}", ministry.name)
            .replace("{department_abbrev}", ministry.code)
    })
}

/// One paragraph in every free-text section.
fn free_text(section: &SectionSpec, ministry: &Ministry) -> Option<JsonText> {
    if section.kind != "freetext" {
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

/// Entries for the eligible cases, in the order in which the contract recommends to insert them.
fn placed(list: Uuid, new: &NewList<'_>, cases: &[CaseRow]) -> Vec<ListEntryRow> {
    let eligible = [Status::UnderVurderingFin, Status::FerdigbehandletFin].map(Status::as_str);
    let mut eligible: Vec<&CaseRow> = cases
        .iter()
        .filter(|case| case.budget_round_id == new.round_id)
        .filter(|case| case.department_id == new.ministry.id())
        .filter(|case| eligible.contains(&case.status))
        .collect();
    // Cases with a priority first, lowest number first, then by name; the id settles equal names.
    eligible.sort_by_key(|case| {
        let has_priority = case.priority_number.is_some();
        (Reverse(has_priority), case.priority_number, &case.case_name, case.id)
    });
    let mut last_in_section: HashMap<usize, i32> = HashMap::new();
    eligible
        .into_iter()
        .filter_map(|case| {
            let section = target_section(new.template, case.case_type)?;
            let sort_order = last_in_section.entry(section).or_default();
            *sort_order += 1;
            Some(ListEntryRow {
                id: stable_id("list_entry", &format!("{list} {}", case.id)),
                department_list_id: list,
                section_id: section_id(list, section),
                case_id: case.id,
                subgroup: case.fin_list_placement,
                sort_order: *sort_order,
                included_at: new.created_at,
            })
        })
        .collect()
}

/// Number of the first section in document order that asks for this case type.
fn target_section(template: &Template, case_type: &str) -> Option<usize> {
    let takes_cases = |section: &&SectionSpec| {
        matches!(section.kind, "case_group" | "decisions_section" | "summary_section")
    };
    template
        .sections
        .iter()
        .filter(takes_cases)
        .find(|section| {
            section.config.as_ref().is_some_and(|config| config["case_type_filter"] == case_type)
        })
        .map(|section| section.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn technical_adjustments_have_no_section() {
        for template in [Template::mars(), Template::august()] {
            assert!(target_section(&template, "teknisk_justering").is_none());
            assert!(target_section(&template, "budsjettiltak").is_some());
        }
        assert_eq!(target_section(&Template::mars(), "andre_saker"), Some(20));
    }
}
