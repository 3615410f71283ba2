//! Everything a worker needs around it, and the workers themselves: in this process for most
//! tests, as the real program for those that kill it.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use actix_rt::task::JoinHandle;
use calamine::{Data, Reader as _, Xlsx};
use domain::export::{CaseListParameters, ExportField, JobStatus, JobType};
use domain::ids::ExportJobId;
use edge::config::Vars;
use export_worker::app::Application;
use export_worker::config::Config;
use queue::{BrokerConfig, ExportRequested, Publisher};
use store::export_jobs::{self, ExportJob, NewExportJob, outbox};
use store::pool::{Pool, PoolConfig};
use tempfile::TempDir;
use test_support::{Actor, Broker, RedisKeys, Seed, SeededRound, ServiceRole, Stack, TestDatabase};
use tokio::sync::oneshot;
use uuid::Uuid;

/// Longest wait for a state that must come.
const DEADLINE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);

/// A database, a virtual host and a blob store, with `cases-api`'s part of the work in miniature.
pub(crate) struct Bench {
    pub(crate) seed: Seed,
    pub(crate) broker: Broker,
    pub(crate) blobs: TempDir,
    pool: Pool,
    publisher: Publisher,
    relay: Option<JoinHandle<()>>,
    redis_keys: RedisKeys,
    // Last, because the others are connected to it.
    pub(crate) database: TestDatabase,
}

/// A worker in this process; stops in order when dropped or asked to.
pub(crate) struct RunningWorker {
    stop: Option<oneshot::Sender<()>>,
    stopped: Option<JoinHandle<anyhow::Result<()>>>,
}

/// A worker as a process of its own; killed when dropped.
pub(crate) struct WorkerProcess(Child);

impl Bench {
    pub(crate) async fn new() -> Self {
        edge::tls::install();
        let database = TestDatabase::create().await;
        let broker = Broker::vhost().await;
        let pool = PoolConfig {
            url: database.url_for(ServiceRole::CasesApi).into(),
            max_size: 4,
            acquire_timeout: Duration::from_secs(5),
        };
        let publisher = Publisher::new(BrokerConfig {
            url: broker.amqp_url().into(),
            connection_name: "bench".to_owned(),
        });
        Self {
            seed: Seed::new(&database).await,
            pool: store::pool::connect(&pool).await.unwrap(),
            publisher,
            blobs: TempDir::new().unwrap(),
            relay: None,
            redis_keys: RedisKeys::new(),
            broker,
            database,
        }
    }

    /// A round with a few cases of a ministry, and the one who orders.
    pub(crate) async fn with_cases(names: &[&str]) -> (Self, Actor, SeededRound) {
        let bench = Self::new().await;
        let actor = Actor::fag("KLD");
        let round = bench.seed.round("AUG2026").insert().await;
        for name in names {
            bench.seed.case(&round, &actor).named(name).insert().await;
        }
        (bench, actor, round)
    }

    /// The environment of a worker.
    fn vars(&self, instance_id: &str, extra: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut vars: Vec<(String, String)> = [
            ("ADMIN_BIND", "127.0.0.1:0".to_owned()),
            ("INSTANCE_ID", instance_id.to_owned()),
            ("DATABASE_URL", self.database.url_for(ServiceRole::ExportWorker)),
            ("REDIS_URL", Stack::load().redis_url.clone()),
            ("REDIS_KEY_PREFIX", self.redis_keys.prefix().to_owned()),
            ("AMQP_URL", self.broker.amqp_url()),
            ("BLOB_STORE_URL", format!("file://{}", self.blobs.path().display())),
            ("EXPORT_LEASE_SECS", "3".to_owned()),
            ("EXPORT_RETRY_PAUSE_MS", "10".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        vars.extend(extra.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())));
        vars
    }

    /// What the names of this bench's keys and channels begin with.
    pub(crate) fn redis_prefix(&self) -> &str {
        self.redis_keys.prefix()
    }

    /// Starts a worker in this process.
    pub(crate) async fn worker(&self, instance_id: &str) -> RunningWorker {
        self.worker_with(instance_id, &[]).await
    }

    /// Starts a worker with some variables of its own.
    pub(crate) async fn worker_with(
        &self,
        instance_id: &str,
        extra: &[(&str, &str)],
    ) -> RunningWorker {
        let vars = Vars::from_pairs(self.vars(instance_id, extra));
        let application = Application::build(Config::from_vars(&vars).unwrap()).await.unwrap();
        let (stop, stopping) = oneshot::channel::<()>();
        let shutdown = async move {
            stopping.await.ok();
            Ok(())
        };
        let stopped = actix_rt::spawn(application.run_until(shutdown));
        RunningWorker { stop: Some(stop), stopped: Some(stopped) }
    }

    /// Starts the real program.
    pub(crate) fn process(&self, instance_id: &str, extra: &[(&str, &str)]) -> WorkerProcess {
        let child = Command::new(env!("CARGO_BIN_EXE_export-worker"))
            .envs(self.vars(instance_id, extra))
            .stdout(Stdio::null())
            .spawn();
        WorkerProcess(child.unwrap())
    }

    /// Publishes what is not published, again and again, as the relay of `cases-api` does.
    pub(crate) fn start_relay(&mut self) {
        let pool = self.pool.clone();
        let publisher = Publisher::new(BrokerConfig {
            url: self.broker.amqp_url().into(),
            connection_name: "relay".to_owned(),
        });
        self.relay = Some(actix_rt::spawn(async move {
            loop {
                let mut conn = pool.get().await.unwrap();
                outbox::requeue_lost(&mut conn, Duration::from_mins(10)).await.unwrap();
                let lease = Duration::from_secs(5);
                let jobs = outbox::lease_unpublished(&mut conn, "bench", lease, 50).await.unwrap();
                for job in jobs {
                    let message = ExportRequested { job_id: job.id.into() };
                    publisher.publish(message).await.unwrap();
                    outbox::mark_published(&mut conn, &[job.id]).await.unwrap();
                }
                drop(conn);
                tokio::time::sleep(POLL).await;
            }
        }));
    }

    /// Orders the whole case list as `actor` sees it, and publishes the order.
    pub(crate) async fn order(&self, actor: &Actor, fields: &[ExportField]) -> ExportJobId {
        let id = self.accept(actor, fields).await;
        self.publish(id).await;
        id
    }

    /// Writes an order and publishes nothing.
    pub(crate) async fn accept(&self, actor: &Actor, fields: &[ExportField]) -> ExportJobId {
        let who = &actor.identity;
        let parameters = CaseListParameters {
            filters: domain::export::CaseListFilters::default(),
            fields: fields.to_vec(),
            viewer: domain::visibility::Viewer {
                user_id: who.user_id,
                role: who.role,
                department_id: who.department_id,
            },
        };
        self.seed.actor(actor).await;
        let parameters = serde_json::to_value(parameters).unwrap();
        self.accept_as(actor, JobType::CaseListExcel, parameters).await
    }

    /// Writes an order of any kind with any parameters.
    pub(crate) async fn accept_as(
        &self,
        actor: &Actor,
        job_type: JobType,
        parameters: serde_json::Value,
    ) -> ExportJobId {
        let order = NewExportJob {
            id: Uuid::new_v4().into(),
            job_type,
            requested_by: self.seed.actor(actor).await,
            parameters,
            idempotency_key: None,
            trace_parent: None,
        };
        let mut conn = self.pool.get().await.unwrap();
        export_jobs::insert_queued(&mut conn, &order).await.unwrap().id
    }

    /// Publishes the job, whatever its row says, as if by the relay.
    pub(crate) async fn publish(&self, id: ExportJobId) {
        self.publisher.publish(ExportRequested { job_id: id.into() }).await.unwrap();
        let mut conn = self.pool.get().await.unwrap();
        outbox::mark_published(&mut conn, &[id]).await.unwrap();
    }

    /// Gives a job up as its owner does, and says whether it was still there to be given up.
    pub(crate) async fn cancel(&self, id: ExportJobId) -> bool {
        let mut conn = self.pool.get().await.unwrap();
        export_jobs::cancel(&mut conn, id, "Avbrutt.").await.unwrap().is_some()
    }

    /// Proves that whoever works still does: a small order has its document soon.
    pub(crate) async fn assert_alive(&self, actor: &Actor) {
        let id = self.order(actor, &[ExportField::CaseName]).await;
        self.wait_for(id, JobStatus::Completed).await;
    }

    /// Runs a statement as the owner of the schema.
    pub(crate) async fn execute(&self, statement: &str) {
        self.seed.client().batch_execute(statement).await.unwrap();
    }

    /// The job as it is now.
    pub(crate) async fn job(&self, id: ExportJobId) -> ExportJob {
        let mut conn = self.pool.get().await.unwrap();
        export_jobs::find_export_job(&mut conn, id).await.unwrap().unwrap()
    }

    /// Waits until the job has this status.
    pub(crate) async fn wait_for(&self, id: ExportJobId, status: JobStatus) -> ExportJob {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let job = self.job(id).await;
            if job.status == status {
                return job;
            }
            assert!(Instant::now() < deadline, "{status} did not come: {job:?}");
            assert!(!job.status.is_terminal(), "{status} cannot come any more: {job:?}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until the queue holds so many messages, delivered ones included.
    pub(crate) async fn wait_for_messages(&self, queue: &str, messages: u64) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let found = self.broker.queue(queue).await;
            if found.as_ref().is_some_and(|found| found["messages"] == messages) {
                return;
            }
            assert!(Instant::now() < deadline, "{queue}: not {messages} messages: {found:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// The cells of a job's workbook, header row included.
    pub(crate) fn workbook(&self, job: &ExportJob) -> Vec<Vec<Data>> {
        let path = self.blobs.path().join(&job.result.as_ref().unwrap().key);
        let mut book: Xlsx<_> = calamine::open_workbook(path).unwrap();
        let sheet = book.worksheet_range("Saker").unwrap();
        sheet.rows().map(<[Data]>::to_vec).collect()
    }

    /// Makes `copies` copies of every case.
    pub(crate) async fn multiply_cases(&self, copies: u32) {
        self.execute(&format!(
            "INSERT INTO cases (budget_round_id, department_id, case_name, chapter, post, amount,
                 case_type, status, assigned_to, created_by, version, origin, latest_content_id)
             SELECT budget_round_id, department_id, case_name || n, chapter, post, amount,
                 case_type, status, assigned_to, created_by, version, origin, latest_content_id
             FROM cases, generate_series(1, {copies}) AS n"
        ))
        .await;
    }

    /// Holds every job up in the middle, until [`Bench::let_go`]. Not longer than the worker's
    /// `lock_timeout`, or attempts fail.
    pub(crate) async fn hold_up(&self) {
        self.execute("BEGIN; LOCK TABLE budget_rounds IN ACCESS EXCLUSIVE MODE").await;
    }

    /// Lets held up jobs go on.
    pub(crate) async fn let_go(&self) {
        self.execute("COMMIT").await;
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Some(relay) = &self.relay {
            relay.abort();
        }
    }
}

impl RunningWorker {
    /// Asks the worker to end, as SIGTERM does, and waits until it has.
    pub(crate) async fn shut_down(mut self) -> anyhow::Result<()> {
        self.stop.take().unwrap().send(()).unwrap();
        self.stopped.take().unwrap().await.unwrap()
    }
}

impl WorkerProcess {
    /// Most memory the process has had resident so far, in kilobytes.
    pub(crate) fn peak_memory_kb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches("kB").trim().parse().unwrap()
    }

    /// Sends SIGKILL and waits until the process is gone.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Sends SIGTERM and returns the exit code.
    pub(crate) async fn terminate(&mut self) -> Option<i32> {
        let sent = Command::new("kill").arg("-TERM").arg(self.0.id().to_string()).status();
        assert!(sent.unwrap().success());
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "the process did not end");
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
