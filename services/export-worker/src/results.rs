//! Finished documents on their way into the blob store.

use std::path::Path;

use domain::export::DocumentFormat;
use domain::ids::ExportJobId;
use edge::blobs::BlobStore;
use object_store::buffered::BufWriter;
use tokio::io::AsyncWriteExt as _;
use tracing::Instrument as _;

/// Where documents lie in the store.
pub(crate) const FOLDER: &str = "exports";

/// Key of a job's document: the job's id, so that doing it again replaces rather than adds.
pub(crate) fn key(id: ExportJobId, format: DocumentFormat) -> String {
    format!("{FOLDER}/{id}.{}", format.extension())
}

/// Address that hands the document out; the API adds the short-lived signature.
pub(crate) fn url(id: ExportJobId) -> String {
    format!("/api/export/jobs/{id}/download")
}

/// Copies a file into the store piece by piece and returns its size in bytes.
///
/// The object appears whole or not at all.
pub(crate) async fn upload(blobs: &BlobStore, key: &str, file: &Path) -> std::io::Result<u64> {
    let span = telemetry::span::blob_write(key);
    let written = copy(blobs, key, file).instrument(span.clone()).await;
    match &written {
        Ok(bytes) => span.record("blob.size_bytes", bytes),
        Err(_) => span.record("otel.status_code", "ERROR"),
    };
    written
}

async fn copy(blobs: &BlobStore, key: &str, file: &Path) -> std::io::Result<u64> {
    let mut source = tokio::fs::File::open(file).await?;
    let mut object = BufWriter::new(BlobStore::clone(blobs), key.into());
    match tokio::io::copy(&mut source, &mut object).await {
        Ok(bytes) => {
            object.shutdown().await?;
            Ok(bytes)
        }
        Err(error) => {
            // Parts of an unfinished upload cost storage until somebody aborts it.
            let _ = object.abort().await;
            Err(error)
        }
    }
}
