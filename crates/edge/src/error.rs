//! The one error that handlers return.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use crate::problem::{Problem, ProblemType};

/// A [`Problem`] for the client and, for our own failures, the cause for the operator.
///
/// Each service converts its typed errors into this in one table, its `error.rs`.
#[derive(Debug)]
pub struct ApiError {
    problem: Problem,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Wait suggested to clients when a part of the system is unavailable.
const RETRY_AFTER: Duration = Duration::from_secs(2);

impl ApiError {
    /// Our bug: the client gets one constant sentence, the log gets the chain.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { problem: Problem::new(ProblemType::INTERNAL), source: Some(source.into()) }
    }

    /// A part that is needed cannot be reached or has no capacity left: 503 with `Retry-After`.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let problem = Problem::new(ProblemType::UNAVAILABLE).with_retry_after(RETRY_AFTER);
        Self { problem, source: Some(source.into()) }
    }

    /// A problem of `kind` with its default message.
    #[must_use]
    pub fn of(kind: ProblemType) -> Self {
        Problem::new(kind).into()
    }

    /// What the client is told.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self { problem, source: None }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.problem.kind().status, self.problem.kind().slug)
    }
}

impl StdError for ApiError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.problem.status()
    }

    fn error_response(&self) -> HttpResponse {
        // The boundary that handles the failure is the one that logs it, once, with its chain.
        if let Some(source) = &self.source {
            tracing::error!(
                error.chain = %chain(source.as_ref()),
                http.response.status_code = self.problem.kind().status,
                instance = %crate::observe::instance(),
                "request failed"
            );
        }
        self.problem.to_response()
    }
}

/// The error and its causes on one line.
#[must_use]
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    std::iter::successors(Some(error), |error| (*error).source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
