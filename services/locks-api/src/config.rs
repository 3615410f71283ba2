//! Configuration of locks-api: one typed value, checked before a port opens.
//!
//! Besides the variables every service shares ([`edge::config`]):
//!
//! - `DATABASE_URL`: PgBouncer URL with the role `portal_locks_api`. Required, secret.
//! - `DB_POOL_MAX_SIZE`: connections to PgBouncer. Default 8: a lock's statement holds one for
//!   a fraction of a millisecond.
//! - `DB_ACQUIRE_TIMEOUT_MS`: longest wait for a pooled connection. Default 2000.
//! - `REDIS_URL`: what polls are answered from, and event fan-out. Required, secret.
//! - `REDIS_KEY_PREFIX`, `REDIS_TIMEOUT_MS`: as for cases-api.
//! - `AUTH_JWKS_URL`: where the issuer publishes its keys. Default
//!   `http://cases-api/api/auth/jwks.json`.
//! - `LOCK_LEASE_SECS`: how long a lock lasts without a heartbeat. Default 300 (contract 12.2).
//! - `LOCK_SWEEP_INTERVAL_SECS`: how often old rows are deleted and locks counted. Default 60.

use std::time::Duration;

use domain::lock::DEFAULT_LEASE;
use edge::config::{AuthConfig, ConfigError, HttpConfig, RedisConfig, Vars};
use store::pool::PoolConfig;

/// Public port when `HTTP_BIND` is not set.
const PUBLIC_PORT: u16 = 8082;
/// Admin port when `ADMIN_BIND` is not set.
const ADMIN_PORT: u16 = 9082;

/// A colleague waits a whole lease for a lock whose holder vanished; more than a day is a mistake.
const LONGEST_LEASE: Duration = Duration::from_hours(24);

/// Everything locks-api needs to know to start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Ports, limits and environment.
    pub http: HttpConfig,
    /// Connections to the database.
    pub database: PoolConfig,
    /// Connections to Redis.
    pub redis: RedisConfig,
    /// Whose tokens are accepted.
    pub auth: AuthConfig,
    /// Where the keys of the tokens' issuer are published.
    pub jwks_url: String,
    /// How long locks last and how often the table is tidied.
    pub lock: LockConfig,
}

/// Times of a lock.
#[derive(Clone, Copy, Debug)]
pub struct LockConfig {
    /// How long a lock lasts without a heartbeat.
    pub lease: Duration,
    /// How often old rows are deleted and live locks counted.
    pub sweep_interval: Duration,
}

impl Config {
    /// Reads the variables of the module documentation.
    ///
    /// # Errors
    /// [`ConfigError`] names the first variable that is missing or not valid.
    pub fn from_vars(vars: &Vars) -> Result<Self, ConfigError> {
        Ok(Self {
            http: HttpConfig::from_vars(vars, PUBLIC_PORT, ADMIN_PORT)?,
            database: pool_from_vars(vars)?,
            redis: RedisConfig::from_vars(vars)?,
            auth: AuthConfig::from_vars(vars),
            jwks_url: vars
                .text("AUTH_JWKS_URL")
                .unwrap_or_else(|| "http://cases-api/api/auth/jwks.json".to_owned()),
            lock: LockConfig::from_vars(vars)?,
        })
    }
}

fn pool_from_vars(vars: &Vars) -> Result<PoolConfig, ConfigError> {
    Ok(PoolConfig {
        url: vars.secret("DATABASE_URL")?,
        max_size: vars.parse("DB_POOL_MAX_SIZE")?.unwrap_or(8),
        acquire_timeout: vars.millis("DB_ACQUIRE_TIMEOUT_MS")?.unwrap_or(Duration::from_secs(2)),
    })
}

impl LockConfig {
    fn from_vars(vars: &Vars) -> Result<Self, ConfigError> {
        let lease = vars.secs("LOCK_LEASE_SECS")?.unwrap_or(DEFAULT_LEASE);
        if lease.is_zero() || lease > LONGEST_LEASE {
            return Err(ConfigError::invalid("LOCK_LEASE_SECS", "expected 1 second to 24 hours"));
        }
        let sweep_interval =
            vars.secs("LOCK_SWEEP_INTERVAL_SECS")?.unwrap_or(Duration::from_mins(1));
        if sweep_interval.is_zero() {
            return Err(ConfigError::invalid("LOCK_SWEEP_INTERVAL_SECS", "expected at least 1"));
        }
        Ok(Self { lease, sweep_interval })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATABASE: (&str, &str) = ("DATABASE_URL", "postgres://u:hemmelig@localhost/portal");
    const REDIS: (&str, &str) = ("REDIS_URL", "redis://:hemmelig@localhost/0");

    #[test]
    fn defaults_are_those_of_the_module_documentation() {
        let config = Config::from_vars(&Vars::from_pairs([DATABASE, REDIS])).unwrap();
        assert_eq!(config.http.bind.port(), 8082);
        assert_eq!(config.http.admin_bind.port(), 9082);
        assert_eq!(config.lock.lease, Duration::from_mins(5));
        assert_eq!(config.lock.sweep_interval, Duration::from_mins(1));
        assert!(!format!("{config:?}").contains("hemmelig"));
    }

    #[test]
    fn a_lease_that_cannot_work_is_refused_at_start() {
        for (name, value) in [
            ("LOCK_LEASE_SECS", "0"),
            ("LOCK_LEASE_SECS", "86401"),
            ("LOCK_LEASE_SECS", "five minutes"),
            ("LOCK_SWEEP_INTERVAL_SECS", "0"),
        ] {
            let error = Config::from_vars(&Vars::from_pairs([DATABASE, REDIS, (name, value)]));
            assert!(error.unwrap_err().to_string().contains(name));
        }
    }

    #[test]
    fn a_database_url_is_required() {
        let error = Config::from_vars(&Vars::default()).unwrap_err();
        assert!(error.to_string().contains("DATABASE_URL"));
    }
}
