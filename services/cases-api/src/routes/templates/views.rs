//! Templates and their sections on the wire (contract 2.13).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::ids::{TemplateId, TemplateSectionId, UserId};
use domain::list_template::{HeadingStyle, SectionInput, SectionType, TemplateSection};
use serde::{Deserialize, Serialize};
use store::list_templates::Template;
use utoipa::ToSchema;

/// A template of department lists (contract 2.13).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Template)]
pub(super) struct TemplateView {
    pub(super) id: TemplateId,
    #[schema(example = "Marskonferansen 2027")]
    name: String,
    #[schema(example = "mars")]
    budget_round_type: String,
    /// What stands for the department's name while the template is edited.
    #[schema(example = "XX")]
    department_name_placeholder: String,
    is_active: bool,
    #[schema(required)]
    classification_text: Option<String>,
    created_by: UserId,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// Root sections in their order; the others are inside them.
    sections: Vec<TemplateSectionView>,
}

/// A section of a template with the sections inside it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TemplateSection)]
pub(super) struct TemplateSectionView {
    id: TemplateSectionId,
    template_id: TemplateId,
    #[schema(required)]
    parent_id: Option<TemplateSectionId>,
    /// `{department_name}` and `{department_abbrev}` are filled in when a list is made.
    title_template: String,
    heading_style: HeadingStyle,
    section_type: SectionType,
    sort_order: i32,
    /// JSON text, exactly as it was sent.
    #[schema(required, content_media_type = "application/json")]
    config: Option<String>,
    #[schema(no_recursion)]
    children: Vec<Self>,
}

impl From<Template> for TemplateView {
    fn from((row, sections): Template) -> Self {
        let id = row.id.into();
        Self {
            id,
            name: row.name,
            budget_round_type: row.budget_round_type,
            department_name_placeholder: row.department_name_placeholder,
            is_active: row.is_active,
            classification_text: row.classification_text,
            created_by: row.created_by.into(),
            created_at: row.created_at,
            updated_at: row.updated_at,
            sections: Tree::of(id, sections).below(None),
        }
    }
}

impl TemplateSectionView {
    /// One section of a template, with what is inside it.
    pub(super) fn find((row, sections): Template, id: TemplateSectionId) -> Option<Self> {
        let parent = sections.iter().find(|section| section.id == id)?.parent_id;
        let siblings = Tree::of(row.id.into(), sections).below(parent);
        siblings.into_iter().find(|section| section.id == id)
    }
}

/// Sections by the one they lie in.
struct Tree {
    template: TemplateId,
    below: HashMap<Option<TemplateSectionId>, Vec<TemplateSection>>,
}

impl Tree {
    fn of(template: TemplateId, sections: Vec<TemplateSection>) -> Self {
        let mut below: HashMap<_, Vec<_>> = HashMap::new();
        for section in sections {
            below.entry(section.parent_id).or_default().push(section);
        }
        Self { template, below }
    }

    /// Takes the sections inside `parent` out, in their order.
    fn below(&mut self, parent: Option<TemplateSectionId>) -> Vec<TemplateSectionView> {
        let mut sections = self.below.remove(&parent).unwrap_or_default();
        sections.sort_by_key(|section| (section.sort_order, section.id));
        sections
            .into_iter()
            .map(|section| TemplateSectionView {
                id: section.id,
                template_id: self.template,
                parent_id: section.parent_id,
                title_template: section.title_template,
                heading_style: section.heading_style,
                section_type: section.section_type,
                sort_order: section.sort_order,
                config: section.config,
                children: self.below(Some(section.id)),
            })
            .collect()
    }
}

/// A section as an editor sends it, with the sections inside it in their order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SectionInput)]
pub(super) struct SectionRequest {
    /// The section it was before. Absent, `null` or unknown in this template: a new one.
    id: Option<TemplateSectionId>,
    #[schema(max_length = 500, example = "Satsingsforslag fra {department_name}")]
    title_template: String,
    heading_style: HeadingStyle,
    section_type: SectionType,
    /// Only heeded for a section that is added alone; in a tree the order is that of the arrays.
    pub(super) sort_order: Option<i32>,
    /// JSON text of at most 64 KiB.
    #[schema(max_length = 65536, content_media_type = "application/json")]
    config: Option<String>,
    #[schema(no_recursion)]
    children: Option<Vec<Self>>,
}

impl From<SectionRequest> for SectionInput {
    fn from(body: SectionRequest) -> Self {
        Self {
            id: body.id,
            title_template: body.title_template,
            heading_style: body.heading_style,
            section_type: body.section_type,
            config: body.config,
            children: inputs(body.children.unwrap_or_default()),
        }
    }
}

/// The domain's tree of a request's.
pub(super) fn inputs(sections: Vec<SectionRequest>) -> Vec<SectionInput> {
    sections.into_iter().map(SectionInput::from).collect()
}
