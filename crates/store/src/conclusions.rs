//! Conclusions of a case: the numbered points that department lists print with letters.
//!
//! Written by `cases-api` alone. As with comments, a conclusion is always named together with its
//! case.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{CaseId, ConclusionId, UserId};
use uuid::Uuid;

use crate::error::StoreError;
use crate::schema::case_conclusions;
use crate::sql::{Prepared, coalesce};

/// One conclusion.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = case_conclusions, check_for_backend(Pg))]
pub struct ConclusionRow {
    /// The conclusion.
    pub id: Uuid,
    /// The case it belongs to.
    pub case_id: Uuid,
    /// Its place among the others; equal places keep the order of writing.
    pub sort_order: i32,
    /// What it says.
    pub text: String,
    /// Who wrote it.
    pub created_by: Uuid,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// A conclusion to be inserted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConclusion {
    /// What it says.
    pub text: String,
    /// Its place.
    pub sort_order: i32,
}

/// What changes in a conclusion; `None` leaves a value as it is.
#[derive(Debug, Clone, Default)]
pub struct ConclusionChange {
    /// New text.
    pub text: Option<String>,
    /// New place.
    pub sort_order: Option<i32>,
}

/// Lists the conclusions of a case in their order.
pub async fn list_conclusions(
    conn: &mut AsyncPgConnection,
    case: CaseId,
) -> Result<Vec<ConclusionRow>, StoreError> {
    Ok(case_conclusions::table
        .filter(case_conclusions::case_id.eq(Uuid::from(case)))
        .order((case_conclusions::sort_order, case_conclusions::created_at, case_conclusions::id))
        .select(ConclusionRow::as_select())
        .load(conn)
        .await?)
}

/// Inserts conclusions, all in one statement, and returns them in the order given.
pub async fn insert_conclusions(
    conn: &mut AsyncPgConnection,
    case: CaseId,
    author: UserId,
    new: &[NewConclusion],
) -> Result<Vec<ConclusionRow>, StoreError> {
    // Ids of version 7 grow, so that equal places list in the order given.
    let values: Vec<_> = new
        .iter()
        .map(|conclusion| {
            (
                case_conclusions::id.eq(Uuid::now_v7()),
                case_conclusions::case_id.eq(Uuid::from(case)),
                case_conclusions::sort_order.eq(conclusion.sort_order),
                case_conclusions::text.eq(&conclusion.text),
                case_conclusions::created_by.eq(Uuid::from(author)),
            )
        })
        .collect();
    let insert = diesel::insert_into(case_conclusions::table)
        .values(values)
        .returning(ConclusionRow::as_returning());
    Ok(Prepared(insert).get_results(conn).await?)
}

/// Changes a conclusion of a case; `None` when the case has no such conclusion.
pub async fn update_conclusion(
    conn: &mut AsyncPgConnection,
    case: CaseId,
    conclusion: ConclusionId,
    change: &ConclusionChange,
) -> Result<Option<ConclusionRow>, StoreError> {
    let text = change.text.as_deref().into_sql::<Nullable<Text>>();
    let sort_order = change.sort_order.into_sql::<Nullable<Integer>>();
    Ok(diesel::update(case_conclusions::table.find(Uuid::from(conclusion)))
        .filter(case_conclusions::case_id.eq(Uuid::from(case)))
        .set((
            case_conclusions::text.eq(coalesce(text, case_conclusions::text)),
            case_conclusions::sort_order.eq(coalesce(sort_order, case_conclusions::sort_order)),
        ))
        .returning(ConclusionRow::as_returning())
        .get_result(conn)
        .await
        .optional()?)
}

/// Deletes a conclusion of a case, and tells whether it existed.
pub async fn delete_conclusion(
    conn: &mut AsyncPgConnection,
    case: CaseId,
    conclusion: ConclusionId,
) -> Result<bool, StoreError> {
    let deleted = diesel::delete(case_conclusions::table.find(Uuid::from(conclusion)))
        .filter(case_conclusions::case_id.eq(Uuid::from(case)))
        .execute(conn)
        .await?;
    Ok(deleted == 1)
}

/// Deletes every conclusion of a case.
pub async fn delete_conclusions(
    conn: &mut AsyncPgConnection,
    case: CaseId,
) -> Result<(), StoreError> {
    let of_case = case_conclusions::case_id.eq(Uuid::from(case));
    diesel::delete(case_conclusions::table.filter(of_case)).execute(conn).await?;
    Ok(())
}
