//! Tests of cases-api through its front door: a running application, its own database, HTTP.
//!
//! `routes/` mirrors the URL tree. `app.rs` is the one way in.

#[cfg(test)]
mod app;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod stored;
