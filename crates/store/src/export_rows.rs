//! The rows of a case-list export: what the case list shows its requester, with the newest texts.
//!
//! Read in two steps, because an export is rendered for longer than any transaction may last. First
//! the ids, in one statement: they fix which cases there are and in which order, and a case that is
//! saved meanwhile neither vanishes nor appears twice. Then the rows, a batch at a time, each batch
//! under the requester's rules once more (I6). Reads only; the tables belong to `cases-api`.

use std::collections::HashMap;

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::content::FlatFields;
use domain::export::CaseListParameters;
use domain::exported_case::ExportedCase;
use domain::ids::CaseId;
use domain::money::ThousandNok;
use domain::role::Role;
use domain::visibility::{ListScope, Viewer, list_scope};
use serde_json::Value;
use uuid::Uuid;

use crate::case_lists::{CaseQuery, list_case_ids, list_cases};
use crate::case_types::CaseTypeField;
use crate::cases::{CaseListRow, CaseRow};
use crate::contents::TextColumns;
use crate::directory::Directory;
use crate::error::StoreError;
use crate::schema::{
    budget_rounds, case_contents, case_type_definitions, cases, departments,
    user_department_assignments, users,
};

/// An opened case list: which cases it has, and all that reading them needs.
#[derive(Clone, Debug)]
pub struct CaseListSource {
    ids: Vec<CaseId>,
    query: CaseQuery,
    names: Names,
    role: Role,
    with_texts: bool,
    department_code: Option<String>,
    round_name: Option<String>,
}

/// Names that rows refer to by key; few, so they are read once.
#[derive(Clone, Debug, Default)]
struct Names {
    directory: Directory,
    rounds: HashMap<Uuid, String>,
    case_types: HashMap<String, String>,
}

impl CaseListSource {
    /// The cases in the order of the list. Rows come for those that are still visible when read.
    #[must_use]
    pub fn ids(&self) -> &[CaseId] {
        &self.ids
    }

    /// Code of the department, when the list is that of one department.
    #[must_use]
    pub fn department_code(&self) -> Option<&str> {
        self.department_code.as_deref()
    }

    /// Name of the budget round, when the list is that of one round.
    #[must_use]
    pub fn round_name(&self) -> Option<&str> {
        self.round_name.as_deref()
    }
}

/// Tells whether the user is still active with the role and department that the viewer names.
///
/// An order may wait for hours while the broker is down. Rights withdrawn meanwhile count.
pub async fn rights_still_hold(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
) -> Result<bool, StoreError> {
    let same = users::table
        .filter(users::id.eq(viewer.user_id.as_uuid()))
        .filter(users::is_active)
        .filter(users::role.eq(viewer.role.as_str()))
        .filter(users::department_id.eq(viewer.department_id.as_uuid()))
        .select(users::id);
    Ok(diesel::select(exists(same)).get_result(conn).await?)
}

/// Opens the list that these parameters mean now.
pub async fn open_case_list(
    conn: &mut AsyncPgConnection,
    parameters: &CaseListParameters,
) -> Result<CaseListSource, StoreError> {
    let viewer = &parameters.viewer;
    let portfolio = user_department_assignments::table
        .filter(user_department_assignments::user_id.eq(viewer.user_id.as_uuid()))
        .select(user_department_assignments::department_id)
        .load::<Uuid>(conn)
        .await?
        .into_iter()
        .map(Into::into)
        .collect::<Vec<_>>();
    let query = CaseQuery::for_list(viewer, &parameters.filters, &portfolio);
    let names = load_names(conn).await?;
    let round = parameters.filters.budget_round_id;
    Ok(CaseListSource {
        ids: list_case_ids(conn, &query).await?,
        department_code: one_department(conn, parameters).await?,
        round_name: round.and_then(|id| names.rounds.get(id.as_uuid()).cloned()),
        names,
        role: viewer.role,
        with_texts: parameters.fields.iter().any(|field| field.content_field().is_some()),
        query,
    })
}

/// Reads some of the list's cases, in the order of `ids`, without what the requester may not see.
pub async fn list_exported_cases(
    conn: &mut AsyncPgConnection,
    source: &CaseListSource,
    ids: &[CaseId],
) -> Result<Vec<ExportedCase>, StoreError> {
    let case_ids = Some(ids.iter().copied().map(Uuid::from).collect());
    let query = CaseQuery { case_ids, ..source.query.clone() };
    // One snapshot for both statements, so that nobody gets the texts of a status they may not see.
    let (rows, mut texts) = conn
        .build_transaction()
        .repeatable_read()
        .read_only()
        .run(async |conn| {
            let rows = list_cases(conn, &query).await?;
            let texts =
                if source.with_texts { texts_of(conn, &rows).await? } else { HashMap::new() };
            Ok::<_, StoreError>((rows, texts))
        })
        .await?;
    let mut found: HashMap<Uuid, CaseRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    ids.iter()
        .filter_map(|id| found.remove(id.as_uuid()))
        .map(|case| {
            let texts = texts.remove(&case.id).unwrap_or_default();
            let names = source.names.of(&case);
            let row = source.names.directory.name(case);
            Ok(exported(row, texts, names)?.masked_for(source.role))
        })
        .collect()
}

/// A case as it is printed, and how its type words the headings of its texts.
#[derive(Clone, Debug)]
pub struct PrintedCase {
    /// The case with its names.
    pub case: ExportedCase,
    /// Headings by key of the text.
    pub labels: Vec<CaseTypeField>,
}

/// Adds to a case that has been read and masked what printing it takes: the names of its department,
/// round and type.
pub async fn find_printed_case(
    conn: &mut AsyncPgConnection,
    row: CaseListRow,
    texts: FlatFields,
) -> Result<PrintedCase, StoreError> {
    let (department, round, case_type) = cases::table
        .inner_join(departments::table)
        .inner_join(budget_rounds::table)
        .left_join(
            case_type_definitions::table.on(case_type_definitions::code.eq(cases::case_type)),
        )
        .filter(cases::id.eq(row.case.id))
        .select((
            departments::name,
            budget_rounds::name,
            (case_type_definitions::name, case_type_definitions::fields).nullable(),
        ))
        .first::<(String, String, Option<(String, Value)>)>(conn)
        .await?;
    let (case_type, fields) = case_type.unzip();
    let labels = fields.map(serde_json::from_value).transpose().map_err(StoreError::corrupt)?;
    let names = RowNames { department: Some(department), round: Some(round), case_type };
    Ok(PrintedCase { case: exported(row, texts, names)?, labels: labels.unwrap_or_default() })
}

async fn one_department(
    conn: &mut AsyncPgConnection,
    parameters: &CaseListParameters,
) -> Result<Option<String>, StoreError> {
    let own = match list_scope(&parameters.viewer) {
        ListScope::OwnDepartment(id) => Some(id),
        ListScope::FinVisible | ListScope::Everything => None,
    };
    let Some(id) = own.or(parameters.filters.department_id) else { return Ok(None) };
    let code = departments::table.find(id.as_uuid()).select(departments::code);
    Ok(code.first(conn).await.optional()?)
}

async fn texts_of(
    conn: &mut AsyncPgConnection,
    rows: &[CaseRow],
) -> Result<HashMap<Uuid, FlatFields>, StoreError> {
    let ids: Vec<Uuid> = rows.iter().map(|case| case.id).collect();
    let texts = cases::table
        .inner_join(
            case_contents::table.on(case_contents::id.nullable().eq(cases::latest_content_id)),
        )
        .filter(cases::id.eq_any(ids))
        .select((cases::id, TextColumns::as_select()))
        .load::<(Uuid, TextColumns)>(conn)
        .await?;
    Ok(texts.into_iter().map(|(id, columns)| (id, columns.into())).collect())
}

async fn load_names(conn: &mut AsyncPgConnection) -> Result<Names, StoreError> {
    let directory = Directory::load(conn).await?;
    let rounds = budget_rounds::table
        .select((budget_rounds::id, budget_rounds::name))
        .load::<(Uuid, String)>(conn)
        .await?;
    let case_types = case_type_definitions::table
        .select((case_type_definitions::code, case_type_definitions::name))
        .load::<(String, String)>(conn)
        .await?;
    Ok(Names {
        directory,
        rounds: rounds.into_iter().collect(),
        case_types: case_types.into_iter().collect(),
    })
}

/// Names of one row, as far as there are any.
struct RowNames {
    department: Option<String>,
    round: Option<String>,
    case_type: Option<String>,
}

impl Names {
    fn of(&self, case: &CaseRow) -> RowNames {
        let department = self.directory.department(case.department_id);
        RowNames {
            department: department.map(|found| found.name.clone()),
            round: self.rounds.get(&case.budget_round_id).cloned(),
            case_type: self.case_types.get(&case.case_type).cloned(),
        }
    }
}

fn exported(
    row: CaseListRow,
    texts: FlatFields,
    names: RowNames,
) -> Result<ExportedCase, StoreError> {
    let case = row.case;
    let status = case.status()?;
    let placement = case.fin_list_placement.map(|text| text.parse()).transpose();
    Ok(ExportedCase {
        department_code: row.department_code,
        department_name: names.department.unwrap_or_default(),
        budget_round_name: names.round.unwrap_or_default(),
        amount: case.amount.map(ThousandNok::new),
        fin_amount: case.fin_amount.map(ThousandNok::new),
        gov_amount: case.gov_amount.map(ThousandNok::new),
        // A type that has been removed since is shown by its code rather than not at all.
        case_type: names.case_type.unwrap_or(case.case_type),
        status,
        assigned_to_name: row.assigned_to_name,
        fin_assigned_to_name: row.fin_assigned_to_name,
        created_by_name: row.created_by_name,
        fin_list_placement: placement.map_err(StoreError::corrupt)?,
        origin: case.origin.parse().map_err(StoreError::corrupt)?,
        case_name: case.case_name,
        chapter: case.chapter,
        post: case.post,
        responsible_division: case.responsible_division,
        priority_number: case.priority_number,
        version: case.version,
        created_at: case.created_at,
        updated_at: case.updated_at,
        texts,
    })
}
