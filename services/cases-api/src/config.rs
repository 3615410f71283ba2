//! Configuration of cases-api: one typed value, checked before a port opens.
//!
//! Besides the variables every service shares ([`edge::config`]):
//!
//! - `DATABASE_URL`: PgBouncer URL with the role `portal_cases_api`. Required, secret.
//! - `DB_POOL_MAX_SIZE`: connections to PgBouncer. Default 16.
//! - `RESET_DATABASE_URL`: PgBouncer URL with the login of the schema's owner, for the demo reset
//!   (E90). Secret; unset: there is no reset. Refused when `PORTAL_ENVIRONMENT` is `production`.
//! - `DB_ACQUIRE_TIMEOUT_MS`: longest wait for a pooled connection. Default 2000.
//! - `REDIS_URL`: cache and event fan-out. Required, secret.
//! - `REDIS_KEY_PREFIX`: begins the name of every key, when several portals share a Redis. Default
//!   empty.
//! - `REDIS_TIMEOUT_MS`: longest that Redis may hold up a request. Default 40.
//! - `LIST_CACHE_TTL_MS`: how long a case list is kept when nothing is saved; 0: not at all.
//!   Default 15000.
//! - `RATE_LIMIT_EXPORT_PER_MINUTE`, `RATE_LIMIT_SAVE_PER_MINUTE`, `RATE_LIMIT_LIST_PER_MINUTE`: how
//!   often a user may order or fetch documents, save, and list cases; 0 is without limit. Default 5,
//!   30 and 60 (contract 1.5).
//! - `RATE_LIMIT_SIGN_IN_ACCOUNT_PER_5_MINUTES`, `RATE_LIMIT_SIGN_IN_ADDRESS_PER_5_MINUTES`: how often
//!   signing in may fail as one user, and from one address; 0 is without limit. Default 10 and 100.
//! - `LOCKS_API_URL`: where the lock token of a save is checked; unset: nowhere, and the version
//!   check alone decides.
//! - `AMQP_URL`: broker that export jobs are published to. Required, secret.
//! - `AUTH_SIGNING_KEY_FILE`: Ed25519 private key, PKCS #8 PEM, that signs tokens. Required.
//! - `AUTH_SIGNING_KEY_EXPIRES_AT`: when that key is to be replaced, RFC 3339. Only an alert looks
//!   at it. Unset: nothing is announced.
//! - `AUTH_TOKEN_TTL_SECS`: lifetime of a token. Default 86400 (contract 1.1).
//! - `DEMO_LOGIN`: whether an e-mail address alone signs in (D-01). Default false; refused when
//!   `PORTAL_ENVIRONMENT` is `production`.
//! - `OIDC_ISSUER_URL`, `OIDC_AUDIENCE`: an external issuer and our client id there, which take the
//!   place of passwords. Both or neither; refused beside `DEMO_LOGIN`.
//! - `OIDC_EMAIL_CLAIM`: claim of an ID token that holds the sign-in address. Default `email`, which
//!   the issuer must have verified.
//! - `OIDC_KEYS_MAX_AGE_SECS`: how long the issuer's keys are believed unasked. Default 600.
//! - `TRUSTED_PROXIES`: how many proxies of ours a request passes, each of which adds to
//!   `X-Forwarded-For`. Default 1.
//! - `BLOB_STORE_URL`: where finished documents are, `file:///…` or `s3://…`. Required.
//! - `EXPORT_WORD_TEMPLATE`: a `.docx` or `.dotx` that department lists are written into. Unset: they
//!   get a look of our own.
//! - `EXPORT_FONT_DIR`: folder with the fonts that texts in drawings are set in; without them such
//!   texts are missing in department lists that are made at once. Default as for the export worker.
//! - `EXPORT_RELAY_INTERVAL_MS`: how often accepted exports are looked for. Default 500.
//! - `DOWNLOAD_TOKEN_TTL_SECS`: how long a download link works. Default 3600.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use edge::config::{AuthConfig, ConfigError, Environment, HttpConfig, RedisConfig, Vars};
use edge::rate_limit::RateLimits;
use render::pdf::FONT_DIR;
use secrecy::SecretString;
use store::pool::PoolConfig;

/// Public port when `HTTP_BIND` is not set.
const PUBLIC_PORT: u16 = 8081;
/// Admin port when `ADMIN_BIND` is not set.
const ADMIN_PORT: u16 = 9081;

/// Everything cases-api needs to know to start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Ports, limits and environment.
    pub http: HttpConfig,
    /// Connections to the database.
    pub database: PoolConfig,
    /// Signing in and signing tokens.
    pub sign_in: SignInConfig,
    /// Accepting and handing out exports.
    pub export: ExportConfig,
    /// Connections to Redis.
    pub redis: RedisConfig,
    /// Where lock tokens are checked.
    pub locks_api_url: Option<String>,
    /// How often a user may do what is dear.
    pub rate_limits: RateLimits,
    /// How long a case list may be kept when nothing is saved.
    pub list_cache_ttl: Duration,
    /// The way to the database for the demo reset, where there is one.
    pub reset_database_url: Option<SecretString>,
}

/// Who may sign in, and how the tokens they get are made.
#[derive(Clone, Debug)]
pub struct SignInConfig {
    /// Issuer and audience of the tokens.
    pub auth: AuthConfig,
    /// File with the Ed25519 signing key.
    pub signing_key_file: PathBuf,
    /// File with a key that is accepted and not signed with, while keys change.
    pub accepted_key_file: Option<PathBuf>,
    /// When the signing key is to be replaced.
    pub signing_key_expires: Option<DateTime<Utc>>,
    /// Lifetime of a token.
    pub token_ttl: Duration,
    /// Whether an e-mail address alone signs in.
    pub demo_login: bool,
    /// The issuer that signs people in, where it is not us.
    pub oidc: Option<OidcConfig>,
    /// Proxies of ours that a request passes on its way here.
    pub trusted_proxies: usize,
}

/// An external issuer of identities (OpenID Connect).
#[derive(Clone, Debug)]
pub struct OidcConfig {
    /// Its name, which is also where it is found.
    pub issuer: String,
    /// Our client id there.
    pub audience: String,
    /// The claim that holds the sign-in address.
    pub email_claim: String,
    /// How long its keys are believed unasked.
    pub keys_max_age: Duration,
}

/// From an accepted export to its download.
#[derive(Clone, Debug)]
pub struct ExportConfig {
    /// Broker URL.
    pub amqp_url: SecretString,
    /// Where finished documents are.
    pub blob_store_url: String,
    /// How often the relay looks for jobs that are not published yet.
    pub relay_interval: Duration,
    /// How long a download link works.
    pub download_token_ttl: Duration,
    /// Folder with the fonts of texts in drawings.
    pub font_dir: PathBuf,
    /// What department lists are written into.
    pub word_template: Option<PathBuf>,
}

impl Config {
    /// Reads the variables of the module documentation.
    ///
    /// # Errors
    /// [`ConfigError`] names the first variable that is missing or not valid.
    pub fn from_vars(vars: &Vars) -> Result<Self, ConfigError> {
        let http = HttpConfig::from_vars(vars, PUBLIC_PORT, ADMIN_PORT)?;
        Ok(Self {
            sign_in: SignInConfig::from_vars(vars, http.environment)?,
            database: pool_from_vars(vars)?,
            export: ExportConfig::from_vars(vars)?,
            redis: RedisConfig::from_vars(vars)?,
            locks_api_url: vars.text("LOCKS_API_URL"),
            rate_limits: RateLimits::from_vars(vars)?,
            list_cache_ttl: vars.millis("LIST_CACHE_TTL_MS")?.unwrap_or(Duration::from_secs(15)),
            reset_database_url: reset_url_from_vars(vars, http.environment)?,
            http,
        })
    }
}

fn pool_from_vars(vars: &Vars) -> Result<PoolConfig, ConfigError> {
    Ok(PoolConfig {
        url: vars.secret("DATABASE_URL")?,
        max_size: vars.parse("DB_POOL_MAX_SIZE")?.unwrap_or(16),
        acquire_timeout: vars.millis("DB_ACQUIRE_TIMEOUT_MS")?.unwrap_or(Duration::from_secs(2)),
    })
}

/// Whether what comes from `address` cannot have been replaced on the way.
pub(crate) fn is_safe_address(address: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(address) else { return false };
    match (url.scheme(), url.host_str()) {
        ("https", Some(_)) => true,
        ("http", Some(host)) => ["localhost", "127.0.0.1", "[::1]"].contains(&host),
        _ => false,
    }
}

fn reset_url_from_vars(
    vars: &Vars,
    environment: Environment,
) -> Result<Option<SecretString>, ConfigError> {
    let name = "RESET_DATABASE_URL";
    let url = vars.optional_secret(name)?;
    if url.is_some() && environment == Environment::Production {
        return Err(ConfigError::invalid(
            name,
            "the demo reset is not allowed when PORTAL_ENVIRONMENT is production",
        ));
    }
    Ok(url)
}

impl SignInConfig {
    fn from_vars(vars: &Vars, environment: Environment) -> Result<Self, ConfigError> {
        let demo_login = vars.flag("DEMO_LOGIN")?;
        if demo_login && environment == Environment::Production {
            return Err(ConfigError::invalid(
                "DEMO_LOGIN",
                "sign-in without a password is not allowed when PORTAL_ENVIRONMENT is production",
            ));
        }
        let oidc = OidcConfig::from_vars(vars)?;
        if demo_login && oidc.is_some() {
            return Err(ConfigError::invalid(
                "DEMO_LOGIN",
                "sign-in without a password is not allowed beside OIDC_ISSUER_URL",
            ));
        }
        Ok(Self {
            auth: AuthConfig::from_vars(vars),
            signing_key_file: vars.required("AUTH_SIGNING_KEY_FILE")?.into(),
            accepted_key_file: vars.text("AUTH_ACCEPTED_KEY_FILE").map(PathBuf::from),
            signing_key_expires: vars.parse("AUTH_SIGNING_KEY_EXPIRES_AT")?,
            token_ttl: vars.secs("AUTH_TOKEN_TTL_SECS")?.unwrap_or(Duration::from_hours(24)),
            demo_login,
            oidc,
            trusted_proxies: vars.parse("TRUSTED_PROXIES")?.unwrap_or(1),
        })
    }
}

impl OidcConfig {
    fn from_vars(vars: &Vars) -> Result<Option<Self>, ConfigError> {
        let (issuer, audience) = ("OIDC_ISSUER_URL", "OIDC_AUDIENCE");
        if vars.text(issuer).is_none() && vars.text(audience).is_none() {
            return Ok(None);
        }
        let url = vars.required(issuer)?;
        if !is_safe_address(&url) {
            let reason = "expected an https address; http only on this machine";
            return Err(ConfigError::invalid(issuer, reason));
        }
        Ok(Some(Self {
            issuer: url,
            audience: vars.required(audience)?,
            email_claim: vars.text("OIDC_EMAIL_CLAIM").unwrap_or_else(|| "email".to_owned()),
            keys_max_age: vars.secs("OIDC_KEYS_MAX_AGE_SECS")?.unwrap_or(Duration::from_mins(10)),
        }))
    }
}

impl ExportConfig {
    fn from_vars(vars: &Vars) -> Result<Self, ConfigError> {
        Ok(Self {
            amqp_url: vars.secret("AMQP_URL")?,
            blob_store_url: vars.required("BLOB_STORE_URL")?,
            relay_interval: vars
                .millis("EXPORT_RELAY_INTERVAL_MS")?
                .unwrap_or(Duration::from_millis(500)),
            download_token_ttl: vars
                .secs("DOWNLOAD_TOKEN_TTL_SECS")?
                .unwrap_or(Duration::from_hours(1)),
            font_dir: vars.text("EXPORT_FONT_DIR").unwrap_or_else(|| FONT_DIR.to_owned()).into(),
            word_template: vars.text("EXPORT_WORD_TEMPLATE").map(PathBuf::from),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUIRED: [(&str, &str); 5] = [
        ("DATABASE_URL", "postgres://portal_cases_api@localhost/portal"),
        ("REDIS_URL", "redis://localhost"),
        ("AMQP_URL", "amqp://localhost"),
        ("AUTH_SIGNING_KEY_FILE", "key.pem"),
        ("BLOB_STORE_URL", "file:///tmp/blobs"),
    ];

    fn vars_with(extra: &[(&str, &str)]) -> Vars {
        Vars::from_pairs(REQUIRED.iter().chain(extra).map(|&(key, value)| (key, value)))
    }

    #[test]
    fn defaults_are_those_of_the_module_documentation() {
        let config = Config::from_vars(&vars_with(&[])).unwrap();
        assert_eq!(config.http.bind.port(), 8081);
        assert_eq!(config.database.max_size, 16);
        assert_eq!(config.database.acquire_timeout, Duration::from_secs(2));
        assert_eq!(config.sign_in.token_ttl, Duration::from_hours(24));
        assert!(!config.sign_in.demo_login);
    }

    #[test]
    fn sign_in_without_a_password_is_refused_in_production() {
        let error = Config::from_vars(&vars_with(&[("DEMO_LOGIN", "true")])).unwrap_err();
        assert!(error.to_string().contains("DEMO_LOGIN"), "{error}");
        let demo = [("DEMO_LOGIN", "true"), ("PORTAL_ENVIRONMENT", "demo")];
        assert!(Config::from_vars(&vars_with(&demo)).unwrap().sign_in.demo_login);
    }

    #[test]
    fn an_external_issuer_is_complete_safe_and_the_only_way_in() {
        let issuer = ("OIDC_ISSUER_URL", "https://login.example/tenant/v2.0");
        let (audience, demo) = (("OIDC_AUDIENCE", "portal"), ("PORTAL_ENVIRONMENT", "demo"));
        let read = |extra: &[(&str, &str)]| Config::from_vars(&vars_with(extra));
        assert!(read(&[]).unwrap().sign_in.oidc.is_none());
        let oidc = read(&[issuer, audience]).unwrap().sign_in.oidc.unwrap();
        assert_eq!((oidc.issuer.as_str(), oidc.email_claim.as_str()), (issuer.1, "email"));
        for (extra, named) in [
            (vec![issuer], "OIDC_AUDIENCE"),
            (vec![audience], "OIDC_ISSUER_URL"),
            (vec![("OIDC_ISSUER_URL", "http://login.example"), audience], "OIDC_ISSUER_URL"),
            (vec![("OIDC_ISSUER_URL", "login.example"), audience], "OIDC_ISSUER_URL"),
            (vec![issuer, audience, demo, ("DEMO_LOGIN", "true")], "DEMO_LOGIN"),
        ] {
            let error = read(&extra).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
        for loopback in ["http://127.0.0.1:3000", "http://[::1]:3000", "http://localhost"] {
            read(&[("OIDC_ISSUER_URL", loopback), audience]).unwrap();
        }
    }

    #[test]
    fn a_way_to_wipe_the_database_is_refused_in_production() {
        let url = ("RESET_DATABASE_URL", "postgres://portal_owner@localhost/portal");
        let error = Config::from_vars(&vars_with(&[url])).unwrap_err();
        assert!(error.to_string().contains("RESET_DATABASE_URL"), "{error}");
        for environment in ["demo", "development"] {
            let vars = vars_with(&[url, ("PORTAL_ENVIRONMENT", environment)]);
            let config = Config::from_vars(&vars).unwrap();
            assert!(config.reset_database_url.is_some(), "{environment}");
        }
        assert!(Config::from_vars(&vars_with(&[])).unwrap().reset_database_url.is_none());
    }

    #[test]
    fn every_required_variable_is_named_when_it_is_missing() {
        for (missing, _) in REQUIRED {
            let others = REQUIRED.into_iter().filter(|(name, _)| *name != missing);
            let error = Config::from_vars(&Vars::from_pairs(others)).unwrap_err();
            assert!(error.to_string().contains(missing), "{error}");
        }
    }

    #[test]
    fn a_configuration_can_be_logged_without_its_secrets() {
        let vars = vars_with(&[("DATABASE_URL", "postgres://u:hemmelig@localhost/portal")]);
        let config = Config::from_vars(&vars).unwrap();
        assert!(!format!("{config:?}").contains("hemmelig"));
    }
}
