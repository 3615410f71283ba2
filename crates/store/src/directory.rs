//! The names that lists show: of users, and codes and names of departments.
//!
//! A list of five hundred cases names three people a row, a thousand times the same few. Joining
//! them in the list's query costs the database a third of that query; the whole directory is a
//! few thousand short rows that change with the staff, so a service keeps it for minutes
//! (architecture 4) and looks the names up itself.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join;
use uuid::Uuid;

use crate::cases::{CaseListRow, CaseRow};
use crate::departments::{Department, DepartmentRow};
use crate::error::StoreError;
use crate::schema::{departments, users};

/// Users' names and departments, as of when they were read.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    users: HashMap<Uuid, String>,
    departments: HashMap<Uuid, Department>,
}

impl Directory {
    /// Reads everybody, deactivated users included: old cases name them.
    pub async fn load(conn: &mut AsyncPgConnection) -> Result<Self, StoreError> {
        // Both in one round trip.
        let conn: &AsyncPgConnection = conn;
        let (mut first, mut second) = (conn, conn);
        let users =
            users::table.select((users::id, users::full_name)).load::<(Uuid, String)>(&mut first);
        let departments = departments::table
            .select(DepartmentRow::as_select())
            .load::<DepartmentRow>(&mut second);
        let (users, departments) = try_join(users, departments).await?;
        let by_id = |row| {
            let department = Department::from(row);
            (department.id.into(), department)
        };
        Ok(Self {
            users: users.into_iter().collect(),
            departments: departments.into_iter().map(by_id).collect(),
        })
    }

    /// The department with this key.
    #[must_use]
    pub fn department(&self, id: Uuid) -> Option<&Department> {
        self.departments.get(&id)
    }

    /// Whether everybody whom `case` names is here. If not, they joined after it was read.
    #[must_use]
    pub fn covers(&self, case: &CaseRow) -> bool {
        let named = [Some(case.created_by), case.assigned_to, case.fin_assigned_to];
        named.iter().flatten().all(|id| self.users.contains_key(id))
            && self.departments.contains_key(&case.department_id)
    }

    /// The case with names; the name of somebody who is not here is empty (E19).
    #[must_use]
    pub fn name(&self, case: CaseRow) -> CaseListRow {
        let name = |id: &Uuid| self.users.get(id).cloned().unwrap_or_default();
        let department = self.department(case.department_id);
        CaseListRow {
            department_code: department.map(|found| found.code.clone()).unwrap_or_default(),
            created_by_name: name(&case.created_by),
            assigned_to_name: case.assigned_to.as_ref().map(name),
            fin_assigned_to_name: case.fin_assigned_to.as_ref().map(name),
            case,
        }
    }
}
