//! Carries out accepted exports: takes an order from the queue, renders the document, stores it.
//!
//! [`job`] is the way of one order from delivery to acknowledgement. The job row is the truth and
//! the message only a wake-up call, so that every step can be met twice: [`claim`] lets one worker
//! at a time have the job, [`progress`] keeps the claim alive, and only its holder can end it (I5).
//! No database connection is held while a document is rendered.

pub mod app;
mod claim;
pub mod config;
mod document;
mod job;
mod presence;
mod progress;
mod report;
mod results;
mod retention;
