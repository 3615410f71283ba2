//! Builds PgBouncer from Debian's newer source package, where the distribution's own is too old.
//!
//! The source comes from the mirror that apt already uses, through an apt directory of our own, so
//! nothing below `/etc/apt` changes. Installing the newer suite's *binary* instead would pull in
//! another libc.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::console::step;
use crate::workspace::{Workspace, make_dir};

/// The oldest Debian release whose PgBouncer is new enough.
const SUITE: &str = "trixie";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Where the program ends up.
pub(super) fn place(workspace: &Workspace) -> PathBuf {
    prefix(workspace).join("bin/pgbouncer")
}

fn prefix(workspace: &Workspace) -> PathBuf {
    workspace.served.join("tools/pgbouncer")
}

pub(super) fn build(workspace: &Workspace) -> Result<()> {
    step("PgBouncer from Debian's source", || {
        let work = workspace.served.join("tools/pgbouncer-build");
        let _ = fs::remove_dir_all(&work);
        make_dir(&work, 0o755)?;
        let source = fetch(&work)?;
        compile(&source, &prefix(workspace))?;
        fs::remove_dir_all(&work)?;
        Ok(())
    })
}

/// Downloads and unpacks the source package; returns its directory.
fn fetch(work: &Path) -> Result<PathBuf> {
    let mirror = mirror(Path::new("/etc/apt")).context(
        "this distribution's PgBouncer is too old, and apt names no Debian mirror to build from",
    )?;
    for directory in ["parts", "lists/partial", "cache/archives/partial", "source"] {
        fs::create_dir_all(work.join(directory))?;
    }
    fs::write(
        work.join("parts/newer.sources"),
        format!(
            "Types: deb deb-src\nURIs: {mirror}\nSuites: {SUITE}\nComponents: main\nSigned-By: {KEYRING}\n"
        ),
    )?;
    let configuration = work.join("apt.conf");
    let inside = work.display();
    fs::write(
        &configuration,
        format!(
            "Dir::State::lists \"{inside}/lists\";\nDir::Cache \"{inside}/cache\";\nDir::Etc::sourcelist \"/dev/null\";\nDir::Etc::sourceparts \"{inside}/parts\";\n"
        ),
    )?;
    let source = work.join("source");
    let apt = |arguments: &[&str]| {
        command::capture(
            Command::new("apt-get")
                .args(["-q", "-o", "APT::Sandbox::User=root"])
                .args(arguments)
                .env("APT_CONFIG", &configuration)
                .current_dir(&source),
        )
    };
    apt(&["update"])?;
    apt(&["source", "--download-only", "pgbouncer"])?;
    let description = fs::read_dir(&source)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension() == Some(OsStr::new("dsc")))
        .context("apt fetched no source package")?;
    let unpacked = work.join("pgbouncer");
    command::capture(Command::new("dpkg-source").arg("-x").args([&description, &unpacked]))?;
    Ok(unpacked)
}

fn compile(source: &Path, prefix: &Path) -> Result<()> {
    command::capture(
        Command::new("./configure")
            .arg(format!("--prefix={}", prefix.display()))
            .args(["--without-pam", "--with-cares"])
            .current_dir(source),
    )?;
    command::capture(Command::new("make").arg("-j2").current_dir(source))?;
    let program = prefix.join("bin/pgbouncer");
    for directory in [prefix, &prefix.join("bin")] {
        make_dir(directory, 0o755)?;
    }
    // Only the program: `make install` would also want the tools that format the manual.
    fs::copy(source.join("pgbouncer"), &program)
        .with_context(|| format!("{} cannot be written", program.display()))?;
    Ok(())
}

/// The first address that apt fetches Debian's own packages from.
fn mirror(apt: &Path) -> Option<String> {
    let parts = fs::read_dir(apt.join("sources.list.d")).into_iter().flatten();
    let mut files: Vec<PathBuf> = parts.flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.insert(0, apt.join("sources.list"));
    files.iter().filter_map(|file| fs::read_to_string(file).ok()).find_map(|text| mirror_in(&text))
}

/// Finds the mirror in either notation: `URIs: ADDRESS` of deb822, or `deb [options] ADDRESS suite`.
/// An address that does not end in `/debian` belongs to somebody else's repository.
fn mirror_in(text: &str) -> Option<String> {
    text.lines()
        .filter(|line| line.starts_with("URIs:") || line.starts_with("deb "))
        .flat_map(str::split_whitespace)
        .find(|word| word.contains("://") && word.trim_end_matches('/').ends_with("/debian"))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirror_is_found_in_both_notations() {
        let modern = "Types: deb\n# http://mirror.example/snapshot\nURIs: http://mirror.example/debian\nSuites: bookworm\n";
        assert_eq!(mirror_in(modern).as_deref(), Some("http://mirror.example/debian"));
        let classic =
            "# a comment\ndeb [arch=amd64] https://mirror.example/debian/ bookworm main\n";
        assert_eq!(mirror_in(classic).as_deref(), Some("https://mirror.example/debian/"));
    }

    #[test]
    fn a_foreign_repository_is_no_mirror() {
        let text = "deb https://tools.example/apt stable main\nURIs: http://mirror.example/debian-security\n";
        assert_eq!(mirror_in(text), None);
    }
}
