//! Conclusions of a case: read by whoever opens it, written by the Ministry of Finance (E60 to
//! E64).

use domain::dialogue::can_write_conclusions;
use domain::ids::{CaseId, ConclusionId};
use edge::actor::Actor;
use store::StoreError;
use store::case_status::lock_case;
use store::conclusions::{self, ConclusionChange, ConclusionRow, NewConclusion};
use store::pool::PooledConnection;
use store::transaction::transaction;

use crate::cases::{CaseError, FieldErrors, open_case};

/// Most conclusions that one request may write: many times what one case has.
pub const MAX_CONCLUSIONS: usize = 200;

/// Why something could not be done with a conclusion.
#[derive(Debug, thiserror::Error)]
pub enum ConclusionError {
    /// The case cannot be opened, or what was sent breaks a rule.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The case has no such conclusion.
    #[error("the case has no such conclusion")]
    NotFound,
    /// The caller's role writes no conclusions.
    #[error("the caller may not write conclusions")]
    MayNotWrite,
    /// The database failed.
    #[error("conclusion could not be loaded or saved")]
    Store(#[from] StoreError),
}

/// Lists the conclusions of a case in their order (E60).
///
/// # Errors
///
/// The errors of opening the case.
pub async fn list_conclusions(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
) -> Result<Vec<ConclusionRow>, ConclusionError> {
    open_case(conn, actor, case).await?;
    Ok(conclusions::list_conclusions(conn, case).await?)
}

/// Adds a conclusion (E61).
///
/// # Errors
///
/// The errors of opening the case, [`ConclusionError::MayNotWrite`], and [`CaseError::Invalid`].
pub async fn add_conclusion(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
    new: NewConclusion,
) -> Result<ConclusionRow, ConclusionError> {
    authorize(conn, actor, case).await?;
    check_text(Some(&new.text))?;
    let rows = conclusions::insert_conclusions(conn, case, actor.user_id, &[new]).await?;
    rows.into_iter().next().ok_or(ConclusionError::NotFound)
}

/// Changes a conclusion; what is not named stays (E62).
///
/// # Errors
///
/// As [`add_conclusion`], and [`ConclusionError::NotFound`].
pub async fn update_conclusion(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
    conclusion: ConclusionId,
    change: &ConclusionChange,
) -> Result<ConclusionRow, ConclusionError> {
    authorize(conn, actor, case).await?;
    check_text(change.text.as_deref())?;
    let changed = conclusions::update_conclusion(conn, case, conclusion, change).await?;
    changed.ok_or(ConclusionError::NotFound)
}

/// Deletes a conclusion (E63).
///
/// # Errors
///
/// The errors of opening the case, [`ConclusionError::MayNotWrite`], and
/// [`ConclusionError::NotFound`].
pub async fn delete_conclusion(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
    conclusion: ConclusionId,
) -> Result<(), ConclusionError> {
    authorize(conn, actor, case).await?;
    let existed = conclusions::delete_conclusion(conn, case, conclusion).await?;
    if existed { Ok(()) } else { Err(ConclusionError::NotFound) }
}

/// Puts new conclusions in the place of all that the case has (E64), and returns them in their
/// order.
///
/// # Errors
///
/// As [`add_conclusion`].
pub async fn replace_conclusions(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
    mut new: Vec<NewConclusion>,
) -> Result<Vec<ConclusionRow>, ConclusionError> {
    authorize(conn, actor, case).await?;
    let mut errors = FieldErrors::default();
    if new.len() > MAX_CONCLUSIONS {
        let detail = format!("En sak kan ha høyst {MAX_CONCLUSIONS} konklusjonspunkter.");
        return Err(CaseError::invalid("", detail).into());
    }
    for (position, conclusion) in new.iter().enumerate() {
        errors.required_text(format!("{position}/text"), &conclusion.text);
    }
    errors.finish()?;
    // Stable, so that equal places keep the order in which they were sent.
    new.sort_by_key(|conclusion| conclusion.sort_order);
    transaction(conn, async |conn| {
        // Without the lock, the second of two replacements would not see what the first has just
        // written, and the case would end up with both.
        if !lock_case(conn, case).await? {
            return Err(CaseError::NotFound.into());
        }
        conclusions::delete_conclusions(conn, case).await?;
        Ok(conclusions::insert_conclusions(conn, case, actor.user_id, &new).await?)
    })
    .await
}

async fn authorize(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
) -> Result<(), ConclusionError> {
    open_case(conn, actor, case).await?;
    if can_write_conclusions(actor.role) { Ok(()) } else { Err(ConclusionError::MayNotWrite) }
}

fn check_text(text: Option<&str>) -> Result<(), CaseError> {
    let mut errors = FieldErrors::default();
    if let Some(text) = text {
        errors.required_text("text", text);
    }
    errors.finish()
}
