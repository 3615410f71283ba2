//! Cases as lists and access rules see them: the narrow row, its names, and the facts that decide
//! who may open it.
//!
//! Written by `cases-api` alone; the export worker reads. Nothing here touches
//! `case_contents`: a list of five hundred cases must cost five hundred narrow rows (requirement
//! 2.4). Text and documents, and with them the save, live in [`crate::contents`].

use chrono::{DateTime, Utc};
use diesel::dsl::{auto_type, exists};
use diesel::prelude::*;
use diesel::query_source::Alias;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{CaseId, UserId};
use domain::status::Status;
use domain::visibility::CaseFacts;
use uuid::Uuid;

use crate::error::StoreError;
use crate::schema::{budget_rounds, case_opinions, cases, departments, users};

diesel::alias! {
    pub(crate) const CREATORS: Alias<Creators> = users as case_creators;
    pub(crate) const HANDLERS: Alias<Handlers> = users as case_handlers;
    pub(crate) const FIN_HANDLERS: Alias<FinHandlers> = users as case_fin_handlers;
    pub(crate) const AUTHORS: Alias<Authors> = users as case_content_authors;
}

/// Status of a round that takes no new cases and whose cases are history.
pub const ROUND_CLOSED: &str = "closed";

/// One case as stored, without names and without text.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = cases, check_for_backend(diesel::pg::Pg))]
pub struct CaseRow {
    /// The case.
    pub id: Uuid,
    /// The budget round it belongs to.
    pub budget_round_id: Uuid,
    /// The ministry that owns it.
    pub department_id: Uuid,
    /// Its name, at most 500 characters.
    pub case_name: String,
    /// Budget chapter.
    pub chapter: Option<String>,
    /// Budget item.
    pub post: Option<String>,
    /// The ministry's proposal in 1 000 NOK.
    pub amount: Option<i64>,
    /// The Ministry of Finance's recommendation in 1 000 NOK.
    pub fin_amount: Option<i64>,
    /// The government's decision in 1 000 NOK.
    pub gov_amount: Option<i64>,
    /// Code of the case type.
    pub case_type: String,
    /// Wire value of [`Status`].
    pub status: String,
    /// Responsible case worker in the ministry.
    pub assigned_to: Option<Uuid>,
    /// Responsible case worker in the Ministry of Finance.
    pub fin_assigned_to: Option<Uuid>,
    /// Who created it.
    pub created_by: Uuid,
    /// The newest content version (I2).
    pub version: i32,
    /// `fag` or `fin`.
    pub origin: String,
    /// The creator's division when the case was created.
    pub responsible_division: Option<String>,
    /// `a_list`, `b_list` or unplaced.
    pub fin_list_placement: Option<String>,
    /// The ministry's own priority.
    pub priority_number: Option<i32>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl CaseRow {
    /// The status as the domain knows it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when the stored status is none of the contract's.
    pub fn status(&self) -> Result<Status, StoreError> {
        self.status.parse().map_err(StoreError::corrupt)
    }
}

/// A case with the names a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseListRow {
    /// The case.
    pub case: CaseRow,
    /// Code of the owning ministry.
    pub department_code: String,
    /// Name of the creator.
    pub created_by_name: String,
    /// Name of the responsible case worker in the ministry.
    pub assigned_to_name: Option<String>,
    /// Name of the responsible case worker in the Ministry of Finance.
    pub fin_assigned_to_name: Option<String>,
}

pub(crate) type NamedColumns = (CaseRow, String, String, Option<String>, Option<String>);

impl From<NamedColumns> for CaseListRow {
    fn from(columns: NamedColumns) -> Self {
        let (case, department_code, created_by_name, assigned_to_name, fin_assigned_to_name) =
            columns;
        Self { case, department_code, created_by_name, assigned_to_name, fin_assigned_to_name }
    }
}

/// What the access and edit rules need to know about a case and one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFactsRow {
    /// The case.
    pub case: CaseRow,
    /// Status of its round; [`ROUND_CLOSED`] opens it to more readers.
    pub round_status: String,
    /// Whether the user has, or once had, an opinion of this case to give.
    pub is_opinion_assignee: bool,
}

impl From<(CaseRow, String, bool)> for CaseFactsRow {
    fn from((case, round_status, is_opinion_assignee): (CaseRow, String, bool)) -> Self {
        Self { case, round_status, is_opinion_assignee }
    }
}

impl CaseFactsRow {
    /// The facts in the words of the visibility rules.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when the stored status is none of the contract's.
    pub fn facts(&self) -> Result<CaseFacts, StoreError> {
        Ok(CaseFacts {
            department_id: self.case.department_id.into(),
            status: self.case.status()?,
            assigned_to: self.case.assigned_to.map(UserId::from),
            fin_assigned_to: self.case.fin_assigned_to.map(UserId::from),
            is_opinion_assignee: self.is_opinion_assignee,
            round_closed: self.round_status == ROUND_CLOSED,
        })
    }
}

/// Finds what decides whether `user` may open or edit a case.
pub async fn find_case_facts(
    conn: &mut AsyncPgConnection,
    case: CaseId,
    user: UserId,
) -> Result<Option<CaseFactsRow>, StoreError> {
    case_facts_of(conn, case, user).await
}

/// As [`find_case_facts`], for a query that travels together with others.
pub(crate) async fn case_facts_of(
    mut conn: &AsyncPgConnection,
    case: CaseId,
    user: UserId,
) -> Result<Option<CaseFactsRow>, StoreError> {
    let found = cases::table
        .inner_join(budget_rounds::table)
        .filter(cases::id.eq(Uuid::from(case)))
        .select((CaseRow::as_select(), budget_rounds::status, exists(opinions_of(case, user))))
        .first::<(CaseRow, String, bool)>(&mut conn)
        .await
        .optional()?;
    Ok(found.map(CaseFactsRow::from))
}

#[auto_type]
pub(crate) fn opinions_of(case: CaseId, user: UserId) -> _ {
    let case: Uuid = case.into();
    let user: Uuid = user.into();
    case_opinions::table
        .filter(case_opinions::case_id.eq(case))
        .filter(case_opinions::assigned_to.eq(user))
}

/// Cases joined with everything a list names, one row for each case.
#[auto_type]
pub(crate) fn named_cases() -> _ {
    let creators: Alias<Creators> = CREATORS;
    let handlers: Alias<Handlers> = HANDLERS;
    let fin_handlers: Alias<FinHandlers> = FIN_HANDLERS;
    cases::table
        .inner_join(departments::table)
        .inner_join(budget_rounds::table)
        .inner_join(creators.on(creators.field(users::id).eq(cases::created_by)))
        .left_join(handlers.on(handlers.field(users::id).nullable().eq(cases::assigned_to)))
        .left_join(
            fin_handlers.on(fin_handlers.field(users::id).nullable().eq(cases::fin_assigned_to)),
        )
}
