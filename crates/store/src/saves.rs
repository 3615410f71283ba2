//! The two writes that make content versions: a new case, and the save of an existing one.
//!
//! Written by `cases-api` alone. [`insert_version`] keeps I1 and I2 by itself, without a
//! transaction block around it: it bumps the case only while the case still is what the caller has
//! read, and inserts version and event only if it has bumped the case. Rejected: `SELECT … FOR
//! UPDATE`, then insert, update and insert between `BEGIN` and `COMMIT`. It keeps the same
//! invariants with four round trips, and holds a server connection of PgBouncer, and the row, while
//! the service merges documents.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{
    BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{BudgetRoundId, CaseId, DepartmentId, UserId};
use domain::origin::Origin;
use domain::status::Status;
use uuid::Uuid;

use crate::contents::{ContentRow, TextColumns, VersionRow};
use crate::error::StoreError;
use crate::json::JsonText;
use crate::schema::{budget_rounds, case_contents, case_type_definitions, cases};

/// Version of the content a case is created with.
const FIRST_VERSION: i32 = 1;

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
#[derive(Debug, Clone, Default)]
pub struct Metadata {
    /// New name.
    pub case_name: Option<String>,
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

/// A case to be created, with its first version.
#[derive(Debug, Clone)]
pub struct NewCase {
    /// The budget round.
    pub budget_round_id: BudgetRoundId,
    /// The ministry that owns it.
    pub department_id: DepartmentId,
    /// Who creates it and answers for it.
    pub created_by: UserId,
    /// Code of an active case type.
    pub case_type: String,
    /// Its name.
    pub case_name: String,
    /// Budget chapter.
    pub chapter: Option<String>,
    /// Budget item.
    pub post: Option<String>,
    /// The ministry's proposal in 1 000 NOK.
    pub amount: Option<i64>,
    /// Side it comes from.
    pub origin: Origin,
    /// The creator's division.
    pub responsible_division: Option<String>,
    /// The texts of version 1.
    pub texts: TextColumns,
}

/// Finds the status of a round and keeps it as it is until the transaction ends, so that no case
/// gets into a round that somebody closes meanwhile.
pub async fn find_round_status(
    conn: &mut AsyncPgConnection,
    round: BudgetRoundId,
) -> Result<Option<String>, StoreError> {
    Ok(budget_rounds::table
        .filter(budget_rounds::id.eq(Uuid::from(round)))
        .select(budget_rounds::status)
        .for_share()
        .first(conn)
        .await
        .optional()?)
}

/// Tells whether new cases may have this type (D-17).
pub async fn is_active_case_type(
    conn: &mut AsyncPgConnection,
    code: &str,
) -> Result<bool, StoreError> {
    let active = case_type_definitions::table
        .filter(case_type_definitions::code.eq(code))
        .filter(case_type_definitions::is_active);
    Ok(diesel::select(exists(active)).get_result(conn).await?)
}

/// Inserts a case with version 1. The caller's transaction; the event is the caller's as well.
pub async fn insert_case(
    conn: &mut AsyncPgConnection,
    new: &NewCase,
) -> Result<CaseId, StoreError> {
    let (case_id, content_id) = (Uuid::now_v7(), Uuid::now_v7());
    let creator = Uuid::from(new.created_by);
    diesel::insert_into(cases::table)
        .values((
            cases::id.eq(case_id),
            cases::budget_round_id.eq(Uuid::from(new.budget_round_id)),
            cases::department_id.eq(Uuid::from(new.department_id)),
            cases::case_name.eq(&new.case_name),
            cases::chapter.eq(&new.chapter),
            cases::post.eq(&new.post),
            cases::amount.eq(new.amount),
            cases::case_type.eq(&new.case_type),
            cases::status.eq(Status::Draft.as_str()),
            cases::assigned_to.eq(creator),
            cases::created_by.eq(creator),
            cases::version.eq(FIRST_VERSION),
            cases::origin.eq(new.origin.as_str()),
            cases::responsible_division.eq(&new.responsible_division),
        ))
        .execute(conn)
        .await?;
    diesel::insert_into(case_contents::table)
        .values((
            case_contents::id.eq(content_id),
            case_contents::case_id.eq(case_id),
            case_contents::version.eq(FIRST_VERSION),
            case_contents::case_name.eq(&new.case_name),
            case_contents::chapter.eq(&new.chapter),
            case_contents::post.eq(&new.post),
            case_contents::amount.eq(new.amount),
            case_contents::status.eq(Status::Draft.as_str()),
            &new.texts,
            case_contents::created_by.eq(creator),
        ))
        .execute(conn)
        .await?;
    // Case and version refer to each other, so the pointer can only be set last.
    diesel::update(cases::table.filter(cases::id.eq(case_id)))
        .set(cases::latest_content_id.eq(content_id))
        .execute(conn)
        .await?;
    Ok(case_id.into())
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
            ("chapter", &metadata.chapter),
            ("post", &metadata.post),
        ] {
            // NULLIF: an empty chapter or item is how a client removes it. The name is never empty.
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
        let texts = &self.new.texts;
        out.push_sql(
            ", saved AS (INSERT INTO case_contents (case_id, version, case_name, chapter, post, \
             amount, fin_amount, gov_amount, status, created_at, created_by, id, proposal_text, \
             justification, verbal_conclusion, socioeconomic_analysis, goal_indicator, \
             benefit_plan, comment, fin_assessment, fin_verbal, fin_r_conclusion, content_json, \
             track_changes_active) SELECT id, version, case_name, chapter, post, amount, \
             fin_amount, gov_amount, status, updated_at, saved_by, ",
        );
        out.push_bind_param::<SqlUuid, _>(&self.content_id)?;
        for text in [
            &texts.proposal_text,
            &texts.justification,
            &texts.verbal_conclusion,
            &texts.socioeconomic_analysis,
            &texts.goal_indicator,
            &texts.benefit_plan,
            &texts.comment,
            &texts.fin_assessment,
            &texts.fin_verbal,
            &texts.fin_r_conclusion,
        ] {
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
