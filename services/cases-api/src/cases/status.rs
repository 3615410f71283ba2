//! Moving a case through the workflow (E28).
//!
//! Everything happens under the lock of the case's row: what the decision saw is still true when
//! the step is written, and opinions that are asked for take the same lock.

use domain::ids::CaseId;
use domain::status::{FinHandler, Status, StepRequest, closes_rounds, decide};
use domain::visibility::can_open;
use edge::actor::Actor;
use serde_json::json;
use store::case_status;
use store::events::NewEvent;
use store::pool::PooledConnection;
use store::transaction::transaction;

use super::error::CaseError;
use crate::changes::Changes;
use crate::list_cache::PageKey;

/// A step that somebody asks for.
#[derive(Debug)]
pub struct StatusInput {
    /// The status asked for, as sent.
    pub status: String,
    /// Why; two steps insist on it.
    pub reason: Option<String>,
    /// A remark for the log.
    pub comment: Option<String>,
}

/// Takes a case one step further, or back, and returns its new status.
///
/// # Errors
///
/// [`CaseError::Invalid`] for a status that does not exist, the errors of opening a case, and
/// [`CaseError::StepRefused`].
pub(crate) async fn change_status(
    conn: &mut PooledConnection<'_>,
    changes: &Changes,
    actor: &Actor,
    case: CaseId,
    input: StatusInput,
) -> Result<Status, CaseError> {
    let to: Status =
        input.status.parse().map_err(|_| CaseError::invalid("status", "Statusen finnes ikke."))?;
    let (step, round, department) = transaction(conn, async |conn| {
        let is_locked = if closes_rounds(to) {
            case_status::lock_case_and_round(conn, case).await?
        } else {
            case_status::lock_case(conn, case).await?
        };
        if !is_locked {
            return Err(CaseError::NotFound);
        }
        let found = case_status::find_step_facts(conn, case, actor.user_id)
            .await?
            .ok_or(CaseError::NotFound)?;
        let facts = found.facts.facts()?;
        if !can_open(&actor.viewer(), &facts) {
            return Err(CaseError::Forbidden);
        }
        let step = decide(&StepRequest {
            from: facts.status,
            to,
            role: actor.role,
            reason: input.reason.as_deref(),
            pending_opinions: found.has_pending_opinions,
        })
        .map_err(|refusal| CaseError::StepRefused { refusal, from: facts.status, to })?;
        let arriving = match (step.fin_handler, facts.fin_assigned_to) {
            (FinHandler::AssignIfMissing, None) => {
                case_status::find_fin_handler(conn, facts.department_id).await?
            }
            _ => None,
        };
        let fin_handler = step.fin_handler.after(facts.fin_assigned_to, arriving);
        let event = NewEvent {
            case,
            user: actor.user_id,
            event_type: "status_changed",
            data: json!({
                "from": step.from,
                "to": step.to,
                "reason": input.reason,
                "comment": input.comment,
            }),
        };
        case_status::update_status(conn, step.to, fin_handler, &event).await?;
        let round = found.facts.case.budget_round_id.into();
        if step.may_close_round {
            case_status::close_finished_round(conn, round).await?;
        }
        Ok((step, round, facts.department_id))
    })
    .await?;
    changes.announce(PageKey { round, department }, [(case, None)]).await;
    Ok(step.to)
}
