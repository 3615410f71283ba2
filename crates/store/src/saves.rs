//! The save of a case: the write that makes a content version on top of the one before.
//!
//! Written by `cases-api` alone. The first version comes with the case ([`crate::new_cases`]). [`insert_version`] keeps I1 and I2 by itself, without a
//! transaction block around it: it bumps the case only while the case still is what the caller has
//! read, and inserts version and event only if it has bumped the case. Rejected: `SELECT … FOR
//! UPDATE`, then insert, update and insert between `BEGIN` and `COMMIT`. It keeps the same
//! invariants with four round trips, and holds a server connection of PgBouncer, and the row, while
//! the service merges documents.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{
    BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{CaseId, UserId};
use uuid::Uuid;

use crate::contents::{ContentRow, TextColumns, VersionRow};
use crate::error::StoreError;
use crate::events::{NewEvent, logged};
use crate::json::JsonText;
use crate::schema::cases;
use crate::sql::clock_timestamp;

/// A content version to be saved on top of the one the caller has read.
#[derive(Debug, Clone)]
pub struct NewVersion<'a> {
    /// The case.
    pub case: CaseId,
    /// The version this one was made from.
    pub base_version: i32,
    /// The status that permitted the save.
    pub base_status: &'a str,
    /// Who saves.
    pub saved_by: UserId,
    /// `updated` or `document_saved`.
    pub event_type: &'a str,
    /// What the save says about the case itself.
    pub metadata: Metadata,
    /// The texts.
    pub texts: TextColumns,
    /// The document, when there is one.
    pub document: Option<JsonText>,
    /// Whether the author tracks changes.
    pub track_changes_active: bool,
}

/// What a save changes in the case itself; `None` leaves a value as it is (D-20).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// New name.
    pub case_name: Option<String>,
    /// Code of another case type.
    pub case_type: Option<String>,
    /// New budget chapter; an empty one removes it.
    pub chapter: Option<String>,
    /// New budget item; an empty one removes it.
    pub post: Option<String>,
    /// New proposal in 1 000 NOK.
    pub amount: Option<i64>,
    /// New recommendation in 1 000 NOK.
    pub fin_amount: Option<i64>,
    /// New decision in 1 000 NOK.
    pub gov_amount: Option<i64>,
}

/// Saves a version, unless the case is no longer the one it was made from: then nothing is
/// written and the answer is `None`.
pub async fn insert_version(
    conn: &mut AsyncPgConnection,
    new: NewVersion<'_>,
) -> Result<Option<VersionRow>, StoreError> {
    let content_id = Uuid::now_v7();
    let saved = SaveVersion { content_id, event_id: Uuid::now_v7(), new: &new }
        .get_result::<SavedRow>(conn)
        .await
        .optional()?;
    let Some(saved) = saved else { return Ok(None) };
    let content = ContentRow {
        id: content_id,
        version: saved.version,
        case_name: Some(saved.case_name),
        chapter: saved.chapter,
        post: saved.post,
        amount: saved.amount,
        fin_amount: saved.fin_amount,
        gov_amount: saved.gov_amount,
        status: Some(saved.status),
        texts: new.texts,
        track_changes_active: new.track_changes_active,
        created_by: new.saved_by.into(),
        created_at: saved.created_at,
    };
    Ok(Some(VersionRow { content, created_by_name: saved.author, document: new.document }))
}

/// Gives a case another type and records it, unless its status is no longer the one that permitted
/// it: then nothing is written. Tells whether it was. No version shows the type, so none is made.
pub async fn update_case_type(
    conn: &mut AsyncPgConnection,
    base_status: &str,
    case_type: &str,
    event: &NewEvent<'_>,
) -> Result<bool, StoreError> {
    let unchanged = cases::table
        .filter(cases::id.eq(Uuid::from(event.case)))
        .filter(cases::status.eq(base_status));
    let update = diesel::update(unchanged)
        .set((cases::case_type.eq(case_type), cases::updated_at.eq(clock_timestamp())))
        .returning(cases::id);
    Ok(logged(update, event).get_result::<Uuid>(conn).await.optional()?.is_some())
}

#[derive(Debug, Queryable)]
struct SavedRow {
    version: i32,
    case_name: String,
    chapter: Option<String>,
    post: Option<String>,
    amount: Option<i64>,
    fin_amount: Option<i64>,
    gov_amount: Option<i64>,
    status: String,
    created_at: DateTime<Utc>,
    author: String,
}

/// The statement behind [`insert_version`].
///
/// A query type of its own rather than `sql_query`, because diesel prepares the latter anew at
/// every call: a second round trip in the path that matters most.
struct SaveVersion<'a> {
    content_id: Uuid,
    event_id: Uuid,
    new: &'a NewVersion<'a>,
}

impl QueryId for SaveVersion<'_> {
    type QueryId = SaveVersion<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for SaveVersion<'_> {
    type SqlType = (
        Integer,
        Text,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<BigInt>,
        Nullable<BigInt>,
        Nullable<BigInt>,
        Text,
        Timestamptz,
        Text,
    );
}

impl QueryFragment<Pg> for SaveVersion<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.push_bumped(out.reborrow())?;
        self.push_saved(out.reborrow())?;
        self.push_logged(out.reborrow())?;
        out.push_sql(
            " SELECT version, case_name, chapter, post, amount, fin_amount, gov_amount, status, \
             updated_at, full_name FROM bumped JOIN users ON users.id = bumped.saved_by",
        );
        Ok(())
    }
}

impl SaveVersion<'_> {
    /// Bumps the case if nobody else has. A competitor that commits first makes PostgreSQL check
    /// this condition again on the new row, where it fails.
    fn push_bumped<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let metadata = &self.new.metadata;
        out.push_sql(
            "WITH bumped AS (UPDATE cases SET version = version + 1, \
             updated_at = clock_timestamp(), latest_content_id = ",
        );
        out.push_bind_param::<SqlUuid, _>(&self.content_id)?;
        for (column, text) in [
            ("case_name", &metadata.case_name),
            ("case_type", &metadata.case_type),
            ("chapter", &metadata.chapter),
            ("post", &metadata.post),
        ] {
            // NULLIF: an empty chapter or item is how a client removes it. Name and type are never empty.
            out.push_sql(&format!(", {column} = NULLIF(COALESCE("));
            out.push_bind_param::<Nullable<Text>, _>(text)?;
            out.push_sql(&format!(", {column}), '')"));
        }
        for (column, amount) in [
            ("amount", &metadata.amount),
            ("fin_amount", &metadata.fin_amount),
            ("gov_amount", &metadata.gov_amount),
        ] {
            out.push_sql(&format!(", {column} = COALESCE("));
            out.push_bind_param::<Nullable<BigInt>, _>(amount)?;
            out.push_sql(&format!(", {column})"));
        }
        out.push_sql(" WHERE id = ");
        out.push_bind_param::<SqlUuid, _>(self.new.case.as_uuid())?;
        out.push_sql(" AND version = ");
        out.push_bind_param::<Integer, _>(&self.new.base_version)?;
        out.push_sql(" AND status = ");
        out.push_bind_param::<Text, _>(self.new.base_status)?;
        out.push_sql(
            " RETURNING id, version, case_name, chapter, post, amount, fin_amount, gov_amount, \
             status, updated_at, ",
        );
        out.push_bind_param::<SqlUuid, _>(self.new.saved_by.as_uuid())?;
        out.push_sql(" AS saved_by)");
        Ok(())
    }

    /// The snapshot takes the case's columns from the bumped row, so the two always agree.
    fn push_saved<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            ", saved AS (INSERT INTO case_contents (case_id, version, case_name, chapter, post, \
             amount, fin_amount, gov_amount, status, created_at, created_by, id, proposal_text, \
             justification, verbal_conclusion, socioeconomic_analysis, goal_indicator, \
             benefit_plan, comment, fin_assessment, fin_verbal, fin_r_conclusion, content_json, \
             track_changes_active) SELECT id, version, case_name, chapter, post, amount, \
             fin_amount, gov_amount, status, updated_at, saved_by, ",
        );
        out.push_bind_param::<SqlUuid, _>(&self.content_id)?;
        for text in self.new.texts.in_order() {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(text)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Jsonb>, _>(&self.new.document)?;
        out.push_sql(", ");
        out.push_bind_param::<Bool, _>(&self.new.track_changes_active)?;
        out.push_sql(" FROM bumped)");
        Ok(())
    }

    fn push_logged<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            ", logged AS (INSERT INTO case_events (case_id, user_id, created_at, event_data, id, \
             event_type) SELECT id, saved_by, updated_at, jsonb_build_object('version', version), ",
        );
        out.push_bind_param::<SqlUuid, _>(&self.event_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(self.new.event_type)?;
        out.push_sql(" FROM bumped)");
        Ok(())
    }
}
