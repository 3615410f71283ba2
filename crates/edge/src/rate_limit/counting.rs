//! Counts requests in Redis: all that come at one moment in one round trip.
//!
//! Every case list is counted, so counting must not cost a round trip each. Each request still gets
//! a number of its own, so that a limit holds to the request.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::{Bucket, Window, key};
use crate::batching::Batcher;
use crate::redis::Redis;
use crate::redis::commands::cmd;

/// Counts some requests of each key: as many as the second of its two arguments says, in a window
/// as long as the first. Answers for each key how many there are, and for how many milliseconds
/// more they count.
const COUNT: &str = r"
local counts = {}
for i, key in ipairs(KEYS) do
  local more = tonumber(ARGV[2 * i])
  local used = redis.call('INCRBY', key, more)
  if used == more then
    redis.call('PEXPIRE', key, ARGV[2 * i - 1])
  end
  counts[2 * i - 1] = used
  counts[2 * i] = redis.call('PTTL', key)
end
return counts
";
type Request = (Bucket, Uuid);

/// What counts requests; each gets `None` when Redis is away.
pub(super) type Counting = Batcher<Request, Option<Window>>;

pub(super) fn counting(redis: Redis) -> Counting {
    Batcher::new(move |requests| {
        let redis = redis.clone();
        async move { count_all(&redis, &requests).await }
    })
}

async fn count_all(redis: &Redis, requests: &[Request]) -> Vec<Option<Window>> {
    let mut behind: HashMap<Request, u32> = HashMap::new();
    for request in requests {
        *behind.entry(*request).or_default() += 1;
    }
    let windows = ask(redis, &behind).await;
    let count = |request: &Request| {
        let behind = behind.get_mut(request)?;
        *behind -= 1;
        Some(place(*windows.as_ref()?.get(request)?, *behind))
    };
    requests.iter().map(count).collect()
}

/// The window as a request sees it that so many of the same moment come after.
fn place(window: Window, behind: u32) -> Window {
    Window { used: window.used.saturating_sub(behind), ..window }
}

/// The window of each kind of request after so many more of it.
async fn ask(redis: &Redis, more: &HashMap<Request, u32>) -> Option<HashMap<Request, Window>> {
    let mut count = cmd("EVAL");
    count.arg(COUNT).arg(more.len());
    for (bucket, subject) in more.keys() {
        count.arg(key(redis, *bucket, *subject));
    }
    for ((bucket, _), more) in more {
        let length = u64::try_from(bucket.window().as_millis()).unwrap_or(u64::MAX);
        count.arg(length).arg(more);
    }
    let counts: Vec<u64> = redis.together(count).await.ok()?;
    let now = Instant::now();
    let (pairs, _) = counts.as_chunks::<2>();
    let windows = pairs.iter().map(|[used, millis_left]| Window {
        used: u32::try_from(*used).unwrap_or(u32::MAX),
        ends: now + Duration::from_millis(*millis_left),
    });
    Some(more.keys().copied().zip(windows).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_one_moment_have_numbers_of_their_own() {
        let window = Window { used: 60, ends: Instant::now() };
        let numbers: Vec<u32> =
            [2, 1, 0].into_iter().map(|behind| place(window, behind).used).collect();
        assert_eq!(numbers, [58, 59, 60]);
    }
}
