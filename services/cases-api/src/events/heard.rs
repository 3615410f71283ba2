//! What was heard on the channel: an event as browsers read it, and who may know of it.

use actix_web::web::Bytes;
use edge::events::{Event, Happening};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::audience::Audience;

/// An event, shared by all who hear of it.
pub(super) struct Heard {
    pub(super) id: Uuid,
    pub(super) what: Happening,
    /// As a browser reads it.
    pub(super) text: Bytes,
    /// Asked once for all clients, when the first of them needs it.
    pub(super) audience: OnceCell<Result<Option<Audience>, Unanswered>>,
}

/// The database did not say who may know of an event.
pub(super) struct Unanswered;

impl From<Event> for Heard {
    fn from(event: Event) -> Self {
        let text = shown(&event);
        Self { id: event.id, what: event.what, text, audience: OnceCell::new() }
    }
}

/// Tells a client that it has missed something and is to read again what it shows.
pub(super) fn resync() -> Bytes {
    written("resync", None, &json!({}))
}

fn shown(event: &Event) -> Bytes {
    let (name, data) = match &event.what {
        Happening::CaseSaved { case_id, budget_round_id, department_id, version } => (
            "case.saved",
            json!({
                "caseId": case_id,
                "budgetRoundId": budget_round_id,
                "departmentId": department_id,
                "version": version,
            }),
        ),
        Happening::LockTaken { resource_type, resource_id, locked_by_name } => (
            "lock.taken",
            json!({
                "resourceType": resource_type,
                "resourceId": resource_id,
                "lockedByName": locked_by_name,
            }),
        ),
        Happening::LockReleased { resource_type, resource_id } => {
            ("lock.released", json!({ "resourceType": resource_type, "resourceId": resource_id }))
        }
        Happening::ExportProgress { job_id, status, percent, step, .. } => (
            "export.progress",
            json!({ "jobId": job_id, "status": status, "percent": percent, "step": step }),
        ),
    };
    written(name, Some(event.id), &data)
}

fn written(name: &str, id: Option<Uuid>, data: &Value) -> Bytes {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}event: {name}\ndata: {data}\n\n").into()
}
