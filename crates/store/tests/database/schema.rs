//! `src/schema.rs` is generated from a migrated database; this notices when it was not generated again.

use std::collections::BTreeSet;

use test_support::TestDatabase;

const SCHEMA: &str = include_str!("../../src/schema.rs");

#[tokio::test]
async fn schema_rs_describes_the_migrated_database() {
    let database = TestDatabase::create().await;
    let columns = "
        SELECT c.table_name::text, c.column_name::text, c.data_type::text, c.is_nullable::text
        FROM information_schema.columns AS c
        JOIN information_schema.tables AS t USING (table_schema, table_name)
        WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
          AND c.table_name <> '__diesel_schema_migrations'";
    let rows = database.owner().await.query(columns, &[]).await.unwrap();
    let stored: BTreeSet<String> = rows
        .iter()
        .map(|row| {
            let (table, column): (&str, &str) = (row.get(0), row.get(1));
            let diesel_type = diesel_type(row.get(2));
            match row.get(3) {
                "YES" => format!("{table}.{column} -> Nullable<{diesel_type}>"),
                _ => format!("{table}.{column} -> {diesel_type}"),
            }
        })
        .collect();
    let generated = generated_columns();
    let drift: Vec<_> = generated.symmetric_difference(&stored).collect();
    assert!(drift.is_empty(), "run `diesel print-schema` (diesel.toml says how): {drift:#?}");
}

/// `table.column -> Type` of every line of schema.rs that declares a column.
fn generated_columns() -> BTreeSet<String> {
    let mut table = "";
    let mut sql_name = None;
    let mut columns = BTreeSet::new();
    for line in SCHEMA.lines().map(str::trim) {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            table = name;
        } else if let Some(name) = line.strip_prefix("#[sql_name = \"") {
            sql_name = name.strip_suffix("\"]");
        } else if let Some((column, column_type)) =
            line.strip_suffix(',').and_then(|line| line.split_once(" -> "))
        {
            let column = sql_name.take().unwrap_or(column);
            columns.insert(format!("{table}.{column} -> {column_type}"));
        }
    }
    columns
}

fn diesel_type(data_type: &str) -> &str {
    match data_type {
        "uuid" => "Uuid",
        "character varying" => "Varchar",
        "text" => "Text",
        "boolean" => "Bool",
        "smallint" => "Int2",
        "integer" => "Int4",
        "bigint" => "Int8",
        "json" => "Json",
        "jsonb" => "Jsonb",
        "timestamp with time zone" => "Timestamptz",
        other => panic!("a type without a translation here: {other}"),
    }
}
