//! Use cases of case types: adding, changing and deactivating them (E11 to E13).

use std::collections::HashSet;

use domain::case_type::{
    MAX_CODE, MAX_DESCRIPTION, MAX_FIELD_KEY, MAX_FIELD_LABEL, MAX_FIELDS, MAX_NAME,
};
use domain::ids::CaseTypeId;
use store::StoreError;
use store::case_types::{self, CODE_KEY, CaseType, CaseTypeChanges, CaseTypeField, NewCaseType};
use store::pool::PooledConnection;

use crate::faults::{Faults, Invalid};

/// Why something could not be done with a case type.
#[derive(Debug, thiserror::Error)]
pub enum CaseTypeError {
    /// There is no such case type.
    #[error("no such case type")]
    NotFound,
    /// Another case type has the code.
    #[error("the code is taken")]
    DuplicateCode,
    /// Values that break a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The database failed.
    #[error("case type could not be loaded or saved")]
    Store(#[from] StoreError),
}

/// Adds a case type, active from the start.
///
/// # Errors
///
/// [`CaseTypeError::Invalid`], [`CaseTypeError::DuplicateCode`] or [`CaseTypeError::Store`].
pub async fn create_case_type(
    conn: &mut PooledConnection<'_>,
    mut new: NewCaseType,
) -> Result<CaseType, CaseTypeError> {
    let mut faults = Faults::default();
    new.code = faults.required("/code", &new.code, MAX_CODE);
    new.name = faults.required("/name", &new.name, MAX_NAME);
    faults.longest("/description", &new.description, MAX_DESCRIPTION);
    check_fields(&mut faults, &mut new.fields);
    faults.finish()?;
    case_types::insert_case_type(conn, &new).await.map_err(|error| {
        if error.violates(CODE_KEY) { CaseTypeError::DuplicateCode } else { error.into() }
    })
}

/// Changes what `changes` name. The code is not among it: cases refer to it.
///
/// # Errors
///
/// [`CaseTypeError::NotFound`], [`CaseTypeError::Invalid`] or [`CaseTypeError::Store`].
pub async fn update_case_type(
    conn: &mut PooledConnection<'_>,
    id: CaseTypeId,
    mut changes: CaseTypeChanges,
) -> Result<CaseType, CaseTypeError> {
    case_types::find_case_type(conn, id).await?.ok_or(CaseTypeError::NotFound)?;
    let mut faults = Faults::default();
    changes.name = changes.name.map(|name| faults.required("/name", &name, MAX_NAME));
    if let Some(description) = &changes.description {
        faults.longest("/description", description, MAX_DESCRIPTION);
    }
    if let Some(fields) = &mut changes.fields {
        check_fields(&mut faults, fields);
    }
    faults.finish()?;
    case_types::update_case_type(conn, id, changes).await?.ok_or(CaseTypeError::NotFound)
}

/// Takes a case type out of use. Cases that have it keep it.
///
/// # Errors
///
/// [`CaseTypeError::NotFound`] or [`CaseTypeError::Store`].
pub async fn deactivate_case_type(
    conn: &mut PooledConnection<'_>,
    id: CaseTypeId,
) -> Result<CaseType, CaseTypeError> {
    let changes = CaseTypeChanges { is_active: Some(false), ..CaseTypeChanges::default() };
    case_types::update_case_type(conn, id, changes).await?.ok_or(CaseTypeError::NotFound)
}

/// Every text has a key and a heading, and no two have the same key.
fn check_fields(faults: &mut Faults, fields: &mut [CaseTypeField]) {
    if fields.len() > MAX_FIELDS {
        faults.push("/fields", format!("En sakstype kan ha høyst {MAX_FIELDS} felt."));
        return;
    }
    let mut keys = HashSet::new();
    for (index, field) in fields.iter_mut().enumerate() {
        let pointer = format!("/fields/{index}/key");
        field.key = faults.required(&pointer, &field.key, MAX_FIELD_KEY);
        if !keys.insert(field.key.clone()) {
            faults.push(pointer, "To felt kan ikke ha samme nøkkel.");
        }
        let pointer = format!("/fields/{index}/label");
        field.label = faults.required(&pointer, &field.label, MAX_FIELD_LABEL);
    }
}
