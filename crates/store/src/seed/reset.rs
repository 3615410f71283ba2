//! Back to the demo data, whatever is in the database now (E90).
//!
//! One transaction: other readers see the old rows until it commits, and wait for it while the
//! tables are being filled. Rows are truncated rather than deleted, since history refuses deletion;
//! fencing tokens keep growing all the same (I3), because truncation leaves sequences alone.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::{Client, Config, NoTls, Transaction};

use super::demo::DemoData;
use super::error::SeedError;
use super::report::SeedReport;
use super::run::{RUN_LOCK, copy_demo, defer_pointers, refresh_statistics};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Empties every table and loads the demo data, with the login of the schema's owner at `url`.
///
/// The way may lead through PgBouncer. If the caller's future is dropped half-way, the connection
/// closes and nothing has happened.
///
/// # Errors
/// [`SeedError::Busy`] while another run or reset is in progress; any other [`SeedError`] when it
/// failed, which leaves everything as it was.
pub async fn reset(url: &SecretString) -> Result<SeedReport, SeedError> {
    let mut client = connect(url).await?;
    let transaction = client.transaction().await?;
    let lock = "SELECT pg_try_advisory_xact_lock($1)";
    if !transaction.query_one(lock, &[&RUN_LOCK]).await?.try_get::<_, bool>(0)? {
        return Err(SeedError::Busy);
    }
    // Before the tables are locked: hashing a password and writing texts takes longer than copying.
    let data = tokio::task::spawn_blocking(|| DemoData::generate(None))
        .await
        .map_err(SeedError::Generation)??;
    empty_every_table(&transaction).await?;
    defer_pointers(&transaction).await?;
    let mut report = SeedReport::default();
    copy_demo(&transaction, data, &mut report).await?;
    transaction.commit().await?;
    if let Err(error) = refresh_statistics(&client, &report).await {
        // The data is there; the server gathers statistics by itself a little later.
        tracing::warn!(error = %error, "statistics could not be refreshed after a reset");
    }
    Ok(report)
}

async fn connect(url: &SecretString) -> Result<Client, SeedError> {
    let mut config: Config = url.expose_secret().parse().map_err(SeedError::Connect)?;
    config.connect_timeout(CONNECT_TIMEOUT);
    let (client, connection) = config.connect(NoTls).await.map_err(SeedError::Connect)?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(error = %error, "the connection of a reset broke");
        }
    });
    Ok(client)
}

/// Empties all tables but the history of migrations. The names come from the catalogue, so that a
/// table of a later migration is not forgotten.
async fn empty_every_table(transaction: &Transaction<'_>) -> Result<(), SeedError> {
    // Whoever waits for the tables makes everybody behind it wait as well, so not for long.
    transaction.batch_execute("SET LOCAL lock_timeout = '5s'").await?;
    let tables = "SELECT string_agg(format('%I', tablename), ', ' ORDER BY tablename)
                  FROM pg_tables
                  WHERE schemaname = 'public' AND tablename <> '__diesel_schema_migrations'";
    let tables: String = transaction.query_one(tables, &[]).await?.try_get(0)?;
    transaction.batch_execute(&format!("TRUNCATE {tables}")).await?;
    Ok(())
}
