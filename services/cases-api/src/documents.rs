//! Documents that are made while the client waits: small case lists, one case, one department list.
//!
//! Rendering is CPU work, so it runs on a blocking thread, and each kind has a few slots of its own:
//! a rush of one kind must not starve requests that only read. No database connection is held while
//! a slot is waited for or a document is rendered.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use domain::content::FlatFields;
use domain::document::Document;
use domain::export::{CaseListParameters, DocumentFormat};
use domain::exported_case::ExportedCase;
use domain::ids::{CaseId, DepartmentListId};
use domain::rich_text::{CaseSection, Comment, case_sections};
use edge::actor::Actor;
use edge::blobs::{BlobError, BlobStore, read_uploads};
use render::docx::{self, DocxError};
use render::file_name;
use render::report::{
    self, CaseInput, CaseListInput, DepartmentListInput, Report, picture_sources, read_pictures,
};
use render::stationery::Stationery;
use render::workbook::{self, WorkbookError};
use store::case_types::CaseTypeField;
use store::comment_threads::{list_threads_of_case, list_threads_of_list};
use store::contents::VersionRow;
use store::export_rows::{self, CaseListSource, find_printed_case};
use store::pool::Pool;
use store::{StoreError, department_lists};
use telemetry::request::carried;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::cases::{self, CaseError};
use crate::department_lists::{ListError, admit_to};

/// Most cases in an export that is made while the client waits (requirement, risk section).
const LARGEST_IMMEDIATE: usize = 1_000;
/// Longest wait for a slot. The client waits without a word meanwhile, so it is short.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Most bytes of pictures in one document.
const MOST_PICTURE_BYTES: u64 = 64 * 1024 * 1024;

/// Why a document was not made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// As many as can be are being made already.
    #[error("no slot became free in time")]
    Busy,
    /// The case cannot be had by the caller.
    #[error("case was refused")]
    Case(#[from] CaseError),
    /// The department list cannot be had by the caller.
    #[error("department list was refused")]
    List(#[from] ListError),
    /// The database failed.
    #[error("document could not be read")]
    Store(#[from] StoreError),
    /// A picture could not be fetched.
    #[error("pictures could not be read")]
    Pictures(#[from] BlobError),
    /// The renderer of workbooks failed.
    #[error("workbook could not be rendered")]
    Workbook(#[from] WorkbookError<Infallible>),
    /// The renderer of Word documents failed.
    #[error("Word document could not be rendered")]
    Word(#[from] DocxError),
    /// The renderer panicked.
    #[error("renderer panicked")]
    Panicked(#[from] tokio::task::JoinError),
}

/// A document made at once.
pub struct Made {
    /// Name it gets at the user's.
    pub file_name: String,
    /// Its format.
    pub format: DocumentFormat,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Where documents are made: so many of each kind at a time.
pub struct Workshop {
    case_lists: Semaphore,
    cases: Semaphore,
    department_lists: Semaphore,
    stationery: Arc<Stationery>,
}

impl Workshop {
    /// A workshop with this stationery.
    #[must_use]
    pub fn new(stationery: Stationery) -> Self {
        Self {
            stationery: Arc::new(stationery),
            case_lists: Semaphore::new(2),
            cases: Semaphore::new(4),
            department_lists: Semaphore::new(2),
        }
    }
}

/// Makes a small case list (E54, E55). `None` when it is not small, or when others are being made
/// already: then it has to be ordered.
///
/// # Errors
/// When the database or the renderer fails.
pub async fn make_case_list(
    pool: &Pool,
    workshop: &Workshop,
    parameters: CaseListParameters,
    format: DocumentFormat,
) -> Result<Option<Made>, MakeError> {
    let Ok(_slot) = workshop.case_lists.try_acquire() else { return Ok(None) };
    let (source, cases) = {
        let mut conn = pool.get().await?;
        let source = export_rows::open_case_list(&mut conn, &parameters).await?;
        if source.ids().len() > LARGEST_IMMEDIATE {
            return Ok(None);
        }
        let cases = export_rows::list_exported_cases(&mut conn, &source, source.ids()).await?;
        (source, cases)
    };
    let file_name = file_name::case_list(source.department_code(), source.round_name(), format);
    let bytes = match format {
        DocumentFormat::Xlsx => {
            on_blocking_thread(format, move || workbook_of(&parameters, cases)).await?
        }
        DocumentFormat::Docx => {
            on_blocking_thread(format, move || word_of(&report_of(&source, &parameters, cases)))
                .await?
        }
        // Only by order (documents contract 5.11).
        DocumentFormat::Pdf => return Ok(None),
    };
    Ok(Some(Made { file_name, format, bytes }))
}

/// Makes the document of one case as the caller sees it (E52).
///
/// # Errors
/// [`MakeError::Case`] when there is no such case or it is not the caller's to see.
pub async fn make_case(
    pool: &Pool,
    workshop: &Workshop,
    actor: &Actor,
    case: CaseId,
) -> Result<Made, MakeError> {
    let _slot = slot(&workshop.cases, LONGEST_WAIT).await?;
    let (printed, document, comments) = {
        let mut conn = pool.get().await?;
        let page = cases::get_case(&mut conn, actor, case).await?;
        let (texts, document) = page.content.map(newest).unwrap_or_default();
        let printed = find_printed_case(&mut conn, page.case, texts).await?;
        (printed, document, list_threads_of_case(&mut conn, case).await?)
    };
    let format = DocumentFormat::Docx;
    let file_name = file_name::case(&printed.case.case_name, format);
    let bytes = on_blocking_thread(format, move || {
        let sections = match &document {
            Some(document) => case_sections(document),
            None => sections_of_flat(&printed.case.texts, &printed.labels),
        };
        word_of(&case_report(&printed.case, &sections, comments))
    });
    Ok(Made { file_name, format, bytes: bytes.await? })
}

/// Makes the document of a department list as the caller sees it (E76).
///
/// # Errors
/// [`MakeError::List`] when there is no such list or the caller does not work with lists.
pub async fn make_department_list(
    pool: &Pool,
    blobs: &BlobStore,
    workshop: &Workshop,
    actor: &Actor,
    id: DepartmentListId,
) -> Result<Made, MakeError> {
    let _slot = slot(&workshop.department_lists, LONGEST_WAIT).await?;
    let (list, comments) = {
        let mut conn = pool.get().await?;
        admit_to(&mut conn, actor, id).await?;
        let found = department_lists::find_list_document(&mut conn, &actor.viewer(), id).await?;
        let list = found.ok_or(ListError::ListNotFound)?;
        (list, list_threads_of_list(&mut conn, id).await?)
    };
    let files = read_uploads(blobs, picture_sources(&list), MOST_PICTURE_BYTES).await?;
    let stationery = Arc::clone(&workshop.stationery);
    let (format, made_at) = (DocumentFormat::Docx, Utc::now());
    let file_name = file_name::department_list_of(&list.head.department_code, made_at, format);
    let bytes = on_blocking_thread(format, move || {
        let pictures = read_pictures(files, &stationery.picture_fonts);
        let input = DepartmentListInput { list: &list, pictures: &pictures, comments, made_at };
        let report = report::department_list_report(input);
        Ok(docx::to_bytes(&report, stationery.template.as_ref())?)
    });
    Ok(Made { file_name, format, bytes: bytes.await? })
}

async fn slot(slots: &Semaphore, wait: Duration) -> Result<SemaphorePermit<'_>, MakeError> {
    let acquired = tokio::time::timeout(wait, slots.acquire()).await;
    // The semaphore is never closed, so the only way not to get a permit is the time-out.
    acquired.ok().and_then(Result::ok).ok_or(MakeError::Busy)
}

/// Texts and document of a version, as far as its reader may see them. What is stored and is no
/// document counts as none.
fn newest(version: VersionRow) -> (FlatFields, Option<Document>) {
    let stored = version.document.and_then(|json| serde_json::from_str(json.as_str()).ok());
    let document = stored.and_then(|value: serde_json::Value| Document::try_from(value).ok());
    (version.content.texts.into(), document)
}

/// The flat texts under the headings that the case's type gives them (D-22).
fn sections_of_flat(texts: &FlatFields, labels: &[CaseTypeField]) -> Vec<CaseSection> {
    CaseSection::from_flat(texts, |field| {
        let own = labels.iter().find(|label| label.key == field.as_str());
        own.map_or_else(|| field.label().to_owned(), |own| own.label.clone())
    })
}

fn case_report(case: &ExportedCase, sections: &[CaseSection], comments: Vec<Comment>) -> Report {
    report::case_report(CaseInput { case, sections, comments, made_at: Utc::now() })
}

fn report_of(
    source: &CaseListSource,
    parameters: &CaseListParameters,
    cases: Vec<ExportedCase>,
) -> Report {
    let input = CaseListInput {
        filters: &parameters.filters,
        department_code: source.department_code(),
        round_name: source.round_name(),
        fields: &parameters.fields,
        made_at: Utc::now(),
    };
    report::case_list_report(&input, cases)
}

fn workbook_of(
    parameters: &CaseListParameters,
    cases: Vec<ExportedCase>,
) -> Result<Vec<u8>, MakeError> {
    let mut bytes = Vec::new();
    let rows = cases.into_iter().map(Ok);
    workbook::write_case_list(rows, &parameters.fields, &mut bytes, |_| {})?;
    Ok(bytes)
}

fn word_of(report: &Report) -> Result<Vec<u8>, MakeError> {
    Ok(docx::to_bytes(report, None)?)
}

async fn on_blocking_thread(
    format: DocumentFormat,
    render: impl FnOnce() -> Result<Vec<u8>, MakeError> + Send + 'static,
) -> Result<Vec<u8>, MakeError> {
    tokio::task::spawn_blocking(carried(move || {
        let _step = telemetry::span::render(format.extension()).entered();
        render()
    }))
    .await?
}

#[cfg(test)]
mod tests {
    use domain::content::ContentField;

    use super::*;

    #[actix_rt::test]
    async fn who_waits_too_long_for_a_slot_is_told_so() {
        let slots = Semaphore::new(1);
        let wait = Duration::from_millis(1);
        let first = slot(&slots, wait).await.unwrap();
        assert!(matches!(slot(&slots, wait).await, Err(MakeError::Busy)));
        drop(first);
        assert!(slot(&slots, wait).await.is_ok());
    }

    #[test]
    fn headings_of_flat_texts_are_the_case_types_own_where_it_has_any() {
        let flat = FlatFields::default().with(&[
            (ContentField::Justification, Some("Fordi".to_owned())),
            (ContentField::FinVerbal, Some("Tilrås".to_owned())),
        ]);
        let label = CaseTypeField {
            key: "justification".to_owned(),
            label: "Begrunnelse for forslaget".to_owned(),
            required: true,
        };
        let sections = sections_of_flat(&flat, &[label]);
        let headings: Vec<_> = sections.iter().map(|section| section.label.as_str()).collect();
        assert_eq!(headings, ["Begrunnelse for forslaget", "Konklusjon"]);
    }
}
