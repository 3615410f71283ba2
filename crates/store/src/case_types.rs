//! Case types: the kinds of proposal a ministry can make, and which texts each asks for.
//!
//! Written by `cases-api` alone. Cases refer to a type by its code, which therefore never changes, and
//! a type that is no longer wanted is deactivated, not deleted.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::CaseTypeId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::StoreError;
use crate::schema::case_type_definitions;
use crate::sql::clock_timestamp;

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
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct CaseTypeField {
    /// One of the ten content field keys.
    pub key: String,
    /// Heading shown above the text.
    pub label: String,
    /// Whether the client insists on a text at creation; the server does not.
    pub required: bool,
}

/// Name of the unique key on the code.
pub const CODE_KEY: &str = "case_type_definitions_code_key";

/// A case type to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCaseType {
    /// Code that cases will refer to.
    pub code: String,
    /// Name shown to users.
    pub name: String,
    /// What the type is for.
    pub description: String,
    /// Place in lists.
    pub sort_order: i32,
    /// Texts the type asks for.
    pub fields: Vec<CaseTypeField>,
}

/// What a change says about a case type; `None` leaves a value as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseTypeChanges {
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// Whether new cases may have the type.
    pub is_active: Option<bool>,
    /// New place in lists.
    pub sort_order: Option<i32>,
    /// New texts, all of them.
    pub fields: Option<Vec<CaseTypeField>>,
}

#[derive(AsChangeset)]
#[diesel(table_name = case_type_definitions)]
struct CaseTypeChangeset {
    name: Option<String>,
    description: Option<String>,
    is_active: Option<bool>,
    sort_order: Option<i32>,
    fields: Option<serde_json::Value>,
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

/// Tells whether a case type has this code, active or not.
pub async fn has_case_type(conn: &mut AsyncPgConnection, code: &str) -> Result<bool, StoreError> {
    let named = case_type_definitions::table.filter(case_type_definitions::code.eq(code));
    Ok(diesel::select(exists(named)).get_result(conn).await?)
}

/// Adds a case type. [`CODE_KEY`] refuses a code that is taken.
pub async fn insert_case_type(
    conn: &mut AsyncPgConnection,
    new: &NewCaseType,
) -> Result<CaseType, StoreError> {
    diesel::insert_into(case_type_definitions::table)
        .values((
            case_type_definitions::id.eq(Uuid::now_v7()),
            case_type_definitions::code.eq(&new.code),
            case_type_definitions::name.eq(&new.name),
            case_type_definitions::description.eq(&new.description),
            case_type_definitions::sort_order.eq(new.sort_order),
            case_type_definitions::fields.eq(stored_fields(&new.fields)?),
        ))
        .returning(CaseTypeRow::as_returning())
        .get_result(conn)
        .await?
        .try_into()
}

/// Changes a case type, if it exists, and returns it.
pub async fn update_case_type(
    conn: &mut AsyncPgConnection,
    id: CaseTypeId,
    changes: CaseTypeChanges,
) -> Result<Option<CaseType>, StoreError> {
    let changeset = CaseTypeChangeset {
        name: changes.name,
        description: changes.description,
        is_active: changes.is_active,
        sort_order: changes.sort_order,
        fields: changes.fields.as_deref().map(stored_fields).transpose()?,
    };
    diesel::update(case_type_definitions::table.find(id.as_uuid()))
        .set((changeset, case_type_definitions::updated_at.eq(clock_timestamp())))
        .returning(CaseTypeRow::as_returning())
        .get_result(conn)
        .await
        .optional()?
        .map(CaseType::try_from)
        .transpose()
}

fn stored_fields(fields: &[CaseTypeField]) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(fields).map_err(StoreError::corrupt)
}
