//! ID tokens that have been exchanged: each signs in once, however many replicas are asked.
//!
//! Redis remembers for all of them. While it is away each remembers for itself, so that for as long
//! a token may be used once at each.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use edge::redis::Redis;
use edge::redis::commands::cmd;
use uuid::Uuid;

pub(super) struct SpentTokens {
    redis: Redis,
    /// Until when each token of this process must be remembered, in seconds since 1970. As many as
    /// there are sign-ins within a token's life.
    here: Mutex<HashMap<Uuid, i64>>,
}

impl SpentTokens {
    pub(super) fn new(redis: Redis) -> Self {
        Self { redis, here: Mutex::default() }
    }

    /// Notes a token that is refused from `over_at` on anyway; false when it was noted before.
    pub(super) async fn spend(&self, token: Uuid, over_at: i64, now: i64) -> bool {
        if !self.note_here(token, over_at, now) {
            return false;
        }
        let seconds = over_at.saturating_sub(now).max(1);
        let mut note = cmd("SET");
        note.arg(self.redis.key(&format!("oidc:spent:{token}"))).arg(1);
        note.arg("NX").arg("EX").arg(seconds);
        match self.redis.command::<Option<String>>(&note).await {
            Ok(noted) => noted.is_some(),
            Err(error) => {
                let chain = edge::error::chain(&error);
                tracing::warn!(error.chain = %chain, "ID token remembered in this process only");
                true
            }
        }
    }

    fn note_here(&self, token: Uuid, over_at: i64, now: i64) -> bool {
        // Nothing between lock and release can leave the map half changed.
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        here.retain(|_, over_at| *over_at > now);
        here.insert(token, over_at).is_none()
    }
}

#[cfg(test)]
mod tests {
    use edge::config::{RedisConfig, Vars};

    use super::*;

    #[actix_rt::test]
    async fn without_redis_a_process_remembers_for_itself_and_no_longer_than_it_must() {
        let vars = Vars::from_pairs([("REDIS_URL", "redis://127.0.0.1:1")]);
        let nowhere = RedisConfig::from_vars(&vars).unwrap();
        let spent = SpentTokens::new(Redis::open(&nowhere).unwrap());
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert!(spent.spend(one, 100, 10).await);
        assert!(!spent.spend(one, 100, 99).await);
        assert!(spent.spend(other, 300, 200).await);
        assert_eq!(spent.here.lock().unwrap().len(), 1, "the first is refused for its age by now");
    }
}
