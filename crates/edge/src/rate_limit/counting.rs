//! Counts requests in Redis: all that come at one moment in one round trip.
//!
//! Every case list is counted, so counting must not cost a round trip each: while one is on its
//! way, the next requests gather, and the next one counts all of them. Each still gets a number of
//! its own, so that a limit holds to the request.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{Bucket, Window, key};
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
/// Requests that may wait to be counted; more wait to be let in.
const MOST_WAITING: usize = 4096;

/// The way to the task that counts.
pub(super) struct Counting(mpsc::Sender<Question>);

type Counted = oneshot::Sender<Option<Window>>;

struct Question {
    bucket: Bucket,
    subject: Uuid,
    answer: Counted,
}

impl Counting {
    /// Starts the task that counts; it ends when this value is dropped.
    pub(super) fn spawn(redis: Redis) -> Self {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        tokio::spawn(count_all(redis, receiver));
        Self(sender)
    }

    /// Counts one request; `None` when Redis is away.
    pub(super) async fn count(&self, bucket: Bucket, subject: Uuid) -> Option<Window> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Question { bucket, subject, answer }).await.ok()?;
        answered.await.ok()?
    }
}

async fn count_all(redis: Redis, mut questions: mpsc::Receiver<Question>) {
    let mut waiting = Vec::new();
    while questions.recv_many(&mut waiting, MOST_WAITING).await > 0 {
        let mut by_key: HashMap<(Bucket, Uuid), Vec<Counted>> = HashMap::new();
        for Question { bucket, subject, answer } in waiting.drain(..) {
            by_key.entry((bucket, subject)).or_default().push(answer);
        }
        let mut windows = ask(&redis, &by_key).await.unwrap_or_default().into_iter();
        for answers in by_key.into_values() {
            let window = windows.next();
            let mut behind = answers.len();
            for answer in answers {
                behind -= 1;
                // A request that has been given up wants no answer; it counts all the same.
                let _ = answer.send(window.map(|window| place(window, behind)));
            }
        }
    }
}

/// The window as a request sees it that so many of the same moment come after.
fn place(window: Window, behind: usize) -> Window {
    let behind = u32::try_from(behind).unwrap_or(u32::MAX);
    Window { used: window.used.saturating_sub(behind), ..window }
}

/// The windows in the order of the map.
async fn ask(redis: &Redis, by_key: &HashMap<(Bucket, Uuid), Vec<Counted>>) -> Option<Vec<Window>> {
    let mut count = cmd("EVAL");
    count.arg(COUNT).arg(by_key.len());
    for (bucket, subject) in by_key.keys() {
        count.arg(key(redis, *bucket, *subject));
    }
    for ((bucket, _), answers) in by_key {
        let length = u64::try_from(bucket.window().as_millis()).unwrap_or(u64::MAX);
        count.arg(length).arg(answers.len());
    }
    let counts: Vec<u64> = redis.command(&count).await.ok()?;
    let now = Instant::now();
    let (pairs, _) = counts.as_chunks::<2>();
    let windows = pairs.iter().map(|[used, millis_left]| Window {
        used: u32::try_from(*used).unwrap_or(u32::MAX),
        ends: now + Duration::from_millis(*millis_left),
    });
    Some(windows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_one_moment_have_numbers_of_their_own() {
        let window = Window { used: 60, ends: Instant::now() };
        let numbers: Vec<u32> = (0..3).rev().map(|behind| place(window, behind).used).collect();
        assert_eq!(numbers, [58, 59, 60]);
    }
}
