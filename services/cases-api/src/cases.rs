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

pub use assignment::Assigned;
pub(crate) use assignment::assign_case;
pub use create::NewCaseInput;
pub(crate) use create::create_case;
pub use error::{CaseError, CaseListError, Conflict, InvalidField};
pub use input::{FieldErrors, MAX_TEXT};
pub(crate) use lists::list_cases;
pub use lists::{HistoryInput, list_history, list_my_cases};
pub use opinions::{
    AnswerInput, OpinionError, OpinionInput, answer_opinion, forward_opinion, request_opinion,
};
pub(crate) use placement::place_case;
pub use placement::{Placement, PlacementInput};
pub use reading::{CasePage, get_case, get_version, list_case_events, list_case_versions};
pub use saving::{ContentInput, DocumentInput, MetadataInput, UpdateInput};
pub(crate) use saving::{save_content, save_document, update_case};
pub use status::StatusInput;
pub(crate) use status::change_status;

use domain::ids::CaseId;
use domain::visibility::{CaseFacts, can_open};
use edge::actor::Actor;
use store::case_status::{ROUND_OPEN, lock_case};
use store::cases::{CaseRow, find_case_facts};
use store::transaction::Connection;

use crate::list_cache::PageKey;

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

impl OpenCase {
    /// The list that the case is in.
    fn list(&self) -> PageKey {
        list_of(&self.row)
    }
}

/// The list that a case is in.
fn list_of(row: &CaseRow) -> PageKey {
    PageKey { round: row.budget_round_id.into(), department: row.department_id.into() }
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
