//! Reading one case: its page, its versions, its log.

use domain::ids::CaseId;
use domain::visibility::can_open;
use edge::actor::Actor;
use store::cases::{CaseFactsRow, CaseListRow};
use store::contents::{self, VersionRow};
use store::events::{self, CaseEventRow};
use store::opinions::NamedOpinionRow;
use store::pool::PooledConnection;

use super::error::CaseError;
use super::masking::{Sight, complete_for_fin};
use super::open_case;

/// A case as its page shows it to one reader.
#[derive(Debug)]
pub struct CasePage {
    /// The case with names.
    pub case: CaseListRow,
    /// Its newest version, as far as the reader may see it.
    pub content: Option<VersionRow>,
    /// Every opinion that was asked for.
    pub opinions: Vec<NamedOpinionRow>,
}

/// Loads a case with its newest version and its opinions (E19).
///
/// # Errors
///
/// As [`open_case`].
pub async fn get_case(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
) -> Result<CasePage, CaseError> {
    let detail = contents::find_case_detail(conn, case).await?.ok_or(CaseError::NotFound)?;
    // The opinions are at hand, so the facts need no query of their own.
    let assignee = *actor.user_id.as_uuid();
    let facts = CaseFactsRow {
        is_opinion_assignee: detail.opinions.iter().any(|row| row.opinion.assigned_to == assignee),
        case: detail.case.case.clone(),
        round_status: detail.round_status,
    }
    .facts()?;
    if !can_open(&actor.viewer(), &facts) {
        return Err(CaseError::Forbidden);
    }
    let sight = Sight::of(actor.role, facts.status);
    let content = detail.newest.map(|version| sight.apply(version));
    let content = if actor.role.is_fag() { content } else { content.map(complete_for_fin) };
    Ok(CasePage { case: detail.case, content, opinions: detail.opinions })
}

/// Lists the versions of a case, newest first, without their documents (E26).
///
/// # Errors
///
/// As [`open_case`].
pub async fn list_case_versions(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
) -> Result<Vec<VersionRow>, CaseError> {
    let open = open_case(conn, actor, case).await?;
    let sight = Sight::of(actor.role, open.facts.status);
    let versions = contents::list_versions(conn, case).await?;
    Ok(versions.into_iter().map(|version| sight.apply(version)).collect())
}

/// Loads one version of a case with its document (E27).
///
/// # Errors
///
/// As [`open_case`], and [`CaseError::NotFound`] when the case has no such version.
pub async fn get_version(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
    version: i32,
) -> Result<VersionRow, CaseError> {
    let open = open_case(conn, actor, case).await?;
    let found = contents::find_version(conn, case, version).await?.ok_or(CaseError::NotFound)?;
    Ok(Sight::of(actor.role, open.facts.status).apply(found))
}

/// Lists what has happened to a case, newest first, with the names of those who did it (E20).
///
/// # Errors
///
/// As [`open_case`].
pub async fn list_case_events(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
) -> Result<Vec<(CaseEventRow, String)>, CaseError> {
    open_case(conn, actor, case).await?;
    Ok(events::list_events(conn, case).await?)
}
