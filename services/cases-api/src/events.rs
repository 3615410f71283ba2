//! Hands events on to browsers (architecture 7).
//!
//! Every process listens to one channel of Redis and keeps its own clients, so that any process can
//! serve any client. Each event is offered to those only who may open what it is about, asked of
//! the database once (I6). Nothing is kept without bound: a client that does not read is dropped and
//! comes back, and where events are lost or too many wait, all are told to read again (`resync`).

mod audience;
mod heard;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::web::Bytes;
use domain::visibility::Viewer;
use edge::events::{CHANNEL, Event, Happening};
use edge::redis::Redis;
use edge::redis::commands::cmd;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use store::StoreError;
use store::pool::Pool;
use telemetry::metric;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::audience::Audience;
use self::heard::{Heard, Unanswered, resync};

/// Events that wait for a client before it is dropped.
const CLIENT_BUFFER: usize = 64;
/// Clients of one process, and of one user among them.
const MOST_CLIENTS: usize = 5_000;
const MOST_CLIENTS_OF_A_USER: usize = 20;
/// Events kept for clients that come back.
const RECENT: usize = 256;
/// Events that wait to be handed on. With more than that the database is not keeping up.
const WAITING: usize = 256;
/// Events about which the database is asked for one client that comes back.
const MOST_ASKED: usize = 16;
/// How often a client hears something, so that nothing between takes the connection for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// After so long a client must come back and show again who it is.
const LONGEST_STREAM: Duration = Duration::from_mins(55);
/// How often every process says something on the channel, and for how long it may be silent before
/// its connection counts as dead.
const HEARTBEAT: Duration = Duration::from_secs(5);
const LONGEST_SILENCE: Duration = Duration::from_secs(15);
/// Pause before the channel is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Asks who may know of something; `None` when what it happened to does not exist.
type Ask = Box<dyn Fn(Happening) -> Answer + Send + Sync>;
type Answer = BoxFuture<'static, Result<Option<Audience>, StoreError>>;

/// The clients of this process.
pub(crate) struct Hub {
    redis: Redis,
    ask: Ask,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_closed: bool,
    next_client: u64,
    clients: HashMap<u64, Client>,
    recent: VecDeque<Arc<Heard>>,
}

/// What the channel says.
#[derive(Clone)]
enum News {
    /// Something has happened.
    Event(Arc<Heard>),
    /// The channel was lost and is found again; what was said meanwhile nobody knows.
    Gap,
}

struct Client {
    viewer: Viewer,
    sender: mpsc::Sender<Bytes>,
}

/// What has happened since a client was last here; `None` when that is not known any more.
type Missed = Option<Vec<Arc<Heard>>>;

/// Why a client is not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// The process is ending, or full.
    #[error("no more event streams here")]
    NoRoom,
    /// The user has too many streams.
    #[error("too many event streams of one user")]
    TooMany,
}

impl Hub {
    pub(crate) fn new(redis: Redis, pool: Pool) -> Arc<Self> {
        metrics::gauge!(metric::EVENT_STREAM_CLIENTS).set(0.0);
        let ask = move |what| {
            let pool = pool.clone();
            async move { Audience::of(&pool, &what).await }.boxed()
        };
        Self::asking(redis, Box::new(ask))
    }

    fn asking(redis: Redis, ask: Ask) -> Arc<Self> {
        Arc::new(Self { redis, ask, state: Mutex::default() })
    }

    /// Listens to the channel until `stop`, then ends every stream, so that no client keeps the
    /// process from ending.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let listening = async {
            let (sender, receiver) = broadcast::channel(WAITING);
            tokio::join!(self.listen(sender), self.hand_on(receiver), self.heartbeat());
        };
        stop.run_until_cancelled(listening).await;
        let mut state = self.lock();
        state.is_closed = true;
        state.clients.clear();
    }

    /// Lets a client in. It gets what has happened since `last_seen`, if that is still known, and
    /// everything from now on.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    pub(crate) async fn join(
        self: &Arc<Self>,
        viewer: Viewer,
        last_seen: Option<Uuid>,
    ) -> Result<impl Stream<Item = Bytes> + use<>, Refused> {
        let (open, missed) = self.admit(viewer, last_seen)?;
        let begin = match missed {
            Some(events) => self.replay(&viewer, &events).await,
            None => resync(),
        };
        let first = futures_util::stream::iter([Bytes::from_static(b"retry: 3000\n\n"), begin]);
        Ok(first.chain(futures_util::stream::unfold(open, OpenStream::next)))
    }

    /// Registers a client, for as long as its stream is held.
    fn admit(
        self: &Arc<Self>,
        viewer: Viewer,
        last_seen: Option<Uuid>,
    ) -> Result<(OpenStream, Missed), Refused> {
        let mut state = self.lock();
        if state.is_closed || state.clients.len() >= MOST_CLIENTS {
            return Err(Refused::NoRoom);
        }
        let own = state.clients.values().filter(|client| client.viewer.user_id == viewer.user_id);
        if own.count() >= MOST_CLIENTS_OF_A_USER {
            return Err(Refused::TooMany);
        }
        let missed = match last_seen {
            None => Some(Vec::new()),
            Some(last) => {
                let seen = state.recent.iter().position(|event| event.id == last);
                seen.map(|seen| state.recent.iter().skip(seen + 1).cloned().collect())
            }
        };
        let id = state.next_client;
        state.next_client += 1;
        let (sender, receiver) = mpsc::channel(CLIENT_BUFFER);
        state.clients.insert(id, Client { viewer, sender });
        metrics::gauge!(metric::EVENT_STREAM_CLIENTS).increment(1.0);
        let ends = Instant::now() + LONGEST_STREAM;
        Ok((OpenStream { hub: Arc::clone(self), id, receiver, ends }, missed))
    }

    /// What a client has missed and may know of; `resync` where nobody can say in a moment.
    async fn replay(&self, viewer: &Viewer, missed: &[Arc<Heard>]) -> Bytes {
        let unasked = missed.iter().filter(|event| !event.audience.initialized()).count();
        if unasked > MOST_ASKED {
            return resync();
        }
        let mut text = Vec::new();
        for event in missed {
            match self.audience(event).await {
                Ok(Some(audience)) if audience.includes(viewer) => {
                    text.extend_from_slice(&event.text);
                }
                Ok(_) => {}
                Err(Unanswered) => return resync(),
            }
        }
        if text.is_empty() { Bytes::from_static(b": \n\n") } else { text.into() }
    }

    /// Reads the channel for ever, again and again. Waits for nobody who hands on: what is not read
    /// at once the client of Redis keeps, without bound.
    async fn listen(&self, news: broadcast::Sender<News>) {
        let mut was_lost = false;
        loop {
            match self.redis.subscribe(CHANNEL).await {
                Ok(messages) => {
                    if was_lost {
                        let _ = news.send(News::Gap);
                    }
                    read(messages, &news).await;
                    tracing::warn!("event channel lost");
                }
                Err(error) => tracing::debug!(%error, "event channel not reached"),
            }
            was_lost = true;
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Hands on what is heard until nothing can be heard any more.
    async fn hand_on(&self, mut news: broadcast::Receiver<News>) {
        loop {
            match news.recv().await {
                Ok(News::Event(event)) => {
                    if let Err(Unanswered) = self.hand_on_one(event).await {
                        self.skip_all(&mut news);
                    }
                }
                Ok(News::Gap) => self.resync_all(),
                Err(RecvError::Lagged(events)) => {
                    tracing::warn!(events, "events came faster than they could be handed on");
                    self.skip_all(&mut news);
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    async fn hand_on_one(&self, event: Arc<Heard>) -> Result<(), Unanswered> {
        {
            let mut state = self.lock();
            if state.clients.is_empty() {
                state.remember(event);
                return Ok(());
            }
        }
        let Ok(audience) = self.audience(&event).await else { return Err(Unanswered) };
        // In one go: a client that comes meanwhile finds it in the memory or gets it here, not both.
        let mut state = self.lock();
        state.remember(Arc::clone(&event));
        if let Some(audience) = audience {
            state.offer(&event.text, |viewer| audience.includes(viewer));
        }
        Ok(())
    }

    /// Lets go of what waits to be handed on, which `resync` stands for then.
    fn skip_all(&self, news: &mut broadcast::Receiver<News>) {
        *news = news.resubscribe();
        self.resync_all();
    }

    /// Something was not handed on: all must read again, now or when they come back.
    fn resync_all(&self) {
        let mut state = self.lock();
        state.recent.clear();
        state.offer(&resync(), |_| true);
    }

    /// Says something on the channel now and then, so that its silence means something.
    async fn heartbeat(&self) {
        let mut publish = cmd("PUBLISH");
        publish.arg(self.redis.key(CHANNEL)).arg("");
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            let _ = self.redis.command::<()>(&publish).await;
        }
    }

    /// Who may know of an event; nobody when what it happened to does not exist.
    async fn audience<'a>(&self, event: &'a Heard) -> Result<Option<&'a Audience>, Unanswered> {
        let ask = || async {
            (self.ask)(event.what.clone()).await.map_err(|error| {
                tracing::warn!(error.chain = %edge::error::chain(&error), "event not handed on");
                Unanswered
            })
        };
        event.audience.get_or_init(ask).await.as_ref().map(Option::as_ref).map_err(|_| Unanswered)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change of the state is one call, so a panic cannot leave half of one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn remember(&mut self, event: Arc<Heard>) {
        self.recent.push_back(event);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
    }

    fn offer(&mut self, text: &Bytes, is_for: impl Fn(&Viewer) -> bool) {
        self.clients.retain(|_, client| {
            if !is_for(&client.viewer) {
                return true;
            }
            let taken = client.sender.try_send(text.clone());
            if matches!(taken, Err(mpsc::error::TrySendError::Full(_))) {
                metrics::counter!(metric::EVENT_STREAM_DROPPED).increment(1);
            }
            taken.is_ok()
        });
    }
}

/// Reads until the channel ends or has been silent for too long.
async fn read(messages: impl Stream<Item = Vec<u8>>, news: &broadcast::Sender<News>) {
    let mut messages = std::pin::pin!(messages);
    while let Ok(Some(message)) = tokio::time::timeout(LONGEST_SILENCE, messages.next()).await {
        // A heartbeat is empty; what a newer service says may not be understood.
        if let Ok(event) = serde_json::from_slice::<Event>(&message) {
            let _ = news.send(News::Event(Arc::new(event.into())));
        }
    }
}

/// A client's stream, which takes the client out of the hub when it ends.
struct OpenStream {
    hub: Arc<Hub>,
    id: u64,
    receiver: mpsc::Receiver<Bytes>,
    ends: Instant,
}

impl OpenStream {
    async fn next(mut self) -> Option<(Bytes, Self)> {
        let until = self.ends.min(Instant::now() + KEEP_ALIVE);
        match tokio::time::timeout_at(until, self.receiver.recv()).await {
            Ok(text) => text.map(|text| (text, self)),
            Err(_) if Instant::now() >= self.ends => None,
            Err(_) => Some((Bytes::from_static(b": \n\n"), self)),
        }
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.hub.lock().clients.remove(&self.id);
        metrics::gauge!(metric::EVENT_STREAM_CLIENTS).decrement(1.0);
    }
}
