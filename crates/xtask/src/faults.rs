//! `cargo xtask faults`: a portal of two replicas on servers of its own, and the program `faults`
//! that loads it, breaks one part after the other and judges what came back.
//!
//! The program holds the links to the servers, so it is started between them and the services. It
//! calls us back (`cargo xtask part`) to have a part killed or started, because we know how.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::Signal;

use crate::cli::{FaultsArgs, PartAction, PartArgs, Scale};
use crate::console::{stage, step};
use crate::stack::{Kind, Running, Stack};
use crate::test::{Count, REPLICAS, count_tests, write_attach_file};
use crate::workspace::Workspace;
use crate::{database, gateway, packages, seed, servers, services};

/// What moves the clock of a process, of Debian's package `libfaketime`.
pub(crate) const CLOCK_LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// The long form: as often as wanted, and only the lines that were named.
pub(crate) fn run(workspace: &Workspace, arguments: &FaultsArgs) -> Result<()> {
    let count = on_stack(workspace, arguments, &mut Vec::new())?;
    ensure!(count.failed == 0 && count.passed > 0, "{} lines failed", count.failed);
    Ok(())
}

/// The suite: every line once.
pub(crate) fn suite(workspace: &Workspace, figures: &mut Vec<String>) -> Result<Count> {
    on_stack(workspace, &FaultsArgs { repeat: 1, names: Vec::new() }, figures)
}

/// Does something to one part of the stack that [`run`] has started.
pub(crate) fn part(workspace: &Workspace, arguments: &PartArgs) -> Result<()> {
    let mut running = Running::lock(Stack::open(workspace, Kind::Fault)?)?;
    running.state.replicas = REPLICAS;
    let name = &arguments.name;
    if arguments.action == PartAction::Start {
        return start_missing(&mut running, name);
    }
    let process = running.state.process(name).with_context(|| format!("no {name} runs"))?.clone();
    match arguments.action {
        PartAction::Kill => {
            process.kill()?;
            // Nobody has buried it: its parent is the call that made the stack. PostgreSQL would
            // take the body for a server that lives.
            let lock_file = running.stack.served.join("postgres/data/postmaster.pid");
            if name == "postgres" && lock_file.exists() {
                std::fs::remove_file(lock_file)?;
            }
            Ok(())
        }
        PartAction::Stop => running.stop_named(std::slice::from_ref(name)),
        PartAction::Halt => process.signal(Signal::SIGSTOP),
        PartAction::Resume | PartAction::Start => process.signal(Signal::SIGCONT),
    }
}

/// Starts what is missing of the part's kind: a server that comes back is not kept waiting for the
/// services that wait for it.
fn start_missing(running: &mut Running, name: &str) -> Result<()> {
    if servers::ports(&running.stack.ports).iter().any(|(server, _)| server == name) {
        return servers::start(running)?.wait(&running.stack);
    }
    let programs = programs(&running.stack.workspace)?;
    services::start(running, &programs)?;
    gateway::start(running)
}

fn on_stack(
    workspace: &Workspace,
    arguments: &FaultsArgs,
    figures: &mut Vec<String>,
) -> Result<Count> {
    packages::ensure_servers(workspace)?;
    packages::ensure_fonts()?;
    if !Path::new(CLOCK_LIBRARY).exists() {
        packages::ensure(&["libfaketime"])?;
    }
    stage("building the services and `faults`", || {
        workspace.build(&["--quiet", "--workspace", "--bins"])
    })?;
    let mut running = Running::lock(Stack::open(workspace, Kind::Fault)?)?;
    // A run that was killed may have left processes and half a story behind.
    running.stop_all()?;
    running.stack.remove_data()?;
    running.state.replicas = REPLICAS;
    let result = prepare(&mut running).and_then(|()| {
        let stack = running.release();
        judge(workspace, &stack, arguments, figures)
    });
    let mut running = Running::lock(Stack::open(workspace, Kind::Fault)?)?;
    step("stopping the fault suite's stack", || running.stop_all())?;
    running.stack.remove_data()?;
    result
}

/// Servers and demo data; the services need the links, which the program brings.
fn prepare(running: &mut Running) -> Result<()> {
    let programs = programs(&running.stack.workspace)?;
    let broker = servers::start(running)?;
    step("database and roles", || {
        database::ensure_roles(&running.stack)?;
        database::ensure_database(&running.stack, database::DATABASE)
    })?;
    let stack = &running.stack;
    step("migrations", || database::migrate(stack, &programs.join("migrate"), database::DATABASE))?;
    step("demo data", || seed::run_quietly(stack, &programs, Scale::Demo))?;
    broker.wait(stack)?;
    write_attach_file(stack)
}

/// Starts the program, the services behind its links, and reads what it has to say.
fn judge(
    workspace: &Workspace,
    stack: &Stack,
    arguments: &FaultsArgs,
    figures: &mut Vec<String>,
) -> Result<Count> {
    let programs = programs(workspace)?;
    let mut program = Command::new(programs.join("faults"));
    program
        .args(["--repeat", &arguments.repeat.to_string()])
        .args(&arguments.names)
        .current_dir(&workspace.root)
        .env("PORTAL_TEST_STACK", stack.home.join("stack.json"))
        // Not this very file: cargo may have replaced it a moment ago.
        .env("PORTAL_XTASK", programs.join("xtask"));
    count_tests(&mut program, figures)
}

fn programs(workspace: &Workspace) -> Result<PathBuf> {
    Ok(workspace.target()?.join("debug"))
}
