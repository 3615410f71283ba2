//! `cargo xtask compose-check`: the portal's images, built, started with Compose and walked through.
//!
//! Runs on the machine's Docker, or where there is none on a private one. Base images come from a
//! registry if it can be reached, and are made on the spot if not. The programs are built outside
//! the images, which would otherwise want a registry of crates of their own.

mod base;
mod engine;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use self::engine::Engine;
use crate::cli::ComposeCheckArgs;
use crate::command;
use crate::console::{stage, step};
use crate::occupant;
use crate::services::NAMES;
use crate::test;
use crate::tools;
use crate::up;
use crate::workspace::{Workspace, make_dir};

/// The largest a service's image may be (issue 6), in bytes.
const LARGEST_IMAGE: u64 = 60_000_000;
/// Where Docker looks for the parts of its command line.
const PLUGINS: [&str; 3] = [
    "/usr/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/local/lib/docker/cli-plugins",
];
/// What the images hold of ours.
const PROGRAMS: [&str; 6] =
    ["cases-api", "locks-api", "export-worker", "migrate", "seed", "is-ready"];
/// The images whose programs are ours.
const IMAGES: [&str; 4] = ["cases-api", "locks-api", "export-worker", "migrate"];
/// The first port that is tried for the gateway.
const FIRST_PORT: u16 = 18_480;

/// Compose's program: the machine's, or Debian's newer one.
pub(crate) fn compose(workspace: &Workspace) -> Result<PathBuf> {
    plugin(workspace, "docker-compose")
}

fn plugin(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let installed = PLUGINS.iter().map(|folder| Path::new(folder).join(name));
    match installed.into_iter().find(|path| command::is_program(path)) {
        Some(found) => Ok(found),
        None => {
            tools::ensure_newer(workspace, name, &format!("usr/libexec/docker/cli-plugins/{name}"))
        }
    }
}

/// Builds the images, starts the core profile, walks through it and takes it down again.
pub(crate) fn run(workspace: &Workspace, arguments: &ComposeCheckArgs) -> Result<()> {
    collect_programs(workspace, arguments.programs.as_deref())?;
    let engine = Engine::start(workspace)?;
    let result = check(workspace, &engine);
    if result.is_err() {
        let logs = engine.compose().args(["logs", "--no-color", "--tail=20"]).output();
        println!("{}", logs.map(|o| String::from_utf8_lossy(&o.stdout).into_owned())?);
    }
    let ended = step("taking it down", || {
        command::capture(engine.compose().args(["down", "--volumes"])).map(drop)
    });
    engine.stop();
    result?;
    ended?;
    println!("\nThe portal's images work together.");
    Ok(())
}

fn check(workspace: &Workspace, engine: &Engine) -> Result<()> {
    step("base image", || base::ensure(workspace, engine))?;
    step("images", || command::capture(engine.compose().arg("build")).map(drop))?;
    for image in IMAGES {
        check_size(engine, image)?;
    }
    let port = (FIRST_PORT..FIRST_PORT + 100)
        .find(|port| occupant::is_free(*port))
        .context("no port is free for the gateway")?;
    step("core profile, until healthy", || {
        command::capture(
            engine
                .compose()
                .args(["up", "--detach", "--wait", "--wait-timeout", "300"])
                .env("PORTAL_GATEWAY_PORT", port.to_string()),
        )
        .map(drop)
    })?;
    for service in NAMES {
        check_rights(engine, service)?;
    }
    stage("the main job", || {
        let walked = test::walk(workspace, &attach(workspace, port)?)?;
        ensure!(walked, "the walk through the portal failed");
        Ok(())
    })?;
    step("graceful end", || {
        command::capture(engine.compose().arg("stop"))?;
        NAMES.iter().try_for_each(|service| check_exit(engine, service))
    })
}

/// Puts the programs where the images' last stage looks for them, without what only a debugger
/// reads.
fn collect_programs(workspace: &Workspace, given: Option<&Path>) -> Result<()> {
    let from = match given {
        Some(directory) => directory.to_owned(),
        None => stage("building (release)", || up::build_release(workspace))?,
    };
    let to = workspace.local.join("images/programs");
    make_dir(&to, 0o755)?;
    step("programs", || {
        for name in PROGRAMS {
            command::capture(
                Command::new("objcopy").arg("--strip-debug").args([from.join(name), to.join(name)]),
            )?;
        }
        Ok(())
    })
}

fn check_size(engine: &Engine, image: &str) -> Result<()> {
    let printed = command::capture(
        engine.docker().args(["image", "inspect", "--format={{.Size}}"]).arg(engine::tag(image)),
    )?;
    let bytes: u64 = printed.trim().parse().context("docker image inspect")?;
    println!("  {image:<34}{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10);
    ensure!(bytes <= LARGEST_IMAGE, "the image of {image} is larger than 60 MB");
    Ok(())
}

/// Whether the container runs as nobody in particular, on a root file system it cannot change.
fn check_rights(engine: &Engine, service: &str) -> Result<()> {
    let found = inspect(engine, service, "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}}")?;
    ensure!(found == "65532:65532 true", "{service} runs as user and read-only root: {found}");
    Ok(())
}

fn check_exit(engine: &Engine, service: &str) -> Result<()> {
    let code = inspect(engine, service, "{{.State.ExitCode}}")?;
    ensure!(code == "0", "{service} ended with code {code}");
    Ok(())
}

fn inspect(engine: &Engine, service: &str, format: &str) -> Result<String> {
    let id = command::capture(engine.compose().args(["ps", "--all", "--quiet", service]))?;
    let printed =
        command::capture(engine.docker().args(["inspect", "--format", format]).arg(id.trim()))?;
    Ok(printed.trim().to_owned())
}

/// Writes where the tests find the portal. They enter by the gateway; the servers behind it can be
/// reached by nobody outside, so what stands for them is how the services know them.
fn attach(workspace: &Workspace, port: u16) -> Result<PathBuf> {
    let gateway = format!("http://127.0.0.1:{port}");
    let login = |user: &str| json!({ "user": user, "password": "" });
    let path = workspace.local.join("images/stack.json");
    let description = json!({
        "postgres": {
            "host": "postgres", "port": 5432, "user": "portal_owner", "password": "",
            "superuser": "postgres", "superuser_password": "",
        },
        "pgbouncer": { "host": "pgbouncer", "port": 6432, "console_user": "portal_owner" },
        "database": "portal",
        "template_database": "portal",
        "roles": {
            "cases_api": login("portal_cases_api"),
            "locks_api": login("portal_locks_api"),
            "export_worker": login("portal_export_worker"),
        },
        "redis_url": "redis://redis:6379/0",
        "amqp_url": "amqp://rabbitmq:5672/%2f",
        "amqp_management_url": "http://rabbitmq:15672",
        "gateway_url": gateway,
        "cases_api_url": "http://cases-api:8081",
        "locks_api_url": "http://locks-api:8082",
        "admin_urls": {
            "cases-api": "http://cases-api:9081",
            "locks-api": "http://locks-api:9082",
            "export-worker": "http://export-worker:9083",
        },
        "signing_key_file": "/var/lib/portal/keys/signing-key.pem",
        "local_dir": workspace.local,
    });
    fs::write(&path, serde_json::to_vec_pretty(&description)?)?;
    Ok(path)
}
