//! `cargo xtask bench`: each number is a ratio to a limit that is measured in the same run, since
//! machines differ and are shared; each benchmark prints one JSON line.

mod documents;
mod http;
mod list_query;
mod load;
mod replay;
mod statements;

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum as _;
use serde_json::Value;

use crate::cli::{BenchArgs, Benchmark, Scale};
use crate::console::step;
use crate::stack::{Kind, Running, Stack};
use crate::workspace::Workspace;
use crate::{packages, seed, up};

/// Runs the named benchmarks, those that need one on a stack of their own, which is gone afterwards.
pub(crate) fn run(workspace: &Workspace, arguments: &BenchArgs) -> Result<()> {
    let names = if arguments.names.is_empty() {
        Benchmark::value_variants()
    } else {
        arguments.names.as_slice()
    };
    let (alone, with_stack): (Vec<Benchmark>, Vec<Benchmark>) =
        names.iter().partition(|name| documents::name(**name).is_some());
    for name in alone.into_iter().filter_map(documents::name) {
        documents::measure(workspace, name)?;
    }
    if with_stack.is_empty() {
        Ok(())
    } else {
        run_on_stack(workspace, &with_stack, arguments.secs)
    }
}

fn run_on_stack(workspace: &Workspace, names: &[Benchmark], secs: u16) -> Result<()> {
    packages::ensure_servers(workspace)?;
    packages::ensure_program("wrk", "wrk")?;
    let mut running = Running::lock(Stack::open(workspace, Kind::Bench)?)?;
    // A run that was killed may have left processes and half-measured data behind.
    running.stop_all()?;
    running.stack.remove_data()?;
    let result = up::start(&mut running)
        .and_then(|()| seed_xl(&running.stack))
        .and_then(|()| measure_all(&running.stack, names, secs));
    step("stopping the benchmarks' stack", || running.stop_all())?;
    running.stack.remove_data()?;
    result
}

fn seed_xl(stack: &Stack) -> Result<()> {
    let programs = stack.workspace.target()?.join("release");
    step("xl data", || seed::run_quietly(stack, &programs, Scale::Xl))
}

fn measure_all(stack: &Stack, names: &[Benchmark], secs: u16) -> Result<()> {
    for name in names {
        let bench = Bench::prepare(stack, secs)?;
        let line: Value = match name {
            Benchmark::ListQuery => list_query::measure(&bench)?,
            Benchmark::Save => http::measure(&bench, &http::SAVE)?,
            Benchmark::Detail => http::measure(&bench, &http::DETAIL)?,
            Benchmark::Lock => http::measure(&bench, &http::LOCK)?,
            Benchmark::Xlsx | Benchmark::Docx | Benchmark::Pdf => continue,
        };
        println!("{line}");
    }
    Ok(())
}

/// What every benchmark needs.
struct Bench<'a> {
    stack: &'a Stack,
    secs: u16,
    /// Where load scripts are written.
    scratch: PathBuf,
}

impl<'a> Bench<'a> {
    fn prepare(stack: &'a Stack, secs: u16) -> Result<Self> {
        let scratch = stack.home.join("scripts");
        if scratch.exists() {
            std::fs::remove_dir_all(&scratch)?;
        }
        std::fs::create_dir_all(&scratch)?;
        Ok(Self { stack, secs, scratch })
    }
}
