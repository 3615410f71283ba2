//! What every HTTP process of the portal shares at its edge.
//!
//! Identity ([`actor`], [`token`]), input ([`json`], [`query`]), failure ([`problem`], [`error`])
//! and the server around them ([`server`], [`admin`], [`observe`]) must behave the same in every
//! service, or clients and operators would meet two dialects of one product. Users today: both
//! APIs, and the export worker for its admin port, configuration and blob store.
//!
//! Keeps I8: whatever a client sends, it is answered by a [`problem::Problem`], never by a 5xx.

pub mod actor;
pub mod admin;
mod admission;
pub mod batching;
pub mod blobs;
pub mod config;
pub mod delivery;
mod door;
pub mod error;
pub mod events;
pub mod json;
pub mod metrics;
pub mod observe;
pub mod openapi;
pub mod outgoing;
pub mod problem;
pub mod process;
pub mod query;
pub mod rate_limit;
pub mod redis;
pub mod server;
pub mod shutdown;
pub mod tls;
pub mod token;

pub use error::ApiError;
