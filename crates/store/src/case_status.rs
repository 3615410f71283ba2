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

use crate::cases::{CaseFactsRow, CaseRow, ROUND_CLOSED, opinions_of};
use crate::error::StoreError;
use crate::events::{NewEvent, logged};
use crate::opinions::pending_opinions_of;
use crate::schema::{budget_rounds, cases, user_department_assignments, users};
use crate::sql::{Prepared, clock_timestamp};

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

/// Locks several cases until the transaction ends. The rest is as for [`lock_case`].
///
/// In the order of their ids: two callers who lock some of the same cases wait for each other at
/// the first of them, and never in a circle.
pub async fn lock_cases(conn: &mut AsyncPgConnection, ids: &[CaseId]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = ids.iter().copied().map(Uuid::from).collect();
    cases::table
        .filter(cases::id.eq_any(ids))
        .order(cases::id)
        .select(cases::id)
        .for_no_key_update()
        .load::<Uuid>(conn)
        .await?;
    Ok(())
}

/// Locks a case and its round until the transaction ends, in this order, and tells whether the
/// case exists. For a step that may close the round.
pub async fn lock_case_and_round(
    conn: &mut AsyncPgConnection,
    case: CaseId,
) -> Result<bool, StoreError> {
    // PostgreSQL locks the rows of a join in the order of its tables.
    let locked = cases::table
        .inner_join(budget_rounds::table)
        .filter(cases::id.eq(Uuid::from(case)))
        .select(cases::id)
        .for_no_key_update()
        .first::<Uuid>(conn)
        .await
        .optional()?;
    Ok(locked.is_some())
}

/// What decides a step of a locked case that `user` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepFactsRow {
    /// The case and what the access rule asks.
    pub facts: CaseFactsRow,
    /// Whether anybody still has to answer a request for an opinion.
    pub has_pending_opinions: bool,
}

/// Finds what decides a step. Ask after locking the case: requests for opinions take the same
/// lock, so that none of them can be missed.
pub async fn find_step_facts(
    conn: &mut AsyncPgConnection,
    case: CaseId,
    user: UserId,
) -> Result<Option<StepFactsRow>, StoreError> {
    let found = cases::table
        .inner_join(budget_rounds::table)
        .filter(cases::id.eq(Uuid::from(case)))
        .select((
            CaseRow::as_select(),
            budget_rounds::status,
            exists(opinions_of(case, user)),
            exists(pending_opinions_of(case)),
        ))
        .first::<(CaseRow, String, bool, bool)>(conn)
        .await
        .optional()?;
    Ok(found.map(|(row, round_status, is_opinion_assignee, has_pending_opinions)| StepFactsRow {
        facts: (row, round_status, is_opinion_assignee).into(),
        has_pending_opinions,
    }))
}

/// Sets status and FIN handler of a locked case, and records the step.
pub async fn update_status(
    conn: &mut AsyncPgConnection,
    status: Status,
    fin_assigned_to: Option<UserId>,
    event: &NewEvent<'_>,
) -> Result<(), StoreError> {
    let moved = diesel::update(cases::table.filter(cases::id.eq(Uuid::from(event.case))))
        .set((
            cases::status.eq(status.as_str()),
            cases::fin_assigned_to.eq(fin_assigned_to.map(Uuid::from)),
            cases::updated_at.eq(clock_timestamp()),
        ))
        .returning(cases::id);
    logged(moved, event).get_result::<Uuid>(conn).await?;
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

/// Closes a round whose every case has ended (contract 4.4).
///
/// Two transactions that finish the last two cases of a round at the same time do not see each
/// other's case. They meet at the round's lock ([`lock_case_and_round`]): the second one gets here
/// after the first has committed, and therefore sees both.
pub async fn close_finished_round(
    conn: &mut AsyncPgConnection,
    round: BudgetRoundId,
) -> Result<(), StoreError> {
    let unfinished = cases::table
        .filter(cases::budget_round_id.eq(Uuid::from(round)))
        .filter(cases::status.ne_all(CLOSED.map(Status::as_str)));
    let finished = budget_rounds::table
        .filter(budget_rounds::id.eq(Uuid::from(round)))
        .filter(budget_rounds::status.eq(ROUND_OPEN))
        .filter(not(exists(unfinished)));
    let close = diesel::update(finished).set((
        budget_rounds::status.eq(ROUND_CLOSED),
        budget_rounds::closed_at.eq(clock_timestamp().nullable()),
    ));
    Prepared(close).execute(conn).await?;
    Ok(())
}
