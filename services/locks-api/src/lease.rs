//! The operations on a lock, one database statement each (contract 12.2).
//!
//! Authorization is part of each statement: only the holder renews and releases, except that the
//! unguessable id of a lock releases it without a token (D-12), because a closing browser page
//! cannot send one.

use domain::ids::LockId;
use domain::lock::FencingToken;
use edge::actor::Actor;
use store::StoreError;
use store::locks::{Acquisition, LockClaim, LockRow, LockedResource, Release, ResourceLock};
use telemetry::metric;

use crate::app::AppState;
use crate::status::{self, Change};

/// How often an acquisition is repeated because the lock changed hands while it ran. Each repeat
/// means that somebody else has made progress.
const MAX_ATTEMPTS: usize = 5;

/// Why a lock operation was refused.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Someone else holds the lock.
    #[error("lock is held by someone else")]
    HeldBy(LockedResource, Box<LockRow>),
    /// The caller has no such lock, or no longer.
    #[error("no such lock is held by the caller")]
    Gone,
    /// The lock is someone else's to release.
    #[error("lock belongs to someone else")]
    NotHolder,
    /// The lock changed hands during every attempt.
    #[error("lock changed hands {MAX_ATTEMPTS} times during one request")]
    Contended,
    /// The database refused or is away.
    #[error("lock could not be read or written")]
    Store(#[from] StoreError),
}

/// Whether a fencing token still stands for the latest tenure of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenCheck {
    /// False when a later tenure has begun, even if that is over as well.
    pub current: bool,
    /// The latest tenure, live or over; `None` when nobody held the resource lately.
    pub latest: Option<LockRow>,
}

/// Takes the lock, or refreshes it when it is the caller's already.
pub async fn acquire(
    state: &AppState,
    actor: &Actor,
    resource: LockedResource,
) -> Result<LockRow, LeaseError> {
    let claim = LockClaim {
        user_id: actor.user_id,
        user_name: &actor.name,
        instance: &state.instance_id,
        lease: state.lease,
    };
    let mut conn = state.pool.get().await?;
    for _ in 0..MAX_ATTEMPTS {
        match store::locks::acquire_lock(&mut conn, resource, &claim).await? {
            Some(Acquisition::Granted(lock)) => {
                drop(conn);
                let lasts = (lock.expires_at - lock.locked_at).to_std();
                let is_new = lasts.is_ok_and(|lasts| lasts <= state.lease);
                let change = if is_new { Change::Begun } else { Change::Renewed };
                status::announce(&state.redis, resource, &lock, change).await;
                metrics::counter!(metric::LOCK_ACQUISITIONS, "outcome" => "granted").increment(1);
                return Ok(lock);
            }
            Some(Acquisition::HeldBy(lock)) => {
                metrics::counter!(metric::LOCK_ACQUISITIONS, "outcome" => "held").increment(1);
                return Err(LeaseError::HeldBy(resource, Box::new(lock)));
            }
            None => {}
        }
    }
    Err(LeaseError::Contended)
}

/// Finds who holds the lock now, as of a few seconds ago at most.
pub async fn find(
    state: &AppState,
    resource: LockedResource,
) -> Result<Option<LockRow>, LeaseError> {
    if let Some(known) = status::find(&state.redis, resource).await {
        return Ok(known);
    }
    let lock = {
        let mut conn = state.pool.get().await?;
        store::locks::find_live_lock(&mut conn, resource).await?
    };
    status::remember(&state.redis, resource, lock.as_ref()).await;
    Ok(lock)
}

/// Extends the caller's lock by a whole lease from now.
pub async fn renew(state: &AppState, actor: &Actor, id: LockId) -> Result<(), LeaseError> {
    let renewed = {
        let mut conn = state.pool.get().await?;
        store::locks::renew_lock(&mut conn, id, actor.user_id, &state.instance_id, state.lease)
            .await?
    };
    let ResourceLock { resource, lock } = renewed.ok_or(LeaseError::Gone)?;
    status::announce(&state.redis, resource, &lock, Change::Renewed).await;
    Ok(())
}

/// Gives the caller's lock up; a lock that is gone already is no error.
pub async fn release(state: &AppState, actor: &Actor, id: LockId) -> Result<(), LeaseError> {
    let release = {
        let mut conn = state.pool.get().await?;
        store::locks::release_lock(&mut conn, id, actor.user_id).await?
    };
    match release {
        Release::Done(ended) => {
            announce_end(state, ended).await;
            Ok(())
        }
        Release::NotHolder => Err(LeaseError::NotHolder),
    }
}

/// Gives a lock up for whoever knows its id. Says nothing about whether there was one.
pub async fn release_by_capability(state: &AppState, id: LockId) -> Result<(), LeaseError> {
    let ended = {
        let mut conn = state.pool.get().await?;
        store::locks::release_lock_by_capability(&mut conn, id).await?
    };
    announce_end(state, ended).await;
    Ok(())
}

async fn announce_end(state: &AppState, ended: Option<ResourceLock>) {
    if let Some(ResourceLock { resource, lock }) = ended {
        status::announce(&state.redis, resource, &lock, Change::Ended).await;
    }
}

/// Checks a fencing token, for cases-api before it saves (architecture, section 3).
pub async fn check_token(
    state: &AppState,
    resource: LockedResource,
    token: FencingToken,
) -> Result<TokenCheck, LeaseError> {
    let mut conn = state.pool.get().await?;
    let latest = store::locks::find_latest_lock(&mut conn, resource).await?;
    let current = latest.as_ref().is_none_or(|lock| lock.fencing_token <= token);
    Ok(TokenCheck { current, latest })
}
