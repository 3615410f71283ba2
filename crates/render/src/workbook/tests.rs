//! The workbook read back, cell by cell and part by part.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use chrono::NaiveDate;
use domain::content::{ContentField, FlatFields};
use domain::money::ThousandNok;
use domain::origin::Origin;
use domain::placement::ListPlacement;
use domain::status::Status;

use super::*;

fn case() -> ExportedCase {
    ExportedCase {
        case_name: "Økt satsing på jernbane, Ålesund–Værnes".to_owned(),
        department_code: "SD".to_owned(),
        department_name: "Samferdselsdepartementet".to_owned(),
        budget_round_name: "AUG2026".to_owned(),
        chapter: Some("0042".to_owned()),
        post: Some("01".to_owned()),
        amount: Some(ThousandNok::new(1_234_567)),
        fin_amount: Some(ThousandNok::new(-500)),
        gov_amount: None,
        case_type: "Satsingsforslag".to_owned(),
        status: Status::SendtTilFin,
        assigned_to_name: Some("Kari Nordmann".to_owned()),
        fin_assigned_to_name: None,
        created_by_name: "Ola Nordmann".to_owned(),
        responsible_division: Some("Baneavdelingen".to_owned()),
        fin_list_placement: Some(ListPlacement::AList),
        priority_number: Some(3),
        origin: Origin::Fag,
        version: 7,
        created_at: "2026-02-17T12:00:00Z".parse().unwrap(),
        // Past midnight in Norway, still the day before in UTC.
        updated_at: "2026-08-31T22:30:00Z".parse().unwrap(),
        texts: FlatFields::default(),
    }
}

fn named(name: &str) -> ExportedCase {
    ExportedCase { case_name: name.to_owned(), ..case() }
}

fn bytes(cases: Vec<ExportedCase>, fields: &[ExportField]) -> Vec<u8> {
    let mut out = Vec::new();
    let rows = cases.into_iter().map(Ok::<_, std::convert::Infallible>);
    write_case_list(rows, fields, &mut out, |_| {}).unwrap();
    out
}

/// All cells, header row included.
fn read(cases: Vec<ExportedCase>, fields: &[ExportField]) -> Vec<Vec<Data>> {
    let mut book = Xlsx::new(Cursor::new(bytes(cases, fields))).unwrap();
    assert_eq!(book.sheet_names(), ["Saker"]);
    let range = book.worksheet_range("Saker").unwrap();
    let last = range.end().unwrap();
    (0..=last.0)
        .map(|row| {
            let value = |col| range.get_value((row, col)).cloned().unwrap_or(Data::Empty);
            (0..u32::try_from(fields.len()).unwrap()).map(value).collect()
        })
        .collect()
}

fn part(workbook: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(workbook)).unwrap();
    std::io::read_to_string(archive.by_name(name).unwrap()).unwrap()
}

fn text(value: &str) -> Data {
    Data::String(value.to_owned())
}

#[test]
fn every_field_has_its_header_and_its_type() {
    let fields: Vec<_> = ExportField::all().collect();
    let rows = read(vec![case()], &fields);
    let headers: Vec<_> = fields.iter().map(|field| text(field.header())).collect();
    assert_eq!(rows[0], headers);
    let value = |field| rows[1][fields.iter().position(|f| *f == field).unwrap()].clone();
    assert_eq!(value(ExportField::CaseName), text("Økt satsing på jernbane, Ålesund–Værnes"));
    assert_eq!(value(ExportField::Chapter), text("0042"));
    assert_eq!(value(ExportField::Post), text("01"));
    assert_eq!(value(ExportField::Amount), Data::Float(1_234_567.0));
    assert_eq!(value(ExportField::FinAmount), Data::Float(-500.0));
    assert_eq!(value(ExportField::GovAmount), Data::Empty);
    assert_eq!(value(ExportField::Status), text(Status::SendtTilFin.label()));
    assert_eq!(value(ExportField::FinAssignedToName), Data::Empty);
    assert_eq!(value(ExportField::FinListPlacement), text("A-listen"));
    assert_eq!(value(ExportField::PriorityNumber), Data::Float(3.0));
    assert_eq!(value(ExportField::Origin), text("FAG"));
    assert_eq!(value(ExportField::Version), Data::Float(7.0));
}

#[test]
fn a_date_is_a_date_and_the_day_it_was_in_norway() {
    let rows = read(vec![case()], &[ExportField::CreatedAt, ExportField::UpdatedAt]);
    let day = |cell: &Data| match cell {
        Data::DateTime(value) => value.as_datetime().unwrap().date(),
        other => panic!("not a date: {other:?}"),
    };
    assert_eq!(day(&rows[1][0]), NaiveDate::from_ymd_opt(2026, 2, 17).unwrap());
    assert_eq!(day(&rows[1][1]), NaiveDate::from_ymd_opt(2026, 9, 1).unwrap());
}

#[test]
fn columns_are_exactly_the_fields_in_the_given_order() {
    let fields = [ExportField::Status, ExportField::CaseName];
    let rows = read(vec![named("B"), named("A")], &fields);
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0], [text("Status"), text("Saksnavn")]);
    assert_eq!([&rows[1][1], &rows[2][1]], [&text("B"), &text("A")]);
}

#[test]
fn text_never_becomes_a_formula() {
    for name in ["=1+1", "+47 22 24 90 90", "-5", "@SUM(A1)", "\t=1+1", "=cmd|'/c calc'!A1"] {
        let workbook = bytes(vec![named(name)], &[ExportField::CaseName]);
        let sheet = part(&workbook, "xl/worksheets/sheet1.xml");
        assert!(!sheet.contains("<f>"), "{name}");
        assert!(part(&workbook, "xl/styles.xml").contains("quotePrefix=\"1\""), "{name}");
        assert_eq!(read(vec![named(name)], &[ExportField::CaseName])[1][0], text(name));
    }
}

#[test]
fn characters_that_xml_cannot_carry_are_left_out() {
    let rows =
        read(vec![named("a\u{0}b\u{8}c\u{ffff}d <&> \"é\" _x0041_")], &[ExportField::CaseName]);
    assert_eq!(rows[1][0], text("abcd <&> \"é\" _x0041_"));
}

#[test]
fn a_text_too_long_for_a_cell_is_cut_and_says_so() {
    let mut long = case();
    long.texts.set(ContentField::ProposalText, Some("🏔".repeat(20_000)));
    let rows = read(vec![long], &[ExportField::Content(ContentField::ProposalText)]);
    let Data::String(cell) = &rows[1][0] else { panic!("no text") };
    assert!(cell.encode_utf16().count() <= 32_767);
    assert!(cell.ends_with(" … [forkortet]"));
}

#[test]
fn long_text_keeps_its_lines_and_is_wrapped() {
    let mut lines = case();
    lines.texts.set(ContentField::Justification, Some("første\r\nandre".to_owned()));
    let fields = [ExportField::Content(ContentField::Justification)];
    let workbook = bytes(vec![lines.clone()], &fields);
    assert!(part(&workbook, "xl/styles.xml").contains("wrapText=\"1\""));
    assert_eq!(read(vec![lines], &fields)[1][0], text("første\nandre"));
}

#[test]
fn an_amount_that_a_double_cannot_hold_is_not_rounded() {
    let amount = |value| ExportedCase { amount: Some(ThousandNok::new(value)), ..case() };
    let exact = i64::MAX;
    let rows = read(vec![amount(1 << 53), amount(exact)], &[ExportField::Amount]);
    assert_eq!(rows[1][0], Data::Float(9_007_199_254_740_992.0));
    assert_eq!(rows[2][0], text("9223372036854775807"));
}

#[test]
fn the_sheet_is_laid_out_as_the_contract_says() {
    let workbook = bytes(vec![case()], &[ExportField::CaseName, ExportField::Amount]);
    let sheet = part(&workbook, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("state=\"frozen\"") && sheet.contains("ySplit=\"1\""));
    assert!(sheet.contains("<autoFilter ref=\"A1:B2\"/>"));
    let styles = part(&workbook, "xl/styles.xml");
    assert!(styles.contains("formatCode=\"# ##0\""));
    assert!(styles.contains("formatCode=\"# ### ##0\""));
    assert!(styles.contains("<name val=\"Calibri\"/>") && styles.contains("<sz val=\"11\"/>"));
    assert!(styles.contains("<b/>"));
    let codes = part(&bytes(vec![case()], &[ExportField::Chapter]), "xl/styles.xml");
    assert!(codes.contains("numFmtId=\"49\""), "a code is not kept as text when it is edited");
}

#[test]
fn an_empty_list_is_a_workbook_with_a_header() {
    let rows = read(vec![], &ExportField::DEFAULT);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0][0], text("Saksnavn"));
}

#[test]
fn progress_counts_rows_and_a_failing_source_ends_the_work() {
    let mut seen = Vec::new();
    let rows = vec![Ok(case()), Ok(case()), Err("database is gone")];
    let failure =
        write_case_list(rows.into_iter(), &ExportField::DEFAULT, Vec::new(), |n| seen.push(n));
    assert!(matches!(failure, Err(WorkbookError::Rows("database is gone"))));
    assert_eq!(seen, [1, 2]);
}
