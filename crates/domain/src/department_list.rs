//! A department list (depliste): the sections of its template, filled with a ministry's cases.
//!
//! The tree here is what readers work on: the page of the list, and the printed document, which
//! asks for more (documents, conclusions, figures). Queries deliver rows; [`section_tree`] makes
//! the tree of them, so that nobody reads a list section by section.

use std::collections::HashMap;
use std::hash::Hash;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::content::FlatFields;
use crate::ids::{
    BudgetRoundId, CaseId, DepartmentId, DepartmentListId, ListEntryId, ListFigureId,
    ListSectionId, TemplateId, TemplateSectionId, UserId,
};
use crate::list_template::{HeadingStyle, SectionType};
use crate::money::ThousandNok;
use crate::role::Role;
use crate::visibility::{CaseFacts, Viewer, can_open};
use crate::wire::wire_enum;

wire_enum! {
    /// Status of a department list (contract 2.12). Any status may follow any other.
    pub enum ListStatus {
        /// Made, not worked on.
        Draft = "draft", "Utkast";
        /// Being edited.
        InProgress = "in_progress", "Under arbeid";
        /// Done; the client shows it read-only.
        Completed = "completed", "Ferdig";
    }
}

/// Whether this role works with department lists at all (api 20, D-15).
#[must_use]
pub const fn may_use_lists(role: Role) -> bool {
    role.is_fin() || role.is_admin()
}

/// A list without its sections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListHead {
    /// The list.
    pub id: DepartmentListId,
    /// The template it was made from.
    pub template_id: TemplateId,
    /// Name of the template.
    pub template_name: String,
    /// Text of the classification box, shown in print only.
    pub classification_text: Option<String>,
    /// The budget round.
    pub budget_round_id: BudgetRoundId,
    /// Name of the round, for example `AUG2026`.
    pub budget_round_name: String,
    /// The ministry.
    pub department_id: DepartmentId,
    /// Code of the ministry.
    pub department_code: String,
    /// Name of the ministry.
    pub department_name: String,
    /// Its status.
    pub status: ListStatus,
    /// Who made it.
    pub created_by: UserId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When anything in it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A list with its sections.
#[derive(Clone, Debug, PartialEq)]
pub struct DepartmentList {
    /// The list itself.
    pub head: ListHead,
    /// Its root sections, in order.
    pub sections: Vec<ListSection>,
}

impl DepartmentList {
    /// How many cases there are in all sections.
    #[must_use]
    pub fn entry_count(&self) -> usize {
        fn below(sections: &[ListSection]) -> usize {
            sections.iter().map(|section| section.entries.len() + below(&section.children)).sum()
        }
        below(&self.sections)
    }
}

/// A section of a list, with what it has from its template.
#[derive(Clone, Debug, PartialEq)]
pub struct ListSection {
    /// The section.
    pub id: ListSectionId,
    /// The section of the template that it was made from.
    pub template_section_id: TemplateSectionId,
    /// The section it is in.
    pub parent_id: Option<ListSectionId>,
    /// Its heading; without one, or with an empty one, it has no heading.
    pub title: Option<String>,
    /// Its place among its siblings.
    pub sort_order: i32,
    /// JSON text of what was written into it: rich content, a render config of its own or a figure.
    pub content_json: Option<String>,
    /// What kind of section it is.
    pub section_type: SectionType,
    /// Style of its heading.
    pub heading_style: HeadingStyle,
    /// The template's title, placeholders included; the heading of a case in entry templates.
    pub title_template: String,
    /// The template's configuration (contract 7.4).
    pub config: Option<Value>,
    /// Sections inside it, in order; structural ones included.
    pub children: Vec<ListSection>,
    /// Cases in it, in order.
    pub entries: Vec<ListEntry>,
    /// Uploaded figures, in order. Read for print only.
    pub figures: Vec<ListFigure>,
}

/// A case in a list. Its texts are those of the case's newest content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListEntry {
    /// The entry.
    pub id: ListEntryId,
    /// The section it is in.
    pub section_id: ListSectionId,
    /// The case.
    pub case_id: CaseId,
    /// Name of the case.
    pub case_name: String,
    /// Code of its type.
    pub case_type: String,
    /// Value of the subgroup it stands under.
    pub subgroup: Option<String>,
    /// Its place in the section.
    pub sort_order: i32,
    /// JSON text of rich content that replaces the case's own.
    pub override_content: Option<String>,
    /// The ministry's priority.
    pub priority_number: Option<i32>,
    /// The ministry's proposal.
    pub amount: Option<ThousandNok>,
    /// FIN's recommendation.
    pub fin_amount: Option<ThousandNok>,
    /// The government's decision.
    pub gov_amount: Option<ThousandNok>,
    /// The newest flat texts: the four that the page shows, or all ten for print.
    pub texts: FlatFields,
    /// JSON text of the newest document. Read for print only.
    pub document: Option<String>,
    /// The case's conclusions, in order. Read for print only.
    pub conclusions: Vec<String>,
}

impl ListEntry {
    /// The entry as this reader may see it.
    ///
    /// A case that goes back to its ministry keeps its place in the list (contract 7.2), but what
    /// the ministry writes from then on is not for FIN to read: only the name stays, and what FIN
    /// itself wrote into the list.
    #[must_use]
    pub fn seen_by(self, viewer: &Viewer, facts: &CaseFacts) -> Self {
        if can_open(viewer, facts) {
            return self;
        }
        Self {
            priority_number: None,
            amount: None,
            fin_amount: None,
            gov_amount: None,
            texts: FlatFields::default(),
            document: None,
            conclusions: Vec::new(),
            ..self
        }
    }
}

/// An uploaded figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFigure {
    /// The figure.
    pub id: ListFigureId,
    /// The section it is in.
    pub section_id: ListSectionId,
    /// Where it is served, for example `/uploads/figures/…`.
    pub file_url: String,
    /// Extension without the dot.
    pub file_type: String,
    /// Text below it.
    pub caption: Option<String>,
    /// Width in percent of the text's width.
    pub width_percent: i32,
    /// Its place in the section.
    pub sort_order: i32,
    /// Who uploaded it.
    pub uploaded_by: UserId,
    /// When.
    pub uploaded_at: DateTime<Utc>,
}

/// The content of a section after a figure was uploaded to it: its object with the figure's
/// address and caption (documents contract 3).
#[must_use]
pub fn content_with_figure(content: Option<Value>, file_url: &str, caption: Option<&str>) -> Value {
    let mut object = match content {
        Some(Value::Object(object)) => object,
        Some(_) | None => serde_json::Map::new(),
    };
    object.insert("file_url".to_owned(), file_url.into());
    object.insert("caption".to_owned(), caption.into());
    Value::Object(object)
}

/// Makes the tree of a list: sections under their parents, entries and figures in their sections.
///
/// Rows keep the order they come in, which the caller has made that of `sort_order`. What refers to
/// a section that is not there has been deleted meanwhile and is left out.
#[must_use]
pub fn section_tree(
    sections: Vec<ListSection>,
    entries: Vec<ListEntry>,
    figures: Vec<ListFigure>,
) -> Vec<ListSection> {
    let mut entries = grouped(entries, |entry| entry.section_id);
    let mut figures = grouped(figures, |figure| figure.section_id);
    let filled = sections.into_iter().map(|mut section| {
        section.entries = entries.remove(&section.id).unwrap_or_default();
        section.figures = figures.remove(&section.id).unwrap_or_default();
        section
    });
    let mut children = grouped(filled.collect(), |section| section.parent_id);
    take_children(&mut children, None)
}

/// Rows of a tree in document order: every parent before its children, siblings in the order they
/// come in. `place` names a row's own key and its parent's.
#[must_use]
pub fn in_document_order<T, K>(rows: Vec<T>, place: impl Fn(&T) -> (K, Option<K>)) -> Vec<T>
where
    K: Copy + Eq + Hash,
{
    let mut ordered = Vec::with_capacity(rows.len());
    let mut children = grouped(rows, |row| place(row).1);
    let mut waiting = last_first(children.remove(&None));
    while let Some(row) = waiting.pop() {
        waiting.extend(last_first(children.remove(&Some(place(&row).0))));
        ordered.push(row);
    }
    ordered
}

fn last_first<T>(siblings: Option<Vec<T>>) -> Vec<T> {
    let mut siblings = siblings.unwrap_or_default();
    siblings.reverse();
    siblings
}

fn take_children(
    children: &mut HashMap<Option<ListSectionId>, Vec<ListSection>>,
    parent: Option<ListSectionId>,
) -> Vec<ListSection> {
    let mut siblings = children.remove(&parent).unwrap_or_default();
    for section in &mut siblings {
        section.children = take_children(children, Some(section.id));
    }
    siblings
}

fn grouped<T, K: Eq + Hash>(rows: Vec<T>, key: impl Fn(&T) -> K) -> HashMap<K, Vec<T>> {
    let mut groups: HashMap<K, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::status::Status;

    fn section(number: u128, parent: Option<u128>) -> ListSection {
        let id = |number| ListSectionId::new(Uuid::from_u128(number));
        ListSection {
            id: id(number),
            template_section_id: TemplateSectionId::nil(),
            parent_id: parent.map(id),
            title: None,
            sort_order: 0,
            content_json: None,
            section_type: SectionType::Freetext,
            heading_style: HeadingStyle::Deplisteoverskrift2,
            title_template: String::new(),
            config: None,
            children: Vec::new(),
            entries: Vec::new(),
            figures: Vec::new(),
        }
    }

    fn entry(number: u128, section: u128) -> ListEntry {
        ListEntry {
            id: ListEntryId::new(Uuid::from_u128(number)),
            section_id: ListSectionId::new(Uuid::from_u128(section)),
            case_id: CaseId::new(Uuid::from_u128(number)),
            case_name: "Sak".to_owned(),
            case_type: "satsingsforslag".to_owned(),
            subgroup: None,
            sort_order: 1,
            override_content: Some("{}".to_owned()),
            priority_number: Some(1),
            amount: Some(ThousandNok::new(1)),
            fin_amount: Some(ThousandNok::new(1)),
            gov_amount: Some(ThousandNok::new(1)),
            texts: FlatFields {
                proposal_text: Some("Forslag".to_owned()),
                ..FlatFields::default()
            },
            document: Some("{}".to_owned()),
            conclusions: vec!["Konklusjon".to_owned()],
        }
    }

    /// Each section as its number, with what is inside it.
    fn outline(sections: &[ListSection]) -> Vec<(u128, Value)> {
        let numbered = |section: &ListSection| {
            (section.id.as_uuid().as_u128(), json!(outline(&section.children)))
        };
        sections.iter().map(numbered).collect()
    }

    #[test]
    fn only_fin_and_the_administrator_use_lists() {
        for role in Role::ALL {
            assert_eq!(may_use_lists(role), !role.is_fag(), "{role}");
        }
    }

    #[test]
    fn rows_become_a_tree_that_keeps_their_order() {
        let rows = [(4, Some(2)), (1, None), (3, Some(1)), (2, None), (5, Some(3)), (6, Some(1))];
        let rows = rows.map(|(number, parent)| section(number, parent));
        let tree = section_tree(rows.into(), Vec::new(), Vec::new());
        let expected = json!([[1, [[3, [[5, []]]], [6, []]]], [2, [[4, []]]]]);
        assert_eq!(json!(outline(&tree)), expected);
    }

    #[test]
    fn entries_are_in_their_sections_and_those_of_no_section_nowhere() {
        let entries = vec![entry(8, 2), entry(7, 2), entry(9, 77)];
        let tree = section_tree(vec![section(1, None), section(2, Some(1))], entries, Vec::new());
        let inside: Vec<_> = tree[0].children[0].entries.iter().map(|entry| entry.id).collect();
        assert_eq!(inside, [8, 7].map(|number| ListEntryId::new(Uuid::from_u128(number))));
        assert!(tree[0].entries.is_empty());
    }

    #[test]
    fn i6_a_case_taken_back_by_its_ministry_shows_its_name_only() {
        let viewer =
            |role| Viewer { user_id: UserId::nil(), role, department_id: DepartmentId::nil() };
        let facts = |status| CaseFacts {
            department_id: DepartmentId::nil(),
            status,
            assigned_to: None,
            fin_assigned_to: None,
            is_opinion_assignee: false,
            round_closed: false,
        };
        let fin = viewer(Role::SaksbehandlerFin);
        for status in Status::ALL {
            let seen = entry(1, 1).seen_by(&fin, &facts(status));
            assert_eq!(seen == entry(1, 1), status.is_fin_visible(), "{status}");
            assert_eq!(seen.texts.proposal_text.is_some(), status.is_fin_visible(), "{status}");
            assert_eq!(seen.case_name, "Sak");
            assert_eq!(seen.override_content.as_deref(), Some("{}"));
            let admin = viewer(Role::Administrator);
            assert_eq!(entry(1, 1).seen_by(&admin, &facts(status)), entry(1, 1));
        }
    }

    #[test]
    fn a_figure_is_written_into_what_a_section_holds() {
        let written = |content| content_with_figure(content, "/uploads/figures/a.png", None);
        let alone = json!({ "file_url": "/uploads/figures/a.png", "caption": null });
        assert_eq!(written(None), alone);
        assert_eq!(written(Some(json!(["not", "an", "object"]))), alone);
        let kept = written(Some(json!({ "type": "doc", "caption": "Gammel" })));
        assert_eq!(kept["type"], "doc");
        assert_eq!(kept["caption"], Value::Null);
    }

    proptest! {
        #[test]
        fn document_order_is_that_of_the_tree(parents in proptest::collection::vec(0_u128..40, 0..40)) {
            // Row n hangs below one of those before it, or is a root.
            let rows: Vec<ListSection> = (1..)
                .zip(parents)
                .map(|(number, parent)| section(number, Some(parent % number).filter(|&p| p > 0)))
                .collect();
            let mut of_tree = Vec::new();
            let mut waiting = section_tree(rows.clone(), Vec::new(), Vec::new());
            waiting.reverse();
            while let Some(mut section) = waiting.pop() {
                waiting.extend(std::mem::take(&mut section.children).into_iter().rev());
                of_tree.push(section.id);
            }
            let ordered = in_document_order(rows, |section| (section.id, section.parent_id));
            let ordered: Vec<_> = ordered.iter().map(|section| section.id).collect();
            prop_assert_eq!(ordered, of_tree);
        }
    }
}
