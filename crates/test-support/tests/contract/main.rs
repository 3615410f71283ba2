//! The wire contract, one file per resource, entered through the gateway on demo data.
//!
//! Each test quotes the endpoint (E..) or decision (D-..) it proves. What a resource promises
//! beyond the wire (races, faults) is tested beside its service. The tests share one database and
//! run at the same time, so each writes to cases of its own.

#[cfg(test)]
mod admin;
#[cfg(test)]
mod arrange;
#[cfg(test)]
mod assignment;
#[cfg(test)]
mod auth;
#[cfg(test)]
mod authorisation;
#[cfg(test)]
mod case_flow;
#[cfg(test)]
mod case_lists;
#[cfg(test)]
mod case_types;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod comments;
#[cfg(test)]
mod conclusions;
#[cfg(test)]
mod content;
#[cfg(test)]
mod department_lists;
#[cfg(test)]
mod departments;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod excel;
#[cfg(test)]
mod export_jobs;
#[cfg(test)]
mod fencing;
#[cfg(test)]
mod field_overrides;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod health;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod opinions;
#[cfg(test)]
mod pdf;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod questions;
#[cfg(test)]
mod rounds;
#[cfg(test)]
mod shape;
#[cfg(test)]
mod status;
#[cfg(test)]
mod submissions;
#[cfg(test)]
mod template_sections;
#[cfg(test)]
mod templates;
#[cfg(test)]
mod upload_attacks;
#[cfg(test)]
mod uploads;
#[cfg(test)]
mod users;
#[cfg(test)]
mod word;
