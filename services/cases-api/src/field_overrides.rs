//! Use cases of field overrides: which content keys count as FIN fields in a round (E07, E08).

use std::collections::HashSet;

use domain::case_type::{MAX_CODE, MAX_FIELD_KEY, MAX_FIELDS};
use domain::ids::BudgetRoundId;
use store::case_status::ROUND_OPEN;
use store::field_overrides::{self, FieldOverride};
use store::pool::PooledConnection;
use store::transaction::transaction;
use store::{StoreError, case_types, rounds};

use crate::faults::{Faults, Invalid};

/// Why something could not be done with the overrides of a round.
#[derive(Debug, thiserror::Error)]
pub enum OverrideError {
    /// There is no such round.
    #[error("no such budget round")]
    NoSuchRound,
    /// The round is closed, and what counted as a FIN field in it is history.
    #[error("the budget round is closed")]
    RoundClosed,
    /// Values that break a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The database failed.
    #[error("field overrides could not be loaded or saved")]
    Store(#[from] StoreError),
}

/// Lists the overrides of a round by case type.
///
/// # Errors
///
/// [`OverrideError::NoSuchRound`] or [`OverrideError::Store`].
pub async fn list_field_overrides(
    conn: &mut PooledConnection<'_>,
    round: BudgetRoundId,
) -> Result<Vec<FieldOverride>, OverrideError> {
    field_overrides::list_overrides(conn, round).await?.ok_or(OverrideError::NoSuchRound)
}

/// Sets the FIN fields of one case type in an open round, in place of those set before.
///
/// # Errors
///
/// [`OverrideError::NoSuchRound`], [`OverrideError::RoundClosed`], [`OverrideError::Invalid`] or
/// [`OverrideError::Store`].
pub async fn set_field_override(
    conn: &mut PooledConnection<'_>,
    round: BudgetRoundId,
    case_type_code: &str,
    fin_field_keys: &[String],
) -> Result<FieldOverride, OverrideError> {
    transaction(conn, async |conn| {
        match rounds::hold_round_status(conn, round).await?.as_deref() {
            Some(ROUND_OPEN) => {}
            Some(_) => return Err(OverrideError::RoundClosed),
            None => return Err(OverrideError::NoSuchRound),
        }
        let mut faults = Faults::default();
        let code = faults.required("/caseTypeCode", case_type_code, MAX_CODE);
        let keys = checked_keys(&mut faults, fin_field_keys);
        faults.finish()?;
        if !case_types::has_case_type(conn, &code).await? {
            return Err(Invalid::at("/caseTypeCode", "Sakstypen finnes ikke.").into());
        }
        Ok(field_overrides::upsert_override(conn, round, &code, &keys).await?)
    })
    .await
}

fn checked_keys(faults: &mut Faults, keys: &[String]) -> Vec<String> {
    if keys.len() > MAX_FIELDS {
        faults.push("/finFieldKeys", format!("Det kan være høyst {MAX_FIELDS} felt."));
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let checked = keys.iter().enumerate().map(|(index, key)| {
        let pointer = format!("/finFieldKeys/{index}");
        let key = faults.required(&pointer, key, MAX_FIELD_KEY);
        if !seen.insert(key.clone()) {
            faults.push(pointer, "Samme felt er nevnt to ganger.");
        }
        key
    });
    checked.collect()
}
