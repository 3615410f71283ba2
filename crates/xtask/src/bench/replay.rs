//! Turns the captured statements of a request into a pgbench script that can run again and again.

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
    let mut text = String::new();
    let mut body = String::new();
    for (index, (old, new)) in first.iter().zip(second).enumerate() {
        let sql = new.with_values(|number, value| {
            let before = old.parameters.get(&number).and_then(Option::as_deref);
            match (value, counter) {
                _ if value == before => literal(value),
                (Some(value), Some(counter)) if value.parse::<i64>().is_ok() => {
                    format!(":{counter}")
                }
                _ => random_uuid(index, number),
            }
        })?;
        for number in new.parameters.keys() {
            if sql.contains(&variable(index, *number)) {
                writeln!(text, "\\set {} random(1, 281474976710655)", variable(index, *number))?;
            }
        }
        let sql = sql.replace('\n', " ");
        let keeps_counter = counter.is_some_and(|name| index == 0 && sql.contains(name));
        writeln!(body, "{sql}{}", if keeps_counter { " \\gset" } else { ";" })?;
    }
    Ok(text + &body)
}

fn variable(index: usize, number: usize) -> String {
    format!("random_{index}_{number}")
}

fn random_uuid(index: usize, number: usize) -> String {
    let variable = variable(index, number);
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
                statement("INSERT INTO t VALUES ($1, $2, $3)", &[id, version, "text"]),
            ]
        };
        let script = script(&capture("4", "u1"), &capture("5", "u2"), Some("version")).unwrap();
        assert!(script.contains("SELECT version FROM cases WHERE id = E'c' \\gset"), "{script}");
        assert!(script.contains("\\set random_1_1 random"), "{script}");
        assert!(script.contains(":version, E'text')"), "{script}");
    }
}
