//! The service that knows who is editing what.
//!
//! One user at a time holds the lock on a case or a department list, for as long as a heartbeat
//! comes every so often (contract 12 and 15). PostgreSQL decides: every operation is one
//! conditional statement of [`store::locks`], so two callers can never both win (invariant I3),
//! and any number of replicas agree without talking to each other. The service owns the table
//! `resource_locks` and reads nothing else; who the caller is, and the name that others are shown,
//! come from the token.
//!
//! Deliberately absent: a check that the locked case exists or that the caller may see it. A lock
//! grants nothing: saving is decided by the version and by object access in cases-api (D-28).

pub mod app;
pub mod config;
pub mod error;
pub mod lease;
pub mod routes;
mod status;
pub mod sweeper;
