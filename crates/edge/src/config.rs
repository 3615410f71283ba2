//! Typed configuration from environment variables, checked before a port opens.
//!
//! Variables are read through [`Vars`], never from the process directly, so that tests pass their
//! own. Shared by all services:
//!
//! - `HTTP_BIND`: address of the public port.
//! - `HTTP_WORKERS`: worker threads of the public port. Default: the number of cores.
//! - `HTTP_MAX_REQUESTS`: requests of the public port that are worked on at once; more are refused.
//!   Default 512.
//! - `HTTP_REQUEST_TIMEOUT_SECS`: how long the answer to a request may take to begin. Default 30.
//! - `ADMIN_BIND`: address of the admin port.
//! - `SHUTDOWN_GRACE_SECS`: how long running requests may take after SIGTERM. Default 30.
//! - `PORTAL_ENVIRONMENT`: `production` (default), `demo` or `development`.
//! - `INSTANCE_ID`: name of this instance. Default: host name and process id.
//! - `AUTH_ISSUER`, `AUTH_AUDIENCE`: expected `iss` and `aud` of tokens. Default
//!   `statsbudsjettportalen`.
//! - `LOG_FORMAT`: `json` (default) or `text`. `RUST_LOG`: level filter. Default `info`.
//! - `OTEL_EXPORTER_OTLP_ENDPOINT`: OTLP/HTTP collector. Unset: no export.
//! - `OTEL_TRACES_SAMPLER_ARG`: share of new traces sampled. Default 1.0.
//! - `OTEL_SDK_DISABLED`: neither traces nor metrics. Default false.
//!
//! A secret may be in a file: see [`Vars::optional_secret`].

use std::collections::HashMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use telemetry::{LogFormat, TelemetryConfig};

/// A variable that is missing or cannot be understood. The value is never part of the message:
/// it may be a secret in the wrong place.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A required variable is not set.
    #[error("{0} is not set")]
    Missing(String),
    /// A value has the wrong form.
    #[error("{name} is not valid: {reason}")]
    Invalid {
        /// Name of the variable.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl ConfigError {
    /// A value of `name` that breaks a rule of its own or of several variables together.
    pub fn invalid(name: &str, reason: impl Display) -> Self {
        Self::Invalid { name: name.to_owned(), reason: reason.to_string() }
    }
}

/// A set of variables; an empty value counts as not set.
#[derive(Clone, Debug, Default)]
pub struct Vars(HashMap<String, String>);

impl Vars {
    /// The environment of this process.
    #[must_use]
    pub fn from_env() -> Self {
        Self(std::env::vars().filter(|(_, value)| !value.is_empty()).collect())
    }

    /// Variables given directly, as tests do.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }

    /// A text value.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    /// A text value that must be there.
    ///
    /// # Errors
    /// [`ConfigError::Missing`].
    pub fn required(&self, name: &str) -> Result<String, ConfigError> {
        self.text(name).ok_or_else(|| ConfigError::Missing(name.to_owned()))
    }

    /// A secret that must be there.
    ///
    /// # Errors
    /// [`ConfigError::Missing`], and those of [`Vars::optional_secret`].
    pub fn secret(&self, name: &str) -> Result<SecretString, ConfigError> {
        self.optional_secret(name)?.ok_or_else(|| ConfigError::Missing(name.to_owned()))
    }

    /// A secret: the value of `name`, or what the file holds that `name` with `_FILE` names, which
    /// no process listing and no crash report shows.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] when both are set, or the file cannot be read or is empty.
    pub fn optional_secret(&self, name: &str) -> Result<Option<SecretString>, ConfigError> {
        let file = format!("{name}_FILE");
        let Some(path) = self.text(&file) else {
            return Ok(self.text(name).map(SecretString::from));
        };
        if self.text(name).is_some() {
            return Err(ConfigError::invalid(&file, format!("{name} is set as well")));
        }
        let secret = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::invalid(&file, error.kind()))?;
        match secret.trim_end() {
            "" => Err(ConfigError::invalid(&file, "the file is empty")),
            secret => Ok(Some(SecretString::from(secret))),
        }
    }

    /// A value of any type that parses from text.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`].
    pub fn parse<T>(&self, name: &str) -> Result<Option<T>, ConfigError>
    where
        T: FromStr,
        T::Err: Display,
    {
        self.0
            .get(name)
            .map(|value| value.trim().parse().map_err(|error| ConfigError::invalid(name, error)))
            .transpose()
    }

    /// A duration in whole seconds.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`].
    pub fn secs(&self, name: &str) -> Result<Option<Duration>, ConfigError> {
        Ok(self.parse::<u64>(name)?.map(Duration::from_secs))
    }

    /// A duration in milliseconds.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`].
    pub fn millis(&self, name: &str) -> Result<Option<Duration>, ConfigError> {
        Ok(self.parse::<u64>(name)?.map(Duration::from_millis))
    }

    /// `true` or `false`; not set is `false`.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`].
    pub fn flag(&self, name: &str) -> Result<bool, ConfigError> {
        Ok(self.parse::<bool>(name)?.unwrap_or(false))
    }
}

/// Where the process runs; decides what may be switched on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Environment {
    /// Real data and real users: no demo shortcuts.
    #[default]
    Production,
    /// Shown to people, with seeded data.
    Demo,
    /// On a developer's machine or in tests.
    Development,
}

impl Environment {
    /// The name used in configuration and in `GET /api/health`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Demo => "demo",
            Self::Development => "development",
        }
    }
}

impl FromStr for Environment {
    type Err = &'static str;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        [Self::Production, Self::Demo, Self::Development]
            .into_iter()
            .find(|environment| environment.as_str() == value)
            .ok_or("expected production, demo or development")
    }
}

/// Ports and process limits.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Address of the public port.
    pub bind: SocketAddr,
    /// Address of the admin port.
    pub admin_bind: SocketAddr,
    /// Worker threads of the public port.
    pub workers: usize,
    /// Requests of the public port that are worked on at once.
    pub most_requests: usize,
    /// How long the answer to a request may take to begin.
    pub request_timeout: Duration,
    /// Longest wait for running requests after SIGTERM.
    pub shutdown_grace: Duration,
    /// Where the process runs.
    pub environment: Environment,
    /// Name of this instance, unique among the running ones.
    pub instance_id: String,
}

impl HttpConfig {
    /// Reads the variables of the module documentation; `public_port` and `admin_port` are the
    /// service's defaults on all interfaces.
    ///
    /// # Errors
    /// [`ConfigError`] names the first variable that is not valid.
    pub fn from_vars(vars: &Vars, public_port: u16, admin_port: u16) -> Result<Self, ConfigError> {
        let request_timeout =
            vars.secs("HTTP_REQUEST_TIMEOUT_SECS")?.unwrap_or(DEFAULT_REQUEST_TIMEOUT);
        if request_timeout.is_zero() {
            return Err(ConfigError::invalid("HTTP_REQUEST_TIMEOUT_SECS", "must be at least 1"));
        }
        Ok(Self {
            bind: vars.parse("HTTP_BIND")?.unwrap_or_else(|| any_interface(public_port)),
            admin_bind: vars.parse("ADMIN_BIND")?.unwrap_or_else(|| any_interface(admin_port)),
            workers: vars.parse("HTTP_WORKERS")?.unwrap_or_else(cores),
            most_requests: vars.parse("HTTP_MAX_REQUESTS")?.unwrap_or(DEFAULT_MOST_REQUESTS),
            request_timeout,
            shutdown_grace: vars.secs("SHUTDOWN_GRACE_SECS")?.unwrap_or(DEFAULT_SHUTDOWN_GRACE),
            environment: vars.parse("PORTAL_ENVIRONMENT")?.unwrap_or_default(),
            instance_id: instance_id_from_vars(vars),
        })
    }
}

/// Far more than work at the same time on the few cores of a pod, so that a crowd that comes at the
/// same moment is served; few enough that the last of them has waited a second, not a minute.
const DEFAULT_MOST_REQUESTS: usize = 512;

/// Beyond every other limit on the way of a request, among them the ten seconds of a statement; and
/// before the gateway stops waiting (60 s), so that the client gets our answer.
const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Requirement, section 5.2: running requests get at most 30 seconds.
const DEFAULT_SHUTDOWN_GRACE: Duration = Duration::from_secs(30);

fn any_interface(port: u16) -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], port))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn instance_id_from_vars(vars: &Vars) -> String {
    vars.text("INSTANCE_ID").unwrap_or_else(|| {
        let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
        format!("{}:{}", host.trim(), std::process::id())
    })
}

/// Where Redis is, and which part of it is ours.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    /// Redis URL.
    pub url: SecretString,
    /// Begins the name of every key.
    pub key_prefix: String,
    /// Longest that Redis may hold up a request.
    pub timeout: Duration,
}

impl RedisConfig {
    /// Reads `REDIS_URL`, `REDIS_KEY_PREFIX` and `REDIS_TIMEOUT_MS`.
    ///
    /// # Errors
    /// [`ConfigError`] names the first variable that is missing or not valid.
    pub fn from_vars(vars: &Vars) -> Result<Self, ConfigError> {
        Ok(Self {
            url: vars.secret("REDIS_URL")?,
            key_prefix: vars.text("REDIS_KEY_PREFIX").unwrap_or_default(),
            timeout: vars.millis("REDIS_TIMEOUT_MS")?.unwrap_or(DEFAULT_REDIS_TIMEOUT),
        })
    }
}

/// A dead Redis must not add more than 50 ms to a request (architecture 4).
const DEFAULT_REDIS_TIMEOUT: Duration = Duration::from_millis(40);

/// Whose tokens are accepted.
#[derive(Clone, Debug)]
pub struct AuthConfig {
    /// Expected `iss`.
    pub issuer: String,
    /// Expected `aud`.
    pub audience: String,
}

impl AuthConfig {
    /// Reads `AUTH_ISSUER` and `AUTH_AUDIENCE`.
    #[must_use]
    pub fn from_vars(vars: &Vars) -> Self {
        let or_default =
            |name| vars.text(name).unwrap_or_else(|| "statsbudsjettportalen".to_owned());
        Self { issuer: or_default("AUTH_ISSUER"), audience: or_default("AUTH_AUDIENCE") }
    }
}

/// Reads the telemetry variables for the service named `service_name`.
///
/// # Errors
/// [`ConfigError`] names the first variable that is not valid.
pub fn telemetry_from_vars(
    vars: &Vars,
    service_name: &'static str,
) -> Result<TelemetryConfig, ConfigError> {
    let log_format = match vars.text("LOG_FORMAT").as_deref() {
        None | Some("json") => LogFormat::Json,
        Some("text") => LogFormat::Text,
        Some(_) => return Err(ConfigError::invalid("LOG_FORMAT", "expected json or text")),
    };
    let sample_ratio = vars.parse("OTEL_TRACES_SAMPLER_ARG")?.unwrap_or(1.0);
    if !(0.0..=1.0).contains(&sample_ratio) {
        return Err(ConfigError::invalid("OTEL_TRACES_SAMPLER_ARG", "expected 0.0 to 1.0"));
    }
    Ok(TelemetryConfig {
        service_name,
        instance_id: instance_id_from_vars(vars),
        environment: vars.parse::<Environment>("PORTAL_ENVIRONMENT")?.unwrap_or_default().as_str(),
        log_format,
        otlp_endpoint: vars.text("OTEL_EXPORTER_OTLP_ENDPOINT"),
        sample_ratio,
        is_disabled: vars.flag("OTEL_SDK_DISABLED")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_production_process_is_the_default() {
        let config = HttpConfig::from_vars(&Vars::default(), 8081, 9081).unwrap();
        assert_eq!(config.environment, Environment::Production);
        assert_eq!(config.bind.port(), 8081);
        assert_eq!(config.shutdown_grace, Duration::from_secs(30));
    }

    #[test]
    fn a_wrong_value_names_its_variable_and_hides_the_value() {
        let vars = Vars::from_pairs([("HTTP_BIND", "s3cret")]);
        let error = HttpConfig::from_vars(&vars, 1, 2).unwrap_err().to_string();
        assert!(error.contains("HTTP_BIND"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[test]
    fn a_secret_is_read_from_a_file_or_a_variable_and_never_from_both() {
        use secrecy::ExposeSecret as _;

        let path = std::env::temp_dir().join(format!("secret-{}", uuid::Uuid::new_v4()));
        let file = ("REDIS_URL_FILE", path.to_str().unwrap());
        let read =
            |pairs: &[(&str, &str)]| Vars::from_pairs(pairs.iter().copied()).secret("REDIS_URL");

        assert!(read(&[file]).unwrap_err().to_string().contains("REDIS_URL_FILE"), "no such file");
        std::fs::write(&path, "\n").unwrap();
        assert!(read(&[file]).unwrap_err().to_string().contains("empty"));
        std::fs::write(&path, "redis://:hemmelig@localhost\n").unwrap();
        assert_eq!(read(&[file]).unwrap().expose_secret(), "redis://:hemmelig@localhost");
        let both = read(&[file, ("REDIS_URL", "redis://localhost")]).unwrap_err().to_string();
        assert!(both.contains("REDIS_URL") && !both.contains("hemmelig"), "{both}");
        assert!(
            matches!(read(&[]).unwrap_err(), ConfigError::Missing(name) if name == "REDIS_URL")
        );
        std::fs::remove_file(path).unwrap();
    }
}
