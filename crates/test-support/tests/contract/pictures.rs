//! Pictures made in the test, and forms that carry them. No binary file lies in the repository:
//! nobody can review one.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::Method;
use test_support::portal::User;
use test_support::{Answer, Http};

const BOUNDARY: &str = "----portalens-grense";

/// A small drawing with everything in it that is harmless.
pub(crate) const DRAWING: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 40 30\">\
    <title>Søyler</title><rect width=\"40\" height=\"30\" fill=\"#0b3d6b\"/></svg>";

/// A photograph of nothing in particular.
pub(crate) fn picture(format: ImageFormat) -> Vec<u8> {
    let byte = |value: u32| u8::try_from(value % 256).expect("a byte");
    let pixels = RgbImage::from_fn(60, 40, |x, y| Rgb([byte(x * 4), byte(y * 6), byte(x * y)]));
    let picture = match format {
        ImageFormat::Gif => DynamicImage::from(DynamicImage::from(pixels).to_rgba8()),
        _ => DynamicImage::from(pixels),
    };
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("an encoder");
    bytes.into_inner()
}

/// A PNG whose header promises this size, and whose data is one pixel's.
pub(crate) fn png_of(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = picture(ImageFormat::Png);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

/// CRC-32 as PNG defines it, bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

/// One part of a form.
pub(crate) struct Part<'a> {
    pub(crate) name: &'a str,
    pub(crate) file_name: Option<&'a str>,
    pub(crate) content: &'a [u8],
}

/// A part with a file in it.
pub(crate) fn file<'a>(file_name: &'a str, content: &'a [u8]) -> Part<'a> {
    Part { name: "file", file_name: Some(file_name), content }
}

/// A part with a text in it.
pub(crate) fn text<'a>(name: &'a str, content: &'a str) -> Part<'a> {
    Part { name, file_name: None, content: content.as_bytes() }
}

/// The body of a form.
pub(crate) fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for Part { name, file_name, content } in parts {
        let file_name = file_name.map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file_name}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// Posts a body under the name of a form.
pub(crate) async fn post_form(http: &Http, path: &str, body: Vec<u8>) -> Answer {
    let media_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let request = http.request(Method::POST, path).header("content-type", media_type);
    http.send(request.body(body)).await
}

/// Uploads a picture for a document (E65).
pub(crate) async fn upload(user: &User, file_name: &str, content: &[u8]) -> Answer {
    post_form(&user.http, "/api/uploads/image", form(&[file(file_name, content)])).await
}

/// Uploads a picture that is accepted, and returns its address.
pub(crate) async fn uploaded(user: &User, file_name: &str, content: &[u8]) -> String {
    let answer = upload(user, file_name, content).await.assert_status(200).json();
    answer["url"].as_str().expect("an address").to_owned()
}
