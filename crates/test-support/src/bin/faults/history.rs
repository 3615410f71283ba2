//! What was asked and what was answered, with the times a client saw: all that the checker knows of
//! a run besides the database.

use std::time::Duration;

/// When a request began and when its answer was whole, since the line began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) begin: Duration,
    pub(crate) end: Duration,
}

impl Span {
    pub(crate) fn took(self) -> Duration {
        self.end.saturating_sub(self.begin)
    }
}

/// One request, for the tally.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) at: Span,
    pub(crate) what: &'static str,
    /// `None` when no answer came.
    pub(crate) status: Option<u16>,
}

impl Request {
    /// Whether a user saw an error that is not theirs.
    pub(crate) fn is_failure(&self) -> bool {
        self.status.is_none_or(|status| status >= 500)
    }
}

/// What the client knows of a save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Saved {
    /// 2xx, as this version.
    As(i32),
    /// 4xx.
    Refused,
    /// 5xx, or no answer: it may be stored or not.
    Unknown,
}

/// A save. Its text is like no other's, and goes into two fields of the version.
#[derive(Clone, Debug)]
pub(crate) struct Save {
    pub(crate) at: Span,
    pub(crate) case: String,
    pub(crate) text: String,
    pub(crate) outcome: Saved,
}

/// A read that was answered.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) at: Span,
    pub(crate) what: &'static str,
    pub(crate) case: String,
    /// `None` when the case was not in the answer.
    pub(crate) version: Option<i32>,
}

/// What a user did with a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockStep {
    /// Got it, with this fencing token.
    Taken(i64),
    /// A heartbeat was answered 200.
    Renewed,
    /// Gave it up; whatever the answer was, they no longer count on it.
    GivenUp,
    /// A heartbeat was answered 404.
    Lost,
}

/// One step with one lock.
#[derive(Clone, Debug)]
pub(crate) struct LockUse {
    pub(crate) at: Span,
    pub(crate) resource: String,
    pub(crate) user: String,
    pub(crate) step: LockStep,
}

/// Everything of one line.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) requests: Vec<Request>,
    pub(crate) saves: Vec<Save>,
    pub(crate) reads: Vec<Read>,
    pub(crate) locks: Vec<LockUse>,
    /// Ids of exports that were answered 202.
    pub(crate) accepted: Vec<String>,
}
