//! The birth of a case: its row, version 1 and its first event (E21).
//!
//! Written by `cases-api` alone, in one statement. Case and version refer to each other, which two
//! statements could only write with a third one that sets the pointer; within one statement the
//! foreign keys are checked at its end.

use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Integer, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{BudgetRoundId, CaseId, DepartmentId, UserId};
use domain::origin::Origin;
use domain::status::Status;
use serde_json::json;
use uuid::Uuid;

use crate::case_status::ROUND_OPEN;
use crate::contents::TextColumns;
use crate::error::StoreError;
use crate::json::JsonText;
use crate::schema::case_type_definitions;

/// Version of the content a case is created with.
const FIRST_VERSION: i32 = 1;

/// A case to be created, with its first version.
#[derive(Debug, Clone)]
pub struct NewCase {
    /// The budget round.
    pub budget_round_id: BudgetRoundId,
    /// The ministry that owns it.
    pub department_id: DepartmentId,
    /// Who creates it and answers for it.
    pub created_by: UserId,
    /// Code of an active case type.
    pub case_type: String,
    /// Its name.
    pub case_name: String,
    /// Budget chapter.
    pub chapter: Option<String>,
    /// Budget item.
    pub post: Option<String>,
    /// The ministry's proposal in 1 000 NOK.
    pub amount: Option<i64>,
    /// Side it comes from.
    pub origin: Origin,
    /// The creator's division.
    pub responsible_division: Option<String>,
    /// The texts of version 1.
    pub texts: TextColumns,
}

/// Tells whether cases may have this type (D-17).
pub async fn is_active_case_type(
    conn: &mut AsyncPgConnection,
    code: &str,
) -> Result<bool, StoreError> {
    let active = case_type_definitions::table
        .filter(case_type_definitions::code.eq(code))
        .filter(case_type_definitions::is_active);
    Ok(diesel::select(exists(active)).get_result(conn).await?)
}

/// Inserts a case with version 1 and its event, and returns its id; `None`, and nothing written,
/// when there is no such round or it is not open. Nobody closes it meanwhile.
pub async fn insert_case(
    conn: &mut AsyncPgConnection,
    new: &NewCase,
) -> Result<Option<CaseId>, StoreError> {
    let statement = InsertCase {
        case_id: Uuid::now_v7(),
        content_id: Uuid::now_v7(),
        event_id: Uuid::now_v7(),
        event_data: (&json!({ "case_name": new.case_name, "case_type": new.case_type })).into(),
        new,
    };
    Ok(statement.get_result::<Uuid>(conn).await.optional()?.map(CaseId::from))
}

/// The statement behind [`insert_case`].
struct InsertCase<'a> {
    case_id: Uuid,
    content_id: Uuid,
    event_id: Uuid,
    event_data: JsonText,
    new: &'a NewCase,
}

impl QueryId for InsertCase<'_> {
    type QueryId = InsertCase<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for InsertCase<'_> {
    type SqlType = SqlUuid;
}

impl QueryFragment<Pg> for InsertCase<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.push_case(out.reborrow())?;
        self.push_first_version(out.reborrow())?;
        self.push_event(out.reborrow())?;
        out.push_sql(" SELECT id FROM created");
        Ok(())
    }
}

impl InsertCase<'_> {
    /// Locking the round keeps it open until the case is in it.
    fn push_case<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH round AS (SELECT id FROM budget_rounds WHERE id = ");
        out.push_bind_param::<SqlUuid, _>(self.new.budget_round_id.as_uuid())?;
        out.push_sql(" AND status = ");
        out.push_bind_param::<Text, _>(ROUND_OPEN)?;
        out.push_sql(
            " FOR SHARE), created AS (INSERT INTO cases (budget_round_id, id, latest_content_id, \
             department_id, assigned_to, created_by, case_name, case_type, status, origin, \
             chapter, post, responsible_division, amount, version) SELECT id",
        );
        let new = self.new;
        let (department, creator) = (new.department_id.as_uuid(), new.created_by.as_uuid());
        for id in [&self.case_id, &self.content_id, department, creator, creator] {
            out.push_sql(", ");
            out.push_bind_param::<SqlUuid, _>(id)?;
        }
        let (status, origin) = (Status::Draft.as_str(), new.origin.as_str());
        for text in [new.case_name.as_str(), &new.case_type, status, origin] {
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(text)?;
        }
        for text in [&new.chapter, &new.post, &new.responsible_division] {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(text)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Nullable<BigInt>, _>(&new.amount)?;
        out.push_sql(", ");
        out.push_bind_param::<Integer, _>(&FIRST_VERSION)?;
        out.push_sql(
            " FROM round RETURNING id, latest_content_id, version, case_name, chapter, post, \
             amount, status, created_by, created_at)",
        );
        Ok(())
    }

    fn push_first_version<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            ", first_version AS (INSERT INTO case_contents (case_id, id, version, case_name, \
             chapter, post, amount, status, created_by, created_at, proposal_text, justification, \
             verbal_conclusion, socioeconomic_analysis, goal_indicator, benefit_plan, comment, \
             fin_assessment, fin_verbal, fin_r_conclusion) SELECT id, latest_content_id, version, \
             case_name, chapter, post, amount, status, created_by, created_at",
        );
        for text in self.new.texts.in_order() {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(text)?;
        }
        out.push_sql(" FROM created)");
        Ok(())
    }

    fn push_event<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            ", logged AS (INSERT INTO case_events (case_id, user_id, created_at, event_type, id, \
             event_data) SELECT id, created_by, created_at, 'created', ",
        );
        out.push_bind_param::<SqlUuid, _>(&self.event_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Jsonb, _>(&self.event_data)?;
        out.push_sql(" FROM created)");
        Ok(())
    }
}
