//! The migrations, embedded in the binary that runs them, and the one way to run them.
//!
//! A service never migrates at start-up: three services with several replicas would race, and none of their
//! roles may change the schema. The `migrate` binary does it once, directly against PostgreSQL (not through
//! PgBouncer, because the session lock below has to outlive each migration's own transaction).

use std::time::Duration;

use diesel::QueryableByName;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::sql_types::Bool;
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::pool::establish;

/// All migrations, in the order of their names.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Key of the advisory lock that keeps two migration runs apart; the bytes of "portal" as a number.
const MIGRATION_LOCK_KEY: i64 = 0x706f_7274_616c;

/// Longest wait for a connection; a Job that waits longer is better restarted.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Failure of a migration run.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database could not be reached, or refused the owner's credentials.
    #[error("cannot connect to the database")]
    Connect(#[source] diesel::ConnectionError),
    /// Another run holds the lock; it is safe to try again when it has ended.
    #[error("another migration run is in progress")]
    Locked,
    /// The advisory lock could not be asked for.
    #[error("cannot take the migration lock")]
    Lock(#[source] diesel::result::Error),
    /// A migration, or the reading of its history, failed and was rolled back.
    #[error("migration failed")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// One migration and whether the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Folder name, for example `2026-11-22-100000_create_portal_tables`.
    pub name: String,
    /// True when the database's history contains it.
    pub applied: bool,
}

/// A connection that holds the migration lock.
///
/// The lock lives as long as the session: it is released when this value is dropped, and also when the
/// process is killed.
pub struct Migrator {
    harness: AsyncMigrationHarness<AsyncPgConnection>,
}

impl Migrator {
    /// Connects as the owner of the schema and takes the migration lock without waiting for it.
    ///
    /// # Errors
    ///
    /// [`MigrationError::Locked`] when another run is in progress.
    pub async fn connect(owner_url: &str) -> Result<Self, MigrationError> {
        let mut conn = establish(owner_url.to_owned(), CONNECT_TIMEOUT)
            .await
            .map_err(MigrationError::Connect)?;
        let locked: LockRow = diesel::sql_query("SELECT pg_try_advisory_lock($1) AS locked")
            .bind::<diesel::sql_types::BigInt, _>(MIGRATION_LOCK_KEY)
            .get_result(&mut conn)
            .await
            .map_err(MigrationError::Lock)?;
        if !locked.locked {
            return Err(MigrationError::Locked);
        }
        Ok(Self { harness: AsyncMigrationHarness::new(conn) })
    }

    /// Applies every pending migration and returns their names.
    ///
    /// Must run on a multi-threaded runtime: diesel's harness blocks its thread.
    pub fn up(&mut self) -> Result<Vec<String>, MigrationError> {
        self.up_while(|_| true)
    }

    /// Applies pending migrations in order as long as `wanted` accepts the next one's name.
    ///
    /// Tests use it to stop before the migration whose effect on existing rows they prove.
    pub fn up_while(
        &mut self,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, MigrationError> {
        let pending =
            self.harness.pending_migrations(MIGRATIONS).map_err(MigrationError::Migration)?;
        let mut applied = Vec::new();
        for migration in pending {
            let name = migration.name().to_string();
            if !wanted(&name) {
                break;
            }
            self.harness.run_migration(&migration).map_err(MigrationError::Migration)?;
            applied.push(name);
        }
        Ok(applied)
    }

    /// Reverts the newest applied migration and returns its name, or `None` when there is none.
    pub fn down(&mut self) -> Result<Option<String>, MigrationError> {
        let applied = self.harness.applied_migrations().map_err(MigrationError::Migration)?;
        if applied.is_empty() {
            return Ok(None);
        }
        let reverted =
            self.harness.revert_last_migration(MIGRATIONS).map_err(MigrationError::Migration)?;
        Ok(Some(name_of(&reverted)?))
    }

    /// Lists every migration of this binary in order, with whether the database has it.
    pub fn status(&mut self) -> Result<Vec<MigrationStatus>, MigrationError> {
        let applied = self.harness.applied_migrations().map_err(MigrationError::Migration)?;
        Ok(sorted()?
            .iter()
            .map(|migration| MigrationStatus {
                name: migration.name().to_string(),
                applied: applied.contains(&migration.name().version().as_owned()),
            })
            .collect())
    }
}

#[derive(QueryableByName)]
struct LockRow {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

fn sorted() -> Result<Vec<Box<dyn Migration<Pg>>>, MigrationError> {
    let mut migrations =
        MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(MigrationError::Migration)?;
    migrations.sort_by_key(|migration| migration.name().version().as_owned());
    Ok(migrations)
}

fn name_of(version: &MigrationVersion<'_>) -> Result<String, MigrationError> {
    let known = sorted()?;
    let found = known.iter().find(|migration| migration.name().version() == *version);
    Ok(found.map_or_else(|| version.to_string(), |migration| migration.name().to_string()))
}
