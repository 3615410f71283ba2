//! What it costs to make documents: `cargo xtask bench xlsx docx pdf` runs it and shows its lines.
//!
//! Time is what the processor spent on the thread, because machines are shared. Memory is the most
//! that the process has had resident before anything but our own code ran.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark that cannot go on has failed")]

#[expect(dead_code, reason = "what the tests alone ask of their data")]
#[path = "../tests/documents/lists.rs"]
mod lists;
#[expect(dead_code, reason = "what the tests alone ask of their data")]
#[path = "../tests/documents/source.rs"]
mod source;

use std::fs;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::Duration;

use domain::content::{ContentField, FlatFields};
use domain::department_list::{DepartmentList, ListSection};
use domain::export::ExportField;
use domain::exported_case::{ExportedCase, FieldValue};
use domain::money::ThousandNok;
use domain::origin::Origin;
use domain::status::Status;
use render::pdf::{FONT_DIR, Fonts};
use render::report::{
    Comment, DepartmentListInput, PictureFonts, Pictures, department_list_report, read_pictures,
};
use render::{docx, pdf, workbook};
use rust_xlsxwriter::{Format, Workbook};
use serde_json::{Value, json};
use source::Made;

/// Runs of which the middle one counts.
const RUNS: usize = 11;
/// Rows of the two workbooks.
const ROWS: [usize; 2] = [2_000, 50_000];
/// Different cases among the rows.
const POOL: usize = 500;
/// Least bytes of a case's TipTap document.
const DOCUMENT_BYTES: usize = 20 * 1024;
/// Documents that a worker renders at a time.
const AT_ONCE: usize = 3;

fn main() {
    // Cargo adds `--bench`.
    for name in std::env::args().skip(1).filter(|argument| !argument.starts_with("--")) {
        let line = match name.as_str() {
            "xlsx" => xlsx(),
            "docx" => pages("docx", 150, &|list, out| {
                docx::write(&list.report(), None, std::io::Cursor::new(out), &mut go_on).unwrap();
            }),
            "pdf" => {
                let fonts = Fonts::read(|file| fs::read(format!("{FONT_DIR}/{file}"))).unwrap();
                pages("pdf", 400, &|list, out| {
                    pdf::write(&list.report(), &fonts, out, &mut go_on).unwrap();
                })
            }
            other => panic!("no benchmark is called {other}"),
        };
        println!("{line}");
    }
}

fn go_on(_: usize, _: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Time that the processor has spent on this thread.
fn busy() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())
}

/// Middle of several runs, in milliseconds.
fn milliseconds(mut run: impl FnMut()) -> f64 {
    let mut runs: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let before = busy();
            run();
            busy().saturating_sub(before)
        })
        .collect();
    runs.sort_unstable();
    runs[RUNS / 2].as_secs_f64() * 1_000.0
}

/// Most memory that the process has had resident, in megabytes.
fn peak_megabytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() / 1024
}

/// Our workbook against `rust_xlsxwriter` with the same cells ready to be written.
fn xlsx() -> Value {
    let fields: Vec<ExportField> = ExportField::all().collect();
    let pool = cases();
    let ours = |rows: usize| {
        let cases = pool.iter().cycle().take(rows).cloned().map(Ok::<_, std::fmt::Error>);
        let written = workbook::write_case_list(cases, &fields, std::io::sink(), |_| {});
        assert_eq!(usize::try_from(written.unwrap()), Ok(rows));
    };
    let our_ms = ROWS.map(|rows| milliseconds(|| ours(rows)));
    let peak_mb = peak_megabytes();
    let bare_ms = ROWS.map(|rows| milliseconds(|| bare(&pool, &fields, rows)));
    json!({
        "bench": "xlsx",
        "columns": fields.len(),
        "rows": ROWS,
        "our_ms": our_ms,
        "bare_ms": bare_ms,
        "ratio": [our_ms[0] / bare_ms[0], our_ms[1] / bare_ms[1]],
        "peak_mb": peak_mb,
        "target": "ratio <= 1.3, peak_mb <= 64",
    })
}

/// Cases with every field, and some hundred letters in each text.
fn cases() -> Vec<ExportedCase> {
    let text = |number: usize| format!("Bevilgningen foreslås økt, ledd {number}. ").repeat(4);
    let texts = |number: usize| {
        let all: Vec<_> =
            ContentField::ALL.into_iter().map(|field| (field, Some(text(number)))).collect();
        FlatFields::default().with(&all)
    };
    (0..POOL)
        .map(|number| ExportedCase {
            case_name: format!("Tiltak {number} for rein luft"),
            department_code: "KLD".to_owned(),
            department_name: "Klima- og miljødepartementet".to_owned(),
            budget_round_name: "AUG2026".to_owned(),
            chapter: Some("1420".to_owned()),
            post: Some("01".to_owned()),
            amount: Some(ThousandNok::new(i64::try_from(number).unwrap() * 1_250)),
            fin_amount: (number % 2 == 0).then(|| ThousandNok::new(-500)),
            gov_amount: None,
            case_type: "Satsingsforslag".to_owned(),
            status: Status::SendtTilFin,
            assigned_to_name: Some("Kari Nordmann".to_owned()),
            fin_assigned_to_name: None,
            created_by_name: "Ola Nordmann".to_owned(),
            responsible_division: Some("Klimaavdelingen".to_owned()),
            fin_list_placement: None,
            priority_number: Some(3),
            origin: Origin::Fag,
            version: 2,
            created_at: source::made_at(),
            updated_at: source::made_at(),
            texts: texts(number),
        })
        .collect()
}

/// What goes into a cell, ready for the library.
enum Cell {
    Empty,
    Text(String),
    Number(f64),
    Date(chrono::NaiveDate),
}

impl Cell {
    fn of(value: FieldValue<'_>) -> Self {
        match value {
            FieldValue::Empty => Self::Empty,
            FieldValue::Text(text) | FieldValue::Code(text) | FieldValue::LongText(text) => {
                Self::Text(text.to_owned())
            }
            // As text on the way, because no conversion of 64 bits is without loss in general.
            FieldValue::Amount(amount) => Self::Number(amount.get().to_string().parse().unwrap()),
            FieldValue::Number(number) => Self::Number(number.into()),
            FieldValue::Instant(at) => Self::Date(at.date_naive()),
        }
    }
}

/// The same cells by the library alone.
fn bare(pool: &[ExportedCase], fields: &[ExportField], rows: usize) {
    let cells: Vec<Vec<Cell>> = pool
        .iter()
        .map(|case| fields.iter().map(|field| Cell::of(case.value(*field))).collect())
        .collect();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory().unwrap();
    let plain = Format::new().set_text_wrap();
    let amount = Format::new().set_num_format("# ##0");
    let date = Format::new().set_num_format("dd.mm.yyyy");
    for (row, case) in (1..).zip(cells.iter().cycle().take(rows)) {
        for (col, cell) in (0..).zip(case) {
            match cell {
                Cell::Empty => continue,
                Cell::Text(text) => sheet.write_string_with_format(row, col, text, &plain),
                Cell::Number(number) => sheet.write_number_with_format(row, col, *number, &amount),
                Cell::Date(day) => sheet.write_datetime_with_format(row, col, day, &date),
            }
            .unwrap();
        }
    }
    workbook.save_to_writer(std::io::sink()).unwrap();
}

/// A department list with everything that goes into its document.
struct List {
    content: DepartmentList,
    comments: Vec<Comment>,
    pictures: Pictures,
}

impl List {
    /// 40 cases, each with a document of [`DOCUMENT_BYTES`].
    fn new() -> Self {
        let mut list = lists::all().pop().unwrap();
        let mut made = Made::new("bench".to_owned(), 7);
        enlarge(&mut list.printed.sections, &mut made);
        assert_eq!(list.printed.entry_count(), 40);
        let pictures = read_pictures(lists::picture_files(), &PictureFonts::default());
        let mut comments = list.made.comments();
        comments.extend(made.comments());
        Self { content: list.printed, comments, pictures }
    }

    /// From the stored JSON to what is to be printed.
    fn report(&self) -> render::report::Report {
        department_list_report(DepartmentListInput {
            list: &self.content,
            pictures: &self.pictures,
            comments: self.comments.clone(),
            made_at: source::made_at(),
        })
    }
}

/// Gives every case a text of its own that is long enough.
fn enlarge(sections: &mut [ListSection], made: &mut Made) {
    for section in sections {
        for entry in &mut section.entries {
            let mut blocks = Vec::new();
            let mut bytes = 0;
            while bytes < DOCUMENT_BYTES {
                let block =
                    made.block(["paragraph", "bulletList", "orderedList"][blocks.len() % 3]);
                bytes += block.to_string().len();
                blocks.push(block);
            }
            let content = json!({ "type": "doc", "content": blocks });
            entry.override_content = Some(content.to_string());
        }
        enlarge(&mut section.children, made);
    }
}

/// A department list of 40 cases in one format; `write` gets an empty buffer.
fn pages(name: &str, target_ms: u32, write: &(dyn Fn(&List, &mut Vec<u8>) + Sync)) -> Value {
    let list = List::new();
    let mut bytes = Vec::new();
    let once = |out: &mut Vec<u8>| {
        out.clear();
        write(black_box(&list), out);
    };
    std::thread::scope(|scope| {
        for _document in 0..AT_ONCE {
            scope.spawn(|| once(&mut Vec::new()));
        }
    });
    let peak_mb = peak_megabytes();
    let ms = milliseconds(|| once(&mut bytes));
    json!({
        "bench": name,
        "cases": list.content.entry_count(),
        "document_bytes": DOCUMENT_BYTES,
        "file_bytes": bytes.len(),
        "ms": ms,
        "peak_mb_of_three": peak_mb,
        "target": format!("ms <= {target_ms}, peak_mb_of_three <= 100"),
    })
}
