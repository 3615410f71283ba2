//! The event log of a case: who did what when.
//!
//! Append-only (contract 13); the database refuses changes as well. Written by `cases-api` alone.
//! An event belongs to the change that it records, in one statement with it: a change of one row takes
//! it along ([`logged`]), a save and a submission write their own
//! ([`crate::saves::insert_version`], [`crate::submissions::insert_submission`]).

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Jsonb, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{CaseId, UserId};
use serde_json::Value;
use uuid::Uuid;

use crate::error::StoreError;
use crate::json::JsonText;
use crate::schema::{case_events, users};

/// One entry of the log with the name of who caused it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = case_events, check_for_backend(Pg))]
pub struct CaseEventRow {
    /// The event.
    pub id: Uuid,
    /// One of contract 2.18.
    pub event_type: String,
    /// What is known about it, by the keys of contract 2.18.
    pub event_data: Option<JsonText>,
    /// Who caused it.
    pub user_id: Uuid,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// An event that records a change.
#[derive(Debug, Clone)]
pub struct NewEvent<'a> {
    /// The case it is about.
    pub case: CaseId,
    /// Who causes it.
    pub user: UserId,
    /// One of contract 2.18.
    pub event_type: &'a str,
    /// What is known about it, by the keys of contract 2.18.
    pub data: Value,
}

/// Lists the events of a case with the names of who caused them, newest first.
pub async fn list_events(
    conn: &mut AsyncPgConnection,
    case: CaseId,
) -> Result<Vec<(CaseEventRow, String)>, StoreError> {
    Ok(case_events::table
        .inner_join(users::table)
        .filter(case_events::case_id.eq(Uuid::from(case)))
        .order((case_events::created_at.desc(), case_events::id.desc()))
        .select((CaseEventRow::as_select(), users::full_name))
        .load(conn)
        .await?)
}

/// A write of at most one row together with its event, as one statement: the row's change and its
/// record need neither a transaction nor a second round trip, and a write that finds its
/// precondition broken records nothing. Loads what the write returns.
pub(crate) fn logged<'a, W>(write: W, event: &'a NewEvent<'_>) -> Logged<'a, W> {
    Logged { write, event, id: Uuid::now_v7(), data: JsonText::from(&event.data) }
}

/// The statement behind [`logged`].
pub(crate) struct Logged<'a, W> {
    write: W,
    event: &'a NewEvent<'a>,
    id: Uuid,
    data: JsonText,
}

impl<W> QueryId for Logged<'_, W> {
    type QueryId = ();
    // Its text is the key under which it stays prepared, as with every update of diesel's own.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<W: Query> Query for Logged<'_, W> {
    type SqlType = W::SqlType;
}

impl<W: QueryFragment<Pg>> QueryFragment<Pg> for Logged<'_, W> {
    /// Diesel prepares an update anew each time, a round trip more, because what it sets could
    /// differ from call to call. The text of each of ours is always the same.
    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }

    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH written AS (");
        self.write.walk_ast(out.reborrow())?;
        out.push_sql(
            "), logged AS (INSERT INTO case_events (id, case_id, user_id, event_type, event_data) \
             SELECT ",
        );
        out.push_bind_param::<SqlUuid, _>(&self.id)?;
        out.push_sql(", ");
        out.push_bind_param::<SqlUuid, _>(self.event.case.as_uuid())?;
        out.push_sql(", ");
        out.push_bind_param::<SqlUuid, _>(self.event.user.as_uuid())?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(self.event.event_type)?;
        out.push_sql(", ");
        out.push_bind_param::<Jsonb, _>(&self.data)?;
        out.push_sql(" FROM written) SELECT * FROM written");
        Ok(())
    }
}
