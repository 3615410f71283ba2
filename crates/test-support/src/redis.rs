//! Redis keys of one test on the shared server.

use bb8_redis::redis::{self, AsyncCommands, Client};

use crate::cleanup::{block_on, dated_name};
use crate::stack::Stack;

/// A prefix for the keys of one test; keys under it are deleted when this value is dropped.
#[derive(Debug)]
pub struct RedisKeys {
    prefix: String,
}

impl RedisKeys {
    /// Makes a prefix that no other test has.
    #[must_use]
    pub fn new() -> Self {
        Self { prefix: format!("{}:", dated_name("test:")) }
    }

    /// Deletes the keys, as if all that was kept had outlived its time.
    pub async fn forget(&self) {
        delete(&format!("{}*", self.prefix)).await.expect("Redis answers");
    }

    /// The prefix, ending in a colon.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl Default for RedisKeys {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for RedisKeys {
    fn drop(&mut self) {
        let pattern = format!("{}*", self.prefix);
        block_on("deleting Redis keys", move || async move {
            delete(&pattern).await.map_err(|error| error.to_string())
        });
    }
}

async fn delete(pattern: &str) -> redis::RedisResult<()> {
    let client = Client::open(Stack::load().redis_url.as_str())?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let keys: Vec<String> = connection.keys(pattern).await?;
    if keys.is_empty() { Ok(()) } else { connection.del(keys).await }
}
