//! What is sent, as whom and where to; and what is noted of each answer.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use crowd::connection::{Connection, Host};
use http_body_util::Full;
use hyper::Request;
use hyper::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use serde::Deserialize;
use tokio::time::Instant;

/// Hosts, users and calls take turns.
#[derive(Debug, Deserialize)]
pub(crate) struct Plan {
    hosts: Vec<String>,
    tokens: Vec<String>,
    #[serde(default)]
    pub(crate) calls: Vec<Call>,
    #[serde(default)]
    pub(crate) departments: Vec<Department>,
}

/// One request.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) body: Option<String>,
}

/// A list, and a case in it that is saved.
#[derive(Debug, Deserialize)]
pub(crate) struct Department {
    pub(crate) list: Call,
    pub(crate) save: Call,
    pub(crate) case: String,
}

/// One answer: `BEGUN_US TOOK_US STATUS TOLD_WHEN`, where the status is 0 when there was none, and
/// the last is 1 when a refusal said when to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    begun: Duration,
    took: Duration,
    status: u16,
    told_when: bool,
}

impl Plan {
    pub(crate) fn connection(&self, nth: usize) -> Result<Connection> {
        Ok(Connection::new(self.host(nth)?))
    }

    pub(crate) fn host(&self, nth: usize) -> Result<Host> {
        Host::parse(turn(&self.hosts, nth)?)
    }

    /// The `nth` call of all.
    pub(crate) fn request(&self, nth: usize) -> Result<Request<Full<Bytes>>> {
        self.request_of(turn(&self.calls, nth)?, nth)
    }

    /// A call as the `nth` user.
    pub(crate) fn request_of(&self, call: &Call, nth: usize) -> Result<Request<Full<Bytes>>> {
        let request = Request::builder()
            .method(call.method.as_str())
            .uri(&call.path)
            .header(AUTHORIZATION, format!("Bearer {}", turn(&self.tokens, nth)?))
            .header(ACCEPT_ENCODING, "gzip")
            .header(CONTENT_TYPE, "application/json");
        let body = call.body.clone().unwrap_or_default();
        request.body(Full::new(body.into())).context("the plan")
    }
}

fn turn<T>(things: &[T], nth: usize) -> Result<&T> {
    let index = nth.checked_rem(things.len()).context("the plan lacks something")?;
    things.get(index).context("the plan lacks something")
}

impl Sample {
    /// Sends a request and notes what came back. It counts from `due` on, which may have been a
    /// while ago.
    pub(crate) async fn take(
        connection: &mut Connection,
        request: Request<Full<Bytes>>,
        (start, due): (Instant, Instant),
    ) -> Self {
        let answer = connection.send(request).await;
        let (begun, took) = (due.saturating_duration_since(start), due.elapsed());
        match answer {
            Ok(answer) => {
                let told_when = answer.headers.contains_key(RETRY_AFTER);
                Self { begun, took, status: answer.status.as_u16(), told_when }
            }
            Err(_) => Self { begun, took, status: 0, told_when: false },
        }
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { begun, took, status, told_when } = self;
        write!(f, "{} {} {status} {}", begun.as_micros(), took.as_micros(), u8::from(*told_when))
    }
}
