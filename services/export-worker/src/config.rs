//! Configuration of export-worker: one typed value, checked before the admin port opens.
//!
//! Besides the variables every service shares ([`edge::config`]; there is no public port):
//!
//! - `REDIS_URL`: where progress is told. Required, secret.
//! - `REDIS_KEY_PREFIX`, `REDIS_TIMEOUT_MS`: as for cases-api.
//! - `DATABASE_URL`: PgBouncer URL with the role `portal_export_worker`. Required, secret.
//! - `DB_POOL_MAX_SIZE`: connections to PgBouncer. Default one more than `EXPORT_CONCURRENCY`: one
//!   for each job and one for the worker's own signs of life.
//! - `DB_ACQUIRE_TIMEOUT_MS`: longest wait for a pooled connection. Default 2000.
//! - `AMQP_URL`: broker that orders come from. Required, secret.
//! - `BLOB_STORE_URL`: where finished documents go, `file:///…` or `s3://…`. Required.
//! - `EXPORT_CONCURRENCY`: jobs at a time. Default 3.
//! - `EXPORT_LEASE_SECS`: how long a claim lasts without renewal, and so how long a killed worker's
//!   job waits. Renewed while the job runs. At least 3, default 30.
//! - `EXPORT_MAX_ATTEMPTS`: attempts before a job is failed. Default 5.
//! - `EXPORT_RETRY_PAUSE_MS`: pause after the first failed attempt; doubles each time. Default 2000.
//! - `EXPORT_TIMEOUT_SECS`: how long a document may take to render, and then to be stored. Default 60.
//! - `EXPORT_RETENTION_DAYS`: how long a finished document is kept. Default 7.
//! - `EXPORT_WORD_TEMPLATE`: a `.docx` or `.dotx` that department lists are written into. Unset: they
//!   get a look of our own.
//! - `EXPORT_FONT_DIR`: folder with the fonts of PDFs. Default is where Debian's
//!   `fonts-crosextra-carlito` puts them.

use std::path::PathBuf;
use std::time::Duration;

use domain::export::{DEFAULT_LEASE, DEFAULT_MAX_ATTEMPTS};
use edge::config::{ConfigError, HttpConfig, RedisConfig, Vars};
use render::pdf::FONT_DIR;
use secrecy::SecretString;
use store::pool::PoolConfig;

/// Admin port when `ADMIN_BIND` is not set.
const ADMIN_PORT: u16 = 9083;
/// Shortest lease whose renewals, three to a lease, are not mostly overhead.
const SHORTEST_LEASE: Duration = Duration::from_secs(3);
const DAY: Duration = Duration::from_hours(24);

/// Everything export-worker needs to know to start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Admin port, instance name and grace period; the public port is not used.
    pub http: HttpConfig,
    /// Connections to the database.
    pub database: PoolConfig,
    /// Connections to Redis.
    pub redis: RedisConfig,
    /// Broker URL.
    pub amqp_url: SecretString,
    /// Where finished documents go.
    pub blob_store_url: String,
    /// How jobs are run.
    pub jobs: JobConfig,
    /// How long a finished document is kept.
    pub retention: Duration,
    /// Folder with the fonts of PDFs.
    pub font_dir: PathBuf,
    /// What department lists are written into.
    pub word_template: Option<PathBuf>,
}

/// How jobs are run.
#[derive(Clone, Copy, Debug)]
pub struct JobConfig {
    /// Jobs at a time.
    pub concurrency: u16,
    /// How long a claim lasts without renewal.
    pub lease: Duration,
    /// Attempts before a job is failed.
    pub max_attempts: i32,
    /// Pause after the first failed attempt.
    pub retry_pause: Duration,
    /// How long a document may take to render, and then to be stored.
    pub timeout: Duration,
}

impl Config {
    /// Reads the variables of the module documentation.
    ///
    /// # Errors
    /// [`ConfigError`] names the first variable that is missing or not valid.
    pub fn from_vars(vars: &Vars) -> Result<Self, ConfigError> {
        let jobs = JobConfig::from_vars(vars)?;
        let connections = u32::from(jobs.concurrency) + 1;
        Ok(Self {
            http: HttpConfig::from_vars(vars, 0, ADMIN_PORT)?,
            database: PoolConfig {
                url: vars.secret("DATABASE_URL")?,
                max_size: vars.parse("DB_POOL_MAX_SIZE")?.unwrap_or(connections),
                acquire_timeout: vars
                    .millis("DB_ACQUIRE_TIMEOUT_MS")?
                    .unwrap_or(Duration::from_secs(2)),
            },
            redis: RedisConfig::from_vars(vars)?,
            amqp_url: vars.secret("AMQP_URL")?,
            blob_store_url: vars.required("BLOB_STORE_URL")?,
            jobs,
            retention: vars.parse::<u32>("EXPORT_RETENTION_DAYS")?.map_or(7 * DAY, |n| n * DAY),
            word_template: vars.text("EXPORT_WORD_TEMPLATE").map(PathBuf::from),
            font_dir: vars.text("EXPORT_FONT_DIR").unwrap_or_else(|| FONT_DIR.to_owned()).into(),
        })
    }
}

impl JobConfig {
    fn from_vars(vars: &Vars) -> Result<Self, ConfigError> {
        let jobs = Self {
            concurrency: vars.parse("EXPORT_CONCURRENCY")?.unwrap_or(3),
            lease: vars.secs("EXPORT_LEASE_SECS")?.unwrap_or(DEFAULT_LEASE),
            max_attempts: vars.parse("EXPORT_MAX_ATTEMPTS")?.unwrap_or(default_max_attempts()),
            retry_pause: vars.millis("EXPORT_RETRY_PAUSE_MS")?.unwrap_or(Duration::from_secs(2)),
            timeout: vars.secs("EXPORT_TIMEOUT_SECS")?.unwrap_or(Duration::from_mins(1)),
        };
        if jobs.concurrency == 0 {
            return Err(ConfigError::invalid("EXPORT_CONCURRENCY", "must be at least 1"));
        }
        if jobs.lease < SHORTEST_LEASE {
            return Err(ConfigError::invalid("EXPORT_LEASE_SECS", "must be at least 3"));
        }
        if jobs.max_attempts < 1 {
            return Err(ConfigError::invalid("EXPORT_MAX_ATTEMPTS", "must be at least 1"));
        }
        Ok(jobs)
    }
}

/// The domain counts attempts without a sign, the database column has one.
fn default_max_attempts() -> i32 {
    i32::try_from(DEFAULT_MAX_ATTEMPTS).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const REQUIRED: [(&str, &str); 4] = [
        ("DATABASE_URL", "postgres://portal_export_worker:hemmelig@localhost/portal"),
        ("REDIS_URL", "redis://:hemmelig@localhost/0"),
        ("AMQP_URL", "amqp://portal:hemmelig@localhost"),
        ("BLOB_STORE_URL", "file:///tmp/blobs"),
    ];

    fn config(extra: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_vars(&Vars::from_pairs(REQUIRED.iter().chain(extra).copied()))
    }

    #[test]
    fn defaults_are_those_of_the_module_documentation() {
        let config = config(&[]).unwrap();
        assert_eq!(config.http.admin_bind.port(), 9083);
        assert_eq!(config.jobs.concurrency, 3);
        assert_eq!(config.database.max_size, 4, "one for each job, one for signs of life");
        assert_eq!(config.jobs.max_attempts, 5);
        assert_eq!(config.retention, Duration::from_hours(7 * 24));
        assert_eq!(config.font_dir, Path::new(FONT_DIR));
    }

    #[test]
    fn a_limit_that_would_stop_all_work_is_refused() {
        for (name, value) in [
            ("EXPORT_CONCURRENCY", "0"),
            ("EXPORT_LEASE_SECS", "1"),
            ("EXPORT_MAX_ATTEMPTS", "0"),
            ("EXPORT_RETENTION_DAYS", "-1"),
        ] {
            let error = config(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn a_configuration_can_be_logged_without_its_secrets() {
        assert!(!format!("{:?}", config(&[]).unwrap()).contains("hemmelig"));
    }
}
