//! Pictures that users upload (E65, E88), from the bytes that arrive to the bytes that are handed
//! out (E66).
//!
//! What a file is, its content says; its name is only asked whether it claims to be a picture. A
//! raster image is decoded once before it is believed, a drawing is written anew from what is
//! harmless in it ([decision 12](../../../docs/decisions/0012-uploads.md)). Files lie in the blob
//! store under random names, so any pod can hand them out, and they never change.

mod css;
mod extent;
mod raster;
mod svg;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use actix_web::web::Bytes;
use edge::blobs::{BlobError, BlobStore, ObjectStoreExt as _};
use telemetry::request::carried;
use tokio::sync::Semaphore;
use tokio::task::JoinError;
use tracing::Instrument as _;
use uuid::Uuid;

pub use raster::RasterError;
pub use svg::SvgError;

/// Largest file that is kept (E65).
pub const MAX_FILE_BYTES: usize = 10 * 1024 * 1024;
/// Longest wait for the one place where pictures are checked.
const CHECK_WAIT: Duration = Duration::from_secs(5);

/// Why a file was not kept or not found.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The file has no content.
    #[error("file is empty")]
    Empty,
    /// The name ends in something that is not accepted here.
    #[error("file name does not end in an accepted extension")]
    Extension(&'static [ImageType]),
    /// The content is of no type that is accepted here.
    #[error("content is not an accepted picture")]
    Content(&'static [ImageType]),
    /// A raster image that cannot be trusted.
    #[error("raster image was refused")]
    Raster(#[from] RasterError),
    /// A drawing that cannot be cleaned.
    #[error("drawing was refused")]
    Svg(#[from] SvgError),
    /// Other pictures are being checked, and it takes too long.
    #[error("too many pictures are being checked")]
    Busy,
    /// The check panicked.
    #[error("picture check panicked")]
    Died(#[from] JoinError),
    /// There is no such file.
    #[error("no such file")]
    NotFound,
    /// The blob store failed.
    #[error("blob store failed")]
    Store(#[source] BlobError),
}

/// What a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageType {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// Graphics Interchange Format.
    Gif,
    /// WebP.
    Webp,
    /// Scalable Vector Graphics: a document, and so the dangerous one.
    Svg,
}

/// The extensions that are accepted, and what each claims; the first of a type is its usual one.
const EXTENSIONS: [(&str, ImageType); 6] = [
    ("png", ImageType::Png),
    ("jpg", ImageType::Jpeg),
    ("jpeg", ImageType::Jpeg),
    ("gif", ImageType::Gif),
    ("svg", ImageType::Svg),
    ("webp", ImageType::Webp),
];

impl ImageType {
    /// The type's media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Svg => "image/svg+xml",
        }
    }

    /// What a browser would take `bytes` for, by their beginning.
    fn sniff(bytes: &[u8]) -> Option<Self> {
        match image::guess_format(bytes) {
            Ok(image::ImageFormat::Png) => Some(Self::Png),
            Ok(image::ImageFormat::Jpeg) => Some(Self::Jpeg),
            Ok(image::ImageFormat::Gif) => Some(Self::Gif),
            Ok(image::ImageFormat::WebP) => Some(Self::Webp),
            _ => svg::looks_like_xml(bytes).then_some(Self::Svg),
        }
    }
}

impl fmt::Display for ImageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Gif => "GIF",
            Self::Webp => "WebP",
            Self::Svg => "SVG",
        })
    }
}

/// What a picture is for: which types are accepted, and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// In the text of a department list (E65).
    Image,
    /// A department list's figure (E88).
    Figure,
}

impl Purpose {
    const fn folder(self) -> &'static str {
        match self {
            Self::Image => "images",
            Self::Figure => "figures",
        }
    }

    const fn accepted(self) -> &'static [ImageType] {
        match self {
            Self::Image => {
                &[ImageType::Png, ImageType::Jpeg, ImageType::Gif, ImageType::Svg, ImageType::Webp]
            }
            Self::Figure => &[ImageType::Png, ImageType::Svg, ImageType::Jpeg],
        }
    }
}

/// The name under which a picture is kept: a random id, and an extension that its content bears
/// out. Nothing that a user typed is in it, so it cannot lead anywhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredName {
    id: Uuid,
    extension: &'static str,
    image_type: ImageType,
}

/// Text that is not the name of a picture.
#[derive(Debug, thiserror::Error)]
#[error("not the name of a picture")]
pub struct NotAName;

impl StoredName {
    /// A new name for content of this type, with the extension it came with if that agrees.
    fn new(claimed: &str, image_type: ImageType) -> Self {
        let agreeing = || EXTENSIONS.iter().filter(|(_, of)| *of == image_type);
        let extension = agreeing()
            .find(|(extension, _)| *extension == claimed)
            .or_else(|| agreeing().next())
            .map_or("", |(extension, _)| *extension);
        Self { id: Uuid::new_v4(), extension, image_type }
    }

    /// What the picture is.
    #[must_use]
    pub const fn image_type(&self) -> ImageType {
        self.image_type
    }

    /// The extension, without its dot.
    #[must_use]
    pub const fn extension(&self) -> &'static str {
        self.extension
    }

    /// Names this very content, which never changes: good for an `ETag`.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// The address that the gateway serves it at.
    #[must_use]
    pub fn url(&self, purpose: Purpose) -> String {
        format!("/{}", self.key(purpose))
    }

    fn key(&self, purpose: Purpose) -> String {
        format!("uploads/{}/{self}", purpose.folder())
    }
}

impl fmt::Display for StoredName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.id, self.extension)
    }
}

impl FromStr for StoredName {
    type Err = NotAName;

    /// Reads a name exactly as it was made; there is no second spelling.
    fn from_str(name: &str) -> Result<Self, NotAName> {
        let (stem, extension) = name.split_once('.').ok_or(NotAName)?;
        let (extension, image_type) =
            EXTENSIONS.iter().find(|(known, _)| *known == extension).ok_or(NotAName)?;
        let id = Uuid::try_parse(stem).map_err(|_| NotAName)?;
        let name_as_made = Self { id, extension, image_type: *image_type };
        if name_as_made.to_string() == name { Ok(name_as_made) } else { Err(NotAName) }
    }
}

/// Checks a picture and keeps it.
///
/// # Errors
/// Every [`UploadError`] but `NotFound`.
pub async fn keep(
    blobs: &BlobStore,
    slots: &Semaphore,
    purpose: Purpose,
    file_name: &str,
    content: Bytes,
) -> Result<StoredName, UploadError> {
    if content.is_empty() {
        return Err(UploadError::Empty);
    }
    let accepted = purpose.accepted();
    let claimed = claimed_extension(file_name, accepted).ok_or(UploadError::Extension(accepted))?;
    let image_type = ImageType::sniff(&content)
        .filter(|image_type| accepted.contains(image_type))
        .ok_or(UploadError::Content(accepted))?;
    let clean = check(slots, image_type, content).await?;
    let name = StoredName::new(claimed, image_type);
    let key = name.key(purpose);
    let span = telemetry::span::blob_write(&key);
    span.record("blob.size_bytes", clean.len());
    blobs.put(&key.into(), clean.into()).instrument(span).await.map_err(UploadError::Store)?;
    Ok(name)
}

/// Removes a picture that nothing refers to, because what should have referred to it failed.
pub async fn discard(blobs: &BlobStore, purpose: Purpose, name: StoredName) {
    if let Err(error) = blobs.delete(&name.key(purpose).into()).await {
        // It is unreachable, as nobody knows its name: only the space is lost.
        tracing::warn!(error.chain = %edge::error::chain(&error), upload = %name, "upload remains");
    }
}

/// A picture on its way out.
pub struct Picture {
    /// Number of bytes.
    pub size: u64,
    /// The bytes.
    pub content: futures_util::stream::BoxStream<'static, Result<Bytes, BlobError>>,
}

/// Opens a picture.
///
/// # Errors
/// [`UploadError::NotFound`], or [`UploadError::Store`].
pub async fn open(
    blobs: &BlobStore,
    purpose: Purpose,
    name: StoredName,
) -> Result<Picture, UploadError> {
    match blobs.get(&name.key(purpose).into()).await {
        Ok(object) => Ok(Picture { size: object.meta.size, content: object.into_stream() }),
        Err(BlobError::NotFound { .. }) => Err(UploadError::NotFound),
        Err(error) => Err(UploadError::Store(error)),
    }
}

/// The extension that a name claims, if it is one of the accepted types'.
fn claimed_extension(file_name: &str, accepted: &[ImageType]) -> Option<&'static str> {
    let (_, extension) = file_name.rsplit_once('.')?;
    let (known, claims) =
        EXTENSIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(extension))?;
    accepted.contains(claims).then_some(known)
}

/// Reads the whole picture on a thread of its own, since that takes as long as its sender likes.
async fn check(
    slots: &Semaphore,
    image_type: ImageType,
    content: Bytes,
) -> Result<Bytes, UploadError> {
    let waiting = tokio::time::timeout(CHECK_WAIT, slots.acquire());
    let Ok(Ok(_slot)) = waiting.await else { return Err(UploadError::Busy) };
    tokio::task::spawn_blocking(carried(move || {
        if image_type == ImageType::Svg {
            return Ok(svg::clean(&content)?.into());
        }
        raster::check(&content)?;
        Ok(content)
    }))
    .await?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_only_as_it_was_made() {
        let name = StoredName::new("jpeg", ImageType::Jpeg);
        assert_eq!(name.to_string().parse::<StoredName>().unwrap(), name);
        assert!(name.url(Purpose::Figure).starts_with("/uploads/figures/"));
        let id = name.id();
        for other in [
            format!("{}.jpeg", id.simple()),
            format!("{}.jpeg", id.to_string().to_uppercase()),
            format!("{{{id}}}.jpeg"),
            format!("{id}.JPEG"),
            format!("{id}.html"),
            format!("{id}.jpeg.svg"),
            format!("{id}."),
            format!("{id}"),
            format!("../{id}.png"),
            format!("{id}.png\0"),
            String::new(),
        ] {
            assert!(other.parse::<StoredName>().is_err(), "{other}");
        }
    }

    #[test]
    fn content_decides_the_extension_unless_the_name_agrees() {
        assert_eq!(StoredName::new("jpeg", ImageType::Jpeg).extension(), "jpeg");
        assert_eq!(StoredName::new("png", ImageType::Jpeg).extension(), "jpg");
    }

    #[test]
    fn a_name_must_claim_a_type_that_is_accepted() {
        let figure = Purpose::Figure.accepted();
        assert_eq!(claimed_extension("Figur 1.JPG", figure), Some("jpg"));
        for name in ["figur.gif", "figur.webp", "figur.png.exe", "figur", "figur.", ""] {
            assert_eq!(claimed_extension(name, figure), None, "{name}");
        }
        assert_eq!(claimed_extension("figur.gif", Purpose::Image.accepted()), Some("gif"));
    }

    #[test]
    fn every_accepted_type_has_an_extension() {
        for purpose in [Purpose::Image, Purpose::Figure] {
            for image_type in purpose.accepted() {
                assert!(!StoredName::new("", *image_type).extension().is_empty(), "{image_type}");
            }
        }
    }
}
