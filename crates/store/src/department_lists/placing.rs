//! What placement reads and writes: the rule itself is [`domain::placement`].
//!
//! Everything here belongs in one transaction that begins with [`lock_list`]. Whoever places cases
//! in the same list meanwhile waits, and then sees the entries.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::department_list::in_document_order;
use domain::ids::{BudgetRoundId, CaseId, DepartmentId, DepartmentListId, ListEntryId, UserId};
use domain::placement::{
    ListPlacement, NewEntry, PLACEABLE, PlacedEntry, PlacementCase, PlacementSection, Placer,
};
use domain::status::Status;
use futures_util::future::try_join3;
use uuid::Uuid;

use super::touch_list;
use crate::cases::{CaseFactsRow, CaseRow, case_facts_of};
use crate::error::StoreError;
use crate::schema::{
    cases, department_list_case_entries, department_list_sections,
    department_list_template_sections, department_lists,
};
use crate::transaction::both;

/// A locked list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockedList {
    /// The list.
    pub id: DepartmentListId,
    /// Its round.
    pub budget_round_id: BudgetRoundId,
    /// Its ministry.
    pub department_id: DepartmentId,
}

/// Locks a list until the transaction ends; `None` when there is no such list.
pub async fn lock_list(
    conn: &mut AsyncPgConnection,
    list: DepartmentListId,
) -> Result<Option<LockedList>, StoreError> {
    let found: Option<(Uuid, Uuid)> = department_lists::table
        .filter(department_lists::id.eq(Uuid::from(list)))
        .select((department_lists::budget_round_id, department_lists::department_id))
        .for_no_key_update()
        .first(conn)
        .await
        .optional()?;
    Ok(found.map(|(round, department)| LockedList {
        id: list,
        budget_round_id: round.into(),
        department_id: department.into(),
    }))
}

/// Reads a locked list and every case that may belong in it.
pub async fn find_candidates(
    conn: &mut AsyncPgConnection,
    list: &LockedList,
) -> Result<(Placer, Vec<PlacementCase>), StoreError> {
    let conn: &AsyncPgConnection = conn;
    let (sections, entries, cases) =
        try_join3(sections_of(conn, list.id), entries_of(conn, list.id), cases_of(conn, list))
            .await?;
    Ok((placer(list, sections, &entries), cases))
}

/// Reads a locked list and one case, with what decides whether `user` may open it.
pub async fn find_candidate(
    conn: &mut AsyncPgConnection,
    list: &LockedList,
    case: CaseId,
    user: UserId,
) -> Result<(Placer, Option<CaseFactsRow>), StoreError> {
    let conn: &AsyncPgConnection = conn;
    let (sections, entries, case) = try_join3(
        sections_of(conn, list.id),
        entries_of(conn, list.id),
        case_facts_of(conn, case, user),
    )
    .await?;
    Ok((placer(list, sections, &entries), case))
}

/// Inserts entries into a locked list, and touches it.
pub async fn insert_entries(
    conn: &mut AsyncPgConnection,
    list: &LockedList,
    entries: &[(ListEntryId, NewEntry)],
) -> Result<(), StoreError> {
    let conn: &AsyncPgConnection = conn;
    let mut writer = conn;
    let insert = InsertEntries::new(list.id, entries);
    let inserted = async {
        insert.execute(&mut writer).await?;
        Ok(())
    };
    both(inserted, touch_list(conn, list.id)).await?;
    Ok(())
}

/// The statement behind [`insert_entries`]: its text is the same for any number of entries, so that
/// it stays prepared.
struct InsertEntries {
    list: Uuid,
    ids: Vec<Uuid>,
    sections: Vec<Uuid>,
    cases: Vec<Uuid>,
    subgroups: Vec<Option<&'static str>>,
    places: Vec<i32>,
}

impl InsertEntries {
    fn new(list: DepartmentListId, entries: &[(ListEntryId, NewEntry)]) -> Self {
        let placed = || entries.iter().map(|(_, entry)| entry);
        Self {
            list: list.into(),
            ids: entries.iter().map(|(id, _)| Uuid::from(*id)).collect(),
            sections: placed().map(|entry| entry.section_id.into()).collect(),
            cases: placed().map(|entry| entry.case_id.into()).collect(),
            subgroups: placed().map(|entry| entry.subgroup.map(ListPlacement::as_str)).collect(),
            places: placed().map(|entry| entry.sort_order).collect(),
        }
    }
}

impl QueryId for InsertEntries {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for InsertEntries {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO department_list_case_entries \
             (id, department_list_id, section_id, case_id, subgroup, sort_order) SELECT id, ",
        );
        out.push_bind_param::<SqlUuid, _>(&self.list)?;
        out.push_sql(", section_id, case_id, subgroup, place FROM unnest(");
        out.push_bind_param::<Array<SqlUuid>, _>(&self.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SqlUuid>, _>(&self.sections)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SqlUuid>, _>(&self.cases)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.subgroups)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Integer>, _>(&self.places)?;
        out.push_sql(") AS placed (id, section_id, case_id, subgroup, place)");
        Ok(())
    }
}

/// A case as the placement rule sees it.
///
/// # Errors
///
/// [`StoreError::Corrupt`] when a stored value is none of the contract's.
impl TryFrom<CaseRow> for PlacementCase {
    type Error = StoreError;

    fn try_from(case: CaseRow) -> Result<Self, StoreError> {
        let list_placement = case.fin_list_placement.as_deref().map(str::parse).transpose();
        Ok(Self {
            id: case.id.into(),
            department_id: case.department_id.into(),
            budget_round_id: case.budget_round_id.into(),
            status: case.status()?,
            list_placement: list_placement.map_err(StoreError::corrupt)?,
            priority_number: case.priority_number,
            case_type: case.case_type,
            name: case.case_name,
        })
    }
}

fn placer(list: &LockedList, sections: Vec<PlacementSection>, existing: &[PlacedEntry]) -> Placer {
    Placer::new(list.department_id, list.budget_round_id, sections, existing)
}

type SectionColumns = (Uuid, Option<Uuid>, String, Option<String>);

/// The sections of a list in document order.
async fn sections_of(
    mut conn: &AsyncPgConnection,
    list: DepartmentListId,
) -> Result<Vec<PlacementSection>, StoreError> {
    let rows: Vec<SectionColumns> = department_list_sections::table
        .inner_join(department_list_template_sections::table)
        .filter(department_list_sections::department_list_id.eq(Uuid::from(list)))
        .order((department_list_sections::sort_order, department_list_sections::id))
        .select((
            department_list_sections::id,
            department_list_sections::parent_id,
            department_list_template_sections::section_type,
            department_list_template_sections::config.retrieve_as_text("case_type_filter"),
        ))
        .load(&mut conn)
        .await?;
    in_document_order(rows, |row| (row.0, row.1))
        .into_iter()
        .map(|(id, _, section_type, case_type_filter)| {
            let section_type = section_type.parse().map_err(StoreError::corrupt)?;
            Ok(PlacementSection { id: id.into(), section_type, case_type_filter })
        })
        .collect()
}

async fn entries_of(
    mut conn: &AsyncPgConnection,
    list: DepartmentListId,
) -> Result<Vec<PlacedEntry>, StoreError> {
    let rows: Vec<(Uuid, Uuid, i32)> = department_list_case_entries::table
        .filter(department_list_case_entries::department_list_id.eq(Uuid::from(list)))
        .select((
            department_list_case_entries::section_id,
            department_list_case_entries::case_id,
            department_list_case_entries::sort_order,
        ))
        .load(&mut conn)
        .await?;
    let placed = |(section, case, sort_order): (Uuid, Uuid, i32)| PlacedEntry {
        section_id: section.into(),
        case_id: case.into(),
        sort_order,
    };
    Ok(rows.into_iter().map(placed).collect())
}

async fn cases_of(
    mut conn: &AsyncPgConnection,
    list: &LockedList,
) -> Result<Vec<PlacementCase>, StoreError> {
    let rows = cases::table
        .filter(cases::department_id.eq(Uuid::from(list.department_id)))
        .filter(cases::budget_round_id.eq(Uuid::from(list.budget_round_id)))
        .filter(cases::status.eq_any(PLACEABLE.map(Status::as_str)))
        .select(CaseRow::as_select())
        .load(&mut conn)
        .await?;
    rows.into_iter().map(PlacementCase::try_from).collect()
}
