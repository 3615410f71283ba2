//! Which cases go where in a department list (domain contract 2.16 and 7.2).
//!
//! FIN marks a case for the A list or the B list. When a list is filled, its cases are routed by
//! their type to the section that asks for them. [`Placer`] is that rule as a value: it knows the
//! list's sections and what they hold already, so that placing everything, placing one case and
//! placing everything again all go by the same words, and no case is ever placed twice.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use crate::ids::{BudgetRoundId, CaseId, DepartmentId, ListSectionId};
use crate::list_template::SectionType;
use crate::status::Status;
use crate::wire::wire_enum;

wire_enum! {
    /// Placement of a case, and subgroup of its entry in a department list.
    pub enum ListPlacement {
        /// Recommended.
        AList = "a_list", "A-listen";
        /// Held back.
        BList = "b_list", "B-listen";
    }
}

/// Statuses in which a case may be placed in a list.
pub const PLACEABLE: [Status; 2] = [Status::UnderVurderingFin, Status::FerdigbehandletFin];

/// A section of a list, as far as placement asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacementSection {
    /// The section of the list, not of its template.
    pub id: ListSectionId,
    /// What kind of section it is.
    pub section_type: SectionType,
    /// Code of the case type that its template routes here.
    pub case_type_filter: Option<String>,
}

/// A case, as far as placement asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacementCase {
    /// The case.
    pub id: CaseId,
    /// The ministry that owns it.
    pub department_id: DepartmentId,
    /// Its budget round.
    pub budget_round_id: BudgetRoundId,
    /// Its status.
    pub status: Status,
    /// Code of its type.
    pub case_type: String,
    /// Its name, which orders cases without a priority.
    pub name: String,
    /// FIN's placement of it.
    pub list_placement: Option<ListPlacement>,
    /// The ministry's priority, lowest first.
    pub priority_number: Option<i32>,
}

/// An entry that is in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedEntry {
    /// Its section.
    pub section_id: ListSectionId,
    /// Its case.
    pub case_id: CaseId,
    /// Its place in the section.
    pub sort_order: i32,
}

/// An entry to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// Its section.
    pub section_id: ListSectionId,
    /// Its case.
    pub case_id: CaseId,
    /// FIN's placement of the case at this moment.
    pub subgroup: Option<ListPlacement>,
    /// Its place in the section, after everything that is there.
    pub sort_order: i32,
}

/// Why a case is not placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlacementRefusal {
    /// Of another ministry or round, or in none of [`PLACEABLE`].
    #[error("the case does not belong in the list")]
    NotEligible,
    /// The list has it.
    #[error("the case is in the list already")]
    AlreadyPlaced,
    /// No section asks for its type.
    #[error("no section takes cases of this type")]
    NoSection,
}

/// A list that is being filled.
#[derive(Clone, Debug)]
pub struct Placer {
    department_id: DepartmentId,
    budget_round_id: BudgetRoundId,
    target_of_type: HashMap<String, ListSectionId>,
    last_in_section: HashMap<ListSectionId, i32>,
    placed: HashSet<CaseId>,
}

impl Placer {
    /// A list of this ministry and round, its sections in document order, and what it holds.
    #[must_use]
    pub fn new(
        department_id: DepartmentId,
        budget_round_id: BudgetRoundId,
        sections: Vec<PlacementSection>,
        existing: &[PlacedEntry],
    ) -> Self {
        let mut target_of_type = HashMap::new();
        for section in sections.into_iter().filter(|section| section.section_type.takes_cases()) {
            if let Some(case_type) = section.case_type_filter {
                // The first section in document order gets the cases.
                target_of_type.entry(case_type).or_insert(section.id);
            }
        }
        let mut last_in_section = HashMap::new();
        for entry in existing {
            let last = last_in_section.entry(entry.section_id).or_insert(entry.sort_order);
            *last = entry.sort_order.max(*last);
        }
        let placed = existing.iter().map(|entry| entry.case_id).collect();
        Self { department_id, budget_round_id, target_of_type, last_in_section, placed }
    }

    /// Places one case at the end of its section.
    ///
    /// # Errors
    ///
    /// The first rule that speaks against it; nothing has changed then.
    pub fn place(&mut self, case: &PlacementCase) -> Result<NewEntry, PlacementRefusal> {
        let belongs = case.department_id == self.department_id
            && case.budget_round_id == self.budget_round_id
            && PLACEABLE.contains(&case.status);
        if !belongs {
            return Err(PlacementRefusal::NotEligible);
        }
        if self.placed.contains(&case.id) {
            return Err(PlacementRefusal::AlreadyPlaced);
        }
        let section_id =
            *self.target_of_type.get(&case.case_type).ok_or(PlacementRefusal::NoSection)?;
        let last = self.last_in_section.entry(section_id).or_default();
        // Users may number entries as they like, even up to the largest number there is.
        *last = last.saturating_add(1);
        self.placed.insert(case.id);
        Ok(NewEntry {
            section_id,
            case_id: case.id,
            subgroup: case.list_placement,
            sort_order: *last,
        })
    }

    /// Places all that belong in the list and are not there: by priority, cases without one last,
    /// then by name.
    #[must_use]
    pub fn place_all(&mut self, mut cases: Vec<PlacementCase>) -> Vec<NewEntry> {
        // The id settles equal names, so that the same cases always come out the same way.
        cases.sort_by(|one, other| order_of(one).cmp(&order_of(other)));
        cases.iter().filter_map(|case| self.place(case).ok()).collect()
    }
}

fn order_of(case: &PlacementCase) -> (Reverse<bool>, Option<i32>, &str, CaseId) {
    (Reverse(case.priority_number.is_some()), case.priority_number, &case.name, case.id)
}

#[cfg(test)]
mod tests;
