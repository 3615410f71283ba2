//! What an edited template does to the lists that were made from it (api E72, domain contract 7.7).
//!
//! Titles follow the template, and sections it has lost are gone. Nothing else reaches a list: its
//! order and its hierarchy are those it was made with, and sections that are new in the template do
//! not appear in it.

use std::collections::{BTreeSet, HashMap};

use super::TemplateSection;
use crate::ids::{DepartmentListId, ListSectionId, TemplateSectionId};

/// A section of a list, with what its title is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstantiatedSection {
    /// The section.
    pub id: ListSectionId,
    /// The list it is in.
    pub list_id: DepartmentListId,
    /// The section of the list it lies in.
    pub parent_id: Option<ListSectionId>,
    /// The section of the template it was made from.
    pub template_section_id: TemplateSectionId,
    /// Its title now.
    pub title: Option<String>,
    /// Name of the list's department.
    pub department_name: String,
    /// Code of the list's department.
    pub department_code: String,
}

/// A section of a list as it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSectionChange {
    /// The section.
    pub id: ListSectionId,
    /// The section it lies in from now on.
    pub parent_id: Option<ListSectionId>,
    /// Its title from now on.
    pub title: Option<String>,
}

/// What an edit of the template means for the lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListChanges {
    /// Sections that are not as they were. Those that go are not among them: they go with the
    /// section of the template.
    pub sections: Vec<ListSectionChange>,
    /// Lists that lose a section or get another title, each once.
    pub lists: Vec<DepartmentListId>,
}

/// Works out what becomes of the sections of all lists when `after` is what is left of the
/// template they were made from.
///
/// A section that stays although the section around it goes moves up to the nearest one that stays
/// too. It would otherwise be deleted with its parent, together with what users wrote in it.
#[must_use]
pub fn list_changes(after: &[TemplateSection], instances: &[InstantiatedSection]) -> ListChanges {
    let templates: HashMap<TemplateSectionId, &TemplateSection> =
        after.iter().map(|section| (section.id, section)).collect();
    let by_id: HashMap<ListSectionId, &InstantiatedSection> =
        instances.iter().map(|instance| (instance.id, instance)).collect();
    let parent = |instance: &&InstantiatedSection| by_id.get(&instance.parent_id?).copied();
    let mut lists = BTreeSet::new();
    let mut sections = Vec::new();
    for instance in instances {
        let Some(template) = templates.get(&instance.template_section_id) else {
            lists.insert(instance.list_id);
            continue;
        };
        let title = template.section_type.title(
            &template.title_template,
            &instance.department_name,
            &instance.department_code,
        );
        // A chain is never longer than there are sections, whatever the stored rows say.
        let parent_id = std::iter::successors(parent(&instance), parent)
            .take(instances.len())
            .find(|above| templates.contains_key(&above.template_section_id))
            .map(|above| above.id);
        if title != instance.title || parent_id != instance.parent_id {
            lists.insert(instance.list_id);
            sections.push(ListSectionChange { id: instance.id, parent_id, title });
        }
    }
    ListChanges { sections, lists: lists.into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::list_template::{HeadingStyle, SectionType};

    const LIST: u128 = 900;

    fn template(number: u128, title: &str) -> TemplateSection {
        TemplateSection {
            id: Uuid::from_u128(number).into(),
            parent_id: None,
            title_template: title.to_owned(),
            heading_style: HeadingStyle::Deplisteoverskrift2,
            section_type: SectionType::FixedContent,
            sort_order: 1,
            config: None,
        }
    }

    /// The instance of template section `number`; list sections are numbered 100 higher.
    fn instance(number: u128, parent: Option<u128>, title: &str) -> InstantiatedSection {
        InstantiatedSection {
            id: list_section(number),
            list_id: Uuid::from_u128(LIST).into(),
            parent_id: parent.map(list_section),
            template_section_id: Uuid::from_u128(number).into(),
            title: Some(title.to_owned()),
            department_name: "Kunnskapsdepartementet".to_owned(),
            department_code: "KD".to_owned(),
        }
    }

    fn list_section(number: u128) -> ListSectionId {
        Uuid::from_u128(number + 100).into()
    }

    #[test]
    fn a_template_that_says_the_same_changes_nothing() {
        let instances = [instance(1, None, "KD"), instance(2, Some(1), "Innledning")];
        let after = [template(1, "{department_abbrev}"), template(2, "Innledning")];
        assert_eq!(list_changes(&after, &instances), ListChanges::default());
    }

    #[test]
    fn titles_follow_the_template_and_the_list_counts_as_changed() {
        let after = [template(1, "Om {department_name}"), template(3, "Ny")];
        let changes = list_changes(&after, &[instance(1, None, "Gammel")]);
        let title = Some("Om Kunnskapsdepartementet".to_owned());
        let expected = ListSectionChange { id: list_section(1), parent_id: None, title };
        assert_eq!(changes.sections, [expected]);
        assert_eq!(changes.lists, [Uuid::from_u128(LIST).into()]);
    }

    #[test]
    fn a_section_that_becomes_structural_loses_its_title() {
        let mut after = template(1, "Tabell");
        after.section_type = SectionType::AutoTable;
        let changes = list_changes(&[after], &[instance(1, None, "Tabell")]);
        assert_eq!(changes.sections[0].title, None);
    }

    #[test]
    fn a_list_that_loses_a_section_counts_as_changed() {
        let changes = list_changes(&[], &[instance(1, None, "Borte")]);
        assert_eq!(changes.sections, []);
        assert_eq!(changes.lists.len(), 1);
    }

    #[test]
    fn what_stays_moves_up_to_the_nearest_section_that_stays_too() {
        let instances = [
            instance(1, None, "a"),
            instance(2, Some(1), "b"),
            instance(3, Some(2), "c"),
            instance(4, Some(3), "d"),
        ];
        let only = |kept: &[(u128, &str)]| {
            let after: Vec<_> =
                kept.iter().map(|(number, title)| template(*number, title)).collect();
            let changes = list_changes(&after, &instances);
            changes.sections.iter().map(|change| (change.id, change.parent_id)).collect::<Vec<_>>()
        };
        assert_eq!(only(&[(1, "a"), (4, "d")]), [(list_section(4), Some(list_section(1)))]);
        assert_eq!(only(&[(4, "d")]), [(list_section(4), None)]);
        assert_eq!(only(&[(1, "a"), (2, "b")]), []);
    }

    #[test]
    fn rows_that_go_round_in_a_circle_do_not_go_on_for_ever() {
        let instances = [instance(1, Some(2), "a"), instance(2, Some(1), "b")];
        let third =
            InstantiatedSection { parent_id: Some(list_section(1)), ..instance(3, None, "c") };
        let changes =
            list_changes(&[template(3, "c")], &[instances.to_vec(), vec![third]].concat());
        assert_eq!(changes.sections[0].parent_id, None);
    }
}
