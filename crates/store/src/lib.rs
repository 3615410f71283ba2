//! The database of the portal: its schema, its connections and every query the services run.
//!
//! Three services share one PostgreSQL database, and it has one schema, so it has one crate: the only one
//! in which a query can be written. A query is a function over a borrowed connection; the caller owns the
//! connection and the transaction, and a write carries its precondition in its own `WHERE`. Rows are plain
//! values of this crate, and rules stay in [`domain`].
//!
//! Connections come from [`pool`] and always pass through PgBouncer in transaction mode, so nothing here may
//! depend on session state (`SET`, `LISTEN`, session advisory locks); limits such as `statement_timeout`
//! belong to the roles and are set by the migrations. Migrations are the exception: [`migrations`] runs
//! them directly against PostgreSQL as the owner of the schema.

pub mod case_handlers;
pub mod case_lists;
pub mod case_placement;
pub mod case_status;
pub mod case_types;
pub mod cases;
pub mod comment_threads;
pub mod comments;
pub mod conclusions;
pub mod contents;
pub mod department_lists;
pub mod departments;
pub mod directory;
pub mod error;
pub mod events;
pub mod export_jobs;
pub mod export_rows;
pub mod field_overrides;
pub mod json;
pub mod list_templates;
pub mod locks;
pub mod migrations;
pub mod new_cases;
pub mod opinions;
pub mod pool;
pub mod pooler;
pub mod questions;
pub mod rounds;
pub mod saves;
pub mod seed;
mod sql;
mod statement_spans;
pub mod submissions;
mod tls;
pub mod transaction;
pub mod users;
#[rustfmt::skip] // exactly as `diesel print-schema` writes it
#[expect(missing_docs, reason = "generated; comments in the migrations document it")]
pub mod schema;

pub use error::StoreError;
