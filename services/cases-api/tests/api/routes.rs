//! One module for each resource, and two for what holds across all of them.

mod auth;
mod case_types;
mod cases;
mod content;
mod departments;
mod errors;
mod exports;
mod health;
mod openapi;
mod rounds;
mod status;
