//! Pictures on their way into the file.
//!
//! A JPEG goes in as it is. A PNG is unpacked, made no finer than print shows, and packed again,
//! because PDF keeps transparency apart from colour. Each is packed at once: a few unpacked pictures
//! would be more than all the rest of a document.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use image::codecs::jpeg::JpegDecoder;
use image::{ColorType, DynamicImage, ImageDecoder as _, ImageFormat, ImageReader};
use lopdf::{Dictionary, Stream};
use printpdf::{DictItem, ExternalStream, ExternalXObject, XObject};

use crate::report::{Picture, PictureFormat};

/// Most pixels across: 300 to the inch at the width of the text.
const FINEST: u32 = 1_900;

/// The pictures of a document, by number.
#[derive(Default)]
pub(super) struct Figures {
    embedded: Vec<XObject>,
    /// The files they were made of: a picture that is shown twice is there once.
    sources: Vec<(Arc<[u8]>, usize)>,
}

impl Figures {
    /// Number of the picture; `None` when it cannot be unpacked.
    pub(super) fn add(&mut self, picture: &Picture) -> Option<usize> {
        let known = self.sources.iter().find(|(bytes, _)| Arc::ptr_eq(bytes, &picture.bytes));
        if let Some((_, number)) = known {
            return Some(*number);
        }
        let object = match picture.format {
            PictureFormat::Jpeg => {
                untouched(picture).or_else(|| repacked(picture, ImageFormat::Jpeg))
            }
            PictureFormat::Png => repacked(picture, ImageFormat::Png),
        }?;
        let number = self.embedded.len();
        self.embedded.push(object);
        self.sources.push((Arc::clone(&picture.bytes), number));
        Some(number)
    }

    pub(super) fn into_objects(self) -> Vec<XObject> {
        self.embedded
    }
}

/// The JPEG itself, which PDF readers understand when its colours are plain.
fn untouched(picture: &Picture) -> Option<XObject> {
    let decoder = JpegDecoder::new(Cursor::new(&picture.bytes)).ok()?;
    let (width, height) = decoder.dimensions();
    let original = decoder.original_color_type();
    let space = match original {
        image::ExtendedColorType::L8 => "DeviceGray",
        image::ExtendedColorType::Rgb8 => "DeviceRGB",
        _ => return None,
    };
    let mut dict = header(width, height, space);
    dict.insert("Filter".into(), name("DCTDecode"));
    Some(object(ExternalStream { dict, content: picture.bytes.to_vec(), compress: false }))
}

fn repacked(picture: &Picture, format: ImageFormat) -> Option<XObject> {
    let reader = ImageReader::with_format(Cursor::new(&picture.bytes[..]), format);
    let mut image = reader.decode().ok()?;
    if image.width() > FINEST {
        image = image.thumbnail(FINEST, u32::MAX);
    }
    let (width, height) = (image.width(), image.height());
    let alpha = image.color().has_alpha().then(|| alpha(&image));
    let (space, colors) = match image.color() {
        ColorType::L8 | ColorType::La8 | ColorType::L16 | ColorType::La16 => {
            ("DeviceGray", image.into_luma8().into_raw())
        }
        _ => ("DeviceRGB", image.into_rgb8().into_raw()),
    };
    let mut dict = header(width, height, space);
    if let Some(alpha) = alpha {
        let mask = packed(header(width, height, "DeviceGray"), alpha);
        dict.insert("SMask".into(), DictItem::Stream { stream: mask });
    }
    Some(object(packed(dict, colors)))
}

fn alpha(image: &DynamicImage) -> Vec<u8> {
    image.to_rgba8().pixels().map(|pixel| pixel.0[3]).collect()
}

fn packed(mut dict: BTreeMap<String, DictItem>, content: Vec<u8>) -> ExternalStream {
    let mut stream = Stream::new(Dictionary::new(), content);
    // The stream stays as it is when packing it does not help.
    if stream.compress().is_ok() && stream.dict.has(b"Filter") {
        dict.insert("Filter".into(), name("FlateDecode"));
    }
    ExternalStream { dict, content: stream.content, compress: false }
}

fn object(stream: ExternalStream) -> XObject {
    XObject::External(ExternalXObject { stream, width: None, height: None, dpi: None })
}

fn header(width: u32, height: u32, space: &str) -> BTreeMap<String, DictItem> {
    let entries = [
        ("Type", name("XObject")),
        ("Subtype", name("Image")),
        ("Width", DictItem::Int(width.into())),
        ("Height", DictItem::Int(height.into())),
        ("BitsPerComponent", DictItem::Int(8)),
        ("ColorSpace", name(space)),
    ];
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn name(text: &str) -> DictItem {
    DictItem::Name(text.into())
}

/// One number as a multiple of another, for the sides of pictures.
pub(super) fn ratio(mut of: u32, mut to: u32) -> f32 {
    loop {
        if let (Ok(of), Ok(to)) = (u16::try_from(of), u16::try_from(to)) {
            return f32::from(of) / f32::from(to.max(1));
        }
        (of, to) = (of / 2, to / 2);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{jpeg, png};
    use super::*;
    use crate::report::PictureFonts;

    fn dict(object: &XObject) -> &BTreeMap<String, DictItem> {
        let XObject::External(object) = object else { panic!("an external object") };
        &object.stream.dict
    }

    #[test]
    fn a_jpeg_goes_in_as_it_is() {
        let picture = Picture::read(&jpeg(30, 20), &PictureFonts::default()).unwrap();
        let object = untouched(&picture).unwrap();
        assert_eq!(dict(&object)["Filter"], name("DCTDecode"));
        assert_eq!(dict(&object)["Width"], DictItem::Int(30));
    }

    #[test]
    fn transparency_is_kept_apart() {
        let picture = Picture::read(&png(10, 10, true), &PictureFonts::default()).unwrap();
        let object = repacked(&picture, ImageFormat::Png).unwrap();
        assert!(matches!(dict(&object)["SMask"], DictItem::Stream { .. }));
        let opaque = Picture::read(&png(10, 10, false), &PictureFonts::default()).unwrap();
        let object = repacked(&opaque, ImageFormat::Png).unwrap();
        assert!(!dict(&object).contains_key("SMask"));
    }

    #[test]
    fn a_picture_finer_than_print_is_made_coarser() {
        let picture = Picture::read(&png(3_000, 30, false), &PictureFonts::default()).unwrap();
        let object = repacked(&picture, ImageFormat::Png).unwrap();
        assert_eq!(dict(&object)["Width"], DictItem::Int(FINEST.into()));
    }

    #[test]
    fn a_picture_shown_twice_is_there_once() {
        let picture = Picture::read(&png(10, 10, false), &PictureFonts::default()).unwrap();
        let mut figures = Figures::default();
        assert_eq!((figures.add(&picture), figures.add(&picture.clone())), (Some(0), Some(0)));
        assert_eq!(figures.into_objects().len(), 1);
    }

    #[test]
    fn a_torn_file_is_no_picture() {
        for whole in [png(10, 10, false), jpeg(30, 20)] {
            // Enough to tell its size, and nothing to see.
            let torn = Picture {
                bytes: whole[..30].into(),
                ..Picture::read(&whole, &PictureFonts::default()).unwrap()
            };
            assert_eq!(Figures::default().add(&torn), None);
        }
    }

    #[test]
    fn sides_of_any_length_have_a_ratio() {
        assert!((ratio(3, 4) - 0.75).abs() < 0.001);
        assert!((ratio(300_000, 400_000) - 0.75).abs() < 0.001);
        assert!(ratio(1, 0).is_finite() && ratio(u32::MAX, 1).is_finite());
    }
}
