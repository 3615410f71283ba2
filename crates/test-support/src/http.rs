//! A small client that speaks to an API as one actor, and assertions about what it answers.

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::actor::Actor;

/// Media type of every failing response (RFC 9457).
const PROBLEM_JSON: &str = "application/problem+json";

/// An API at some address, asked by one caller.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Http {
    /// Speaks to the API at `base` (scheme, host and port) without a token.
    #[must_use]
    pub fn anonymous(base: impl Into<String>) -> Self {
        Self { client: client(), base: base.into(), token: None }
    }

    /// Where the API is.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The same API, asked by `actor`.
    #[must_use]
    pub fn by(&self, actor: &Actor) -> Self {
        self.with_token(actor.token())
    }

    /// The same API, asked with any token at all.
    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// Starts a request, for tests that need a header or a raw body; finish it with [`Http::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request that [`Http::request`] started.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap_or_else(|error| panic!("no answer: {error:?}"));
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.unwrap_or_else(|error| panic!("cut off: {error:?}"));
        Answer { status, headers, body: body.to_vec() }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: &impl Serialize) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: &impl Serialize) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }
}

/// A complete response.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// Response headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as a value of `T`.
    #[must_use]
    pub fn parse<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {} {}", self.status, self.text()))
    }

    /// The body as any JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        self.parse()
    }

    /// A response header as text, or `""` when it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or(""))
    }

    /// Fails unless the status is this one; returns itself to chain on.
    #[track_caller]
    #[expect(
        clippy::must_use_candidate,
        reason = "the assertion is the point, the value a convenience"
    )]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// Fails unless this is a problem of this status and type with everything a client relies on: the
    /// media type, a title, and `message` equal to `detail`. Returns the document.
    #[track_caller]
    #[expect(
        clippy::must_use_candidate,
        reason = "the assertion is the point, the value a convenience"
    )]
    pub fn assert_problem(&self, status: u16, problem_type: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert!(
            self.header("content-type").starts_with(PROBLEM_JSON),
            "content type is {:?}: {}",
            self.header("content-type"),
            self.text()
        );
        let problem = self.json();
        assert_eq!(problem["type"], problem_type, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert!(problem["title"].is_string(), "no title: {problem}");
        assert!(problem["message"].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        assert_eq!(problem["message"], problem["detail"], "{problem}");
        problem
    }
}

/// A client that follows nothing by itself: a redirect is an answer to assert on.
pub(crate) fn client() -> reqwest::Client {
    // Plain HTTP only, but the client insists on a TLS provider.
    edge::tls::install();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client without special options")
}
