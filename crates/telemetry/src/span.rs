//! Spans for the parts a request or a job is made of, named as OpenTelemetry's semantic
//! conventions have it, so that every service tells the same story in the same words.
//!
//! They are made only below a span that is recorded: a poll in the background is no story, and a
//! trace that was not sampled must cost next to nothing. They never become part of log lines.

use opentelemetry::trace::TraceContextExt as _;
use tracing::{Level, Span, field, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Target of spans that are for traces only.
pub(crate) const DETAIL: &str = "detail";

/// Whether the current span is part of a trace that is being recorded.
#[must_use]
pub fn is_recorded() -> bool {
    // The first question is a look at a cached flag; the second takes a lock.
    tracing::span_enabled!(target: "detail", Level::INFO)
        && Span::current().context().span().span_context().is_sampled()
}

/// A statement sent to PostgreSQL: its template, never a value.
#[must_use]
pub fn sql(template: &str) -> Span {
    if !is_recorded() {
        return Span::none();
    }
    let (operation, summary) = summarise(template);
    info_span!(
        target: DETAIL,
        "sql",
        otel.name = summary,
        otel.kind = "client",
        otel.status_code = field::Empty,
        error.type = field::Empty,
        db.system.name = "postgresql",
        db.operation.name = operation,
        db.query.summary = summary,
        db.query.text = template,
    )
}

/// A command, or several sent together, to Redis.
#[must_use]
pub fn redis(operation: &str) -> Span {
    if !is_recorded() {
        return Span::none();
    }
    info_span!(
        target: DETAIL,
        "redis",
        otel.name = operation,
        otel.kind = "client",
        otel.status_code = field::Empty,
        error.type = field::Empty,
        db.system.name = "redis",
        db.operation.name = operation,
    )
}

/// The rendering of a document of `format` (`docx`, `pdf`, `xlsx`).
#[must_use]
pub fn render(format: &str) -> Span {
    if !is_recorded() {
        return Span::none();
    }
    info_span!(
        target: DETAIL,
        "render",
        otel.name = format!("render {format}"),
        document.format = format,
    )
}

/// The writing of an object to the blob store. Keys are random ids.
#[must_use]
pub fn blob_write(key: &str) -> Span {
    if !is_recorded() {
        return Span::none();
    }
    info_span!(
        target: DETAIL,
        "blob",
        otel.name = "write blob",
        otel.kind = "client",
        otel.status_code = field::Empty,
        blob.key = key,
        blob.size_bytes = field::Empty,
    )
}

/// A request to another service.
#[must_use]
pub fn http_request(method: &str, host: &str, url: &str) -> Span {
    if !is_recorded() {
        return Span::none();
    }
    info_span!(
        target: DETAIL,
        "http",
        otel.name = method,
        otel.kind = "client",
        otel.status_code = field::Empty,
        error.type = field::Empty,
        http.request.method = method,
        http.response.status_code = field::Empty,
        server.address = host,
        url.full = url,
    )
}

/// Says that what `span` stands for failed; `kind` is a word from a small set.
pub fn fail(span: &Span, kind: &str) {
    span.record("otel.status_code", "ERROR");
    span.record("error.type", kind);
}

/// The first word of a statement, and that with the first table it names.
fn summarise(template: &str) -> (&str, String) {
    let mut words = template.split([' ', '\n', '(', ')', ',', ';']).filter(|word| !word.is_empty());
    let operation = words.next().unwrap_or("SQL");
    let mut is_next = matches!(operation, "UPDATE");
    let table = words.find(|word| {
        let found = is_next;
        is_next = matches!(*word, "FROM" | "INTO" | "UPDATE");
        found && *word != "SELECT"
    });
    let summary = table.map_or_else(
        || operation.to_owned(),
        |table| format!("{operation} {}", table.trim_matches('"')),
    );
    (operation, summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_summed_up_by_its_verb_and_first_table() {
        for (template, summary) in [
            (r#"SELECT "cases"."id" FROM "cases" WHERE id = $1"#, "SELECT cases"),
            (r#"SELECT a FROM (("cases" INNER JOIN b ON (c)))"#, "SELECT cases"),
            (r#"INSERT INTO "case_events" ("id") VALUES ($1)"#, "INSERT case_events"),
            (r#"UPDATE "cases" SET x = $1"#, "UPDATE cases"),
            (r#"DELETE  FROM "resource_locks""#, "DELETE resource_locks"),
            ("WITH bumped AS (\n  UPDATE cases SET version = 2)", "WITH cases"),
            ("COMMIT", "COMMIT"),
            ("", "SQL"),
        ] {
            assert_eq!(summarise(template).1, summary, "{template}");
        }
    }

    #[test]
    fn nothing_is_made_where_nothing_is_recorded() {
        assert!(!is_recorded());
        assert!(sql("SELECT 1").is_disabled() && redis("GET").is_disabled());
    }
}
