//! Who holds a lock: acquire, heartbeat and release as pure decisions over the current lease.
//!
//! `locks-api` makes each of these with one conditional SQL statement; this module says what that
//! statement must decide, and serves the tests as the model it is compared with. Two facts are kept
//! at every step (invariant I3): a resource has one lease at most, and a lease that changes hands
//! gets a higher fencing token, so that a holder who slept past the lease can be told apart from
//! the successor. Time is always the database's, passed in as `now`.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{LockId, UserId};
use crate::wire::wire_enum;

/// How long a lease lasts unless configured otherwise (api contract 15).
pub const DEFAULT_LEASE: Duration = Duration::from_mins(5);

/// The id shown in place of a foreign lock's (D-12): the real one would let its reader release it.
pub const NIL_LOCK: LockId = LockId::nil();

wire_enum! {
    /// Kind of thing that can be locked (domain contract 2.13).
    pub enum ResourceType {
        /// A case.
        Case = "case", "Sak";
        /// A department list.
        DepartmentList = "department_list", "Departementsliste";
    }
}

/// Number of an acquisition. Of two tokens of one resource, the higher was granted later.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(transparent)]
#[schema(value_type = i64)]
pub struct FencingToken(i64);

impl FencingToken {
    /// Wraps a token as the database handed it out.
    #[must_use]
    pub const fn new(token: i64) -> Self {
        Self(token)
    }

    /// The number, for storage and messages.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl From<i64> for FencingToken {
    fn from(token: i64) -> Self {
        Self(token)
    }
}

impl From<FencingToken> for i64 {
    fn from(token: FencingToken) -> Self {
        token.0
    }
}

impl std::fmt::Display for FencingToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The lease on one resource, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The lock's id; whoever knows it may release it.
    pub lock_id: LockId,
    /// Who holds it.
    pub holder: UserId,
    /// Number of the acquisition.
    pub token: FencingToken,
    /// When it was acquired.
    pub locked_at: DateTime<Utc>,
    /// The lease is over at this instant.
    pub expires_at: DateTime<Utc>,
    /// Whether the instance that served it has shut down and handed it back: free for others, and
    /// the holder's to take back with the next heartbeat (architecture 5).
    pub handed_back: bool,
}

impl Lease {
    /// Whether the lease keeps others out.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        !self.handed_back && now < self.expires_at
    }

    /// Whether this user may go on with the lease: nobody else has taken it since.
    fn is_renewable_by(&self, caller: UserId, now: DateTime<Utc>) -> bool {
        self.holder == caller && now < self.expires_at
    }

    fn renewed(&self, now: DateTime<Utc>, lease: Duration) -> Self {
        Self { expires_at: lease_end(now, lease), handed_back: false, ..*self }
    }
}

/// Somebody asks for a lock.
#[derive(Clone, Copy, Debug)]
pub struct AcquireRequest {
    /// Who asks.
    pub caller: UserId,
    /// Id the lock gets if it is a new one.
    pub new_id: LockId,
    /// Token the lock gets if it is a new one: higher than any handed out before.
    pub new_token: FencingToken,
    /// The database's time.
    pub now: DateTime<Utc>,
    /// How long the lease lasts.
    pub lease: Duration,
}

/// The answer to an [`AcquireRequest`] (domain contract 12.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acquired {
    /// Nobody held it: the caller has a new lease.
    Granted(Lease),
    /// The caller held it already: same id, same token, later end.
    Renewed(Lease),
    /// Somebody else holds it, under this lease.
    Refused(Lease),
}

/// The answer to a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// The lease is gone now.
    Released,
    /// It was gone already, which is success.
    AlreadyGone,
    /// It is somebody else's.
    Forbidden,
}

/// Decides an acquisition from the lease the resource has now, expired or not.
#[must_use]
pub fn acquire(current: Option<&Lease>, request: &AcquireRequest) -> Acquired {
    let AcquireRequest { caller, new_id, new_token, now, lease } = *request;
    match current {
        Some(held) if held.is_renewable_by(caller, now) => {
            Acquired::Renewed(held.renewed(now, lease))
        }
        Some(held) if held.is_live(now) => Acquired::Refused(*held),
        _ => Acquired::Granted(Lease {
            lock_id: new_id,
            holder: caller,
            token: new_token,
            locked_at: now,
            expires_at: lease_end(now, lease),
            handed_back: false,
        }),
    }
}

/// Renews a lease; `None` when it is over, or was never this caller's.
///
/// A lease that was handed back is taken back. One that has expired is not, even if nobody took it:
/// the client was told to become read-only and may have been overtaken by a save.
#[must_use]
pub fn heartbeat(
    current: Option<&Lease>,
    lock_id: LockId,
    caller: UserId,
    now: DateTime<Utc>,
    lease: Duration,
) -> Option<Lease> {
    current
        .filter(|held| held.lock_id == lock_id && held.is_renewable_by(caller, now))
        .map(|held| held.renewed(now, lease))
}

/// Decides a release by id. `caller` is `None` for the browser's beacon, which carries no identity:
/// knowing the id is enough (D-12). A lease that is over is gone, whoever's it was.
#[must_use]
pub fn release(
    current: Option<&Lease>,
    lock_id: LockId,
    caller: Option<UserId>,
    now: DateTime<Utc>,
) -> Released {
    match current.filter(|held| held.lock_id == lock_id && now < held.expires_at) {
        None => Released::AlreadyGone,
        Some(held) if caller.is_some_and(|caller| caller != held.holder) => Released::Forbidden,
        Some(_) => Released::Released,
    }
}

/// When a lease that begins or is renewed now will end; never later than the calendar does.
pub(crate) fn lease_end(now: DateTime<Utc>, lease: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(lease)
        .ok()
        .and_then(|lease| now.checked_add_signed(lease))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests;
