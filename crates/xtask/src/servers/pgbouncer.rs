//! The private PgBouncer, the only way the services reach PostgreSQL.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use super::pgbouncer_build;
use super::postgres::Login;
use crate::command;
use crate::process::Daemon;
use crate::stack::{Kind, Running, Stack, reached_at};
use crate::template::render;
use crate::workspace::{make_server_dir, write_server_file};

const CONFIGURATION: &str = include_str!("../../../../compose/pgbouncer/pgbouncer.ini.template");

/// Older versions lose named prepared statements in transaction mode, which diesel-async sends:
/// two queries in three then fail.
pub(crate) const OLDEST: (u32, u32) = (1, 21);

/// A PgBouncer that is new enough: the one we built earlier, else the machine's, else one built
/// now from Debian's newer source.
pub(crate) fn program(stack: &Stack) -> Result<PathBuf> {
    let built = pgbouncer_build::place(&stack.workspace);
    if let Some(found) = usable(&built) {
        return Ok(found);
    }
    if let Some(found) = installed() {
        return Ok(found);
    }
    pgbouncer_build::build(&stack.workspace)?;
    usable(&built).map_or_else(
        || bail!("the PgBouncer that was built is older than {}.{}", OLDEST.0, OLDEST.1),
        Ok,
    )
}

/// The machine's own program, if it is new enough.
pub(crate) fn installed() -> Option<PathBuf> {
    usable(&command::find("pgbouncer")?)
}

/// Whether we built one already.
pub(crate) fn is_built(workspace: &crate::workspace::Workspace) -> bool {
    usable(&pgbouncer_build::place(workspace)).is_some()
}

fn usable(program: &Path) -> Option<PathBuf> {
    let printed = command::capture(Command::new(program).arg("--version")).ok()?;
    (parse_version(&printed)? >= OLDEST).then(|| program.to_owned())
}

/// Major and minor from `PgBouncer 1.24.1` or Debian's `1.24.1-1`.
pub(crate) fn parse_version(text: &str) -> Option<(u32, u32)> {
    let word =
        text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut numbers = word.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

pub(super) fn start(running: &mut Running, program: &Path) -> Result<()> {
    let stack = &running.stack;
    let home = stack.served.join("pgbouncer");
    make_server_dir(&home)?;
    let users = home.join("userlist.txt");
    write_server_file(&users, &userlist(stack))?;
    let port = stack.ports.pgbouncer;
    // Each test has a database of its own, and PgBouncer a pool for each of them.
    let (clients, idle_secs) = match stack.kind {
        Kind::Dev | Kind::Bench | Kind::Fault => ("300", "600"),
        Kind::Test => ("1000", "5"),
    };
    let configuration = home.join("pgbouncer.ini");
    let text = render(
        CONFIGURATION,
        &[
            ("POSTGRES_HOST", "127.0.0.1"),
            ("POSTGRES_PORT", &reached_at(stack, stack.ports.postgres).to_string()),
            ("PGBOUNCER_LISTEN", "127.0.0.1"),
            ("PGBOUNCER_PORT", &port.to_string()),
            ("PGBOUNCER_USERLIST", &users.display().to_string()),
            ("PGBOUNCER_MAX_CLIENT_CONN", clients),
            ("PGBOUNCER_POOL_SIZE", "40"),
            ("PGBOUNCER_MAX_DB_CONNECTIONS", "50"),
            ("PGBOUNCER_SERVER_IDLE_TIMEOUT", idle_secs),
            ("PGBOUNCER_SERVER_TLS_SSLMODE", "prefer"),
            ("PGBOUNCER_SERVER_TLS_CA_FILE", ""),
        ],
    )?;
    write_server_file(&configuration, &text)?;
    let daemon = Daemon::new("pgbouncer", program)
        .run_as_server_user()
        .arg(configuration.display().to_string());
    let process = running.ensure(&daemon, &[port])?;
    let console = Login { port, ..Login::owner(&running.stack) };
    process.wait_until(Duration::from_secs(10), || {
        console.query("pgbouncer", "SHOW VERSION").is_ok()
    })?;
    check_version(&console.query("pgbouncer", "SHOW VERSION")?)
}

/// Asks the running server, not the file: someone may have put another program on the port.
fn check_version(answer: &str) -> Result<()> {
    match parse_version(answer) {
        Some(version) if version >= OLDEST => Ok(()),
        _ => bail!(
            "PgBouncer {}.{} or newer is needed (prepared statements in transaction mode), found: {answer}",
            OLDEST.0,
            OLDEST.1
        ),
    }
}

/// Passwords in clear text, because PgBouncer has to present them to PostgreSQL itself.
fn userlist(stack: &Stack) -> String {
    let secrets = &stack.secrets;
    [
        ("portal_owner", &secrets.portal_owner),
        ("portal_cases_api", &secrets.portal_cases_api),
        ("portal_locks_api", &secrets.portal_locks_api),
        ("portal_export_worker", &secrets.portal_export_worker),
        ("portal_monitor", &secrets.portal_monitor),
    ]
    .map(|(user, password)| format!("\"{user}\" \"{password}\"\n"))
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_all_their_spellings() {
        assert_eq!(parse_version("PgBouncer 1.24.1\nlibevent 2.1.12"), Some((1, 24)));
        assert_eq!(parse_version("1.18.0-1+b1"), Some((1, 18)));
        assert_eq!(parse_version("unknown"), None);
    }

    #[test]
    fn an_old_pgbouncer_is_refused_with_the_reason() {
        let error = check_version("PgBouncer 1.18.0").unwrap_err().to_string();
        assert!(error.contains("1.21 or newer") && error.contains("1.18.0"), "{error}");
        assert!(check_version("PgBouncer 1.21.0").is_ok());
    }
}
