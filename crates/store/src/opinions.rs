//! Opinions and approvals that colleagues are asked for. A pending one blocks the case's status.
//!
//! Written by `cases-api` alone.

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, Eq, Filter, auto_type};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_source::Alias;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{CaseId, OpinionId, UserId};
use domain::opinion::{OpinionStatus, OpinionType};
use uuid::Uuid;

use crate::error::StoreError;
use crate::events::{NewEvent, logged};
use crate::schema::{case_opinions, users};
use crate::sql::{Prepared, clock_timestamp};

diesel::alias! {
    pub(crate) const REQUESTERS: Alias<Requesters> = users as opinion_requesters;
    pub(crate) const ASSIGNEES: Alias<Assignees> = users as opinion_assignees;
}

/// Status of an opinion that nobody has answered, whatever its type.
pub(crate) const PENDING: &str = OpinionStatus::Pending.as_str();

/// One request for an opinion or approval.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = case_opinions, check_for_backend(Pg))]
pub struct OpinionRow {
    /// The opinion.
    pub id: Uuid,
    /// The case it is about.
    pub case_id: Uuid,
    /// `uttalelse` or `godkjenning`.
    #[diesel(column_name = type_)]
    pub kind: String,
    /// Who asked; kept through forwarding.
    pub requested_by: Uuid,
    /// Who is to answer.
    pub assigned_to: Uuid,
    /// One of contract 2.8.
    pub status: String,
    /// The answer.
    pub opinion_text: Option<String>,
    /// The note of who asked.
    pub request_comment: Option<String>,
    /// The previous link of a forwarding chain.
    pub forwarded_from_id: Option<Uuid>,
    /// The first link of a forwarding chain.
    pub original_opinion_id: Option<Uuid>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was answered or forwarded.
    pub resolved_at: Option<DateTime<Utc>>,
}

impl OpinionRow {
    /// What was asked for, as the domain knows it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when the stored type is none of the contract's.
    pub fn kind(&self) -> Result<OpinionType, StoreError> {
        self.kind.parse().map_err(StoreError::corrupt)
    }

    /// The status as the domain knows it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when the stored status is none of the contract's.
    pub fn status(&self) -> Result<OpinionStatus, StoreError> {
        self.status.parse().map_err(StoreError::corrupt)
    }
}

/// An opinion with the names of both sides.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct NamedOpinionRow {
    /// The opinion.
    pub opinion: OpinionRow,
    /// Name of who asked.
    pub requested_by_name: String,
    /// Name of who is to answer.
    pub assigned_to_name: String,
}

/// Lists the opinions that `user` has yet to give, newest first (E18).
pub async fn list_pending_opinions(
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> Result<Vec<NamedOpinionRow>, StoreError> {
    Ok(named_opinions()
        .filter(case_opinions::assigned_to.eq(Uuid::from(user)))
        .filter(case_opinions::status.eq(PENDING))
        .order((case_opinions::created_at.desc(), case_opinions::id.desc()))
        .select(named_columns())
        .load(conn)
        .await?)
}

/// Lists everybody who is, or ever was, asked for an opinion on a case.
pub async fn list_assignees(
    conn: &mut AsyncPgConnection,
    case: CaseId,
) -> Result<Vec<UserId>, StoreError> {
    let asked: Vec<Uuid> = case_opinions::table
        .filter(case_opinions::case_id.eq(Uuid::from(case)))
        .select(case_opinions::assigned_to)
        .load(conn)
        .await?;
    Ok(asked.into_iter().map(UserId::from).collect())
}

/// Finds one request with names.
pub async fn find_opinion(
    conn: &mut AsyncPgConnection,
    id: OpinionId,
) -> Result<Option<NamedOpinionRow>, StoreError> {
    Ok(named_opinions()
        .filter(case_opinions::id.eq(Uuid::from(id)))
        .select(named_columns())
        .first(conn)
        .await
        .optional()?)
}

/// A request to be made.
#[derive(Debug, Clone)]
pub struct NewOpinion {
    /// Its id, which the event names.
    pub id: OpinionId,
    /// The case it is about.
    pub case: CaseId,
    /// What is asked for.
    pub kind: OpinionType,
    /// Who asks.
    pub requested_by: UserId,
    /// Who is to answer.
    pub assigned_to: UserId,
    /// The note of who asks.
    pub request_comment: Option<String>,
    /// The previous link of a forwarding chain.
    pub forwarded_from: Option<OpinionId>,
    /// The first link of a forwarding chain.
    pub original: Option<OpinionId>,
}

/// Inserts a pending request and records it.
///
/// A new request must not slip past a status change that has just looked for pending ones: hold
/// the case's lock ([`crate::case_status::lock_case`]), or replace a request that was pending in
/// the same transaction.
pub async fn insert_opinion(
    conn: &mut AsyncPgConnection,
    new: &NewOpinion,
    event: &NewEvent<'_>,
) -> Result<OpinionRow, StoreError> {
    let insert = diesel::insert_into(case_opinions::table)
        .values((
            case_opinions::id.eq(Uuid::from(new.id)),
            case_opinions::case_id.eq(Uuid::from(new.case)),
            case_opinions::type_.eq(new.kind.as_str()),
            case_opinions::requested_by.eq(Uuid::from(new.requested_by)),
            case_opinions::assigned_to.eq(Uuid::from(new.assigned_to)),
            case_opinions::status.eq(PENDING),
            case_opinions::request_comment.eq(&new.request_comment),
            case_opinions::forwarded_from_id.eq(new.forwarded_from.map(Uuid::from)),
            case_opinions::original_opinion_id.eq(new.original.map(Uuid::from)),
            case_opinions::created_at.eq(clock_timestamp()),
        ))
        .returning(OpinionRow::as_returning());
    Ok(logged(insert, event).get_result(conn).await?)
}

/// Answers a request and records the answer, unless it is no longer pending: then nothing is
/// written and the answer is `None`.
pub async fn answer_opinion(
    conn: &mut AsyncPgConnection,
    id: OpinionId,
    status: OpinionStatus,
    text: Option<&str>,
    event: &NewEvent<'_>,
) -> Result<Option<OpinionRow>, StoreError> {
    let update = diesel::update(pending_opinion(id))
        .set((
            case_opinions::status.eq(status.as_str()),
            case_opinions::opinion_text.eq(text),
            case_opinions::resolved_at.eq(clock_timestamp().nullable()),
        ))
        .returning(OpinionRow::as_returning());
    Ok(logged(update, event).get_result(conn).await.optional()?)
}

/// Marks a request as forwarded, unless it is no longer pending, and tells whether it did. Part of
/// the transaction that inserts the new one: of two at the same time, the second waits here and
/// then finds nothing to forward.
pub async fn mark_forwarded(
    conn: &mut AsyncPgConnection,
    id: OpinionId,
) -> Result<bool, StoreError> {
    let update = diesel::update(pending_opinion(id)).set((
        case_opinions::status.eq(OpinionStatus::Forwarded.as_str()),
        case_opinions::resolved_at.eq(clock_timestamp().nullable()),
    ));
    Ok(Prepared(update).execute(conn).await? == 1)
}

#[auto_type]
fn pending_opinion(id: OpinionId) -> _ {
    let (id, pending): (Uuid, &'static str) = (id.into(), PENDING);
    case_opinions::table.filter(case_opinions::id.eq(id)).filter(case_opinions::status.eq(pending))
}

/// The requests of a case that nobody has answered.
#[auto_type]
pub(crate) fn pending_opinions_of(case: CaseId) -> _ {
    let (case, pending): (Uuid, &'static str) = (case.into(), PENDING);
    case_opinions::table
        .filter(case_opinions::case_id.eq(case))
        .filter(case_opinions::status.eq(pending))
}

/// Every opinion of a case with names, oldest first; loads as [`NamedOpinionRow`].
#[auto_type]
pub(crate) fn opinions_of_case(case: CaseId) -> _ {
    let case: Uuid = case.into();
    let filtered: Filter<named_opinions, Eq<case_opinions::case_id, Uuid>> =
        named_opinions().filter(case_opinions::case_id.eq(case));
    filtered
        .order((case_opinions::created_at.asc(), case_opinions::id.asc()))
        .select(named_columns())
}

#[auto_type]
fn named_opinions() -> _ {
    let requesters: Alias<Requesters> = REQUESTERS;
    let assignees: Alias<Assignees> = ASSIGNEES;
    case_opinions::table
        .inner_join(requesters.on(requesters.field(users::id).eq(case_opinions::requested_by)))
        .inner_join(assignees.on(assignees.field(users::id).eq(case_opinions::assigned_to)))
}

#[auto_type]
fn named_columns() -> _ {
    let requesters: Alias<Requesters> = REQUESTERS;
    let assignees: Alias<Assignees> = ASSIGNEES;
    let opinion: AsSelect<OpinionRow, Pg> = OpinionRow::as_select();
    (opinion, requesters.field(users::full_name), assignees.field(users::full_name))
}
