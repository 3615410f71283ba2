//! `strain`: the loads of `cargo xtask bench` that `wrk` cannot make.
//!
//! `wrk` sends as fast as it is answered. Here are readers who begin at the same moment, requests
//! that come at their own rate however slow the answers are, listeners to the event stream, and
//! readers who check that what they read is not older than it may be. It only makes the load and
//! says what came back; `cargo xtask bench` judges.
//!
//! Every load opens its connections first, prints `open`, and begins when it is sent a line.

mod burst;
mod listen;
mod plan;
mod readers;
mod steady;

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};

use self::plan::{Plan, Sample};

/// Makes one kind of load and prints what came back.
#[derive(Debug, Parser)]
struct Arguments {
    /// JSON: hosts, tokens and calls.
    #[arg(long)]
    plan: PathBuf,
    #[command(subcommand)]
    load: Load,
}

#[derive(Debug, Subcommand)]
enum Load {
    /// One request on each connection, all at once. Prints a line for each.
    Burst {
        #[arg(long)]
        connections: usize,
    },
    /// Requests for some time: at a rate, or else as fast as they are answered. Prints a line for
    /// each.
    Steady {
        #[arg(long)]
        connections: usize,
        /// Requests a second.
        #[arg(long)]
        rate: Option<f64>,
        #[arg(long)]
        secs: f64,
    },
    /// Listens to the event stream and makes the plan's first call now and then. Prints JSON.
    Listen {
        #[arg(long)]
        connections: usize,
        #[arg(long)]
        saves: usize,
    },
    /// Readers of departments' lists and savers of a case in each. Prints JSON.
    Readers {
        #[arg(long)]
        readers: usize,
        #[arg(long)]
        secs: f64,
        /// What a reader waits between an answer and the next request.
        #[arg(long)]
        pause_ms: u64,
        /// What a department waits between two saves.
        #[arg(long)]
        save_every_ms: u64,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let text =
        std::fs::read(&arguments.plan).with_context(|| format!("{}", arguments.plan.display()))?;
    let plan: Arc<Plan> = Arc::new(serde_json::from_slice(&text).context("the plan")?);
    match arguments.load {
        Load::Burst { connections } => print_samples(&burst::run(&plan, connections).await?),
        Load::Steady { connections, rate, secs } => {
            print_samples(&steady::run(&plan, connections, rate, secs).await?)
        }
        Load::Listen { connections, saves } => {
            print(&listen::run(&plan, connections, saves).await?.to_string())
        }
        Load::Readers { readers, secs, pause_ms, save_every_ms } => {
            let pace = readers::Pace::new(secs, pause_ms, save_every_ms)?;
            print(&readers::run(&plan, readers, pace).await?.to_string())
        }
    }
}

/// Says that every connection is open, and waits for the word to begin.
async fn wait_for_the_word() -> Result<()> {
    print("open")?;
    // Connections are looked after meanwhile, so this thread must not wait.
    let word = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
    ensure!(word.await?? > 0, "nobody gave the word to begin");
    Ok(())
}

fn print_samples(samples: &[Sample]) -> Result<()> {
    let lines: Vec<String> = samples.iter().map(Sample::to_string).collect();
    print(&lines.join("\n"))
}

fn print(line: &str) -> Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")?;
    Ok(output.flush()?)
}
