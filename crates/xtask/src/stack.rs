//! One private set of servers and services: its places, ports, secrets and running processes.
//!
//! Two stacks exist side by side, the developer's and the tests', and several checkouts may each
//! have both. Nothing here is ever shared with a server that the machine itself runs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use crate::occupant;
use crate::ports::{Ports, link_to};
use crate::process::{Daemon, Process};
use crate::secrets::Secrets;
use crate::workspace::{Workspace, make_dir};

/// Whose stack it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The developer's, with data that stays.
    Dev,
    /// The tests', with data that may be thrown away.
    Test,
    /// The benchmarks': settings and builds as the developer's, data as fleeting as the tests'.
    Bench,
    /// The fault suite's: settings as the developer's, of a debug build, in which every server is
    /// reached over a link that can be stalled.
    Fault,
}

/// A stack's static facts.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    pub(crate) kind: Kind,
    pub(crate) workspace: Workspace,
    /// State, logs, secrets and the data of what runs as ourselves.
    pub(crate) home: PathBuf,
    /// The data of what runs as the server user.
    pub(crate) served: PathBuf,
    pub(crate) ports: Ports,
    pub(crate) secrets: Secrets,
}

/// How the services and PgBouncer reach a server: its own port, or the link in front of it.
pub(crate) fn reached_at(stack: &Stack, port: u16) -> u16 {
    if stack.kind == Kind::Fault { link_to(port) } else { port }
}

/// What runs, as kept in `state.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    /// The checkout it was written for: a copied `.local` must not claim the original's processes.
    checkout: PathBuf,
    pub(crate) ports: Ports,
    pub(crate) replicas: u16,
    /// Whether Prometheus and what belongs to it run beside the portal.
    #[serde(default)]
    pub(crate) observability: bool,
    pub(crate) processes: Vec<Process>,
}

/// A stack together with its processes. Holds the stack's lock, so that two `xtask` calls never
/// start or stop the same stack at once.
pub(crate) struct Running {
    pub(crate) stack: Stack,
    pub(crate) state: State,
    /// Names of what this call started, in order.
    started: Vec<String>,
    _lock: File,
}

impl Stack {
    /// Prepares the directories and secrets of a stack. The ports are those of the running stack
    /// if there is one, else what the environment says.
    pub(crate) fn open(workspace: &Workspace, kind: Kind) -> Result<Self> {
        let (home, served) = match kind {
            Kind::Dev => (workspace.local.clone(), workspace.served.clone()),
            Kind::Test => (workspace.local.join("test"), workspace.served.join("test")),
            Kind::Bench => (workspace.local.join("bench"), workspace.served.join("bench")),
            Kind::Fault => (workspace.local.join("faults"), workspace.served.join("faults")),
        };
        make_dir(&home, 0o711)?;
        make_dir(&served, 0o711)?;
        make_dir(&home.join("log"), 0o755)?;
        let ports = match read_state(&home, &workspace.root) {
            Some(state) if state.processes.iter().any(Process::is_alive) => state.ports,
            _ => Ports::resolve(kind, |name| std::env::var(name).ok(), occupant::is_free)?,
        };
        let secrets = Secrets::load_or_create(&home)?;
        Ok(Self { kind, workspace: workspace.clone(), home, served, ports, secrets })
    }

    /// Where the log of a part is.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.home.join("log").join(format!("{name}.log"))
    }

    /// Deletes a fleeting stack's data. Passwords stay: a server that is started again must know
    /// them.
    pub(crate) fn remove_data(&self) -> Result<()> {
        let _ = fs::remove_file(self.home.join("stack.json"));
        for directory in [
            self.served.join("postgres"),
            self.home.join("rabbitmq"),
            self.home.join("redis"),
            self.home.join("blobs"),
            self.home.join("prometheus"),
            self.home.join("alertmanager"),
        ] {
            if directory.exists() {
                fs::remove_dir_all(directory)?;
            }
        }
        Ok(())
    }

    /// What runs now, without taking the lock.
    pub(crate) fn state(&self) -> Option<State> {
        read_state(&self.home, &self.workspace.root)
            .filter(|state| state.processes.iter().any(Process::is_alive))
    }
}

impl State {
    pub(crate) fn process(&self, name: &str) -> Option<&Process> {
        self.processes.iter().find(|process| process.name == name)
    }

    pub(crate) fn is_alive(&self, name: &str) -> bool {
        self.process(name).is_some_and(Process::is_alive)
    }
}

impl Running {
    /// Takes the stack's lock and reads what runs.
    pub(crate) fn lock(stack: Stack) -> Result<Self> {
        let lock = File::create(stack.home.join("lock"))?;
        if lock.try_lock().is_err() {
            println!("  another xtask is busy with this stack; waiting for it");
            lock.lock()?;
        }
        let state = read_state(&stack.home, &stack.workspace.root).unwrap_or_else(|| State {
            checkout: stack.workspace.root.clone(),
            ports: stack.ports.clone(),
            replicas: 1,
            observability: false,
            processes: Vec::new(),
        });
        let mut running = Self { stack, state, started: Vec::new(), _lock: lock };
        running.state.processes.retain(Process::is_alive);
        running.state.ports = running.stack.ports.clone();
        if running.state.processes.is_empty() {
            running.state.observability = false;
        }
        Ok(running)
    }

    /// Starts a part unless it runs already. `ports` are those it will listen on; a port that
    /// somebody else holds is refused here, with the holder's name.
    pub(crate) fn ensure(&mut self, daemon: &Daemon, ports: &[u16]) -> Result<Process> {
        if let Some(process) = self.state.process(daemon.name()).filter(|p| p.is_alive()) {
            return Ok(process.clone());
        }
        for port in ports {
            occupant::refuse_taken(*port, daemon.name())?;
        }
        let process = daemon.spawn(&self.stack.log(daemon.name()))?;
        self.state.processes.retain(|old| old.name != process.name);
        self.state.processes.push(process.clone());
        self.started.push(process.name.clone());
        self.save()?;
        Ok(process)
    }

    /// Names of what this call started; from now on it is the caller's to stop.
    pub(crate) fn take_started(&mut self) -> Vec<String> {
        std::mem::take(&mut self.started)
    }

    /// Lets go of the lock; everything goes on running.
    pub(crate) fn release(self) -> Stack {
        self.stack
    }

    /// Stops what this call started, latest first; what ran before goes on.
    pub(crate) fn stop_started(&mut self) -> Result<()> {
        let started = self.take_started();
        self.stop_named(&started)
    }

    /// Stops some parts, given in the order they were started.
    pub(crate) fn stop_named(&mut self, names: &[String]) -> Result<()> {
        for name in names.iter().rev() {
            self.stop(name)?;
        }
        Ok(())
    }

    /// Stops everything, latest first: the gateway before the services, they before the servers.
    pub(crate) fn stop_all(&mut self) -> Result<()> {
        let names: Vec<String> = self.state.processes.iter().map(|p| p.name.clone()).collect();
        self.stop_named(&names)
    }

    fn stop(&mut self, name: &str) -> Result<()> {
        if let Some(process) = self.state.process(name) {
            let (signal, grace) = farewell(name);
            process.stop(signal, grace);
            if process.is_alive() {
                bail!("{name} (pid {}) does not end", process.pid);
            }
        }
        self.state.processes.retain(|process| process.name != name);
        self.save()
    }

    pub(crate) fn save(&self) -> Result<()> {
        let path = self.stack.home.join("state.json");
        let fresh = path.with_extension("json.new");
        fs::write(&fresh, serde_json::to_vec_pretty(&self.state)?)?;
        fs::rename(&fresh, &path).with_context(|| format!("{}", path.display()))
    }
}

/// How a part wants to be ended, and how long it may take.
fn farewell(name: &str) -> (Signal, Duration) {
    match name {
        // PostgreSQL: "fast" shutdown, which does not wait for clients.
        "postgres" => (Signal::SIGINT, Duration::from_secs(30)),
        // PgBouncer: at once; clients are gone by now.
        "pgbouncer" => (Signal::SIGTERM, Duration::from_secs(5)),
        "epmd" | "redis" => (Signal::SIGTERM, Duration::from_secs(10)),
        // nginx: finishes the requests it has begun.
        "gateway" => (Signal::SIGQUIT, Duration::from_secs(5)),
        // Spans that nobody takes are not worth waiting for.
        "collector" | "trace-view" => (Signal::SIGTERM, Duration::from_secs(2)),
        // The services' own grace is 30 seconds.
        _ => (Signal::SIGTERM, Duration::from_secs(35)),
    }
}

fn read_state(home: &Path, checkout: &Path) -> Option<State> {
    let text = fs::read(home.join("state.json")).ok()?;
    let state: State = serde_json::from_slice(&text).ok()?;
    (state.checkout == checkout).then_some(state)
}
