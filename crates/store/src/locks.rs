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

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::data_types::PgInterval;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Interval, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{LockId, UserId};
use domain::lock::{FencingToken, ResourceType};
use uuid::Uuid;

use crate::StoreError;
use crate::schema::resource_locks;

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
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
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

/// How an attempt to acquire ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acquisition {
    /// The caller holds the lock: newly, or still.
    Granted(LockRow),
    /// Someone else holds it.
    HeldBy(LockRow),
}

/// How an attempt to release by the holder ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// The lock is gone, now or already before.
    Done,
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

/// Renews the lease of a lock that the user holds; false when there is no such lock any more.
///
/// Also takes back a lock that its former instance handed back, unless someone else was faster.
pub async fn renew_lock(
    conn: &mut AsyncPgConnection,
    id: LockId,
    user_id: UserId,
    instance: &str,
    lease: Duration,
) -> Result<bool, StoreError> {
    let held = resource_locks::table
        .find(id.as_uuid())
        .filter(resource_locks::locked_by.eq(user_id.as_uuid()))
        .filter(resource_locks::expires_at.gt(database_now()));
    let renewed = diesel::update(held)
        .set((
            resource_locks::expires_at.eq(lease_end(lease)),
            resource_locks::last_heartbeat.eq(database_now()),
            resource_locks::pod_id.eq(instance),
            resource_locks::released_at.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)
        .await?;
    Ok(renewed > 0)
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
    let ended = diesel::update(held)
        .set(resource_locks::expires_at.eq(database_now()))
        .execute(conn)
        .await?;
    if ended > 0 { Ok(Release::Done) } else { why_not_released(conn, id, user_id).await }
}

/// Releases a lock for whoever knows its id (D-12); no such lock is no error.
pub async fn release_lock_by_capability(
    conn: &mut AsyncPgConnection,
    id: LockId,
) -> Result<bool, StoreError> {
    let held = resource_locks::table
        .find(id.as_uuid())
        .filter(resource_locks::expires_at.gt(database_now()));
    let ended = diesel::update(held)
        .set(resource_locks::expires_at.eq(database_now()))
        .execute(conn)
        .await?;
    Ok(ended > 0)
}

/// Hands back every live lock that the instance served last; returns how many.
pub async fn hand_back_locks(
    conn: &mut AsyncPgConnection,
    instance: &str,
) -> Result<usize, StoreError> {
    let served_here = resource_locks::table
        .filter(resource_locks::pod_id.eq(instance))
        .filter(resource_locks::expires_at.gt(database_now()))
        .filter(resource_locks::released_at.is_null());
    let handed_back = diesel::update(served_here)
        .set(resource_locks::released_at.eq(database_now().nullable()))
        .execute(conn)
        .await?;
    Ok(handed_back)
}

/// Deletes the locks that have been over for longer than the retention; returns how many.
///
/// The retention must exceed the role's `statement_timeout`: see the module's text on tokens.
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
    Ok(if foreign { Release::NotHolder } else { Release::Done })
}

fn lease_end(lease: Duration) -> Later<database_now, diesel::dsl::AsExprOf<PgInterval, Interval>> {
    Later::new(database_now(), interval(lease).into_sql::<Interval>())
}

/// Beyond 292,000 years the lease is cut, not refused.
fn interval(length: Duration) -> PgInterval {
    PgInterval::from_microseconds(i64::try_from(length.as_micros()).unwrap_or(i64::MAX))
}

/// [`acquire_lock`] as one statement, after the parameters (`asked`).
///
/// `other` is what the statement's snapshot knows: with a live holder there nothing is written, so
/// that losers cost no commit. Otherwise the unique index and the `where` of the update decide,
/// under the row lock and on the row as it is then, which may be newer than the snapshot.
const ACQUIRE_SQL: &str = "
), other as (
    select lock.id, lock.locked_by, lock.locked_by_name, lock.locked_at, lock.expires_at,
           lock.fencing_token
      from resource_locks as lock, asked
     where lock.resource_type = asked.resource_type
       and lock.resource_id = asked.resource_id
       and lock.locked_by <> asked.user_id
       and lock.expires_at > now()
       and lock.released_at is null
), mine as (
    insert into resource_locks as held
           (id, resource_type, resource_id, locked_by, locked_by_name, locked_at,
            expires_at, last_heartbeat, pod_id, fencing_token)
    select gen_random_uuid(), resource_type, resource_id, user_id, user_name, now(),
           now() + lease, now(), instance, nextval('resource_lock_fencing_token')
      from asked
     where not exists (select from other)
    on conflict (resource_type, resource_id) do update
       set id = case when held.locked_by = excluded.locked_by and held.expires_at > now()
                     then held.id else excluded.id end,
           locked_at = case when held.locked_by = excluded.locked_by and held.expires_at > now()
                            then held.locked_at else excluded.locked_at end,
           fencing_token = case when held.locked_by = excluded.locked_by and held.expires_at > now()
                                then held.fencing_token
                                else nextval('resource_lock_fencing_token') end,
           locked_by = excluded.locked_by,
           locked_by_name = excluded.locked_by_name,
           expires_at = excluded.expires_at,
           last_heartbeat = excluded.last_heartbeat,
           pod_id = excluded.pod_id,
           released_at = null
     where held.locked_by = excluded.locked_by
        or held.expires_at <= now()
        or held.released_at is not null
    returning id, locked_by, locked_by_name, locked_at, expires_at, fencing_token
)
select true, mine.* from mine
union all
select false, other.* from other";

/// [`ACQUIRE_SQL`] with its parameters. SQL, since the query builder has no common table
/// expressions; a fragment of its own rather than `sql_query`, since that is prepared anew, which
/// is one more round trip, each time.
struct AcquireStatement<'a> {
    resource_type: &'static str,
    resource_id: Uuid,
    user_id: Uuid,
    user_name: &'a str,
    instance: &'a str,
    lease: PgInterval,
}

/// By hand, as the derive cannot name a type with a lifetime.
impl QueryId for AcquireStatement<'_> {
    type QueryId = AcquireStatement<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for AcquireStatement<'_> {
    type SqlType = (Bool, (SqlUuid, SqlUuid, Text, Timestamptz, Timestamptz, BigInt));
}

impl QueryFragment<Pg> for AcquireStatement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("with asked as (select ");
        out.push_bind_param::<Text, str>(self.resource_type)?;
        out.push_sql(" as resource_type, ");
        out.push_bind_param::<SqlUuid, Uuid>(&self.resource_id)?;
        out.push_sql(" as resource_id, ");
        out.push_bind_param::<SqlUuid, Uuid>(&self.user_id)?;
        out.push_sql(" as user_id, ");
        out.push_bind_param::<Text, str>(self.user_name)?;
        out.push_sql(" as user_name, ");
        out.push_bind_param::<Text, str>(self.instance)?;
        out.push_sql(" as instance, ");
        out.push_bind_param::<Interval, PgInterval>(&self.lease)?;
        out.push_sql(" as lease");
        out.push_sql(ACQUIRE_SQL);
        Ok(())
    }
}
