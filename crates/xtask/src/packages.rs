//! What the stack needs from the distribution: found out before anything is started, and installed
//! in one go, or not at all.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::command;
use crate::console::stage;
use crate::servers::{pgbouncer, postgres, rabbitmq_program};
use crate::workspace::{Workspace, is_root};

/// Installs packages without letting any of their daemons start: Debian asks
/// `/usr/sbin/policy-rc.d`, and 101 means "do not".
const SCRIPT: &str = r#"
set -eu
if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=300 update
apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install --no-install-recommends "$@"
"#;

/// What building PgBouncer takes where the distribution's is too old.
const BUILD_PACKAGES: [(&str, &[&str]); 7] = [
    ("gcc", &["/usr/bin/gcc"]),
    ("make", &["/usr/bin/make"]),
    ("pkg-config", &["/usr/bin/pkg-config"]),
    ("dpkg-dev", &["/usr/bin/dpkg-source"]),
    ("libevent-dev", &["/usr/include/event2/event.h", "/usr/include/event.h"]),
    ("libc-ares-dev", &["/usr/include/ares.h"]),
    ("libssl-dev", &["/usr/include/openssl/ssl.h"]),
];

/// One of the fonts that export-worker sets documents in.
const FONT: &str = "/usr/share/fonts/truetype/crosextra/Carlito-Regular.ttf";

const FONT_PACKAGE: &str = "fonts-crosextra-carlito";

/// Makes sure that every program the stack starts is on this machine, and every file they need.
pub(crate) fn ensure_servers(workspace: &Workspace) -> Result<()> {
    let mut missing = missing_servers();
    if pgbouncer::installed().is_none() && !pgbouncer::is_built(workspace) {
        missing.extend(pgbouncer_packages(is_packaged_pgbouncer_new_enough()));
    }
    install(&missing)?;
    ensure!(
        postgres::programs().is_some(),
        "PostgreSQL 15 or newer is needed below /usr/lib/postgresql"
    );
    Ok(())
}

/// Makes sure that one program is there, else installs the package of the same name.
pub(crate) fn ensure_program(program: &str, package: &str) -> Result<()> {
    if command::find(program).is_none() {
        install(&[package])?;
    }
    Ok(())
}

/// Makes sure that the fonts of PDFs are there.
pub(crate) fn ensure_fonts() -> Result<()> {
    if Path::new(FONT).exists() { Ok(()) } else { install(&[FONT_PACKAGE]) }
}

/// Installs packages whose absence the caller has found out.
pub(crate) fn ensure(packages: &[&str]) -> Result<()> {
    install(packages)
}

fn missing_servers() -> Vec<&'static str> {
    let mut missing = Vec::new();
    if postgres::programs().is_none() {
        missing.push("postgresql");
    }
    for (program, package) in
        [("redis-server", "redis-server"), ("nginx", "nginx"), ("openssl", "openssl")]
    {
        if command::find(program).is_none() {
            missing.push(package);
        }
    }
    if !command::is_program(Path::new(rabbitmq_program())) {
        missing.push("rabbitmq-server");
    }
    if !Path::new(FONT).exists() {
        missing.push(FONT_PACKAGE);
    }
    missing
}

fn pgbouncer_packages(packaged_is_new_enough: bool) -> Vec<&'static str> {
    if packaged_is_new_enough {
        return vec!["pgbouncer"];
    }
    BUILD_PACKAGES
        .iter()
        .filter(|(_, files)| !files.iter().any(|file| has_header(file)))
        .map(|(package, _)| *package)
        .collect()
}

/// Debian keeps some headers in a directory of the architecture.
fn has_header(file: &str) -> bool {
    let multiarch = file.replacen(
        "/usr/include/",
        &format!("/usr/include/{}-linux-gnu/", std::env::consts::ARCH),
        1,
    );
    Path::new(file).exists() || Path::new(&multiarch).exists()
}

/// Asks apt which PgBouncer it would install. The answer may come from an old list; then the build
/// from source is the slower but safe way.
fn is_packaged_pgbouncer_new_enough() -> bool {
    command::capture(Command::new("apt-cache").args(["policy", "pgbouncer"]))
        .ok()
        .and_then(|policy| candidate(&policy))
        .is_some_and(|version| version >= pgbouncer::OLDEST)
}

fn candidate(policy: &str) -> Option<(u32, u32)> {
    let line = policy.lines().find(|line| line.trim_start().starts_with("Candidate:"))?;
    pgbouncer::parse_version(line)
}

fn install(packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(" ");
    if command::find("apt-get").is_none() {
        bail!("these are missing, and this is no Debian or Ubuntu: {list}");
    }
    if !is_root() && !may_sudo() {
        bail!(
            "packages are missing; nothing was started. As root:\n    apt-get update && apt-get install --no-install-recommends {list}"
        );
    }
    stage(&format!("installing {list}"), || {
        let mut command = if is_root() {
            Command::new("sh")
        } else {
            let mut sudo = Command::new("sudo");
            sudo.args(["-n", "sh"]);
            sudo
        };
        let status =
            command.args(["-c", SCRIPT, "sh"]).args(packages).status().context("apt-get")?;
        ensure!(status.success(), "apt-get could not install {list}");
        Ok(())
    })
}

fn may_sudo() -> bool {
    Command::new("sudo").args(["-n", "true"]).output().is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_candidate_decides_between_package_and_build() {
        let policy = "pgbouncer:\n  Installed: (none)\n  Candidate: 1.18.0-1\n  Version table:\n";
        assert_eq!(candidate(policy), Some((1, 18)));
        assert_eq!(candidate("pgbouncer:\n  Candidate: (none)\n"), None);
        assert_eq!(pgbouncer_packages(true), ["pgbouncer"]);
    }
}
