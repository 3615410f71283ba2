//! Values and texts in the form that documents carry them.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Europe::Oslo;
use domain::export::ExportField;
use domain::exported_case::{ExportedCase, FieldValue};

/// The value of a field; `None` when the case has none.
pub(crate) fn field_text(case: &ExportedCase, field: ExportField) -> Option<String> {
    match case.value(field) {
        FieldValue::Empty => None,
        FieldValue::Text(text) | FieldValue::Code(text) | FieldValue::LongText(text) => {
            Some(text.to_owned())
        }
        FieldValue::Amount(amount) => Some(amount.to_string()),
        FieldValue::Number(number) => Some(number.to_string()),
        FieldValue::Instant(instant) => Some(day_text(instant)),
    }
}

/// The day it was in Norway, which is the day the portal's pages show.
pub(crate) fn day(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&Oslo).date_naive()
}

/// The day as in `17.05.2026`.
pub(crate) fn day_text(instant: DateTime<Utc>) -> String {
    day(instant).format("%d.%m.%Y").to_string()
}

/// The text without characters that XML 1.0 cannot carry, and with `\n` as its line ends.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let fits = |c: char| matches!(c, '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if text.chars().all(fits) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.replace("\r\n", "\n").replace('\r', "\n").chars().filter(|c| fits(*c)).collect(),
    )
}
