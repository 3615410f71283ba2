//! What can go wrong with a department list; `crate::error` maps it to HTTP.

use domain::document::DocumentError;
use domain::placement::PlacementRefusal;
use store::StoreError;

use crate::cases::CaseError;

/// Why something could not be done with a department list.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// There is no such list.
    #[error("no such list")]
    ListNotFound,
    /// The list has no such section.
    #[error("no such section")]
    SectionNotFound,
    /// The list has no such entry.
    #[error("no such entry")]
    EntryNotFound,
    /// The caller does not work with lists.
    #[error("the caller may not use department lists")]
    Forbidden,
    /// The ministry has a list in this round.
    #[error("there is a list already")]
    ListExists,
    /// The list has the case.
    #[error("the case is in the list already")]
    CaseListed,
    /// The rule of placement does not let the case in.
    #[error("the case is not placed")]
    NotPlaced(#[source] PlacementRefusal),
    /// Rich content that cannot be stored.
    #[error("content is not usable")]
    Content {
        /// Name of the property in the body.
        field: &'static str,
        /// What is wrong with it.
        #[source]
        error: DocumentError,
    },
    /// The case that is to be put into the list, or values that break a rule.
    #[error("the case or a value was refused")]
    Case(#[from] CaseError),
    /// The database failed.
    #[error("list could not be loaded or saved")]
    Store(#[from] StoreError),
}

impl ListError {
    /// A single wrong value.
    pub(super) fn invalid(field: &'static str, detail: &'static str) -> Self {
        Self::Case(CaseError::invalid(field, detail))
    }
}
