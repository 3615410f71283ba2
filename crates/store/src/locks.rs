//! Locks on cases and department lists: at most one row of `resource_locks` per resource.
//!
//! Written by `locks-api` alone. This module keeps invariant I3: at no instant do two users hold
//! the same lock, and the fencing tokens of a resource only grow. It does so by giving every
//! write its precondition in the statement itself, by reading no clock but the database's, and by
//! never deleting a row while its resource may be in use:
//!
//! * A lock is **live** while `expires_at > now()` and `released_at` is null.
//! * It is **handed back** while `expires_at > now()` and `released_at` is set: the instance that
//!   served it shut down. Anyone may take it over; until then the holder's next heartbeat or
//!   acquisition takes it back under the same id and token, as if nothing had happened.
//! * It is **over** once `expires_at <= now()`, by expiry or because release moved `expires_at`.
//!   Nothing revives it: whoever comes next gets a new id and a higher token.
//!
//! Rows that are over stay until [`delete_dead_locks`] finds them older than its retention. That
//! is what makes the tokens grow: `nextval` for a plain insert is evaluated *before* the unique
//! index decides, so with immediate deletion a slow caller could insert an old value after a fast
//! one had come and gone. While the row stands, the update path draws its token under the row
//! lock, and so always above every token drawn before.

mod acquire;

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::data_types::PgInterval;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Interval, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{LockId, UserId};
use domain::lock::{FencingToken, ResourceType};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::acquire::AcquireStatement;
use crate::StoreError;
use crate::schema::resource_locks;
use crate::sql::Prepared;

/// What a lock is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockedResource {
    /// The kind of resource (contract 2.13).
    pub kind: ResourceType,
    /// The id of the case or department list; never looked up, any UUID can be locked.
    pub id: Uuid,
}

/// Who asks for a lock, and through which instance.
#[derive(Clone, Copy, Debug)]
pub struct LockClaim<'a> {
    /// The user who is to hold the lock.
    pub user_id: UserId,
    /// The user's name as others will see it.
    pub user_name: &'a str,
    /// The instance that serves the request, so that it can hand the lock back when it stops.
    pub instance: &'a str,
    /// How long the lock lasts from now without a heartbeat.
    pub lease: Duration,
}

/// The holder's side of a lock as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Serialize, Deserialize)]
pub struct LockRow {
    /// The capability to release the lock: shown to its holder only (D-12).
    #[diesel(deserialize_as = Uuid)]
    pub id: LockId,
    /// The user who holds it.
    #[diesel(deserialize_as = Uuid)]
    pub locked_by: UserId,
    /// The holder's name at the time of the acquisition.
    pub locked_by_name: String,
    /// When this tenure began.
    pub locked_at: DateTime<Utc>,
    /// When it ends unless a heartbeat comes.
    pub expires_at: DateTime<Utc>,
    /// Greater than that of every earlier tenure of the resource.
    #[diesel(deserialize_as = i64)]
    pub fencing_token: FencingToken,
}

/// A lock and what it is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceLock {
    /// What it is on.
    pub resource: LockedResource,
    /// The lock.
    pub lock: LockRow,
}

impl TryFrom<(String, Uuid, LockRow)> for ResourceLock {
    type Error = StoreError;

    fn try_from((kind, id, lock): (String, Uuid, LockRow)) -> Result<Self, StoreError> {
        let kind = kind.parse().map_err(StoreError::corrupt)?;
        Ok(Self { resource: LockedResource { kind, id }, lock })
    }
}

/// How an attempt to acquire ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acquisition {
    /// The caller holds the lock: newly, or still.
    Granted(LockRow),
    /// Someone else holds it.
    HeldBy(LockRow),
}

/// How an attempt to release by the holder ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Release {
    /// The lock is gone: now, or already before.
    Done(Option<ResourceLock>),
    /// The lock is live and someone else's.
    NotHolder,
}

type LockColumns = (
    resource_locks::id,
    resource_locks::locked_by,
    resource_locks::locked_by_name,
    resource_locks::locked_at,
    resource_locks::expires_at,
    resource_locks::fencing_token,
);

const LOCK_COLUMNS: LockColumns = (
    resource_locks::id,
    resource_locks::locked_by,
    resource_locks::locked_by_name,
    resource_locks::locked_at,
    resource_locks::expires_at,
    resource_locks::fencing_token,
);

/// What a change of a lock returns.
const RESOURCE_LOCK: (resource_locks::resource_type, resource_locks::resource_id, LockColumns) =
    (resource_locks::resource_type, resource_locks::resource_id, LOCK_COLUMNS);

diesel::define_sql_function! {
    /// `now()` with its PostgreSQL type: diesel's own `now` is a timestamp without time zone.
    #[sql_name = "now"]
    fn database_now() -> Timestamptz;
}

diesel::infix_operator!(Later, " + ", Timestamptz, backend: Pg);
diesel::infix_operator!(Earlier, " - ", Timestamptz, backend: Pg);

/// Acquires a lock, or names who holds it, in one statement and one round trip.
///
/// `None` means that the lock changed hands while the statement ran, so that neither answer would
/// be true: the caller asks again, a bounded number of times.
pub async fn acquire_lock(
    conn: &mut AsyncPgConnection,
    resource: LockedResource,
    claim: &LockClaim<'_>,
) -> Result<Option<Acquisition>, StoreError> {
    let statement = AcquireStatement {
        resource_type: resource.kind.as_str(),
        resource_id: resource.id,
        user_id: *claim.user_id.as_uuid(),
        user_name: claim.user_name,
        instance: claim.instance,
        lease: interval(claim.lease),
    };
    let row: Option<(bool, LockRow)> = statement.get_result(conn).await.optional()?;
    Ok(row.map(
        |(granted, lock)| {
            if granted { Acquisition::Granted(lock) } else { Acquisition::HeldBy(lock) }
        },
    ))
}

/// Finds the live lock of a resource.
pub async fn find_live_lock(
    conn: &mut AsyncPgConnection,
    resource: LockedResource,
) -> Result<Option<LockRow>, StoreError> {
    let lock = resource_locks::table
        .filter(resource_locks::resource_type.eq(resource.kind.as_str()))
        .filter(resource_locks::resource_id.eq(resource.id))
        .filter(resource_locks::expires_at.gt(database_now()))
        .filter(resource_locks::released_at.is_null())
        .select(LOCK_COLUMNS)
        .get_result(conn)
        .await
        .optional()?;
    Ok(lock)
}

/// Finds the latest lock of a resource, live or not, for a check of its fencing token.
///
/// `None` says only that nobody held the resource lately.
pub async fn find_latest_lock(
    conn: &mut AsyncPgConnection,
    resource: LockedResource,
) -> Result<Option<LockRow>, StoreError> {
    let lock = resource_locks::table
        .filter(resource_locks::resource_type.eq(resource.kind.as_str()))
        .filter(resource_locks::resource_id.eq(resource.id))
        .select(LOCK_COLUMNS)
        .get_result(conn)
        .await
        .optional()?;
    Ok(lock)
}

/// Renews the lease of a lock that the user holds; `None` when there is no such lock any more.
///
/// Also takes back a lock that its former instance handed back, unless someone else was faster.
pub async fn renew_lock(
    conn: &mut AsyncPgConnection,
    id: LockId,
    user_id: UserId,
    instance: &str,
    lease: Duration,
) -> Result<Option<ResourceLock>, StoreError> {
    let held = resource_locks::table
        .find(id.as_uuid())
        .filter(resource_locks::locked_by.eq(user_id.as_uuid()))
        .filter(resource_locks::expires_at.gt(database_now()));
    let renew = diesel::update(held)
        .set((
            resource_locks::expires_at.eq(lease_end(lease)),
            resource_locks::last_heartbeat.eq(database_now()),
            resource_locks::pod_id.eq(instance),
            resource_locks::released_at.eq(None::<DateTime<Utc>>),
        ))
        .returning(RESOURCE_LOCK);
    let renewed: Option<(String, Uuid, LockRow)> =
        Prepared(renew).get_result(conn).await.optional()?;
    renewed.map(ResourceLock::try_from).transpose()
}

/// Releases a lock on behalf of its holder.
pub async fn release_lock(
    conn: &mut AsyncPgConnection,
    id: LockId,
    user_id: UserId,
) -> Result<Release, StoreError> {
    let held = resource_locks::table
        .find(id.as_uuid())
        .filter(resource_locks::locked_by.eq(user_id.as_uuid()))
        .filter(resource_locks::expires_at.gt(database_now()));
    let end = diesel::update(held)
        .set(resource_locks::expires_at.eq(database_now()))
        .returning(RESOURCE_LOCK);
    let ended: Option<(String, Uuid, LockRow)> = Prepared(end).get_result(conn).await.optional()?;
    match ended {
        Some(ended) => Ok(Release::Done(Some(ended.try_into()?))),
        None => why_not_released(conn, id, user_id).await,
    }
}

/// Releases a lock for whoever knows its id (D-12), and returns it; no such lock is no error.
pub async fn release_lock_by_capability(
    conn: &mut AsyncPgConnection,
    id: LockId,
) -> Result<Option<ResourceLock>, StoreError> {
    let held = resource_locks::table
        .find(id.as_uuid())
        .filter(resource_locks::expires_at.gt(database_now()));
    let end = diesel::update(held)
        .set(resource_locks::expires_at.eq(database_now()))
        .returning(RESOURCE_LOCK);
    let ended: Option<(String, Uuid, LockRow)> = Prepared(end).get_result(conn).await.optional()?;
    ended.map(ResourceLock::try_from).transpose()
}

/// Hands back every live lock that the instance served last, and returns them.
pub async fn hand_back_locks(
    conn: &mut AsyncPgConnection,
    instance: &str,
) -> Result<Vec<ResourceLock>, StoreError> {
    let served_here = resource_locks::table
        .filter(resource_locks::pod_id.eq(instance))
        .filter(resource_locks::expires_at.gt(database_now()))
        .filter(resource_locks::released_at.is_null());
    let handed_back: Vec<(String, Uuid, LockRow)> = diesel::update(served_here)
        .set(resource_locks::released_at.eq(database_now().nullable()))
        .returning(RESOURCE_LOCK)
        .get_results(conn)
        .await?;
    handed_back.into_iter().map(ResourceLock::try_from).collect()
}

/// Deletes the locks that have been over for longer than the retention; returns how many.
///
/// The retention must exceed the role's `statement_timeout` (see the module's text on tokens), and
/// the time that a page may lie open with a token: without a row an overtaken one looks current.
pub async fn delete_dead_locks(
    conn: &mut AsyncPgConnection,
    retention: Duration,
) -> Result<usize, StoreError> {
    let oldest_kept = Earlier::new(database_now(), interval(retention).into_sql::<Interval>());
    let dead = resource_locks::table.filter(resource_locks::expires_at.lt(oldest_kept));
    let deleted = diesel::delete(dead).execute(conn).await?;
    Ok(deleted)
}

/// Counts the live locks of each kind of resource that has any.
pub async fn count_live_locks(
    conn: &mut AsyncPgConnection,
) -> Result<Vec<(String, i64)>, StoreError> {
    let counts = resource_locks::table
        .filter(resource_locks::expires_at.gt(database_now()))
        .filter(resource_locks::released_at.is_null())
        .group_by(resource_locks::resource_type)
        .select((resource_locks::resource_type, diesel::dsl::count_star()))
        .load(conn)
        .await?;
    Ok(counts)
}

/// Names the reason only; a lock that ended or moved on meanwhile counts as released.
async fn why_not_released(
    conn: &mut AsyncPgConnection,
    id: LockId,
    user_id: UserId,
) -> Result<Release, StoreError> {
    let someone_elses = resource_locks::table
        .find(id.as_uuid())
        .filter(resource_locks::locked_by.ne(user_id.as_uuid()))
        .filter(resource_locks::expires_at.gt(database_now()));
    let foreign: bool = diesel::select(diesel::dsl::exists(someone_elses)).get_result(conn).await?;
    Ok(if foreign { Release::NotHolder } else { Release::Done(None) })
}

fn lease_end(lease: Duration) -> Later<database_now, diesel::dsl::AsExprOf<PgInterval, Interval>> {
    Later::new(database_now(), interval(lease).into_sql::<Interval>())
}

/// Beyond 292,000 years the lease is cut, not refused.
fn interval(length: Duration) -> PgInterval {
    PgInterval::from_microseconds(i64::try_from(length.as_micros()).unwrap_or(i64::MAX))
}
