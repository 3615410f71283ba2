//! Log lines for collectors: one flat JSON object each, with the ids that lead to its trace.
//!
//! The formatter that comes with the library knows nothing of OpenTelemetry, and shows only the
//! innermost span's fields, while the request id belongs to the outermost.

use std::fmt;

use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing::{Event, Subscriber, dispatcher};
use tracing_opentelemetry::get_otel_context;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{
    Format, FormatEvent, FormatFields, Full, JsonFields, Writer,
};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, Scope};

use crate::request::{self, Known};

/// Keeps a span's fields as they will be needed if it ever has a log line: name and value one after
/// another. Most spans have none, so what is kept is made as cheaply as can be; the library's own
/// [`JsonFields`] writes JSON, which every request would pay for and few ever show.
pub(crate) struct SpanFields;

/// Between a field's name and its value, and after the value.
const NAME_ENDS: char = '\u{1f}';
const VALUE_ENDS: char = '\u{1e}';
/// Before a value that is written as it is in JSON; others are text.
const LITERAL: char = '=';

impl<'writer> FormatFields<'writer> for SpanFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut keeper = Keeper { writer, outcome: Ok(()) };
        fields.record(&mut keeper);
        keeper.outcome
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &Record<'_>,
    ) -> fmt::Result {
        self.format_fields(current.as_writer(), fields)
    }
}

struct Keeper<'writer> {
    writer: Writer<'writer>,
    outcome: fmt::Result,
}

impl Keeper<'_> {
    fn keep(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let kept = write!(self.writer, "{field}{NAME_ENDS}{value}{VALUE_ENDS}");
        self.outcome = self.outcome.and(kept);
    }

    /// Text is seldom formatted: it is there already.
    fn keep_text(&mut self, field: &Field, value: &str) -> fmt::Result {
        self.writer.write_str(field.name())?;
        self.writer.write_char(NAME_ENDS)?;
        if value.contains([NAME_ENDS, VALUE_ENDS]) || value.starts_with(LITERAL) {
            // Not what anybody writes; it must only not look like something else.
            let harmless = value.replace([NAME_ENDS, VALUE_ENDS, LITERAL], " ");
            self.writer.write_str(&harmless)?;
        } else {
            self.writer.write_str(value)?;
        }
        self.writer.write_char(VALUE_ENDS)
    }
}

impl Visit for Keeper<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let kept = self.keep_text(field, value);
        self.outcome = self.outcome.and(kept);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, format_args!("{LITERAL}{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, format_args!("{LITERAL}{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, format_args!("{LITERAL}{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// Formats an event, the request it belongs to and the fields of all spans around it, the inner ones
/// having the last word.
pub(crate) struct JsonLines;

impl<S> FormatEvent<S, SpanFields> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, SpanFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Map::new();
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        line.insert("timestamp".to_owned(), time.into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert("target".to_owned(), event.metadata().target().into());
        request::current(|known| add_request(&mut line, known));
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            if let Some(fields) = span.extensions().get::<FormattedFields<SpanFields>>() {
                add_kept(&mut line, &fields.fields);
            }
        }
        if let Some(span) = context.lookup_current() {
            add_trace(&mut line, &span.id());
        }
        let mut fields = String::new();
        JsonFields::new().format_fields(Writer::new(&mut fields), event)?;
        let fields: Map<String, Value> = serde_json::from_str(&fields).unwrap_or_default();
        for (name, value) in fields {
            add(&mut line, name, value);
        }
        writeln!(writer, "{}", Value::Object(line))
    }
}

fn add_request(line: &mut Map<String, Value>, known: &Known) {
    line.insert("request_id".to_owned(), known.id.as_str().into());
    line.insert("http.request.method".to_owned(), known.method.into());
    line.insert("url.path".to_owned(), known.path.as_str().into());
    if let Some(ids) = &known.ids {
        add_ids(line, ids);
    }
}

/// Adds a span's fields, those recorded later having the last word.
fn add_kept(line: &mut Map<String, Value>, fields: &str) {
    for field in fields.split_terminator(VALUE_ENDS) {
        let Some((name, value)) = field.split_once(NAME_ENDS) else { continue };
        let literal =
            value.strip_prefix(LITERAL).and_then(|value| serde_json::from_str(value).ok());
        add(line, name.to_owned(), literal.unwrap_or_else(|| value.into()));
    }
}

/// Adds a field, if it is no instruction to the exporter of spans.
fn add(line: &mut Map<String, Value>, name: String, value: Value) {
    if !name.starts_with("otel.") {
        line.insert(name, value);
    }
}

fn add_trace(line: &mut Map<String, Value>, span: &tracing::span::Id) {
    let Some(trace) = dispatcher::get_default(|dispatch| get_otel_context(span, dispatch)) else {
        return;
    };
    add_ids(line, trace.span().span_context());
}

fn add_ids(line: &mut Map<String, Value>, ids: &SpanContext) {
    if ids.is_valid() {
        line.insert("trace_id".to_owned(), ids.trace_id().to_string().into());
        line.insert("span_id".to_owned(), ids.span_id().to_string().into());
    }
}

/// Formats an event for a person, after the request it belongs to.
pub(crate) struct TextLines(pub(crate) Format<Full, SystemTime>);

impl<S, F> FormatEvent<S, F> for TextLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    F: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, F>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // A span of the request's own is written with the event.
        let of_request = |known: &Known| match known {
            Known { has_span: true, .. } => Ok(()),
            Known { id, method, path, .. } => write!(writer, "{method} {path} {id} "),
        };
        request::current(of_request).transpose()?;
        self.0.format_event(context, writer, event)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::io::Write;
    use std::pin::pin;
    use std::sync::{Arc, Mutex};
    use std::{task, thread};

    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use tracing::field;
    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::request::Request;
    use crate::{propagation, sampling};

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Kept {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    /// Does work that waits for nothing.
    fn now<T>(work: impl Future<Output = T>) -> T {
        let mut context = task::Context::from_waker(task::Waker::noop());
        match pin!(work).poll(&mut context) {
            task::Poll::Ready(output) => output,
            task::Poll::Pending => panic!("it waits"),
        }
    }

    /// What is written while `work` runs.
    fn lines_of(work: impl FnOnce()) -> String {
        let kept = Kept::default();
        let lines = tracing_subscriber::fmt::layer()
            .fmt_fields(SpanFields)
            .event_format(JsonLines)
            .with_writer(kept.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), work);
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn an_unsampled_request_has_its_trace_in_log_lines_and_in_what_it_calls() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        let parent = format!("00-{trace}-b7ad6b7169203331-00");
        let carrier = HashMap::from([(propagation::TRACEPARENT.to_owned(), parent.clone())]);
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        // Whoever calls has the last word, so the share does not matter.
        sampling::start(1.0);
        let text = lines_of(|| {
            let request = Request::new("GET", "/api/cases", "r-1".to_owned(), &carrier);
            now(request.run(async {
                let _inner = tracing::info_span!("inner").entered();
                let sent = propagation::current_traceparent().unwrap();
                assert!(sent.starts_with(&format!("00-{trace}-")), "{sent}");
                assert!(sent.ends_with("-00"), "{sent}");
                assert_ne!(sent, parent, "the request is a step of its own");
                assert_eq!(propagation::current_trace_id().as_deref(), Some(trace));
                assert!(!crate::span::is_recorded());
                tracing::warn!("slow");
                let elsewhere = request::carried(|| tracing::warn!("slow elsewhere"));
                let dispatch = dispatcher::get_default(Clone::clone);
                thread::spawn(move || dispatcher::with_default(&dispatch, elsewhere))
                    .join()
                    .unwrap();
            }));
            tracing::warn!("of no request");
        });
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [here, elsewhere, outside] = lines.as_slice() else { panic!("{text}") };
        for line in [here, elsewhere] {
            assert_eq!(line["trace_id"], trace);
            assert_eq!(line["span_id"].as_str().map(str::len), Some(16));
            assert_eq!(line["request_id"], "r-1");
            assert_eq!(line["http.request.method"], "GET");
            assert_eq!(line["url.path"], "/api/cases");
        }
        assert!(outside.get("request_id").is_none(), "{outside}");
    }

    #[test]
    fn a_line_for_a_person_begins_with_its_request() {
        let kept = Kept::default();
        let lines = tracing_subscriber::fmt::layer()
            .event_format(TextLines(Format::default().with_ansi(false)))
            .with_writer(kept.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            let nobody = HashMap::new();
            let request = Request::new("GET", "/api/cases", "r-1".to_owned(), &nobody);
            now(request.run(async { tracing::warn!("slow") }));
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert!(text.starts_with("GET /api/cases r-1 ") && text.ends_with("slow\n"), "{text}");
    }

    #[test]
    fn a_line_has_the_fields_of_all_spans_and_no_instructions_to_the_exporter() {
        let text = lines_of(|| {
            let outer = tracing::info_span!("request", request_id = "r-1", otel.name = "GET /x");
            let _outer = outer.entered();
            let inner = tracing::info_span!(
                "job",
                export.job_id = "j-1",
                attempt = 3,
                odd = "=a\u{1e}b",
                request_id = "r-2",
                step = field::Empty
            );
            inner.record("step", "render");
            let _inner = inner.entered();
            tracing::warn!(duration_ms = 5, "slow \"again\"\nand again");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["message"], "slow \"again\"\nand again");
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["duration_ms"], 5);
        assert_eq!(line["export.job_id"], "j-1");
        assert_eq!(line["attempt"], 3, "a number stays one");
        assert_eq!(line["odd"], " a b", "a text cannot look like two fields or a number");
        assert_eq!(line["step"], "render", "what was recorded later");
        assert_eq!(line["request_id"], "r-2", "the inner span knows better");
        assert!(line.get("otel.name").is_none(), "{line}");
    }
}
