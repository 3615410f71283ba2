//! How often one user may do what is dear (architecture 8, contract 1.5), and how often anybody may
//! fail to sign in.
//!
//! Requests are counted in windows that begin with the first of them. Redis counts, in one script,
//! so that a limit holds across replicas to the request. While it is away each replica counts for
//! itself, in windows of the same size: stricter than nothing, and nobody is refused who would not
//! have been.

mod counting;

use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use quick_cache::sync::Cache;
use telemetry::metric;
use uuid::Uuid;

use self::counting::{Counting, counting};
use crate::actor::Actor;
use crate::config::{ConfigError, Vars};
use crate::error::ApiError;
use crate::metrics::begin_at_zero;
use crate::problem::{Problem, ProblemType, whole_seconds};
use crate::redis::commands::{cmd, pipe};
use crate::redis::{Redis, Unavailable};

/// Takes back one request of a window that has not ended.
const GIVE_BACK: &str = r"
if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then
  redis.call('DECR', KEYS[1])
end
return 0
";
/// Windows this process keeps while Redis is away: more users than the portal has.
const LOCAL_WINDOWS: usize = 16_384;

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// Ordering and downloading documents.
    Export,
    /// Saving the content of a case.
    Save,
    /// Listing cases.
    List,
    /// Failing to sign in as one user, who need not exist.
    SignInAccount,
    /// Failing to sign in from one address.
    SignInAddress,
}

impl Bucket {
    const ALL: [Self; 5] =
        [Self::Export, Self::Save, Self::List, Self::SignInAccount, Self::SignInAddress];

    const fn name(self) -> &'static str {
        match self {
            Self::Export => "export",
            Self::Save => "save",
            Self::List => "list",
            Self::SignInAccount => "sign_in_account",
            Self::SignInAddress => "sign_in_address",
        }
    }

    /// Length of its windows.
    const fn window(self) -> Duration {
        match self {
            Self::Export | Self::Save | Self::List => Duration::from_mins(1),
            Self::SignInAccount | Self::SignInAddress => Duration::from_mins(5),
        }
    }
}

/// Requests that may be sent in a window; 0 means any number.
#[derive(Clone, Copy, Debug)]
pub struct RateLimits {
    export: u32,
    save: u32,
    list: u32,
    sign_in_account: u32,
    sign_in_address: u32,
}

impl RateLimits {
    /// Reads `RATE_LIMIT_EXPORT_PER_MINUTE`, `RATE_LIMIT_SAVE_PER_MINUTE` and
    /// `RATE_LIMIT_LIST_PER_MINUTE`, by default 5, 30 and 60, and
    /// `RATE_LIMIT_SIGN_IN_ACCOUNT_PER_5_MINUTES` and `RATE_LIMIT_SIGN_IN_ADDRESS_PER_5_MINUTES`,
    /// by default 10 and 100.
    ///
    /// # Errors
    /// [`ConfigError`] names the first variable that is not valid.
    pub fn from_vars(vars: &Vars) -> Result<Self, ConfigError> {
        Ok(Self {
            export: vars.parse("RATE_LIMIT_EXPORT_PER_MINUTE")?.unwrap_or(5),
            save: vars.parse("RATE_LIMIT_SAVE_PER_MINUTE")?.unwrap_or(30),
            list: vars.parse("RATE_LIMIT_LIST_PER_MINUTE")?.unwrap_or(60),
            sign_in_account: vars.parse("RATE_LIMIT_SIGN_IN_ACCOUNT_PER_5_MINUTES")?.unwrap_or(10),
            sign_in_address: vars.parse("RATE_LIMIT_SIGN_IN_ADDRESS_PER_5_MINUTES")?.unwrap_or(100),
        })
    }

    const fn of(self, bucket: Bucket) -> u32 {
        match bucket {
            Bucket::Export => self.export,
            Bucket::Save => self.save,
            Bucket::List => self.list,
            Bucket::SignInAccount => self.sign_in_account,
            Bucket::SignInAddress => self.sign_in_address,
        }
    }
}

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Counts requests. Belongs into the application's data.
pub struct RateLimiter {
    redis: Redis,
    counting: Counting,
    limits: RateLimits,
    local: Cache<(Bucket, Uuid), Arc<Mutex<Window>>>,
}

/// A limit is used up; how long it stays so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rate limit is used up")]
pub struct UsedUp(pub Duration);

impl From<UsedUp> for ApiError {
    fn from(UsedUp(wait): UsedUp) -> Self {
        Problem::new(ProblemType::RATE_LIMITED).with_retry_after(wait).into()
    }
}

/// What a subject has used of one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    used: u32,
    ends: Instant,
}

/// Where a user stands after a request that was counted; in the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    limit: u32,
    window: Window,
}

impl RateLimiter {
    /// A limiter that counts in Redis.
    #[must_use]
    pub fn new(redis: Redis, limits: RateLimits) -> Self {
        begin_at_zero(metric::RATE_LIMIT_REFUSALS, "limit", &Bucket::ALL.map(Bucket::name));
        Self { counting: counting(redis.clone()), redis, limits, local: Cache::new(LOCAL_WINDOWS) }
    }

    /// Uses one of a subject's requests.
    ///
    /// # Errors
    /// [`UsedUp`] when there is none left.
    pub async fn take(&self, bucket: Bucket, subject: Uuid) -> Result<(), UsedUp> {
        match self.count(bucket, subject).await {
            Some(standing) => standing.admit(bucket),
            None => Ok(()),
        }
    }

    /// Whether one of a subject's requests is left, without using it.
    ///
    /// # Errors
    /// [`UsedUp`] when there is none left.
    pub async fn check(&self, bucket: Bucket, subject: Uuid) -> Result<(), UsedUp> {
        let limit = self.limits.of(bucket);
        if limit == 0 {
            return Ok(());
        }
        let window = match self.window_in_redis(bucket, subject).await {
            Ok(window) => window,
            Err(_) => self.window_here(bucket, subject, Instant::now()),
        };
        let Some(mut window) = window else { return Ok(()) };
        window.used = window.used.saturating_add(1);
        Standing { limit, window }.admit(bucket)
    }

    /// Gives back what [`RateLimiter::take`] used.
    pub async fn give_back(&self, bucket: Bucket, subject: Uuid) {
        if self.limits.of(bucket) == 0 {
            return;
        }
        let mut give_back = cmd("EVAL");
        give_back.arg(GIVE_BACK).arg(1).arg(key(&self.redis, bucket, subject));
        // A Redis that went away meanwhile counts one too many, and a window ends soon.
        self.redis.command::<u32>(&give_back).await.ok();
        if let Some(window) = self.local.get(&(bucket, subject)) {
            let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
            window.used = window.used.saturating_sub(1);
        }
    }

    /// Counts a request; `None` when the bucket has no limit.
    async fn count(&self, bucket: Bucket, subject: Uuid) -> Option<Standing> {
        let limit = self.limits.of(bucket);
        if limit == 0 {
            return None;
        }
        let window = match self.counting.ask((bucket, subject)).await.flatten() {
            Some(window) => window,
            None => self.count_here(bucket, subject, Instant::now()),
        };
        Some(Standing { limit, window })
    }

    /// The window that a subject is in, if any.
    async fn window_in_redis(
        &self,
        bucket: Bucket,
        subject: Uuid,
    ) -> Result<Option<Window>, Unavailable> {
        let key = key(&self.redis, bucket, subject);
        let mut look = pipe();
        look.cmd("GET").arg(&key).cmd("PTTL").arg(&key);
        let (used, millis_left): (Option<u32>, i64) = self.redis.pipeline(&look).await?;
        // Negative when there is no such key, or it ended between the two.
        let left = u64::try_from(millis_left).ok().map(Duration::from_millis);
        Ok(used.zip(left).map(|(used, left)| Window { used, ends: Instant::now() + left }))
    }

    fn window_here(&self, bucket: Bucket, subject: Uuid, now: Instant) -> Option<Window> {
        let window = self.local.get(&(bucket, subject))?;
        let window = *window.lock().unwrap_or_else(PoisonError::into_inner);
        (window.ends > now).then_some(window)
    }

    fn count_here(&self, bucket: Bucket, subject: Uuid, now: Instant) -> Window {
        let begin = || Window { used: 0, ends: now + bucket.window() };
        let fresh = || Ok::<_, std::convert::Infallible>(Arc::new(Mutex::new(begin())));
        let window = match self.local.get_or_insert_with(&(bucket, subject), fresh) {
            Ok(window) => window,
            Err(never) => match never {},
        };
        // Nothing between lock and release can leave a window half counted.
        let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
        if window.ends <= now {
            *window = begin();
        }
        window.used = window.used.saturating_add(1);
        *window
    }
}

/// Redis' name of a window.
fn key(redis: &Redis, bucket: Bucket, subject: Uuid) -> String {
    redis.key(&format!("rate:{}:{subject}", bucket.name()))
}

impl Window {
    fn left(self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }
}

impl Standing {
    fn is_exceeded(self) -> bool {
        self.window.used > self.limit
    }

    fn admit(self, bucket: Bucket) -> Result<(), UsedUp> {
        if !self.is_exceeded() {
            return Ok(());
        }
        metrics::counter!(metric::RATE_LIMIT_REFUSALS, "limit" => bucket.name()).increment(1);
        Err(UsedUp(self.window.left()))
    }

    /// Adds `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` to an answer.
    pub(crate) fn describe(self, headers: &mut HeaderMap) {
        let remaining = self.limit.saturating_sub(self.window.used);
        for (name, value) in [
            (LIMIT, u64::from(self.limit)),
            (REMAINING, u64::from(remaining)),
            (RESET, whole_seconds(self.window.left())),
        ] {
            headers.insert(name, HeaderValue::from(value));
        }
    }
}

/// Says which bucket a handler's requests are counted in.
pub trait Limit: 'static {
    /// The bucket.
    const BUCKET: Bucket;
}

/// Requests of [`Bucket::Export`].
#[derive(Clone, Copy, Debug)]
pub enum Exports {}

/// Requests of [`Bucket::Save`].
#[derive(Clone, Copy, Debug)]
pub enum Saves {}

/// Requests of [`Bucket::List`].
#[derive(Clone, Copy, Debug)]
pub enum Lists {}

impl Limit for Exports {
    const BUCKET: Bucket = Bucket::Export;
}

impl Limit for Saves {
    const BUCKET: Bucket = Bucket::Save;
}

impl Limit for Lists {
    const BUCKET: Bucket = Bucket::List;
}

/// The caller, who has not done this too often: the argument of a handler with a rate limit, in
/// the place of [`Actor`].
#[derive(Clone)]
pub struct Limited<L>(Uncounted<L>);

impl<L> Deref for Limited<L> {
    type Target = Actor;

    fn deref(&self) -> &Actor {
        &self.0.actor
    }
}

impl<L: Limit> FromRequest for Limited<L> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let uncounted = Uncounted::from_request(request, payload);
        Box::pin(async move {
            let uncounted = uncounted.await?;
            uncounted.admit().await?;
            Ok(Self(uncounted))
        })
    }
}

/// The caller, whose request is still to be counted: in the place of [`Limited`] where the handler
/// has something else to ask Redis, so that it waits for both answers at once.
#[derive(Clone)]
#[must_use = "a request that is not counted has no limit"]
pub struct Uncounted<L> {
    /// The caller.
    pub actor: Actor,
    request: HttpRequest,
    limiter: web::Data<RateLimiter>,
    limit: PhantomData<L>,
}

impl<L: Limit> Uncounted<L> {
    /// Counts the request.
    ///
    /// # Errors
    /// [`UsedUp`] when the caller has done this too often.
    pub async fn admit(&self) -> Result<(), UsedUp> {
        let standing = self.limiter.count(L::BUCKET, *self.actor.user_id.as_uuid()).await;
        let Some(standing) = standing else { return Ok(()) };
        self.request.extensions_mut().insert(standing);
        standing.admit(L::BUCKET)
    }
}

impl<L: Limit> FromRequest for Uncounted<L> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let actor = Actor::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let actor = actor.await?;
            let limiter = request
                .app_data::<web::Data<RateLimiter>>()
                .cloned()
                .ok_or_else(|| ApiError::internal("no RateLimiter in the application data"))?;
            Ok(Self { actor, request, limiter, limit: PhantomData })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RedisConfig;

    fn limiter(limits: RateLimits) -> RateLimiter {
        let vars = Vars::from_pairs([("REDIS_URL", "redis://127.0.0.1:1")]);
        let nowhere = RedisConfig::from_vars(&vars).unwrap();
        RateLimiter::new(Redis::open(&nowhere).unwrap(), limits)
    }

    fn limits() -> RateLimits {
        RateLimits::from_vars(&Vars::default()).unwrap()
    }

    #[tokio::test]
    async fn a_window_of_this_process_ends_a_minute_after_its_first_request() {
        let limiter = limiter(limits());
        let (user, begun) = (Uuid::nil(), Instant::now());
        let (window, later) = (Duration::from_mins(1), begun + Duration::from_secs(30));
        assert_eq!(limiter.count_here(Bucket::Save, user, begun).used, 1);
        let second = limiter.count_here(Bucket::Save, user, later);
        assert_eq!(second, Window { used: 2, ends: begun + window });
        assert_eq!(limiter.count_here(Bucket::List, user, later).used, 1, "another bucket");
        assert_eq!(limiter.count_here(Bucket::Save, user, begun + window).used, 1);
    }

    #[tokio::test]
    async fn i7_without_redis_the_same_limit_holds_in_this_process() {
        let limiter = limiter(limits());
        let user = Uuid::nil();
        for request in 1..=6 {
            let standing = limiter.count(Bucket::Export, user).await.unwrap();
            assert_eq!(standing.is_exceeded(), request > 5, "request {request}");
        }
    }

    #[tokio::test]
    async fn a_limit_of_nothing_is_no_limit() {
        let off = Vars::from_pairs([("RATE_LIMIT_SAVE_PER_MINUTE", "0")]);
        let limiter = limiter(RateLimits::from_vars(&off).unwrap());
        assert_eq!(limiter.count(Bucket::Save, Uuid::nil()).await, None);
    }

    #[tokio::test]
    async fn what_is_given_back_can_be_used_again_and_no_more_than_that() {
        let limiter = limiter(limits());
        let (bucket, account) = (Bucket::SignInAccount, Uuid::nil());
        for _ in 0..30 {
            limiter.take(bucket, account).await.unwrap();
            limiter.give_back(bucket, account).await;
        }
        limiter.give_back(bucket, account).await;
        for _ in 0..10 {
            limiter.take(bucket, account).await.unwrap();
        }
        let UsedUp(wait) = limiter.take(bucket, account).await.unwrap_err();
        assert!(wait > Duration::from_mins(4) && wait <= Duration::from_mins(5), "{wait:?}");
        limiter.take(Bucket::SignInAddress, account).await.unwrap();
    }

    #[tokio::test]
    async fn to_check_uses_nothing() {
        let limiter = limiter(limits());
        let (bucket, address) = (Bucket::SignInAddress, Uuid::nil());
        for _ in 0..100 {
            limiter.check(bucket, address).await.unwrap();
            limiter.take(bucket, address).await.unwrap();
        }
        limiter.check(bucket, address).await.unwrap_err();
    }
}
