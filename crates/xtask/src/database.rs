//! Roles, databases and migrations of a stack.
//!
//! The roles exist, with their passwords, before the first migration runs: the migration grants
//! rights to them and would otherwise create them without a login.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::servers::postgres::Login;
use crate::stack::{Kind, Stack};

/// The database of the services.
pub(crate) const DATABASE: &str = "portal";
/// The migrated database that each integration test clones.
pub(crate) const TEMPLATE: &str = "portal_template";

/// Creates the roles, or gives existing ones today's passwords.
pub(crate) fn ensure_roles(stack: &Stack) -> Result<()> {
    let secrets = &stack.secrets;
    // Migrations set limits on the services' roles.
    let owner_rights = match stack.kind {
        Kind::Dev | Kind::Bench | Kind::Fault => "CREATEROLE",
        // Tests clone the template, and drop their clone.
        Kind::Test => "CREATEROLE CREATEDB",
    };
    let superuser = Login::superuser(stack);
    for (role, password, rights) in [
        ("portal_owner", &secrets.portal_owner, owner_rights),
        ("portal_cases_api", &secrets.portal_cases_api, ""),
        ("portal_locks_api", &secrets.portal_locks_api, ""),
        ("portal_export_worker", &secrets.portal_export_worker, ""),
        ("portal_monitor", &secrets.portal_monitor, ""),
    ] {
        superuser.query(
            "postgres",
            &format!(
                "DO $$ BEGIN \
                   IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN \
                     CREATE ROLE {role}; \
                   END IF; \
                 END $$; \
                 ALTER ROLE {role} LOGIN {rights} PASSWORD '{password}'"
            ),
        )?;
    }
    // Sees statistics of everybody, and nobody's rows.
    superuser.query("postgres", "GRANT pg_monitor TO portal_monitor")?;
    // From PostgreSQL 16 on, CREATEROLE alone does not reach roles that somebody else created.
    superuser.query(
        "postgres",
        "GRANT portal_cases_api, portal_locks_api, portal_export_worker \
         TO portal_owner WITH ADMIN OPTION",
    )?;
    Ok(())
}

/// Creates a database of the schema's owner unless it exists.
pub(crate) fn ensure_database(stack: &Stack, name: &str) -> Result<()> {
    let superuser = Login::superuser(stack);
    let exists = superuser
        .query("postgres", &format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'"))?;
    if exists == "0" {
        superuser.query("postgres", &format!("CREATE DATABASE {name} OWNER portal_owner"))?;
    }
    // Not a trusted extension: only the superuser may create it.
    superuser.query(name, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")?;
    Ok(())
}

/// Runs the migrations, directly against PostgreSQL.
pub(crate) fn migrate(stack: &Stack, program: &Path, database: &str) -> Result<()> {
    command::capture(
        Command::new(program).arg("up").env("DATABASE_URL", Login::owner(stack).url(database)),
    )
    .with_context(|| format!("the migration of {database}"))?;
    Ok(())
}

/// Makes the template database, and the services' database beside it, anew when the migrations are
/// not those it was made with. The template carries their digest as its comment, so it is right
/// even if the data directory was copied or lost.
pub(crate) fn ensure_template(stack: &Stack, program: &Path) -> Result<()> {
    let digest = digest(&stack.workspace.root.join("crates/store/migrations"))?;
    let superuser = Login::superuser(stack);
    let known = superuser.query(
        "postgres",
        &format!(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{TEMPLATE}'"
        ),
    )?;
    if known == digest {
        return Ok(());
    }
    superuser.query("postgres", &format!("DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)"))?;
    ensure_database(stack, TEMPLATE)?;
    migrate(stack, program, TEMPLATE)?;
    renew_from_template(stack)?;
    superuser.query("postgres", &format!("COMMENT ON DATABASE {TEMPLATE} IS '{digest}'"))?;
    Ok(())
}

/// Replaces the services' database by an empty, migrated one.
pub(crate) fn renew_from_template(stack: &Stack) -> Result<()> {
    let superuser = Login::superuser(stack);
    superuser.query("postgres", &format!("DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"))?;
    superuser.query(
        "postgres",
        &format!("CREATE DATABASE {DATABASE} TEMPLATE {TEMPLATE} OWNER portal_owner"),
    )?;
    Ok(())
}

/// A digest over names and contents of all files below `directory`.
fn digest(directory: &Path) -> Result<String> {
    let mut files = BTreeMap::new();
    collect(directory, &mut files)?;
    if files.is_empty() {
        bail!("{} holds no migrations", directory.display());
    }
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    Ok(format!("migrations {:016x}", hasher.finish()))
}

fn collect(directory: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    let entries = fs::read_dir(directory).with_context(|| format!("{}", directory.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.insert(path.clone(), fs::read(&path)?);
        }
    }
    Ok(())
}
