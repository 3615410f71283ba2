//! A database of its own for each test, cloned from the migrated template.
//!
//! A clone takes a tenth of a second, while migrating takes a second; and unlike a rolled back transaction
//! it lets the code under test commit, race and fail as it does in production.

use std::time::Duration;

use tokio::sync::OnceCell;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use crate::cleanup::{block_on, dated_name, is_abandoned};
use crate::stack::{Credentials, Stack};

const PREFIX: &str = "portal_test_";

/// Database that is always there, to make and drop others from.
const MAINTENANCE_DATABASE: &str = "postgres";

/// How often a clone is tried while something else is still connected to the template.
const CLONE_ATTEMPTS: u32 = 50;

/// A service's login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceRole {
    /// `portal_cases_api`.
    CasesApi,
    /// `portal_locks_api`.
    LocksApi,
    /// `portal_export_worker`.
    ExportWorker,
}

/// A database that lives as long as this value.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
}

impl TestDatabase {
    /// Clones the migrated template.
    pub async fn create() -> Self {
        Self::from_template(&Stack::load().template_database).await
    }

    /// Makes a database without any table, for tests of the migrations.
    pub async fn create_empty() -> Self {
        Self::from_template("template0").await
    }

    /// Clones any database, for example a large one that was filled once.
    pub async fn from_template(template: &str) -> Self {
        static SWEPT: OnceCell<()> = OnceCell::const_new();
        let admin = connect(&Stack::load().superuser_url(MAINTENANCE_DATABASE)).await;
        SWEPT.get_or_init(|| sweep(&admin)).await;
        let database = Self { name: dated_name(PREFIX) };
        let owner = &Stack::load().postgres.user;
        let create = format!("CREATE DATABASE {} TEMPLATE {template} OWNER {owner}", database.name);
        for attempt in 1.. {
            match admin.batch_execute(&create).await {
                Ok(()) => break,
                // Another process is connected to the template, if only to look at it.
                Err(error)
                    if error.code() == Some(&SqlState::OBJECT_IN_USE)
                        && attempt < CLONE_ATTEMPTS =>
                {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(error) => panic!("{create}: {error:?}"),
            }
        }
        database
    }

    /// Name of the database.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// URL through PgBouncer with a service's login, as the service would have it.
    #[must_use]
    pub fn url_for(&self, role: ServiceRole) -> String {
        let pooler = &Stack::load().pgbouncer;
        self.url_at(role, &format!("{}:{}", pooler.host, pooler.port))
    }

    /// URL with a service's login that leads to another address, for example a
    /// [`crate::ChaosProxy`] in front of PgBouncer.
    #[must_use]
    pub fn url_at(&self, role: ServiceRole, address: &str) -> String {
        let stack = Stack::load();
        let Credentials { user, password } = match role {
            ServiceRole::CasesApi => &stack.roles.cases_api,
            ServiceRole::LocksApi => &stack.roles.locks_api,
            ServiceRole::ExportWorker => &stack.roles.export_worker,
        };
        format!("postgres://{user}:{password}@{address}/{}", self.name)
    }

    /// URL through PgBouncer, as the owner of the schema.
    #[must_use]
    pub fn pooled_owner_url(&self) -> String {
        let Stack { postgres, pgbouncer, .. } = Stack::load();
        let (user, password) = (&postgres.user, &postgres.password);
        format!("postgres://{user}:{password}@{}:{}/{}", pgbouncer.host, pgbouncer.port, self.name)
    }

    /// URL directly to PostgreSQL, as the owner of the schema.
    #[must_use]
    pub fn owner_url(&self) -> String {
        Stack::load().owner_url(&self.name)
    }

    /// Connects as the owner of the schema, to arrange and inspect rows.
    pub async fn owner(&self) -> Client {
        connect(&self.owner_url()).await
    }

    /// Connects through PgBouncer with a service's login.
    pub async fn client_for(&self, role: ServiceRole) -> Client {
        connect(&self.url_for(role)).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        block_on("dropping a test database", move || async move {
            let url = Stack::load().superuser_url(MAINTENANCE_DATABASE);
            let (admin, connection) =
                tokio_postgres::connect(&url, NoTls).await.map_err(|error| error.to_string())?;
            tokio::spawn(connection);
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            admin.batch_execute(&drop).await.map_err(|error| format!("{drop}: {error}"))
        });
    }
}

/// Opens one connection and drives it in the background.
async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .unwrap_or_else(|error| panic!("cannot connect to the test stack: {error:?}"));
    tokio::spawn(connection);
    client
}

/// Drops databases that killed runs left behind.
async fn sweep(admin: &Client) {
    let names = admin
        .query("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", &[&PREFIX])
        .await
        .expect("databases can be listed");
    for row in names {
        let name: String = row.get(0);
        if is_abandoned(&name, PREFIX) {
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            // Another process may sweep at the same time; whoever comes second fails harmlessly.
            let _ = admin.batch_execute(&drop).await;
        }
    }
}
