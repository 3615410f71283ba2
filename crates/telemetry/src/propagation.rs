//! W3C trace context in and out of carriers: HTTP headers, AMQP headers, a column of a job row.
//!
//! Callers bring their carrier as an [`Injector`] or [`Extractor`]; this module is the only one
//! that knows how the current span maps to an OpenTelemetry context.

use std::collections::HashMap;

use opentelemetry::Context;
pub use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::TraceContextExt as _;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::request;

/// Name of the header that carries the context (W3C Trace Context, section 3.2).
pub const TRACEPARENT: &str = "traceparent";

/// Writes the current span's context into `carrier`, be it sampled or not; writes nothing when there
/// are no traces.
pub fn inject_current(carrier: &mut dyn Injector) {
    let context = current();
    opentelemetry::global::get_text_map_propagator(|propagator| {
        propagator.inject_context(&context, carrier);
    });
}

fn current() -> Context {
    let context = Span::current().context();
    if context.span().span_context().is_valid() {
        return context;
    }
    match request::current(|known| known.ids.clone()).flatten() {
        Some(ids) => Context::new().with_remote_span_context(ids),
        None => context,
    }
}

/// Makes `span` a child of the context found in `carrier`, when there is one.
pub fn set_parent(span: &Span, carrier: &dyn Extractor) {
    let context = opentelemetry::global::get_text_map_propagator(|p| p.extract(carrier));
    if context.span().span_context().is_valid() {
        // Fails only when no OpenTelemetry layer is installed: then there is nothing to link.
        let _ = span.set_parent(context);
    }
}

/// The current span's context as a `traceparent` value, to be kept with a job until it runs.
#[must_use]
pub fn current_traceparent() -> Option<String> {
    let mut carrier = HashMap::new();
    inject_current(&mut carrier);
    carrier.remove(TRACEPARENT)
}

/// Makes `span` a child of a kept `traceparent` value.
pub fn set_parent_from(span: &Span, traceparent: &str) {
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    set_parent(span, &carrier);
}

/// Trace id of the current span, 32 hexadecimal digits; `None` outside a trace.
#[must_use]
pub fn current_trace_id() -> Option<String> {
    let context = current();
    let span = context.span();
    let span_context = span.span_context();
    span_context.is_valid().then(|| span_context.trace_id().to_string())
}
