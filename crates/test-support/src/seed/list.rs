//! Templates, and department lists made from them.

use domain::ids::{DepartmentListId, ListEntryId, ListSectionId, TemplateId, TemplateSectionId};
use domain::list_template::SectionType;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Seed, SeededCase, SeededRound};
use crate::actor::Actor;

/// A section of a template that is about to be inserted.
#[derive(Clone, Debug)]
pub struct SectionSeed {
    /// Its kind.
    pub section_type: SectionType,
    /// Its title, placeholders included.
    pub title: &'static str,
    /// Position of the section it is in, among those of the template.
    pub parent: Option<usize>,
    /// Its configuration.
    pub config: Option<Value>,
}

impl SectionSeed {
    /// A root section without configuration.
    #[must_use]
    pub fn new(section_type: SectionType, title: &'static str) -> Self {
        Self { section_type, title, parent: None, config: None }
    }

    /// Puts it into another section, by its position in the template.
    #[must_use]
    pub fn inside(mut self, parent: usize) -> Self {
        self.parent = Some(parent);
        self
    }

    /// Configures it.
    #[must_use]
    pub fn config(mut self, config: Value) -> Self {
        self.config = Some(config);
        self
    }
}

/// A template that was inserted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeededTemplate {
    /// Id of the template.
    pub id: TemplateId,
    /// Its sections, in the order they were given.
    pub sections: Vec<TemplateSectionId>,
}

/// A list that was inserted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeededList {
    /// Id of the list.
    pub id: DepartmentListId,
    /// Its sections, in the order of its template's.
    pub sections: Vec<ListSectionId>,
}

impl Seed {
    /// Inserts a template with these sections, in this order.
    pub async fn template(&self, maker: &Actor, sections: &[SectionSeed]) -> SeededTemplate {
        let (id, maker) = (Uuid::new_v4(), self.actor(maker).await);
        self.execute(
            "INSERT INTO department_list_templates (id, name, budget_round_type, classification_text, created_by)
             VALUES ($1, 'Testmal', 'august', 'Strengt fortrolig', $2)",
            &[&id, maker.as_uuid()],
        )
        .await;
        let ids: Vec<Uuid> = sections.iter().map(|_| Uuid::new_v4()).collect();
        for (position, section) in sections.iter().enumerate() {
            let sort_order = i32::try_from(position).expect("few sections");
            self.execute(
                "INSERT INTO department_list_template_sections
                     (id, template_id, parent_id, title_template, heading_style, section_type, sort_order, config)
                 VALUES ($1, $2, $3, $4, 'Deplisteoverskrift2', $5, $6, $7)",
                &[
                    &ids[position],
                    &id,
                    &section.parent.map(|parent| ids[parent]),
                    &section.title,
                    &section.section_type.as_str(),
                    &sort_order,
                    &section.config,
                ],
            )
            .await;
        }
        let sections = ids.into_iter().map(TemplateSectionId::from).collect();
        SeededTemplate { id: TemplateId::from(id), sections }
    }

    /// Inserts the list of a ministry in a round: a section for each of the template's, titles as
    /// they are there.
    pub async fn list(
        &self,
        template: &SeededTemplate,
        round: &SeededRound,
        department_code: &str,
    ) -> SeededList {
        let (id, department) = (Uuid::new_v4(), self.department(department_code).await);
        self.execute(
            "INSERT INTO department_lists (id, template_id, budget_round_id, department_id, created_by)
             SELECT $1, id, $3, $4, created_by FROM department_list_templates WHERE id = $2",
            &[&id, template.id.as_uuid(), round.id.as_uuid(), department.as_uuid()],
        )
        .await;
        let mut sections = Vec::new();
        for of_template in &template.sections {
            let section = Uuid::new_v4();
            self.execute(
                "INSERT INTO department_list_sections
                     (id, department_list_id, template_section_id, parent_id, title, sort_order)
                 SELECT $1, $2, t.id, parent.id, t.title_template, t.sort_order
                 FROM department_list_template_sections t
                 LEFT JOIN department_list_sections parent
                     ON parent.template_section_id = t.parent_id AND parent.department_list_id = $2
                 WHERE t.id = $3",
                &[&section, &id, of_template.as_uuid()],
            )
            .await;
            sections.push(ListSectionId::from(section));
        }
        SeededList { id: DepartmentListId::from(id), sections }
    }

    /// Inserts a list of the maker's department with one section of each kind that documents treat
    /// differently: a header, a place for figures, and a group with conclusions that has these cases.
    pub async fn printed_list(
        &self,
        round: &SeededRound,
        maker: &Actor,
        cases: &[&SeededCase],
    ) -> SeededList {
        let config = json!({ "summary_table": true, "has_conclusion": true });
        let sections = [
            SectionSeed::new(SectionType::DepartmentHeader, "Overskrift"),
            SectionSeed::new(SectionType::FigurePlaceholder, "Figurer"),
            SectionSeed::new(SectionType::CaseGroup, "Saker").config(config),
        ];
        let template = self.template(maker, &sections).await;
        let list = self.list(&template, round, &maker.identity.department_code).await;
        for (case, order) in cases.iter().zip(1..) {
            self.list_entry(&list, 2, case, order).await;
        }
        list
    }

    /// Inserts an entry without subgroup into one of the list's sections.
    pub async fn list_entry(
        &self,
        list: &SeededList,
        section: usize,
        case: &SeededCase,
        sort_order: i32,
    ) -> ListEntryId {
        let id = Uuid::new_v4();
        self.execute(
            "INSERT INTO department_list_case_entries (id, department_list_id, section_id, case_id, sort_order)
             VALUES ($1, $2, $3, $4, $5)",
            &[
                &id,
                list.id.as_uuid(),
                list.sections[section].as_uuid(),
                case.id.as_uuid(),
                &sort_order,
            ],
        )
        .await;
        ListEntryId::from(id)
    }
}
