//! Comments in the margin of a case (E35 to E40).
//!
//! Whoever opens a case reads its comments and writes some (D-26). A thread is a comment with its
//! replies and nothing deeper: a reply to a reply joins the thread of the first comment, as a late
//! speaker joins the conversation, rather than being refused or making a level that no client shows.

use std::collections::HashMap;

use domain::dialogue::can_delete_comment;
use domain::ids::{CaseId, CommentId, UserId};
use edge::actor::Actor;
use store::StoreError;
use store::comments::{self, NamedCommentRow, NewComment};
use store::pool::PooledConnection;
use uuid::Uuid;

use crate::cases::{CaseError, FieldErrors, MAX_TEXT, open_case};

/// Longest name of a mark in the document, in characters (contract 1.11).
pub const MAX_MARK: usize = 50;

/// Why something could not be done with a comment.
#[derive(Debug, thiserror::Error)]
pub enum CommentError {
    /// The case cannot be opened, or what was sent breaks a rule.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The case has no such comment.
    #[error("the case has no such comment")]
    NotFound,
    /// Somebody else wrote it.
    #[error("the caller did not write the comment")]
    NotAuthor,
    /// The database failed.
    #[error("comment could not be loaded or saved")]
    Store(#[from] StoreError),
}

/// A comment as its author describes it.
#[derive(Debug)]
pub struct CommentInput {
    /// What it says.
    pub text: String,
    /// The marked text.
    pub anchor_text: Option<String>,
    /// Name of the mark in the document.
    pub mark: String,
}

/// A comment with the replies to it, both oldest first.
#[derive(Debug, PartialEq, Eq)]
pub struct Thread {
    /// The comment.
    pub comment: NamedCommentRow,
    /// The replies.
    pub replies: Vec<NamedCommentRow>,
}

/// Lists the comments of a case (E35).
///
/// # Errors
///
/// The errors of opening the case.
pub async fn list_comments(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
) -> Result<Vec<Thread>, CommentError> {
    open_case(conn, actor, case).await?;
    Ok(threads(comments::list_comments(conn, case).await?))
}

/// Comments on a marked text (E36).
///
/// # Errors
///
/// The errors of opening the case, and [`CaseError::Invalid`].
pub async fn add_comment(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
    input: CommentInput,
) -> Result<Thread, CommentError> {
    open_case(conn, actor, case).await?;
    let mut errors = FieldErrors::default();
    errors.required_text("commentText", &input.text);
    errors.longest("anchorText", input.anchor_text.as_deref().unwrap_or_default(), MAX_TEXT);
    if input.mark.trim().is_empty() {
        errors.push("commentId", "Kommentaren må høre til et merke i dokumentet.");
    }
    errors.longest("commentId", &input.mark, MAX_MARK);
    errors.finish()?;
    let new = NewComment {
        case,
        mark: input.mark,
        text: input.text,
        anchor_text: input.anchor_text,
        parent: None,
        author: actor.user_id,
    };
    insert(conn, &new).await
}

/// Replies to a comment, on the same mark (E37).
///
/// # Errors
///
/// The errors of opening the case, [`CommentError::NotFound`], and [`CaseError::Invalid`].
pub async fn reply(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
    to: CommentId,
    text: String,
) -> Result<Thread, CommentError> {
    open_case(conn, actor, case).await?;
    let parent = comments::find_comment(conn, case, to).await?.ok_or(CommentError::NotFound)?;
    let parent = parent.comment;
    let mut errors = FieldErrors::default();
    errors.required_text("commentText", &text);
    errors.finish()?;
    let new = NewComment {
        case,
        mark: parent.comment_id,
        text,
        anchor_text: parent.anchor_text,
        parent: Some(parent.parent_comment_id.unwrap_or(parent.id).into()),
        author: actor.user_id,
    };
    insert(conn, &new).await
}

/// Marks a comment as dealt with (E38).
///
/// # Errors
///
/// The errors of opening the case, and [`CommentError::NotFound`].
pub async fn resolve_comment(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
    comment: CommentId,
) -> Result<(), CommentError> {
    open_case(conn, actor, case).await?;
    let exists = comments::resolve_comment(conn, case, comment, actor.user_id).await?;
    if exists { Ok(()) } else { Err(CommentError::NotFound) }
}

/// Opens a comment again (E39).
///
/// # Errors
///
/// The errors of opening the case, and [`CommentError::NotFound`].
pub async fn reopen_comment(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
    comment: CommentId,
) -> Result<(), CommentError> {
    open_case(conn, actor, case).await?;
    let exists = comments::reopen_comment(conn, case, comment).await?;
    if exists { Ok(()) } else { Err(CommentError::NotFound) }
}

/// Takes back a comment of one's own, with the replies to it (E40).
///
/// # Errors
///
/// The errors of opening the case, [`CommentError::NotFound`] and [`CommentError::NotAuthor`].
pub async fn delete_comment(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
    comment: CommentId,
) -> Result<(), CommentError> {
    open_case(conn, actor, case).await?;
    let found = comments::find_comment(conn, case, comment).await?.ok_or(CommentError::NotFound)?;
    // Nobody becomes the author of a comment later, so this still holds when it is deleted.
    if !can_delete_comment(&actor.viewer(), UserId::from(found.comment.author_id)) {
        return Err(CommentError::NotAuthor);
    }
    let existed = comments::delete_comment(conn, case, comment).await?;
    if existed { Ok(()) } else { Err(CommentError::NotFound) }
}

/// Inserts a comment and reads it back with its names. It has no replies yet.
async fn insert(conn: &mut PooledConnection<'_>, new: &NewComment) -> Result<Thread, CommentError> {
    let id = comments::insert_comment(conn, new).await.map_err(|error| match error {
        StoreError::NotFound => CommentError::NotFound,
        error => error.into(),
    })?;
    let comment = comments::find_comment(conn, new.case, id).await?;
    Ok(Thread { comment: comment.ok_or(CommentError::NotFound)?, replies: Vec::new() })
}

/// Puts replies under their comments; the order of each is kept.
fn threads(rows: Vec<NamedCommentRow>) -> Vec<Thread> {
    let mut replies: HashMap<Uuid, Vec<NamedCommentRow>> = HashMap::new();
    let mut roots = Vec::new();
    for row in rows {
        match row.comment.parent_comment_id {
            Some(root) => replies.entry(root).or_default().push(row),
            None => roots.push(row),
        }
    }
    let thread = |comment: NamedCommentRow| Thread {
        replies: replies.remove(&comment.comment.id).unwrap_or_default(),
        comment,
    };
    roots.into_iter().map(thread).collect()
}
