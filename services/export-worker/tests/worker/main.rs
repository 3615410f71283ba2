//! Tests of export-worker through its doors: the queue, the job rows and the blob store.
//!
//! Everything is real: a database of the test's own behind PgBouncer, a virtual host of RabbitMQ,
//! a folder as blob store. `bench.rs` is the one way in.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod interruptions;
#[cfg(test)]
mod pdf;
#[cfg(test)]
mod telling;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod word;
