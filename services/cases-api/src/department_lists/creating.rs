//! Making a list from a template (E79).

use std::collections::HashMap;

use domain::department_list::{DepartmentList, may_use_lists};
use domain::ids::{BudgetRoundId, DepartmentListId, ListSectionId, TemplateId, TemplateSectionId};
use edge::actor::Actor;
use store::StoreError;
use store::department_lists::creation::{
    self, Blueprint, BlueprintSection, NewList, NewSection, ONE_LIST_OF_A_MINISTRY,
};
use store::departments::Department;
use store::pool::PooledConnection;
use store::transaction::transaction;
use uuid::Uuid;

use super::error::ListError;
use super::reading::get_list;

/// What a list is made of and for.
#[derive(Debug)]
pub struct NewListInput {
    /// The template.
    pub template_id: TemplateId,
    /// The round.
    pub budget_round_id: BudgetRoundId,
    /// Id or code of the ministry (D-04).
    pub department: String,
}

/// Makes the list of a ministry in a round: a section for each of the template's, no cases yet.
///
/// # Errors
///
/// [`ListError::Forbidden`]; a wrong value when the template, the round or the ministry does not
/// exist; [`ListError::ListExists`]; or [`ListError::Store`].
pub async fn create_list(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    input: NewListInput,
) -> Result<DepartmentList, ListError> {
    if !may_use_lists(actor.role) {
        return Err(ListError::Forbidden);
    }
    let NewListInput { template_id, budget_round_id, department } = input;
    let list: DepartmentListId = transaction(conn, async |conn| {
        let found =
            creation::find_blueprint(conn, template_id, budget_round_id, &department).await?;
        let (department, sections) = checked(found)?;
        let new = NewList {
            template_id,
            budget_round_id,
            department_id: department.id,
            created_by: actor.user_id,
        };
        let sections = sections_for(&department, sections);
        creation::insert_list(conn, &new, &sections).await.map_err(already_there)
    })
    .await?;
    get_list(conn, actor, list).await
}

fn checked(found: Blueprint) -> Result<(Department, Vec<BlueprintSection>), ListError> {
    if !found.template_exists {
        return Err(ListError::invalid("templateId", "Malen finnes ikke."));
    }
    if !found.round_exists {
        return Err(ListError::invalid("budgetRoundId", "Budsjettrunden finnes ikke."));
    }
    match found.department {
        Some(department) => Ok((department, found.sections)),
        None => Err(ListError::invalid("departmentId", "Departementet finnes ikke.")),
    }
}

/// The sections of a ministry's list: order and hierarchy of the template, titles of the ministry.
fn sections_for(department: &Department, template: Vec<BlueprintSection>) -> Vec<NewSection> {
    let ids: HashMap<TemplateSectionId, ListSectionId> =
        template.iter().map(|section| (section.id, Uuid::now_v7().into())).collect();
    let id_of = |section| ids.get(&section).copied();
    template
        .into_iter()
        .filter_map(|section| {
            Some(NewSection {
                id: id_of(section.id)?,
                template_section_id: section.id,
                parent_id: section.parent_id.and_then(id_of),
                title: section.section_type.title(
                    &section.title_template,
                    &department.name,
                    &department.code,
                ),
                sort_order: section.sort_order,
            })
        })
        .collect()
}

fn already_there(error: StoreError) -> ListError {
    if error.violates(ONE_LIST_OF_A_MINISTRY) { ListError::ListExists } else { error.into() }
}
