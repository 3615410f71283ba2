//! The gateway's own behaviour when a service fails: a private nginx with the portal's
//! configuration, in front of services that misbehave on purpose.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Method;
use tempfile::TempDir;
use test_support::Answer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use test_support::portal::assert_problem_document;

const TEMPLATE: &str = include_str!("../../../../compose/nginx/gateway.conf.template");

/// Where Debian keeps a server that is not on every user's path.
const NGINX: &str = "/usr/sbin/nginx";

/// The client's files, beside the gateway's own.
const WEB_ROOT: &str = "klient";

/// What a service does with a request.
#[derive(Clone, Copy)]
enum Manners {
    /// Answers with the request's own head as text.
    Echo,
    /// Answers with these bytes.
    Say(&'static str),
    /// Reads the request and closes.
    HangUp,
}

/// A service that only counts what reaches it.
pub(super) struct Service {
    address: String,
    requests: Arc<AtomicUsize>,
}

impl Service {
    async fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, manners, Arc::clone(&counter)));
            }
        });
        Self { address, requests }
    }

    /// An address that refuses connections.
    pub(super) async fn dead() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        listener.local_addr().expect("an address").to_string()
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn serve(mut connection: TcpStream, manners: Manners, counter: Arc<AtomicUsize>) {
    let mut head = Vec::new();
    // The bodies of these tests are empty, so a request ends with its head.
    while !head.ends_with(b"\r\n\r\n") {
        match connection.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    counter.fetch_add(1, Ordering::SeqCst);
    let head = String::from_utf8_lossy(&head);
    let answer = match manners {
        Manners::Echo => {
            format!(
                "HTTP/1.1 200 OK\r\nX-Request-Id: mine\r\nContent-Length: {}\r\n\r\n{head}",
                head.len()
            )
        }
        Manners::Say(bytes) => bytes.to_owned(),
        Manners::HangUp => return,
    };
    // The gateway may have gone; then nobody is interested.
    let _ = connection.write_all(answer.as_bytes()).await;
}

/// An nginx of this test's own, reached over a socket file, so that it takes no port.
pub(super) struct Gateway {
    nginx: Child,
    client: reqwest::Client,
    _home: TempDir,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It runs as one process, so this ends all of it.
        let _ = self.nginx.kill();
        let _ = self.nginx.wait();
    }
}

impl Gateway {
    async fn start(services: &[&str]) -> Self {
        Self::start_with(services, &[("index.html", "<p>siden</p>")]).await
    }

    /// With these files as the client's.
    pub(super) async fn start_with(services: &[&str], files: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let socket = home.path().join("gateway.sock");
        for (name, content) in files {
            let path = home.path().join(WEB_ROOT).join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, content).expect("a file");
        }
        fs::write(home.path().join("nginx.conf"), configuration(home.path(), services))
            .expect("a configuration");
        let program = if Path::new(NGINX).exists() { NGINX } else { "nginx" };
        let nginx = Command::new(program)
            .args(["-e", "stderr", "-p"])
            .arg(home.path())
            .arg("-c")
            .arg(home.path().join("nginx.conf"))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx is installed");
        edge::tls::install();
        let client = reqwest::Client::builder().unix_socket(socket).build().expect("a client");
        let gateway = Self { nginx, client, _home: home };
        gateway.wait_until_it_serves().await;
        gateway
    }

    async fn wait_until_it_serves(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.client.get("http://portalen/").send().await.is_err() {
            assert!(Instant::now() < deadline, "nginx does not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Asks for an address with these headers, exactly as it is spelled.
    pub(super) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.client.get(format!("http://portalen{path}"));
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request).await
    }

    pub(super) async fn call(&self, method: Method, path: &str) -> Answer {
        self.send(self.client.request(method, format!("http://portalen{path}"))).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.expect("a whole answer").to_vec();
        Answer { status, headers, body }
    }
}

fn configuration(home: &Path, services: &[&str]) -> String {
    let servers: Vec<String> = services
        .iter()
        .map(|address| format!("server {address} max_fails=1 fail_timeout=2s;"))
        .collect();
    let servers = servers.join("\n");
    let home = home.display().to_string();
    let values = [
        ("CASES_API_SERVERS", servers.clone()),
        ("LOCKS_API_SERVERS", servers),
        ("GATEWAY_LISTEN", format!("unix:{home}/gateway.sock")),
        ("GATEWAY_ACCESS_LOG", format!("{home}/access.log")),
        ("GATEWAY_WEB_ROOT", format!("{home}/{WEB_ROOT}")),
        ("GATEWAY_CSP", "\"default-src 'self'\"".to_owned()),
    ];
    let mut gateway = TEMPLATE.to_owned();
    for (name, value) in values {
        gateway = gateway.replace(&format!("${{{name}}}"), &value);
    }
    fs::write(format!("{home}/gateway.conf"), gateway).expect("a configuration");
    let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {home}/{kind};\n"))
        .concat();
    format!(
        "daemon off;\nmaster_process off;\npid {home}/pid;\nevents {{}}\n\
         http {{\n{folders}include {home}/gateway.conf;\n}}\n"
    )
}

fn assert_unavailable(answer: &Answer, request: &str) {
    answer.assert_problem(503, "/problems/unavailable");
    assert_problem_document(answer, request);
    assert_eq!(answer.header("retry-after"), "2", "{request}");
    assert_eq!(answer.json()["instance"], answer.header("x-request-id"), "{request}");
}

#[tokio::test]
async fn i7_a_service_that_cannot_be_reached_is_a_503_problem_and_the_page_still_comes() {
    let dead = Service::dead().await;
    let gateway = Gateway::start(&[&dead]).await;
    for path in [
        "/api/cases",
        "/api/locks",
        "/api/locks/x",
        "/api/api/export/jobs",
        "/api/events",
        "/uploads/x",
    ] {
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = gateway.call(method.clone(), path).await;
            assert_unavailable(&answer, &format!("{method} {path}"));
        }
    }
    let page = gateway.call(Method::GET, "/saker").await;
    assert!(page.assert_status(200).text().contains("siden"));
}

#[tokio::test]
async fn i7_a_service_that_breaks_off_is_a_503_problem() {
    for manners in [Manners::HangUp, Manners::Say("HTTP/1.1 200 OK\r\nContent-")] {
        for method in [Method::GET, Method::PUT] {
            let service = Service::start(manners).await;
            let gateway = Gateway::start(&[&service.address]).await;
            let answer = gateway.call(method.clone(), "/api/cases").await;
            assert_unavailable(&answer, &format!("{method}"));
        }
    }
}

#[tokio::test]
async fn what_a_service_says_itself_is_passed_on_as_it_is() {
    const OWN: &str = "HTTP/1.1 503 Service Unavailable\r\n\
        Content-Type: application/problem+json\r\nRetry-After: 7\r\nContent-Length: 21\r\n\r\n\
        {\"message\":\"Vent.\"}  ";
    let service = Service::start(Manners::Say(OWN)).await;
    let gateway = Gateway::start(&[&service.address]).await;
    let answer = gateway.call(Method::GET, "/api/cases").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "7"));
    assert_eq!(answer.headers.get_all("retry-after").iter().count(), 1);
    assert_eq!(answer.json()["message"], "Vent.");
}

#[tokio::test]
async fn request_id_and_trace_context_reach_the_service() {
    let service = Service::start(Manners::Echo).await;
    let gateway = Gateway::start(&[&service.address]).await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for method in [Method::GET, Method::PUT] {
        for path in ["/api/cases?search=x", "/api/locks/x", "/api/events"] {
            let request = gateway.client.request(method.clone(), format!("http://portalen{path}"));
            let request = request
                .header("x-request-id", "Feil-1")
                .header("traceparent", trace)
                .header("tracestate", "a=b")
                .header("idempotency-key", "n-1");
            let answer = gateway.send(request).await;
            let head = answer.assert_status(200).text().to_lowercase();
            assert!(head.contains(path), "{head}");
            for line in [
                "x-request-id: feil-1",
                &format!("traceparent: {trace}"),
                "tracestate: a=b",
                "idempotency-key: n-1",
            ] {
                assert_eq!(head.matches(line).count(), 1, "{line} in {head}");
            }
            // The service's own word for it is replaced, not repeated.
            let ids: Vec<_> = answer.headers.get_all("x-request-id").iter().collect();
            assert_eq!(ids, ["Feil-1"]);
        }
    }
}

#[tokio::test]
async fn a_write_whose_answer_got_lost_is_not_sent_again() {
    let writes = [Method::PUT, Method::DELETE, Method::POST, Method::PATCH];
    for method in writes {
        for path in ["/api/cases/x", "/api/locks/x", "/uploads/x"] {
            let (one, two) =
                (Service::start(Manners::HangUp).await, Service::start(Manners::HangUp).await);
            let gateway = Gateway::start(&[&one.address, &two.address]).await;
            let answer = gateway.call(method.clone(), path).await;
            assert_unavailable(&answer, &format!("{method} {path}"));
            assert_eq!(one.requests() + two.requests(), 1, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn i7_a_replica_that_refuses_is_passed_over_by_writes_too() {
    for method in [Method::PUT, Method::DELETE, Method::POST, Method::PATCH] {
        for path in ["/api/cases/x", "/api/locks/x", "/uploads/x"] {
            let (dead, living) = (Service::dead().await, Service::start(Manners::Echo).await);
            let gateway = Gateway::start(&[&dead, &living.address]).await;
            for _request in 0..5 {
                gateway.call(method.clone(), path).await.assert_status(200);
            }
            assert_eq!(living.requests(), 5, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn i7_a_replica_that_is_gone_is_passed_over_by_reads() {
    let (dead, living) = (Service::dead().await, Service::start(Manners::Echo).await);
    let gateway = Gateway::start(&[&dead, &living.address]).await;
    for _request in 0..20 {
        gateway.call(Method::GET, "/api/cases").await.assert_status(200);
    }
    assert_eq!(living.requests(), 20);

    let (broken, living) =
        (Service::start(Manners::HangUp).await, Service::start(Manners::Echo).await);
    let gateway = Gateway::start(&[&broken.address, &living.address]).await;
    for _request in 0..20 {
        gateway.call(Method::GET, "/api/locks?resourceType=case").await.assert_status(200);
    }
    assert_eq!(living.requests(), 20);
}
