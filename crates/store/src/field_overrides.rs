//! Which content keys counted as FIN fields in a round, by case type (domain 1.5).
//!
//! Written by `cases-api` alone.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::BudgetRoundId;
use uuid::Uuid;

use crate::error::StoreError;
use crate::schema::{budget_rounds, round_field_overrides};
use crate::sql::clock_timestamp;

/// The FIN fields of one case type in one round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldOverride {
    /// Key of the override.
    pub id: Uuid,
    /// The round it is for.
    pub budget_round_id: BudgetRoundId,
    /// Code of the case type.
    pub case_type_code: String,
    /// Keys of the content fields.
    pub fin_field_keys: Vec<String>,
    /// When it was last set.
    pub updated_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = round_field_overrides)]
struct FieldOverrideRow {
    id: Uuid,
    budget_round_id: Uuid,
    case_type_code: String,
    fin_field_keys: serde_json::Value,
    updated_at: DateTime<Utc>,
}

impl TryFrom<FieldOverrideRow> for FieldOverride {
    type Error = StoreError;

    fn try_from(row: FieldOverrideRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            budget_round_id: row.budget_round_id.into(),
            case_type_code: row.case_type_code,
            fin_field_keys: serde_json::from_value(row.fin_field_keys)
                .map_err(StoreError::corrupt)?,
            updated_at: row.updated_at,
        })
    }
}

/// Lists the overrides of a round by case type; `None` when there is no such round.
pub async fn list_overrides(
    conn: &mut AsyncPgConnection,
    round: BudgetRoundId,
) -> Result<Option<Vec<FieldOverride>>, StoreError> {
    // The join tells a round without overrides from no round at all, in one statement.
    let rows: Vec<Option<FieldOverrideRow>> = budget_rounds::table
        .left_join(round_field_overrides::table)
        .filter(budget_rounds::id.eq(Uuid::from(round)))
        .order(round_field_overrides::case_type_code)
        .select(Option::<FieldOverrideRow>::as_select())
        .load(conn)
        .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    rows.into_iter().flatten().map(FieldOverride::try_from).collect::<Result<_, _>>().map(Some)
}

/// Sets the FIN fields of a case type in a round. The caller's transaction holds the round.
pub async fn upsert_override(
    conn: &mut AsyncPgConnection,
    round: BudgetRoundId,
    case_type_code: &str,
    fin_field_keys: &[String],
) -> Result<FieldOverride, StoreError> {
    diesel::insert_into(round_field_overrides::table)
        .values((
            round_field_overrides::id.eq(Uuid::now_v7()),
            round_field_overrides::budget_round_id.eq(Uuid::from(round)),
            round_field_overrides::case_type_code.eq(case_type_code),
            round_field_overrides::fin_field_keys.eq(serde_json::Value::from(fin_field_keys)),
        ))
        .on_conflict((
            round_field_overrides::budget_round_id,
            round_field_overrides::case_type_code,
        ))
        .do_update()
        .set((
            round_field_overrides::fin_field_keys
                .eq(excluded(round_field_overrides::fin_field_keys)),
            round_field_overrides::updated_at.eq(clock_timestamp()),
        ))
        .returning(FieldOverrideRow::as_returning())
        .get_result(conn)
        .await?
        .try_into()
}
