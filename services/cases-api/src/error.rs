//! The one table from typed errors to what the client is told (style guide, section 4).
//!
//! A client's mistake becomes a problem without a cause; a failure of ours keeps its cause for
//! the log and tells the client nothing about it.

mod administration;
mod uploads;

use std::borrow::Cow;

use chrono::SecondsFormat;
use domain::document::DocumentError;
use domain::opinion::OpinionRefusal;
use domain::placement::PlacementRefusal;
use domain::status::{Status, StepRefusal};
use domain::submission::Ineligible;
use edge::ApiError;
use edge::problem::{FieldError, Problem, ProblemType};
use edge::rate_limit::UsedUp;
use store::StoreError;

use crate::auth::AuthError;
use crate::cases::{CaseError, CaseListError, InvalidField, OpinionError};
use crate::comments::CommentError;
use crate::conclusions::ConclusionError;
use crate::department_lists::ListError;
use crate::documents::MakeError;
use crate::exports::ExportError;
use crate::oidc::OidcError;
use crate::passwords::PasswordError;
use crate::questions::QuestionError;
use crate::submissions::{RefusedCase, SubmissionError};

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
            AuthError::TooManyAttempts(UsedUp(wait)) => Problem::new(ProblemType::RATE_LIMITED)
                .with_message("For mange mislykkede pålogginger. Vent litt og prøv igjen.")
                .with_retry_after(wait)
                .into(),
            AuthError::SignInElsewhere => forbidden(
                "Pålogging med e-postadresse og passord er slått av. Logg på med arbeidskontoen din.",
            ),
            AuthError::NoIssuer => not_found("Pålogging med arbeidskonto er ikke slått på."),
            AuthError::NoAccess => forbidden(
                "Arbeidskontoen din er godkjent, men har ikke tilgang til portalen. \
                 Be en administrator om tilgang.",
            ),
            AuthError::Oidc(error) => refused_id_token(error),
            AuthError::Store(error) => store_failure(error),
            AuthError::Password(PasswordError::Busy) => Self::unavailable(error),
            AuthError::Password(PasswordError::Died(_)) | AuthError::Token(_) => {
                Self::internal(error)
            }
        }
    }
}

fn refused_id_token(error: OidcError) -> ApiError {
    let message = match &error {
        OidcError::KeysUnavailable(_) => return ApiError::unavailable(error),
        OidcError::Invalid(_) => {
            // Not our failure, but whoever sets the issuer up must be able to see what is wrong.
            let chain = edge::error::chain(&error);
            tracing::warn!(error.chain = %chain, "ID token refused");
            "Påloggingen kunne ikke bekreftes. Logg på med arbeidskontoen din på nytt."
        }
        OidcError::Spent => {
            "Påloggingen er brukt allerede. Logg på med arbeidskontoen din på nytt."
        }
    };
    Problem::new(ProblemType::WRONG_CREDENTIALS).with_message(message).into()
}

impl From<CaseListError> for ApiError {
    fn from(error: CaseListError) -> Self {
        match error {
            CaseListError::UsedUp(used_up) => used_up.into(),
            CaseListError::Store(error) => store_failure(error),
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
            CaseError::NotPermitted => {
                forbidden("Rollen din gir ikke rett til å gjøre dette med saken.")
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
            CaseError::Document(error) => unusable_document(&error, "contentJson").into(),
            CaseError::StepRefused { refusal, from, to } => refused_step(refusal, from, to).into(),
            CaseError::Store(error) => store_failure(error),
        }
    }
}

fn forbidden(message: &'static str) -> ApiError {
    Problem::new(ProblemType::FORBIDDEN).with_message(message).into()
}

fn invalid_fields(fields: Vec<InvalidField>) -> Problem {
    let at = |InvalidField { field, detail }| FieldError { pointer: format!("/{field}"), detail };
    invalid_values(fields.into_iter().map(at).collect())
}

fn conflict(message: impl Into<Cow<'static, str>>) -> ApiError {
    Problem::new(ProblemType::CONFLICT).with_message(message).into()
}

/// Points at every wrong value; a single one is also the message.
fn invalid_values(errors: Vec<FieldError>) -> Problem {
    let problem = Problem::new(ProblemType::INVALID_REQUEST);
    let problem = match errors.as_slice() {
        [only] => problem.with_message(only.detail.clone()),
        _ => problem,
    };
    errors.into_iter().fold(problem, |problem, FieldError { pointer, detail }| {
        problem.with_error(pointer, detail)
    })
}

fn unusable_document(error: &DocumentError, field: &str) -> Problem {
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
    Problem::new(kind).with_message(message).with_error(format!("/{field}"), message)
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

impl From<OpinionError> for ApiError {
    fn from(error: OpinionError) -> Self {
        let refused = |message| Problem::new(ProblemType::OPINION_REFUSED).with_message(message);
        match error {
            OpinionError::NotFound => not_found("Fant ikke forespørselen."),
            OpinionError::NotAssignee => forbidden("Bare den som er spurt, kan svare."),
            OpinionError::NotPermitted => {
                refused("Du kan ikke be om uttalelse eller godkjenning i denne saken.").into()
            }
            OpinionError::Refused(OpinionRefusal::NotPending) => {
                refused("Forespørselen er allerede besvart eller sendt videre.").into()
            }
            OpinionError::Refused(OpinionRefusal::WrongAnswer) => {
                let message = "Svaret passer ikke til det du er spurt om.";
                refused(message).with_error("/status", message).into()
            }
            OpinionError::Refused(OpinionRefusal::NotForwardable) => {
                refused("Bare en godkjenning kan sendes videre.").into()
            }
            OpinionError::Case(error) => error.into(),
        }
    }
}

impl From<CommentError> for ApiError {
    fn from(error: CommentError) -> Self {
        match error {
            CommentError::Case(error) => error.into(),
            CommentError::NotFound => not_found("Fant ikke kommentaren i saken."),
            CommentError::NotAuthor => forbidden("Du kan bare slette dine egne kommentarer."),
            CommentError::Store(error) => store_failure(error),
        }
    }
}

impl From<QuestionError> for ApiError {
    fn from(error: QuestionError) -> Self {
        match error {
            QuestionError::Case(error) => error.into(),
            QuestionError::NotFound => not_found("Fant ikke spørsmålet."),
            QuestionError::MayNotAsk => {
                forbidden("Bare Finansdepartementet kan stille spørsmål til en sak.")
            }
            QuestionError::MayNotAnswer => {
                forbidden("Bare departementet som eier saken, kan svare på spørsmålet.")
            }
            QuestionError::Document(error) => unusable_document(&error, "answerJson").into(),
            QuestionError::Store(error) => store_failure(error),
        }
    }
}

impl From<ConclusionError> for ApiError {
    fn from(error: ConclusionError) -> Self {
        match error {
            ConclusionError::Case(error) => error.into(),
            ConclusionError::NotFound => not_found("Fant ikke konklusjonspunktet i saken."),
            ConclusionError::MayNotWrite => {
                forbidden("Bare Finansdepartementet kan skrive konklusjonspunkter.")
            }
            ConclusionError::Store(error) => store_failure(error),
        }
    }
}

impl From<SubmissionError> for ApiError {
    fn from(error: SubmissionError) -> Self {
        match error {
            SubmissionError::Invalid(error) => error.into(),
            SubmissionError::Refused(cases) => refused_submission(&cases).into(),
            SubmissionError::Store(error) => store_failure(error),
        }
    }
}

/// Points at every case that keeps the submission back; a single one is also the message.
fn refused_submission(cases: &[RefusedCase]) -> Problem {
    let problem = Problem::new(ProblemType::SUBMISSION_REFUSED);
    let problem = match cases {
        [only] => problem.with_message(why_ineligible(only)),
        several => problem.with_message(format!(
            "{} av sakene kan ikke sendes til FIN. Ingen av dem er sendt.",
            several.len()
        )),
    };
    cases.iter().fold(problem, |problem, case| {
        problem.with_error(format!("/caseIds/{}", case.position), why_ineligible(case))
    })
}

fn why_ineligible(case: &RefusedCase) -> String {
    let name = &case.case_name;
    match case.reason {
        Ineligible::NotInDepartment => {
            "Fant ikke saken i departementet som sender innspillet.".to_owned()
        }
        Ineligible::OtherRound => format!("Saken «{name}» hører til en annen budsjettrunde."),
        Ineligible::NotApproved(status) => format!(
            "Saken «{name}» har status «{}». Bare saker med status «{}» kan sendes.",
            status.label(),
            Status::GodkjentPol.label()
        ),
        Ineligible::PendingOpinions => {
            format!("Saken «{name}» har en uttalelse eller godkjenning som ikke er besvart.")
        }
    }
}

impl From<ExportError> for ApiError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Invalid { pointer, detail } => Problem::invalid(pointer, detail).into(),
            ExportError::NotFound => not_found("Fant ikke eksporten."),
            ExportError::KeyReused => {
                conflict("Idempotency-Key er allerede brukt for en annen bestilling.")
            }
            ExportError::NotFailed => {
                conflict("Bare en eksport som har mislyktes kan prøves på nytt.")
            }
            ExportError::Ended => conflict("Eksporten er avsluttet og kan ikke avbrytes."),
            ExportError::NotCompleted(status) => Problem::new(ProblemType::CONFLICT)
                .with_message("Eksporten har ikke noe ferdig dokument.")
                .with("exportStatus", status.as_str())
                .into(),
            ExportError::Gone => Problem::new(ProblemType::GONE)
                .with_message("Dokumentet er slettet. Bestill eksporten på nytt.")
                .into(),
            ExportError::List(error) => error.into(),
            ExportError::Store(error) => store_failure(error),
        }
    }
}

impl From<MakeError> for ApiError {
    fn from(error: MakeError) -> Self {
        match error {
            MakeError::Case(error) => error.into(),
            MakeError::List(error) => error.into(),
            MakeError::Store(error) => store_failure(error),
            MakeError::Busy | MakeError::Pictures(_) => Self::unavailable(error),
            MakeError::Workbook(_) | MakeError::Word(_) | MakeError::Panicked(_) => {
                Self::internal(error)
            }
        }
    }
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::ListNotFound => not_found("Fant ikke departementslisten."),
            ListError::SectionNotFound => not_found("Fant ikke kapittelet i departementslisten."),
            ListError::EntryNotFound => not_found("Fant ikke saken i departementslisten."),
            ListError::Forbidden => forbidden("Du har ikke tilgang til departementslister."),
            ListError::ListExists => {
                conflict("Departementet har allerede en liste i denne budsjettrunden.")
            }
            ListError::CaseListed => conflict("Saken er allerede i departementslisten."),
            ListError::NotPlaced(refusal) => {
                let detail = match refusal {
                    PlacementRefusal::NotEligible => "Saken kan ikke plasseres i denne listen.",
                    PlacementRefusal::AlreadyPlaced => "Saken er allerede i departementslisten.",
                    PlacementRefusal::NoSection => {
                        "Listen har ikke noe kapittel for denne sakstypen."
                    }
                };
                Problem::invalid("caseId", detail).into()
            }
            ListError::Content { field, error } => unusable_document(&error, field).into(),
            ListError::Case(error) => error.into(),
            ListError::Store(error) => store_failure(error),
        }
    }
}
