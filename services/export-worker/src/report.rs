//! Renders documents of pages: case lists and department lists as Word and PDF.
//!
//! A document of pages is built in memory before it is written, unlike a workbook, so a case list
//! has an upper limit here.

use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;

use chrono::Utc;
use domain::export::{CaseListParameters, DepartmentListParameters, DocumentFormat};
use domain::exported_case::ExportedCase;
use edge::blobs::read_uploads;
use render::docx::Template;
use render::pdf::Fonts;
use render::report::{
    CaseListInput, DepartmentListInput, Report, case_list_report, department_list_report,
    picture_sources, read_pictures,
};
use render::stationery::Stationery;
use render::{docx, file_name, pdf};
use store::comment_threads::list_threads_of_list;
use store::department_lists::find_list_document;
use store::export_rows::{CaseListSource, rights_still_hold};
use telemetry::request::carried;
use tempfile::NamedTempFile;
use tokio::sync::mpsc;

use crate::app::Worker;
use crate::document::{BATCHES_AHEAD, Document, DocumentError, SourceClosed, feed, open, received};
use crate::progress::Progress;

/// Most cases in a Word document; at 20 KB each some 100 MB.
const MOST_CASES_WORD: usize = 5_000;
/// Most cases in a PDF, of which every line is in memory besides: at 20 KB each some 250 MB.
const MOST_CASES_PDF: usize = 2_000;
/// Most bytes of pictures in one document.
const MOST_PICTURE_BYTES: u64 = 64 * 1024 * 1024;

/// The forms that pages take.
#[derive(Clone)]
pub(crate) enum Pages {
    /// As Word.
    Word,
    /// As PDF, set in these fonts.
    Pdf(Arc<Fonts>),
}

impl Pages {
    const fn format(&self) -> DocumentFormat {
        match self {
            Self::Word => DocumentFormat::Docx,
            Self::Pdf(_) => DocumentFormat::Pdf,
        }
    }

    const fn most_cases(&self) -> usize {
        match self {
            Self::Word => MOST_CASES_WORD,
            Self::Pdf(_) => MOST_CASES_PDF,
        }
    }

    fn write(
        &self,
        report: &Report,
        template: Option<&Template>,
        out: File,
        progress: &Progress,
    ) -> Result<(), DocumentError> {
        let mut watch = |done, total| {
            progress.composed(done, total);
            progress.verdict()
        };
        match self {
            Self::Word => Ok(docx::write(report, template, out, &mut watch)?),
            Self::Pdf(fonts) => Ok(pdf::write(report, fonts, BufWriter::new(out), &mut watch)?),
        }
    }
}

/// Renders a case list.
pub(crate) async fn case_list(
    worker: &Worker,
    parameters: CaseListParameters,
    pages: Pages,
    progress: &Arc<Progress>,
) -> Result<Document, DocumentError> {
    let source = Arc::new(open(worker, &parameters).await?);
    if source.ids().len() > pages.most_cases() {
        return Err(DocumentError::TooManyCases);
    }
    let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
    let (shared, written) = (Arc::clone(&source), Arc::clone(progress));
    let format = pages.format();
    let rendering = render(pages, None, progress, move || {
        let rows = received(receiver);
        build_case_list(&shared, &parameters, rows, &written)
    });
    // Both to their ends: when reading fails the renderer stops too, and the cause is the reader's.
    let (fed, rendered) = tokio::join!(feed(worker, &source, sender), rendering);
    fed?;
    let file_name = file_name::case_list(source.department_code(), source.round_name(), format);
    let rows = u32::try_from(source.ids().len()).unwrap_or(u32::MAX);
    Ok(Document { file: rendered?, file_name, rows })
}

fn build_case_list(
    source: &CaseListSource,
    parameters: &CaseListParameters,
    rows: impl Iterator<Item = Result<ExportedCase, SourceClosed>>,
    progress: &Progress,
) -> Result<Report, DocumentError> {
    let total = source.ids().len();
    let input = CaseListInput {
        filters: &parameters.filters,
        department_code: source.department_code(),
        round_name: source.round_name(),
        fields: &parameters.fields,
        made_at: Utc::now(),
    };
    let mut closed = None;
    let cases = rows.zip(1..).map_while(|(row, number)| match row {
        Ok(case) => {
            progress.collected(number, total);
            Some(case)
        }
        Err(error) => {
            closed = Some(error);
            None
        }
    });
    let report = case_list_report(&input, cases);
    closed.map_or(Ok(report), |error| Err(error.into()))
}

/// Renders a department list.
pub(crate) async fn department_list(
    worker: &Worker,
    parameters: DepartmentListParameters,
    pages: Pages,
    progress: &Arc<Progress>,
) -> Result<Document, DocumentError> {
    let DepartmentListParameters { department_list_id, viewer } = parameters;
    let (list, comments) = {
        let mut conn = worker.pool.get().await?;
        if !rights_still_hold(&mut conn, &viewer).await? {
            return Err(DocumentError::RightsChanged);
        }
        let found = find_list_document(&mut conn, &viewer, department_list_id).await?;
        let list = found.ok_or(DocumentError::ListGone)?;
        (list, list_threads_of_list(&mut conn, department_list_id).await?)
    };
    progress.fetching_figures();
    let files = read_uploads(&worker.blobs, picture_sources(&list), MOST_PICTURE_BYTES).await?;
    let rows = u32::try_from(list.entry_count()).unwrap_or(u32::MAX);
    let head = &list.head;
    let file_name =
        file_name::department_list(&head.department_code, &head.budget_round_name, pages.format());
    let stationery = Arc::clone(&worker.stationery);
    let fonts = Arc::clone(&worker.stationery);
    let file = render(pages, Some(stationery), progress, move || {
        let pictures = read_pictures(files, &fonts.picture_fonts);
        let made_at = Utc::now();
        Ok(department_list_report(DepartmentListInput {
            list: &list,
            pictures: &pictures,
            comments,
            made_at,
        }))
    })
    .await?;
    Ok(Document { file, file_name, rows })
}

/// Builds a report and writes it into a temporary file, on a blocking thread.
async fn render(
    pages: Pages,
    stationery: Option<Arc<Stationery>>,
    progress: &Arc<Progress>,
    build: impl FnOnce() -> Result<Report, DocumentError> + Send + 'static,
) -> Result<NamedTempFile, DocumentError> {
    let file = NamedTempFile::new()?;
    let out = file.reopen()?;
    let progress = Arc::clone(progress);
    let rendering = tokio::task::spawn_blocking(carried(move || {
        let _step = telemetry::span::render(pages.format().extension()).entered();
        let template = stationery.as_deref().and_then(|stationery| stationery.template.as_ref());
        pages.write(&build()?, template, out, &progress)
    }));
    rendering.await??;
    Ok(file)
}
