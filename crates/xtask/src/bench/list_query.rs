//! The case list's query on the `xl` data: newest version by pointer against `MAX(version)`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::statistics::verdict;
use super::{Bench, http, load, replay, statements};
use crate::database::DATABASE;
use crate::servers::postgres::Login;

/// Requirement, section 2.3, "gammel": the newest version found by a subquery for each row.
const BY_MAX_VERSION: &str = "SELECT c.*, cc.* FROM cases c \
     JOIN case_contents cc ON cc.case_id = c.id \
     WHERE cc.version = (SELECT MAX(version) FROM case_contents WHERE case_id = c.id) \
     AND c.budget_round_id = '{round}'";

/// The schema before the plan: the version index is one of its five (section 2.2), and the foreign
/// key alone was indexed. Measured so too, because the index speeds the old query up as well.
const WITHOUT_THE_INDEX: &str = "DROP INDEX idx_case_content_latest; \
     CREATE INDEX bench_case_id ON case_contents (case_id); ANALYZE case_contents";
const WITH_THE_INDEX: &str = "DROP INDEX bench_case_id; \
     CREATE UNIQUE INDEX idx_case_content_latest ON case_contents (case_id, version DESC)";

/// Requirement, section 2.3, "ny", with the flat fields that a list may show.
const BY_POINTER: &str = "SELECT c.*, cc.version, cc.proposal_text, cc.justification \
     FROM cases c JOIN case_contents cc ON cc.id = c.latest_content_id \
     WHERE c.budget_round_id = '{round}'";

/// The same rows without any content.
const ROWS_ONLY: &str = "SELECT c.* FROM cases c WHERE c.budget_round_id = '{round}'";

pub(super) fn measure(bench: &Bench<'_>) -> Result<Value> {
    let owner = Login::owner(bench.stack);
    let round = owner.query(
        DATABASE,
        "SELECT budget_round_id FROM cases GROUP BY 1 \
         ORDER BY sum(version) DESC, 1 LIMIT 1",
    )?;
    let time = |name: &str, sql: &str| -> Result<f64> {
        let script = bench.scratch.join(name);
        fs::write(&script, format!("{};\n", sql.replace("{round}", &round)))?;
        server_time(bench, &owner, script)
    };
    let by_max_version_ms = time("by_max_version.sql", BY_MAX_VERSION)?;
    owner.query(DATABASE, WITHOUT_THE_INDEX)?;
    let before_the_plan_ms = time("before_the_plan.sql", BY_MAX_VERSION);
    owner.query(DATABASE, WITH_THE_INDEX)?;
    let before_the_plan_ms = before_the_plan_ms?;
    let by_pointer_ms = time("by_pointer.sql", BY_POINTER)?;
    let rows_only_ms = time("rows_only.sql", ROWS_ONLY)?;
    let endpoint_ms = time("endpoint.sql", &endpoint_statement(bench, &round)?)?;
    let rows = owner.query(
        DATABASE,
        &format!("SELECT count(*) FROM cases WHERE budget_round_id = '{round}'"),
    )?;
    let is_met = before_the_plan_ms / endpoint_ms >= 50.0 && endpoint_ms / rows_only_ms <= 2.0;
    Ok(json!({
        "bench": "list-query",
        "rows": rows.parse::<u32>().context("count")?,
        "before_the_plan_ms": before_the_plan_ms,
        "by_max_version_ms": by_max_version_ms,
        "endpoint_ms": endpoint_ms,
        "by_pointer_ms": by_pointer_ms,
        "rows_only_ms": rows_only_ms,
        "before_the_plan_over_endpoint": before_the_plan_ms / endpoint_ms,
        "max_version_over_endpoint": by_max_version_ms / endpoint_ms,
        "max_version_over_pointer": by_max_version_ms / by_pointer_ms,
        "endpoint_over_rows_only": endpoint_ms / rows_only_ms,
        "pointer_over_rows_only": by_pointer_ms / rows_only_ms,
        "target": "before_the_plan_over_endpoint >= 50, endpoint_over_rows_only <= 2",
        "verdict": verdict(is_met),
    }))
}

/// Mean time that PostgreSQL spends on the script's statement, in milliseconds. What the client
/// needs to read thousands of values is the same for all of them and would hide the difference.
fn server_time(bench: &Bench<'_>, owner: &Login<'_>, script: PathBuf) -> Result<f64> {
    let superuser = Login::superuser(bench.stack);
    superuser.query(DATABASE, "SELECT pg_stat_statements_reset()")?;
    load::pgbench(bench, owner, 1, &[script])?;
    superuser
        .query(
            DATABASE,
            "SELECT s.mean_exec_time FROM pg_stat_statements s \
             JOIN pg_roles r ON r.oid = s.userid \
             WHERE r.rolname = 'portal_owner' ORDER BY s.calls DESC LIMIT 1",
        )?
        .parse()
        .context("pg_stat_statements has no time")
}

/// What `GET /api/cases` for the whole round has PostgreSQL do.
fn endpoint_statement(bench: &Bench<'_>, round: &str) -> Result<String> {
    let client = http::Client::sign_in(bench.stack)?;
    let path = format!("/api/cases?budgetRoundId={round}");
    // Once to warm up: the first call of a connection also prepares statements.
    client.get(&path)?;
    let captured =
        statements::capture(bench.stack, "portal_cases_api", || client.get(&path).map(drop))?;
    let list = captured
        .into_iter()
        .filter(|statement| statement.sql.contains("\"cases\""))
        .max_by_key(|statement| statement.sql.len())
        .context("the list made no query on cases")?;
    let one = [list];
    let script = replay::script(&one, &one, None)?;
    Ok(script.trim().trim_end_matches(';').to_owned())
}
