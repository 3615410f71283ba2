//! Raster images: believed only after every pixel has been decoded.
//!
//! A header is cheap to forge. Decoding proves that the file is what it says, and the limits hold
//! before memory is taken: a few kilobytes can claim to be a picture of many gigabytes.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder as _, ImageError, ImageReader, Limits};

use super::extent::extent;

/// Most pixels of a picture: a photograph of the largest telephones.
const MAX_PIXELS: u64 = 50_000_000;
/// Most memory that a decoded picture takes: four bytes for each pixel.
const MAX_DECODED_BYTES: u64 = MAX_PIXELS * 4;
/// Longest side. A strip one pixel high is no picture either.
const MAX_SIDE: u32 = 30_000;

/// Why a raster image is refused.
#[derive(Debug, thiserror::Error)]
pub enum RasterError {
    /// More pixels, or more memory for them, than is allowed.
    #[error("picture has too many pixels")]
    TooManyPixels,
    /// Something follows the picture, or the picture does not end.
    #[error("file does not end where the picture ends")]
    MoreThanAPicture,
    /// It cannot be decoded.
    #[error("picture cannot be decoded")]
    Undecodable(#[source] ImageError),
}

impl From<ImageError> for RasterError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::TooManyPixels,
            other => Self::Undecodable(other),
        }
    }
}

/// Checks that `bytes` are one whole picture of a bearable size, and nothing else.
///
/// # Errors
/// Any [`RasterError`].
pub(super) fn check(bytes: &[u8]) -> Result<(), RasterError> {
    let format = image::guess_format(bytes)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits());
    let decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS
        || decoder.total_bytes() > MAX_DECODED_BYTES
    {
        return Err(RasterError::TooManyPixels);
    }
    if extent(format, bytes) != Some(bytes.len()) {
        return Err(RasterError::MoreThanAPicture);
    }
    DynamicImage::from_decoder(decoder)?;
    Ok(())
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    limits
}

#[cfg(test)]
mod tests {
    use image::{ExtendedColorType, ImageEncoder as _, ImageFormat, RgbImage};

    use super::*;

    const FORMATS: [ImageFormat; 4] =
        [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP];

    fn picture(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let pixels = RgbImage::from_fn(40, 30, |x, y| {
            image::Rgb([u8::try_from(x).unwrap(), u8::try_from(y).unwrap(), 7])
        });
        match format {
            ImageFormat::Gif => DynamicImage::from(pixels).to_rgba8().write_to(&mut bytes, format),
            _ => pixels.write_to(&mut bytes, format),
        }
        .unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_whole_picture_of_each_format_is_accepted() {
        for format in FORMATS {
            check(&picture(format)).unwrap_or_else(|error| panic!("{format:?}: {error:?}"));
        }
    }

    #[test]
    fn a_picture_with_something_behind_it_is_refused() {
        for format in FORMATS {
            for tail in [&b"\0"[..], b"PK\x03\x04", b"<script>alert(1)</script>"] {
                let mut bytes = picture(format);
                bytes.extend_from_slice(tail);
                let refusal = check(&bytes).unwrap_err();
                assert!(matches!(refusal, RasterError::MoreThanAPicture), "{format:?} {refusal:?}");
            }
        }
    }

    #[test]
    fn a_picture_that_breaks_off_is_refused_wherever_it_does() {
        for format in FORMATS {
            let whole = picture(format);
            for end in 0..whole.len() {
                assert!(check(&whole[..end]).is_err(), "{format:?} after {end} bytes");
            }
        }
    }

    #[test]
    fn i8_a_picture_with_any_byte_changed_does_not_panic() {
        for format in FORMATS {
            let whole = picture(format);
            for index in 0..whole.len() {
                for value in [0, 0x7f, 0xff] {
                    let mut bytes = whole.clone();
                    bytes[index] = value;
                    // Whether it still is a picture depends on the byte.
                    let _ = check(&bytes);
                }
            }
        }
    }

    #[test]
    fn too_many_pixels_are_refused_before_they_are_decoded() {
        let png = |width: u32, height: u32| {
            // One row for real; the header promises the rest.
            let row = vec![0; usize::try_from(width).unwrap()];
            let mut bytes = Vec::new();
            image::codecs::png::PngEncoder::new(&mut bytes)
                .write_image(&row, width, 1, ExtendedColorType::L8)
                .unwrap();
            bytes[20..24].copy_from_slice(&height.to_be_bytes());
            let checksum = crc(&bytes[12..29]);
            bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
            bytes
        };
        for (width, height) in [(29_000, 29_000), (31_000, 1), (1, 31_000), (8_000, 6_251)] {
            let refusal = check(&png(width, height)).unwrap_err();
            assert!(matches!(refusal, RasterError::TooManyPixels), "{width}×{height} {refusal:?}");
        }
    }

    /// CRC-32 as PNG defines it, bit by bit.
    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
            })
        })
    }
}
