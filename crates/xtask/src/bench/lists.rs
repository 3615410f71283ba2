//! What the benchmarks of case lists share: which lists there are, how to make them cold, and how
//! often PostgreSQL was asked for one.

use std::process::Command;

use anyhow::{Context as _, Result};

use super::Bench;
use super::http::Client;
use crate::command;
use crate::database::DATABASE;
use crate::load::ROUND;
use crate::servers::postgres::Login;
use crate::stack::Stack;

/// The list that benchmarks read: this long, as the portal's busiest department's.
const CASES: u32 = 33;

/// One department's list in the round with the load data.
pub(super) struct List {
    pub(super) path: String,
    /// One of its cases.
    pub(super) case: String,
    pub(super) cases: u32,
}

/// All departments' lists, that whose length is nearest to 33 cases first.
pub(super) fn all(stack: &Stack) -> Result<Vec<List>> {
    let rows = Login::owner(stack).query(
        DATABASE,
        &format!(
            "SELECT c.budget_round_id, c.department_id, min(c.id::text), count(*) \
             FROM cases c JOIN budget_rounds r ON r.id = c.budget_round_id \
             WHERE r.name = '{ROUND}' GROUP BY 1, 2 ORDER BY abs(count(*) - {CASES}), 2"
        ),
    )?;
    rows.lines().map(|row| parse(row).with_context(|| row.to_owned())).collect()
}

fn parse(row: &str) -> Option<List> {
    let mut columns = row.split('|');
    let (round, department) = (columns.next()?, columns.next()?);
    Some(List {
        path: format!("/api/cases?budgetRoundId={round}&departmentId={department}"),
        case: columns.next()?.to_owned(),
        cases: columns.next()?.parse().ok()?,
    })
}

/// Makes every list cold: no replica may use what it holds without Redis' word.
pub(super) fn chill(stack: &Stack) -> Result<()> {
    let port = stack.ports.redis.to_string();
    command::capture(Command::new("redis-cli").args(["-p", &port, "FLUSHALL"])).map(drop)
}

/// The statement that reads a list, as `pg_stat_statements` names it.
pub(super) struct Statement<'a> {
    stack: &'a Stack,
    id: String,
}

impl<'a> Statement<'a> {
    /// Finds it by reading a cold list.
    pub(super) fn find(bench: &Bench<'a>, client: &Client, list: &List) -> Result<Self> {
        chill(bench.stack)?;
        let superuser = Login::superuser(bench.stack);
        superuser.query(DATABASE, "SELECT pg_stat_statements_reset()")?;
        client.get(&list.path)?;
        let id = superuser.query(
            DATABASE,
            "SELECT s.queryid FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid \
             WHERE r.rolname = 'portal_cases_api' AND s.query LIKE '%FROM %\"cases\"%' \
             ORDER BY length(s.query) DESC LIMIT 1",
        )?;
        anyhow::ensure!(!id.is_empty(), "a cold list made no query on cases");
        Ok(Self { stack: bench.stack, id })
    }

    /// Counts from now on.
    pub(super) fn reset(&self) -> Result<()> {
        let superuser = Login::superuser(self.stack);
        superuser.query(DATABASE, "SELECT pg_stat_statements_reset()").map(drop)
    }

    /// How often it ran, and how many milliseconds it took on average.
    pub(super) fn runs(&self) -> Result<(u32, f64)> {
        let row = Login::superuser(self.stack).query(
            DATABASE,
            &format!(
                "SELECT coalesce(sum(calls), 0), \
                 coalesce(sum(total_exec_time) / nullif(sum(calls), 0), 0) \
                 FROM pg_stat_statements WHERE queryid = {}",
                self.id
            ),
        )?;
        let (calls, mean_ms) = row.split_once('|').context("pg_stat_statements")?;
        Ok((calls.parse()?, mean_ms.parse()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_list() {
        let list = parse("r|d|c|33").unwrap();
        assert_eq!(list.path, "/api/cases?budgetRoundId=r&departmentId=d");
        assert_eq!((list.case.as_str(), list.cases), ("c", 33));
        assert!(parse("r|d|c").is_none());
    }
}
