//! Placing a case on FIN's lists and setting its priority (E31).

use domain::ids::CaseId;
use domain::permission::can_place_case;
use domain::placement::ListPlacement;
use edge::actor::Actor;
use edge::json::Patch;
use store::StoreError;
use store::case_placement;
use store::cases::CaseRow;
use store::pool::PooledConnection;
use store::transaction::transaction;

use super::error::CaseError;
use super::open_locked_case;
use crate::changes::Changes;

/// What to change about where a case stands; `null` clears (D-21).
#[derive(Debug)]
pub struct PlacementInput {
    /// The A list, the B list, or neither.
    pub list: Patch<ListPlacement>,
    /// The ministry's own priority.
    pub priority_number: Patch<i32>,
}

/// Where a case stands.
#[derive(Debug)]
pub struct Placement {
    /// The A list, the B list, or neither.
    pub list: Option<ListPlacement>,
    /// The ministry's own priority.
    pub priority_number: Option<i32>,
}

/// Changes where a case stands, in the case and in the department lists it is in already. A
/// change of nothing writes nothing.
///
/// # Errors
///
/// The errors of opening a case, and [`CaseError::NotPermitted`].
pub(crate) async fn place_case(
    conn: &mut PooledConnection<'_>,
    changes: &Changes,
    actor: &Actor,
    case: CaseId,
    input: PlacementInput,
) -> Result<Placement, CaseError> {
    let moves = input.list != Patch::Absent;
    let is_change = moves || input.priority_number != Patch::Absent;
    let (open, placement) = transaction(conn, async |conn| {
        let open = open_locked_case(conn, actor, case).await?;
        if !can_place_case(actor.role) {
            return Err(CaseError::NotPermitted);
        }
        let list = input.list.over(placed(&open.row)?);
        let priority_number = input.priority_number.over(open.row.priority_number);
        if is_change {
            case_placement::update_placement(conn, case, list, priority_number).await?;
        }
        if moves {
            case_placement::move_list_entries(conn, case, list).await?;
        }
        Ok((open, Placement { list, priority_number }))
    })
    .await?;
    if is_change {
        changes.announce(open.list(), [(case, None)]).await;
    }
    Ok(placement)
}

fn placed(row: &CaseRow) -> Result<Option<ListPlacement>, StoreError> {
    row.fin_list_placement.as_deref().map(str::parse).transpose().map_err(StoreError::corrupt)
}
