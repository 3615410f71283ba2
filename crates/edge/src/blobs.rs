//! The blob store: finished documents and uploaded files, in S3 or in a local folder.
//!
//! Opened here because the worker that writes a document and the API that hands it out must read
//! `BLOB_STORE_URL` alike, or an export would complete and never be found.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, RetryConfig};
pub use object_store::{Error as BlobError, ObjectStore, ObjectStoreExt};
use url::Url;

/// How long a store that answers with errors is asked again. Much longer, and whoever waits for the
/// answer would have gone; jobs are tried again anyway.
const RETRY: RetryConfig = RetryConfig {
    backoff: BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(2),
        base: 2.0,
    },
    max_retries: 4,
    retry_timeout: Duration::from_secs(10),
};

/// A blob store; objects are addressed by keys such as `exports/{jobId}.xlsx`.
pub type BlobStore = Arc<dyn ObjectStore>;

/// Why `BLOB_STORE_URL` cannot be used. The URL itself is never part of the message.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not a URL.
    #[error("BLOB_STORE_URL is not a URL")]
    NotAUrl(#[from] url::ParseError),
    /// A scheme other than `file` and `s3`, or a file URL without an absolute path.
    #[error("BLOB_STORE_URL must be file:///absolute/folder or s3://bucket/prefix")]
    Unsupported,
    /// The folder cannot be made.
    #[error("folder of the blob store cannot be created")]
    Folder(#[from] std::io::Error),
    /// The store refused its configuration.
    #[error("blob store cannot be opened")]
    Store(#[from] object_store::Error),
}

/// Opens the store that `url` names: `file:///absolute/folder` (created when missing) or
/// `s3://bucket/prefix` with credentials, region and endpoint from the `AWS_*` variables.
///
/// # Errors
/// Any [`OpenError`].
pub fn open(url: &str) -> Result<BlobStore, OpenError> {
    let url = Url::parse(url)?;
    match url.scheme() {
        "file" => {
            let folder = url.to_file_path().map_err(|()| OpenError::Unsupported)?;
            std::fs::create_dir_all(&folder)?;
            Ok(Arc::new(LocalFileSystem::new_with_prefix(folder)?))
        }
        "s3" => {
            let prefix = Path::from_url_path(url.path()).map_err(object_store::Error::from)?;
            let bucket = AmazonS3Builder::from_env().with_url(url).with_retry(RETRY).build()?;
            Ok(Arc::new(PrefixStore::new(bucket, prefix)))
        }
        _ => Err(OpenError::Unsupported),
    }
}

/// Reads uploaded files by the addresses they are served at, `/uploads/images/…` and
/// `/uploads/figures/…`. A file that is not there is left out, and so is what does not fit in
/// `most_bytes` together with those before it.
///
/// # Errors
/// When the store itself fails.
pub async fn read_uploads(
    blobs: &BlobStore,
    addresses: impl IntoIterator<Item = String>,
    most_bytes: u64,
) -> Result<HashMap<String, Bytes>, BlobError> {
    let mut files = HashMap::new();
    let mut room = most_bytes;
    for address in addresses {
        let Some(key) = upload_key(&address) else { continue };
        let object = match blobs.get(&key).await {
            Ok(object) => object,
            Err(BlobError::NotFound { .. }) => continue,
            Err(error) => return Err(error),
        };
        if let Some(rest) = room.checked_sub(object.meta.size) {
            room = rest;
            files.insert(address, object.bytes().await?);
        }
    }
    Ok(files)
}

/// Key of an uploaded file. Addresses come from what users wrote, so nothing but a file name right
/// below one of the two folders is taken.
fn upload_key(address: &str) -> Option<Path> {
    let (folder, name) = address.strip_prefix("/uploads/")?.split_once('/')?;
    let is_known = matches!(folder, "images" | "figures");
    let is_file = !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
        && !name.starts_with('.');
    (is_known && is_file).then(|| Path::from_iter(["uploads", folder, name]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_created_and_keeps_what_is_put_there() {
        let folder = std::env::temp_dir().join(format!("blobs-{}", uuid::Uuid::new_v4()));
        let store = open(Url::from_file_path(&folder).unwrap().as_str()).unwrap();
        actix_rt::System::new().block_on(async {
            let key = Path::from("exports/1.xlsx");
            store.put(&key, "innhold".into()).await.unwrap();
            let bytes = store.get(&key).await.unwrap().bytes().await.unwrap();
            assert_eq!(bytes, "innhold");
        });
        assert!(folder.join("exports/1.xlsx").is_file());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn uploads_are_read_by_their_addresses_and_the_rest_is_left_out() {
        let folder = std::env::temp_dir().join(format!("blobs-{}", uuid::Uuid::new_v4()));
        let store = open(Url::from_file_path(&folder).unwrap().as_str()).unwrap();
        actix_rt::System::new().block_on(async {
            for (key, size) in
                [("uploads/images/a.png", 6), ("uploads/figures/b.svg", 6), ("exports/1.xlsx", 1)]
            {
                store.put(&Path::from(key), vec![1; size].into()).await.unwrap();
            }
            let read = async |addresses: &[&str], most| {
                let addresses = addresses.iter().map(|&address| address.to_owned());
                let files = read_uploads(&store, addresses, most).await.unwrap();
                let mut found: Vec<String> = files.into_keys().collect();
                found.sort();
                found
            };
            let both = ["/uploads/figures/b.svg", "/uploads/images/a.png"];
            assert_eq!(read(&both, 100).await, both);
            assert_eq!(read(&both, 8).await, both[..1]);
            let nothing: [&str; 0] = [];
            let others = [
                "/uploads/images/borte.png",
                "/uploads/images/../../exports/1.xlsx",
                "/uploads/../exports/1.xlsx",
                "/exports/1.xlsx",
                "https://a.no/uploads/images/a.png",
                "/uploads/images/",
                "uploads/images/a.png",
                "",
            ];
            assert_eq!(read(&others, 100).await, nothing);
        });
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn an_s3_address_needs_no_store_to_answer_at_start() {
        crate::tls::install();
        assert!(open("s3://bucket/prefix").is_ok());
    }

    #[test]
    fn other_addresses_are_refused() {
        for url in ["folder", "ftp://host/x", "http://host/x"] {
            assert!(open(url).is_err(), "{url}");
        }
    }
}
