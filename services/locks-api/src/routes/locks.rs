//! Locks: acquire, ask, heartbeat, release, and release by a closing page (E47–E51).

use actix_web::{HttpResponse, delete, get, post, put, web};
use chrono::{DateTime, Utc};
use domain::ids::{LockId, UserId};
use domain::lock::{FencingToken, NIL_LOCK, ResourceType};
use edge::ApiError;
use edge::actor::Actor;
use edge::json::Json;
use edge::problem::{Problem, ProblemSchema};
use edge::query::Params;
use serde::{Deserialize, Serialize};
use store::locks::{LockRow, LockedResource};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::app::AppState;
use crate::lease;

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(acquire_lock)
        .service(get_lock)
        .service(verify_lock_token)
        .service(renew_lock)
        .service(release_lock)
        .service(release_lock_on_unload);
}

/// Who holds a resource and until when (contract 2.15).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Lock)]
pub struct LockView {
    /// Releases the lock without a token, so only the holder sees it: the nil UUID for others.
    pub id: LockId,
    /// What kind of resource is locked.
    pub resource_type: ResourceType,
    /// Which case or department list is locked.
    pub resource_id: Uuid,
    /// The holder.
    pub locked_by: UserId,
    /// The holder's name.
    #[schema(example = "Kari Nordmann")]
    pub locked_by_name: String,
    /// When the holder got the lock.
    pub locked_at: DateTime<Utc>,
    /// When the lock ends unless a heartbeat comes.
    pub expires_at: DateTime<Utc>,
    /// Fencing token, to be sent along with a save; `null` for others than the holder.
    #[schema(required = true)]
    pub lock_token: Option<FencingToken>,
}

impl LockView {
    /// The lock as its holder may see it.
    #[must_use]
    pub fn for_holder(resource: LockedResource, lock: LockRow) -> Self {
        Self {
            id: lock.id,
            resource_type: resource.kind,
            resource_id: resource.id,
            locked_by: lock.locked_by,
            locked_by_name: lock.locked_by_name,
            locked_at: lock.locked_at,
            expires_at: lock.expires_at,
            lock_token: Some(lock.fencing_token),
        }
    }

    /// The lock as everybody else may see it (D-12).
    #[must_use]
    pub fn for_others(resource: LockedResource, lock: LockRow) -> Self {
        Self { id: NIL_LOCK, lock_token: None, ..Self::for_holder(resource, lock) }
    }

    fn for_actor(actor: &Actor, resource: LockedResource, lock: LockRow) -> Self {
        if lock.locked_by == actor.user_id {
            Self::for_holder(resource, lock)
        } else {
            Self::for_others(resource, lock)
        }
    }
}

/// The answer to a lost acquisition: a problem that carries the holder's lock (contract 1.3).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LockHeld)]
struct LockHeldSchema {
    #[serde(flatten)]
    problem: ProblemSchema,
    #[serde(flatten)]
    lock: LockView,
}

/// What to lock.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AcquireLockRequest {
    resource_type: ResourceType,
    resource_id: Uuid,
}

/// A fencing token that a save came with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct VerifyLockTokenRequest {
    resource_type: ResourceType,
    resource_id: Uuid,
    /// `lockToken` of the lock that the editor held.
    lock_token: FencingToken,
}

/// Whether a fencing token still stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LockTokenCheck)]
struct LockTokenCheckView {
    /// False when somebody has acquired the lock since the token was given out.
    current: bool,
    /// The latest lock, also when it is over; `null` when nobody held the resource lately.
    #[schema(required = true)]
    latest: Option<LockView>,
}

/// A method that the sender could not put where methods belong: beacons are always POST.
#[derive(Debug, Deserialize, ToSchema)]
struct MethodOverride {
    /// `DELETE`, in the query or in the body.
    #[serde(rename = "_method")]
    method: String,
}

/// Takes a lock, or refreshes the caller's own (E47).
#[utoipa::path(
    tag = "locks",
    request_body = AcquireLockRequest,
    responses(
        (status = 200, description = "The caller holds the lock", body = LockView),
        (status = 400, description = "/problems/invalid-json, /problems/invalid-request"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 409, description = "/problems/lock-held: someone else holds the lock",
            body = LockHeldSchema, content_type = "application/problem+json"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/locks")]
async fn acquire_lock(
    state: web::Data<AppState>,
    actor: Actor,
    body: Json<AcquireLockRequest>,
) -> Result<web::Json<LockView>, ApiError> {
    let AcquireLockRequest { resource_type: kind, resource_id: id } = body.into_inner();
    let resource = LockedResource { kind, id };
    let lock = lease::acquire(&state, &actor, resource).await?;
    Ok(web::Json(LockView::for_holder(resource, lock)))
}

/// Who holds a lock (E48).
#[utoipa::path(
    tag = "locks",
    params(
        ("resourceType" = ResourceType, Query, description = "Also read as `resource_type`"),
        ("resourceId" = Uuid, Query, description = "Also read as `resource_id`"),
    ),
    responses(
        (status = 200, description = "Somebody holds the lock", body = LockView),
        (status = 204, description = "Nobody holds the lock"),
        (status = 400, description = "/problems/invalid-request"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/locks")]
async fn get_lock(
    state: web::Data<AppState>,
    actor: Actor,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    let resource = resource_in(&params)?;
    let lock = lease::find(&state, resource).await?;
    Ok(match lock {
        Some(lock) => HttpResponse::Ok().json(LockView::for_actor(&actor, resource, lock)),
        None => HttpResponse::NoContent().finish(),
    })
}

/// Checks the fencing token of a save that is about to happen (architecture, section 3).
#[utoipa::path(
    tag = "locks",
    request_body = VerifyLockTokenRequest,
    responses(
        (status = 200, description = "Whether the token still stands", body = LockTokenCheckView),
        (status = 400, description = "/problems/invalid-json, /problems/invalid-request"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/locks/verify")]
async fn verify_lock_token(
    state: web::Data<AppState>,
    actor: Actor,
    body: Json<VerifyLockTokenRequest>,
) -> Result<web::Json<LockTokenCheckView>, ApiError> {
    let body = body.into_inner();
    let resource = LockedResource { kind: body.resource_type, id: body.resource_id };
    let check = lease::check_token(&state, resource, body.lock_token).await?;
    let latest = check.latest.map(|lock| LockView::for_actor(&actor, resource, lock));
    Ok(web::Json(LockTokenCheckView { current: check.current, latest }))
}

/// Keeps the caller's lock for another lease (E49).
#[utoipa::path(
    tag = "locks",
    params(("id" = LockId, Path, description = "Lock id")),
    responses(
        (status = 200, description = "The lease runs anew from now"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 404, description = "/problems/not-found: the lock is over or someone else's"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[put("/api/locks/{id}/heartbeat")]
async fn renew_lock(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<LockId>,
) -> Result<HttpResponse, ApiError> {
    lease::renew(&state, &actor, id.into_inner()).await?;
    Ok(HttpResponse::Ok().finish())
}

/// Gives the caller's lock up; a lock that is over already is no error (E50).
#[utoipa::path(
    tag = "locks",
    params(("id" = LockId, Path, description = "Lock id")),
    responses(
        (status = 200, description = "The caller does not hold the lock any more"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden: someone else's lock"),
        (status = 404, description = "/problems/not-found: not a lock id"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[delete("/api/locks/{id}")]
async fn release_lock(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<LockId>,
) -> Result<HttpResponse, ApiError> {
    lease::release(&state, &actor, id.into_inner()).await?;
    Ok(HttpResponse::Ok().finish())
}

/// Releases a lock from a page that is being closed, which can send no token (E51, D-12).
///
/// The lock id is the capability. The answer is the same whether there was such a lock or not.
#[utoipa::path(
    tag = "locks",
    params(
        ("id" = String, Path, description = "Lock id"),
        ("_method" = Option<String>, Query, description = "`DELETE`, in the query or in the body"),
    ),
    request_body = Option<MethodOverride>,
    responses(
        (status = 204, description = "No lock with this id is held"),
        (status = 400, description = "/problems/invalid-request: `_method` is not `DELETE`"),
        (status = 413, description = "/problems/too-large"),
        (status = 503, description = "/problems/unavailable"),
    ),
    security(())
)]
#[post("/api/locks/{id}")]
async fn release_lock_on_unload(
    state: web::Data<AppState>,
    id: web::Path<String>,
    params: Params,
    body: web::Bytes,
) -> Result<HttpResponse, ApiError> {
    if !asks_for_delete(&params, &body) {
        return Err(Problem::invalid("_method", "_method må være DELETE.").into());
    }
    // What is no id is the id of no lock.
    if let Ok(id) = id.parse() {
        lease::release_by_capability(&state, id).await?;
    }
    Ok(HttpResponse::NoContent().finish())
}

/// The body counts whatever its media type: what a browser sends with a beacon is not ours to
/// choose, and a release that is refused leaves a colleague waiting for the whole lease.
fn asks_for_delete(params: &Params, body: &[u8]) -> bool {
    let is_delete = |method: &str| method.eq_ignore_ascii_case("DELETE");
    params.text("_method").is_some_and(is_delete)
        || edge::json::from_slice::<MethodOverride>(body)
            .is_ok_and(|given| is_delete(&given.method))
}

fn resource_in(params: &Params) -> Result<LockedResource, Problem> {
    let missing = |name| Problem::invalid(name, format!("Parameteren {name} mangler."));
    Ok(LockedResource {
        kind: params.parsed("resourceType")?.ok_or_else(|| missing("resourceType"))?,
        id: params.parsed("resourceId")?.ok_or_else(|| missing("resourceId"))?,
    })
}
