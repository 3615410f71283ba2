//! What a task knows of the request that it works for.
//!
//! Every log line of a request carries its id, its path and its trace, sampled or not. Most requests
//! are not sampled and write no line, so they have no span, which each poll would enter and leave:
//! what they are known by goes with the task and is read when a line is written.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use tracing::{Instrument as _, Span, field, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::sampling::{self, Decision};

tokio::task_local! {
    static CURRENT: Arc<Known>;
}

/// What log lines say of the request they belong to. A query string does not belong there, as
/// search texts and addresses are personal data.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) id: String,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    /// The ids of a request that is not sampled, if there are traces at all.
    pub(crate) ids: Option<SpanContext>,
    /// Whether a span says the same of it.
    pub(crate) has_span: bool,
}

/// A request that came in.
#[derive(Clone, Debug)]
pub struct Request {
    known: Arc<Known>,
    /// Disabled when the request is not sampled.
    span: Span,
}

impl Request {
    /// Below the context that `carrier` holds, whose decision on sampling is followed.
    #[must_use]
    pub fn new(method: &'static str, path: &str, id: String, carrier: &dyn Extractor) -> Self {
        let (span, ids) = match sampling::decide(carrier) {
            Decision::Untraced(ids) => (Span::none(), ids),
            Decision::Traced(parent) => {
                let span = info_span!(
                    "request",
                    otel.name = method,
                    otel.kind = "server",
                    otel.status_code = field::Empty,
                    error.type = field::Empty,
                    http.request.method = method,
                    url.path = path,
                    request_id = id,
                );
                // Fails only when no OpenTelemetry layer is installed: nothing to link then.
                let _ = span.set_parent(parent);
                (span, None)
            }
        };
        let has_span = !span.is_disabled();
        Self { known: Arc::new(Known { id, method, path: path.to_owned(), ids, has_span }), span }
    }

    /// The id that every service on its way logs.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.known.id
    }

    /// Where it was sent to, without its query string.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.known.path
    }

    /// Does the request's work.
    pub async fn run<F: Future>(&self, work: F) -> F::Output {
        CURRENT.scope(Arc::clone(&self.known), work).instrument(self.span.clone()).await
    }

    /// Tells the request's span what is known only after routing.
    pub fn answered(&self, route: &str, status: u16) {
        if self.span.is_disabled() {
            return;
        }
        let method = self.known.method;
        let context = self.span.context();
        let span = context.span();
        span.update_name(format!("{method} {route}"));
        span.set_attributes([
            KeyValue::new("http.route", route.to_owned()),
            KeyValue::new("http.response.status_code", i64::from(status)),
            KeyValue::new("url.scheme", "http"),
        ]);
        if status >= FIRST_SERVER_ERROR {
            crate::span::fail(&self.span, &status.to_string());
        }
    }
}

const FIRST_SERVER_ERROR: u16 = 500;

/// What is known of the request that the current task works for.
pub(crate) fn current<T>(look: impl FnOnce(&Known) -> T) -> Option<T> {
    CURRENT.try_with(|known| look(known)).ok()
}

/// The id of the request that the current task works for.
#[must_use]
pub fn current_id() -> Option<String> {
    current(|known| known.id.clone())
}

/// `work` for another thread, with the request and the span that are current here.
pub fn carried<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let span = Span::current();
    let known = CURRENT.try_with(Arc::clone).ok();
    move || {
        let _entered = span.entered();
        match known {
            Some(known) => CURRENT.sync_scope(known, work),
            None => work(),
        }
    }
}
