//! Comments in the margin of a case (E35 to E40).
//!
//! In addresses a comment goes by its own id, here `dbId` as in the contract, and not by the name of
//! its mark, which the body calls `commentId`.

use actix_web::{delete, get, patch, post, web};
use chrono::{DateTime, Utc};
use domain::ids::{CaseId, CommentId};
use edge::ApiError;
use edge::actor::Actor;
use edge::json::Json;
use serde::{Deserialize, Serialize};
use store::comments::NamedCommentRow;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::message::MessageView;
use crate::app::AppState;
use crate::comments::{self, CommentInput, Thread};

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_comments)
        .service(add_comment)
        .service(reply_to_comment)
        .service(resolve_comment)
        .service(reopen_comment)
        .service(delete_comment);
}

/// A comment on a marked text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AddCommentRequest {
    #[schema(min_length = 1, max_length = 100_000, pattern = r"\S")]
    comment_text: String,
    /// The marked text.
    #[schema(max_length = 100_000)]
    anchor_text: Option<String>,
    /// Name of the mark in the document.
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    comment_id: String,
}

/// A reply to a comment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReplyRequest {
    #[schema(min_length = 1, max_length = 100_000, pattern = r"\S")]
    comment_text: String,
}

/// A comment with its replies (contract 2.9).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Comment)]
struct CommentView {
    id: Uuid,
    case_id: Uuid,
    comment_text: String,
    /// The marked text as it was when the comment was written.
    #[schema(required)]
    anchor_text: Option<String>,
    /// Name of the mark in the document.
    comment_id: String,
    author_id: Uuid,
    author_name: String,
    /// `open`, `resolved` or `closed`.
    #[schema(example = "open")]
    status: String,
    #[schema(required)]
    parent_comment_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    #[schema(required)]
    resolved_at: Option<DateTime<Utc>>,
    #[schema(required)]
    resolved_by_name: Option<String>,
    /// Oldest first; a reply has none.
    #[schema(no_recursion)]
    replies: Vec<CommentView>,
}

impl From<NamedCommentRow> for CommentView {
    fn from(row: NamedCommentRow) -> Self {
        let comment = row.comment;
        Self {
            id: comment.id,
            case_id: comment.case_id,
            comment_text: comment.comment_text,
            anchor_text: comment.anchor_text,
            comment_id: comment.comment_id,
            author_id: comment.author_id,
            author_name: row.author_name,
            status: comment.status,
            parent_comment_id: comment.parent_comment_id,
            created_at: comment.created_at,
            resolved_at: comment.resolved_at,
            resolved_by_name: row.resolved_by_name,
            replies: Vec::new(),
        }
    }
}

impl From<Thread> for CommentView {
    fn from(thread: Thread) -> Self {
        Self {
            replies: thread.replies.into_iter().map(Self::from).collect(),
            ..Self::from(thread.comment)
        }
    }
}

/// The comments of a case with their replies, oldest first.
#[utoipa::path(
    tag = "comments",
    params(("id" = Uuid, Path, description = "Case")),
    responses(
        (status = 200, description = "Comments", body = [CommentView]),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/cases/{id}/comments")]
async fn list_comments(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<CaseId>,
) -> Result<web::Json<Vec<CommentView>>, ApiError> {
    let mut conn = state.db().await?;
    let threads = comments::list_comments(&mut conn, &actor, *id).await?;
    Ok(web::Json(threads.into_iter().map(CommentView::from).collect()))
}

/// Comments on a marked text.
#[utoipa::path(
    tag = "comments",
    params(("id" = Uuid, Path, description = "Case")),
    request_body = AddCommentRequest,
    responses(
        (status = 200, description = "The new comment", body = CommentView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/cases/{id}/comments")]
async fn add_comment(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<CaseId>,
    body: Json<AddCommentRequest>,
) -> Result<web::Json<CommentView>, ApiError> {
    let AddCommentRequest { comment_text, anchor_text, comment_id } = body.into_inner();
    let input = CommentInput { text: comment_text, anchor_text, mark: comment_id };
    let mut conn = state.db().await?;
    let thread = comments::add_comment(&mut conn, &actor, *id, input).await?;
    Ok(web::Json(CommentView::from(thread)))
}

/// Replies to a comment. A reply to a reply joins the thread of the first comment.
#[utoipa::path(
    tag = "comments",
    params(
        ("id" = Uuid, Path, description = "Case"),
        ("dbId" = Uuid, Path, description = "Comment"),
    ),
    request_body = ReplyRequest,
    responses(
        (status = 200, description = "The new reply", body = CommentView),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/cases/{id}/comments/{dbId}/replies")]
async fn reply_to_comment(
    state: web::Data<AppState>,
    actor: Actor,
    path: web::Path<(CaseId, CommentId)>,
    body: Json<ReplyRequest>,
) -> Result<web::Json<CommentView>, ApiError> {
    let (case, comment) = path.into_inner();
    let text = body.into_inner().comment_text;
    let mut conn = state.db().await?;
    let thread = comments::reply(&mut conn, &actor, case, comment, text).await?;
    Ok(web::Json(CommentView::from(thread)))
}

/// Marks a comment as dealt with. One that is already keeps who dealt with it.
#[utoipa::path(
    tag = "comments",
    params(
        ("id" = Uuid, Path, description = "Case"),
        ("dbId" = Uuid, Path, description = "Comment"),
    ),
    responses(
        (status = 200, description = "The comment is resolved", body = MessageView),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[patch("/api/cases/{id}/comments/{dbId}/resolve")]
async fn resolve_comment(
    state: web::Data<AppState>,
    actor: Actor,
    path: web::Path<(CaseId, CommentId)>,
) -> Result<web::Json<MessageView>, ApiError> {
    let (case, comment) = path.into_inner();
    let mut conn = state.db().await?;
    comments::resolve_comment(&mut conn, &actor, case, comment).await?;
    Ok(MessageView::json("Kommentaren er løst."))
}

/// Opens a comment again.
#[utoipa::path(
    tag = "comments",
    params(
        ("id" = Uuid, Path, description = "Case"),
        ("dbId" = Uuid, Path, description = "Comment"),
    ),
    responses(
        (status = 200, description = "The comment is open", body = MessageView),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[patch("/api/cases/{id}/comments/{dbId}/reopen")]
async fn reopen_comment(
    state: web::Data<AppState>,
    actor: Actor,
    path: web::Path<(CaseId, CommentId)>,
) -> Result<web::Json<MessageView>, ApiError> {
    let (case, comment) = path.into_inner();
    let mut conn = state.db().await?;
    comments::reopen_comment(&mut conn, &actor, case, comment).await?;
    Ok(MessageView::json("Kommentaren er åpnet igjen."))
}

/// Takes back a comment of one's own, with the replies to it.
#[utoipa::path(
    tag = "comments",
    params(
        ("id" = Uuid, Path, description = "Case"),
        ("dbId" = Uuid, Path, description = "Comment"),
    ),
    responses(
        (status = 200, description = "The comment is gone", body = MessageView),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[delete("/api/cases/{id}/comments/{dbId}")]
async fn delete_comment(
    state: web::Data<AppState>,
    actor: Actor,
    path: web::Path<(CaseId, CommentId)>,
) -> Result<web::Json<MessageView>, ApiError> {
    let (case, comment) = path.into_inner();
    let mut conn = state.db().await?;
    comments::delete_comment(&mut conn, &actor, case, comment).await?;
    Ok(MessageView::json("Kommentaren er slettet."))
}
