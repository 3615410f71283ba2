//! `cargo xtask status` and `logs`: what runs, where, and what it says.

use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::cli::LogsArgs;
use crate::database::DATABASE;
use crate::servers::postgres::Login;
use crate::services::{amqp_url, instances, redis_url};
use crate::stack::{Kind, Stack, State};
use crate::workspace::Workspace;

/// Password of every demo user; not secret, the login page sends none at all.
const DEMO_PASSWORD: &str = "Test1234!";

/// One demo user for each kind of role: e-mail, role, department.
const DEMO_LOGINS: [(&str, &str, &str); 8] = [
    ("fag.kld@test.no", "saksbehandler_fag", "KLD"),
    ("budsjett.kld@test.no", "budsjettenhet_fag", "KLD"),
    ("ekspsjef.kld@test.no", "ekspedisjonssjef_fag", "KLD"),
    ("fag.sd@test.no", "saksbehandler_fag", "SD"),
    ("fin.kld@test.no", "saksbehandler_fin", "FIN"),
    ("unddir.naering1@fin.test.no", "underdirektor_fin", "FIN"),
    ("depraad.fin@test.no", "departementsraad_fin", "FIN"),
    ("admin@test.no", "administrator", "FIN"),
];

/// Prints what runs, as text or JSON. Fails when something is not as it should be, so that scripts
/// can ask.
pub(crate) fn run(workspace: &Workspace, as_json: bool) -> Result<()> {
    let stack = Stack::open(workspace, Kind::Dev)?;
    let Some(state) = stack.state() else {
        if as_json {
            println!("{}", json!({ "running": false }));
        }
        bail!("the portal does not run; start it with `cargo xtask up`");
    };
    let ready = |name: &str| {
        let instance = instances(&stack, state.replicas).into_iter().find(|one| one.name == name);
        state.is_alive(name) && instance.is_none_or(|instance| instance.is_ready())
    };
    let states: Vec<(String, bool)> = state
        .processes
        .iter()
        .map(|process| (process.name.clone(), ready(&process.name)))
        .collect();
    if as_json {
        println!("{:#}", describe(&stack, &state, &states));
    } else {
        for (process, (name, is_ready)) in state.processes.iter().zip(&states) {
            let word = match (is_ready, process.is_alive()) {
                (true, _) => "up",
                (false, true) => "not ready",
                (false, false) => "ended",
            };
            println!("  {name:<18}{word:<11}pid {}", process.pid);
        }
        print_addresses(&stack, &state);
    }
    let failing: Vec<&str> =
        states.iter().filter(|(_, is_ready)| !is_ready).map(|(name, _)| name.as_str()).collect();
    ensure!(failing.is_empty(), "not ready: {}", failing.join(", "));
    Ok(())
}

/// Prints addresses and logins for a person.
pub(crate) fn print_addresses(stack: &Stack, state: &State) {
    let ports = &stack.ports;
    let gateway = format!("http://localhost:{}", ports.gateway);
    println!(
        "\n  {:<18}{gateway}/   (API: {gateway}/api/docs, {gateway}/api/locks/docs)",
        "portal"
    );
    for instance in instances(stack, state.replicas) {
        let public = instance
            .public_port
            .map_or_else(|| "-".to_owned(), |port| format!("http://127.0.0.1:{port}"));
        println!(
            "  {:<18}{public:<24}admin http://127.0.0.1:{}",
            instance.name, instance.admin_port
        );
    }
    println!("  {:<18}127.0.0.1:{}, database {DATABASE}", "PostgreSQL", ports.postgres);
    println!("  {:<18}127.0.0.1:{}", "PgBouncer", ports.pgbouncer);
    println!("  {:<18}127.0.0.1:{}", "Redis", ports.redis);
    println!(
        "  {:<18}127.0.0.1:{}, metrics http://127.0.0.1:{}/metrics",
        "RabbitMQ", ports.rabbitmq, ports.rabbitmq_metrics
    );
    if state.observability {
        let watch = &ports.observability;
        println!("  {:<18}http://localhost:{}", "Prometheus", watch.prometheus);
        println!("  {:<18}http://localhost:{}", "Alertmanager", watch.alertmanager);
        println!("  {:<18}http://localhost:{}", "traces", watch.traces);
    }
    println!("\n  Demo logins, password {DEMO_PASSWORD}:");
    for (email, role, department) in DEMO_LOGINS {
        println!("  {email:<32}{role:<24}{department}");
    }
}

/// Shows the end of a part's log, and what is added to it.
pub(crate) fn logs(workspace: &Workspace, arguments: &LogsArgs) -> Result<()> {
    let stack = Stack::open(workspace, Kind::Dev)?;
    let log = stack.log(&arguments.service);
    ensure!(
        !arguments.service.contains('/') && log.is_file(),
        "there is no log of {}; there are {}",
        arguments.service,
        known_logs(&stack)?.join(", ")
    );
    let mut tail = Command::new("tail");
    tail.args(["-n", &arguments.lines.to_string()]);
    if arguments.follow {
        tail.arg("-F");
    }
    tail.arg(&log).status().context("tail")?;
    Ok(())
}

fn known_logs(stack: &Stack) -> Result<Vec<String>> {
    let mut names: Vec<String> = std::fs::read_dir(stack.home.join("log"))?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".log").map(str::to_owned))
        .collect();
    names.sort();
    Ok(names)
}

/// Everything another program needs to attach, passwords of this private stack included.
fn describe(stack: &Stack, state: &State, states: &[(String, bool)]) -> Value {
    let (ports, secrets) = (&stack.ports, &stack.secrets);
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let is_ready = |name: &str| states.iter().any(|(known, ready)| known == name && *ready);
    let services: Vec<Value> = instances(stack, state.replicas)
        .iter()
        .map(|instance| {
            json!({
                "service": instance.service,
                "name": instance.name,
                "url": instance.public_port.map(url),
                "admin_url": url(instance.admin_port),
                "pid": state.process(&instance.name).map(|process| process.pid),
                "ready": is_ready(&instance.name),
            })
        })
        .collect();
    let processes: Vec<Value> = state
        .processes
        .iter()
        .map(|process| {
            json!({
                "name": process.name, "pid": process.pid,
                "ready": is_ready(&process.name), "log": process.log,
            })
        })
        .collect();
    let pooled = Login { port: ports.pgbouncer, ..Login::owner(stack) };
    let users: Vec<Value> = DEMO_LOGINS
        .iter()
        .map(|(email, role, department)| {
            json!({"email": email, "password": DEMO_PASSWORD, "role": role, "department": department})
        })
        .collect();
    json!({
        "running": true,
        "replicas": state.replicas,
        "gateway": {"url": url(ports.gateway), "docs_url": url(ports.gateway) + "/api/docs"},
        "services": services,
        "postgres": {
            "host": "127.0.0.1", "port": ports.postgres, "database": DATABASE,
            "url": Login::owner(stack).url(DATABASE),
            "superuser_url": Login::superuser(stack).url(DATABASE),
        },
        "pgbouncer": {
            "host": "127.0.0.1", "port": ports.pgbouncer,
            "url": pooled.url(DATABASE), "console_url": pooled.url("pgbouncer"),
            "roles": {
                "portal_cases_api": secrets.portal_cases_api,
                "portal_locks_api": secrets.portal_locks_api,
                "portal_export_worker": secrets.portal_export_worker,
            },
        },
        "redis": {"url": redis_url(stack)},
        "rabbitmq": {"url": amqp_url(stack), "metrics_url": url(ports.rabbitmq_metrics) + "/metrics"},
        "observability": state.observability.then(|| {
            let watch = &ports.observability;
            json!({
                "prometheus_url": url(watch.prometheus),
                "alertmanager_url": url(watch.alertmanager),
                "traces_url": url(watch.traces),
                "otlp_url": url(watch.otlp_http),
            })
        }),
        "blob_dir": stack.home.join("blobs"),
        "processes": processes,
        "demo_logins": users,
    })
}
