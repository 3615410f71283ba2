//! Log lines for collectors: one flat JSON object each, with the ids that lead to its trace.
//!
//! The formatter that comes with the library knows nothing of OpenTelemetry, and shows only the
//! innermost span's fields, while the request id belongs to the outermost.

use std::fmt;

use opentelemetry::trace::TraceContextExt as _;
use serde_json::{Map, Value};
use tracing::{Event, Subscriber, dispatcher};
use tracing_opentelemetry::get_otel_context;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, Scope};

/// Formats a span's fields as JSON objects one after another: those it began with, then those that
/// were recorded later. The library's own [`JsonFields`] parses and writes all of them anew each
/// time, which every request would pay for and few ever show.
pub(crate) struct SpanFields(JsonFields);

impl SpanFields {
    pub(crate) fn new() -> Self {
        Self(JsonFields::new())
    }
}

impl<'writer> FormatFields<'writer> for SpanFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        self.0.format_fields(writer, fields)
    }
}

/// Formats an event and the fields of all spans around it, the inner ones having the last word.
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
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            if let Some(fields) = span.extensions().get::<FormattedFields<SpanFields>>() {
                add(&mut line, &fields.fields);
            }
        }
        if let Some(span) = context.lookup_current() {
            add_trace(&mut line, &span.id());
        }
        let mut fields = String::new();
        JsonFields::new().format_fields(Writer::new(&mut fields), event)?;
        add(&mut line, &fields);
        writeln!(writer, "{}", Value::Object(line))
    }
}

/// Adds formatted fields, but not those that are instructions to the exporter of spans.
fn add(line: &mut Map<String, Value>, fields: &str) {
    let objects = serde_json::Deserializer::from_str(fields).into_iter::<Map<String, Value>>();
    for fields in objects.flatten() {
        line.extend(fields.into_iter().filter(|(name, _)| !name.starts_with("otel.")));
    }
}

fn add_trace(line: &mut Map<String, Value>, span: &tracing::span::Id) {
    let Some(trace) = dispatcher::get_default(|dispatch| get_otel_context(span, dispatch)) else {
        return;
    };
    let span = trace.span();
    let ids = span.span_context();
    if ids.is_valid() {
        line.insert("trace_id".to_owned(), ids.trace_id().to_string().into());
        line.insert("span_id".to_owned(), ids.span_id().to_string().into());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing::field;
    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

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

    #[test]
    fn a_line_has_the_fields_of_all_spans_and_no_instructions_to_the_exporter() {
        let kept = Kept::default();
        let lines = tracing_subscriber::fmt::layer()
            .fmt_fields(SpanFields::new())
            .event_format(JsonLines)
            .with_writer(kept.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            let outer = tracing::info_span!("request", request_id = "r-1", otel.name = "GET /x");
            let _outer = outer.entered();
            let inner = tracing::info_span!(
                "job",
                export.job_id = "j-1",
                request_id = "r-2",
                step = field::Empty
            );
            inner.record("step", "render");
            let _inner = inner.entered();
            tracing::warn!(duration_ms = 5, "slow \"again\"\nand again");
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["message"], "slow \"again\"\nand again");
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["duration_ms"], 5);
        assert_eq!(line["export.job_id"], "j-1");
        assert_eq!(line["step"], "render", "what was recorded later");
        assert_eq!(line["request_id"], "r-2", "the inner span knows better");
        assert!(line.get("otel.name").is_none(), "{line}");
    }
}
