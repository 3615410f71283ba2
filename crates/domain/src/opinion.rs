//! Opinions and approvals that colleagues are asked for (domain contract 2.7, 2.8 and 10).
//!
//! A side process beside the workflow: while any request is pending, the case's status stands
//! still ([`crate::status::decide`]). Who may ask is a question of [`crate::permission`]; what an
//! answer may be, and what may be passed on, is decided here.

use crate::wire::wire_enum;

wire_enum! {
    /// What a colleague is asked for.
    pub enum OpinionType {
        /// A statement.
        Uttalelse = "uttalelse", "Uttalelse";
        /// An approval, which may be passed on.
        Godkjenning = "godkjenning", "Godkjenning";
    }
}

wire_enum! {
    /// Where a request stands.
    pub enum OpinionStatus {
        /// Nobody has answered.
        Pending = "pending", "Venter på svar";
        /// A statement was given.
        Given = "given", "Avgitt";
        /// No statement will be given.
        Declined = "declined", "Avslått";
        /// Approved.
        Approved = "approved", "Godkjent";
        /// Not approved.
        Rejected = "rejected", "Avvist";
        /// Passed on to somebody else, as a request of its own.
        Forwarded = "forwarded", "Videresendt";
    }
}

wire_enum! {
    /// How an assignee answers.
    pub enum OpinionAnswer {
        /// Gives the statement.
        Given = "given", "Avgitt";
        /// Gives none.
        Declined = "declined", "Avslått";
        /// Approves.
        Approved = "approved", "Godkjent";
        /// Does not approve.
        Rejected = "rejected", "Avvist";
    }
}

/// Why a request is not answered or passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpinionRefusal {
    /// It has been answered or passed on already.
    #[error("the opinion is no longer pending")]
    NotPending,
    /// The answer belongs to the other type.
    #[error("the answer does not fit the type")]
    WrongAnswer,
    /// Only an approval can be passed on.
    #[error("only an approval can be forwarded")]
    NotForwardable,
}

impl OpinionType {
    /// Event that records the request (domain contract 2.18).
    #[must_use]
    pub const fn requested_event(self) -> &'static str {
        match self {
            Self::Uttalelse => "opinion_requested",
            Self::Godkjenning => "approval_requested",
        }
    }
}

impl OpinionAnswer {
    /// The type this answers.
    #[must_use]
    pub const fn answers(self) -> OpinionType {
        match self {
            Self::Given | Self::Declined => OpinionType::Uttalelse,
            Self::Approved | Self::Rejected => OpinionType::Godkjenning,
        }
    }

    /// The status of a request so answered.
    #[must_use]
    pub const fn status(self) -> OpinionStatus {
        match self {
            Self::Given => OpinionStatus::Given,
            Self::Declined => OpinionStatus::Declined,
            Self::Approved => OpinionStatus::Approved,
            Self::Rejected => OpinionStatus::Rejected,
        }
    }

    /// Event that records the answer (domain contract 2.18).
    #[must_use]
    pub const fn event(self) -> &'static str {
        match self {
            Self::Given => "opinion_given",
            Self::Declined => "opinion_declined",
            Self::Approved => "approval_approved",
            Self::Rejected => "approval_rejected",
        }
    }
}

/// Decides whether a request takes this answer.
///
/// # Errors
///
/// [`OpinionRefusal::WrongAnswer`], whatever the status; then [`OpinionRefusal::NotPending`].
pub fn decide_answer(
    kind: OpinionType,
    status: OpinionStatus,
    answer: OpinionAnswer,
) -> Result<(), OpinionRefusal> {
    if answer.answers() != kind {
        return Err(OpinionRefusal::WrongAnswer);
    }
    require_pending(status)
}

/// Decides whether a request may be passed on.
///
/// # Errors
///
/// [`OpinionRefusal::NotForwardable`], whatever the status; then [`OpinionRefusal::NotPending`].
pub fn decide_forward(kind: OpinionType, status: OpinionStatus) -> Result<(), OpinionRefusal> {
    if kind != OpinionType::Godkjenning {
        return Err(OpinionRefusal::NotForwardable);
    }
    require_pending(status)
}

fn require_pending(status: OpinionStatus) -> Result<(), OpinionRefusal> {
    if status == OpinionStatus::Pending { Ok(()) } else { Err(OpinionRefusal::NotPending) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_the_answers_of_the_contract_and_takes_them_once() {
        use OpinionAnswer::{Approved, Declined, Given, Rejected};
        for (kind, fitting) in [
            (OpinionType::Uttalelse, [Given, Declined]),
            (OpinionType::Godkjenning, [Approved, Rejected]),
        ] {
            for answer in OpinionAnswer::ALL {
                for status in OpinionStatus::ALL {
                    let expected = match (fitting.contains(&answer), status) {
                        (false, _) => Err(OpinionRefusal::WrongAnswer),
                        (true, OpinionStatus::Pending) => Ok(()),
                        (true, _) => Err(OpinionRefusal::NotPending),
                    };
                    assert_eq!(decide_answer(kind, status, answer), expected, "{kind} {answer}");
                }
            }
        }
    }

    #[test]
    fn only_a_pending_approval_is_passed_on() {
        for status in OpinionStatus::ALL {
            let refused = decide_forward(OpinionType::Uttalelse, status);
            assert_eq!(refused, Err(OpinionRefusal::NotForwardable));
            let is_pending = status == OpinionStatus::Pending;
            assert_eq!(decide_forward(OpinionType::Godkjenning, status).is_ok(), is_pending);
        }
    }

    #[test]
    fn an_answer_and_the_status_it_leads_to_are_one_word() {
        for answer in OpinionAnswer::ALL {
            assert_eq!(answer.as_str(), answer.status().as_str());
            assert!(answer.event().ends_with(answer.as_str()));
        }
    }
}
