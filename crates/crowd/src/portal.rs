//! Requests to the portal as one signed-in person, and what counts as a good answer.

use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use flate2::read::GzDecoder;
use http_body_util::Full;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use hyper::{Method, Request, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::names;
use crate::recorder::Recorder;
use crowd::connection::{Connection, Host, Received};

/// The beginning of a failure that is the portal's own.
const SERVER_ERROR: &str = "5xx";

/// One person's connection and token.
#[derive(Debug)]
pub(crate) struct Portal {
    host: Host,
    connection: Connection,
    recorder: Arc<Recorder>,
    token: Option<String>,
}

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Question {
    method: Method,
    path: String,
    name: &'static str,
    body: Option<Value>,
    /// A status that is no failure, and a word for it.
    expected: Option<(StatusCode, &'static str)>,
    is_anonymous: bool,
}

impl Question {
    pub(crate) fn new(method: Method, path: impl Into<String>, name: &'static str) -> Self {
        let path = path.into();
        Self { method, path, name, body: None, expected: None, is_anonymous: false }
    }

    pub(crate) fn get(path: impl Into<String>, name: &'static str) -> Self {
        Self::new(Method::GET, path, name)
    }

    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(crate) fn expecting(mut self, status: StatusCode, word: &'static str) -> Self {
        self.expected = Some((status, word));
        self
    }

    /// Without a token, as links and beacons of a page are sent.
    pub(crate) fn anonymous(mut self) -> Self {
        self.is_anonymous = true;
        self
    }

    /// The word for a refusal that is no failure.
    fn refusal(&self, status: StatusCode) -> Option<&'static str> {
        match self.expected {
            _ if status == StatusCode::TOO_MANY_REQUESTS => Some("429 rate limit"),
            Some((expected, word)) if status == expected => Some(word),
            _ => None,
        }
    }
}

/// What came back; no status if nothing did.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: Option<StatusCode>,
    pub(crate) retry_after: Duration,
    body: Vec<u8>,
}

#[derive(Deserialize)]
struct Problem {
    r#type: String,
}

impl Answer {
    pub(crate) fn is_ok(&self) -> bool {
        self.status.is_some_and(|status| status.is_success())
    }

    pub(crate) fn is(&self, status: StatusCode) -> bool {
        self.status == Some(status)
    }

    /// The body, of an answer that was asked for. `None` of any other: its failure is recorded.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        self.is_ok().then(|| serde_json::from_slice(&self.body).ok()).flatten()
    }

    /// The type of a refusal (`docs/problems.md`), without its prefix.
    pub(crate) fn problem(&self) -> String {
        serde_json::from_slice::<Problem>(&self.body)
            .map(|problem| problem.r#type.replace("/problems/", ""))
            .unwrap_or_default()
    }
}

impl Portal {
    pub(crate) fn new(host: Host, recorder: Arc<Recorder>) -> Self {
        Self { connection: Connection::new(host.clone()), host, recorder, token: None }
    }

    /// The same person on a connection beside the first.
    pub(crate) fn beside(&self) -> Self {
        let connection = Connection::new(self.host.clone());
        let (host, recorder) = (self.host.clone(), Arc::clone(&self.recorder));
        Self { host, connection, recorder, token: self.token.clone() }
    }

    pub(crate) fn authenticate(&mut self, token: &str) {
        self.token = Some(format!("Bearer {token}"));
    }

    /// Puts something that is no request of its own into the statistics.
    pub(crate) fn report(&self, name: &'static str, took: Duration, failure: Option<&str>) {
        let key = (names::JOB, name, None);
        match failure {
            None => self.recorder.answer(key, took),
            Some(failure) => self.recorder.failure(key, took, failure.to_owned()),
        }
    }

    /// Asks, waits, and records what came of it.
    pub(crate) async fn send(&mut self, question: Question) -> Answer {
        let method = method_name(&question.method);
        let request = match self.request(&question) {
            Ok(request) => request,
            Err(error) => {
                let key = (method, question.name, None);
                self.recorder.failure(key, Duration::ZERO, format!("unsendable: {error:#}"));
                return Answer { status: None, retry_after: Duration::ZERO, body: Vec::new() };
            }
        };
        let asked_at = Instant::now();
        let outcome = self.connection.send(request).await.and_then(Answer::try_from);
        let took = asked_at.elapsed();
        match outcome {
            Ok(answer) => {
                let status = answer.status.unwrap_or_default();
                let refusal = question.refusal(status);
                let key = (method, question.name, refusal);
                if answer.is_ok() || refusal.is_some() {
                    self.recorder.answer(key, took);
                } else {
                    self.recorder.failure(key, took, complaint(status, &answer));
                }
                answer
            }
            Err(error) => {
                let key = (method, question.name, None);
                // The portal is gone or too slow: its own fault, as much as a 5xx.
                let root = error.root_cause();
                self.recorder.failure(key, took, format!("{SERVER_ERROR} no answer: {root}"));
                Answer { status: None, retry_after: Duration::ZERO, body: Vec::new() }
            }
        }
    }

    fn request(&self, question: &Question) -> Result<Request<Full<Bytes>>> {
        let mut builder = Request::builder()
            .method(&question.method)
            .uri(&question.path)
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, "gzip");
        if let (Some(token), false) = (&self.token, question.is_anonymous) {
            builder = builder.header(AUTHORIZATION, token);
        }
        let body = match &question.body {
            Some(body) => {
                builder = builder.header(CONTENT_TYPE, "application/json");
                Bytes::from(serde_json::to_vec(body)?)
            }
            None => Bytes::new(),
        };
        builder.body(Full::new(body)).context("the request")
    }
}

impl TryFrom<Received> for Answer {
    type Error = anyhow::Error;

    fn try_from(received: Received) -> Result<Self> {
        let is_packed =
            received.headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding == "gzip");
        let body = if is_packed {
            let mut body = Vec::new();
            GzDecoder::new(&received.body[..]).read_to_end(&mut body)?;
            body
        } else {
            received.body.to_vec()
        };
        let retry_after = received
            .headers
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map_or(Duration::ZERO, Duration::from_secs);
        Ok(Self { status: Some(received.status), retry_after, body })
    }
}

fn complaint(status: StatusCode, answer: &Answer) -> String {
    if status.is_server_error() {
        format!("{SERVER_ERROR} {}", status.as_u16())
    } else {
        format!("unexpected {} {}", status.as_u16(), answer.problem()).trim_end().to_owned()
    }
}

/// Names that live as long as the statistics.
fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        _ => "other",
    }
}
