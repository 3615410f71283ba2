//! Functions of PostgreSQL that more than one module of this crate calls in a query.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Nullable, SingleValue, SqlType};

diesel::define_sql_function! {
    /// The time now, not when the transaction began: waiting for a lock takes time.
    fn clock_timestamp() -> diesel::sql_types::Timestamptz;
}

diesel::define_sql_function! {
    /// The first argument, or the second when it is null.
    fn coalesce<T: SqlType + SingleValue>(first: Nullable<T>, otherwise: T) -> T;
}

/// A statement of few texts, to be kept prepared.
///
/// Diesel prepares every update, and every insert of several rows, anew at each call, a round trip
/// more, because their texts could differ from call to call without end. Those wrapped here do not.
pub(crate) struct Prepared<Q>(pub(crate) Q);

impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();
    // Its text is the key under which it stays prepared.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Prepared<Q> {
    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }

    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}
