//! The portal's own three services: what each is told by its environment, and when it is ready.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::console::step;
use crate::database::DATABASE;
use crate::faults;
use crate::http;
use crate::observability;
use crate::ports::of_replica;
use crate::process::Daemon;
use crate::secrets;
use crate::servers::postgres::Login;
use crate::stack::{Kind, Running, Stack, reached_at};
use crate::workspace::make_dir;

/// The services' binaries, in the order they are started.
pub(crate) const NAMES: [&str; 3] = ["cases-api", "locks-api", "export-worker"];

/// Variables a developer may set for all services: how much is logged, and where traces go.
const PASSED_ON: [&str; 4] =
    ["RUST_LOG", "LOG_FORMAT", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER_ARG"];

/// How often one user may do what is dear, and anybody fail to sign in; a load test sends much for few
/// users.
const RATE_LIMITS: [&str; 5] = [
    "RATE_LIMIT_EXPORT_PER_MINUTE",
    "RATE_LIMIT_SAVE_PER_MINUTE",
    "RATE_LIMIT_LIST_PER_MINUTE",
    "RATE_LIMIT_SIGN_IN_ACCOUNT_PER_5_MINUTES",
    "RATE_LIMIT_SIGN_IN_ADDRESS_PER_5_MINUTES",
];

/// One running copy of a service.
pub(crate) struct Instance {
    pub(crate) service: &'static str,
    pub(crate) name: String,
    pub(crate) public_port: Option<u16>,
    pub(crate) admin_port: u16,
}

/// All copies of all services of a stack.
pub(crate) fn instances(stack: &Stack, replicas: u16) -> Vec<Instance> {
    NAMES
        .iter()
        .flat_map(|service| (0..replicas).map(|index| instance(stack, service, index)))
        .collect()
}

fn instance(stack: &Stack, service: &'static str, index: u16) -> Instance {
    let ports = &stack.ports;
    let (public, admin) = match service {
        "cases-api" => (Some(ports.cases_api), ports.cases_api_admin),
        "locks-api" => (Some(ports.locks_api), ports.locks_api_admin),
        _ => (None, ports.export_worker_admin),
    };
    Instance {
        service,
        name: if index == 0 { service.to_owned() } else { format!("{service}-{}", index + 1) },
        public_port: public.map(|port| of_replica(port, index)),
        admin_port: of_replica(admin, index),
    }
}

impl Instance {
    /// The ports it listens on.
    pub(crate) fn ports(&self) -> impl Iterator<Item = u16> {
        self.public_port.into_iter().chain([self.admin_port])
    }

    /// Whether it says that it can serve.
    pub(crate) fn is_ready(&self) -> bool {
        http::status(&format!("http://127.0.0.1:{}/health/ready", self.admin_port)) == Some(200)
    }
}

/// Starts every service from `programs`, a directory of binaries, and waits until all are ready.
pub(crate) fn start(running: &mut Running, programs: &Path) -> Result<()> {
    make_dir(&running.stack.home.join("blobs"), 0o755)?;
    secrets::signing_key(&running.stack.home)?;
    let collector = observability::collector_url(&running.stack);
    let traced = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.as_str())];
    let variables = if running.state.observability { traced.as_slice() } else { &[] };
    for instance in instances(&running.stack, running.state.replicas) {
        step(&instance.name, || start_one(running, programs, &instance, variables))?;
    }
    Ok(())
}

/// Starts one copy of a service, with these variables besides its own, and waits until it is ready.
pub(crate) fn start_one(
    running: &mut Running,
    programs: &Path,
    instance: &Instance,
    variables: &[(&'static str, &str)],
) -> Result<()> {
    let daemon = daemon(&running.stack, running.state.replicas, instance, programs)?;
    let daemon = variables.iter().fold(daemon, |daemon, (name, value)| daemon.env(name, *value));
    let ports: Vec<u16> = instance.ports().collect();
    let process = running.ensure(&daemon, &ports)?;
    process.wait_until(Duration::from_secs(30), || instance.is_ready())?;
    Ok(())
}

fn daemon(stack: &Stack, replicas: u16, instance: &Instance, programs: &Path) -> Result<Daemon> {
    let mut daemon = Daemon::new(&instance.name, programs.join(instance.service))
        .env("ADMIN_BIND", format!("127.0.0.1:{}", instance.admin_port))
        .env("INSTANCE_ID", &instance.name)
        .env("PORTAL_ENVIRONMENT", "demo")
        .env("REDIS_URL", redis_url(stack));
    if let Some(port) = instance.public_port {
        daemon = daemon.env("HTTP_BIND", format!("127.0.0.1:{port}"));
    }
    // Machines ask faster than people do. What counting costs belongs to a benchmark's result.
    let no_limit = match stack.kind {
        Kind::Dev => None,
        Kind::Test | Kind::Fault => Some(0),
        Kind::Bench => Some(u32::MAX),
    };
    if let Some(limit) = no_limit.map(|limit| limit.to_string()) {
        daemon = RATE_LIMITS.into_iter().fold(daemon, |daemon, name| daemon.env(name, &limit));
    }
    if stack.kind == Kind::Test {
        // Tests share two cores with compilers; what is late is still right.
        daemon = daemon.env("DB_ACQUIRE_TIMEOUT_MS", "20000").env("REDIS_TIMEOUT_MS", "2000");
    }
    if stack.kind == Kind::Fault {
        // A debug build on two cores is late when nothing is wrong. Longer than that is a fault.
        daemon = daemon.env("REDIS_TIMEOUT_MS", "200");
        // Shorter than the clocks of replicas are apart: whoever asked their own clock whether a
        // lock has ended would take it from its holder.
        daemon = daemon.env("LOCK_LEASE_SECS", "30");
    }
    if stack.kind == Kind::Fault
        && let Ok(clock) = std::env::var(clock_variable(&instance.name))
    {
        // Only the time of day is moved: what waits for two seconds still waits for two seconds.
        daemon = daemon
            .env("LD_PRELOAD", faults::CLOCK_LIBRARY)
            .env("FAKETIME", clock)
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("DONT_FAKE_MONOTONIC", "1");
    }
    for name in PASSED_ON.into_iter().chain(RATE_LIMITS) {
        if let Ok(value) = std::env::var(name) {
            daemon = daemon.env(name, value);
        }
    }
    let secrets = &stack.secrets;
    let database = |user: &str, password: &str| {
        Login { port: reached_at(stack, stack.ports.pgbouncer), user, password }.url(DATABASE)
    };
    let blobs = format!("file://{}", stack.home.join("blobs").display());
    Ok(match instance.service {
        "cases-api" => daemon
            .env("DATABASE_URL", database("portal_cases_api", &secrets.portal_cases_api))
            .env("RESET_DATABASE_URL", database("portal_owner", &secrets.portal_owner))
            .env("AMQP_URL", amqp_url(stack))
            .env("LOCKS_API_URL", beside(stack.ports.locks_api, stack, replicas))
            .env("BLOB_STORE_URL", blobs)
            .env("AUTH_SIGNING_KEY_FILE", secrets::signing_key(&stack.home)?.display().to_string())
            .env("AUTH_SIGNING_KEY_EXPIRES_AT", secrets::signing_key_expiry(&stack.home)?)
            .env("DEMO_LOGIN", "true"),
        "locks-api" => {
            daemon.env("DATABASE_URL", database("portal_locks_api", &secrets.portal_locks_api)).env(
                "AUTH_JWKS_URL",
                beside(stack.ports.cases_api, stack, replicas) + "/api/auth/jwks.json",
            )
        }
        _ => daemon
            .env("DATABASE_URL", database("portal_export_worker", &secrets.portal_export_worker))
            .env("AMQP_URL", amqp_url(stack))
            .env("BLOB_STORE_URL", blobs),
    })
}

/// The variable that sets the clock of one instance of the fault suite, `+120s` for example.
fn clock_variable(instance: &str) -> String {
    format!("PORTAL_FAULTS_CLOCK_{}", instance.to_uppercase().replace('-', "_"))
}

/// How one service reaches another: directly, or by the gateway when there are several copies of
/// it, as a Kubernetes Service would choose a living one.
fn beside(port: u16, stack: &Stack, replicas: u16) -> String {
    let port = if replicas == 1 { port } else { stack.ports.gateway };
    format!("http://127.0.0.1:{port}")
}

/// Redis, as the services are told of it.
pub(crate) fn redis_url(stack: &Stack) -> String {
    format!("redis://127.0.0.1:{}/0", reached_at(stack, stack.ports.redis))
}

/// RabbitMQ, as the services are told of it.
pub(crate) fn amqp_url(stack: &Stack) -> String {
    let port = reached_at(stack, stack.ports.rabbitmq);
    format!("amqp://portal:{}@127.0.0.1:{port}/%2f", stack.secrets.rabbitmq)
}
