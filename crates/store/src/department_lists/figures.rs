//! Figures of a department list: the uploaded images of its sections.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::department_list::ListFigure;
use domain::ids::{DepartmentListId, ListSectionId, UserId};
use serde_json::Value;
use uuid::Uuid;

use super::touch_list;
use crate::error::StoreError;
use crate::schema::{department_list_figures, department_list_sections};
use crate::sql::Prepared;
use crate::transaction::both;

/// A figure to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFigure {
    /// Where it is served; at most 500 characters.
    pub file_url: String,
    /// Extension without the dot; at most 10 characters.
    pub file_type: String,
    /// Text below it.
    pub caption: Option<String>,
}

/// What a figure is added to, locked.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureTarget {
    /// Whether there is such a list.
    pub list_exists: bool,
    /// Whether the list has such a section.
    pub section_exists: bool,
    /// What the section holds.
    pub content: Option<Value>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = department_list_figures, check_for_backend(Pg))]
struct FigureRow {
    id: Uuid,
    section_id: Uuid,
    file_url: String,
    file_type: String,
    caption: Option<String>,
    width_percent: i32,
    sort_order: i32,
    uploaded_by: Uuid,
    uploaded_at: DateTime<Utc>,
}

impl From<FigureRow> for ListFigure {
    fn from(row: FigureRow) -> Self {
        Self {
            id: row.id.into(),
            section_id: row.section_id.into(),
            file_url: row.file_url,
            file_type: row.file_type,
            caption: row.caption,
            width_percent: row.width_percent,
            sort_order: row.sort_order,
            uploaded_by: row.uploaded_by.into(),
            uploaded_at: row.uploaded_at,
        }
    }
}

/// The figures of a list, by section, then in their order, oldest first.
pub(super) async fn figures_of(
    mut conn: &AsyncPgConnection,
    list: DepartmentListId,
) -> Result<Vec<ListFigure>, StoreError> {
    let rows = department_list_figures::table
        .filter(department_list_figures::department_list_id.eq(Uuid::from(list)))
        .order((
            department_list_figures::section_id,
            department_list_figures::sort_order,
            department_list_figures::uploaded_at,
            department_list_figures::id,
        ))
        .select(FigureRow::as_select())
        .load(&mut conn)
        .await?;
    Ok(rows.into_iter().map(ListFigure::from).collect())
}

/// Touches the list and reads the section that a figure goes to. Part of the caller's transaction.
pub async fn open_figure_target(
    conn: &mut AsyncPgConnection,
    list: DepartmentListId,
    section: ListSectionId,
) -> Result<FigureTarget, StoreError> {
    // By itself: read together with it, the content could be what another figure is just changing.
    let list_exists = touch_list(conn, list).await?;
    let found = department_list_sections::table
        .find(Uuid::from(section))
        .filter(department_list_sections::department_list_id.eq(Uuid::from(list)))
        .select(department_list_sections::content_json)
        .first::<Option<Value>>(conn)
        .await
        .optional()?;
    Ok(FigureTarget { list_exists, section_exists: found.is_some(), content: found.flatten() })
}

/// Inserts a figure and sets what its section holds from now on. Part of the caller's transaction,
/// after [`open_figure_target`].
pub async fn insert_figure(
    conn: &mut AsyncPgConnection,
    target: (DepartmentListId, ListSectionId),
    figure: &NewFigure,
    uploaded_by: UserId,
    content: &Value,
) -> Result<ListFigure, StoreError> {
    let (list, section) = target;
    let conn: &AsyncPgConnection = conn;
    let (mut first, mut second) = (conn, conn);
    let inserted = diesel::insert_into(department_list_figures::table)
        .values((
            department_list_figures::id.eq(Uuid::now_v7()),
            department_list_figures::department_list_id.eq(Uuid::from(list)),
            department_list_figures::section_id.eq(Uuid::from(section)),
            department_list_figures::file_url.eq(&figure.file_url),
            department_list_figures::file_type.eq(&figure.file_type),
            department_list_figures::caption.eq(&figure.caption),
            department_list_figures::uploaded_by.eq(Uuid::from(uploaded_by)),
        ))
        .returning(FigureRow::as_returning())
        .get_result::<FigureRow>(&mut first);
    let write = diesel::update(department_list_sections::table.find(Uuid::from(section)))
        .set(department_list_sections::content_json.eq(content));
    let (figure, _) = both(inserted, Prepared(write).execute(&mut second)).await?;
    Ok(figure.into())
}
