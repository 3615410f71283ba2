//! The one table from typed errors to what the client is told (style guide, section 4).
//!
//! A client's mistake becomes a problem without a cause; a failure of ours keeps its cause for
//! the log and tells the client nothing about it.

use chrono::SecondsFormat;
use domain::document::DocumentError;
use domain::status::{Status, StepRefusal};
use edge::ApiError;
use edge::problem::{Problem, ProblemType};
use store::StoreError;

use crate::auth::AuthError;
use crate::cases::{CaseError, InvalidField};
use crate::exports::ExportError;
use crate::passwords::PasswordError;

/// The answer to a query that failed in a handler that has nothing of its own to say about it.
#[must_use]
pub fn store_failure(error: StoreError) -> ApiError {
    match error {
        StoreError::Unavailable(_) | StoreError::Contention(_) => ApiError::unavailable(error),
        StoreError::NotFound => ApiError::of(ProblemType::NOT_FOUND),
        StoreError::UniqueViolation { .. }
        | StoreError::ForeignKeyViolation { .. }
        | StoreError::Corrupt(_)
        | StoreError::Query(_) => ApiError::internal(error),
    }
}

/// A 404 that names what was looked for.
#[must_use]
pub fn not_found(message: &'static str) -> ApiError {
    Problem::new(ProblemType::NOT_FOUND).with_message(message).into()
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::UnknownEmail => not_found("Fant ingen bruker med denne e-postadressen."),
            AuthError::WrongCredentials => Self::of(ProblemType::WRONG_CREDENTIALS),
            AuthError::Inactive => Problem::new(ProblemType::WRONG_CREDENTIALS)
                .with_message("Brukeren er ikke aktiv.")
                .into(),
            AuthError::Store(error) => store_failure(error),
            AuthError::Password(PasswordError::Busy) => Self::unavailable(error),
            AuthError::Password(PasswordError::Died(_)) | AuthError::Token(_) => {
                Self::internal(error)
            }
        }
    }
}

impl From<CaseError> for ApiError {
    fn from(error: CaseError) -> Self {
        match error {
            CaseError::NotFound => not_found("Fant ikke saken."),
            CaseError::Forbidden => forbidden("Du har ikke tilgang til saken."),
            CaseError::NotEditable => {
                forbidden("Du kan ikke redigere saken i den statusen den har nå.")
            }
            CaseError::VersionConflict(conflict) => Problem::new(ProblemType::VERSION_CONFLICT)
                .with_message(format!(
                    "Saken er lagret av {} siden du åpnet den. Nyeste versjon er {}, din er {}.",
                    conflict.saved_by_name, conflict.current, conflict.yours
                ))
                .with("currentVersion", conflict.current)
                .with("yourVersion", conflict.yours)
                .with("savedByName", conflict.saved_by_name)
                .with("savedAt", conflict.saved_at.to_rfc3339_opts(SecondsFormat::Micros, true))
                .into(),
            CaseError::Invalid(fields) => invalid_fields(fields).into(),
            CaseError::Document(error) => unusable_document(&error).into(),
            CaseError::StepRefused { refusal, from, to } => refused_step(refusal, from, to).into(),
            CaseError::Store(error) => store_failure(error),
        }
    }
}

fn forbidden(message: &'static str) -> ApiError {
    Problem::new(ProblemType::FORBIDDEN).with_message(message).into()
}

/// Points at every wrong value; a single one is also the message.
fn invalid_fields(fields: Vec<InvalidField>) -> Problem {
    let problem = Problem::new(ProblemType::INVALID_REQUEST);
    let problem = match fields.as_slice() {
        [only] => problem.with_message(only.detail.clone()),
        _ => problem,
    };
    fields.into_iter().fold(problem, |problem, InvalidField { field, detail }| {
        problem.with_error(format!("/{field}"), detail)
    })
}

fn unusable_document(error: &DocumentError) -> Problem {
    let (kind, message) = match error {
        DocumentError::TooLarge => (ProblemType::TOO_LARGE, "Dokumentet er større enn 2 MB."),
        DocumentError::TooDeep => {
            (ProblemType::INVALID_DOCUMENT, "Dokumentet har for mange nivåer.")
        }
        DocumentError::NotJson(_) => {
            (ProblemType::INVALID_DOCUMENT, "Dokumentet kunne ikke leses som JSON.")
        }
        DocumentError::NotAnObject => {
            (ProblemType::INVALID_DOCUMENT, "Dokumentet må være et JSON-objekt.")
        }
        DocumentError::NulCharacter => {
            (ProblemType::INVALID_DOCUMENT, "Dokumentet inneholder ugyldige tegn.")
        }
    };
    Problem::new(kind).with_message(message).with_error("/contentJson", message)
}

fn refused_step(refusal: StepRefusal, from: Status, to: Status) -> Problem {
    match refusal {
        StepRefusal::PendingOpinions => Problem::new(ProblemType::PENDING_OPINIONS),
        StepRefusal::ReasonRequired => {
            let message = format!("Du må begrunne at saken får status «{}».", to.label());
            Problem::new(ProblemType::REASON_REQUIRED)
                .with_message(message.clone())
                .with_error("/reason", message)
        }
        StepRefusal::NotAllowed => Problem::new(ProblemType::TRANSITION_REFUSED).with_message(
            format!("Du kan ikke endre status fra «{}» til «{}».", from.label(), to.label()),
        ),
    }
}

impl From<ExportError> for ApiError {
    fn from(error: ExportError) -> Self {
        let conflict = |message| Problem::new(ProblemType::CONFLICT).with_message(message).into();
        match error {
            ExportError::Invalid { pointer, detail } => Problem::invalid(pointer, detail).into(),
            ExportError::NotFound => not_found("Fant ikke eksporten."),
            ExportError::KeyReused => {
                conflict("Idempotency-Key er allerede brukt for en annen bestilling.")
            }
            ExportError::NotFailed => {
                conflict("Bare en eksport som har mislyktes kan prøves på nytt.")
            }
            ExportError::NotCompleted(status) => Problem::new(ProblemType::CONFLICT)
                .with_message("Eksporten har ikke noe ferdig dokument.")
                .with("exportStatus", status.as_str())
                .into(),
            ExportError::Gone => Problem::new(ProblemType::GONE)
                .with_message("Dokumentet er slettet. Bestill eksporten på nytt.")
                .into(),
            ExportError::Store(error) => store_failure(error),
            ExportError::Render(_) | ExportError::Panicked(_) => Self::internal(error),
        }
    }
}
