//! Fills a database with demonstration or load data: `seed --scale demo|load|xl [--lines CSV]
//! [--label L] [--accounts N]`.
//!
//! - `DATABASE_URL`: the owner of the schema, directly at PostgreSQL. Required, secret.
//! - `PORTAL_ENVIRONMENT`: the seed refuses `production`, because its users share a published password.
//! - `RUST_LOG`: what to print while it works. Default `info`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, ensure};
use clap::Parser;
use store::seed::{BudgetLines, Scale, SeedOptions, SeedReport};
use tokio_postgres::NoTls;
use tracing_subscriber::EnvFilter;

/// Fills the portal's database with generated data. Running it twice changes nothing.
#[derive(Parser)]
struct Arguments {
    /// How much to generate: demo, load or xl. The larger ones include demo.
    #[arg(long, default_value_t)]
    scale: Scale,
    /// Budget lines (CSV) for case names, chapters, items and amounts.
    #[arg(long, value_name = "CSV")]
    lines: Option<PathBuf>,
    /// Name of this load or xl set, so that several can stand side by side.
    #[arg(long)]
    label: Option<String>,
    /// How many accounts for load tests there shall be besides the demo's.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=20_000))]
    accounts: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    match seed(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}"); // the chain in one line; a backtrace says nothing to an operator
            ExitCode::FAILURE
        }
    }
}

async fn seed(arguments: Arguments) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_target(false).init();
    let environment = std::env::var("PORTAL_ENVIRONMENT").unwrap_or_default();
    ensure!(environment != "production", "demo users are not put into a production database");
    let url = std::env::var("DATABASE_URL").context("DATABASE_URL is not set")?;
    let lines = arguments.lines.as_deref().map(BudgetLines::read).transpose()?;

    let started = Instant::now();
    let (mut client, connection) =
        tokio_postgres::connect(&url, NoTls).await.context("PostgreSQL could not be reached")?;
    let connection = tokio::spawn(connection);
    let Arguments { scale, label, accounts, .. } = arguments;
    let options = SeedOptions { scale, label, lines, accounts };
    let report = store::seed::run(&mut client, &options).await?;
    drop(client);
    connection.await.context("the connection task failed")??;
    print_summary(&report, started);
    Ok(())
}

fn print_summary(report: &SeedReport, started: Instant) {
    for part in &report.skipped {
        println!("{part}: already there, left as it is");
    }
    for (code, lines) in &report.unknown_departments {
        println!("{lines} budget lines left out: no department {code}");
    }
    let rows: u64 = report.tables.iter().map(|table| table.rows).sum();
    println!("{rows} rows in {:.1} s", started.elapsed().as_secs_f64());
}
