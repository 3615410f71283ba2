//! The statement that takes a lock.

use diesel::data_types::PgInterval;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Interval, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

/// [`super::acquire_lock`] as one statement, after the parameters (`asked`).
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
pub(super) struct AcquireStatement<'a> {
    pub(super) resource_type: &'static str,
    pub(super) resource_id: Uuid,
    pub(super) user_id: Uuid,
    pub(super) user_name: &'a str,
    pub(super) instance: &'a str,
    pub(super) lease: PgInterval,
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
