//! Handing a case over to another handler, in the ministry (E29) or at FIN (E30).
//!
//! Under the lock of the case's row, because the present handler is among those who may: of two
//! who hand over at the same time, the second is judged by what the first has done.

use domain::ids::{CaseId, UserId};
use domain::permission::{can_be_handler, can_change_handler};
use domain::role::Side;
use edge::actor::Actor;
use serde_json::json;
use store::events::NewEvent;
use store::pool::PooledConnection;
use store::transaction::transaction;
use store::{case_handlers, users};

use super::error::CaseError;
use super::open_locked_case;
use crate::changes::Changes;

/// Who handles a case from now on.
#[derive(Debug)]
pub struct Assigned {
    /// The handler.
    pub id: UserId,
    /// Name of the handler.
    pub name: String,
}

/// Gives a case another handler on one side.
///
/// # Errors
///
/// The errors of opening a case, [`CaseError::NotPermitted`], and [`CaseError::Invalid`] for
/// somebody who cannot handle it.
pub(crate) async fn assign_case(
    conn: &mut PooledConnection<'_>,
    changes: &Changes,
    actor: &Actor,
    case: CaseId,
    side: Side,
    new_handler: UserId,
) -> Result<Assigned, CaseError> {
    let (open, handler) = transaction(conn, async |conn| {
        let open = open_locked_case(conn, actor, case).await?;
        if !can_change_handler(&actor.viewer(), &open.facts, side) {
            return Err(CaseError::NotPermitted);
        }
        let handler = users::find_colleague(conn, new_handler)
            .await?
            .ok_or_else(|| CaseError::invalid("newAssignedTo", "Fant ikke brukeren."))?;
        if !can_be_handler(handler.role, handler.department_id, &open.facts, side) {
            return Err(CaseError::invalid("newAssignedTo", cannot_handle(side)));
        }
        let (event_type, from) = match side {
            Side::Fag => ("responsible_changed", open.facts.assigned_to),
            Side::Fin => ("fin_responsible_changed", open.facts.fin_assigned_to),
        };
        let data = json!({ "from": from, "to": handler.id, "new_name": handler.full_name });
        let event = NewEvent { case, user: actor.user_id, event_type, data };
        case_handlers::update_handler(conn, side, handler.id, &event).await?;
        Ok((open, handler))
    })
    .await?;
    changes.announce(open.list(), [(case, None)]).await;
    Ok(Assigned { id: handler.id, name: handler.full_name })
}

fn cannot_handle(side: Side) -> &'static str {
    match side {
        Side::Fag => "Brukeren hører ikke til departementet som eier saken.",
        Side::Fin => "Brukeren er ikke saksbehandler eller leder i Finansdepartementet.",
    }
}
