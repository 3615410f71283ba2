//! The one way tests reach the service: running instances of it, and people who call them.

use std::future::ready;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use actix_web::rt::task::JoinHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use domain::ids::LockId;
use edge::config::{AuthConfig, Vars};
use edge::token::TokenIssuer;
use locks_api::app::Application;
use locks_api::config::Config;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::{Actor, Answer, Http, RedisKeys, ServiceRole, Stack, TestDatabase};
use tokio::sync::oneshot;
use uuid::Uuid;

/// Longest wait for a state that must come.
const DEADLINE: Duration = Duration::from_secs(20);

/// What several instances share: the database and the issuer of tokens.
pub(crate) struct World {
    pub(crate) database: TestDatabase,
    jwks_url: String,
    redis_keys: RedisKeys,
}

/// One instance of locks-api.
pub(crate) struct TestApp {
    /// The public port, without a token.
    pub(crate) http: Http,
    /// The admin port.
    pub(crate) admin: Http,
    stop: oneshot::Sender<()>,
    stopped: JoinHandle<anyhow::Result<()>>,
}

/// Somebody with a token, talking to one instance.
pub(crate) struct Caller {
    pub(crate) actor: Actor,
    pub(crate) http: Http,
}

/// A lock as the service showed it.
#[derive(Clone, Debug)]
pub(crate) struct Lock(pub(crate) Value);

impl World {
    pub(crate) async fn create() -> Self {
        Self {
            database: TestDatabase::create().await,
            jwks_url: publish_keys(),
            redis_keys: RedisKeys::new(),
        }
    }

    /// Starts an instance with the configuration that operators get by default.
    pub(crate) async fn start(&self, instance: &str) -> TestApp {
        self.start_with(instance, &[]).await
    }

    /// Starts an instance; `extra` variables win over those every test needs.
    pub(crate) async fn start_with(&self, instance: &str, extra: &[(&str, &str)]) -> TestApp {
        edge::tls::install();
        let database_url = self.database.url_for(ServiceRole::LocksApi);
        let redis_url = Stack::load().redis_url.clone();
        let needed = [
            ("HTTP_BIND", "127.0.0.1:0"),
            ("ADMIN_BIND", "127.0.0.1:0"),
            ("HTTP_WORKERS", "2"),
            ("DATABASE_URL", &database_url),
            ("AUTH_JWKS_URL", &self.jwks_url),
            ("REDIS_URL", &redis_url),
            ("REDIS_KEY_PREFIX", self.redis_keys.prefix()),
            // On a busy machine an answer may take its time, and is still the right one.
            ("REDIS_TIMEOUT_MS", "2000"),
            ("INSTANCE_ID", instance),
        ];
        let vars = Vars::from_pairs(needed.iter().chain(extra).copied());
        let application = Application::build(Config::from_vars(&vars).unwrap()).await.unwrap();
        let http = Http::anonymous(format!("http://{}", application.address()));
        let admin = Http::anonymous(format!("http://{}", application.admin_address()));
        let (stop, stopping) = oneshot::channel::<()>();
        let shutdown = async move {
            stopping.await.ok();
            Ok(())
        };
        let stopped = actix_web::rt::spawn(application.run_until(shutdown));
        TestApp { http, admin, stop, stopped }
    }

    /// Lets every lease run out now, as waiting for five minutes would.
    pub(crate) async fn expire_all(&self) {
        self.execute("UPDATE resource_locks SET expires_at = now() WHERE expires_at > now()").await;
        // Time passes for Redis too.
        self.redis_keys.forget().await;
    }

    pub(crate) async fn execute(&self, sql: &str) {
        self.database.owner().await.batch_execute(sql).await.unwrap();
    }

    pub(crate) async fn count_rows(&self) -> i64 {
        let owner = self.database.owner().await;
        owner.query_one("SELECT count(*) FROM resource_locks", &[]).await.unwrap().get(0)
    }
}

/// Publishes the stack's signing keys as cases-api does, and returns their address.
fn publish_keys() -> String {
    let pem = std::fs::read(&Stack::load().signing_key_file).unwrap();
    let auth = AuthConfig::from_vars(&Vars::default());
    let issuer = TokenIssuer::from_pem(&pem, auth, Duration::from_hours(1)).unwrap();
    let jwks = serde_json::to_string(&issuer.jwks()).unwrap();
    let app = move || {
        let jwks = jwks.clone();
        App::new().route(
            "/jwks.json",
            web::get().to(move || ready(HttpResponse::Ok().body(jwks.clone()))),
        )
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap();
    actix_web::rt::spawn(server.run());
    format!("http://{address}/jwks.json")
}

impl TestApp {
    /// The person with this name; at another instance the same name is the same person.
    pub(crate) fn by(&self, name: &str) -> Caller {
        let actor = Actor::fag("KLD").named(name);
        let http = self.http.by(&actor);
        Caller { actor, http }
    }

    /// Asks the process to end, as SIGTERM does, and waits until it has.
    pub(crate) async fn shut_down(self) {
        self.stop.send(()).unwrap();
        self.stopped.await.unwrap().unwrap();
    }

    /// What a browser sends when the page is closed: no token, a JSON body.
    pub(crate) async fn beacon(&self, id: LockId) {
        let path = format!("/api/locks/{id}?_method=DELETE");
        assert_empty(&self.http.post(&path, &json!({ "_method": "DELETE" })).await, 204);
    }
}

impl Caller {
    pub(crate) async fn acquire(&self, resource: Uuid) -> Answer {
        let body = json!({ "resourceType": "case", "resourceId": resource });
        self.http.post("/api/locks", &body).await
    }

    /// Acquires a lock that must be free, or the caller's.
    pub(crate) async fn must_acquire(&self, resource: Uuid) -> Lock {
        Lock(self.acquire(resource).await.assert_status(200).json())
    }

    /// Fails to acquire a lock that must be someone else's; returns the problem.
    pub(crate) async fn must_not_acquire(&self, resource: Uuid) -> Lock {
        Lock(self.acquire(resource).await.assert_problem(409, "/problems/lock-held"))
    }

    /// Asks who holds the lock.
    pub(crate) async fn look(&self, resource: Uuid) -> Option<Lock> {
        let path = format!("/api/locks?resourceType=case&resourceId={resource}");
        let answer = self.http.get(&path).await;
        if answer.status == StatusCode::NO_CONTENT {
            assert_empty(&answer, 204);
            return None;
        }
        Some(Lock(answer.assert_status(200).json()))
    }

    /// The id of the lock if the caller holds it; the nil id if someone else does.
    pub(crate) async fn look_for_id(&self, resource: Uuid) -> Option<LockId> {
        self.look(resource).await.map(|lock| lock.id())
    }

    pub(crate) async fn heartbeat(&self, id: LockId) {
        assert_empty(&self.send_heartbeat(id).await, 200);
    }

    /// A heartbeat that must be told that the lock is gone.
    pub(crate) async fn late_heartbeat(&self, id: LockId) {
        self.send_heartbeat(id).await.assert_problem(404, "/problems/not-found");
    }

    async fn send_heartbeat(&self, id: LockId) -> Answer {
        // No body at all, as the contract has it.
        let path = format!("/api/locks/{id}/heartbeat");
        self.http.send(self.http.request(Method::PUT, &path)).await
    }

    pub(crate) async fn release(&self, id: LockId) {
        assert_empty(&self.http.delete(&format!("/api/locks/{id}")).await, 200);
    }

    /// Checks a fencing token.
    pub(crate) async fn verify(&self, resource: Uuid, token: i64) -> Value {
        let body = json!({ "resourceType": "case", "resourceId": resource, "lockToken": token });
        self.http.post("/api/locks/verify", &body).await.assert_status(200).json()
    }
}

impl Lock {
    pub(crate) fn id(&self) -> LockId {
        self.0["id"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn token(&self) -> i64 {
        self.0["lockToken"].as_i64().unwrap()
    }
}

/// The contract's "empty body": not even white space.
pub(crate) fn assert_empty(answer: &Answer, status: u16) {
    answer.assert_status(status);
    assert!(answer.body.is_empty(), "{}", answer.text());
}

/// Waits until `condition` holds, and not a moment longer.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, condition: impl Fn() -> F) {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < DEADLINE, "{what} did not come true in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
