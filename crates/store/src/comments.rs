//! Margin comments and their replies, tied by name to a mark in the document.
//!
//! Written by `cases-api` alone. A comment is always named together with its case, so that nobody
//! reaches a comment of another case than the one they have opened.

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, auto_type};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_source::Alias;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{CaseId, CommentId, UserId};
use uuid::Uuid;

use crate::error::StoreError;
use crate::schema::{case_comments, users};
use crate::sql::{clock_timestamp, coalesce};

diesel::alias! {
    const AUTHORS: Alias<Authors> = users as comment_authors;
    const RESOLVERS: Alias<Resolvers> = users as comment_resolvers;
}

/// Status of a comment that nobody has resolved.
const OPEN: &str = "open";
/// Status of a comment that somebody has.
const RESOLVED: &str = "resolved";

/// One comment or reply.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = case_comments, check_for_backend(Pg))]
pub struct CommentRow {
    /// The comment.
    pub id: Uuid,
    /// The case it is about.
    pub case_id: Uuid,
    /// Name of the mark in the document; replies share it.
    pub comment_id: String,
    /// What it says.
    pub comment_text: String,
    /// The marked text, as it was then.
    pub anchor_text: Option<String>,
    /// One of contract 2.9.
    pub status: String,
    /// The comment this one replies to.
    pub parent_comment_id: Option<Uuid>,
    /// Who wrote it.
    pub author_id: Uuid,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was resolved.
    pub resolved_at: Option<DateTime<Utc>>,
}

/// A comment with the names of who wrote and who resolved it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct NamedCommentRow {
    /// The comment.
    pub comment: CommentRow,
    /// Name of the author.
    pub author_name: String,
    /// Name of who resolved it.
    pub resolved_by_name: Option<String>,
}

/// A comment to be inserted.
#[derive(Debug, Clone)]
pub struct NewComment {
    /// The case it is about.
    pub case: CaseId,
    /// Name of the mark in the document, at most 50 characters.
    pub mark: String,
    /// What it says.
    pub text: String,
    /// The marked text.
    pub anchor_text: Option<String>,
    /// The comment it replies to, which is no reply itself.
    pub parent: Option<CommentId>,
    /// Who writes it.
    pub author: UserId,
}

/// Lists the comments and replies of a case, oldest first.
pub async fn list_comments(
    conn: &mut AsyncPgConnection,
    case: CaseId,
) -> Result<Vec<NamedCommentRow>, StoreError> {
    Ok(named_comments()
        .filter(case_comments::case_id.eq(Uuid::from(case)))
        .order((case_comments::created_at, case_comments::id))
        .select(named_columns())
        .load(conn)
        .await?)
}

/// Finds a comment of a case.
pub async fn find_comment(
    conn: &mut AsyncPgConnection,
    case: CaseId,
    comment: CommentId,
) -> Result<Option<NamedCommentRow>, StoreError> {
    Ok(named_comments()
        .filter(case_comments::id.eq(Uuid::from(comment)))
        .filter(case_comments::case_id.eq(Uuid::from(case)))
        .select(named_columns())
        .first(conn)
        .await
        .optional()?)
}

/// Inserts an open comment.
///
/// # Errors
///
/// [`StoreError::NotFound`] when the comment it replies to has been deleted meanwhile.
pub async fn insert_comment(
    conn: &mut AsyncPgConnection,
    new: &NewComment,
) -> Result<CommentId, StoreError> {
    let id = Uuid::now_v7();
    diesel::insert_into(case_comments::table)
        .values((
            case_comments::id.eq(id),
            case_comments::case_id.eq(Uuid::from(new.case)),
            case_comments::comment_id.eq(&new.mark),
            case_comments::comment_text.eq(&new.text),
            case_comments::anchor_text.eq(&new.anchor_text),
            case_comments::status.eq(OPEN),
            case_comments::parent_comment_id.eq(new.parent.map(Uuid::from)),
            case_comments::author_id.eq(Uuid::from(new.author)),
        ))
        .execute(conn)
        .await
        .map_err(StoreError::from)
        .map_err(|error| {
            let is_orphan = error.violates("case_comments_parent_comment_id_fkey");
            if is_orphan { StoreError::NotFound } else { error }
        })?;
    Ok(id.into())
}

/// Resolves a comment of a case, and tells whether it exists. One that is resolved already keeps
/// who resolved it first.
pub async fn resolve_comment(
    conn: &mut AsyncPgConnection,
    case: CaseId,
    comment: CommentId,
    who: UserId,
) -> Result<bool, StoreError> {
    let first_time = coalesce(case_comments::resolved_at, clock_timestamp());
    let first_resolver = coalesce(case_comments::resolved_by, Uuid::from(who));
    let resolved = diesel::update(case_comments::table.find(Uuid::from(comment)))
        .filter(case_comments::case_id.eq(Uuid::from(case)))
        .set((
            case_comments::status.eq(RESOLVED),
            case_comments::resolved_at.eq(first_time.nullable()),
            case_comments::resolved_by.eq(first_resolver.nullable()),
        ))
        .execute(conn)
        .await?;
    Ok(resolved == 1)
}

/// Opens a comment of a case again, and tells whether it exists.
pub async fn reopen_comment(
    conn: &mut AsyncPgConnection,
    case: CaseId,
    comment: CommentId,
) -> Result<bool, StoreError> {
    let reopened = diesel::update(case_comments::table.find(Uuid::from(comment)))
        .filter(case_comments::case_id.eq(Uuid::from(case)))
        .set((
            case_comments::status.eq(OPEN),
            case_comments::resolved_at.eq(None::<DateTime<Utc>>),
            case_comments::resolved_by.eq(None::<Uuid>),
        ))
        .execute(conn)
        .await?;
    Ok(reopened == 1)
}

/// Deletes a comment of a case; its replies go with it, whoever wrote them, because the foreign key
/// cascades. Tells whether the comment existed.
pub async fn delete_comment(
    conn: &mut AsyncPgConnection,
    case: CaseId,
    comment: CommentId,
) -> Result<bool, StoreError> {
    let deleted = diesel::delete(case_comments::table.find(Uuid::from(comment)))
        .filter(case_comments::case_id.eq(Uuid::from(case)))
        .execute(conn)
        .await?;
    Ok(deleted == 1)
}

#[auto_type]
fn named_comments() -> _ {
    let authors: Alias<Authors> = AUTHORS;
    let resolvers: Alias<Resolvers> = RESOLVERS;
    case_comments::table
        .inner_join(authors.on(authors.field(users::id).eq(case_comments::author_id)))
        .left_join(
            resolvers.on(resolvers.field(users::id).nullable().eq(case_comments::resolved_by)),
        )
}

#[auto_type]
fn named_columns() -> _ {
    let authors: Alias<Authors> = AUTHORS;
    let resolvers: Alias<Resolvers> = RESOLVERS;
    let comment: AsSelect<CommentRow, Pg> = CommentRow::as_select();
    (comment, authors.field(users::full_name), resolvers.field(users::full_name).nullable())
}
