//! The private PostgreSQL, and `psql` as our way to talk to it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::command;
use crate::process::{Daemon, demotion};
use crate::stack::{Kind, Running, Stack};
use crate::workspace::{make_server_dir, write_server_file};

const CONFIGURATION: &str = include_str!("../../../../compose/postgresql/postgresql.conf");
/// The oldest major version we run on.
const OLDEST: u32 = 15;

/// Settings of the test stack only. Its data is thrown away, so a crash may lose it; hundreds of
/// cloned databases need more connections than the one of production.
const TEST_SETTINGS: [&str; 5] = [
    "fsync=off",
    "full_page_writes=off",
    "max_connections=300",
    "shared_buffers=256MB",
    "max_locks_per_transaction=128",
];

/// The directory of PostgreSQL's programs, the newest version the machine has.
pub(crate) fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    versions
        .flatten()
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            (version >= OLDEST && command::is_program(&programs.join("postgres")))
                .then_some((version, programs))
        })
        .max()
        .map(|(_, programs)| programs)
}

/// A role's way into the server, direct or through PgBouncer.
pub(crate) struct Login<'a> {
    pub(crate) port: u16,
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
}

impl<'a> Login<'a> {
    pub(crate) fn superuser(stack: &'a Stack) -> Self {
        Self { port: stack.ports.postgres, user: "postgres", password: &stack.secrets.postgres }
    }

    /// The schema's owner, who runs migrations and seeds.
    pub(crate) fn owner(stack: &'a Stack) -> Self {
        Self {
            port: stack.ports.postgres,
            user: "portal_owner",
            password: &stack.secrets.portal_owner,
        }
    }

    /// A URL as the services take it.
    pub(crate) fn url(&self, database: &str) -> String {
        let Self { port, user, password } = self;
        format!("postgres://{user}:{password}@127.0.0.1:{port}/{database}")
    }

    /// Runs SQL and returns the rows, unaligned.
    pub(crate) fn query(&self, database: &str, sql: &str) -> Result<String> {
        Ok(self.psql(&["-t"], database, sql)?.trim().to_owned())
    }

    /// Runs a command whose columns differ from version to version; each row's columns have their
    /// names. Values must not hold the character `|`.
    pub(crate) fn table(&self, database: &str, sql: &str) -> Result<Vec<Vec<(String, String)>>> {
        let printed = self.psql(&["-P", "footer=off"], database, sql)?;
        let mut rows =
            printed.lines().map(|line| line.split('|').map(str::to_owned).collect::<Vec<_>>());
        let names = rows.next().unwrap_or_default();
        Ok(rows.map(|row| names.iter().cloned().zip(row).collect()).collect())
    }

    fn psql(&self, options: &[&str], database: &str, sql: &str) -> Result<String> {
        let psql = programs().context("PostgreSQL is not installed")?.join("psql");
        command::capture(
            Command::new(psql)
                .args(["-XAq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"])
                .args(options)
                .args(["-p", &self.port.to_string(), "-U", self.user])
                .args(["-d", database, "-c", sql])
                .env("PGPASSWORD", self.password)
                .env("PGCONNECT_TIMEOUT", "2"),
        )
    }
}

pub(super) fn start(running: &mut Running) -> Result<()> {
    let stack = &running.stack;
    let programs = programs().context("PostgreSQL is not installed")?;
    let home = stack.served.join("postgres");
    make_server_dir(&home)?;
    let data = home.join("data");
    if !data.join("PG_VERSION").exists() {
        initialise(stack, &programs.join("initdb"), &data)?;
    }
    let configuration = home.join("postgresql.conf");
    write_server_file(&configuration, CONFIGURATION)?;
    let port = stack.ports.postgres;
    let mut daemon = Daemon::new("postgres", programs.join("postgres"))
        .run_as_server_user()
        .arg("-D")
        .arg(data.display().to_string());
    let mut settings = vec![
        format!("config_file={}", configuration.display()),
        format!("data_directory={}", data.display()),
        format!("hba_file={}", data.join("pg_hba.conf").display()),
        format!("ident_file={}", data.join("pg_ident.conf").display()),
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        // No socket file: its path could grow beyond the 107 bytes a socket may have.
        "unix_socket_directories=".to_owned(),
    ];
    if stack.kind == Kind::Test {
        settings.extend(TEST_SETTINGS.map(str::to_owned));
    }
    for setting in settings {
        daemon = daemon.arg("-c").arg(setting);
    }
    let process = running.ensure(&daemon, &[port])?;
    let superuser = Login::superuser(&running.stack);
    process
        .wait_until(Duration::from_mins(1), || superuser.query("postgres", "select 1").is_ok())?;
    Ok(())
}

fn initialise(stack: &Stack, initdb: &std::path::Path, data: &std::path::Path) -> Result<()> {
    let password = stack.served.join("postgres/superuser-password");
    write_server_file(&password, &stack.secrets.postgres)?;
    let mut line = demotion();
    line.push(initdb.display().to_string());
    let (program, prefix) = line.split_first().context("no initdb")?;
    let made = command::capture(
        Command::new(program)
            .args(prefix)
            .args(["--username=postgres", "--auth=scram-sha-256"])
            .args(["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .arg(format!("--pwfile={}", password.display()))
            .arg("-D")
            .arg(data)
            .current_dir("/"),
    );
    fs::remove_file(&password)?;
    made.context("initdb")?;
    ensure!(
        data.join("PG_VERSION").exists(),
        "initdb left no database cluster in {}",
        data.display()
    );
    Ok(())
}
