//! How an answer is sent: as small as the client can read it, and not at all if it has it already
//! (requirement Y.2, architecture 4).
//!
//! JSON answers pass here on their way out. Those that are kept as bytes, the case lists, use the
//! same functions and come by with their headers set; event streams, documents and pictures are
//! none of this module's business, because they are streams or compressed already.

use std::hash::{DefaultHasher, Hasher as _};
use std::io::{Read as _, Write as _};

use actix_web::body::{BodySize, BoxBody, MessageBody as _};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{
    self, AcceptEncoding, ContentEncoding, Encoding, EntityTag, Header as _, HeaderMap,
    HeaderValue, IfNoneMatch,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Bodies below this size go out as they are: a packet holds them anyway.
const WORTH_COMPRESSING_BYTES: usize = 1024;
/// Brotli's effort, of 11: close to gzip's time, a fifth smaller than its result.
const BROTLI_QUALITY: u32 = 5;
const BROTLI_WINDOW_BITS: u32 = 20;
const BROTLI_BUFFER_BYTES: usize = 4096;

/// The encoding that the client likes best for a text of this length, of those there are.
pub fn encoding_for(request: &impl HttpMessage, length: usize) -> ContentEncoding {
    if length < WORTH_COMPRESSING_BYTES {
        return ContentEncoding::Identity;
    }
    if let Some(encoding) = unweighted(request.headers()) {
        return encoding;
    }
    let offered = [Encoding::brotli(), Encoding::gzip(), Encoding::identity()];
    let chosen =
        AcceptEncoding::parse(request).ok().and_then(|accepted| accepted.negotiate(offered.iter()));
    match chosen {
        Some(Encoding::Known(encoding)) => encoding,
        _ => ContentEncoding::Identity,
    }
}

/// The best of a plain list of names, which is what browsers send; `None` where the client weighs
/// them. To parse a header in full costs as much as to find the list it is for.
fn unweighted(headers: &HeaderMap) -> Option<ContentEncoding> {
    let mut accepted = headers.get_all(header::ACCEPT_ENCODING);
    let names = accepted.next()?.to_str().ok()?;
    if accepted.next().is_some() || names.contains([';', '*']) {
        return None;
    }
    let has = |wanted: &str| names.split(',').any(|name| name.trim().eq_ignore_ascii_case(wanted));
    Some(match () {
        () if has("br") => ContentEncoding::Brotli,
        () if has("gzip") => ContentEncoding::Gzip,
        () => ContentEncoding::Identity,
    })
}

/// A text as gzip packs it.
#[must_use]
pub fn gzip(text: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing into memory does not fail.
    let _ = encoder.write_all(text);
    encoder.finish().unwrap_or_default().into()
}

/// A text as brotli packs it.
#[must_use]
pub fn brotli(text: &[u8]) -> Bytes {
    let mut packed = Vec::new();
    let mut encoder = brotli::CompressorWriter::new(
        &mut packed,
        BROTLI_BUFFER_BYTES,
        BROTLI_QUALITY,
        BROTLI_WINDOW_BITS,
    );
    // Writing into memory does not fail; dropping the encoder writes the rest.
    let _ = encoder.write_all(text);
    drop(encoder);
    packed.into()
}

/// The text that [`brotli`] packed; `None` when it is something else.
#[must_use]
pub fn unpack_brotli(packed: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    brotli::Decompressor::new(packed, BROTLI_BUFFER_BYTES).read_to_end(&mut text).ok()?;
    (!packed.is_empty()).then_some(text)
}

/// Tells texts apart. Weak, because it means the text and not the bytes of one encoding; the same
/// in every process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    digest: u64,
    entity: EntityTag,
    /// As it is sent, so that a text that is kept is not written anew with every answer.
    header: Option<HeaderValue>,
}

impl Tag {
    /// The tag of a text.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(text);
        let digest = hasher.finish();
        let entity = EntityTag::new_weak(format!("{digest:016x}"));
        let header = HeaderValue::try_from(entity.to_string()).ok();
        Self { digest, entity, header }
    }

    /// What the tag says, as a number: equal for equal texts.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Whether the client says that it has this text already.
    pub fn is_known(&self, request: &impl HttpMessage) -> bool {
        match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(&self.entity)),
            _ => false,
        }
    }

    /// Marks an answer as one that the client alone may keep, and never show without asking whether
    /// it still stands.
    pub fn describe(&self, headers: &mut HeaderMap) {
        if let Some(tag) = &self.header {
            headers.insert(header::ETAG, tag.clone());
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        }
    }
}

/// Sends a JSON answer in its smallest form, and a read one only if the client has no other.
pub(crate) fn deliver(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let headers = response.headers();
    let is_finished =
        headers.contains_key(header::CONTENT_ENCODING) || headers.contains_key(header::ETAG);
    let is_held = matches!(response.response().body().size(), BodySize::Sized(1..));
    if is_finished || !is_held || !is_json(headers) {
        return response;
    }
    let is_read = response.request().method() == Method::GET
        && response.status() == StatusCode::OK
        && !headers.contains_key(header::CACHE_CONTROL);
    let (request, response) = response.into_parts();
    let (mut response, body) = response.into_parts();
    let text = match body.try_into_bytes() {
        Ok(text) => text,
        Err(body) => return ServiceResponse::new(request, response.set_body(body)),
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if is_read {
        let tag = Tag::of(&text);
        tag.describe(response.headers_mut());
        if tag.is_known(&request) {
            return ServiceResponse::new(request, not_modified(response.headers()));
        }
    }
    let encoding = encoding_for(&request, text.len());
    let packed = match encoding {
        ContentEncoding::Brotli => brotli(&text),
        ContentEncoding::Gzip => gzip(&text),
        _ => return ServiceResponse::new(request, response.set_body(BoxBody::new(text))),
    };
    response.headers_mut().insert(header::CONTENT_ENCODING, encoding.to_header_value());
    ServiceResponse::new(request, response.set_body(BoxBody::new(packed)))
}

fn not_modified(headers: &HeaderMap) -> HttpResponse {
    let mut response = HttpResponse::NotModified().finish();
    for (name, value) in headers {
        if *name != header::CONTENT_TYPE {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    response
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    essence == "application/json" || essence.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn delivered(request: TestRequest, response: HttpResponse) -> ServiceResponse<BoxBody> {
        deliver(ServiceResponse::new(request.to_http_request(), response))
    }

    fn header_of<'a>(response: &'a ServiceResponse<BoxBody>, name: &str) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn size(response: &ServiceResponse<BoxBody>) -> u64 {
        match response.response().body().size() {
            BodySize::Sized(size) => size,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn json_is_sent_as_small_as_the_client_can_read_it_and_tiny_json_as_it_is() {
        let long = format!("[{}1]", "12345,".repeat(1000));
        for (accepted, used) in [
            ("br, gzip", "br"),
            ("gzip, deflate", "gzip"),
            ("gzip;q=0.5, br;q=0.2", "gzip"),
            ("identity", ""),
            ("*;q=0, identity", ""),
            ("zstd", ""),
        ] {
            let request = TestRequest::get().insert_header(("accept-encoding", accepted));
            let json = HttpResponse::Ok().content_type("application/json").body(long.clone());
            let response = delivered(request, json);
            assert_eq!(header_of(&response, "content-encoding"), used, "{accepted}");
            assert_eq!(header_of(&response, "vary"), "Accept-Encoding");
            assert_eq!(size(&response) < 600, !used.is_empty(), "{accepted}");
        }
        let request = TestRequest::get().insert_header(("accept-encoding", "br"));
        let tiny = HttpResponse::Ok().content_type("application/json").body("[1]");
        assert_eq!(header_of(&delivered(request, tiny), "content-encoding"), "");
    }

    #[test]
    fn what_is_packed_or_no_json_is_left_alone() {
        let long = "x".repeat(4000);
        for content_type in ["text/event-stream", "image/png", "application/pdf", "text/html"] {
            let request = TestRequest::get().insert_header(("accept-encoding", "br"));
            let other = HttpResponse::Ok().content_type(content_type).body(long.clone());
            let response = delivered(request, other);
            assert_eq!(header_of(&response, "content-encoding"), "", "{content_type}");
            assert_eq!(header_of(&response, "etag"), "", "{content_type}");
        }
    }

    #[test]
    fn a_read_answer_is_not_sent_twice_and_a_written_one_has_no_tag() {
        let json = || HttpResponse::Ok().content_type("application/json").body("[1]");
        let first = delivered(TestRequest::get(), json());
        let tag = header_of(&first, "etag").to_owned();
        assert!(tag.starts_with("W/\""), "{tag}");
        assert_eq!(header_of(&first, "cache-control"), "private, no-cache");
        let again = || TestRequest::get().insert_header(("if-none-match", tag.clone()));
        let known = delivered(again(), json());
        assert_eq!((known.status(), size(&known)), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(header_of(&known, "etag"), tag);
        let changed = HttpResponse::Ok().content_type("application/json").body("[2]");
        assert_eq!(delivered(again(), changed).status(), StatusCode::OK);
        for method in [Method::POST, Method::PUT] {
            let written = delivered(TestRequest::default().method(method), json());
            assert_eq!(header_of(&written, "etag"), "");
        }
        let kept = HttpResponse::Ok()
            .content_type("application/json")
            .insert_header(("cache-control", "no-store"))
            .body("[1]");
        assert_eq!(header_of(&delivered(TestRequest::get(), kept), "etag"), "");
    }
}
