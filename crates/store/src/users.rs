//! Users with their home department and FIN portfolio. Written by `cases-api` and the seed only.
//!
//! The password hash leaves this module in [`Credentials`] alone, so that no view of a user can
//! carry it by accident.

use std::collections::HashMap;

use diesel::dsl::auto_type;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{DepartmentId, UserId};
use domain::role::Role;
use uuid::Uuid;

use crate::departments::{Department, DepartmentRow};
use crate::error::StoreError;
use crate::schema::{departments, user_department_assignments, users};

diesel::define_sql_function! {
    /// PostgreSQL's `lower`, spelled as the unique index on e-mail addresses spells it.
    fn lower(text: Text) -> Text;
}

/// A person who can sign in (domain 1.2).
#[derive(Clone, Debug)]
pub struct User {
    /// Key of the user.
    pub id: UserId,
    /// Sign-in address.
    pub email: String,
    /// Name shown to others.
    pub full_name: String,
    /// Home department.
    pub department: Department,
    /// The role that decides what the user may do.
    pub role: Role,
    /// Division (avdeling) of the department.
    pub division: Option<String>,
    /// Section (seksjon) of the division.
    pub section: Option<String>,
    /// Position title (stillingstittel).
    pub job_title: Option<String>,
    /// Leader level (domain 2.2).
    pub leader_level: Option<String>,
    /// Deactivated users stay in the history but cannot sign in.
    pub is_active: bool,
    /// FIN portfolio, primary department first, then by code. Empty for everyone else.
    pub assignments: Vec<AssignedDepartment>,
}

/// A department in a FIN user's portfolio (domain 1.3).
#[derive(Clone, Debug)]
pub struct AssignedDepartment {
    /// The department.
    pub department: Department,
    /// Whether lists are filtered on it by default.
    pub is_primary: bool,
}

/// What proves who somebody is, and nothing else: looking for it takes one query whether they
/// exist or not, so that the time it takes says nothing.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct Credentials {
    /// The user it belongs to.
    #[diesel(column_name = id, deserialize_as = Uuid)]
    pub user_id: UserId,
    /// Whether the user may sign in at all.
    pub is_active: bool,
    /// Argon2id hash as a PHC string; `None` when the user has no password of ours.
    pub password_hash: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct UserRow {
    id: Uuid,
    email: String,
    full_name: String,
    role: String,
    division: Option<String>,
    section: Option<String>,
    job_title: Option<String>,
    leader_level: Option<String>,
    is_active: bool,
}

impl UserRow {
    fn into_user(
        self,
        department: DepartmentRow,
        assignments: Vec<AssignedDepartment>,
    ) -> Result<User, StoreError> {
        Ok(User {
            id: UserId::from(self.id),
            role: self.role.parse::<Role>().map_err(StoreError::corrupt)?,
            email: self.email,
            full_name: self.full_name,
            department: Department::from(department),
            division: self.division,
            section: self.section,
            job_title: self.job_title,
            leader_level: self.leader_level,
            is_active: self.is_active,
            assignments,
        })
    }
}

/// Finds one user, active or not.
pub async fn find_user(
    conn: &mut AsyncPgConnection,
    id: UserId,
) -> Result<Option<User>, StoreError> {
    let found = users::table
        .inner_join(departments::table)
        .filter(users::id.eq(id.as_uuid()))
        .select((UserRow::as_select(), DepartmentRow::as_select()))
        .first::<(UserRow, DepartmentRow)>(conn)
        .await
        .optional()?;
    let Some((row, department)) = found else { return Ok(None) };
    let assignments = list_assignments(conn, row.id).await?;
    row.into_user(department, assignments).map(Some)
}

/// Gets a user who exists, active or not.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn get_user(conn: &mut AsyncPgConnection, id: UserId) -> Result<User, StoreError> {
    find_user(conn, id).await?.ok_or(StoreError::NotFound)
}

/// Finds what proves that somebody is the user with `email`.
///
/// `email` is in its stored spelling, [`domain::department::canonical_email`].
pub async fn find_credentials(
    conn: &mut AsyncPgConnection,
    email: &str,
) -> Result<Option<Credentials>, StoreError> {
    let found = users::table
        .filter(lower(users::email).eq(email))
        .select(Credentials::as_select())
        .first(conn)
        .await
        .optional()?;
    Ok(found)
}

/// Somebody to whom work can be given: an active user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colleague {
    /// The user.
    pub id: UserId,
    /// Name shown to others.
    pub full_name: String,
    /// The user's role.
    pub role: Role,
    /// Home department.
    pub department_id: DepartmentId,
}

/// Finds an active user.
pub async fn find_colleague(
    conn: &mut AsyncPgConnection,
    id: UserId,
) -> Result<Option<Colleague>, StoreError> {
    let found = users::table
        .filter(users::id.eq(Uuid::from(id)))
        .filter(users::is_active)
        .select(colleague_columns())
        .first(conn)
        .await
        .optional()?;
    found.map(colleague).transpose()
}

/// Finds an active user by e-mail address, in its stored spelling
/// ([`domain::department::canonical_email`]).
pub async fn find_colleague_by_email(
    conn: &mut AsyncPgConnection,
    email: &str,
) -> Result<Option<Colleague>, StoreError> {
    let found = users::table
        .filter(lower(users::email).eq(email))
        .filter(users::is_active)
        .select(colleague_columns())
        .first(conn)
        .await
        .optional()?;
    found.map(colleague).transpose()
}

#[auto_type]
fn colleague_columns() -> _ {
    (users::id, users::full_name, users::role, users::department_id)
}

fn colleague(columns: (Uuid, String, String, Uuid)) -> Result<Colleague, StoreError> {
    let (id, full_name, role, department_id) = columns;
    Ok(Colleague {
        id: id.into(),
        full_name,
        role: role.parse().map_err(StoreError::corrupt)?,
        department_id: department_id.into(),
    })
}

/// Lists every active user of all departments, by name (E03).
pub async fn list_active_users(conn: &mut AsyncPgConnection) -> Result<Vec<User>, StoreError> {
    let rows = users::table
        .inner_join(departments::table)
        .filter(users::is_active.eq(true))
        .order((users::full_name, users::email))
        .select((UserRow::as_select(), DepartmentRow::as_select()))
        .load::<(UserRow, DepartmentRow)>(conn)
        .await?;
    let mut portfolios = portfolios_of_everyone(conn).await?;
    rows.into_iter()
        .map(|(row, department)| {
            let assignments = portfolios.remove(&row.id).unwrap_or_default();
            row.into_user(department, assignments)
        })
        .collect()
}

/// Lists the departments of a FIN user's portfolio, for filters on the user's own departments.
pub async fn list_assigned_department_ids(
    conn: &mut AsyncPgConnection,
    id: UserId,
) -> Result<Vec<DepartmentId>, StoreError> {
    let ids = user_department_assignments::table
        .filter(user_department_assignments::user_id.eq(id.as_uuid()))
        .select(user_department_assignments::department_id)
        .load::<Uuid>(conn)
        .await?;
    Ok(ids.into_iter().map(DepartmentId::from).collect())
}

type AssignmentRow = (Uuid, bool, DepartmentRow);

async fn list_assignments(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
) -> Result<Vec<AssignedDepartment>, StoreError> {
    let rows = user_department_assignments::table
        .inner_join(departments::table)
        .filter(user_department_assignments::user_id.eq(user_id))
        .order((user_department_assignments::is_primary.desc(), departments::code))
        .select((DepartmentRow::as_select(), user_department_assignments::is_primary))
        .load::<(DepartmentRow, bool)>(conn)
        .await?;
    let assigned = |(department, is_primary)| AssignedDepartment {
        department: Department::from(department),
        is_primary,
    };
    Ok(rows.into_iter().map(assigned).collect())
}

async fn portfolios_of_everyone(
    conn: &mut AsyncPgConnection,
) -> Result<HashMap<Uuid, Vec<AssignedDepartment>>, StoreError> {
    let rows = user_department_assignments::table
        .inner_join(departments::table)
        .order((user_department_assignments::is_primary.desc(), departments::code))
        .select((
            user_department_assignments::user_id,
            user_department_assignments::is_primary,
            DepartmentRow::as_select(),
        ))
        .load::<AssignmentRow>(conn)
        .await?;
    let mut portfolios: HashMap<Uuid, Vec<AssignedDepartment>> = HashMap::new();
    for (user_id, is_primary, department) in rows {
        let department = Department::from(department);
        portfolios.entry(user_id).or_default().push(AssignedDepartment { department, is_primary });
    }
    Ok(portfolios)
}
