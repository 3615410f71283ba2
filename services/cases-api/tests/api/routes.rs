//! One module for each resource, and two for what holds across all of them.

mod admin;
mod assignment;
mod auth;
mod case_types;
mod cases;
mod comments;
mod conclusions;
mod content;
mod department_lists;
mod departments;
mod documents;
mod errors;
mod exports;
mod health;
mod openapi;
mod opinions;
mod questions;
mod rounds;
mod status;
mod submissions;
mod templates;
mod update;
