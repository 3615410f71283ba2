//! One value of one case as Excel shall understand it.
//!
//! Text is always written as a string cell, so that nothing a user wrote becomes a formula; text
//! that would turn into one when its cell is edited also carries Excel's quote prefix.

use std::borrow::Cow;

use domain::exported_case::FieldValue;
use rust_xlsxwriter::{ColNum, Format, FormatAlign, RowNum, Worksheet, XlsxError};

use crate::text::{day, printable};

/// Excel's limit for the text of one cell, in UTF-16 units.
const LONGEST_TEXT: usize = 32_767;
/// Ends a text that had to be cut, so that nobody takes it for the whole.
const CUT_MARK: &str = " … [forkortet]";
/// Largest whole number that Excel, which calculates in doubles, still holds exactly.
const LARGEST_EXACT: u64 = 1 << 53;

/// Number of Excel's built-in format for text.
const TEXT_FORMAT: u8 = 49;

/// The formats of the sheet, made once.
pub(super) struct Formats {
    plain: Format,
    code: Format,
    wrapped: Format,
    amount: Format,
    date: Format,
}

impl Default for Formats {
    fn default() -> Self {
        let plain = Format::new().set_align(FormatAlign::Top);
        Self {
            // Excel's own text format: without it a code that is edited loses its zeros.
            code: plain.clone().set_num_format_index(TEXT_FORMAT),
            wrapped: plain.clone().set_text_wrap(),
            amount: plain.clone().set_num_format("# ##0"),
            date: plain.clone().set_num_format("dd.mm.yyyy"),
            plain,
        }
    }
}

/// Writes a value into its cell; an empty one leaves no trace in the file.
pub(super) fn write_value(
    sheet: &mut Worksheet,
    (row, col): (RowNum, ColNum),
    value: FieldValue<'_>,
    formats: &Formats,
) -> Result<(), XlsxError> {
    match value {
        FieldValue::Empty => {}
        FieldValue::Text(text) => write_text(sheet, (row, col), text, &formats.plain)?,
        FieldValue::Code(text) => write_text(sheet, (row, col), text, &formats.code)?,
        FieldValue::LongText(text) => write_text(sheet, (row, col), text, &formats.wrapped)?,
        FieldValue::Amount(amount) if amount.get().unsigned_abs() > LARGEST_EXACT => {
            // Rather a text that cannot be added up than a sum that is silently wrong.
            write_text(sheet, (row, col), &amount.get().to_string(), &formats.plain)?;
        }
        FieldValue::Amount(amount) => {
            sheet.write_with_format(row, col, amount.get(), &formats.amount)?;
        }
        FieldValue::Number(number) => {
            sheet.write_number_with_format(row, col, number, &formats.plain)?;
        }
        FieldValue::Instant(instant) => {
            sheet.write_datetime_with_format(row, col, day(instant), &formats.date)?;
        }
    }
    Ok(())
}

fn write_text(
    sheet: &mut Worksheet,
    (row, col): (RowNum, ColNum),
    text: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    let text = fitted(&printable(text)).into_owned();
    if text.is_empty() {
        return Ok(());
    }
    if text.starts_with(['=', '+', '-', '@', '\t']) {
        sheet.write_string_with_format(row, col, text, &format.clone().set_quote_prefix())?;
    } else {
        sheet.write_string_with_format(row, col, text, format)?;
    }
    Ok(())
}

/// The text cut to what a cell can hold.
fn fitted(text: &str) -> Cow<'_, str> {
    if text.encode_utf16().count() <= LONGEST_TEXT {
        return Cow::Borrowed(text);
    }
    let room = LONGEST_TEXT - CUT_MARK.encode_utf16().count();
    let mut used = 0;
    let kept: String = text
        .chars()
        .take_while(|c| {
            used += c.len_utf16();
            used <= room
        })
        .collect();
    Cow::Owned(kept + CUT_MARK)
}
