//! Case types: the kinds of proposal a ministry can make, and which texts each asks for.

use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::CaseTypeId;
use serde::Deserialize;
use uuid::Uuid;

use crate::error::StoreError;
use crate::schema::case_type_definitions;

/// A case type (domain 1.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseType {
    /// Key of the case type.
    pub id: CaseTypeId,
    /// Immutable code that cases refer to, for example `satsingsforslag`.
    pub code: String,
    /// Name shown to users.
    pub name: String,
    /// What the type is for.
    pub description: String,
    /// Inactive types stay readable but cannot be given to a new case.
    pub is_active: bool,
    /// Place in lists, ascending.
    pub sort_order: i32,
    /// Texts the type asks for, in their order.
    pub fields: Vec<CaseTypeField>,
}

/// One text field of a case type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CaseTypeField {
    /// One of the ten content field keys.
    pub key: String,
    /// Heading shown above the text.
    pub label: String,
    /// Whether the client insists on a text at creation; the server does not.
    pub required: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = case_type_definitions)]
struct CaseTypeRow {
    id: Uuid,
    code: String,
    name: String,
    description: String,
    is_active: bool,
    sort_order: i32,
    fields: serde_json::Value,
}

impl TryFrom<CaseTypeRow> for CaseType {
    type Error = StoreError;

    fn try_from(row: CaseTypeRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: CaseTypeId::from(row.id),
            fields: serde_json::from_value(row.fields).map_err(StoreError::corrupt)?,
            code: row.code,
            name: row.name,
            description: row.description,
            is_active: row.is_active,
            sort_order: row.sort_order,
        })
    }
}

/// Lists case types by their sort order, then code (E09); inactive ones only when asked for.
pub async fn list_case_types(
    conn: &mut AsyncPgConnection,
    include_inactive: bool,
) -> Result<Vec<CaseType>, StoreError> {
    let rows = case_type_definitions::table
        .filter(case_type_definitions::is_active.eq(true).or(include_inactive.into_sql::<Bool>()))
        .order((case_type_definitions::sort_order, case_type_definitions::code))
        .select(CaseTypeRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(CaseType::try_from).collect()
}

/// Finds one case type, active or not.
pub async fn find_case_type(
    conn: &mut AsyncPgConnection,
    id: CaseTypeId,
) -> Result<Option<CaseType>, StoreError> {
    case_type_definitions::table
        .find(id.as_uuid())
        .select(CaseTypeRow::as_select())
        .first(conn)
        .await
        .optional()?
        .map(CaseType::try_from)
        .transpose()
}
