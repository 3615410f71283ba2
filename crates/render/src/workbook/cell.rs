//! One value of one case as Excel shall understand it.
//!
//! Text is always written as a string cell, so that nothing a user wrote becomes a formula; text
//! that would turn into one when its cell is edited also carries Excel's quote prefix.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Europe::Oslo;
use domain::export::ExportField;
use domain::exported_case::ExportedCase;
use domain::money::ThousandNok;
use domain::placement::ListPlacement;
use rust_xlsxwriter::{ColNum, Format, FormatAlign, RowNum, Worksheet, XlsxError};

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

/// A value on its way into a cell.
#[derive(Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Empty,
    Text(&'a str),
    Code(&'a str),
    Wrapped(&'a str),
    Amount(ThousandNok),
    Number(i32),
    Date(NaiveDate),
}

impl<'a> Cell<'a> {
    /// The value of `field` (documents.md 6.2, in its order).
    pub(super) fn of(case: &'a ExportedCase, field: ExportField) -> Self {
        match field {
            ExportField::CaseName => Self::Text(&case.case_name),
            ExportField::DepartmentCode => Self::Text(&case.department_code),
            ExportField::DepartmentName => Self::Text(&case.department_name),
            ExportField::BudgetRoundName => Self::Text(&case.budget_round_name),
            ExportField::Chapter => Self::code(case.chapter.as_deref()),
            ExportField::Post => Self::code(case.post.as_deref()),
            ExportField::Amount => Self::amount(case.amount),
            ExportField::FinAmount => Self::amount(case.fin_amount),
            ExportField::GovAmount => Self::amount(case.gov_amount),
            ExportField::CaseType => Self::Text(&case.case_type),
            ExportField::Status => Self::Text(case.status.label()),
            ExportField::AssignedToName => Self::text(case.assigned_to_name.as_deref()),
            ExportField::FinAssignedToName => Self::text(case.fin_assigned_to_name.as_deref()),
            ExportField::CreatedByName => Self::Text(&case.created_by_name),
            ExportField::ResponsibleDivision => Self::text(case.responsible_division.as_deref()),
            ExportField::FinListPlacement => {
                Self::text(case.fin_list_placement.map(ListPlacement::label))
            }
            ExportField::PriorityNumber => case.priority_number.map_or(Self::Empty, Self::Number),
            ExportField::Origin => Self::Text(case.origin.label()),
            ExportField::Version => Self::Number(case.version),
            ExportField::CreatedAt => Self::date(case.created_at),
            ExportField::UpdatedAt => Self::date(case.updated_at),
            ExportField::Content(content) => {
                case.texts.get(content).map_or(Self::Empty, Self::Wrapped)
            }
        }
    }

    fn text(value: Option<&'a str>) -> Self {
        value.map_or(Self::Empty, Self::Text)
    }

    fn code(value: Option<&'a str>) -> Self {
        value.map_or(Self::Empty, Self::Code)
    }

    fn amount(value: Option<ThousandNok>) -> Self {
        value.map_or(Self::Empty, Self::Amount)
    }

    /// The day it was in Norway, which is the day the portal's pages show.
    fn date(instant: DateTime<Utc>) -> Self {
        Self::Date(instant.with_timezone(&Oslo).date_naive())
    }

    /// Writes the cell; an empty one leaves no trace in the file.
    pub(super) fn write(
        self,
        sheet: &mut Worksheet,
        row: RowNum,
        col: ColNum,
        formats: &Formats,
    ) -> Result<(), XlsxError> {
        match self {
            Self::Empty => {}
            Self::Text(text) => write_text(sheet, (row, col), text, &formats.plain)?,
            Self::Code(text) => write_text(sheet, (row, col), text, &formats.code)?,
            Self::Wrapped(text) => write_text(sheet, (row, col), text, &formats.wrapped)?,
            Self::Amount(amount) if amount.get().unsigned_abs() > LARGEST_EXACT => {
                // Rather a text that cannot be added up than a sum that is silently wrong.
                write_text(sheet, (row, col), &amount.get().to_string(), &formats.plain)?;
            }
            Self::Amount(amount) => {
                sheet.write_with_format(row, col, amount.get(), &formats.amount)?;
            }
            Self::Number(number) => {
                sheet.write_number_with_format(row, col, number, &formats.plain)?;
            }
            Self::Date(date) => {
                sheet.write_datetime_with_format(row, col, date, &formats.date)?;
            }
        }
        Ok(())
    }
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

/// The text without characters that XML 1.0 cannot carry, and with Excel's line ends.
fn printable(text: &str) -> Cow<'_, str> {
    let fits = |c: char| matches!(c, '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if text.chars().all(fits) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.replace("\r\n", "\n").replace('\r', "\n").chars().filter(|c| fits(*c)).collect(),
    )
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
