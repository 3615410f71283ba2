//! Where a picture ends, by the structure of its container.
//!
//! Decoders stop reading when they have the pixels and ignore what follows, which is where a
//! polyglot keeps its other half: a PNG with a ZIP archive behind it, a GIF with a script. No
//! decoder tells how far it read, so the containers are walked here; only their outermost layer,
//! and only forward.

use image::ImageFormat;

/// Number of bytes that the picture at the beginning of `bytes` takes; `None` when it does not
/// end, or the format is not one of the four that are kept.
pub(super) fn extent(format: ImageFormat, bytes: &[u8]) -> Option<usize> {
    match format {
        ImageFormat::Png => png(bytes),
        ImageFormat::Jpeg => jpeg(bytes),
        ImageFormat::Gif => gif(bytes),
        ImageFormat::WebP => webp(bytes),
        _ => None,
    }
}

/// Signature, then chunks (length, type, data, checksum) up to `IEND`.
fn png(bytes: &[u8]) -> Option<usize> {
    const AROUND_DATA: usize = 12;
    let mut at = 8;
    loop {
        let length = u32::from_be_bytes(array(bytes, at)?);
        let kind: [u8; 4] = array(bytes, at.checked_add(4)?)?;
        at = at.checked_add(AROUND_DATA)?.checked_add(usize::try_from(length).ok()?)?;
        if at > bytes.len() {
            return None;
        }
        if &kind == b"IEND" {
            return Some(at);
        }
    }
}

/// Segments up to the end-of-image marker. After a start-of-scan segment the compressed data runs
/// to the next marker; in it, 0xff stands before 0x00 or a restart marker.
fn jpeg(bytes: &[u8]) -> Option<usize> {
    const END_OF_IMAGE: u8 = 0xd9;
    const START_OF_SCAN: u8 = 0xda;
    let mut at = 2;
    loop {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        // Any number of 0xff may stand before a marker.
        while *bytes.get(at)? == 0xff {
            at += 1;
        }
        let marker = *bytes.get(at)?;
        at += 1;
        match marker {
            END_OF_IMAGE => return Some(at),
            0x01 | 0xd0..=0xd7 => {}
            _ => {
                let length = u16::from_be_bytes(array(bytes, at)?);
                at = at.checked_add(usize::from(length))?;
                if marker == START_OF_SCAN {
                    at = end_of_scan(bytes, at)?;
                }
            }
        }
    }
}

fn end_of_scan(bytes: &[u8], from: usize) -> Option<usize> {
    let is_marker =
        |pair: &[u8]| matches!(pair, [0xff, second] if !matches!(second, 0x00 | 0xd0..=0xd7));
    let found = bytes.get(from..)?.windows(2).position(is_marker)?;
    from.checked_add(found)
}

/// Header, colours, then extensions and images, each a chain of blocks, up to the trailer.
fn gif(bytes: &[u8]) -> Option<usize> {
    const HEADER: usize = 13;
    let mut at = HEADER + colour_table(*bytes.get(10)?);
    loop {
        match *bytes.get(at)? {
            b';' => return Some(at + 1),
            // Its label, then blocks.
            b'!' => at = end_of_blocks(bytes, at + 2)?,
            // Position, size and flags; colours; the size of a code; then blocks.
            b',' => {
                let flags = *bytes.get(at + 9)?;
                at = end_of_blocks(bytes, at + 10 + colour_table(flags) + 1)?;
            }
            _ => return None,
        }
    }
}

/// Bytes of the colour table that these flags announce.
fn colour_table(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 0x07) + 1) }
}

/// Blocks, each after its length; one of no length is the last.
fn end_of_blocks(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at);
        }
    }
}

/// `RIFF` and the length of the rest, padded to even.
fn webp(bytes: &[u8]) -> Option<usize> {
    let length = usize::try_from(u32::from_le_bytes(array(bytes, 4)?)).ok()?;
    length.checked_add(8)?.checked_next_multiple_of(2)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_ends_at_the_next_marker_and_not_at_a_restart_or_a_stuffed_byte() {
        let jpeg: &[u8] = &[
            0xff, 0xd8, // start
            0xff, 0xda, 0, 2, // scan without a header of its own
            1, 0xff, 0, 2, 0xff, 0xd0, 3, // data
            0xff, 0xff, 0xd9, // end, after a fill byte
        ];
        assert_eq!(extent(ImageFormat::Jpeg, jpeg), Some(jpeg.len()));
        assert_eq!(extent(ImageFormat::Jpeg, &jpeg[..jpeg.len() - 1]), None);
    }

    #[test]
    fn a_chunk_longer_than_the_file_has_no_end() {
        let mut png = [0; 8].to_vec();
        png.extend_from_slice(&u32::MAX.to_be_bytes());
        png.extend_from_slice(b"IEND");
        assert_eq!(extent(ImageFormat::Png, &png), None);
    }

    #[test]
    fn formats_that_are_not_kept_have_no_extent() {
        assert_eq!(extent(ImageFormat::Tiff, b"II*\0"), None);
    }
}
