//! Opinions and approvals that colleagues are asked for. A pending one blocks the case's status.
//!
//! Written by `cases-api` alone.

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, Eq, Filter, auto_type, exists};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_source::Alias;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{CaseId, UserId};
use uuid::Uuid;

use crate::error::StoreError;
use crate::schema::{case_opinions, users};

diesel::alias! {
    pub(crate) const REQUESTERS: Alias<Requesters> = users as opinion_requesters;
    pub(crate) const ASSIGNEES: Alias<Assignees> = users as opinion_assignees;
}

/// Status of an opinion that nobody has answered, whatever its type.
pub const PENDING: &str = "pending";

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

/// Tells whether anybody still has to answer. Ask after locking the case: requests for opinions
/// take the same lock.
pub async fn has_pending_opinions(
    conn: &mut AsyncPgConnection,
    case: CaseId,
) -> Result<bool, StoreError> {
    let pending = case_opinions::table
        .filter(case_opinions::case_id.eq(Uuid::from(case)))
        .filter(case_opinions::status.eq(PENDING));
    Ok(diesel::select(exists(pending)).get_result(conn).await?)
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
