//! Keeps the names that lists show for some minutes (architecture 4).
//!
//! Nothing in the portal renames a user or a department; both follow the staff register. A name
//! may therefore be five minutes old, but somebody who has joined since is looked up at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use store::StoreError;
use store::cases::{CaseListRow, CaseRow};
use store::directory::Directory;
use store::pool::{Pool, PooledConnection};
use tokio::sync::RwLock;

/// How old a name may be.
const TIME_TO_LIVE: Duration = Duration::from_mins(5);

/// The directory as this process last read it.
pub struct DirectoryCache {
    pool: Pool,
    held: RwLock<Option<Held>>,
}

struct Held {
    directory: Arc<Directory>,
    read_at: Instant,
}

impl DirectoryCache {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(pool: Pool) -> Self {
        Self { pool, held: RwLock::default() }
    }

    /// The directory, some minutes old at most. Not for those who hold a connection already:
    /// waiting for a second one is how a pool locks up.
    ///
    /// # Errors
    ///
    /// When the directory has to be read and the database fails.
    pub async fn current(&self) -> Result<Arc<Directory>, StoreError> {
        match self.held().await {
            Some(directory) => Ok(directory),
            None => self.renew(&mut self.pool.get().await?).await,
        }
    }

    /// Gives cases their names.
    ///
    /// # Errors
    ///
    /// When the directory has to be read and the database fails.
    pub async fn name_all(
        &self,
        conn: &mut PooledConnection<'_>,
        cases: Vec<CaseRow>,
    ) -> Result<Vec<CaseListRow>, StoreError> {
        let held = self.held().await;
        let directory = match held.filter(|held| cases.iter().all(|case| held.covers(case))) {
            Some(directory) => directory,
            None => self.renew(conn).await?,
        };
        Ok(cases.into_iter().map(|case| directory.name(case)).collect())
    }

    /// Forgets what was read, because everything may be different now.
    pub async fn forget(&self) {
        *self.held.write().await = None;
    }

    async fn held(&self) -> Option<Arc<Directory>> {
        let held = self.held.read().await;
        let fresh = held.as_ref().filter(|held| held.read_at.elapsed() < TIME_TO_LIVE);
        fresh.map(|held| Arc::clone(&held.directory))
    }

    /// Reads the directory anew. Two requests may do so at once; the lock is not held while the
    /// database answers, so that one slow reader does not stop every list.
    async fn renew(&self, conn: &mut PooledConnection<'_>) -> Result<Arc<Directory>, StoreError> {
        let read_at = Instant::now();
        let directory = Arc::new(Directory::load(conn).await?);
        *self.held.write().await = Some(Held { directory: Arc::clone(&directory), read_at });
        Ok(directory)
    }
}
