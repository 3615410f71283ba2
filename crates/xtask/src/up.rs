//! `cargo xtask up` and `down`.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use crate::cli::{Scale, UpArgs};
use crate::console::{stage, step};
use crate::interrupt;
use crate::seed;
use crate::services::{self, NAMES, instances};
use crate::stack::{Kind, Running, Stack};
use crate::status;
use crate::workspace::Workspace;
use crate::{database, gateway, observability, occupant, packages, servers};

/// How often the foreground looks after its processes.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// Starts the developer's stack, or says that it runs already.
pub(crate) fn up(workspace: &Workspace, arguments: &UpArgs) -> Result<()> {
    let begun = Instant::now();
    packages::ensure_servers(workspace)?;
    let mut running = Running::lock(Stack::open(workspace, Kind::Dev)?)?;
    let replicas = if running.state.processes.is_empty() { 1 } else { running.state.replicas };
    let wanted = arguments.replicas.unwrap_or(replicas);
    if wanted != replicas && !running.state.processes.is_empty() {
        bail!("the portal runs with {replicas} of each service; `cargo xtask down` first");
    }
    if running.state.processes.is_empty() {
        running.state.observability = arguments.observability;
    } else if arguments.observability && !running.state.observability {
        bail!("the portal runs without --observability; `cargo xtask down` first");
    }
    if is_healthy(&running) {
        println!(
            "The portal is already running. After a change: cargo xtask down && cargo xtask up"
        );
        status::print_addresses(&running.stack, &running.state);
        return Ok(());
    }
    running.state.replicas = wanted;
    refuse_taken_ports(&running)?;
    if let Err(error) = start(&mut running) {
        println!("  stopping what was started");
        running.stop_started()?;
        return Err(error);
    }
    println!("\nThe portal is ready after {:.1} s.", begun.elapsed().as_secs_f64());
    status::print_addresses(&running.stack, &running.state);
    if arguments.detach {
        println!("\nIt goes on running: cargo xtask status | logs SERVICE | down");
        return Ok(());
    }
    println!("\nCtrl-C stops it.");
    watch(running.release())
}

/// Stops the developer's stack, and deletes all data if asked to.
pub(crate) fn down(workspace: &Workspace, purge: bool) -> Result<()> {
    stop(Stack::open(workspace, Kind::Dev)?)?;
    if purge {
        stop(Stack::open(workspace, Kind::Test)?)?;
        stop(Stack::open(workspace, Kind::Bench)?)?;
        stop(Stack::open(workspace, Kind::Fault)?)?;
        step("deleting all data", || {
            for directory in [&workspace.local, &workspace.served] {
                remove_all_but_tools(directory)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Builds the binaries that `up` and the benchmarks run, and returns their directory.
pub(crate) fn build_release(workspace: &Workspace) -> Result<PathBuf> {
    workspace.build(&["--release"])?;
    let programs = workspace.target()?.join("release");
    for name in NAMES.iter().chain(&["migrate", "seed", "is-ready"]) {
        ensure!(programs.join(name).is_file(), "cargo built no {name}");
    }
    Ok(programs)
}

/// Starts everything that does not run yet.
pub(crate) fn start(running: &mut Running) -> Result<()> {
    println!("Starting the portal");
    let broker = servers::start(running)?;
    let programs = programs(running)?;
    step("database and roles", || {
        database::ensure_roles(&running.stack)?;
        database::ensure_database(&running.stack, database::DATABASE)
    })?;
    let stack = &running.stack;
    step("migrations", || database::migrate(stack, &programs.join("migrate"), database::DATABASE))?;
    step("demo data", || seed::run_quietly(stack, &programs, Scale::Demo))?;
    broker.wait(stack)?;
    if running.state.observability {
        observability::start(running)?;
    }
    services::start(running, &programs)?;
    step("gateway", || gateway::start(running))
}

/// The binaries to start: new ones, unless a part of the portal still runs. Then what is missing
/// comes back as it was, at once, and never as another version beside the rest.
fn programs(running: &Running) -> Result<PathBuf> {
    let workspace = &running.stack.workspace;
    let built = workspace.target()?.join("release");
    let is_partly_up = NAMES.iter().any(|name| running.state.is_alive(name));
    if is_partly_up && NAMES.iter().all(|name| built.join(name).is_file()) {
        println!("  a part of the portal still runs: starting what is missing, not building");
        return Ok(built);
    }
    stage("building (release)", || build_release(workspace))
}

/// Looks at all ports before anything is built or started: better now than after ten minutes.
fn refuse_taken_ports(running: &Running) -> Result<()> {
    let stack = &running.stack;
    let mut wanted = servers::ports(&stack.ports);
    wanted.push(("gateway".to_owned(), stack.ports.gateway));
    for instance in instances(stack, running.state.replicas) {
        wanted.extend(instance.ports().map(|port| (instance.name.clone(), port)));
    }
    if running.state.observability {
        wanted.extend(observability::ports(&stack.ports));
    }
    wanted
        .iter()
        .filter(|(name, _)| !running.state.is_alive(name))
        .try_for_each(|(name, port)| occupant::refuse_taken(*port, name))
}

/// Whether every part lives and every service says it is ready.
pub(crate) fn is_healthy(running: &Running) -> bool {
    let mut parts = vec!["epmd", "postgres", "pgbouncer", "redis", "rabbitmq", "gateway"];
    if running.state.observability {
        parts.extend(observability::NAMES);
    }
    parts.iter().all(|name| running.state.is_alive(name))
        && instances(&running.stack, running.state.replicas)
            .iter()
            .all(|instance| running.state.is_alive(&instance.name) && instance.is_ready())
}

/// Looks after a running stack until someone ends it, here or with `down`.
fn watch(stack: Stack) -> Result<()> {
    let mut reported: Vec<i32> = Vec::new();
    while interrupt::pause(WATCH_INTERVAL).is_ok() {
        let Some(state) = stack.state() else {
            println!("The portal was stopped.");
            return Ok(());
        };
        for process in state.processes.iter().filter(|process| !process.is_alive()) {
            if !reported.contains(&process.pid) {
                println!("{} ended. {}", process.name, process.last_words());
                println!("`cargo xtask up` in another terminal starts it again.");
                reported.push(process.pid);
            }
        }
    }
    println!();
    stop(stack)
}

fn stop(stack: Stack) -> Result<()> {
    let mut running = Running::lock(stack)?;
    if running.state.processes.is_empty() {
        println!("Nothing runs.");
        return Ok(());
    }
    step("stopping everything", || running.stop_all())
}

/// Tools took time to build and hold no data.
fn remove_all_but_tools(directory: &std::path::Path) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name() == "tools" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
