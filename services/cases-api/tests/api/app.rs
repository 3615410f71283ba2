//! The one way tests reach the service: the real program on a free port, with a database of its
//! own.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use actix_rt::task::JoinHandle;
use cases_api::app::Application;
use cases_api::config::Config;
use edge::config::Vars;
use edge::problem::ProblemType;
use serde_json::Value;
use test_support::{
    Actor, Answer, Broker, Http, RedisKeys, Seed, ServiceRole, Stack, TestDatabase,
};
use tokio::sync::oneshot;
use uuid::Uuid;

/// Longest wait for a state that must come.
const DEADLINE: Duration = Duration::from_secs(20);
/// Nothing listens here: tests that are not about the broker get none.
const NO_BROKER: &str = "amqp://127.0.0.1:1/none";

/// A running cases-api.
pub(crate) struct TestApp {
    /// The public port, asked by nobody in particular.
    pub(crate) http: Http,
    /// The admin port.
    pub(crate) admin: Http,
    /// Arranges rows in the application's database.
    pub(crate) seed: Seed,
    /// The application's virtual host, when it was asked for.
    pub(crate) broker: Option<Broker>,
    /// Folder of the application's blob store.
    pub(crate) blobs: PathBuf,
    /// What it was told of the servers, for a second process beside it.
    servers: Vec<(String, String)>,
    stop: Option<oneshot::Sender<()>>,
    stopped: Option<JoinHandle<anyhow::Result<()>>>,
    redis_keys: RedisKeys,
    // Dropped with the application, and last, because everything above is connected to it.
    database: TestDatabase,
}

/// What a test wants to be different from the defaults.
#[derive(Default)]
pub(crate) struct TestAppBuilder {
    vars: Vec<(String, String)>,
    database: Option<TestDatabase>,
    has_broker: bool,
}

impl TestAppBuilder {
    /// Sets a configuration variable.
    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Uses a database that the test has made itself.
    pub(crate) fn with_database(mut self, database: TestDatabase) -> Self {
        self.database = Some(database);
        self
    }

    /// Gives the application a virtual host of RabbitMQ of its own.
    pub(crate) fn with_broker(mut self) -> Self {
        self.has_broker = true;
        self
    }

    /// Starts the application.
    pub(crate) async fn spawn(self) -> TestApp {
        edge::tls::install();
        let database = match self.database {
            Some(database) => database,
            None => TestDatabase::create().await,
        };
        let broker = if self.has_broker { Some(Broker::vhost().await) } else { None };
        let blobs = std::env::temp_dir().join(format!("cases-api-test-{}", Uuid::new_v4()));
        let stack = Stack::load();
        let redis_keys = RedisKeys::new();
        let defaults = [
            ("HTTP_BIND", "127.0.0.1:0".to_owned()),
            ("ADMIN_BIND", "127.0.0.1:0".to_owned()),
            ("HTTP_WORKERS", "2".to_owned()),
            ("PORTAL_ENVIRONMENT", "development".to_owned()),
            ("DATABASE_URL", database.url_for(ServiceRole::CasesApi)),
            ("REDIS_URL", stack.redis_url.clone()),
            // On a busy machine an answer may take its time, and is still the right one.
            ("REDIS_TIMEOUT_MS", "2000".to_owned()),
            ("REDIS_KEY_PREFIX", redis_keys.prefix().to_owned()),
            ("AMQP_URL", broker.as_ref().map_or_else(|| NO_BROKER.to_owned(), Broker::amqp_url)),
            ("AUTH_SIGNING_KEY_FILE", stack.signing_key_file.display().to_string()),
            ("BLOB_STORE_URL", format!("file://{}", blobs.display())),
            // Tests ask faster than people do.
            ("RATE_LIMIT_EXPORT_PER_MINUTE", "0".to_owned()),
            ("RATE_LIMIT_SAVE_PER_MINUTE", "0".to_owned()),
            ("RATE_LIMIT_LIST_PER_MINUTE", "0".to_owned()),
            ("RATE_LIMIT_SIGN_IN_ACCOUNT_PER_5_MINUTES", "0".to_owned()),
            ("RATE_LIMIT_SIGN_IN_ADDRESS_PER_5_MINUTES", "0".to_owned()),
        ];
        let defaults = defaults.map(|(name, value)| (name.to_owned(), value));
        let servers = defaults
            .iter()
            .filter(|(name, _)| ["DATABASE_URL", "REDIS_KEY_PREFIX"].contains(&name.as_str()))
            .cloned()
            .collect();
        let vars = Vars::from_pairs(defaults.into_iter().chain(self.vars));
        let application = Application::build(Config::from_vars(&vars).unwrap()).await.unwrap();
        let http = Http::anonymous(format!("http://{}", application.address()));
        let admin = Http::anonymous(format!("http://{}", application.admin_address()));
        let (stop, stopping) = oneshot::channel::<()>();
        let shutdown = async move {
            stopping.await.ok();
            Ok(())
        };
        let stopped = actix_rt::spawn(application.run_until(shutdown));
        let seed = Seed::new(&database).await;
        TestApp {
            http,
            admin,
            seed,
            broker,
            blobs,
            servers,
            redis_keys,
            stop: Some(stop),
            stopped: Some(stopped),
            database,
        }
    }
}

impl TestApp {
    pub(crate) fn builder() -> TestAppBuilder {
        TestAppBuilder::default()
    }

    /// The application's database.
    pub(crate) fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// Begins the names of its keys and channels in Redis.
    pub(crate) fn redis_prefix(&self) -> &str {
        self.redis_keys.prefix()
    }

    /// Another process on the same database and the same keys of Redis.
    pub(crate) fn twin(&self) -> TestAppBuilder {
        TestAppBuilder { vars: self.servers.clone(), ..TestAppBuilder::default() }
    }

    /// An application with the defaults.
    pub(crate) async fn spawn() -> Self {
        Self::builder().spawn().await
    }

    /// The service as `actor` speaks to it, who is a user from now on.
    pub(crate) async fn by(&self, actor: &Actor) -> Http {
        self.seed.actor(actor).await;
        self.http.by(actor)
    }

    /// Waits until readiness is as wanted.
    pub(crate) async fn wait_until_ready(&self, wanted: bool) {
        let status = if wanted { 200 } else { 503 };
        let deadline = Instant::now() + DEADLINE;
        while self.admin.get("/health/ready").await.status != status {
            assert!(Instant::now() < deadline, "readiness did not become {wanted}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A counter of this process, 0 before it first counts.
    pub(crate) async fn counter(&self, name: &str) -> u64 {
        let metrics = self.admin.get("/metrics").await.text();
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }

    /// Waits until the metrics contain a line.
    pub(crate) async fn wait_for_metric(&self, line: &str) {
        let deadline = Instant::now() + DEADLINE;
        while !self.admin.get("/metrics").await.text().lines().any(|metric| metric == line) {
            assert!(Instant::now() < deadline, "metrics never said {line}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Asks the process to end, as SIGTERM does.
    pub(crate) fn begin_shutdown(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Waits until the process has ended.
    pub(crate) async fn ended(&mut self) -> anyhow::Result<()> {
        self.stopped.take().unwrap().await.unwrap()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.blobs).ok();
    }
}

/// Asserts that `answer` is a complete problem document of `kind`, and returns it.
#[track_caller]
pub(crate) fn assert_problem(answer: &Answer, kind: ProblemType) -> Value {
    let problem = answer.assert_problem(kind.status, &format!("/problems/{}", kind.slug));
    assert_eq!(problem["title"], kind.title);
    assert!(problem["instance"].as_str().is_some_and(|id| !id.is_empty()), "{problem}");
    problem
}
