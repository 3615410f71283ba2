//! Turns the captured statements of a request into a pgbench script that can run again and again.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, ensure};

use super::statements::{Statement, literal};

/// Values that differ from one request to the next, found by comparing two captures of the same
/// request: ids made by the service become random ids, and a counter becomes what the script's own
/// first statement read.
pub(super) fn script(
    first: &[Statement],
    second: &[Statement],
    counter: Option<&str>,
) -> Result<String> {
    ensure!(!second.is_empty(), "the request made no statement");
    let same = first.iter().map(|s| &s.sql).eq(second.iter().map(|s| &s.sql));
    ensure!(same, "the same request made different statements");
    let ids = fresh_ids(first, second);
    let mut script = String::new();
    for variable in ids.values() {
        writeln!(script, "\\set {variable} random(1, 281474976710655)")?;
    }
    for (index, statement) in second.iter().enumerate() {
        let sql = statement.with_values(|number, value| {
            let before = first.get(index).and_then(|old| old.parameters.get(&number));
            match (value, counter) {
                _ if before.is_some_and(|before| before.as_deref() == value) => literal(value),
                (Some(value), Some(counter)) if value.parse::<i64>().is_ok() => {
                    format!(":{counter}")
                }
                _ => random_uuid(value.and_then(|value| ids.get(value)).map_or("", String::as_str)),
            }
        })?;
        let sql = sql.replace('\n', " ");
        let keeps_counter = counter.is_some_and(|name| index == 0 && sql.contains(name));
        writeln!(script, "{sql}{}", if keeps_counter { " \\gset" } else { ";" })?;
    }
    Ok(script)
}

/// The values that only the second capture has, other than numbers, and the variable of each: an
/// id may be bound in several places and must be the same in all.
fn fresh_ids<'a>(first: &[Statement], second: &'a [Statement]) -> BTreeMap<&'a str, String> {
    let mut ids = BTreeMap::new();
    for (old, new) in first.iter().zip(second) {
        for (number, value) in &new.parameters {
            let Some(value) = value.as_deref() else { continue };
            let before = old.parameters.get(number).and_then(Option::as_deref);
            if before != Some(value) && value.parse::<i64>().is_err() {
                let next = format!("id_{}", ids.len() + 1);
                ids.entry(value).or_insert(next);
            }
        }
    }
    ids
}

fn random_uuid(variable: &str) -> String {
    format!("('00000000-0000-4000-8000-' || lpad(to_hex(:{variable}::bigint), 12, '0'))::uuid")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(sql: &str, parameters: &[&str]) -> Statement {
        let numbered = parameters.iter().enumerate();
        let bound = numbered.map(|(index, value)| (index + 1, Some((*value).to_owned())));
        Statement { sql: sql.to_owned(), parameters: bound.collect() }
    }

    #[test]
    fn ids_become_random_and_the_version_is_read() {
        let capture = |version: &str, id: &str| {
            vec![
                statement("SELECT version FROM cases WHERE id = $1", &["c"]),
                statement("INSERT INTO t VALUES ($1, $2, $3, $4)", &[id, version, "text", id]),
            ]
        };
        let script = script(&capture("4", "u1"), &capture("5", "u2"), Some("version")).unwrap();
        assert!(script.contains("SELECT version FROM cases WHERE id = E'c' \\gset"), "{script}");
        assert_eq!(script.matches("\\set id_1 random").count(), 1, "{script}");
        assert_eq!(script.matches("to_hex(:id_1::bigint)").count(), 2, "{script}");
        assert!(script.contains(":version, E'text', ("), "{script}");
    }
}
