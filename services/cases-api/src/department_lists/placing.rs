//! Filling a list by the rule of placement (E86, E87).
//!
//! Everything happens under the lock of the list's row. Two who fill the same list at the same time
//! take turns, and the second finds the first one's entries.

use domain::ids::{CaseId, DepartmentListId, ListEntryId, ListSectionId};
use domain::placement::PlacementCase;
use domain::visibility::can_open;
use edge::actor::Actor;
use store::department_lists::placing;
use store::pool::PooledConnection;
use store::transaction::transaction;
use uuid::Uuid;

use super::admit;
use super::error::ListError;
use crate::cases::CaseError;

/// Where a case was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedCase {
    /// Its entry.
    pub entry_id: ListEntryId,
    /// The section of the entry.
    pub section_id: ListSectionId,
}

/// Places every case that belongs in the list and is not there, and returns how many they were.
///
/// # Errors
///
/// [`ListError::ListNotFound`], [`ListError::Forbidden`] or [`ListError::Store`].
pub async fn place_cases(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    list: DepartmentListId,
) -> Result<usize, ListError> {
    admit(conn, actor, list).await?;
    transaction(conn, async |conn| {
        let list = placing::lock_list(conn, list).await?.ok_or(ListError::ListNotFound)?;
        let (mut placer, cases) = placing::find_candidates(conn, &list).await?;
        let entries: Vec<_> =
            placer.place_all(cases).into_iter().map(|entry| (new_id(), entry)).collect();
        if !entries.is_empty() {
            placing::insert_entries(conn, &list, &entries).await?;
        }
        Ok(entries.len())
    })
    .await
}

/// Places one case.
///
/// # Errors
///
/// [`ListError::ListNotFound`], [`ListError::Forbidden`], those of opening the case,
/// [`ListError::NotPlaced`] or [`ListError::Store`].
pub async fn place_case(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    list: DepartmentListId,
    case: CaseId,
) -> Result<PlacedCase, ListError> {
    admit(conn, actor, list).await?;
    transaction(conn, async |conn| {
        let list = placing::lock_list(conn, list).await?.ok_or(ListError::ListNotFound)?;
        let (mut placer, found) = placing::find_candidate(conn, &list, case, actor.user_id).await?;
        let found = found.ok_or(CaseError::NotFound)?;
        if !can_open(&actor.viewer(), &found.facts()?) {
            return Err(CaseError::Forbidden.into());
        }
        let case = PlacementCase::try_from(found.case)?;
        let entry = placer.place(&case).map_err(ListError::NotPlaced)?;
        let entry_id = new_id();
        placing::insert_entries(conn, &list, &[(entry_id, entry)]).await?;
        Ok(PlacedCase { entry_id, section_id: entry.section_id })
    })
    .await
}

fn new_id() -> ListEntryId {
    Uuid::now_v7().into()
}
