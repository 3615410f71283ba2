//! What a seed run did, for the console and for the admin endpoint.

use std::collections::BTreeMap;

/// How many rows one table received in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableReport {
    /// Physical table name.
    pub table: &'static str,
    /// Rows written.
    pub rows: u64,
    /// Time spent on this table, in milliseconds.
    pub duration_ms: u64,
}

/// What a seed run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeedReport {
    /// Names of the parts that were already there and were left alone (`demo`, or a run's label).
    pub skipped: Vec<String>,
    /// Rows written, in the order in which the tables were loaded.
    pub tables: Vec<TableReport>,
    /// Budget lines left out because no ministry has their department code, by that code.
    pub unknown_departments: BTreeMap<String, u32>,
}

impl SeedReport {
    /// Whether the run found everything in place and wrote nothing.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.tables.is_empty()
    }

    /// Rows written to `table`, over all parts of the run.
    #[must_use]
    pub fn rows(&self, table: &str) -> u64 {
        self.tables.iter().filter(|part| part.table == table).map(|part| part.rows).sum()
    }
}
