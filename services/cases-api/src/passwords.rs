//! Checking passwords against Argon2id hashes without letting sign-ins take the process over.
//!
//! A check fills 19 MiB of memory and one core for tens of milliseconds. It therefore runs on a
//! blocking thread, as many at a time as there are cores, and gives its memory back to the system.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use edge::metrics::begin_at_zero;
use secrecy::{ExposeSecret as _, SecretString};
use telemetry::metric;
use tokio::sync::Semaphore;

/// Longest wait for a turn at checking a password.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// Takes the place of the hash of a user who does not exist, so that looking for one costs the
/// same as finding one. Its parameters are those the seed hashes with; no password fits it.
const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5cyBzYWx0IQ\
                            $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Capacity asked for, in blocks of 1 KiB; only what a hash needs is ever touched. glibc hands an
/// allocation above 32 MiB back to the system when it is freed, while smaller ones stay with the
/// arena of their thread: 100 sign-ins left 600 MiB behind.
const RETURNED_WHEN_FREED: usize = 34 * 1024;

/// Why nothing can be said about a password.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// More people are signing in than this process has cores for.
    #[error("too many passwords are being checked")]
    Busy,
    /// The thread that checked it died.
    #[error("password check did not finish")]
    Died(#[from] tokio::task::JoinError),
}

/// Checks passwords, a limited number at a time.
#[derive(Debug)]
pub struct Passwords {
    turns: Arc<Semaphore>,
}

impl Passwords {
    /// Checks up to `at_once` passwords at the same time.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        begin_at_zero(metric::PASSWORD_CHECKS, "outcome", &["match", "mismatch"]);
        Self { turns: Arc::new(Semaphore::new(at_once.max(1))) }
    }

    /// Whether `password` is the one that was hashed; no hash means no, after the same work.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when no turn comes in time.
    pub async fn matches(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<bool, PasswordError> {
        let turn = tokio::time::timeout(TURN_TIMEOUT, Arc::clone(&self.turns).acquire_owned());
        let turn = turn.await.map_err(|_| PasswordError::Busy)?;
        let check = move || {
            // The turn ends with the work, also when the caller has gone away meanwhile.
            let _turn = turn;
            let phc = hash.as_deref().unwrap_or(NOBODYS_HASH);
            let password = password.expose_secret().as_bytes();
            // What is no hash costs the same too, and fits as little.
            let fits = fits(password, phc).or_else(|| fits(password, NOBODYS_HASH));
            let fits = fits == Some(true) && hash.is_some();
            let outcome = if fits { "match" } else { "mismatch" };
            metrics::counter!(metric::PASSWORD_CHECKS, "outcome" => outcome).increment(1);
            fits
        };
        Ok(tokio::task::spawn_blocking(check).await?)
    }
}

/// Whether `password` hashes to `phc`; `None` when `phc` is not an Argon2 hash.
///
/// The library's own `verify_password` does the same, but allocates its memory itself.
fn fits(password: &[u8], phc: &str) -> Option<bool> {
    let hash = PasswordHash::new(phc).ok()?;
    let (salt, expected) = (hash.salt.as_ref()?, hash.hash.as_ref()?);
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
    let version = Version::try_from(hash.version?).ok()?;
    let params = Params::try_from(&hash).ok()?;
    let mut memory = Vec::with_capacity(RETURNED_WHEN_FREED);
    memory.resize(params.block_count(), Block::new());
    let mut computed = vec![0; expected.len()];
    Argon2::new(algorithm, version, params)
        .hash_password_into_with_memory(password, salt.as_ref(), &mut computed, &mut memory)
        .ok()?;
    // `Output` compares in constant time.
    Some(Output::new(&computed).ok()? == *expected)
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordHasher as _;

    use super::*;

    #[actix_rt::test]
    async fn only_the_hashed_password_matches_and_nothing_matches_without_a_hash() {
        let hash = Argon2::default().hash_password(b"Test1234!").unwrap().to_string();
        let passwords = Passwords::new(1);
        let check = async |password: &str, hash: Option<&str>| {
            passwords.matches(password.into(), hash.map(str::to_owned)).await.unwrap()
        };
        assert!(check("Test1234!", Some(&hash)).await);
        assert!(!check("test1234!", Some(&hash)).await);
        assert!(!check("", Some(&hash)).await);
        assert!(!check("Test1234!", None).await);
        assert!(!check("Test1234!", Some("not a hash")).await);
    }

    #[test]
    fn looking_for_nobody_costs_what_the_default_parameters_cost() {
        let nobody = PasswordHash::new(NOBODYS_HASH).unwrap();
        let somebody = Argon2::default().hash_password(b"x").unwrap();
        assert_eq!(nobody.params.to_string(), somebody.params.to_string());
        assert_eq!(nobody.version, somebody.version);
        assert_eq!(nobody.hash.unwrap().len(), somebody.hash.unwrap().len());
        assert_eq!(fits(b"x", NOBODYS_HASH), Some(false));
    }

    #[actix_rt::test]
    async fn sign_ins_give_their_memory_back() {
        let resident_mib = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
        };
        let passwords = Passwords::new(4);
        let check = || passwords.matches("x".into(), None);
        check().await.unwrap();
        let before = resident_mib();
        for _ in 0..8 {
            let checks = std::iter::repeat_with(check).take(8);
            futures_util::future::join_all(checks).await;
        }
        let after = resident_mib();
        assert!(after < before + 16, "{before} MiB before, {after} MiB after 64 checks");
    }
}
