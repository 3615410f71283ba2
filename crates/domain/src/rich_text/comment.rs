//! What a comment's mark stands for: the comment itself, and what was answered to it.

use chrono::{DateTime, Utc};

/// A comment on a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Id of its mark.
    pub anchor: String,
    /// Name of its author.
    pub author: String,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// What it says.
    pub text: String,
    /// Whether it is settled.
    pub resolved: bool,
    /// Answers to it, oldest first.
    pub replies: Vec<Reply>,
}

/// An answer to a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Name of its author.
    pub author: String,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// What it says.
    pub text: String,
}
