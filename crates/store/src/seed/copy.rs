//! Bulk loading by binary `COPY`, the only way a hundred thousand documents go in within a minute.
//! Rows are encoded by the driver against the column types PostgreSQL reports, so a column whose
//! type has changed fails here by name rather than being stored wrongly.

use std::time::Instant;

use bytes::{BufMut, BytesMut};
use tokio_postgres::Transaction;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{IsNull, ToSql, Type, accepts, to_sql_checked};

use super::error::SeedError;
use super::report::TableReport;

/// A row that can be copied into its table.
pub(super) trait CopyRow {
    const TABLE: &'static str;
    const COLUMNS: &'static [&'static str];

    /// The values in the order of [`Self::COLUMNS`].
    fn values(&self) -> Vec<&(dyn ToSql + Sync)>;
}

/// JSON text for a `jsonb` or `json` column. Documents are built as text, and parsing them here only to print
/// them again would double the work of a large run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JsonText(pub(super) String);

impl JsonText {
    pub(super) fn of(value: &serde_json::Value) -> Self {
        Self(value.to_string())
    }
}

impl ToSql for JsonText {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        if *kind == Type::JSONB {
            out.put_u8(1); // version of its wire format; the text follows
        }
        out.put_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    accepts!(JSONB, JSON);
    to_sql_checked!();
}

/// Copies `rows` into their table and tells how many there were and how long it took.
pub(super) async fn copy_rows<R: CopyRow>(
    transaction: &Transaction<'_>,
    rows: impl IntoIterator<Item = R>,
) -> Result<TableReport, SeedError> {
    let started = Instant::now();
    let failed = |source| SeedError::Copy { table: R::TABLE, source };
    let rows = write_rows(transaction, rows).await.map_err(failed)?;
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    if rows > 0 {
        tracing::info!(seed.rows = rows, duration_ms, "copied {rows} rows into {}", R::TABLE);
    }
    Ok(TableReport { table: R::TABLE, rows, duration_ms })
}

async fn write_rows<R: CopyRow>(
    transaction: &Transaction<'_>,
    rows: impl IntoIterator<Item = R>,
) -> Result<u64, tokio_postgres::Error> {
    let columns = quoted(R::COLUMNS);
    let probe = format!("SELECT {columns} FROM {} LIMIT 0", R::TABLE);
    let described = transaction.prepare(&probe).await?;
    let types: Vec<Type> = described.columns().iter().map(|c| c.type_().clone()).collect();

    let copy = format!("COPY {} ({columns}) FROM STDIN (FORMAT binary)", R::TABLE);
    let writer = BinaryCopyInWriter::new(transaction.copy_in(&copy).await?, &types);
    let mut writer = std::pin::pin!(writer);
    for row in rows {
        writer.as_mut().write(&row.values()).await?;
    }
    writer.finish().await
}

/// Column names as SQL. A field that is a Rust keyword carries a raw prefix that PostgreSQL would
/// not understand.
fn quoted(columns: &[&str]) -> String {
    let names: Vec<String> =
        columns.iter().map(|name| format!("\"{}\"", name.trim_start_matches("r#"))).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_column_loses_its_raw_prefix() {
        assert_eq!(quoted(&["id", "r#type"]), r#""id", "type""#);
    }
}
