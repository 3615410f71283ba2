//! Packages of a newer Debian release, fetched and unpacked but never installed.
//!
//! They come from the mirror that apt already uses, through an apt directory of our own, so nothing
//! below `/etc/apt` changes. Installing a newer suite's binary would pull in another libc; a source,
//! or a program that is linked statically, can be used where it lies.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::workspace::make_dir;

const SUITE: &str = "trixie";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// An apt directory that knows the newer release.
pub(crate) struct NewerDebian {
    work: PathBuf,
}

impl NewerDebian {
    /// Makes the directory `work` anew and fetches the lists.
    pub(crate) fn open(work: &Path) -> Result<Self> {
        let mirror = mirror(Path::new("/etc/apt"))
            .context("apt names no Debian mirror to fetch a newer package from")?;
        let _ = fs::remove_dir_all(work);
        make_dir(work, 0o755)?;
        for directory in ["parts", "lists/partial", "cache/archives/partial", "fetched"] {
            fs::create_dir_all(work.join(directory))?;
        }
        fs::write(
            work.join("parts/newer.sources"),
            format!(
                "Types: deb deb-src\nURIs: {mirror}\nSuites: {SUITE}\nComponents: main\nSigned-By: {KEYRING}\n"
            ),
        )?;
        let inside = work.display();
        fs::write(
            work.join("apt.conf"),
            format!(
                "Dir::State::lists \"{inside}/lists\";\nDir::Cache \"{inside}/cache\";\nDir::Etc::sourcelist \"/dev/null\";\nDir::Etc::sourceparts \"{inside}/parts\";\n"
            ),
        )?;
        let opened = Self { work: work.to_owned() };
        opened.apt(&["update"])?;
        Ok(opened)
    }

    /// Fetches a source package and returns the directory it is unpacked in.
    pub(crate) fn source(&self, package: &str) -> Result<PathBuf> {
        self.apt(&["source", "--download-only", package])?;
        let unpacked = self.work.join(package);
        command::capture(
            Command::new("dpkg-source").arg("-x").arg(self.fetched("dsc")?).arg(&unpacked),
        )?;
        Ok(unpacked)
    }

    /// Fetches a binary package and returns the directory it is unpacked in.
    pub(crate) fn binary(&self, package: &str) -> Result<PathBuf> {
        self.apt(&["download", package])?;
        let unpacked = self.work.join(package);
        command::capture(
            Command::new("dpkg-deb").arg("-x").arg(self.fetched("deb")?).arg(&unpacked),
        )?;
        Ok(unpacked)
    }

    fn fetched(&self, extension: &str) -> Result<PathBuf> {
        fs::read_dir(self.work.join("fetched"))?
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.extension() == Some(OsStr::new(extension)))
            .with_context(|| format!("apt fetched no .{extension} file"))
    }

    fn apt(&self, arguments: &[&str]) -> Result<String> {
        command::capture(
            Command::new("apt-get")
                .args(["-q", "-o", "APT::Sandbox::User=root"])
                .args(arguments)
                .env("APT_CONFIG", self.work.join("apt.conf"))
                .current_dir(self.work.join("fetched")),
        )
    }
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
