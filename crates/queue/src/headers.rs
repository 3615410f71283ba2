//! W3C trace context in AMQP headers, so that a request and its export are one trace.

use lapin::types::{AMQPValue, FieldTable, ShortString};
use telemetry::propagation::{Extractor, Injector};

/// Headers of a message about to be sent.
pub(crate) struct Outgoing<'a>(pub(crate) &'a mut FieldTable);

impl Injector for Outgoing<'_> {
    fn set(&mut self, key: &str, value: String) {
        self.0.insert(key.into(), AMQPValue::LongString(value.into()));
    }
}

/// Headers of a received message.
pub(crate) struct Incoming<'a>(pub(crate) &'a FieldTable);

impl Extractor for Incoming<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match self.0.inner().get(key)? {
            AMQPValue::LongString(value) => std::str::from_utf8(value.as_bytes()).ok(),
            AMQPValue::ShortString(value) => Some(value.as_str()),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        self.0.inner().keys().map(ShortString::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_survives_the_headers() {
        let mut table = FieldTable::default();
        Outgoing(&mut table).set("traceparent", "00-1-2-01".to_owned());
        let incoming = Incoming(&table);
        assert_eq!(incoming.get("traceparent"), Some("00-1-2-01"));
        assert_eq!(incoming.keys(), ["traceparent"]);
        assert_eq!(incoming.get("tracestate"), None);
    }
}
