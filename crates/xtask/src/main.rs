//! `cargo xtask`: one command for people and CI to run, test and measure the portal.

mod bench;
mod cli;
mod command;
mod console;
mod containers;
mod dashboards;
mod database;
mod faults;
mod fuzz;
mod gateway;
mod http;
mod interrupt;
mod load;
mod newer_debian;
mod observability;
mod occupant;
mod packages;
mod ports;
mod process;
mod python;
mod secrets;
mod seed;
mod servers;
mod services;
mod stack;
mod status;
mod template;
mod test;
mod tools;
mod up;
mod workspace;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Verb};
use crate::workspace::Workspace;

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    interrupt::install()?;
    let workspace = Workspace::find()?;
    match &cli.verb {
        Verb::Up(arguments) => up::up(&workspace, arguments),
        Verb::Down(arguments) => up::down(&workspace, arguments.purge),
        Verb::Status(arguments) => status::run(&workspace, arguments.json),
        Verb::Logs(arguments) => status::logs(&workspace, arguments),
        Verb::Seed(arguments) => seed::run(&workspace, arguments),
        Verb::Test(arguments) => test::run(&workspace, arguments),
        Verb::Fuzz(arguments) => fuzz::run(&workspace, arguments),
        Verb::ComposeCheck(arguments) => containers::run(&workspace, arguments),
        Verb::Bench(arguments) => bench::run(&workspace, arguments),
        Verb::Faults(arguments) => faults::run(&workspace, arguments),
        Verb::Part(arguments) => faults::part(&workspace, arguments),
        Verb::Load(arguments) => load::run(&workspace, arguments),
        Verb::Dashboards(arguments) => dashboards::run(&workspace, arguments),
    }
}
