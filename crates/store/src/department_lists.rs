//! Department lists: the list itself, its status, its end.
//!
//! Written by `cases-api` alone; the export worker reads. Everything that changes something inside a
//! list touches the list first ([`touch_list`]), or locks it: its `updated_at` is that of the newest
//! change, and the row's lock makes writers of one list take turns.

pub mod creation;
pub mod entries;
pub mod figures;
pub mod placing;
pub mod reading;
pub mod sections;

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, auto_type, exists};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::department_list::{ListHead, ListStatus};
use domain::ids::{BudgetRoundId, DepartmentId, DepartmentListId};
use uuid::Uuid;

pub use reading::{find_list_document, find_list_page};

use crate::error::StoreError;
use crate::schema::{budget_rounds, department_list_templates, department_lists, departments};
use crate::sql::{Prepared, clock_timestamp};

/// Which lists to list; `None` never filters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Lists of this round.
    pub budget_round_id: Option<BudgetRoundId>,
    /// Lists of this ministry.
    pub department_id: Option<DepartmentId>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = department_lists, check_for_backend(Pg))]
struct ListRow {
    id: Uuid,
    template_id: Uuid,
    budget_round_id: Uuid,
    department_id: Uuid,
    status: String,
    created_by: Uuid,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Queryable)]
struct HeadRow {
    list: ListRow,
    template_name: String,
    classification_text: Option<String>,
    budget_round_name: String,
    department_code: String,
    department_name: String,
}

impl TryFrom<HeadRow> for ListHead {
    type Error = StoreError;

    fn try_from(row: HeadRow) -> Result<Self, StoreError> {
        let list = row.list;
        Ok(Self {
            id: list.id.into(),
            template_id: list.template_id.into(),
            template_name: row.template_name,
            classification_text: row.classification_text,
            budget_round_id: list.budget_round_id.into(),
            budget_round_name: row.budget_round_name,
            department_id: list.department_id.into(),
            department_code: row.department_code,
            department_name: row.department_name,
            status: list.status.parse().map_err(StoreError::corrupt)?,
            created_by: list.created_by.into(),
            created_at: list.created_at,
            updated_at: list.updated_at,
        })
    }
}

/// Lists with everything that their heads name.
#[auto_type]
fn heads() -> _ {
    department_lists::table
        .inner_join(department_list_templates::table)
        .inner_join(budget_rounds::table)
        .inner_join(departments::table)
}

/// What is read of [`heads`]; loads as [`HeadRow`].
#[auto_type]
fn head_columns() -> _ {
    let list: AsSelect<ListRow, Pg> = ListRow::as_select();
    (
        list,
        department_list_templates::name,
        department_list_templates::classification_text,
        budget_rounds::name,
        departments::code,
        departments::name,
    )
}

/// Lists the heads that match, newest first (E77).
pub async fn list_lists(
    conn: &mut AsyncPgConnection,
    filter: ListFilter,
) -> Result<Vec<ListHead>, StoreError> {
    let mut query = heads().select(head_columns()).into_boxed();
    if let Some(round) = filter.budget_round_id {
        query = query.filter(department_lists::budget_round_id.eq(Uuid::from(round)));
    }
    if let Some(department) = filter.department_id {
        query = query.filter(department_lists::department_id.eq(Uuid::from(department)));
    }
    let newest_first = (department_lists::created_at.desc(), department_lists::id.desc());
    let rows: Vec<HeadRow> = query.order(newest_first).load(conn).await?;
    rows.into_iter().map(ListHead::try_from).collect()
}

/// Finds the head of a list.
pub async fn find_list(
    conn: &mut AsyncPgConnection,
    list: DepartmentListId,
) -> Result<Option<ListHead>, StoreError> {
    head_of(conn, list).await
}

/// Tells whether there is such a list.
pub async fn list_exists(
    conn: &mut AsyncPgConnection,
    list: DepartmentListId,
) -> Result<bool, StoreError> {
    let found = department_lists::table.find(Uuid::from(list));
    Ok(diesel::select(exists(found)).get_result(conn).await?)
}

/// Sets the status of a list; `false` when there is no such list.
pub async fn update_status(
    conn: &mut AsyncPgConnection,
    list: DepartmentListId,
    status: ListStatus,
) -> Result<bool, StoreError> {
    let updated = diesel::update(department_lists::table.find(Uuid::from(list)))
        .set((
            department_lists::status.eq(status.as_str()),
            department_lists::updated_at.eq(clock_timestamp()),
        ))
        .execute(conn)
        .await?;
    Ok(updated == 1)
}

/// Deletes a list with its sections, entries and figures; `false` when there is no such list.
pub async fn delete_list(
    conn: &mut AsyncPgConnection,
    list: DepartmentListId,
) -> Result<bool, StoreError> {
    let deleted =
        diesel::delete(department_lists::table.find(Uuid::from(list))).execute(conn).await?;
    Ok(deleted == 1)
}

/// Notes that something in a list changes now, and keeps other writers of the list waiting until the
/// transaction ends; `false` when there is no such list.
async fn touch_list(
    mut conn: &AsyncPgConnection,
    list: DepartmentListId,
) -> Result<bool, StoreError> {
    let touch = diesel::update(department_lists::table.find(Uuid::from(list)))
        .set(department_lists::updated_at.eq(clock_timestamp()));
    Ok(Prepared(touch).execute(&mut conn).await? == 1)
}

async fn head_of(
    mut conn: &AsyncPgConnection,
    list: DepartmentListId,
) -> Result<Option<ListHead>, StoreError> {
    let found: Option<HeadRow> = heads()
        .filter(department_lists::id.eq(Uuid::from(list)))
        .select(head_columns())
        .first(&mut conn)
        .await
        .optional()?;
    found.map(ListHead::try_from).transpose()
}
