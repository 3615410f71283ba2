//! Pictures that both Word and PDF can show.

use std::collections::HashMap;
use std::sync::Arc;

/// Most pixels of a picture: a writer that unpacks it needs four bytes for each.
const MOST_PIXELS: u64 = 40_000_000;

/// Pictures by the address that a text or a figure names them by.
pub type Pictures = HashMap<String, Picture>;

/// A picture in a format that every writer knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// The format.
    pub format: PictureFormat,
    /// The file.
    pub bytes: Arc<[u8]>,
    /// Width in pixels, at least 1.
    pub width: u32,
    /// Height in pixels, at least 1.
    pub height: u32,
}

/// A format that Word and PDF both know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PictureFormat {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
}

/// The pictures among some files; what is none of a known format is left out.
#[must_use]
pub fn read_pictures<B: AsRef<[u8]>>(files: impl IntoIterator<Item = (String, B)>) -> Pictures {
    let read = files
        .into_iter()
        .filter_map(|(address, file)| Some((address, Picture::read(file.as_ref())?)));
    read.collect()
}

impl Picture {
    /// Reads a picture by its content. `None` when it is no picture that a document can show; the
    /// document then says that it is missing.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let format = match imagesize::image_type(bytes).ok()? {
            imagesize::ImageType::Png => PictureFormat::Png,
            imagesize::ImageType::Jpeg => PictureFormat::Jpeg,
            _ => return None,
        };
        let size = imagesize::blob_size(bytes).ok()?;
        let (width, height) = (u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?);
        let pixels = u64::from(width) * u64::from(height);
        (1..=MOST_PIXELS).contains(&pixels).then(|| Self {
            format,
            bytes: bytes.into(),
            width,
            height,
        })
    }
}
