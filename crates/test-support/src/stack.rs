//! Where the servers of the test stack are: the file that `cargo xtask test` writes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, fs};

use serde::Deserialize;

/// Names the stack file when it is not at its usual place.
const STACK_VARIABLE: &str = "PORTAL_TEST_STACK";

/// Addresses and credentials of the test stack.
#[derive(Debug, Deserialize)]
pub struct Stack {
    /// PostgreSQL itself, for owners and administrators.
    pub postgres: ServerLogin,
    /// PgBouncer, the only way for services.
    pub pgbouncer: Pooler,
    /// The database that the running services use.
    pub database: String,
    /// The migrated database that tests clone.
    pub template_database: String,
    /// Logins of the services.
    pub roles: Roles,
    /// Redis, shared by all tests.
    pub redis_url: String,
    /// RabbitMQ with its default virtual host.
    pub amqp_url: String,
    /// RabbitMQ's management API, with credentials.
    pub amqp_management_url: String,
    /// The gateway in front of the running services.
    pub gateway_url: String,
    /// The running cases-api.
    pub cases_api_url: String,
    /// The running locks-api.
    pub locks_api_url: String,
    /// Admin ports of every copy of every service, by its name.
    pub admin_urls: BTreeMap<String, String>,
    /// Prometheus, where the stack has one running.
    pub prometheus_url: Option<String>,
    /// Where the collector hands traces to, where the stack has one running.
    pub trace_receiver_port: Option<u16>,
    /// Key that the issuer signs tokens with.
    pub signing_key_file: PathBuf,
    /// Folder of the stack's logs and data.
    pub local_dir: PathBuf,
}

/// How to log in to PostgreSQL.
#[derive(Debug, Deserialize)]
pub struct ServerLogin {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Owner of the portal's schema.
    pub user: String,
    /// The owner's password.
    pub password: String,
    /// Superuser, for making and dropping databases.
    pub superuser: String,
    /// The superuser's password.
    pub superuser_password: String,
}

/// Where PgBouncer is.
#[derive(Debug, Deserialize)]
pub struct Pooler {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Role that may use every command of the console.
    pub console_user: String,
}

/// Logins of the three services.
#[derive(Debug, Deserialize)]
pub struct Roles {
    /// Login of cases-api.
    pub cases_api: Credentials,
    /// Login of locks-api.
    pub locks_api: Credentials,
    /// Login of export-worker.
    pub export_worker: Credentials,
}

/// A name and a password.
#[derive(Debug, Deserialize)]
pub struct Credentials {
    /// PostgreSQL role.
    pub user: String,
    /// Its password.
    pub password: String,
}

impl Stack {
    /// Reads the stack file once: the one named by `PORTAL_TEST_STACK`, else `.local/test/stack.json` of
    /// the workspace.
    pub fn load() -> &'static Self {
        static STACK: OnceLock<Stack> = OnceLock::new();
        STACK.get_or_init(|| {
            let path = env::var_os(STACK_VARIABLE)
                .map_or_else(|| workspace_root().join(".local/test/stack.json"), PathBuf::from);
            let text = fs::read(&path).unwrap_or_else(|error| {
                panic!("{}: {error}; run `cargo xtask test --servers-only` first", path.display())
            });
            serde_json::from_slice(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
    }

    /// URL of a database on PostgreSQL itself, as the owner of the schema.
    #[must_use]
    pub fn owner_url(&self, database: &str) -> String {
        let ServerLogin { host, port, user, password, .. } = &self.postgres;
        format!("postgres://{user}:{password}@{host}:{port}/{database}")
    }

    /// URL of a database on PostgreSQL itself, as superuser.
    #[must_use]
    pub fn superuser_url(&self, database: &str) -> String {
        let ServerLogin { host, port, superuser, superuser_password, .. } = &self.postgres;
        format!("postgres://{superuser}:{superuser_password}@{host}:{port}/{database}")
    }

    /// URL of PgBouncer's console, with all rights.
    #[must_use]
    pub fn pooler_console_url(&self) -> String {
        let Pooler { host, port, console_user } = &self.pgbouncer;
        format!("postgres://{console_user}:{}@{host}:{port}/pgbouncer", self.postgres.password)
    }
}

/// Root folder of the workspace, wherever the test runs.
pub(crate) fn workspace_root() -> &'static Path {
    let manifest_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest_dir.ancestors().nth(2).expect("this crate is at crates/test-support")
}
