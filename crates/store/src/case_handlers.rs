//! The two handlers of a case: one in the ministry, one in the Ministry of Finance (E29, E30).
//!
//! Written by `cases-api` alone, while it holds the case's lock
//! ([`crate::case_status::lock_case`]): who may hand a case over depends on who has it.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::UserId;
use domain::role::Side;
use uuid::Uuid;

use crate::error::StoreError;
use crate::events::{NewEvent, logged};
use crate::schema::cases;
use crate::sql::clock_timestamp;

#[derive(Default, AsChangeset)]
#[diesel(table_name = cases)]
struct HandlerChangeset {
    assigned_to: Option<Uuid>,
    fin_assigned_to: Option<Uuid>,
}

/// Gives a locked case another handler on one side, and records it.
pub async fn update_handler(
    conn: &mut AsyncPgConnection,
    side: Side,
    handler: UserId,
    event: &NewEvent<'_>,
) -> Result<(), StoreError> {
    let handler = Some(Uuid::from(handler));
    let change = match side {
        Side::Fag => HandlerChangeset { assigned_to: handler, ..HandlerChangeset::default() },
        Side::Fin => HandlerChangeset { fin_assigned_to: handler, ..HandlerChangeset::default() },
    };
    let update = diesel::update(cases::table.filter(cases::id.eq(Uuid::from(event.case))))
        .set((change, cases::updated_at.eq(clock_timestamp())))
        .returning(cases::id);
    logged(update, event).get_result::<Uuid>(conn).await?;
    Ok(())
}
