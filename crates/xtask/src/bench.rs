//! `cargo xtask bench`: each number is a ratio to a limit that is measured in the same run, since
//! machines differ and are shared; each benchmark prints one JSON line.

mod documents;
mod events;
mod http;
mod list_hot;
mod list_observed;
mod list_query;
mod list_stampede;
mod list_sustained;
mod lists;
mod load;
mod overload;
mod redis_killed;
mod replay;
mod statements;
mod statistics;
mod strain;

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum as _;
use serde_json::Value;

use crate::cli::{BenchArgs, Benchmark, Scale};
use crate::console::step;
use crate::stack::{Kind, Running, Stack};
use crate::workspace::Workspace;
use crate::{load as scenarios, packages, seed, services, up};

/// How long each load lasts, and the long one, if nothing else is asked for.
const SECS: u16 = 10;
const SUSTAINED_SECS: u16 = 120;

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

fn run_on_stack(workspace: &Workspace, names: &[Benchmark], secs: Option<u16>) -> Result<()> {
    packages::ensure_servers(workspace)?;
    packages::ensure_program("wrk", "wrk")?;
    let mut running = Running::lock(Stack::open(workspace, Kind::Bench)?)?;
    // A run that was killed may have left processes and half-measured data behind.
    running.stop_all()?;
    running.stack.remove_data()?;
    let result = up::start(&mut running)
        .and_then(|()| scenarios::crowd::build(&running.stack))
        .and_then(|_| seed_for(&running.stack, names))
        .and_then(|()| measure_all(&mut running, names, secs));
    step("stopping the benchmarks' stack", || running.stop_all())?;
    running.stack.remove_data()?;
    result
}

/// The `load` data for the lists of a department, `xl` for the rest.
fn seed_for(stack: &Stack, names: &[Benchmark]) -> Result<()> {
    let programs = stack.workspace.target()?.join("release");
    let needs_xl = |name: &Benchmark| {
        use Benchmark::{Detail, ListQuery, Lock, Save};
        matches!(name, ListQuery | Save | Detail | Lock)
    };
    for scale in [Scale::Xl, Scale::Load] {
        if names.iter().any(|name| needs_xl(name) == (scale == Scale::Xl)) {
            let label = format!("{} data", scale.as_str());
            step(&label, || seed::run_quietly(stack, &programs, scale))?;
        }
    }
    Ok(())
}

fn measure_all(running: &mut Running, names: &[Benchmark], secs: Option<u16>) -> Result<()> {
    let stack = running.stack.clone();
    for name in names {
        let bench = Bench::prepare(&stack, secs)?;
        let line: Value = match name {
            Benchmark::ListQuery => list_query::measure(&bench)?,
            Benchmark::ListHot => list_hot::measure(&bench, running, list_hot::Way::Direct)?,
            Benchmark::ListGateway => list_hot::measure(&bench, running, list_hot::Way::Gateway)?,
            Benchmark::ListObserved => list_observed::measure(&bench, running)?,
            Benchmark::ListStampede => with_two_replicas(&bench, running, list_stampede::measure)?,
            Benchmark::ListSustained => {
                with_two_replicas(&bench, running, list_sustained::measure)?
            }
            Benchmark::Events => events::measure(&bench, running)?,
            Benchmark::Overload => overload::measure(&bench, running)?,
            Benchmark::RedisKilled => redis_killed::measure(&bench, running)?,
            Benchmark::Save => http::measure(&bench, &http::SAVE)?,
            Benchmark::Detail => http::measure(&bench, &http::DETAIL)?,
            Benchmark::Lock => http::measure(&bench, &http::LOCK)?,
            Benchmark::Xlsx | Benchmark::Docx | Benchmark::Pdf => continue,
        };
        println!("{line}");
    }
    Ok(())
}

/// Measures with a second copy of each service, which is gone afterwards.
fn with_two_replicas(
    bench: &Bench<'_>,
    running: &mut Running,
    measure: impl FnOnce(&Bench<'_>) -> Result<Value>,
) -> Result<Value> {
    running.state.replicas = 2;
    let result = services::start(running, &bench.programs).and_then(|()| measure(bench));
    running.state.replicas = 1;
    let one = services::instances(&running.stack, 1);
    let second = services::instances(&running.stack, 2).into_iter().map(|instance| instance.name);
    let second: Vec<String> =
        second.filter(|name| one.iter().all(|first| first.name != *name)).collect();
    running.stop_named(&second)?;
    result
}

/// The base addresses of some ports of this machine.
fn hosts(ports: &[u16]) -> Vec<String> {
    ports.iter().map(|port| format!("http://127.0.0.1:{port}")).collect()
}

/// What every benchmark needs.
#[derive(Clone)]
struct Bench<'a> {
    stack: &'a Stack,
    secs: u16,
    sustained_secs: u16,
    /// Where the release build's programs are.
    programs: PathBuf,
    /// Where load scripts are written.
    scratch: PathBuf,
}

impl<'a> Bench<'a> {
    fn prepare(stack: &'a Stack, secs: Option<u16>) -> Result<Self> {
        let scratch = stack.home.join("scripts");
        if scratch.exists() {
            std::fs::remove_dir_all(&scratch)?;
        }
        std::fs::create_dir_all(&scratch)?;
        Ok(Self {
            stack,
            secs: secs.unwrap_or(SECS),
            sustained_secs: secs.unwrap_or(SUSTAINED_SECS),
            programs: stack.workspace.target()?.join("release"),
            scratch,
        })
    }
}
