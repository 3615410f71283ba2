//! What integration tests share: real servers, isolated per test, and rows and callers as values.
//!
//! Tests run against the private stack that `cargo xtask test --servers-only` starts, through the same
//! doors as production: PgBouncer in transaction mode, a real broker, real tokens. Each test gets its own
//! database ([`TestDatabase`]), virtual host ([`Broker`]) and Redis keys ([`RedisKeys`]), which disappear
//! with it; what a killed run left behind is swept by a later one. [`Seed`] and [`Actor`] let a test state
//! only what it is about, and [`ChaosProxy`] breaks a connection on demand.
//!
//! This crate panics instead of returning errors: a test that cannot be set up has failed, and the line
//! that could not do its work is what its reader wants to see.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "test code: a failed set-up is a failed test, and every function here may panic"
)]

mod actor;
mod broker;
mod chaos;
mod cleanup;
mod database;
mod http;
mod meter;
mod pdf;
pub mod portal;
mod redis;
mod seed;
mod stack;
mod word;

pub use actor::Actor;
pub use broker::Broker;
pub use chaos::ChaosProxy;
pub use database::{ServiceRole, TestDatabase};
pub use http::{Answer, Http};
pub use meter::{DatabaseMeter, Traffic, recorded_statements};
pub use pdf::Pdf;
pub use redis::RedisKeys;
pub use seed::{
    CaseSeed, RoundSeed, SectionSeed, Seed, SeededCase, SeededList, SeededRound, SeededTemplate,
};
pub use stack::{Credentials, Roles, ServerLogin, Stack};
pub use word::Word;
