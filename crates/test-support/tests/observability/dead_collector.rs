//! A collector that takes connections and never says a word costs requests nothing.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use serde_json::json;
use test_support::portal::User;
use test_support::{Http, Stack};
use tokio::time::Instant;
use uuid::Uuid;

const REQUESTS: usize = 300;
/// Far more than a request takes, far less than the exporter waits for its collector.
const SLOW: Duration = Duration::from_millis(500);
/// Flushing gives up after the exporter's own patience.
const LONGEST_GOODBYE: Duration = Duration::from_secs(10);

/// A locks-api of this test's own; ended with it.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    async fn end(&mut self) -> ExitStatus {
        let asked = Command::new("kill").arg(self.0.id().to_string()).status();
        assert!(asked.expect("kill").success());
        let deadline = Instant::now() + LONGEST_GOODBYE;
        loop {
            if let Some(status) = self.0.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < deadline, "it waits for a collector that is dead");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[actix_rt::test]
async fn a_dead_collector_costs_nothing() {
    // Accepts by the kernel's backlog, and nobody ever reads.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let collector = format!("http://{}", silent.local_addr().expect("an address"));
    let [public, admin] = [(); 2].map(|()| free_port());
    let mut process = start(&collector, public, admin);
    let ready = Http::anonymous(format!("http://127.0.0.1:{admin}"));
    wait_until_ready(&ready).await;

    let user = User::fag("kld").await;
    let locks = Http::anonymous(format!("http://127.0.0.1:{public}")).with_token(&user.token);
    let mut longest = Duration::ZERO;
    for _ in 0..REQUESTS {
        let resource = json!({ "resourceType": "case", "resourceId": Uuid::new_v4() });
        let begun = Instant::now();
        let answer = locks.post("/api/locks", &resource).await;
        longest = longest.max(begun.elapsed());
        assert!(!answer.status.is_server_error(), "{}", answer.text());
    }
    assert!(longest < SLOW, "a request took {longest:?}");
    assert!(process.end().await.success());
}

fn start(collector: &str, public: u16, admin: u16) -> Process {
    let stack = Stack::load();
    let role = &stack.roles.locks_api;
    let (host, port) = (&stack.pgbouncer.host, stack.pgbouncer.port);
    let database =
        format!("postgres://{}:{}@{host}:{port}/{}", role.user, role.password, stack.database);
    let child = Command::new(program())
        .env("DATABASE_URL", database)
        .env("REDIS_URL", &stack.redis_url)
        .env("AUTH_JWKS_URL", format!("{}/api/auth/jwks.json", stack.cases_api_url))
        .env("HTTP_BIND", format!("127.0.0.1:{public}"))
        .env("ADMIN_BIND", format!("127.0.0.1:{admin}"))
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector)
        // So that many an export is under way while requests are answered.
        .env("OTEL_BSP_SCHEDULE_DELAY", "50")
        .spawn();
    Process(child.expect("locks-api"))
}

/// Beside the tests, where cargo builds both.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("this test's own path");
    let built = test.ancestors().nth(2).expect("target/debug/deps/test").join("locks-api");
    assert!(built.is_file(), "{} was not built", built.display());
    built
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

async fn wait_until_ready(admin: &Http) {
    let deadline = Instant::now() + Duration::from_secs(30);
    let url = "/health/ready";
    loop {
        let request = admin.request(reqwest::Method::GET, url);
        if request.send().await.is_ok_and(|response| response.status().is_success()) {
            return;
        }
        assert!(Instant::now() < deadline, "locks-api does not become ready");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
