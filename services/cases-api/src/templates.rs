//! Use cases of department-list templates (E67 to E75).
//!
//! Every change of sections is one function over the sections there are ([`edit_sections`]): it
//! runs while the template and its lists are locked, and what differs afterwards is written in one
//! statement. So an edit costs the same for two sections as for five hundred.

use domain::ids::{TemplateId, TemplateSectionId};
use domain::list_template::{
    DEFAULT_PLACEHOLDER, HeadingStyle, MAX_NAME, MAX_PLACEHOLDER, MAX_SECTIONS, MAX_TITLE,
    SectionDiff, SectionFault, SectionFaultKind, SectionInput, SectionType, TemplateRoundType,
    TemplateSection, check_config, check_section, check_sections, check_title, list_changes,
    plan_section, plan_sections, subtree,
};
use edge::actor::Actor;
use store::StoreError;
use store::list_templates::{self, LISTS_KEY, NewTemplate, Template, TemplateChangeset};
use store::pool::PooledConnection;
use store::transaction::transaction;
use uuid::Uuid;

use crate::faults::{Faults, Invalid};

/// Why something could not be done with a template.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// There is no such template.
    #[error("no such template")]
    NotFound,
    /// The template has no such section.
    #[error("no such section in the template")]
    NoSuchSection,
    /// Lists are made from the template (D-30).
    #[error("lists are made from the template")]
    HasLists,
    /// It has as many sections as a template may.
    #[error("the template has {MAX_SECTIONS} sections")]
    Full,
    /// Values that break a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The database failed.
    #[error("template could not be loaded or saved")]
    Store(#[from] StoreError),
}

/// A template as its author describes it.
#[derive(Debug)]
pub struct TemplateInput {
    /// Name shown to users.
    pub name: String,
    /// Kind of round it is for.
    pub budget_round_type: TemplateRoundType,
    /// What stands for the department's name.
    pub department_name_placeholder: Option<String>,
    /// Text of the classification box.
    pub classification_text: Option<String>,
    /// The sections, as a tree.
    pub sections: Vec<SectionInput>,
}

/// What an author changes about a template; `None` leaves a value as it is.
#[derive(Debug)]
pub struct TemplateChanges {
    /// New name.
    pub name: Option<String>,
    /// Kind of round it is for from now on.
    pub budget_round_type: Option<TemplateRoundType>,
    /// New placeholder.
    pub department_name_placeholder: Option<String>,
    /// New text of the classification box.
    pub classification_text: Option<String>,
    /// Whether it is offered.
    pub is_active: Option<bool>,
}

/// What an author changes about one section; `None` leaves a value as it is.
#[derive(Debug)]
pub struct SectionChanges {
    /// New title with placeholders.
    pub title_template: Option<String>,
    /// New style of the heading.
    pub heading_style: Option<HeadingStyle>,
    /// What the section is for from now on.
    pub section_type: Option<SectionType>,
    /// New place among its siblings.
    pub sort_order: Option<i32>,
    /// New configuration.
    pub config: Option<String>,
}

/// Loads a template with its sections.
///
/// # Errors
///
/// [`TemplateError::NotFound`] or [`TemplateError::Store`].
pub async fn get_template(
    conn: &mut PooledConnection<'_>,
    template: TemplateId,
) -> Result<Template, TemplateError> {
    list_templates::find_template(conn, template).await?.ok_or(TemplateError::NotFound)
}

/// Makes a template with its sections.
///
/// # Errors
///
/// [`TemplateError::Invalid`] or [`TemplateError::Store`].
pub async fn create_template(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    input: TemplateInput,
) -> Result<Template, TemplateError> {
    let mut faults = Faults::default();
    let name = faults.required("/name", &input.name, MAX_NAME);
    let placeholder = placeholder(&mut faults, input.department_name_placeholder.as_deref());
    note_section_faults(&mut faults, &input.sections, "/sections");
    faults.finish()?;
    let new = NewTemplate {
        id: Uuid::now_v7().into(),
        name,
        budget_round_type: input.budget_round_type.as_str().to_owned(),
        department_name_placeholder: placeholder,
        classification_text: input.classification_text,
        created_by: actor.user_id,
    };
    let sections = plan_sections(input.sections, &[], new_section_id);
    let row = list_templates::insert_template(conn, &new, &sections).await?;
    Ok((row, sections))
}

/// Changes a template, but not its sections.
///
/// # Errors
///
/// [`TemplateError::NotFound`], [`TemplateError::Invalid`] or [`TemplateError::Store`].
pub async fn update_template(
    conn: &mut PooledConnection<'_>,
    template: TemplateId,
    changes: TemplateChanges,
) -> Result<Template, TemplateError> {
    let (_, sections) = get_template(conn, template).await?;
    let mut faults = Faults::default();
    let changeset = TemplateChangeset {
        name: changes.name.map(|name| faults.required("/name", &name, MAX_NAME)),
        budget_round_type: changes.budget_round_type.map(|kind| kind.as_str().to_owned()),
        department_name_placeholder: changes
            .department_name_placeholder
            .map(|text| placeholder(&mut faults, Some(&text))),
        is_active: changes.is_active,
        classification_text: changes.classification_text,
    };
    faults.finish()?;
    let row = list_templates::update_template(conn, template, &changeset).await?;
    Ok((row.ok_or(TemplateError::NotFound)?, sections))
}

/// Deletes a template that no list is made from, with its sections.
///
/// # Errors
///
/// [`TemplateError::NotFound`], [`TemplateError::HasLists`] or [`TemplateError::Store`].
pub async fn delete_template(
    conn: &mut PooledConnection<'_>,
    template: TemplateId,
) -> Result<(), TemplateError> {
    let existed = list_templates::delete_template(conn, template).await.map_err(|error| {
        if error.violates(LISTS_KEY) { TemplateError::HasLists } else { error.into() }
    })?;
    if existed { Ok(()) } else { Err(TemplateError::NotFound) }
}

/// Replaces the section tree: known sections stay what they are, unknown ones are new, and those
/// that are not mentioned go (E72).
///
/// # Errors
///
/// [`TemplateError::NotFound`], [`TemplateError::Invalid`] or [`TemplateError::Store`].
pub async fn replace_sections(
    conn: &mut PooledConnection<'_>,
    template: TemplateId,
    tree: Vec<SectionInput>,
) -> Result<Template, TemplateError> {
    edit_sections(conn, template, |before| {
        let mut faults = Faults::default();
        note_section_faults(&mut faults, &tree, "");
        faults.finish()?;
        Ok(plan_sections(tree, before, new_section_id))
    })
    .await
}

/// Adds a section at root level, with the sections inside it, at `sort_order` or last (E73).
/// Returns it with the whole template.
///
/// # Errors
///
/// [`TemplateError::NotFound`], [`TemplateError::Invalid`] or [`TemplateError::Store`].
pub async fn create_section(
    conn: &mut PooledConnection<'_>,
    template: TemplateId,
    section: SectionInput,
    sort_order: Option<i32>,
) -> Result<(TemplateSectionId, Template), TemplateError> {
    let mut faults = Faults::default();
    for SectionFault { pointer, kind } in check_section(&section) {
        faults.push(pointer, fault_message(kind));
    }
    let (id, mut added) = plan_section(section, new_section_id);
    let template = edit_sections(conn, template, |before| {
        faults.finish()?;
        let roots = before.iter().filter(|section| section.parent_id.is_none());
        let last = roots.map(|section| section.sort_order).max().unwrap_or_default();
        let place = sort_order.unwrap_or_else(|| last.saturating_add(1));
        for root in added.iter_mut().filter(|section| section.id == id) {
            root.sort_order = place;
        }
        if before.len() + added.len() > MAX_SECTIONS {
            return Err(TemplateError::Full);
        }
        Ok([before.to_vec(), added].concat())
    })
    .await?;
    Ok((id, template))
}

/// Changes one section in place (E74).
///
/// # Errors
///
/// [`TemplateError::NotFound`], [`TemplateError::NoSuchSection`], [`TemplateError::Invalid`] or
/// [`TemplateError::Store`].
pub async fn update_section(
    conn: &mut PooledConnection<'_>,
    template: TemplateId,
    id: TemplateSectionId,
    changes: SectionChanges,
) -> Result<Template, TemplateError> {
    edit_sections(conn, template, |before| {
        let mut after = before.to_vec();
        let section = after
            .iter_mut()
            .find(|section| section.id == id)
            .ok_or(TemplateError::NoSuchSection)?;
        let mut faults = Faults::default();
        if let Some(Err(kind)) = changes.title_template.as_deref().map(check_title) {
            faults.push("/titleTemplate", fault_message(kind));
        }
        if let Some(Err(kind)) = changes.config.as_deref().map(check_config) {
            faults.push("/config", fault_message(kind));
        }
        faults.finish()?;
        section.title_template =
            changes.title_template.unwrap_or_else(|| std::mem::take(&mut section.title_template));
        section.heading_style = changes.heading_style.unwrap_or(section.heading_style);
        section.section_type = changes.section_type.unwrap_or(section.section_type);
        section.sort_order = changes.sort_order.unwrap_or(section.sort_order);
        section.config = changes.config.or_else(|| section.config.take());
        Ok(after)
    })
    .await
}

/// Deletes a section and every section inside it (E75).
///
/// # Errors
///
/// [`TemplateError::NotFound`], [`TemplateError::NoSuchSection`] or [`TemplateError::Store`].
pub async fn delete_section(
    conn: &mut PooledConnection<'_>,
    template: TemplateId,
    id: TemplateSectionId,
) -> Result<(), TemplateError> {
    edit_sections(conn, template, |before| {
        if before.iter().all(|section| section.id != id) {
            return Err(TemplateError::NoSuchSection);
        }
        let gone = subtree(before, id);
        Ok(before.iter().filter(|section| !gone.contains(&section.id)).cloned().collect())
    })
    .await?;
    Ok(())
}

/// Lets `edit` say which sections there shall be, given those there are, and writes the difference
/// to the template and to the lists made from it.
async fn edit_sections(
    conn: &mut PooledConnection<'_>,
    template: TemplateId,
    edit: impl FnOnce(&[TemplateSection]) -> Result<Vec<TemplateSection>, TemplateError>,
) -> Result<Template, TemplateError> {
    transaction(conn, async |conn| {
        if !list_templates::lock_template(conn, template).await? {
            return Err(TemplateError::NotFound);
        }
        list_templates::lock_lists(conn, template).await?;
        let (before, instances) = list_templates::list_sections(conn, template).await?;
        let after = edit(&before)?;
        let diff = SectionDiff::between(&before, &after);
        let lists = list_changes(&after, &instances);
        let row = list_templates::write_sections(conn, template, &diff, &lists).await?;
        Ok((row, after))
    })
    .await
}

/// Time-ordered, so that sections without a place of their own stay in the order they came in.
fn new_section_id() -> TemplateSectionId {
    Uuid::now_v7().into()
}

fn placeholder(faults: &mut Faults, text: Option<&str>) -> String {
    let text = text.map(str::trim).filter(|text| !text.is_empty()).unwrap_or(DEFAULT_PLACEHOLDER);
    faults.longest("/departmentNamePlaceholder", text, MAX_PLACEHOLDER);
    text.to_owned()
}

fn note_section_faults(faults: &mut Faults, tree: &[SectionInput], base: &str) {
    for SectionFault { pointer, kind } in check_sections(tree) {
        faults.push(format!("{base}{pointer}"), fault_message(kind));
    }
}

fn fault_message(kind: SectionFaultKind) -> String {
    match kind {
        SectionFaultKind::TitleTooLong => format!("Tittelen kan ha høyst {MAX_TITLE} tegn."),
        SectionFaultKind::ConfigNotJson => "Oppsettet må være gyldig JSON.".to_owned(),
        SectionFaultKind::ConfigTooLarge => "Oppsettet er for stort.".to_owned(),
        SectionFaultKind::DuplicateId => "Samme seksjon er nevnt to ganger.".to_owned(),
        SectionFaultKind::TooDeep => "Seksjonene har for mange nivåer.".to_owned(),
        SectionFaultKind::TooMany => format!("En mal kan ha høyst {MAX_SECTIONS} seksjoner."),
    }
}
