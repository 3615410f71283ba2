//! The names that lists show: of users, and codes and names of departments; and who in the
//! Ministry of Finance is responsible for which of them.
//!
//! A list of five hundred cases names three people a row, a thousand times the same few. Joining
//! them in the list's query costs the database a third of that query; the whole directory is a
//! few thousand short rows that change with the staff, so a service keeps it for minutes
//! (architecture 4) and looks the names up itself.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::department::canonical_code;
use domain::ids::{DepartmentId, UserId};
use futures_util::future::try_join3;
use uuid::Uuid;

use crate::cases::{CaseListRow, CaseRow};
use crate::departments::{Department, DepartmentRow};
use crate::error::StoreError;
use crate::schema::{departments, user_department_assignments, users};

/// Users' names and departments, as of when they were read.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    users: HashMap<Uuid, String>,
    departments: BTreeMap<Uuid, Department>,
    portfolios: HashMap<Uuid, Vec<DepartmentId>>,
}

impl Directory {
    /// Reads everybody, deactivated users included: old cases name them.
    pub async fn load(conn: &mut AsyncPgConnection) -> Result<Self, StoreError> {
        // All in one round trip.
        let conn: &AsyncPgConnection = conn;
        let (mut first, mut second, mut third) = (conn, conn, conn);
        let users =
            users::table.select((users::id, users::full_name)).load::<(Uuid, String)>(&mut first);
        let departments = departments::table
            .select(DepartmentRow::as_select())
            .load::<DepartmentRow>(&mut second);
        let assigned = user_department_assignments::table
            .select((
                user_department_assignments::user_id,
                user_department_assignments::department_id,
            ))
            .load::<(Uuid, Uuid)>(&mut third);
        let (users, departments, assigned) = try_join3(users, departments, assigned).await?;
        let by_id = |row| {
            let department = Department::from(row);
            (department.id.into(), department)
        };
        let mut portfolios: HashMap<Uuid, Vec<DepartmentId>> = HashMap::new();
        for (user, department) in assigned {
            portfolios.entry(user).or_default().push(department.into());
        }
        Ok(Self {
            users: users.into_iter().collect(),
            departments: departments.into_iter().map(by_id).collect(),
            portfolios,
        })
    }

    /// Every department, in the order of their keys.
    pub fn departments(&self) -> impl Iterator<Item = &Department> {
        self.departments.values()
    }

    /// The departments assigned to a user of the Ministry of Finance.
    #[must_use]
    pub fn portfolio(&self, user: UserId) -> &[DepartmentId] {
        self.portfolios.get(user.as_uuid()).map_or(&[], Vec::as_slice)
    }

    /// The department that a client named by id or code (D-04). An id is not looked up.
    #[must_use]
    pub fn find_department_id(&self, id_or_code: &str) -> Option<DepartmentId> {
        if let Ok(id) = id_or_code.parse() {
            return Some(id);
        }
        let code = canonical_code(id_or_code);
        self.departments().find(|department| department.code == code).map(|found| found.id)
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
