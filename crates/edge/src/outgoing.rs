//! Requests to other services: part of the trace that causes them.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Request, Response};
use telemetry::propagation::{self, Injector};
use tracing::Instrument as _;

/// Sends a request in a span of its own, and the trace's context with it.
///
/// # Errors
/// Those of the client.
pub async fn send(client: &Client, mut request: Request) -> Result<Response, reqwest::Error> {
    let url = request.url();
    // Without the query: what it holds is not ours to publish.
    let address = format!("{}{}", url.origin().ascii_serialization(), url.path());
    let host = url.host_str().unwrap_or_default();
    let span = telemetry::span::http_request(request.method().as_str(), host, &address);
    span.in_scope(|| propagation::inject_current(&mut Headers(request.headers_mut())));
    let answer = client.execute(request).instrument(span.clone()).await;
    match &answer {
        Ok(response) => {
            span.record("http.response.status_code", response.status().as_u16());
            if !response.status().is_success() {
                telemetry::span::fail(&span, response.status().as_str());
            }
        }
        Err(error) => {
            telemetry::span::fail(&span, if error.is_timeout() { "timeout" } else { "connection" });
        }
    }
    answer
}

struct Headers<'a>(&'a mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}
