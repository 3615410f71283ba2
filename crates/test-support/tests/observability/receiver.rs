//! The end of the line for traces: takes what the collector hands on, over OTLP.

use std::io::Read as _;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Attribute;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use prost::Message as _;
use test_support::Stack;
use tokio::time::Instant;

/// Longest wait for spans: they pass two batches on their way.
const PATIENCE: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_millis(100);

/// A span as far as the tests look at it.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) service: String,
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) name: String,
    /// 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
    pub(crate) kind: i32,
    pub(crate) attributes: Vec<(String, String)>,
}

impl Span {
    /// An attribute as text; empty when there is none.
    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

type Kept = Arc<Mutex<Vec<Span>>>;

/// A server for `POST /v1/traces`.
pub(crate) struct Receiver {
    spans: Kept,
    server: ServerHandle,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let port = Stack::load().trace_receiver_port.expect("a stack that is watched");
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the receiver's port");
        let spans = Kept::default();
        let shared = web::Data::new(Kept::clone(&spans));
        let app = move || {
            App::new()
                .app_data(shared.clone())
                .app_data(web::PayloadConfig::new(64 << 20))
                .route("/v1/traces", web::post().to(take))
        };
        let server = HttpServer::new(app).workers(1).disable_signals();
        let server = server.listen(listener).expect("a bound listener").run();
        let handle = server.handle();
        actix_rt::spawn(server);
        Self { spans, server: handle }
    }

    /// Everything that came so far.
    pub(crate) fn all(&self) -> Vec<Span> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The spans of a trace, once `is_whole` says that all have come.
    pub(crate) async fn trace(&self, id: &str, is_whole: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let spans: Vec<Span> = self.all().into_iter().filter(|span| span.trace == id).collect();
            if is_whole(&spans) {
                return spans;
            }
            assert!(Instant::now() < deadline, "the trace is not whole: {}", tree(&spans, ""));
            tokio::time::sleep(GLANCE).await;
        }
    }

    pub(crate) async fn stop(self) {
        self.server.stop(true).await;
    }
}

async fn take(kept: web::Data<Kept>, body: web::Bytes) -> HttpResponse {
    // The collector compresses whatever it is told.
    let mut bytes = Vec::new();
    if GzDecoder::new(body.as_ref()).read_to_end(&mut bytes).is_err() {
        return HttpResponse::UnsupportedMediaType().finish();
    }
    let Ok(request) = ExportTraceServiceRequest::decode(bytes.as_slice()) else {
        return HttpResponse::BadRequest().finish();
    };
    let spans = request.resource_spans.into_iter().flat_map(|resource| {
        let attributes = resource.resource.map(|resource| resource.attributes).unwrap_or_default();
        let service = value_of(&attributes, "service.name");
        let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
        spans.map(move |span| Span {
            service: service.clone(),
            trace: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            name: span.name,
            kind: span.kind,
            attributes: texts(&span.attributes),
        })
    });
    kept.lock().unwrap_or_else(PoisonError::into_inner).extend(spans);
    HttpResponse::Ok().content_type("application/x-protobuf").finish()
}

fn texts(attributes: &[KeyValue]) -> Vec<(String, String)> {
    attributes.iter().map(|pair| (pair.key.clone(), text(pair.value.as_ref()))).collect()
}

fn value_of(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|pair| pair.key == name);
    found.map(|pair| text(pair.value.as_ref())).unwrap_or_default()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Attribute::StringValue(text)) => text.clone(),
        Some(Attribute::IntValue(number)) => number.to_string(),
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// The spans below `parent`, indented, for a person who reads a failed test. With no parent given,
/// those whose parent is not among the spans.
pub(crate) fn tree(spans: &[Span], parent: &str) -> String {
    let is_known = |id: &str| spans.iter().any(|span| span.id == id);
    let children = spans.iter().filter(|span| {
        if parent.is_empty() { !is_known(&span.parent) } else { span.parent == parent }
    });
    children
        .map(|span| {
            let below = tree(spans, &span.id).replace('\n', "\n  ");
            format!("\n{} [{} {}]{below}", span.name, span.service, span.kind)
        })
        .collect::<Vec<_>>()
        .concat()
}
