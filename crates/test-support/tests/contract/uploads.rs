//! Pictures: uploading them and handing them out (contract 18).

use image::ImageFormat;
use reqwest::Method;
use serde_json::json;
use test_support::Answer;
use test_support::portal::{User, anonymous, assert_problem_document, assert_refused, unknown_id};
use uuid::Uuid;

use crate::pictures::{
    DRAWING, Part, file, form, picture, png_of, post_form, text, upload, uploaded,
};

const UPLOAD: &str = "/api/uploads/image";
const MEGABYTE: usize = 1024 * 1024;

/// Uploads, downloads as nobody in particular, and returns the download.
async fn there_and_back(file_name: &str, content: &[u8], extension: &str) -> Answer {
    let user = User::fag("kld").await;
    let url = uploaded(&user, file_name, content).await;
    let name = url.strip_prefix("/uploads/images/").expect("an image's address");
    let (id, found) = name.split_once('.').expect("an extension");
    assert_eq!(found, extension, "{url}");
    let parsed = Uuid::parse_str(id).expect("a UUID");
    assert_eq!(parsed.to_string(), id, "{url}");
    anonymous().get(&url).await
}

async fn raster(file_name: &str, format: ImageFormat, extension: &str, media_type: &str) {
    let content = picture(format);
    let answer = there_and_back(file_name, &content, extension).await;
    assert_eq!(answer.assert_status(200).header("content-type"), media_type);
    assert_eq!(answer.body, content, "the picture is kept as it was sent");
}

async fn refused(file_name: &str, content: &[u8]) -> String {
    let user = User::fag("kld").await;
    let answer = upload(&user, file_name, content).await;
    let problem = answer.assert_problem(400, "/problems/invalid-request");
    assert_problem_document(&answer, file_name);
    assert_eq!(problem["errors"][0]["pointer"], "/file", "{problem}");
    problem["message"].as_str().expect("a message").to_owned()
}

// --- E65: what is accepted ----------------------------------------------------------------------

#[tokio::test]
async fn e65_the_answer_is_an_address_and_nothing_else() {
    let user = User::fag("kld").await;
    let answer = upload(&user, "figur.png", &picture(ImageFormat::Png)).await;
    let answer = answer.assert_status(200).json();
    let keys: Vec<&String> = answer.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["url"]);
}

#[tokio::test]
async fn e65_a_png_is_kept() {
    raster("figur.png", ImageFormat::Png, "png", "image/png").await;
}

#[tokio::test]
async fn e65_a_jpg_is_kept() {
    raster("figur.jpg", ImageFormat::Jpeg, "jpg", "image/jpeg").await;
}

#[tokio::test]
async fn e65_a_jpeg_keeps_its_longer_extension() {
    raster("figur.jpeg", ImageFormat::Jpeg, "jpeg", "image/jpeg").await;
}

#[tokio::test]
async fn e65_a_gif_is_kept() {
    raster("figur.gif", ImageFormat::Gif, "gif", "image/gif").await;
}

#[tokio::test]
async fn e65_a_webp_is_kept() {
    raster("figur.webp", ImageFormat::WebP, "webp", "image/webp").await;
}

#[tokio::test]
async fn e65_an_svg_is_kept_with_its_text_and_shapes() {
    let answer = there_and_back("figur.svg", DRAWING.as_bytes(), "svg").await;
    assert_eq!(answer.assert_status(200).header("content-type"), "image/svg+xml");
    let svg = answer.text();
    let drawing = roxmltree::Document::parse(&svg).expect("well-formed");
    let find = |name| drawing.descendants().find(|node| node.tag_name().name() == name);
    assert_eq!(find("title").expect("a title").text(), Some("Søyler"));
    let rect = find("rect").expect("a rectangle");
    assert_eq!((rect.attribute("width"), rect.attribute("fill")), (Some("40"), Some("#0b3d6b")));
    assert_eq!(drawing.root_element().attribute("viewBox"), Some("0 0 40 30"));
}

#[tokio::test]
async fn e65_the_extension_is_read_in_any_case() {
    raster("FIGUR.PNG", ImageFormat::Png, "png", "image/png").await;
}

#[tokio::test]
async fn e65_the_content_decides_the_type_when_the_name_claims_another() {
    raster("figur.jpg", ImageFormat::Png, "png", "image/png").await;
    raster("figur.svg", ImageFormat::Gif, "gif", "image/gif").await;
}

#[tokio::test]
async fn e65_nothing_of_the_name_is_in_the_address() {
    for name in ["../../etc/passwd.png", "C:\\figur.png", "a b;c%00.png", "%2e%2e%2ffigur.png"] {
        raster(name, ImageFormat::Png, "png", "image/png").await;
    }
}

#[tokio::test]
async fn e65_the_same_picture_twice_is_two_pictures() {
    let user = User::fag("kld").await;
    let content = picture(ImageFormat::Png);
    let one = uploaded(&user, "figur.png", &content).await;
    assert_ne!(one, uploaded(&user, "figur.png", &content).await);
}

#[tokio::test]
async fn e65_parts_that_nobody_knows_are_ignored() {
    let user = User::fag("kld").await;
    let content = picture(ImageFormat::Png);
    let parts = [text("caption", "Figur 1"), file("figur.png", &content), text("x", "y")];
    post_form(&user.http, UPLOAD, form(&parts)).await.assert_status(200);
}

#[tokio::test]
async fn e65_every_role_may_upload() {
    let content = picture(ImageFormat::Png);
    for email in ["fag.kld@test.no", "budsjett.kld@test.no", "fin.kld@test.no", "admin@test.no"] {
        uploaded(&User::sign_in(email).await, "figur.png", &content).await;
    }
}

#[tokio::test]
async fn e65_a_file_of_ten_megabytes_is_kept() {
    let (head, tail) = ("<svg xmlns=\"http://www.w3.org/2000/svg\"><g/>", "</svg>");
    let padding = " ".repeat(10 * MEGABYTE - head.len() - tail.len());
    let content = format!("{head}{padding}{tail}");
    assert_eq!(content.len(), 10 * MEGABYTE);
    there_and_back("figur.svg", content.as_bytes(), "svg").await.assert_status(200);
}

// --- E65: what is refused -----------------------------------------------------------------------

#[tokio::test]
async fn e65_no_token_is_401_before_the_file_is_looked_at() {
    let content = picture(ImageFormat::Png);
    for http in [anonymous(), anonymous().with_token("ikke.et.token")] {
        for body in [form(&[file("figur.png", &content)]), Vec::new(), b"tull".to_vec()] {
            let answer = post_form(&http, UPLOAD, body).await;
            answer.assert_problem(401, "/problems/unauthenticated");
        }
    }
}

/// The answer comes before the body has been read, and must not get lost with it.
#[tokio::test]
async fn e65_no_token_is_401_in_the_face_of_a_large_file_too() {
    let body = form(&[file("figur.png", &vec![0; 9 * MEGABYTE])]);
    for _attempt in 0..5 {
        let answer = post_form(&anonymous(), UPLOAD, body.clone()).await;
        answer.assert_problem(401, "/problems/unauthenticated");
    }
}

#[tokio::test]
async fn e65_an_empty_file_is_400() {
    assert_eq!(refused("figur.png", b"").await, "Filen er tom.");
}

#[tokio::test]
async fn e65_an_extension_that_is_not_accepted_is_400_whatever_the_content() {
    let content = picture(ImageFormat::Png);
    for name in ["figur.txt", "figur.html", "figur.png.exe", "figur", "figur.", "png", ""] {
        let message = refused(name, &content).await;
        assert_eq!(message, "Filen må være PNG, JPEG, GIF, SVG eller WebP.", "{name}");
    }
}

#[tokio::test]
async fn e65_content_that_is_no_picture_is_400_whatever_the_name() {
    let contents: [&[u8]; 6] =
        [b"tekst", b"%PDF-1.7", b"PK\x03\x04", b"BM\0\0\0\0", b"\x7fELF", b"\0\0\0\0"];
    for content in contents {
        for name in ["figur.png", "figur.jpg", "figur.gif", "figur.webp", "figur.svg"] {
            refused(name, content).await;
        }
    }
}

#[tokio::test]
async fn e65_a_web_page_under_a_pictures_name_is_400() {
    for name in ["figur.png", "figur.svg"] {
        refused(name, b"<!doctype html><html><script>alert(1)</script></html>").await;
        refused(name, b"<html xmlns=\"http://www.w3.org/1999/xhtml\"><body/></html>").await;
    }
}

#[tokio::test]
async fn e65_a_file_of_more_than_ten_megabytes_is_413() {
    let user = User::fag("kld").await;
    let mut content = picture(ImageFormat::Png);
    content.resize(10 * MEGABYTE + 1, 0);
    let answer = upload(&user, "figur.png", &content).await;
    let problem = answer.assert_problem(413, "/problems/too-large");
    assert_eq!(problem["message"], "Filen er større enn 10 MB.");
}

#[tokio::test]
async fn e65_a_body_that_the_gateway_stops_is_413_too() {
    let user = User::fag("kld").await;
    let answer = upload(&user, "figur.png", &vec![0; 13 * MEGABYTE]).await;
    answer.assert_problem(413, "/problems/too-large");
    assert_problem_document(&answer, UPLOAD);
}

#[tokio::test]
async fn e65_anything_but_a_form_is_415() {
    let user = User::fag("kld").await;
    user.http
        .post(UPLOAD, &json!({ "file": "x" }))
        .await
        .assert_problem(415, "/problems/unsupported-media-type");
    for media_type in ["image/png", "application/x-www-form-urlencoded", "multipart/mixed", "x"] {
        let request = user.http.request(Method::POST, UPLOAD).header("content-type", media_type);
        let answer = user.http.send(request.body(picture(ImageFormat::Png))).await;
        let problem = answer.assert_problem(415, "/problems/unsupported-media-type");
        assert_eq!(problem["message"], "Filen må sendes som multipart/form-data.");
    }
    let answer = user.http.send(user.http.request(Method::POST, UPLOAD)).await;
    answer.assert_problem(415, "/problems/unsupported-media-type");
}

#[tokio::test]
async fn e65_a_form_without_the_file_is_400() {
    let user = User::fag("kld").await;
    let content = picture(ImageFormat::Png);
    let other = Part { name: "image", file_name: Some("figur.png"), content: &content };
    for parts in [vec![], vec![text("caption", "Figur 1")], vec![other]] {
        let answer = post_form(&user.http, UPLOAD, form(&parts)).await;
        assert_refused(&answer, UPLOAD);
        assert_eq!(answer.status, 400, "{}", answer.text());
    }
}

#[tokio::test]
async fn e65_two_files_are_400() {
    let user = User::fag("kld").await;
    let content = picture(ImageFormat::Png);
    let parts = [file("en.png", &content), file("to.png", &content)];
    let answer = post_form(&user.http, UPLOAD, form(&parts)).await;
    let problem = answer.assert_problem(400, "/problems/invalid-request");
    assert_eq!(problem["message"], "Skjemaet kan bare ha én fil.");
}

#[tokio::test]
async fn e65_a_form_that_cannot_be_read_is_400() {
    let user = User::fag("kld").await;
    let whole = form(&[file("figur.png", &picture(ImageFormat::Png))]);
    let (half, nothing) = (whole[..whole.len() / 2].to_vec(), Vec::new());
    let nul = form(&[text("caption", "a\0b"), file("figur.png", &picture(ImageFormat::Png))]);
    let many: Vec<Part<'_>> = (0..50).map(|_| text("x", "y")).collect();
    for body in [half, nothing, b"tull".to_vec(), nul, form(&many)] {
        let answer = post_form(&user.http, UPLOAD, body).await;
        answer.assert_problem(400, "/problems/invalid-request");
    }
    for media_type in ["multipart/form-data", "multipart/form-data; boundary=\"\""] {
        let request = user.http.request(Method::POST, UPLOAD).header("content-type", media_type);
        let answer = user.http.send(request.body(whole.clone())).await;
        answer.assert_problem(400, "/problems/invalid-request");
    }
}

#[tokio::test]
async fn e65_a_picture_that_breaks_off_is_400() {
    for (name, format) in [
        ("figur.png", ImageFormat::Png),
        ("figur.jpg", ImageFormat::Jpeg),
        ("figur.gif", ImageFormat::Gif),
        ("figur.webp", ImageFormat::WebP),
    ] {
        let content = picture(format);
        refused(name, &content[..content.len() * 3 / 4]).await;
    }
}

// --- E66: handing out ---------------------------------------------------------------------------

async fn an_image() -> String {
    uploaded(&User::fag("kld").await, "figur.png", &picture(ImageFormat::Png)).await
}

async fn a_drawing() -> String {
    uploaded(&User::fag("kld").await, "figur.svg", DRAWING.as_bytes()).await
}

fn only<'a>(answer: &'a Answer, name: &str) -> &'a str {
    assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{name}");
    answer.header(name)
}

#[tokio::test]
async fn e66_a_picture_is_anonymous_and_kept_by_browsers_for_a_year() {
    let answer = anonymous().get(&an_image().await).await;
    answer.assert_status(200);
    assert_eq!(only(&answer, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(only(&answer, "content-length"), answer.body.len().to_string());
}

#[tokio::test]
async fn e66_no_picture_is_taken_for_anything_else() {
    for url in [an_image().await, a_drawing().await] {
        let answer = anonymous().get(&url).await;
        assert_eq!(only(&answer, "x-content-type-options"), "nosniff", "{url}");
    }
}

#[tokio::test]
async fn e66_a_picture_that_is_opened_by_itself_is_locked_in() {
    for url in [an_image().await, a_drawing().await] {
        let answer = anonymous().get(&url).await;
        let policy = only(&answer, "content-security-policy");
        assert_eq!(policy, "sandbox; default-src 'none'; style-src 'unsafe-inline'", "{url}");
        assert_eq!(only(&answer, "x-frame-options"), "DENY", "{url}");
    }
}

#[tokio::test]
async fn e66_a_drawing_is_a_download_and_a_raster_image_is_not() {
    let drawing = anonymous().get(&a_drawing().await).await;
    assert_eq!(only(&drawing, "content-disposition"), "attachment");
    let image = anonymous().get(&an_image().await).await;
    assert!(image.headers.get("content-disposition").is_none());
}

#[tokio::test]
async fn e66_a_picture_that_the_browser_has_is_304() {
    let portal = anonymous();
    let url = an_image().await;
    let first = portal.get(&url).await;
    let tag = only(&first, "etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() > 30, "{tag}");
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let request = portal.request(Method::GET, &url).header("if-none-match", &known);
        let again = portal.send(request).await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{known}");
        assert_eq!(only(&again, "etag"), tag);
        assert_eq!(only(&again, "cache-control"), "public, max-age=31536000, immutable");
    }
    for other in ["\"x\"", "tull", "W/\"y\""] {
        let request = portal.request(Method::GET, &url).header("if-none-match", other);
        portal.send(request).await.assert_status(200);
    }
}

#[tokio::test]
async fn e66_each_picture_has_a_tag_of_its_own() {
    let portal = anonymous();
    let (one, other) = (an_image().await, an_image().await);
    let (one, other) = (portal.get(&one).await, portal.get(&other).await);
    assert_ne!(one.header("etag"), other.header("etag"));
}

#[tokio::test]
async fn e66_a_picture_that_nobody_uploaded_is_404() {
    for folder in ["images", "figures"] {
        for extension in ["png", "jpg", "jpeg", "gif", "svg", "webp"] {
            let path = format!("/uploads/{folder}/{}.{extension}", unknown_id());
            let answer = anonymous().get(&path).await;
            let problem = answer.assert_problem(404, "/problems/not-found");
            assert_eq!(problem["message"], "Fant ikke bildet.");
            assert!(answer.headers.get("etag").is_none());
            assert_eq!(answer.header("cache-control"), "no-store");
        }
    }
}

#[tokio::test]
async fn e66_a_picture_has_one_address_and_no_other() {
    let url = an_image().await;
    let name = url.rsplit('/').next().expect("a name");
    let (id, _) = name.split_once('.').expect("an extension");
    for path in [
        format!("/uploads/figures/{name}"),
        format!("/uploads/{name}"),
        format!("/uploads/images/{id}"),
        format!("/uploads/images/{id}.jpg"),
        format!("/uploads/images/{id}.PNG"),
        format!("/uploads/images/{}.png", id.to_uppercase()),
        format!("/uploads/images/{}.png", id.replace('-', "")),
        format!("/uploads/images/{name}/"),
        format!("/uploads/images/{name}.png"),
        format!("/uploads/images//{name}"),
        format!("/api{url}"),
    ] {
        anonymous().get(&path).await.assert_problem(404, "/problems/not-found");
    }
}

#[tokio::test]
async fn e66_no_path_leads_out_of_the_folder() {
    let name = an_image().await;
    let name = name.rsplit('/').next().expect("a name");
    for path in [
        "..%2f..%2fsigning-key.pem".to_owned(),
        format!("..%2fimages%2f{name}"),
        format!("..%252fimages%252f{name}"),
        format!("%2e%2e/images/{name}%00.png"),
        format!(".%2f{name}"),
        format!("..%5cimages%5c{name}"),
        format!("..\\images\\{name}"),
        format!("{name}%00"),
        format!("{name}%00.svg"),
        format!("{name}%20"),
        format!("{name};.svg"),
        "%2fetc%2fpasswd".to_string(),
        "%c0%ae%c0%ae%2f".to_owned(),
        "..".to_owned(),
        "%2e%2e".to_owned(),
        ".".to_owned(),
        "x".repeat(5_000),
    ] {
        for folder in ["images", "figures"] {
            let path = format!("/uploads/{folder}/{path}");
            let answer = raw_get(&path).await;
            assert!(
                answer.starts_with("HTTP/1.1 4") || is_the_clients_page(&answer),
                "{path}: {answer}"
            );
            assert!(!answer.contains("image/png"), "{path}: {answer}");
            assert!(!answer.contains("PRIVATE KEY") && !answer.contains("root:"), "{path}");
        }
    }
}

/// Two dots take the gateway to an address above `/uploads`, which is one of the client's.
fn is_the_clients_page(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200") && answer.contains("<title>Statsbudsjettportalen</title>")
}

/// Sends an address as it is spelled: a proper client would tidy it up first.
async fn raw_get(path: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let stack = test_support::Stack::load();
    let address = stack.gateway_url.as_str().trim_start_matches("http://").trim_end_matches('/');
    let mut connection = tokio::net::TcpStream::connect(address).await.expect("the gateway");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn e66_pictures_are_only_read() {
    let (user, url) = (User::sign_in("admin@test.no").await, an_image().await);
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let answer = user.http.send(user.http.request(method, &url)).await;
        answer.assert_problem(405, "/problems/method-not-allowed");
    }
    anonymous().get(&url).await.assert_status(200);
}

#[tokio::test]
async fn e66_a_picture_comes_compressed_only_if_that_helps() {
    let portal = anonymous();
    let big = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\">{}</svg>",
        "<rect width=\"40\" height=\"30\"/>".repeat(200)
    );
    let drawing = uploaded(&User::fag("kld").await, "figur.svg", big.as_bytes()).await;
    for (url, encoding) in [(drawing, "gzip"), (an_image().await, "")] {
        let request = portal.request(Method::GET, &url).header("accept-encoding", "gzip");
        let answer = portal.send(request).await;
        assert_eq!(answer.assert_status(200).header("content-encoding"), encoding, "{url}");
    }
}

// --- I8: bombs and polyglots --------------------------------------------------------------------

#[tokio::test]
async fn i8_a_png_that_claims_a_billion_pixels_is_400() {
    for (width, height) in [(30_000, 30_000), (u32::MAX >> 1, 1), (1, 60_000), (10_000, 5_001)] {
        let message = refused("figur.png", &png_of(width, height)).await;
        assert_eq!(message, "Bildet har for mange piksler. Lagre det mindre og prøv igjen.");
    }
}

#[tokio::test]
async fn i8_a_gif_that_claims_four_billion_pixels_is_400() {
    let mut content = picture(ImageFormat::Gif);
    content[6..10].copy_from_slice(&[0xff; 4]);
    refused("figur.gif", &content).await;
}

#[tokio::test]
async fn i8_a_jpeg_that_claims_four_billion_pixels_is_400() {
    let mut content = picture(ImageFormat::Jpeg);
    let frame = content.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame header");
    content[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    refused("figur.jpg", &content).await;
}

#[tokio::test]
async fn i8_a_picture_of_no_pixels_is_400() {
    refused("figur.png", &png_of(0, 0)).await;
    refused("figur.png", &png_of(0, 10)).await;
}

#[tokio::test]
async fn e65_a_picture_with_an_archive_behind_it_is_400() {
    for (name, format) in [
        ("figur.png", ImageFormat::Png),
        ("figur.jpg", ImageFormat::Jpeg),
        ("figur.gif", ImageFormat::Gif),
        ("figur.webp", ImageFormat::WebP),
    ] {
        let mut content = picture(format);
        content.extend_from_slice(b"PK\x03\x04\x14\0\0\0\0\0");
        let message = refused(name, &content).await;
        assert!(message.starts_with("Filen inneholder mer enn et bilde."), "{name}: {message}");
    }
}

#[tokio::test]
async fn e65_a_picture_with_a_page_behind_it_is_400() {
    for (name, format) in [("figur.jpg", ImageFormat::Jpeg), ("figur.gif", ImageFormat::Gif)] {
        let mut content = picture(format);
        content.extend_from_slice(b"<html><script>alert(1)</script></html>");
        refused(name, &content).await;
    }
}

#[tokio::test]
async fn e65_a_script_that_begins_like_a_gif_is_400() {
    refused("figur.gif", b"GIF89a/*\x01\0\x80\0\0*/=1;alert(1);").await;
    refused("figur.gif", b"GIF89a=1;alert(1)//;").await;
}

#[tokio::test]
async fn e65_a_page_that_begins_like_a_picture_is_400() {
    for start in [&b"\x89PNG\r\n\x1a\n"[..], b"\xff\xd8\xff\xe0", b"RIFF\0\0\0\0WEBP"] {
        let content = [start, b"<html><script>alert(1)</script></html>"].concat();
        for name in ["figur.png", "figur.jpg", "figur.webp"] {
            refused(name, &content).await;
        }
    }
}
