//! The part of the table that is about what administrators look after: case types, field overrides,
//! templates and the demo data.

use domain::list_template::MAX_SECTIONS;
use edge::ApiError;
use edge::problem::{Problem, ProblemType};

use super::{conflict, invalid_values, not_found, store_failure};
use crate::case_types::CaseTypeError;
use crate::faults::Invalid;
use crate::field_overrides::OverrideError;
use crate::reset::ResetError;
use crate::templates::TemplateError;

impl From<CaseTypeError> for ApiError {
    fn from(error: CaseTypeError) -> Self {
        match error {
            CaseTypeError::NotFound => not_found("Fant ikke sakstypen."),
            CaseTypeError::DuplicateCode => conflict("En annen sakstype har allerede denne koden."),
            CaseTypeError::Invalid(Invalid(errors)) => invalid_values(errors).into(),
            CaseTypeError::Store(error) => store_failure(error),
        }
    }
}

impl From<OverrideError> for ApiError {
    fn from(error: OverrideError) -> Self {
        match error {
            OverrideError::NoSuchRound => not_found("Fant ikke budsjettrunden."),
            OverrideError::RoundClosed => Problem::new(ProblemType::ROUND_CLOSED).into(),
            OverrideError::Invalid(Invalid(errors)) => invalid_values(errors).into(),
            OverrideError::Store(error) => store_failure(error),
        }
    }
}

impl From<TemplateError> for ApiError {
    fn from(error: TemplateError) -> Self {
        match error {
            TemplateError::NotFound => not_found("Fant ikke malen."),
            TemplateError::NoSuchSection => not_found("Fant ikke seksjonen i malen."),
            TemplateError::HasLists => {
                conflict("Malen er i bruk i en eller flere departementslister og kan ikke slettes.")
            }
            TemplateError::Full => {
                conflict(format!("Malen har {MAX_SECTIONS} seksjoner og kan ikke få flere."))
            }
            TemplateError::Invalid(Invalid(errors)) => invalid_values(errors).into(),
            TemplateError::Store(error) => store_failure(error),
        }
    }
}

impl From<ResetError> for ApiError {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::Unavailable => not_found("Databasen kan ikke tilbakestilles her."),
            ResetError::Busy => conflict("Databasen blir allerede tilbakestilt."),
            ResetError::Failed(error) if error.retryable() => Self::unavailable(error),
            ResetError::Failed(error) => Self::internal(error),
            ResetError::NotForgotten(error) => store_failure(error),
        }
    }
}
