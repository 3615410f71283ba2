//! Pictures that both Word and PDF can show.
//!
//! Editors may upload five formats and documents know two: the others are made into PNG here, once
//! for every writer. Of a moving picture that is its first frame.

mod vector;

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::Arc;

use image::{ImageFormat, ImageReader};
use imagesize::ImageType;

pub use vector::PictureFonts;

/// Most pixels of a picture: a writer that unpacks it needs four bytes for each.
const MOST_PIXELS: u64 = 40_000_000;
/// Most pixels across of a picture that is made anew: 300 to the inch at the width of the text.
const FINEST: u32 = 1_900;

/// Pictures by the address that a text or a figure names them by.
pub type Pictures = HashMap<String, Picture>;

/// A picture in a format that every writer knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// The format.
    pub format: PictureFormat,
    /// The file.
    pub bytes: Arc<[u8]>,
    /// Width in CSS pixels, at least 1. That of a drawing may be less than its file's.
    pub width: u32,
    /// Height in CSS pixels, at least 1.
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

/// The pictures among some files; what is none of a known format is left out. Texts in drawings are
/// set in `fonts`.
#[must_use]
pub fn read_pictures<B: AsRef<[u8]>>(
    files: impl IntoIterator<Item = (String, B)>,
    fonts: &PictureFonts,
) -> Pictures {
    let read = files
        .into_iter()
        .filter_map(|(address, file)| Some((address, Picture::read(file.as_ref(), fonts)?)));
    read.collect()
}

impl Picture {
    /// Reads a picture by its content. `None` when it is no picture that a document can show; the
    /// document then says that it is missing.
    #[must_use]
    pub fn read(bytes: &[u8], fonts: &PictureFonts) -> Option<Self> {
        match imagesize::image_type(bytes) {
            Ok(ImageType::Png) => Self::untouched(bytes, PictureFormat::Png),
            Ok(ImageType::Jpeg) => Self::untouched(bytes, PictureFormat::Jpeg),
            Ok(ImageType::Gif) => Self::repacked(bytes, ImageFormat::Gif),
            Ok(ImageType::Webp) => Self::repacked(bytes, ImageFormat::WebP),
            _ => vector::draw(bytes, fonts),
        }
    }

    fn untouched(bytes: &[u8], format: PictureFormat) -> Option<Self> {
        let (width, height) = size(bytes)?;
        Some(Self { format, bytes: bytes.into(), width, height })
    }

    fn repacked(bytes: &[u8], format: ImageFormat) -> Option<Self> {
        let (width, height) = size(bytes)?;
        let mut image = ImageReader::with_format(Cursor::new(bytes), format).decode().ok()?;
        if width > FINEST {
            image = image.thumbnail(FINEST, u32::MAX);
        }
        let mut png = Cursor::new(Vec::new());
        image.write_to(&mut png, ImageFormat::Png).ok()?;
        let bytes = png.into_inner().into();
        Some(Self { format: PictureFormat::Png, bytes, width, height })
    }
}

/// Width and height, if there is something to see and not too much to unpack.
fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let size = imagesize::blob_size(bytes).ok()?;
    let (width, height) = (u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?);
    let pixels = u64::from(width) * u64::from(height);
    (1..=MOST_PIXELS).contains(&pixels).then_some((width, height))
}

#[cfg(test)]
mod tests;
