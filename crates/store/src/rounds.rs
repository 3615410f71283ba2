//! Budget rounds: the yearly conferences that cases belong to.
//!
//! `cases-api` writes them (it closes a round when its last case is finished, domain 4.4); that
//! update lives with the cases, because it is part of a case's transaction.

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::BudgetRoundId;
use uuid::Uuid;

use crate::error::StoreError;
use crate::schema::{budget_rounds, cases};

/// A budget round with the number of cases in it (domain 1.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetRound {
    /// Key of the round.
    pub id: BudgetRoundId,
    /// Short name, for example `AUG2026`.
    pub name: String,
    /// Kind of conference (domain 2.5). Free text: unknown kinds are shown verbatim.
    pub kind: String,
    /// Budget year.
    pub year: i32,
    /// `open` or `closed` (domain 2.6).
    pub status: String,
    /// Informational deadline; nothing enforces it.
    pub deadline: Option<DateTime<Utc>>,
    /// When the round was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// All cases of the round, whoever may see them.
    pub case_count: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = budget_rounds)]
struct BudgetRoundRow {
    id: Uuid,
    name: String,
    #[diesel(column_name = type_)]
    kind: String,
    year: i32,
    status: String,
    deadline: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
}

impl From<(BudgetRoundRow, Option<i64>)> for BudgetRound {
    fn from((row, case_count): (BudgetRoundRow, Option<i64>)) -> Self {
        Self {
            id: BudgetRoundId::from(row.id),
            name: row.name,
            kind: row.kind,
            year: row.year,
            status: row.status,
            deadline: row.deadline,
            closed_at: row.closed_at,
            case_count: case_count.unwrap_or_default(),
        }
    }
}

/// The rounds joined with their case counts; a macro because the type of a diesel query with a
/// correlated subquery takes longer to write than the query.
macro_rules! with_case_count {
    ($rounds:expr) => {
        $rounds.select((
            BudgetRoundRow::as_select(),
            cases::table
                .filter(cases::budget_round_id.eq(budget_rounds::id))
                .select(count_star())
                .single_value(),
        ))
    };
}

/// Lists every round, newest year first, then by name (E05).
pub async fn list_rounds(conn: &mut AsyncPgConnection) -> Result<Vec<BudgetRound>, StoreError> {
    let rows: Vec<(BudgetRoundRow, Option<i64>)> = with_case_count!(
        budget_rounds::table.order((budget_rounds::year.desc(), budget_rounds::name))
    )
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(BudgetRound::from).collect())
}

/// Finds one round.
pub async fn find_round(
    conn: &mut AsyncPgConnection,
    id: BudgetRoundId,
) -> Result<Option<BudgetRound>, StoreError> {
    let row: Option<(BudgetRoundRow, Option<i64>)> =
        with_case_count!(budget_rounds::table.find(id.as_uuid())).first(conn).await.optional()?;
    Ok(row.map(BudgetRound::from))
}

/// Finds the status of a round and keeps it as it is until the transaction ends, so that nobody
/// closes the round meanwhile.
pub async fn hold_round_status(
    conn: &mut AsyncPgConnection,
    id: BudgetRoundId,
) -> Result<Option<String>, StoreError> {
    Ok(budget_rounds::table
        .find(id.as_uuid())
        .select(budget_rounds::status)
        .for_share()
        .first(conn)
        .await
        .optional()?)
}

/// Finds the status of a round and keeps it as it is until the transaction ends.
pub async fn find_round_status(
    conn: &mut AsyncPgConnection,
    round: BudgetRoundId,
) -> Result<Option<String>, StoreError> {
    Ok(budget_rounds::table
        .filter(budget_rounds::id.eq(Uuid::from(round)))
        .select(budget_rounds::status)
        .for_share()
        .first(conn)
        .await
        .optional()?)
}
