//! Demonstration and load data (seed-data contract): deterministic, so that a reset brings back the
//! same ids and texts, and loaded by bulk `COPY` in one transaction, so that a failed run leaves
//! nothing behind.
//!
//! This is a library because it has three callers: the `seed` binary, the admin reset endpoint
//! (E90) and the tests. Both need the owner of the schema, because no service role may write all these
//! tables; a run needs a direct connection to PostgreSQL as well, while a reset is short enough for
//! PgBouncer.

mod bulk;
mod cases;
mod contents;
mod copy;
mod crowd;
mod demo;
mod dialogue;
mod documents;
mod error;
mod fin_staff;
mod fin_texts;
mod ids;
mod lines;
mod lists;
mod load;
mod organisation;
mod people;
mod plan;
mod prose;
mod report;
mod reset;
mod rows;
mod run;
mod subjects;
mod submissions;
mod supplement;
mod template;
mod texts;
mod topics;
mod tracked;
mod xl;

pub use error::SeedError;
pub use lines::{BudgetLine, BudgetLines};
pub use people::DEMO_PASSWORD;
pub use report::{SeedReport, TableReport};
pub use reset::reset;
pub use run::{Scale, SeedOptions, run};
