//! Exports from the order to the download: what handlers call, in the words of the contract.
//!
//! Ordering writes a row and nothing else; the relay and the worker do the rest. A job is its
//! requester's own: to anybody else but an administrator it does not exist (I6).

use std::collections::HashMap;

use domain::case_list::CaseListFilters;
use domain::export::{
    CaseListParameters, DepartmentListParameters, ExportField, JobStatus, JobType, WORKER_SILENCE,
    Waiting,
};
use domain::ids::{BudgetRoundId, CaseId, DepartmentId, DepartmentListId, ExportJobId, UserId};
use edge::actor::Actor;
use edge::query::says_nothing;
use store::StoreError;
use store::departments;
use store::export_jobs::waiting::list_waiting;
use store::export_jobs::{self, ExportJob, NewExportJob, StoredResult};
use store::pool::PooledConnection;
use uuid::Uuid;

use crate::department_lists::{self, ListError};

/// Why a cancelled job has no document.
const CANCELLED: &str = "Eksporten ble avbrutt.";

/// Jobs that E58 lists.
const NEWEST: i64 = 20;
/// Longest text of a filter, in characters: longer than any name it could find, and short enough to
/// be printed on a document's first page.
const LONGEST_FILTER: usize = 200;
/// Longest `Idempotency-Key`.
const LONGEST_KEY: usize = 200;

/// Why an export was not ordered, shown or handed out.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A value of the order cannot be used.
    #[error("order is not valid")]
    Invalid {
        /// JSON pointer to the value.
        pointer: String,
        /// What is wrong, in Norwegian.
        detail: String,
    },
    /// No such job, or somebody else's.
    #[error("no such export job")]
    NotFound,
    /// The key already stands for another order.
    #[error("idempotency key was used for another order")]
    KeyReused,
    /// The job has not failed, so there is nothing to repeat.
    #[error("only a failed job can be repeated")]
    NotFailed,
    /// The job has ended, so there is nothing to cancel.
    #[error("a job that has ended cannot be cancelled")]
    Ended,
    /// There is no document yet, or there will be none.
    #[error("export job has no document")]
    NotCompleted(JobStatus),
    /// The document has been removed.
    #[error("document is not kept any more")]
    Gone,
    /// The database failed.
    #[error("export job could not be read or written")]
    Store(#[from] StoreError),
    /// The department list cannot be had by the caller.
    #[error("department list was refused")]
    List(#[from] ListError),
}

/// An order for a case list as it arrives, not yet checked.
#[derive(Clone, Debug, Default)]
pub struct CaseListOrder {
    /// Department, by id or code (D-04).
    pub department_id: Option<String>,
    /// Budget round.
    pub budget_round_id: Option<String>,
    /// Status, case type, search text and division, as E14 takes them.
    pub status: Option<String>,
    /// Case type.
    pub case_type: Option<String>,
    /// Part of the case name.
    pub search: Option<String>,
    /// Responsible division.
    pub division: Option<String>,
    /// Whether FIN's portfolio narrows the list.
    pub my_departments: Option<bool>,
    /// Only these cases.
    pub case_ids: Vec<CaseId>,
    /// Keys of the columns.
    pub fields: Vec<String>,
}

/// Checks an order and binds it to the caller's rights.
///
/// # Errors
/// [`ExportError::Invalid`] for a filter that is too long, an unknown field or an id that is none.
pub async fn check_case_list(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    order: CaseListOrder,
) -> Result<CaseListParameters, ExportError> {
    check_length("departmentId", order.department_id.as_deref())?;
    check_length("status", order.status.as_deref())?;
    check_length("caseType", order.case_type.as_deref())?;
    check_length("search", order.search.as_deref())?;
    check_length("division", order.division.as_deref())?;
    // An unknown department is an empty list, not an error (contract 1.2).
    let department_id = match said(order.department_id) {
        Some(text) => {
            let found = departments::find_department_id(conn, &text).await?;
            Some(found.unwrap_or(DepartmentId::nil()))
        }
        None => None,
    };
    let filters = CaseListFilters {
        department_id,
        budget_round_id: said(order.budget_round_id).map(|text| round(&text)).transpose()?,
        status: said(order.status),
        case_type: said(order.case_type),
        search: said(order.search),
        division: said(order.division),
        my_departments: order.my_departments,
        case_ids: order.case_ids,
    };
    Ok(CaseListParameters { filters, fields: columns(&order.fields)?, viewer: actor.viewer() })
}

/// The text, unless it says nothing. Old clients send the same words in bodies as in queries.
fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !says_nothing(text))
}

fn check_length(filter: &str, text: Option<&str>) -> Result<(), ExportError> {
    if text.is_some_and(|text| text.chars().count() > LONGEST_FILTER) {
        return Err(ExportError::Invalid {
            pointer: format!("/filters/{filter}"),
            detail: format!("Filteret kan ha høyst {LONGEST_FILTER} tegn."),
        });
    }
    Ok(())
}

fn round(text: &str) -> Result<BudgetRoundId, ExportError> {
    text.parse().map_err(|_| ExportError::Invalid {
        pointer: "/filters/budgetRoundId".to_owned(),
        detail: "Budsjettrunden må oppgis som UUID.".to_owned(),
    })
}

fn columns(keys: &[String]) -> Result<Vec<ExportField>, ExportError> {
    let invalid = |pointer: String, detail: String| ExportError::Invalid { pointer, detail };
    if keys.is_empty() {
        return Ok(ExportField::DEFAULT.to_vec());
    }
    if keys.len() > ExportField::all().count() {
        return Err(invalid("/fields".into(), "Det er oppgitt for mange felter.".into()));
    }
    keys.iter()
        .enumerate()
        .map(|(index, key)| {
            key.parse().map_err(|_| {
                // Not all of it: a key may be as long as a body.
                let shown: String = key.chars().take(50).collect();
                invalid(format!("/fields/{index}"), format!("Feltet «{shown}» finnes ikke."))
            })
        })
        .collect()
}

/// Orders a document of the case list, or finds the job that the same key already ordered.
///
/// # Errors
/// [`ExportError::KeyReused`] when the key stands for another order.
pub async fn order_case_list(
    conn: &mut PooledConnection<'_>,
    job_type: JobType,
    parameters: &CaseListParameters,
    idempotency_key: Option<String>,
) -> Result<ExportJob, ExportError> {
    let json = serde_json::to_value(parameters).map_err(StoreError::corrupt)?;
    order(conn, job_type, parameters.viewer.user_id, json, idempotency_key).await
}

/// Orders a document of a department list, or finds the job that the same key already ordered (E53).
///
/// # Errors
/// [`ExportError::List`] when there is no such list or the caller does not work with lists,
/// [`ExportError::KeyReused`] when the key stands for another order.
pub async fn order_department_list(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    job_type: JobType,
    list: DepartmentListId,
    idempotency_key: Option<String>,
) -> Result<ExportJob, ExportError> {
    department_lists::admit_to(conn, actor, list).await?;
    let parameters = DepartmentListParameters { department_list_id: list, viewer: actor.viewer() };
    let json = serde_json::to_value(parameters).map_err(StoreError::corrupt)?;
    order(conn, job_type, actor.user_id, json, idempotency_key).await
}

async fn order(
    conn: &mut PooledConnection<'_>,
    job_type: JobType,
    requested_by: UserId,
    parameters: serde_json::Value,
    idempotency_key: Option<String>,
) -> Result<ExportJob, ExportError> {
    let order = NewExportJob {
        id: ExportJobId::from(Uuid::new_v4()),
        job_type,
        requested_by,
        parameters,
        idempotency_key,
        trace_parent: telemetry::propagation::current_traceparent(),
    };
    let job = export_jobs::insert_queued(conn, &order).await?;
    let same = job.job_type == order.job_type && job.parameters == order.parameters;
    if same { Ok(job) } else { Err(ExportError::KeyReused) }
}

/// Checks the client's idempotency key.
///
/// # Errors
/// [`ExportError::Invalid`] when it is too long to be stored.
pub fn check_key(key: &str) -> Result<String, ExportError> {
    if key.is_empty() || key.chars().count() > LONGEST_KEY {
        return Err(ExportError::Invalid {
            pointer: "Idempotency-Key".to_owned(),
            detail: format!("Idempotency-Key må ha mellom 1 og {LONGEST_KEY} tegn."),
        });
    }
    Ok(key.to_owned())
}

/// Finds a job the caller may see (E57).
///
/// # Errors
/// [`ExportError::NotFound`] also when it is somebody else's.
pub async fn get_job(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    id: ExportJobId,
) -> Result<ExportJob, ExportError> {
    let job = export_jobs::find_export_job(conn, id).await?;
    job.filter(|job| job.requested_by == actor.user_id || actor.role.is_admin())
        .ok_or(ExportError::NotFound)
}

/// Lists the caller's newest jobs (E58).
///
/// # Errors
/// When the database fails.
pub async fn list_newest(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
) -> Result<Vec<FollowedJob>, StoreError> {
    let jobs = export_jobs::list_newest_of(conn, actor.user_id, NEWEST).await?;
    follow(conn, jobs).await
}

/// A job as its owner follows it.
#[derive(Clone, Debug)]
pub struct FollowedJob {
    /// The job.
    pub job: ExportJob,
    /// Where it stands, while it is queued.
    pub waiting: Option<Waiting>,
}

/// Finds a job the caller may see, with its place in the queue (E57).
///
/// # Errors
/// [`ExportError::NotFound`] also when it is somebody else's.
pub async fn get_followed(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    id: ExportJobId,
) -> Result<FollowedJob, ExportError> {
    let job = get_job(conn, actor, id).await?;
    follow(conn, vec![job]).await?.pop().ok_or(ExportError::NotFound)
}

/// Asks for the queue only when one of the jobs is in it.
async fn follow(
    conn: &mut PooledConnection<'_>,
    mut jobs: Vec<ExportJob>,
) -> Result<Vec<FollowedJob>, StoreError> {
    let queued = jobs.iter().filter(|job| job.status == JobStatus::Queued);
    let queued: Vec<ExportJobId> = queued.map(|job| job.id).collect();
    let waiting = match queued.as_slice() {
        [] => HashMap::new(),
        queued => list_waiting(conn, queued, WORKER_SILENCE).await?,
    };
    for job in &mut jobs {
        if job.status == JobStatus::Queued && !waiting.contains_key(&job.id) {
            // A worker has taken it between the two questions: nobody is told that it waits
            // without a place in the queue.
            *job = export_jobs::find_export_job(conn, job.id).await?.unwrap_or(job.clone());
        }
    }
    let followed = |job: ExportJob| FollowedJob { waiting: waiting.get(&job.id).copied(), job };
    Ok(jobs.into_iter().map(followed).collect())
}

/// Gives up a job that has not ended. What a worker may have made of it already is never shown.
///
/// # Errors
/// [`ExportError::Ended`] when it has ended, unless it was cancelled before: then it is shown again.
pub async fn cancel(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    id: ExportJobId,
) -> Result<FollowedJob, ExportError> {
    get_job(conn, actor, id).await?;
    let job = if let Some(job) = export_jobs::cancel(conn, id, CANCELLED).await? {
        job
    } else {
        let ended = get_job(conn, actor, id).await?;
        ended.cancelled_at.is_some().then_some(ended).ok_or(ExportError::Ended)?
    };
    Ok(FollowedJob { job, waiting: None })
}

/// Puts a failed job in the queue again.
///
/// # Errors
/// [`ExportError::NotFailed`] when it has not failed, or not any more.
pub async fn retry(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    id: ExportJobId,
) -> Result<ExportJob, ExportError> {
    get_job(conn, actor, id).await?;
    export_jobs::requeue_failed(conn, id).await?.ok_or(ExportError::NotFailed)
}

/// Where the document of a job is.
///
/// # Errors
/// [`ExportError::NotCompleted`] before there is one, [`ExportError::Gone`] after.
pub fn result_of(job: ExportJob) -> Result<StoredResult, ExportError> {
    match job.status {
        JobStatus::Completed => job.result.ok_or(ExportError::Gone),
        status => Err(ExportError::NotCompleted(status)),
    }
}

/// Finds a job for somebody who holds its download link.
///
/// # Errors
/// [`ExportError::NotFound`].
pub async fn get_linked_job(
    conn: &mut PooledConnection<'_>,
    id: ExportJobId,
) -> Result<ExportJob, ExportError> {
    export_jobs::find_export_job(conn, id).await?.ok_or(ExportError::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_fields_are_the_default_ones_and_an_unknown_one_is_pointed_at() {
        assert_eq!(columns(&[]).unwrap(), ExportField::DEFAULT);
        let keys = ["caseName", "passord"].map(str::to_owned);
        let Err(ExportError::Invalid { pointer, .. }) = columns(&keys) else { panic!("accepted") };
        assert_eq!(pointer, "/fields/1");
    }
}
