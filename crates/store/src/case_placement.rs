//! Where a case stands on the Ministry of Finance's lists, and its ministry's priority (E31).
//!
//! Written by `cases-api` alone. The entry of a case in a department list repeats the placement as
//! its subgroup, so both change in one transaction (contract 7.2).

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::CaseId;
use domain::placement::ListPlacement;
use uuid::Uuid;

use crate::error::StoreError;
use crate::schema::cases;
use crate::sql::{Prepared, clock_timestamp};

/// Sets a locked case's placement and priority.
pub async fn update_placement(
    conn: &mut AsyncPgConnection,
    case: CaseId,
    list: Option<ListPlacement>,
    priority_number: Option<i32>,
) -> Result<(), StoreError> {
    let update = diesel::update(cases::table.filter(cases::id.eq(Uuid::from(case)))).set((
        cases::fin_list_placement.eq(list.map(ListPlacement::as_str)),
        cases::priority_number.eq(priority_number),
        cases::updated_at.eq(clock_timestamp()),
    ));
    Prepared(update).execute(conn).await?;
    Ok(())
}

/// Moves the entries that a case has in department lists to a subgroup, or out of every subgroup.
/// The lists with such entries have changed.
pub async fn move_list_entries(
    conn: &mut AsyncPgConnection,
    case: CaseId,
    list: Option<ListPlacement>,
) -> Result<(), StoreError> {
    MoveListEntries { case, subgroup: list.map(ListPlacement::as_str) }.execute(conn).await?;
    Ok(())
}

/// The statement behind [`move_list_entries`].
struct MoveListEntries {
    case: CaseId,
    subgroup: Option<&'static str>,
}

impl QueryId for MoveListEntries {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for MoveListEntries {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // The lists first, as everybody who writes to an entry does: the other order would let two
        // writers wait for each other.
        out.push_sql(
            "WITH touched AS (UPDATE department_lists SET updated_at = clock_timestamp() \
             WHERE id IN (SELECT department_list_id FROM department_list_case_entries \
             WHERE case_id = ",
        );
        out.push_bind_param::<SqlUuid, _>(self.case.as_uuid())?;
        out.push_sql(") RETURNING id) UPDATE department_list_case_entries SET subgroup = ");
        out.push_bind_param::<Nullable<Text>, _>(&self.subgroup)?;
        out.push_sql(" WHERE case_id = ");
        out.push_bind_param::<SqlUuid, _>(self.case.as_uuid())?;
        out.push_sql(" AND department_list_id IN (SELECT id FROM touched)");
        Ok(())
    }
}
