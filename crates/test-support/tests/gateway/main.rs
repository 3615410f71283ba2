//! Tests of the whole: every request enters through the gateway and meets running services on
//! demo data, as a user's would.
//!
//! What one service promises by itself is tested beside that service; here are the promises that
//! hold only when the parts stand together. The tests share one database and run at the same
//! time, so each writes to cases of its own, and to a department of its own where lists count.

#[cfg(test)]
mod client_files;
#[cfg(test)]
mod documentation;
#[cfg(test)]
mod exports;
#[cfg(test)]
mod footprint;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod input;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod lock_race;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod own_gateway;
#[cfg(test)]
mod pooler;
#[cfg(test)]
mod request_id;
#[cfg(test)]
mod routing;
#[cfg(test)]
mod walk;
#[cfg(test)]
mod wire;
