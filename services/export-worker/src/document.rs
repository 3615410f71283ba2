//! Renders the document of a job into a temporary file.
//!
//! Rows flow from the database to the blocking thread through a short channel: reading ahead a
//! little keeps the renderer busy, and its bound keeps a list of any length out of memory.

use std::sync::Arc;

use domain::export::{CaseListParameters, DocumentFormat, ExportField};
use domain::exported_case::ExportedCase;
use domain::ids::CaseId;
use edge::blobs::BlobError;
use render::docx::DocxError;
use render::file_name;
use render::pdf::PdfError;
use render::workbook::{self, WorkbookError};
use store::StoreError;
use store::export_rows::{CaseListSource, list_exported_cases, open_case_list, rights_still_hold};
use telemetry::request::carried;
use tempfile::NamedTempFile;
use tokio::sync::mpsc;

use crate::app::Worker;
use crate::progress::Progress;

/// Cases read at a time: with the longest texts some 10 MB.
const BATCH: usize = 200;
/// Batches read ahead of the renderer.
pub(crate) const BATCHES_AHEAD: usize = 1;

/// A rendered document.
pub(crate) struct Document {
    /// Where it is; removed when dropped.
    pub(crate) file: NamedTempFile,
    /// Name it gets at the user's.
    pub(crate) file_name: String,
    /// Cases in it.
    pub(crate) rows: u32,
}

/// Why a document was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DocumentError {
    /// Since the order the requester has lost the role or department it was accepted for.
    #[error("requester's rights have changed since the order")]
    RightsChanged,
    /// The database failed.
    #[error("cases could not be read")]
    Store(#[from] StoreError),
    /// No room, or no right to write, for temporary files.
    #[error("temporary file failed")]
    File(#[from] std::io::Error),
    /// The department list was deleted after it was ordered.
    #[error("department list does not exist any more")]
    ListGone,
    /// More cases than a document of pages can hold.
    #[error("list has too many cases for a document")]
    TooManyCases,
    /// A picture could not be fetched.
    #[error("pictures could not be read")]
    Pictures(#[from] BlobError),
    /// The rows did not all come.
    #[error("document is not whole")]
    NotWhole(#[from] SourceClosed),
    /// The renderer of workbooks failed.
    #[error("workbook could not be rendered")]
    Workbook(#[from] WorkbookError<SourceClosed>),
    /// The renderer of Word documents failed.
    #[error("Word document could not be rendered")]
    Word(#[from] DocxError),
    /// The renderer of PDFs failed.
    #[error("PDF could not be rendered")]
    Pdf(#[from] PdfError),
    /// The renderer panicked.
    #[error("renderer panicked")]
    Panicked(#[from] tokio::task::JoinError),
}

/// The reader of rows went away before the last one, so that the document would not be whole.
#[derive(Debug, thiserror::Error)]
#[error("rows ended too early")]
pub(crate) struct SourceClosed;

/// What goes through the channel. The end is said, because a closed channel may also mean that
/// reading was given up.
pub(crate) enum Rows {
    Batch(Vec<ExportedCase>),
    End,
}

/// Renders a case list as a workbook.
pub(crate) async fn workbook(
    worker: &Worker,
    parameters: CaseListParameters,
    progress: &Arc<Progress>,
) -> Result<Document, DocumentError> {
    let source = open(worker, &parameters).await?;
    let total = source.ids().len();
    let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
    let file = NamedTempFile::new()?;
    let out = file.reopen()?;
    let progress = Arc::clone(progress);
    let on_row = move |written| progress.written(usize::try_from(written).unwrap_or(total), total);
    let rendering = spawn_render(receiver, parameters.fields, out, on_row);
    // Both to their ends: when reading fails the renderer stops too, and the cause is the reader's.
    let (fed, rendered) = tokio::join!(feed(worker, &source, sender), rendering);
    fed?;
    Ok(Document {
        rows: rendered?,
        file_name: file_name::case_list(
            source.department_code(),
            source.round_name(),
            DocumentFormat::Xlsx,
        ),
        file,
    })
}

pub(crate) async fn open(
    worker: &Worker,
    parameters: &CaseListParameters,
) -> Result<CaseListSource, DocumentError> {
    let mut conn = worker.pool.get().await?;
    if !rights_still_hold(&mut conn, &parameters.viewer).await? {
        return Err(DocumentError::RightsChanged);
    }
    Ok(open_case_list(&mut conn, parameters).await?)
}

/// Reads the rows batch by batch, holding a connection only while it reads.
pub(crate) async fn feed(
    worker: &Worker,
    source: &CaseListSource,
    rows: mpsc::Sender<Rows>,
) -> Result<(), StoreError> {
    for ids in source.ids().chunks(BATCH) {
        let batch = read(worker, source, ids).await?;
        if rows.send(Rows::Batch(batch)).await.is_err() {
            // The renderer has failed and says why itself.
            return Ok(());
        }
    }
    let _ = rows.send(Rows::End).await;
    Ok(())
}

async fn read(
    worker: &Worker,
    source: &CaseListSource,
    ids: &[CaseId],
) -> Result<Vec<ExportedCase>, StoreError> {
    let mut conn = worker.pool.get().await?;
    list_exported_cases(&mut conn, source, ids).await
}

async fn spawn_render(
    receiver: mpsc::Receiver<Rows>,
    fields: Vec<ExportField>,
    out: std::fs::File,
    on_row: impl FnMut(u32) + Send + 'static,
) -> Result<u32, DocumentError> {
    let rendered = tokio::task::spawn_blocking(carried(move || {
        let _step = telemetry::span::render(DocumentFormat::Xlsx.extension()).entered();
        let rows = received(receiver);
        workbook::write_case_list(rows, &fields, out, on_row)
    }));
    Ok(rendered.await??)
}

/// The rows that come through the channel, one by one. Must run on a blocking thread.
pub(crate) fn received(
    mut receiver: mpsc::Receiver<Rows>,
) -> impl Iterator<Item = Result<ExportedCase, SourceClosed>> {
    let mut open = true;
    std::iter::from_fn(move || {
        if !open {
            return None;
        }
        match receiver.blocking_recv() {
            Some(Rows::Batch(batch)) => Some(batch.into_iter().map(Ok).collect::<Vec<_>>()),
            Some(Rows::End) => None,
            None => {
                open = false;
                Some(vec![Err(SourceClosed)])
            }
        }
    })
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_end_when_the_end_is_said_and_fail_when_it_is_not() {
        let (sender, receiver) = mpsc::channel(2);
        sender.try_send(Rows::Batch(vec![])).ok().unwrap();
        sender.try_send(Rows::End).ok().unwrap();
        assert_eq!(received(receiver).count(), 0);

        let (sender, receiver) = mpsc::channel(1);
        sender.try_send(Rows::Batch(vec![])).ok().unwrap();
        drop(sender);
        let rows: Vec<_> = received(receiver).collect();
        assert!(matches!(rows[..], [Err(SourceClosed)]));
    }

    #[tokio::test]
    async fn a_panic_in_the_renderer_is_an_error_like_any_other() {
        let rendering = tokio::task::spawn_blocking(|| -> u32 { panic!("in the library") });
        let error = DocumentError::from(rendering.await.unwrap_err());
        assert!(matches!(error, DocumentError::Panicked(_)));
    }
}
