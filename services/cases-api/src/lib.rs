//! The portal's main API: users, reference data, budget cases and the ordering of exports.
//!
//! [`app`] wires the process, [`routes`] is its table of contents. A handler extracts, calls one
//! use case and shows the result; use cases live in the module of their noun ([`auth`], [`cases`],
//! `relay`), queries in the crate `store`, rules in the crate `domain`. [`error`] is the one place
//! where a typed error becomes an HTTP answer.

pub mod app;
mod attempts;
pub mod auth;
pub mod case_types;
pub mod cases;
mod changes;
mod client_address;
pub mod comments;
pub mod conclusions;
pub mod config;
pub mod department_lists;
pub mod directory;
pub mod documents;
pub mod downloads;
pub mod error;
mod events;
pub mod exports;
pub mod faults;
mod fencing;
pub mod field_overrides;
pub mod health;
mod list_cache;
pub mod oidc;
pub mod passwords;
pub mod permission;
pub mod questions;
pub mod relay;
pub mod reset;
pub mod routes;
pub mod submissions;
pub mod templates;
mod tickets;
pub mod uploads;
