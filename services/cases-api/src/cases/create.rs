//! Creating a case (E21).

use domain::content::FlatFields;
use domain::ids::{BudgetRoundId, CaseId, DepartmentId};
use domain::money::ThousandNok;
use domain::origin::Origin;
use edge::actor::Actor;
use store::contents::TextColumns;
use store::new_cases::{self, NewCase};
use store::pool::PooledConnection;
use store::transaction::Connection;
use store::{StoreError, departments, rounds};

use super::error::CaseError;
use super::input::FieldErrors;
use super::saving::check_size;
use crate::changes::Changes;
use crate::list_cache::PageKey;

/// Longest code of a case type, in characters.
const MAX_CASE_TYPE: usize = 30;

/// A case as its creator describes it.
#[derive(Debug)]
pub struct NewCaseInput {
    /// The round it is for.
    pub budget_round_id: BudgetRoundId,
    /// Its name.
    pub case_name: String,
    /// Code of an active case type (D-17).
    pub case_type: String,
    /// Budget chapter.
    pub chapter: Option<String>,
    /// Budget item.
    pub post: Option<String>,
    /// The proposal.
    pub amount: Option<ThousandNok>,
    /// Id or code of the owning department; only heeded from outside the ministries (D-18).
    pub department: Option<String>,
    /// The texts.
    pub texts: FlatFields,
}

/// Creates a case with version 1, owned by the caller.
///
/// # Errors
///
/// [`CaseError::Invalid`] for values that break a rule, [`CaseError::Document`] for too much text, or
/// [`CaseError::Store`].
pub(crate) async fn create_case(
    conn: &mut PooledConnection<'_>,
    changes: &Changes,
    actor: &Actor,
    input: NewCaseInput,
) -> Result<CaseId, CaseError> {
    let mut errors = FieldErrors::default();
    let case_name = errors.case_name(&input.case_name);
    let chapter = input.chapter.map(|chapter| errors.chapter("chapter", &chapter));
    let post = input.post.map(|post| errors.chapter("post", &post));
    errors.longest("caseType", &input.case_type, MAX_CASE_TYPE);
    errors.finish()?;
    check_size(&input.texts, None)?;
    let department_id = owning_department(conn, actor, input.department.as_deref()).await?;
    let new = NewCase {
        budget_round_id: input.budget_round_id,
        department_id,
        created_by: actor.user_id,
        case_type: input.case_type,
        case_name,
        chapter: chapter.filter(|chapter| !chapter.is_empty()),
        post: post.filter(|post| !post.is_empty()),
        amount: input.amount.map(ThousandNok::get),
        origin: Origin::of_creator(actor.role),
        responsible_division: actor.division.clone(),
        texts: TextColumns::from(input.texts),
    };
    check_case_type(conn, &new.case_type).await?;
    let Some(case) = new_cases::insert_case(conn, &new).await.map_err(unknown_department)? else {
        return Err(unusable_round(conn, new.budget_round_id).await?);
    };
    let list = PageKey { round: new.budget_round_id, department: new.department_id };
    changes.announce(list, [(case, Some(1))]).await;
    Ok(case)
}

/// Refuses a type that is not there for new cases (D-17).
pub(super) async fn check_case_type(conn: &mut Connection, code: &str) -> Result<(), CaseError> {
    if new_cases::is_active_case_type(conn, code).await? {
        Ok(())
    } else {
        Err(CaseError::invalid("caseType", "Sakstypen finnes ikke eller er ikke i bruk."))
    }
}

/// Tells why a round took no case.
async fn unusable_round(
    conn: &mut Connection,
    round: BudgetRoundId,
) -> Result<CaseError, StoreError> {
    let why = match rounds::find_round(conn, round).await? {
        Some(_) => "Budsjettrunden er lukket.",
        None => "Budsjettrunden finnes ikke.",
    };
    Ok(CaseError::invalid("budgetRoundId", why))
}

/// A ministry creates cases of its own only.
async fn owning_department(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    named: Option<&str>,
) -> Result<DepartmentId, CaseError> {
    let Some(named) = named.filter(|_| !actor.role.is_fag()) else {
        return Ok(actor.department_id);
    };
    departments::find_department_id(conn, named).await?.ok_or_else(no_such_department)
}

fn unknown_department(error: StoreError) -> CaseError {
    if error.violates("cases_department_id_fkey") { no_such_department() } else { error.into() }
}

fn no_such_department() -> CaseError {
    CaseError::invalid("departmentId", "Departementet finnes ikke.")
}
