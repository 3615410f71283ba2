//! What can go wrong with a case, in the words of the workflow; `crate::error` maps it to HTTP.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use domain::document::DocumentError;
use domain::status::{Status, StepRefusal};
use edge::rate_limit::UsedUp;
use store::StoreError;

/// Why something could not be done with a case.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// There is no such case, or no such version of it.
    #[error("no such case")]
    NotFound,
    /// The caller may not open the case (D-26).
    #[error("the caller may not open the case")]
    Forbidden,
    /// The caller may read the case but not save it in its present status.
    #[error("the caller may not edit the case")]
    NotEditable,
    /// The caller may open the case, but this is for others to do.
    #[error("the caller may not do this with the case")]
    NotPermitted,
    /// Somebody saved since the caller read the case.
    #[error("case was saved by someone else")]
    VersionConflict(Conflict),
    /// Values that break a rule.
    #[error("invalid values")]
    Invalid(Vec<InvalidField>),
    /// The document cannot be stored.
    #[error("document is not usable")]
    Document(#[from] DocumentError),
    /// The workflow has no such step now, for this caller.
    #[error("the case does not take this step")]
    StepRefused {
        /// Why.
        refusal: StepRefusal,
        /// Present status.
        from: Status,
        /// Status asked for.
        to: Status,
    },
    /// The database failed.
    #[error("case could not be loaded or saved")]
    Store(#[from] StoreError),
}

/// Why cases could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum CaseListError {
    /// The caller has asked too often.
    #[error(transparent)]
    UsedUp(#[from] UsedUp),
    /// The database failed.
    #[error("cases could not be listed")]
    Store(#[from] StoreError),
}

/// Who was faster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The newest version.
    pub current: i32,
    /// The version the caller started from.
    pub yours: i32,
    /// Name of who saved the newest version.
    pub saved_by_name: String,
    /// When it was saved.
    pub saved_at: DateTime<Utc>,
}

/// One value that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidField {
    /// Name of the property in the body, or the path to it where the body nests.
    pub field: Cow<'static, str>,
    /// What is wrong with it, in Norwegian.
    pub detail: Cow<'static, str>,
}

impl CaseError {
    /// A single wrong value.
    pub fn invalid(field: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(vec![InvalidField { field: field.into(), detail: detail.into() }])
    }
}
