//! What a status change reads and writes: one locked case, its FIN handler, its round.
//!
//! Written by `cases-api` alone. Every function here belongs in one transaction that begins with
//! [`lock_case`]; the lock is what makes the facts read after it still true when the change is
//! written. Nobody takes the lock of a case while holding the lock of a round, so the two never
//! wait for each other in a circle.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{BudgetRoundId, CaseId, DepartmentId, UserId};
use domain::role::Role;
use domain::status::{CLOSED, Status};
use uuid::Uuid;

use crate::cases::ROUND_CLOSED;
use crate::error::StoreError;
use crate::schema::{budget_rounds, cases, user_department_assignments, users};

diesel::define_sql_function! {
    /// The time now, not when the transaction began: waiting for a lock takes time.
    fn clock_timestamp() -> diesel::sql_types::Timestamptz;
}

/// Status of a round that takes new cases.
pub const ROUND_OPEN: &str = "open";

/// Locks a case until the transaction ends and tells whether it exists.
///
/// The facts must be read by a later statement: PostgreSQL takes a statement's snapshot before it
/// waits for the lock, so what the locking statement itself joins may be out of date.
pub async fn lock_case(conn: &mut AsyncPgConnection, case: CaseId) -> Result<bool, StoreError> {
    let locked = cases::table
        .filter(cases::id.eq(Uuid::from(case)))
        .select(cases::id)
        .for_no_key_update()
        .first::<Uuid>(conn)
        .await
        .optional()?;
    Ok(locked.is_some())
}

/// Sets status and FIN handler of a locked case.
pub async fn update_status(
    conn: &mut AsyncPgConnection,
    case: CaseId,
    status: Status,
    fin_assigned_to: Option<UserId>,
) -> Result<(), StoreError> {
    diesel::update(cases::table.filter(cases::id.eq(Uuid::from(case))))
        .set((
            cases::status.eq(status.as_str()),
            cases::fin_assigned_to.eq(fin_assigned_to.map(Uuid::from)),
            cases::updated_at.eq(clock_timestamp()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Finds who takes a case of `department` that arrives at the Ministry of Finance (contract 4.3):
/// an active case worker assigned to the department, whose primary department it is first, then
/// by e-mail address.
pub async fn find_fin_handler(
    conn: &mut AsyncPgConnection,
    department: DepartmentId,
) -> Result<Option<UserId>, StoreError> {
    let found = users::table
        .inner_join(user_department_assignments::table)
        .filter(user_department_assignments::department_id.eq(Uuid::from(department)))
        .filter(users::role.eq(Role::SaksbehandlerFin.as_str()))
        .filter(users::is_active)
        .order((user_department_assignments::is_primary.desc(), users::email.asc()))
        .select(users::id)
        .first::<Uuid>(conn)
        .await
        .optional()?;
    Ok(found.map(UserId::from))
}

/// Closes a round whose every case has ended, and tells whether it did (contract 4.4).
///
/// Two transactions that finish the last two cases of a round at the same time do not see each
/// other's case. They meet at the round's lock: the second one looks after the first has
/// committed, in a statement of its own, and therefore sees both.
pub async fn close_finished_round(
    conn: &mut AsyncPgConnection,
    round: BudgetRoundId,
) -> Result<bool, StoreError> {
    let this_round = budget_rounds::table.filter(budget_rounds::id.eq(Uuid::from(round)));
    let status: String =
        this_round.select(budget_rounds::status).for_no_key_update().first(conn).await?;
    if status != ROUND_OPEN {
        return Ok(false);
    }
    let unfinished = cases::table
        .filter(cases::budget_round_id.eq(Uuid::from(round)))
        .filter(cases::status.ne_all(CLOSED.map(Status::as_str)));
    let closed = diesel::update(this_round.filter(not(exists(unfinished))))
        .set((
            budget_rounds::status.eq(ROUND_CLOSED),
            budget_rounds::closed_at.eq(clock_timestamp().nullable()),
        ))
        .execute(conn)
        .await?;
    Ok(closed == 1)
}
