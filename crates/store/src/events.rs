//! The event log of a case: who did what when.
//!
//! Append-only (contract 13); the database refuses changes as well. Written by `cases-api` alone.
//! The events of a save are written by [`crate::saves::insert_version`], in its statement.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
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

/// Appends an event. Part of the caller's transaction, with the change that it records.
pub async fn insert_event(
    conn: &mut AsyncPgConnection,
    case: CaseId,
    user: UserId,
    event_type: &str,
    event_data: &Value,
) -> Result<(), StoreError> {
    diesel::insert_into(case_events::table)
        .values((
            case_events::id.eq(Uuid::now_v7()),
            case_events::case_id.eq(Uuid::from(case)),
            case_events::event_type.eq(event_type),
            case_events::event_data.eq(JsonText::from(event_data)),
            case_events::user_id.eq(Uuid::from(user)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
