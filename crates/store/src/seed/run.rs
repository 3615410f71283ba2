//! A seed run: what is missing for the asked scale is generated and copied, in one transaction.

use std::fmt;
use std::str::FromStr;
use std::time::Instant;

use tokio_postgres::{Client, Transaction};

use super::bulk::BulkCase;
use super::copy::copy_rows;
use super::crowd::load_accounts;
use super::demo::DemoData;
use super::error::SeedError;
use super::lines::BudgetLines;
use super::load;
use super::report::SeedReport;
use super::rows::{CaseRow, RoundRow};
use super::supplement::Pool;
use super::xl;

/// Key of the advisory lock that keeps two runs on one database apart. Any constant will do.
pub(super) const RUN_LOCK: i64 = 0x5345_4544;

/// How much to generate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// The demonstration data of the contract, sections 1–7.
    #[default]
    Demo,
    /// The requirement's load-test data (section 8), on top of the demo.
    Load,
    /// 2 000 cases with 50 versions each, for query plans, on top of the demo.
    Xl,
}

impl Scale {
    /// The name used on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Load => "load",
            Self::Xl => "xl",
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scale {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Demo, Self::Load, Self::Xl]
            .into_iter()
            .find(|scale| scale.as_str() == text)
            .ok_or_else(|| "the scale is one of demo, load, xl".to_owned())
    }
}

/// What a run is asked to do.
#[derive(Clone, Debug, Default)]
pub struct SeedOptions {
    /// How much to generate.
    pub scale: Scale,
    /// Name of a `load` or `xl` run. A second run with the same label changes nothing; another label
    /// adds another set. `None` is the unnamed set.
    pub label: Option<String>,
    /// Real budget lines for case names, chapters, items and amounts.
    pub lines: Option<BudgetLines>,
    /// How many accounts for load tests there shall be besides the demo's.
    pub accounts: u32,
}

/// Generates and loads what `options` ask for and the database does not have yet.
///
/// `client` must be the owner of the schema on a direct connection (not through PgBouncer: one
/// transaction with `COPY` would occupy a pooled connection for a minute).
///
/// # Errors
/// [`SeedError`]; the transaction is then rolled back and nothing is written.
pub async fn run(client: &mut Client, options: &SeedOptions) -> Result<SeedReport, SeedError> {
    let label = checked_label(options.label.as_deref())?;
    let lines = options.lines.as_ref();
    let mut report = SeedReport::default();
    if let Some(lines) = lines {
        report.unknown_departments.clone_from(&lines.unknown);
    }
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&RUN_LOCK]).await?;
    defer_pointers(&transaction).await?;
    load_demo(&transaction, lines, &mut report).await?;
    match options.scale {
        Scale::Demo => {}
        Scale::Load => load_load(&transaction, label, lines, &mut report).await?,
        Scale::Xl => load_xl(&transaction, label, lines, &mut report).await?,
    }
    if options.accounts > 0 {
        load_accounts(&transaction, options.accounts, &mut report).await?;
    }
    transaction.commit().await?;
    refresh_statistics(client, &report).await?;
    Ok(report)
}

/// A label becomes part of a round's name, which has room for 50 characters.
fn checked_label(label: Option<&str>) -> Result<Option<&str>, SeedError> {
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    match label {
        Some(label) if label.is_empty() || label.len() > 20 => Err(SeedError::Label),
        Some(label) if !label.chars().all(is_allowed) => Err(SeedError::Label),
        _ => Ok(label),
    }
}

/// Statistics for the planner, and the visibility map that index-only scans need. `VACUUM` refuses
/// to run inside a transaction, so it comes after the commit.
pub(super) async fn refresh_statistics(
    client: &Client,
    report: &SeedReport,
) -> Result<(), SeedError> {
    let mut tables: Vec<&str> = report.tables.iter().map(|part| part.table).collect();
    tables.sort_unstable();
    tables.dedup();
    if !tables.is_empty() {
        let started = Instant::now();
        client.batch_execute(&format!("VACUUM (ANALYZE) {}", tables.join(", "))).await?;
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(duration_ms, "refreshed the statistics of {} tables", tables.len());
    }
    Ok(())
}

/// Loads the demo data unless there are departments already.
async fn load_demo(
    transaction: &Transaction<'_>,
    lines: Option<&BudgetLines>,
    report: &mut SeedReport,
) -> Result<(), SeedError> {
    let seeded = transaction.query_one("SELECT EXISTS (SELECT FROM departments)", &[]).await?;
    if seeded.try_get(0)? {
        report.skipped.push("demo".to_owned());
        return Ok(());
    }
    copy_demo(transaction, DemoData::generate(lines)?, report).await
}

/// Checks at commit what else would be checked row by row: a case and its newest content refer to
/// each other, and each table is copied in one go.
pub(super) async fn defer_pointers(transaction: &Transaction<'_>) -> Result<(), SeedError> {
    transaction.execute("SET CONSTRAINTS cases_latest_content_id_fkey DEFERRED", &[]).await?;
    Ok(())
}

/// Copies the demo data into empty tables.
pub(super) async fn copy_demo(
    transaction: &Transaction<'_>,
    data: DemoData,
    report: &mut SeedReport,
) -> Result<(), SeedError> {
    report.tables.extend([
        copy_rows(transaction, data.departments).await?,
        copy_rows(transaction, data.people.users).await?,
        copy_rows(transaction, data.people.assignments).await?,
        copy_rows(transaction, data.rounds).await?,
        copy_rows(transaction, data.case_types).await?,
        copy_rows(transaction, data.cases).await?,
        copy_rows(transaction, data.contents).await?,
        copy_rows(transaction, data.events).await?,
        copy_rows(transaction, data.opinions).await?,
        copy_rows(transaction, data.comments).await?,
        copy_rows(transaction, data.conclusions).await?,
        copy_rows(transaction, data.questions).await?,
        copy_rows(transaction, data.submissions.rows).await?,
        copy_rows(transaction, data.submissions.links).await?,
        copy_rows(transaction, data.templates).await?,
        copy_rows(transaction, data.template_sections).await?,
        copy_rows(transaction, data.lists.rows).await?,
        copy_rows(transaction, data.lists.sections).await?,
        copy_rows(transaction, data.lists.entries).await?,
    ]);
    Ok(())
}

async fn load_load(
    transaction: &Transaction<'_>,
    label: Option<&str>,
    lines: Option<&BudgetLines>,
    report: &mut SeedReport,
) -> Result<(), SeedError> {
    let round = load::round(label);
    if has_round(transaction, &round).await? {
        report.skipped.push(round.name);
        return Ok(());
    }
    let ministries = load::ministries();
    let cases = load::cases(&round, &ministries, lines);
    let rows: Vec<CaseRow> = cases.iter().map(BulkCase::row).collect();
    let lists = load::lists(&round, &ministries, &rows);
    report.tables.push(copy_rows(transaction, [round]).await?);
    copy_bulk(transaction, &cases, report).await?;
    report.tables.extend([
        copy_rows(transaction, lists.rows).await?,
        copy_rows(transaction, lists.sections).await?,
        copy_rows(transaction, lists.entries).await?,
    ]);
    Ok(())
}

async fn load_xl(
    transaction: &Transaction<'_>,
    label: Option<&str>,
    lines: Option<&BudgetLines>,
    report: &mut SeedReport,
) -> Result<(), SeedError> {
    let rounds = xl::rounds(label);
    if let Some(first) = rounds.first()
        && has_round(transaction, first).await?
    {
        report.skipped.push(first.name.clone());
        return Ok(());
    }
    let ministries = xl::ministries();
    let cases = xl::cases(&rounds, &ministries, lines);
    report.tables.push(copy_rows(transaction, rounds).await?);
    copy_bulk(transaction, &cases, report).await
}

async fn has_round(transaction: &Transaction<'_>, round: &RoundRow) -> Result<bool, SeedError> {
    let query = "SELECT EXISTS (SELECT FROM budget_rounds WHERE id = $1)";
    Ok(transaction.query_one(query, &[&round.id]).await?.try_get(0)?)
}

async fn copy_bulk(
    transaction: &Transaction<'_>,
    cases: &[BulkCase<'_>],
    report: &mut SeedReport,
) -> Result<(), SeedError> {
    let pool = Pool::new();
    report.tables.extend([
        copy_rows(transaction, cases.iter().map(BulkCase::row)).await?,
        copy_rows(transaction, cases.iter().flat_map(|case| case.contents(&pool))).await?,
        copy_rows(transaction, cases.iter().flat_map(BulkCase::events)).await?,
    ]);
    Ok(())
}
