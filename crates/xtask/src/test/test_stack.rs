//! The tests' own stack: started as far as a suite needs it, and gone afterwards.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::attach;
use crate::cli::Scale;
use crate::console::{stage, step};
use crate::database;
use crate::seed;
use crate::services::{NAMES, instances};
use crate::stack::{Kind, Running, Stack};
use crate::workspace::Workspace;
use crate::{gateway, observability, packages, secrets, servers, services};

/// How many there are of each service.
pub(crate) const REPLICAS: u16 = 2;

/// What this run has started so far.
pub(crate) struct TestStack<'a> {
    workspace: &'a Workspace,
    servers: Option<Stack>,
    /// Names of the processes that this run started; a developer's servers are left alone.
    started: Vec<String>,
    programs: Option<PathBuf>,
    has_portal: bool,
}

impl<'a> TestStack<'a> {
    pub(crate) const fn new(workspace: &'a Workspace) -> Self {
        Self { workspace, servers: None, started: Vec::new(), programs: None, has_portal: false }
    }

    /// Builds every binary and every test of the workspace at once: one set of features, so that
    /// nothing is compiled twice. Returns the directory of the binaries.
    pub(super) fn build(&mut self) -> Result<PathBuf> {
        if let Some(programs) = &self.programs {
            return Ok(programs.clone());
        }
        stage("building tests and services", || {
            self.workspace.build(&["--workspace", "--bins", "--tests"])
        })?;
        let programs = self.workspace.target()?.join("debug");
        for name in NAMES.iter().chain(&["migrate", "seed"]) {
            ensure!(programs.join(name).is_file(), "cargo built no {name}");
        }
        self.programs = Some(programs.clone());
        Ok(programs)
    }

    /// Starts the servers, with a migrated template database, unless that is done. Returns where
    /// tests read how to attach.
    pub(super) fn ensure_servers(&mut self) -> Result<PathBuf> {
        let programs = self.build()?;
        if self.servers.is_none() {
            packages::ensure_servers(self.workspace)?;
            let mut running = Running::lock(Stack::open(self.workspace, Kind::Test)?)?;
            let result = start_servers(&mut running)
                .and_then(|()| ensure_template(&running.stack, &programs.join("migrate")));
            self.started.extend(running.take_started());
            self.servers = Some(running.release());
            result?;
        }
        Ok(attach_file(self.workspace))
    }

    /// Starts the services and the gateway on demo data, as `up` would.
    pub(crate) fn ensure_portal(&mut self) -> Result<PathBuf> {
        let attach = self.ensure_servers()?;
        if self.has_portal {
            return Ok(attach);
        }
        let programs = self.build()?;
        let mut running = Running::lock(Stack::open(self.workspace, Kind::Test)?)?;
        let result = start_portal(&mut running, &programs);
        self.started.extend(running.take_started());
        self.has_portal = result.is_ok();
        result.map(|()| attach)
    }

    /// Starts the portal anew, with everything that watches it.
    pub(super) fn ensure_watched_portal(&mut self) -> Result<PathBuf> {
        let attach = self.ensure_servers()?;
        let programs = self.build()?;
        let mut running = Running::lock(Stack::open(self.workspace, Kind::Test)?)?;
        running.state.observability = true;
        let result =
            observability::start(&mut running).and_then(|()| start_portal(&mut running, &programs));
        self.started.extend(running.take_started());
        result.map(|()| attach)
    }

    /// Where the portal is, once it has been started.
    pub(crate) fn gateway_url(&self) -> Result<String> {
        let stack = self.servers.as_ref().context("the test stack has not been started")?;
        Ok(format!("http://127.0.0.1:{}", stack.ports.gateway))
    }

    /// Ends what this run started. If that was the whole stack, its data goes too.
    pub(crate) fn end(self) -> Result<()> {
        if self.started.is_empty() {
            return Ok(());
        }
        let mut running = Running::lock(Stack::open(self.workspace, Kind::Test)?)?;
        step("stopping the test stack", || running.stop_named(&self.started))?;
        if running.state.processes.is_empty() {
            running.stack.remove_data()?;
        }
        Ok(())
    }
}

/// `cargo xtask test --servers-only`: for developers who run single tests.
pub(super) fn leave_servers_running(workspace: &Workspace) -> Result<()> {
    packages::ensure_servers(workspace)?;
    let mut running = Running::lock(Stack::open(workspace, Kind::Test)?)?;
    start_servers(&mut running)?;
    let migrate = step("building migrate", || {
        // Of the whole workspace: the same features as in every other build, so nothing twice.
        workspace.build(&["--quiet", "--workspace", "--bin", "migrate"])?;
        Ok(workspace.target()?.join("debug/migrate"))
    })?;
    ensure_template(&running.stack, &migrate)?;
    println!("  tests find it through {}", attach_file(workspace).display());
    Ok(())
}

/// `cargo xtask test --portal-only`: for developers who run single tests of the whole.
pub(super) fn leave_portal_running(workspace: &Workspace) -> Result<()> {
    leave_servers_running(workspace)?;
    step("building the services", || workspace.build(&["--quiet", "--workspace", "--bins"]))?;
    let programs = workspace.target()?.join("debug");
    let mut running = Running::lock(Stack::open(workspace, Kind::Test)?)?;
    start_portal(&mut running, &programs)
}

/// `cargo xtask test --stop`.
pub(super) fn stop(workspace: &Workspace) -> Result<()> {
    let mut running = Running::lock(Stack::open(workspace, Kind::Test)?)?;
    step("stopping the test stack", || running.stop_all())?;
    running.stack.remove_data()
}

fn attach_file(workspace: &Workspace) -> PathBuf {
    workspace.local.join("test/stack.json")
}

fn start_servers(running: &mut Running) -> Result<()> {
    println!("  the test stack");
    servers::start(running)?.wait(&running.stack)?;
    let stack = &running.stack;
    secrets::signing_key(&stack.home)?;
    step("roles", || database::ensure_roles(stack))?;
    attach::write(stack)
}

fn ensure_template(stack: &Stack, migrate: &Path) -> Result<()> {
    step("template database", || database::ensure_template(stack, migrate))
}

/// Starts the portal anew: what an earlier run left behind may be of older code.
///
/// There are two of each service, so that every test of the whole shows on its way that it does not
/// matter which of them answers (requirement 5.4).
fn start_portal(running: &mut Running, programs: &Path) -> Result<()> {
    running.state.replicas = REPLICAS;
    let services = instances(&running.stack, REPLICAS).into_iter().map(|service| service.name);
    running.stop_named(&services.chain([gateway::NAME.to_owned()]).collect::<Vec<_>>())?;
    let stack = &running.stack;
    step("fresh database", || database::renew_from_template(stack))?;
    step("demo data", || seed::run_quietly(stack, programs, Scale::Demo))?;
    services::start(running, programs)?;
    step("gateway", || gateway::start(running))
}
