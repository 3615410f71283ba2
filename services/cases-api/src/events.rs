//! Hands events on to browsers (architecture 7).
//!
//! Every process listens to one channel of Redis and keeps its own clients, so that any process can
//! serve any client. Each event is offered to those only who may open what it is about, asked of
//! the database when it happens (I6). A client that does not read is dropped and comes back; it is
//! never buffered without bound.

mod audience;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::web::Bytes;
use domain::visibility::Viewer;
use edge::events::{CHANNEL, Event, Happening};
use edge::redis::Redis;
use edge::redis::commands::cmd;
use futures_util::{Stream, StreamExt as _};
use serde_json::{Value, json};
use store::pool::Pool;
use telemetry::metric;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::audience::Audience;

/// Events that wait for a client before it is dropped.
const CLIENT_BUFFER: usize = 64;
/// Clients of one process, and of one user among them.
const MOST_CLIENTS: usize = 5_000;
const MOST_CLIENTS_OF_A_USER: usize = 20;
/// Events kept for clients that come back.
const RECENT: usize = 256;
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

/// The clients of this process.
pub(crate) struct Hub {
    redis: Redis,
    pool: Pool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_closed: bool,
    next_client: u64,
    clients: HashMap<u64, Client>,
    recent: VecDeque<Arc<Event>>,
}

struct Client {
    viewer: Viewer,
    sender: mpsc::Sender<Bytes>,
}

/// What has happened since a client was last here; `None` when that is not known any more.
type Missed = Option<Vec<Arc<Event>>>;

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
        Arc::new(Self { redis, pool, state: Mutex::default() })
    }

    /// Listens to the channel until `stop`, then ends every stream, so that no client keeps the
    /// process from ending.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let listening = async {
            let heartbeat = self.heartbeat();
            tokio::join!(self.listen(), heartbeat);
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
        let (sender, receiver) = mpsc::channel(CLIENT_BUFFER);
        let (id, missed) = self.admit(viewer, sender, last_seen)?;
        let begin = match missed {
            Some(events) => self.replay(&viewer, &events).await,
            None => written("resync", None, &json!({})),
        };
        let open = OpenStream {
            hub: Arc::clone(self),
            id,
            receiver,
            ends: Instant::now() + LONGEST_STREAM,
        };
        let first = futures_util::stream::iter([Bytes::from_static(b"retry: 3000\n\n"), begin]);
        Ok(first.chain(futures_util::stream::unfold(open, OpenStream::next)))
    }

    /// Registers a client.
    fn admit(
        &self,
        viewer: Viewer,
        sender: mpsc::Sender<Bytes>,
        last_seen: Option<Uuid>,
    ) -> Result<(u64, Missed), Refused> {
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
        state.clients.insert(id, Client { viewer, sender });
        metrics::gauge!(metric::EVENT_STREAM_CLIENTS).increment(1.0);
        Ok((id, missed))
    }

    async fn replay(&self, viewer: &Viewer, events: &[Arc<Event>]) -> Bytes {
        let mut text = Vec::new();
        for event in events {
            if self.audience(event).await.is_some_and(|audience| audience.includes(viewer)) {
                text.extend_from_slice(&shown(event));
            }
        }
        if text.is_empty() { Bytes::from_static(b": \n\n") } else { text.into() }
    }

    /// Reads the channel for ever, again and again.
    async fn listen(&self) {
        let mut was_lost = false;
        loop {
            match self.redis.subscribe(CHANNEL).await {
                Ok(messages) => {
                    if was_lost {
                        self.offer(&written("resync", None, &json!({})), |_| true);
                    }
                    self.hand_on(messages).await;
                    tracing::warn!("event channel lost");
                }
                Err(error) => tracing::debug!(%error, "event channel not reached"),
            }
            was_lost = true;
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn hand_on(&self, messages: impl Stream<Item = Vec<u8>>) {
        let mut messages = std::pin::pin!(messages);
        while let Ok(Some(message)) = tokio::time::timeout(LONGEST_SILENCE, messages.next()).await {
            // A heartbeat is empty; what a newer service says may not be understood.
            let Ok(event) = serde_json::from_slice::<Event>(&message) else { continue };
            let event = Arc::new(event);
            let has_clients = {
                let mut state = self.lock();
                state.recent.push_back(Arc::clone(&event));
                if state.recent.len() > RECENT {
                    state.recent.pop_front();
                }
                !state.clients.is_empty()
            };
            if has_clients && let Some(audience) = self.audience(&event).await {
                self.offer(&shown(&event), |viewer| audience.includes(viewer));
            }
        }
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

    /// Who may know of an event; nobody when the database does not say.
    async fn audience(&self, event: &Event) -> Option<Audience> {
        match Audience::of(&self.pool, &event.what).await {
            Ok(audience) => audience,
            Err(error) => {
                tracing::warn!(error.chain = %edge::error::chain(&error), "event not handed on");
                None
            }
        }
    }

    fn offer(&self, text: &Bytes, is_for: impl Fn(&Viewer) -> bool) {
        self.lock().clients.retain(|_, client| {
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

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change of the state is one call, so a panic cannot leave half of one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

/// An event as a browser reads it.
fn shown(event: &Event) -> Bytes {
    let (name, data) = match &event.what {
        Happening::CaseSaved { case_id, budget_round_id, department_id, version } => (
            "case.saved",
            json!({
                "caseId": case_id,
                "budgetRoundId": budget_round_id,
                "departmentId": department_id,
                "version": version,
            }),
        ),
        Happening::LockTaken { resource_type, resource_id, locked_by_name } => (
            "lock.taken",
            json!({
                "resourceType": resource_type,
                "resourceId": resource_id,
                "lockedByName": locked_by_name,
            }),
        ),
        Happening::LockReleased { resource_type, resource_id } => {
            ("lock.released", json!({ "resourceType": resource_type, "resourceId": resource_id }))
        }
        Happening::ExportProgress { job_id, status, percent, step, .. } => (
            "export.progress",
            json!({ "jobId": job_id, "status": status, "percent": percent, "step": step }),
        ),
    };
    written(name, Some(event.id), &data)
}

fn written(name: &str, id: Option<Uuid>, data: &Value) -> Bytes {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}event: {name}\ndata: {data}\n\n").into()
}
