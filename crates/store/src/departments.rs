//! Departments: read by every service, changed only by the seed.
//!
//! The wire lets a client name a department by id or by code (D-04), so finding one by code is a
//! query of its own; the alias table behind it is [`domain::department`].

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::department::canonical_code;
use domain::ids::DepartmentId;
use uuid::Uuid;

use crate::error::StoreError;
use crate::schema::departments;

/// A ministry, or the Ministry of Finance's own spending side (domain 1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// Key of the department.
    pub id: DepartmentId,
    /// Short upper-case code, for example `KLD`. Unique.
    pub code: String,
    /// Full Norwegian name.
    pub name: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = departments)]
pub(crate) struct DepartmentRow {
    id: Uuid,
    code: String,
    name: String,
}

impl From<DepartmentRow> for Department {
    fn from(row: DepartmentRow) -> Self {
        Self { id: DepartmentId::from(row.id), code: row.code, name: row.name }
    }
}

/// Lists every department, FIN included, sorted by code (E04).
pub async fn list_departments(conn: &mut AsyncPgConnection) -> Result<Vec<Department>, StoreError> {
    let rows = departments::table
        .order(departments::code)
        .select(DepartmentRow::as_select())
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(Department::from).collect())
}

/// Finds the id of a department that a client named by id or code (D-04). An id is not looked up.
pub async fn find_department_id(
    conn: &mut AsyncPgConnection,
    id_or_code: &str,
) -> Result<Option<DepartmentId>, StoreError> {
    if let Ok(id) = id_or_code.parse() {
        return Ok(Some(id));
    }
    let found = find_department_by_code(conn, id_or_code).await?;
    Ok(found.map(|department| department.id))
}

/// Finds a department by its code or one of the aliases of D-03, in any letter case.
pub async fn find_department_by_code(
    conn: &mut AsyncPgConnection,
    code: &str,
) -> Result<Option<Department>, StoreError> {
    let row = departments::table
        .filter(departments::code.eq(canonical_code(code)))
        .select(DepartmentRow::as_select())
        .first(conn)
        .await
        .optional()?;
    Ok(row.map(Department::from))
}

/// Finds a department that a client named by id or code (D-04), for a query that travels together
/// with others.
pub(crate) async fn department_of(
    mut conn: &AsyncPgConnection,
    id_or_code: &str,
) -> Result<Option<Department>, StoreError> {
    let columns = departments::table.select(DepartmentRow::as_select());
    let row = if let Ok(id) = id_or_code.parse::<Uuid>() {
        columns.filter(departments::id.eq(id)).first(&mut conn).await
    } else {
        let code = canonical_code(id_or_code);
        columns.filter(departments::code.eq(code)).first(&mut conn).await
    };
    Ok(row.optional()?.map(Department::from))
}
