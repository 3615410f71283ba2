//! The statements that one request really makes, read from PostgreSQL's own log.
//!
//! A benchmark whose SQL is written down by hand measures something else after the next change of
//! a query. So PostgreSQL logs everything for the length of one request, and the script for
//! pgbench is made of that.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::interrupt;
use crate::servers::postgres::Login;
use crate::stack::Stack;

/// One statement with the values that were bound to `$1`, `$2`, …
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) parameters: BTreeMap<usize, Option<String>>,
}

/// Background work of the services that may fall into the same moment.
const NOT_THE_REQUESTS: [&str; 4] = ["export_jobs", "pg_catalog", "SELECT 1", "DISCARD"];
/// Ends the part of the log that belongs to the request.
const END_MARK: &str = "end of capture";

/// Runs `request` and returns what `role` had PostgreSQL do meanwhile.
pub(super) fn capture(
    stack: &Stack,
    role: &str,
    request: impl FnOnce() -> Result<()>,
) -> Result<Vec<Statement>> {
    let superuser = Login::superuser(stack);
    let set = |setting: &str| superuser.query("postgres", setting).map(drop);
    set("ALTER SYSTEM SET log_line_prefix = '~%u~ '")?;
    set("ALTER SYSTEM SET log_statement = 'all'")?;
    set("SELECT pg_reload_conf()")?;
    wait_for(|| superuser.query("postgres", "SHOW log_statement").map(|value| value == "all"))?;
    let path = stack.log("postgres");
    // Every backend must have read the new setting, and backends read it between statements.
    interrupt::pause(Duration::from_millis(500))?;
    let begin = fs::metadata(&path)?.len();
    let result = request();
    set(&format!("SELECT '{END_MARK}'"))?;
    let mut log = String::new();
    wait_for(|| {
        let whole = fs::read(&path)?;
        let begin = usize::try_from(begin)?;
        log = String::from_utf8_lossy(whole.get(begin..).unwrap_or_default()).into_owned();
        Ok(log.contains(END_MARK))
    })?;
    set("ALTER SYSTEM RESET log_statement")?;
    set("ALTER SYSTEM RESET log_line_prefix")?;
    set("SELECT pg_reload_conf()")?;
    result?;
    Ok(parse(&log, role))
}

fn wait_for(mut done: impl FnMut() -> Result<bool>) -> Result<()> {
    let begun = Instant::now();
    while !done()? {
        if begun.elapsed() > Duration::from_secs(10) {
            bail!("PostgreSQL's log does not show what was asked for");
        }
        interrupt::pause(Duration::from_millis(50))?;
    }
    Ok(())
}

/// Reads the lines that start with `~role~`; a line that begins with a tab continues the last.
fn parse(log: &str, role: &str) -> Vec<Statement> {
    let joined = log.replace("\n\t", "\u{1}");
    let prefix = format!("~{role}~ ");
    let mut statements: Vec<Statement> = Vec::new();
    let mut is_ours = false;
    for line in joined.lines().filter_map(|line| line.strip_prefix(&prefix)) {
        let line = line.replace('\u{1}', "\n");
        if let Some(sql) = statement_of(&line) {
            is_ours = !NOT_THE_REQUESTS.iter().any(|other| sql.contains(other));
            if is_ours {
                let parameters = BTreeMap::new();
                statements.push(Statement { sql: sql.to_owned(), parameters });
            }
        } else if let Some(values) = line.trim_start().strip_prefix("DETAIL:")
            && is_ours
            && let Some(last) = statements.last_mut()
        {
            last.parameters = parameters_of(values);
        }
    }
    statements
}

fn statement_of(line: &str) -> Option<&str> {
    let logged = line.trim_start().strip_prefix("LOG:")?.trim_start();
    match logged.strip_prefix("statement: ") {
        Some(sql) => Some(sql),
        None => logged.strip_prefix("execute ")?.split_once(": ").map(|(_, sql)| sql),
    }
}

/// `$1 = 'it''s', $2 = NULL` as PostgreSQL writes bound values.
fn parameters_of(details: &str) -> BTreeMap<usize, Option<String>> {
    let mut parameters = BTreeMap::new();
    let (_, mut rest) = details.split_once("arameters: ").unwrap_or(("", ""));
    while let Some((number, after)) = rest.strip_prefix('$').and_then(|r| r.split_once(" = ")) {
        let Ok(number) = number.parse() else { break };
        let (value, remaining) = match after.strip_prefix('\'') {
            Some(quoted) => quoted_text(quoted),
            None => (None, after.strip_prefix("NULL").unwrap_or(after)),
        };
        parameters.insert(number, value);
        rest = remaining.strip_prefix(", ").unwrap_or_default();
    }
    parameters
}

/// The text up to the closing quotation mark, and what follows it.
fn quoted_text(quoted: &str) -> (Option<String>, &str) {
    let mut text = String::new();
    let mut rest = quoted;
    while let Some((before, after)) = rest.split_once('\'') {
        text.push_str(before);
        match after.strip_prefix('\'') {
            Some(doubled) => {
                text.push('\'');
                rest = doubled;
            }
            None => return (Some(text), after),
        }
    }
    (Some(text), "")
}

impl Statement {
    /// The statement with every parameter replaced by what `value` makes of it.
    pub(super) fn with_values(
        &self,
        value: impl Fn(usize, Option<&str>) -> String,
    ) -> Result<String> {
        let mut sql = String::new();
        let mut rest = self.sql.as_str();
        while let Some((before, after)) = rest.split_once('$') {
            sql.push_str(before);
            let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            let number: usize = after[..digits].parse().context("a dollar quote in a query")?;
            let bound = self.parameters.get(&number).context("an unbound parameter")?;
            sql.push_str(&value(number, bound.as_deref()));
            rest = &after[digits..];
        }
        sql.push_str(rest);
        Ok(sql)
    }
}

/// A value as an SQL literal that pgbench does not take for one of its variables.
pub(super) fn literal(value: Option<&str>) -> String {
    match value {
        None => "NULL".to_owned(),
        // pgbench replaces `:name` also inside quotation marks and ends statements at line breaks
        // only after a semicolon, so colons and line breaks travel as escapes.
        Some(text) => {
            let mut escaped = String::from("E'");
            for character in text.chars() {
                match character {
                    '\'' => escaped.push_str("''"),
                    '\\' => escaped.push_str("\\\\"),
                    '\n' => escaped.push_str("\\n"),
                    ':' => escaped.push_str("\\x3a"),
                    other => escaped.push(other),
                }
            }
            escaped.push('\'');
            escaped + cast(text)
        }
    }
}

/// The service binds ids and intervals with their types; where the statement does not say which
/// it wants, PostgreSQL would take the bare literal for text.
fn cast(text: &str) -> &'static str {
    let hyphens = [8, 13, 18, 23];
    let is_uuid = text.len() == 36
        && text.char_indices().all(|(index, c)| {
            if hyphens.contains(&index) { c == '-' } else { c.is_ascii_hexdigit() }
        });
    let is_interval =
        text.split(':').count() == 3 && text.chars().all(|c| c.is_ascii_digit() || c == ':');
    match (is_uuid, is_interval) {
        (true, _) => "::uuid",
        (_, true) => "::interval",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logged_request_becomes_its_statements() {
        let log = "~other~ LOG:  statement: SELECT 2\n\
                   ~portal_x~ LOG:  statement: BEGIN\n\
                   ~portal_x~ LOG:  execute s1: SELECT a\n\tFROM t WHERE b = $1 AND c = $2\n\
                   ~portal_x~ DETAIL:  parameters: $1 = 'it''s', $2 = NULL\n\
                   ~portal_x~ LOG:  execute s2: SELECT 1 FROM export_jobs WHERE a = $1\n\
                   ~portal_x~ DETAIL:  parameters: $1 = 'x'\n";
        let statements = parse(log, "portal_x");
        assert_eq!(statements.len(), 2);
        assert_eq!(statements[0].sql, "BEGIN");
        let filled = statements[1].with_values(|_, value| literal(value)).unwrap();
        assert_eq!(filled, "SELECT a\nFROM t WHERE b = E'it''s' AND c = NULL");
    }

    #[test]
    fn a_literal_survives_pgbench() {
        assert_eq!(literal(Some("00:05:00")), "E'00\\x3a05\\x3a00'::interval");
        let id = "9295f067-96d7-5912-aae0-4036a872fb8d";
        assert_eq!(literal(Some(id)), format!("E'{id}'::uuid"));
        assert_eq!(literal(Some("a:b\n\\'")), "E'a\\x3ab\\n\\\\'''");
    }
}
