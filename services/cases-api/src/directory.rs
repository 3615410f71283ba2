//! Keeps the names that lists show for some minutes (architecture 4).
//!
//! Nothing in the portal renames a user or a department; both follow the staff register. A name
//! may therefore be five minutes old, but somebody who has joined since is looked up at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use store::StoreError;
use store::cases::{CaseListRow, CaseRow};
use store::directory::Directory;
use store::pool::PooledConnection;
use tokio::sync::RwLock;

/// How old a name may be.
const TIME_TO_LIVE: Duration = Duration::from_mins(5);

/// The directory as this process last read it.
#[derive(Default)]
pub struct DirectoryCache {
    held: RwLock<Option<Held>>,
}

#[derive(Clone)]
struct Held {
    directory: Arc<Directory>,
    read_at: Instant,
}

impl DirectoryCache {
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
        let held = self.held.read().await.clone();
        let fresh = held.filter(|held| {
            held.read_at.elapsed() < TIME_TO_LIVE
                && cases.iter().all(|case| held.directory.covers(case))
        });
        let directory = match fresh {
            Some(held) => held.directory,
            None => self.renew(conn).await?,
        };
        Ok(cases.into_iter().map(|case| directory.name(case)).collect())
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
