//! The case list as an Excel workbook (documents.md 6.1 and 6.2).
//!
//! Written row by row in constant memory, because a list has no upper limit while a worker's memory
//! has. That mode forbids going back, so everything that needs the number of rows comes last.

mod cell;
mod column;

use std::io::Write;

use domain::export::{ExportField, FieldKind};
use domain::exported_case::ExportedCase;
use rust_xlsxwriter::{
    ColNum, ConditionalFormatFormula, DocProperties, Format, FormatAlign, RowNum, Workbook,
    Worksheet, XlsxError,
};

use cell::{Formats, write_value};

const SHEET_NAME: &str = "Saker";
const A4: u8 = 9;

/// Why a workbook was not finished.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError<E> {
    /// The source of the rows gave up.
    #[error("rows of the case list could not be read")]
    Rows(#[source] E),
    /// The workbook cannot hold the rows, or the writer failed.
    #[error("workbook could not be written")]
    Workbook(#[from] XlsxError),
}

/// Writes one row for each case, with exactly `fields` as columns, and returns the number of rows.
///
/// `on_row` hears the number of rows written so far.
///
/// # Errors
/// [`WorkbookError::Rows`] with the first error that `cases` yields.
pub fn write_case_list<E>(
    cases: impl Iterator<Item = Result<ExportedCase, E>>,
    fields: &[ExportField],
    out: impl Write + Send,
    mut on_row: impl FnMut(u32),
) -> Result<u32, WorkbookError<E>> {
    let mut workbook = Workbook::new();
    workbook.set_properties(
        &DocProperties::new().set_title("Saksliste").set_author("Statsbudsjettportalen"),
    );
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    prepare(sheet, fields)?;
    let formats = Formats::default();
    let mut rows: RowNum = 0;
    for case in cases {
        let case = case.map_err(WorkbookError::Rows)?;
        rows += 1;
        for (col, field) in columns(fields) {
            write_value(sheet, (rows, col), case.value(field), &formats)?;
        }
        on_row(rows);
    }
    finish(sheet, fields, rows)?;
    workbook.save_to_writer(out)?;
    Ok(rows)
}

fn columns(fields: &[ExportField]) -> impl Iterator<Item = (ColNum, ExportField)> {
    (0..).zip(fields.iter().copied())
}

/// Sets up the sheet and writes the header row.
fn prepare(sheet: &mut Worksheet, fields: &[ExportField]) -> Result<(), XlsxError> {
    sheet.set_name(SHEET_NAME)?;
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?;
    let bold = Format::new().set_bold().set_align(FormatAlign::Top).set_text_wrap();
    for (col, field) in columns(fields) {
        sheet.set_column_width(col, column::width(field))?;
        sheet.write_string_with_format(0, col, field.header(), &bold)?;
    }
    Ok(())
}

/// Adds what spans all rows.
fn finish(sheet: &mut Worksheet, fields: &[ExportField], rows: RowNum) -> Result<(), XlsxError> {
    let Some((last_col, _)) = columns(fields).last() else { return Ok(()) };
    sheet.autofilter(0, 0, rows, last_col)?;
    for (col, _) in columns(fields).filter(|(_, field)| field.kind() == FieldKind::Amount) {
        group_digits(sheet, col, rows.max(1))?;
    }
    Ok(())
}

/// Corrects the thousands grouping where the contract's format `# ##0` has none or too much.
///
/// The space in it is a literal that Excel shows whatever its language, but only once, and also
/// before a number of three digits. These rules change nothing but the look of such amounts.
fn group_digits(sheet: &mut Worksheet, col: ColNum, last_row: RowNum) -> Result<(), XlsxError> {
    let first_cell = rust_xlsxwriter::utility::row_col_to_cell(1, col);
    let rules = [("<1000", "0"), (">=1000000000", "# ### ### ##0"), (">=1000000", "# ### ##0")];
    for (condition, number_format) in rules {
        let rule = ConditionalFormatFormula::new()
            .set_rule(format!("=AND(ISNUMBER({first_cell}),ABS({first_cell}){condition})").as_str())
            .set_format(Format::new().set_num_format(number_format))
            .set_stop_if_true(true);
        sheet.add_conditional_format(1, col, last_row, col, &rule)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
