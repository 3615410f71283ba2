//! `crowd`: thousands of the portal's users in one process.
//!
//! Locust describes the users and is what the requirement asks for, but a Python process is full at
//! some hundred of them. This is the same behaviour (the numbers are read from the same file) where
//! a user costs a task and a connection. It only makes the load and writes down what came back;
//! `locust/portal_load` judges it, as it judges Locust's own runs. Why it is no ready-made load
//! generator: `docs/decisions/0030-a-load-generator-of-our-own.md`.

mod behaviour;
mod documents;
mod fag;
mod fin;
mod names;
mod person;
mod portal;
mod recorder;
mod run;
#[cfg(test)]
mod tests;
mod world;

use std::path::PathBuf;

use clap::Parser;

/// Loads a portal with many users and writes what came back as JSON.
#[derive(Clone, Debug, Parser)]
pub(crate) struct Arguments {
    /// The gateway, `http://HOST:PORT`.
    #[arg(long)]
    pub(crate) host: String,
    /// How many users.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) users: u32,
    /// How long it is measured.
    #[arg(long, default_value_t = 5.0)]
    pub(crate) minutes: f64,
    /// Users that sign in each second; hashing their passwords is dear on purpose.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) sign_ins: u32,
    /// The budget round with the load data.
    #[arg(long, default_value = "LAST2026")]
    pub(crate) round: String,
    /// On what machine and of what build, for the report.
    #[arg(long, default_value = "")]
    pub(crate) conditions: String,
    /// Where the result is written.
    #[arg(long)]
    pub(crate) output: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    run::run(Arguments::parse()).await
}
