//! Every format that can be uploaded, and files that are none of them.

use std::path::Path;

use image::{DynamicImage, GenericImageView as _, Rgba};

use super::*;
use crate::pdf::{FONT_DIR, FONT_FILES};

fn fonts() -> PictureFonts {
    let folder = std::env::var("EXPORT_FONT_DIR").unwrap_or_else(|_| FONT_DIR.to_owned());
    PictureFonts::of_files(FONT_FILES.map(|file| {
        std::fs::read(Path::new(&folder).join(file)).expect("package fonts-crosextra-carlito")
    }))
}

fn read(bytes: &[u8]) -> Option<(Picture, DynamicImage)> {
    let picture = Picture::read(bytes, &fonts())?;
    let pixels = image::load_from_memory(&picture.bytes).unwrap();
    Some((picture, pixels))
}

/// A red picture in some format.
fn red(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let pixels = image::RgbaImage::from_pixel(width, height, Rgba([250, 0, 0, 255]));
    DynamicImage::from(pixels).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn svg(content: &str) -> String {
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' \
         width='100' height='50'>{content}</svg>"
    )
}

/// Pixels that are not transparent.
fn inked(image: &DynamicImage) -> usize {
    image.pixels().filter(|(_, _, pixel)| pixel.0[3] > 0).count()
}

#[test]
fn formats_that_documents_do_not_know_become_one_they_do() {
    for format in [ImageFormat::Gif, ImageFormat::WebP] {
        let (picture, pixels) = read(&red(format, 40, 20)).unwrap();
        assert_eq!((picture.format, picture.width, picture.height), (PictureFormat::Png, 40, 20));
        assert_eq!(pixels.dimensions(), (40, 20));
        assert!(pixels.get_pixel(5, 5).0[0] > 240, "{format:?}");
    }
}

#[test]
fn a_picture_made_anew_is_no_finer_than_print() {
    let (picture, pixels) = read(&red(ImageFormat::WebP, 3_800, 38)).unwrap();
    assert_eq!((picture.width, pixels.dimensions()), (3_800, (1_900, 19)));
}

#[test]
fn a_drawing_is_drawn_finer_than_it_is_shown() {
    let (picture, pixels) =
        read(svg("<rect width='50' height='50' fill='#f00'/>").as_bytes()).unwrap();
    assert_eq!((picture.format, picture.width, picture.height), (PictureFormat::Png, 100, 50));
    assert_eq!(pixels.dimensions(), (300, 150));
    assert_eq!(pixels.get_pixel(10, 10).0, [255, 0, 0, 255]);
    assert_eq!(pixels.get_pixel(290, 10).0[3], 0, "what is not drawn is transparent");
}

#[test]
fn texts_in_drawings_are_set_in_what_is_there_whatever_they_name() {
    for family in ["Calibri", "Ukjent", "sans-serif", "serif", "monospace"] {
        let text = svg(&format!("<text x='5' y='30' font-family='{family}'>Utslipp, Å</text>"));
        let (_, pixels) = read(text.as_bytes()).unwrap();
        assert!(inked(&pixels) > 300, "{family}");
    }
}

#[test]
fn a_drawing_gets_no_file_and_no_address() {
    let file = std::env::temp_dir().join(format!("{}.png", std::process::id()));
    std::fs::write(&file, red(ImageFormat::Png, 100, 50)).unwrap();
    for href in [file.to_str().unwrap(), "http://127.0.0.1:1/a.png", "/uploads/images/a.png"] {
        let linked = svg(&format!("<image xlink:href='{href}' width='100' height='50'/>"));
        assert_eq!(inked(&read(linked.as_bytes()).unwrap().1), 0, "{href}");
    }
    std::fs::remove_file(file).unwrap();
}

#[test]
fn a_drawing_of_any_size_fits() {
    for (width, height) in [("1000000", "1"), ("1", "1000000"), ("0.001", "0.001")] {
        let drawing =
            format!("<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}'/>");
        if let Some((_, pixels)) = read(drawing.as_bytes()) {
            assert!(pixels.width() <= 1_900 && pixels.height() <= 4_000, "{width} x {height}");
        }
    }
}

#[test]
fn what_is_no_picture_is_none() {
    let torn = &red(ImageFormat::WebP, 40, 20)[..30];
    for bytes in [b"".as_slice(), b"tekst", b"<svg", b"<html/>", b"GIF89a", torn] {
        assert!(Picture::read(bytes, &fonts()).is_none(), "{bytes:?}");
    }
}
