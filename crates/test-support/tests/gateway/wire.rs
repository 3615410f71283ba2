//! I8 below HTTP's own rules: bytes that no HTTP library would send.

use std::time::Duration;

use test_support::Stack;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const PROBLEM: &str = "Content-Type: application/problem+json";

/// Sends bytes as they are and reads until the gateway closes.
pub(crate) async fn exchange(request: &[u8]) -> String {
    let gateway = Stack::load().gateway_url.trim_start_matches("http://");
    let mut connection = TcpStream::connect(gateway).await.expect("the gateway listens");
    connection.write_all(request).await.expect("the gateway reads");
    let mut answer = Vec::new();
    let reading = connection.read_to_end(&mut answer);
    // A reset after the answer is how the gateway drops what it did not read.
    let _ = tokio::time::timeout(Duration::from_secs(20), reading).await.expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

fn assert_refused(answer: &str, status: u16, request: &[u8]) {
    let shown = String::from_utf8_lossy(&request[..request.len().min(80)]);
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{shown:?}: {answer}");
    assert!(answer.contains(PROBLEM), "{shown:?}: {answer}");
    assert!(answer.contains("\"message\":\""), "{shown:?}: {answer}");
    assert_eq!(answer.matches("X-Request-Id:").count(), 1, "{shown:?}: {answer}");
    assert!(!answer.contains("<html>"), "{shown:?}: {answer}");
}

/// A request with these header lines and this body, on a connection that ends with it.
fn request(line: &[u8], headers: &[u8], body: &[u8]) -> Vec<u8> {
    let standard = b" HTTP/1.1\r\nHost: portalen\r\nConnection: close\r\n";
    [line, standard, headers, b"\r\n", body].concat()
}

#[tokio::test]
async fn i8_what_is_no_http_is_refused_as_a_problem() {
    let long = [b"X-Lang: ".to_vec(), vec![b'a'; 20_000], b"\r\n".to_vec()].concat();
    let hostile = [
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"GET /api/cases HTTP/1.1\r\nConnection: close\r\n\r\n".to_vec(),
        b"GET / HTTP/3.0\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec(),
        b"GET /api/cases HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n".to_vec(),
        request(b"GET /api/cases", &long, b""),
        request(b"GET /api/cases", b"X Y: 1\r\n", b""),
        request(&[b"GET /api/cases?search=".to_vec(), vec![b'a'; 20_000]].concat(), b"", b""),
    ];
    for bytes in hostile {
        assert_refused(&exchange(&bytes).await, 400, &bytes);
    }
}

#[tokio::test]
async fn i8_bodies_of_a_doubtful_length_are_refused_before_a_service_sees_them() {
    let headers: [&[u8]; 6] = [
        b"Content-Length: -3\r\n",
        b"Content-Length: 3\r\nContent-Length: 4\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding: chunked\r\n",
    ];
    for lines in headers {
        // The body is no chunked one either.
        let bytes = request(b"POST /api/auth/login", lines, b"zz\r\n{}\r\n");
        assert_refused(&exchange(&bytes).await, 400, &bytes);
    }
}

#[tokio::test]
async fn i8_addresses_with_bytes_that_no_address_has_are_refused() {
    let addresses: [&[u8]; 9] = [
        b"/api/cases/\xff\xfe",
        "/api/cases?search=\u{e6}".as_bytes(),
        b"/api/cases/<script>",
        b"/api/cases?search=\"a\"",
        b"/api/cases/`id`",
        b"/api/locks/\x80",
        b"/api/%00",
        b"/api/%zz",
        b"/%00",
    ];
    for address in addresses {
        let bytes = request(&[b"GET ", address].concat(), b"", b"");
        assert_refused(&exchange(&bytes).await, 400, &bytes);
    }
}

#[tokio::test]
async fn i8_methods_that_nobody_serves_are_refused() {
    for method in ["TRACE", "CONNECT", "PROPFIND", "get"] {
        let bytes = request(format!("{method} /api/departments").as_bytes(), b"", b"");
        let answer = exchange(&bytes).await;
        let status = if answer.starts_with("HTTP/1.1 405 ") { 405 } else { 400 };
        assert_refused(&answer, status, &bytes);
    }
}

#[tokio::test]
async fn parts_of_a_page_are_not_served_but_the_whole_of_it() {
    let bytes = request(b"GET /", b"Range: bytes=99999-\r\n", b"");
    let answer = exchange(&bytes).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}
