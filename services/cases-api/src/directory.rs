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
use tokio::sync::{Mutex, RwLock};

/// How old a name may be before it is read again.
const TIME_TO_LIVE: Duration = Duration::from_mins(5);
/// How much older it may be while one reads it again, or cannot.
const OVERTIME: Duration = Duration::from_mins(1);

/// The directory as this process last read it.
pub struct DirectoryCache {
    pool: Pool,
    held: RwLock<Option<Held>>,
    /// Whose turn it is to read.
    turn: Mutex<()>,
}

#[derive(Clone)]
struct Held {
    directory: Arc<Directory>,
    read_at: Instant,
}

impl Held {
    fn is_fresh(&self) -> bool {
        self.read_at.elapsed() < TIME_TO_LIVE
    }
}

impl DirectoryCache {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(pool: Pool) -> Self {
        Self { pool, held: RwLock::default(), turn: Mutex::default() }
    }

    /// The directory, some minutes old at most. Not for those who hold a connection already:
    /// waiting for a second one is how a pool locks up.
    ///
    /// # Errors
    ///
    /// When the directory has to be read and the database fails.
    pub async fn current(&self) -> Result<Arc<Directory>, StoreError> {
        let held = self.held().await;
        if let Some(fresh) = held.as_ref().filter(|held| held.is_fresh()) {
            return Ok(Arc::clone(&fresh.directory));
        }
        // Every list asks: one reads it again, and the others go on with the old one.
        match (self.turn.try_lock(), held) {
            (Ok(_turn), Some(old)) => Ok(self.read().await.unwrap_or(old.directory)),
            (Ok(_turn), None) => self.read().await,
            (Err(_), Some(old)) => Ok(old.directory),
            (Err(_), None) => {
                let _turn = self.turn.lock().await;
                match self.held().await {
                    Some(read) => Ok(read.directory),
                    None => self.read().await,
                }
            }
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
        let held = self.held().await.map(|held| held.directory);
        let directory = match held.filter(|held| cases.iter().all(|case| held.covers(case))) {
            Some(directory) => directory,
            // Without waiting for its turn, which somebody may have who waits for a connection.
            None => self.renew(conn).await?,
        };
        Ok(cases.into_iter().map(|case| directory.name(case)).collect())
    }

    /// Forgets what was read, because everything may be different now.
    pub async fn forget(&self) {
        *self.held.write().await = None;
    }

    async fn held(&self) -> Option<Held> {
        let held = self.held.read().await.clone();
        held.filter(|held| held.read_at.elapsed() < TIME_TO_LIVE + OVERTIME)
    }

    async fn read(&self) -> Result<Arc<Directory>, StoreError> {
        self.renew(&mut self.pool.get().await?).await
    }

    /// Reads the directory anew. What is held is not locked while the database answers, so that one
    /// slow reader does not stop every list.
    async fn renew(&self, conn: &mut PooledConnection<'_>) -> Result<Arc<Directory>, StoreError> {
        let read_at = Instant::now();
        let directory = Arc::new(Directory::load(conn).await?);
        *self.held.write().await = Some(Held { directory: Arc::clone(&directory), read_at });
        Ok(directory)
    }
}
