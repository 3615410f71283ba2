//! The wire contract, one file per resource, entered through the gateway on demo data.
//!
//! Each test quotes the endpoint (E..) or decision (D-..) it proves. What a resource promises
//! beyond the wire (races, faults) is tested beside its service. The tests share one database and
//! run at the same time, so each writes to cases of its own.

#[cfg(test)]
mod departments;
