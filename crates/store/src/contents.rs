//! Content versions: the texts and documents of a case, as they are read.
//!
//! Immutable snapshots, one for each save. Written by `cases-api` alone, through
//! [`crate::saves`]; the export worker reads.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::content::FlatFields;
use domain::ids::{CaseId, UserId};
use futures_util::FutureExt;
use uuid::Uuid;

use crate::cases::{
    AUTHORS, CREATORS, CaseFactsRow, CaseListRow, CaseRow, FIN_HANDLERS, HANDLERS, named_cases,
    opinions_of,
};
use crate::error::StoreError;
use crate::json::JsonText;
use crate::opinions::{NamedOpinionRow, opinions_of_case};
use crate::schema::{budget_rounds, case_contents, cases, departments, users};
use crate::transaction::both;

/// The ten text fields as columns; the domain knows them as [`FlatFields`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = case_contents, check_for_backend(Pg))]
#[expect(missing_docs, reason = "the fields are the ten of domain::content, explained there")]
pub struct TextColumns {
    pub proposal_text: Option<String>,
    pub justification: Option<String>,
    pub verbal_conclusion: Option<String>,
    pub socioeconomic_analysis: Option<String>,
    pub goal_indicator: Option<String>,
    pub benefit_plan: Option<String>,
    pub comment: Option<String>,
    pub fin_assessment: Option<String>,
    pub fin_verbal: Option<String>,
    pub fin_r_conclusion: Option<String>,
}

impl TextColumns {
    /// The ten values in the order of the fields.
    pub(crate) fn in_order(&self) -> [&Option<String>; 10] {
        [
            &self.proposal_text,
            &self.justification,
            &self.verbal_conclusion,
            &self.socioeconomic_analysis,
            &self.goal_indicator,
            &self.benefit_plan,
            &self.comment,
            &self.fin_assessment,
            &self.fin_verbal,
            &self.fin_r_conclusion,
        ]
    }
}

impl From<TextColumns> for FlatFields {
    fn from(columns: TextColumns) -> Self {
        Self {
            proposal_text: columns.proposal_text,
            justification: columns.justification,
            verbal_conclusion: columns.verbal_conclusion,
            socioeconomic_analysis: columns.socioeconomic_analysis,
            goal_indicator: columns.goal_indicator,
            benefit_plan: columns.benefit_plan,
            comment: columns.comment,
            fin_assessment: columns.fin_assessment,
            fin_verbal: columns.fin_verbal,
            fin_r_conclusion: columns.fin_r_conclusion,
        }
    }
}

impl From<FlatFields> for TextColumns {
    fn from(texts: FlatFields) -> Self {
        Self {
            proposal_text: texts.proposal_text,
            justification: texts.justification,
            verbal_conclusion: texts.verbal_conclusion,
            socioeconomic_analysis: texts.socioeconomic_analysis,
            goal_indicator: texts.goal_indicator,
            benefit_plan: texts.benefit_plan,
            comment: texts.comment,
            fin_assessment: texts.fin_assessment,
            fin_verbal: texts.fin_verbal,
            fin_r_conclusion: texts.fin_r_conclusion,
        }
    }
}

/// A content version without its document, which lists of versions do not carry (D-29).
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = case_contents, check_for_backend(Pg))]
pub struct ContentRow {
    /// The version's own id.
    pub id: Uuid,
    /// 1 and up, without gaps (I2).
    pub version: i32,
    /// Name of the case when it was saved.
    pub case_name: Option<String>,
    /// Budget chapter when it was saved.
    pub chapter: Option<String>,
    /// Budget item when it was saved.
    pub post: Option<String>,
    /// The ministry's proposal when it was saved, in 1 000 NOK.
    pub amount: Option<i64>,
    /// The Ministry of Finance's recommendation when it was saved, in 1 000 NOK.
    pub fin_amount: Option<i64>,
    /// The government's decision when it was saved, in 1 000 NOK.
    pub gov_amount: Option<i64>,
    /// Status of the case when it was saved.
    pub status: Option<String>,
    /// The ten texts.
    #[diesel(embed)]
    pub texts: TextColumns,
    /// Whether the author tracked changes.
    pub track_changes_active: bool,
    /// The author.
    pub created_by: Uuid,
    /// When it was saved.
    pub created_at: DateTime<Utc>,
}

/// A content version with its author's name and, where it was asked for, its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// The version.
    pub content: ContentRow,
    /// Name of the author.
    pub created_by_name: String,
    /// The document, if one was saved.
    pub document: Option<JsonText>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = case_contents, check_for_backend(Pg))]
struct DocumentRow {
    #[diesel(embed)]
    content: ContentRow,
    content_json: Option<JsonText>,
}

impl From<(DocumentRow, String)> for VersionRow {
    fn from((row, created_by_name): (DocumentRow, String)) -> Self {
        Self { content: row.content, created_by_name, document: row.content_json }
    }
}

/// A case as its page shows it: the row with names and its newest version, from one snapshot, so
/// that the case's version and its content's are always the same (I2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseDetailRow {
    /// The case with names.
    pub case: CaseListRow,
    /// Status of its round.
    pub round_status: String,
    /// Its newest version.
    pub newest: Option<VersionRow>,
    /// Every opinion that was asked for, oldest first.
    pub opinions: Vec<NamedOpinionRow>,
}

/// What a save starts from: the facts that permit it and the version it builds on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveBaseRow {
    /// The case and what the edit rule asks.
    pub facts: CaseFactsRow,
    /// What the newest version says.
    pub newest: Option<BaseContentRow>,
}

/// Texts and document that a save carries forward.
#[derive(Debug, Clone, Default, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = case_contents, check_for_backend(Pg))]
pub struct BaseContentRow {
    /// The ten texts.
    #[diesel(embed)]
    pub texts: TextColumns,
    /// The document, if one was saved.
    pub content_json: Option<JsonText>,
    /// Whether its author tracked changes.
    pub track_changes_active: bool,
}

/// Who saved the newest version of a case, for those who come too late.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct NewestSaveRow {
    /// The newest version.
    pub version: i32,
    /// Name of its author.
    pub saved_by_name: String,
    /// When it was saved.
    pub saved_at: DateTime<Utc>,
}

/// Finds a case with names, its newest version and its opinions.
///
/// Two statements in one round trip: joining opinions to the case would repeat the document once
/// for each of them.
pub async fn find_case_detail(
    conn: &mut AsyncPgConnection,
    case: CaseId,
) -> Result<Option<CaseDetailRow>, StoreError> {
    let conn: &AsyncPgConnection = conn;
    let (mut first, mut second) = (conn, conn);
    let found = named_cases()
        .left_join(
            case_contents::table.on(cases::latest_content_id.eq(case_contents::id.nullable())),
        )
        .left_join(
            AUTHORS
                .on(AUTHORS.field(users::id).nullable().eq(case_contents::created_by.nullable())),
        )
        .filter(cases::id.eq(Uuid::from(case)))
        .select((
            CaseRow::as_select(),
            departments::code,
            CREATORS.field(users::full_name),
            HANDLERS.field(users::full_name).nullable(),
            FIN_HANDLERS.field(users::full_name).nullable(),
            budget_rounds::status,
            Option::<DocumentRow>::as_select(),
            AUTHORS.field(users::full_name).nullable(),
        ))
        .first::<DetailColumns>(&mut first)
        .map(OptionalExtension::optional);
    let opinions = opinions_of_case(case).load::<NamedOpinionRow>(&mut second);
    let (found, opinions) = both(found, opinions).await?;
    Ok(found.map(|columns| {
        let (case, department, creator, handler, fin_handler, round_status, newest, author) =
            columns;
        CaseDetailRow {
            case: (case, department, creator, handler, fin_handler).into(),
            round_status,
            newest: newest.map(|row| VersionRow::from((row, author.unwrap_or_default()))),
            opinions,
        }
    }))
}

type DetailColumns = (
    CaseRow,
    String,
    String,
    Option<String>,
    Option<String>,
    String,
    Option<DocumentRow>,
    Option<String>,
);

/// Finds what a save by `user` starts from, in one snapshot.
pub async fn find_save_base(
    conn: &mut AsyncPgConnection,
    case: CaseId,
    user: UserId,
) -> Result<Option<SaveBaseRow>, StoreError> {
    let found = cases::table
        .inner_join(budget_rounds::table)
        .left_join(
            case_contents::table.on(cases::latest_content_id.eq(case_contents::id.nullable())),
        )
        .filter(cases::id.eq(Uuid::from(case)))
        .select((
            CaseRow::as_select(),
            budget_rounds::status,
            exists(opinions_of(case, user)),
            Option::<BaseContentRow>::as_select(),
        ))
        .first::<(CaseRow, String, bool, Option<BaseContentRow>)>(conn)
        .await
        .optional()?;
    Ok(found.map(|(case, round_status, is_opinion_assignee, newest)| SaveBaseRow {
        facts: (case, round_status, is_opinion_assignee).into(),
        newest,
    }))
}

/// Finds who saved the newest version of a case.
pub async fn find_newest_save(
    conn: &mut AsyncPgConnection,
    case: CaseId,
) -> Result<Option<NewestSaveRow>, StoreError> {
    Ok(case_contents::table
        .inner_join(users::table)
        .filter(case_contents::case_id.eq(Uuid::from(case)))
        .order(case_contents::version.desc())
        .select((case_contents::version, users::full_name, case_contents::created_at))
        .first(conn)
        .await
        .optional()?)
}

/// Lists the versions of a case without their documents, newest first (E26, D-29).
pub async fn list_versions(
    conn: &mut AsyncPgConnection,
    case: CaseId,
) -> Result<Vec<VersionRow>, StoreError> {
    let rows: Vec<(ContentRow, String)> = case_contents::table
        .inner_join(users::table)
        .filter(case_contents::case_id.eq(Uuid::from(case)))
        .order(case_contents::version.desc())
        .select((ContentRow::as_select(), users::full_name))
        .load(conn)
        .await?;
    let without_document =
        |(content, created_by_name)| VersionRow { content, created_by_name, document: None };
    Ok(rows.into_iter().map(without_document).collect())
}

/// Finds one version of a case with its document.
pub async fn find_version(
    conn: &mut AsyncPgConnection,
    case: CaseId,
    version: i32,
) -> Result<Option<VersionRow>, StoreError> {
    let found = case_contents::table
        .inner_join(users::table)
        .filter(case_contents::case_id.eq(Uuid::from(case)))
        .filter(case_contents::version.eq(version))
        .select((DocumentRow::as_select(), users::full_name))
        .first::<(DocumentRow, String)>(conn)
        .await
        .optional()?;
    Ok(found.map(VersionRow::from))
}
