//! The Docker that the images are built and run on: the machine's, or one of our own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use serde_json::json;

use super::{compose, plugin};
use crate::command;
use crate::console::step;
use crate::packages;
use crate::process::{Daemon, Process};
use crate::workspace::{Workspace, make_dir};

/// The name that Compose gives everything it makes, so that a developer's own portal is left alone.
const PROJECT: &str = "portal-check";
/// The tag of the images that are built here.
const VERSION: &str = "check";

/// The full name of one of our images.
pub(super) fn tag(image: &str) -> String {
    format!("portal/{image}:{VERSION}")
}

/// A running Docker.
pub(super) struct Engine {
    workspace: Workspace,
    compose: PathBuf,
    own: Option<Own>,
}

/// A daemon that we started.
struct Own {
    process: Process,
    /// Its socket and what it keeps while it runs. Not below the checkout, whose path may be longer
    /// than a socket's may be.
    place: PathBuf,
}

impl Engine {
    /// Finds the machine's Docker, or installs and starts one.
    pub(super) fn start(workspace: &Workspace) -> Result<Self> {
        let compose = compose(workspace)?;
        // The builder that Compose calls.
        let builder = plugin(workspace, "docker-buildx")?;
        let home = workspace.local.join("images");
        make_dir(&home, 0o755)?;
        let plugins = builder.parent().map(|folder| folder.display().to_string());
        fs::write(
            home.join("config.json"),
            serde_json::to_vec(&json!({ "cliPluginsExtraDirs": [plugins] }))?,
        )?;
        fs::write(home.join("network.yml"), host_network())?;
        packages::ensure_program("docker", "docker.io")?;
        let answers = Command::new("docker").arg("info").output();
        let own = if answers.is_ok_and(|output| output.status.success()) {
            None
        } else {
            packages::ensure_program("dockerd", "docker.io")?;
            Some(step("a Docker of our own", || start(workspace))?)
        };
        Ok(Self { workspace: workspace.clone(), compose, own })
    }

    /// Docker's command line.
    pub(super) fn docker(&self) -> Command {
        self.prepare(Command::new("docker"))
    }

    /// Compose's command line, for the core profile.
    pub(super) fn compose(&self) -> Command {
        let mut command = self.prepare(Command::new(&self.compose));
        command
            .args(["--project-name", PROJECT, "--file", "compose/compose.yml", "--file"])
            .arg(self.workspace.local.join("images/network.yml"))
            .args(["--profile", "core", "--progress", "plain"])
            .env("PORTAL_PROGRAMS", "outside")
            .env("PORTAL_VERSION", VERSION);
        command
    }

    fn prepare(&self, mut command: Command) -> Command {
        command
            .current_dir(&self.workspace.root)
            .env("DOCKER_CONFIG", self.workspace.local.join("images"));
        if let Some(own) = &self.own {
            let socket = own.place.join("docker.sock");
            command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
        }
        command
    }

    /// Ends the daemon if it is ours; its images stay for the next time.
    pub(super) fn stop(self) {
        if let Some(own) = self.own {
            own.process.stop(Signal::SIGTERM, Duration::from_secs(30));
            // Nothing in it is worth a complaint.
            let _ = fs::remove_dir_all(&own.place);
        }
    }
}

fn start(workspace: &Workspace) -> Result<Own> {
    let place = std::env::temp_dir().join(format!("portal-docker-{}", std::process::id()));
    make_dir(&place, 0o700)?;
    let path = |name: &str| place.join(name).display().to_string();
    let daemon = Daemon::new("dockerd", command::find("dockerd").context("there is no dockerd")?)
        .arg(format!("--data-root={}", workspace.local.join("docker").display()))
        .arg(format!("--exec-root={}", path("exec")))
        .arg(format!("--pidfile={}", path("pid")))
        .arg(format!("--host=unix://{}", path("docker.sock")))
        // Compose makes the networks it needs.
        .arg("--bridge=none")
        // The machine's packet filter is left as it is: the gateway's port is passed on by a
        // program of Docker's, and no container here has business outside.
        .arg("--iptables=false")
        .arg("--ip6tables=false")
        .arg("--ip-forward=false");
    let process = daemon.spawn(&workspace.local.join("images/dockerd.log"))?;
    let host = format!("unix://{}", path("docker.sock"));
    let ready = process.wait_until(Duration::from_mins(1), || {
        let answer = Command::new("docker").args(["--host", &host, "info"]).output();
        answer.is_ok_and(|output| output.status.success())
    });
    if let Err(error) = ready {
        process.stop(Signal::SIGTERM, Duration::from_secs(10));
        return Err(error);
    }
    Ok(Own { process, place })
}

/// While an image is built, packages are fetched by the machine's own network: a daemon without a
/// bridge has no other.
fn host_network() -> String {
    let built = [
        "postgres",
        "pgbouncer",
        "redis",
        "rabbitmq",
        "gateway",
        "migrate",
        "cases-api",
        "locks-api",
        "export-worker",
    ];
    let services = built.map(|name| format!("  {name}: {{build: {{network: host}}}}\n"));
    format!("services:\n{}", services.concat())
}
