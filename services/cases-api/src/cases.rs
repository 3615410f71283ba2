//! Use cases of the case core: authorize, load, ask the domain, write, tell.
//!
//! Every function that takes a case id goes through [`open_case`] or the same two rules
//! (`can_open`, `can_edit_content` of the domain), and everything that leaves this module has been through
//! `masking`; together they are this service's half of I6. Handlers add nothing to either.

mod assignment;
mod create;
mod error;
mod input;
mod lists;
mod masking;
mod opinions;
mod placement;
mod reading;
mod saving;
mod status;

pub use assignment::{Assigned, assign_case};
pub use create::{NewCaseInput, create_case};
pub use error::{CaseError, Conflict, InvalidField};
pub use input::{FieldErrors, MAX_TEXT};
pub use lists::{HistoryInput, list_cases, list_history, list_my_cases};
pub use opinions::{
    AnswerInput, OpinionError, OpinionInput, answer_opinion, forward_opinion, request_opinion,
};
pub use placement::{Placement, PlacementInput, place_case};
pub use reading::{CasePage, get_case, get_version, list_case_events, list_case_versions};
pub use saving::{
    ContentInput, DocumentInput, MetadataInput, UpdateInput, save_content, save_document,
    update_case,
};
pub use status::{StatusInput, change_status};

use domain::ids::{BudgetRoundId, CaseId, DepartmentId};
use domain::visibility::{CaseFacts, can_open};
use edge::actor::Actor;
use store::case_status::{ROUND_OPEN, lock_case};
use store::cases::{CaseRow, find_case_facts};
use store::transaction::Connection;

/// Counts changes to cases; its rate beside the list requests tells what a list cache can save.
const CASE_CHANGES: &str = "portal_case_changes_total";

/// A case that the caller may open.
#[derive(Debug)]
pub struct OpenCase {
    /// The case.
    pub row: CaseRow,
    /// What further rules ask about it.
    pub facts: CaseFacts,
}

/// Loads a case for a caller who may open it.
///
/// # Errors
///
/// [`CaseError::NotFound`]; [`CaseError::Forbidden`] when it exists but is not theirs to see
/// (D-26).
pub async fn open_case(
    conn: &mut Connection,
    actor: &Actor,
    case: CaseId,
) -> Result<OpenCase, CaseError> {
    let found = find_case_facts(conn, case, actor.user_id).await?.ok_or(CaseError::NotFound)?;
    let facts = found.facts()?;
    if !can_open(&actor.viewer(), &facts) {
        return Err(CaseError::Forbidden);
    }
    Ok(OpenCase { row: found.case, facts })
}

/// As [`open_case`], inside a transaction, until whose end the case stays as it is.
///
/// # Errors
///
/// As [`open_case`].
async fn open_locked_case(
    conn: &mut Connection,
    actor: &Actor,
    case: CaseId,
) -> Result<OpenCase, CaseError> {
    if !lock_case(conn, case).await? {
        return Err(CaseError::NotFound);
    }
    open_case(conn, actor, case).await
}

/// Refuses a round that takes nothing new: one that is closed or, with no status, does not exist.
pub(crate) fn expect_open_round(status: Option<&str>) -> Result<(), CaseError> {
    let detail = match status {
        Some(ROUND_OPEN) => return Ok(()),
        Some(_) => "Budsjettrunden er lukket.",
        None => "Budsjettrunden finnes ikke.",
    };
    Err(CaseError::invalid("budgetRoundId", detail))
}

/// What must happen between the commit of a change and its answer, so that no reader sees the
/// older case after the writer has been answered (I4). Every write path ends here.
pub(crate) fn after_case_change(round: BudgetRoundId, department: DepartmentId) {
    metrics::counter!(CASE_CHANGES).increment(1);
    tracing::debug!(
        budget_round.id = %round,
        department.id = %department,
        "a case of the list has changed"
    );
}
