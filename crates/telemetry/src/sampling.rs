//! Decides whether a request is traced before it has a span.
//!
//! Most requests are not sampled, and each still needs a trace id: its log lines carry it, and what
//! it calls keeps to the decision. OpenTelemetry's layer would prepare a whole span for each and
//! throw it away. Here such a request has its ids and no span.

use std::num::NonZeroU32;
use std::sync::OnceLock;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::{
    Link, SpanContext, SpanKind, TraceContextExt as _, TraceFlags, TraceId,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{
    IdGenerator as _, RandomIdGenerator, Sampler, SamplingDecision, SamplingResult, ShouldSample,
};

/// Most traces that a process begins in a second, however many requests come in. More are more
/// than anybody looks at, and making their spans would cost just when the process has most to do.
const MOST_TRACES_A_SECOND: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// Set once spans are exported; without it nothing is sampled and nothing has ids.
static REQUESTS: OnceLock<Requests> = OnceLock::new();

/// How it is decided for requests.
struct Requests {
    sampler: Sampler,
    /// For traces that begin here; a caller's decision is followed however many they are.
    limit: DefaultDirectRateLimiter,
}

/// What becomes of a request.
pub(crate) enum Decision {
    /// It gets a span, below this context.
    Traced(Context),
    /// It gets none, but these ids if there are traces at all.
    Untraced(Option<SpanContext>),
}

/// The sampler of a process that exports `ratio` of its new traces and follows a parent's decision.
pub(crate) fn start(ratio: f64) -> Sampler {
    let root = Sampler::TraceIdRatioBased(ratio);
    // A second call, in tests only, changes nothing.
    let _ = REQUESTS.set(Requests::new(Sampler::ParentBased(Box::new(root.clone()))));
    Sampler::ParentBased(Box::new(Root(root)))
}

/// Decides for the request whose trace context is in `carrier`.
pub(crate) fn decide(carrier: &dyn Extractor) -> Decision {
    match REQUESTS.get() {
        Some(requests) => requests.decide(carrier),
        None => Decision::Untraced(None),
    }
}

impl Requests {
    fn new(sampler: Sampler) -> Self {
        Self { sampler, limit: RateLimiter::direct(Quota::per_second(MOST_TRACES_A_SECOND)) }
    }

    fn decide(&self, carrier: &dyn Extractor) -> Decision {
        let parent = opentelemetry::global::get_text_map_propagator(|p| p.extract(carrier));
        let caller = parent.span().span_context().clone();
        let ids = RandomIdGenerator::default();
        let trace = if caller.is_valid() { caller.trace_id() } else { ids.new_trace_id() };
        let result =
            self.sampler.should_sample(Some(&parent), trace, "", &SpanKind::Server, &[], &[]);
        let is_wanted = result.decision == SamplingDecision::RecordAndSample;
        if is_wanted && (caller.is_valid() || self.limit.check().is_ok()) {
            return Decision::Traced(parent);
        }
        let flags = TraceFlags::default();
        let context = SpanContext::new(trace, ids.new_span_id(), flags, false, result.trace_state);
        Decision::Untraced(Some(context))
    }
}

/// Samples what begins a trace, when it is no request: those have been decided on.
#[derive(Clone, Debug)]
struct Root(Sampler);

impl ShouldSample for Root {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let sampler = if *kind == SpanKind::Server { &Sampler::AlwaysOn } else { &self.0 };
        sampler.should_sample(parent, trace, name, kind, attributes, links)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use opentelemetry_sdk::propagation::TraceContextPropagator;

    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    fn requests(ratio: f64) -> Requests {
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        Requests::new(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio))))
    }

    fn is_traced(requests: &Requests, carrier: &dyn Extractor) -> bool {
        matches!(requests.decide(carrier), Decision::Traced(_))
    }

    fn from_caller(flags: &str) -> HashMap<String, String> {
        let value = format!("00-{TRACE}-b7ad6b7169203331-{flags}");
        HashMap::from([(crate::propagation::TRACEPARENT.to_owned(), value)])
    }

    #[test]
    fn a_callers_decision_is_followed_and_its_trace_kept() {
        let Decision::Traced(parent) = requests(0.0).decide(&from_caller("01")) else {
            panic!("a sampled caller was not followed");
        };
        assert_eq!(parent.span().span_context().trace_id().to_string(), TRACE);
        let Decision::Untraced(Some(ids)) = requests(1.0).decide(&from_caller("00")) else {
            panic!("an unsampled caller was not followed");
        };
        assert_eq!(ids.trace_id().to_string(), TRACE);
        assert!(!ids.is_sampled() && ids.is_valid());
    }

    #[test]
    fn without_a_caller_the_configured_share_is_traced_and_the_rest_has_ids() {
        let nobody = HashMap::new();
        let (mut traced, mut seen) = (0, HashSet::new());
        let mut requests = requests(0.25);
        let unlimited = Quota::per_second(NonZeroU32::MAX);
        requests.limit = RateLimiter::direct(unlimited);
        for _ in 0..4_000 {
            match requests.decide(&nobody) {
                Decision::Traced(parent) => {
                    assert!(!parent.span().span_context().is_valid());
                    traced += 1;
                }
                Decision::Untraced(ids) => {
                    let ids = ids.expect("no ids");
                    assert!(ids.is_valid() && seen.insert(ids.trace_id()));
                }
            }
        }
        assert!((800..1_200).contains(&traced), "{traced} of 4,000 are not a quarter");
    }

    #[test]
    fn a_process_begins_a_bounded_number_of_traces_a_second_and_follows_every_caller() {
        let requests = requests(1.0);
        let (nobody, caller) = (HashMap::new(), from_caller("01"));
        let most = u32::from(MOST_TRACES_A_SECOND);
        let asked = most * 100;
        let begun: u32 = (0..asked).map(|_| u32::from(is_traced(&requests, &nobody))).sum();
        assert!((most..asked).contains(&begun), "{begun} traces were begun");
        assert!((0..asked).all(|_| is_traced(&requests, &caller)));
    }

    #[test]
    fn a_request_that_was_chosen_is_not_chosen_from_again() {
        let root = Root(Sampler::AlwaysOff);
        let decision =
            |kind| root.should_sample(None, TraceId::from(7), "", &kind, &[], &[]).decision;
        assert_eq!(decision(SpanKind::Server), SamplingDecision::RecordAndSample);
        assert_eq!(decision(SpanKind::Consumer), SamplingDecision::Drop);
    }
}
