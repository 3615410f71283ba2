//! Who may know that something has happened: those who may open what it happened to (I6).

use std::collections::HashSet;

use domain::department_list::may_use_lists;
use domain::ids::{CaseId, UserId};
use domain::lock::ResourceType;
use domain::visibility::{CaseFacts, Viewer, can_open};
use edge::events::Happening;
use store::StoreError;
use store::cases::find_case_facts;
use store::opinions::list_assignees;
use store::pool::Pool;

/// Those who may know of an event.
pub(super) enum Audience {
    /// Who may open a case.
    Case {
        facts: CaseFacts,
        /// Who is, or ever was, asked for an opinion.
        asked: HashSet<UserId>,
    },
    /// Who works with department lists.
    Lists,
    /// One user.
    Only(UserId),
}

impl Audience {
    /// The audience of an event; `None` when what it is about does not exist.
    pub(super) async fn of(pool: &Pool, what: &Happening) -> Result<Option<Self>, StoreError> {
        match what {
            Happening::CaseSaved { case_id, .. } => Self::of_case(pool, *case_id).await,
            Happening::LockTaken { resource_type, resource_id, .. }
            | Happening::LockReleased { resource_type, resource_id } => match resource_type {
                ResourceType::Case => Self::of_case(pool, (*resource_id).into()).await,
                ResourceType::DepartmentList => Ok(Some(Self::Lists)),
            },
            Happening::ExportProgress { requested_by, .. } => Ok(Some(Self::Only(*requested_by))),
        }
    }

    async fn of_case(pool: &Pool, case: CaseId) -> Result<Option<Self>, StoreError> {
        let mut conn = pool.get().await?;
        // As seen by nobody, who was not asked.
        let Some(found) = find_case_facts(&mut conn, case, UserId::nil()).await? else {
            return Ok(None);
        };
        let asked = list_assignees(&mut conn, case).await?.into_iter().collect();
        Ok(Some(Self::Case { facts: found.facts()?, asked }))
    }

    /// Whether this viewer belongs to it.
    pub(super) fn includes(&self, viewer: &Viewer) -> bool {
        match self {
            Self::Case { facts, asked } => {
                let is_opinion_assignee = asked.contains(&viewer.user_id);
                can_open(viewer, &CaseFacts { is_opinion_assignee, ..*facts })
            }
            Self::Lists => may_use_lists(viewer.role),
            Self::Only(user) => *user == viewer.user_id,
        }
    }
}
