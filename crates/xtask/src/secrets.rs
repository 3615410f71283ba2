//! Passwords of a private stack, made once and kept in `.local`, never in the repository.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::command;

const YEAR: Duration = Duration::from_hours(365 * 24);

/// Everything secret about one stack. Values are hexadecimal, so they need no quoting in SQL, URLs
/// or configuration files.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Secrets {
    pub(crate) postgres: String,
    pub(crate) portal_owner: String,
    pub(crate) portal_cases_api: String,
    pub(crate) portal_locks_api: String,
    pub(crate) portal_export_worker: String,
    /// Of the role that only looks, for exporters. Older stacks' files have none.
    #[serde(default)]
    pub(crate) portal_monitor: String,
    pub(crate) rabbitmq: String,
    pub(crate) erlang_cookie: String,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secrets(..)")
    }
}

impl Secrets {
    /// Reads `secrets.json` below `home`, or makes it.
    pub(crate) fn load_or_create(home: &Path) -> Result<Self> {
        let path = home.join("secrets.json");
        if let Ok(text) = fs::read(&path) {
            let mut known: Self = serde_json::from_slice(&text)
                .with_context(|| format!("{} is unreadable", path.display()))?;
            if known.portal_monitor.is_empty() {
                known.portal_monitor = random()?;
                fs::write(&path, serde_json::to_vec_pretty(&known)?)?;
            }
            return Ok(known);
        }
        let secrets = Self {
            postgres: random()?,
            portal_owner: random()?,
            portal_cases_api: random()?,
            portal_locks_api: random()?,
            portal_export_worker: random()?,
            portal_monitor: random()?,
            rabbitmq: random()?,
            erlang_cookie: random()?,
        };
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("{} cannot be written", path.display()))?;
        file.write_all(&serde_json::to_vec_pretty(&secrets)?)?;
        Ok(secrets)
    }
}

/// The Ed25519 key that signs this stack's tokens, made on first use.
pub(crate) fn signing_key(home: &Path) -> Result<PathBuf> {
    let path = home.join("signing-key.pem");
    if !path.exists() {
        let status = Command::new("openssl")
            .args(["genpkey", "-quiet", "-algorithm", "ed25519", "-out"])
            .arg(&path)
            .status()
            .context("openssl")?;
        ensure!(status.success(), "openssl could not make a signing key");
    }
    Ok(path)
}

/// When the signing key is to be replaced: a year after it was made. As RFC 3339.
pub(crate) fn signing_key_expiry(home: &Path) -> Result<String> {
    let made = fs::metadata(signing_key(home)?)?.modified()?;
    let expiry = made.duration_since(UNIX_EPOCH)? + YEAR;
    let moment = format!("@{}", expiry.as_secs());
    let printed = command::capture(Command::new("date").args(["-u", "-d", &moment, "+%FT%TZ"]))?;
    Ok(printed.trim().to_owned())
}

fn random() -> Result<String> {
    let mut bytes = [0_u8; 20];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.map(|byte| format!("{byte:02x}")).concat())
}
