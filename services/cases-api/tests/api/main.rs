//! Tests of cases-api through its front door: a running application, its own database, HTTP.
//!
//! `routes/` mirrors the URL tree. `app.rs` is the one way in.

#[cfg(test)]
mod app;
#[cfg(test)]
mod events;
#[cfg(test)]
mod fencing;
#[cfg(test)]
mod id_tokens;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod list_cache;
#[cfg(test)]
mod rate_limits;
#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod stored;
