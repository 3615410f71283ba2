//! Who is let in, and that no input is our failure (I8): tokens, bodies, addresses.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::{Actor, Stack};
use uuid::Uuid;

use crate::app::{Caller, World, assert_empty};

/// Operations that answer without a token. May only shrink.
const ANONYMOUS: [(&str, &str); 1] = [("post", "/api/locks/{id}")];

/// An Ed25519 key in PKCS #8 (RFC 8410) that belongs to nobody: 32 times the letter B.
const OTHER_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIEJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC\n\
    -----END PRIVATE KEY-----\n";

#[actix_web::test]
async fn every_operation_wants_a_token_but_the_beacon() {
    let world = World::create().await;
    let app = world.start("a").await;
    let document = app.http.get("/api/locks/openapi.json").await.assert_status(200).json();
    let mut anonymous = Vec::new();

    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let verb: Method = method.to_uppercase().parse().unwrap();
            let address = path.replace("{id}", &Uuid::new_v4().to_string());
            let answer = app.http.send(app.http.request(verb, &address)).await;
            if answer.status == StatusCode::UNAUTHORIZED {
                answer.assert_problem(401, "/problems/unauthenticated");
                assert!(operation["security"].is_null(), "{method} {path}");
            } else {
                anonymous.push((method.as_str(), path.as_str()));
                assert_eq!(operation["security"], json!([{}]), "{method} {path}");
            }
        }
    }

    assert_eq!(anonymous, ANONYMOUS);
}

#[actix_web::test]
async fn a_token_that_is_not_the_issuers_opens_nothing() {
    let world = World::create().await;
    let app = world.start("a").await;
    let kari = Actor::fag("KLD").named("Kari Nordmann");
    let path = format!("/api/locks?resourceType=case&resourceId={}", Uuid::new_v4());
    app.http.by(&kari).get(&path).await.assert_status(204);

    for (what, token) in forged_tokens(&kari) {
        let answer = app.http.with_token(token).get(&path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
        answer.assert_problem(401, "/problems/unauthenticated");
    }
}

fn forged_tokens(actor: &Actor) -> Vec<(&'static str, String)> {
    let token = actor.token();
    let (head, body) = (token.split('.').next().unwrap(), token.split('.').nth(1).unwrap());
    let header = jsonwebtoken::decode_header(&token).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap();
    let key = EncodingKey::from_ed_pem(OTHER_KEY.as_bytes()).unwrap();
    let sign = |header: &Header| jsonwebtoken::encode(header, &claims, &key).unwrap();
    let stranger = Header { kid: Some("stranger".to_owned()), ..header.clone() };
    let nameless = Header { kid: None, ..header.clone() };
    // Signed by the issuer, and not for us: what another product of the same issuer would hold.
    let pem = std::fs::read(&Stack::load().signing_key_file).unwrap();
    let genuine = EncodingKey::from_ed_pem(&pem).unwrap();
    let issued = |header: &Header, name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        jsonwebtoken::encode(header, &claims, &genuine).unwrap()
    };
    // What a verifier that trusts the header would take for its key: something public.
    let published = Jwk::from_encoding_key(&genuine, Algorithm::EdDSA).unwrap();
    let published = serde_json::to_value(&published).unwrap();
    let (text, point) = (published.to_string(), published["x"].as_str().unwrap());
    let symmetric = Header { alg: Algorithm::HS256, ..header.clone() };
    let by_secret = |secret: &[u8]| {
        jsonwebtoken::encode(&symmetric, &claims, &EncodingKey::from_secret(secret)).unwrap()
    };
    let no_algorithm = URL_SAFE_NO_PAD.encode(json!({ "alg": "none" }).to_string());
    vec![
        ("expired", actor.expired_token()),
        ("changed claims", actor.forged_token()),
        ("another key under the issuer's key id", sign(&header)),
        ("another key under its own id", sign(&stranger)),
        ("another key without an id", sign(&nameless)),
        ("symmetric, by the key's id", by_secret(header.kid.as_deref().unwrap().as_bytes())),
        ("symmetric, by the published key", by_secret(text.as_bytes())),
        ("symmetric, by its point", by_secret(point.as_bytes())),
        ("symmetric, by its bytes", by_secret(&URL_SAFE_NO_PAD.decode(point).unwrap())),
        ("another audience", issued(&header, "aud", json!("andre"))),
        ("another issuer", issued(&header, "iss", json!("andre"))),
        ("no audience", issued(&header, "aud", Value::Null)),
        ("no expiry", issued(&header, "exp", Value::Null)),
        ("an unknown role", issued(&header, "role", json!("konge"))),
        ("the issuer's key under an unknown id", issued(&stranger, "aud", claims["aud"].clone())),
        ("no algorithm", format!("{no_algorithm}.{body}.")),
        ("no signature", format!("{head}.{body}.")),
        ("not a token", "kari".to_owned()),
        ("empty", String::new()),
        ("long", "a.".repeat(3_000)),
    ]
}

#[actix_web::test]
async fn i8_a_body_that_makes_no_sense_is_the_clients_problem() {
    let world = World::create().await;
    let app = world.start("a").await;
    let kari = app.by("Kari Nordmann");
    let id = Uuid::new_v4();

    for path in ["/api/locks", "/api/locks/verify"] {
        for body in ["", "{", "{\"resourceType\":", &"[".repeat(100_000)] {
            post(&kari, path, body, (400, "/problems/invalid-json")).await;
        }
        for body in [
            json!(null),
            json!([]),
            json!({}),
            json!({ "resourceId": id }),
            json!({ "resourceType": "case" }),
            json!({ "resourceType": null, "resourceId": id, "lockToken": 1 }),
            json!({ "resourceType": "user", "resourceId": id, "lockToken": 1 }),
            json!({ "resourceType": "case\u{0}", "resourceId": id, "lockToken": 1 }),
            json!({ "resourceType": "case", "resourceId": "7", "lockToken": 1 }),
            json!({ "resourceType": "case", "resourceId": 7, "lockToken": 1 }),
        ] {
            post(&kari, path, &body.to_string(), (400, "/problems/invalid-request")).await;
        }
        post(&kari, path, &"x".repeat(5 << 20), (413, "/problems/too-large")).await;
        let form = kari.http.request(Method::POST, path).body("resourceType=case");
        let answer = kari.http.send(form).await;
        answer.assert_problem(415, "/problems/unsupported-media-type");
    }
    for token in [json!(1e30), json!(1.5), json!("x"), json!(null)] {
        let body = json!({ "resourceType": "case", "resourceId": id, "lockToken": token });
        let refused = (400, "/problems/invalid-request");
        post(&kari, "/api/locks/verify", &body.to_string(), refused).await;
    }
    kari.verify(id, i64::MIN).await;
    kari.verify(id, i64::MAX).await;
}

async fn post(caller: &Caller, path: &str, body: &str, (status, kind): (u16, &str)) {
    let request = caller.http.request(Method::POST, path);
    let request = request.header("content-type", "application/json").body(body.to_owned());
    caller.http.send(request).await.assert_problem(status, kind);
}

#[actix_web::test]
async fn i8_an_address_that_makes_no_sense_is_the_clients_problem() {
    let world = World::create().await;
    let app = world.start("a").await;
    let kari = app.by("Kari Nordmann");
    let id = Uuid::new_v4();
    let cases = [
        (Method::GET, "/api/locks", 400),
        (Method::GET, "/api/locks?resourceType=case", 400),
        (Method::GET, "/api/locks?resourceType=case&resourceId=undefined", 400),
        (Method::GET, "/api/locks?resourceType=case&resourceId=7", 400),
        (Method::GET, "/api/locks?resourceType=Case&resourceId={id}", 400),
        (Method::GET, "/api/locks?resourceType=a%00&resourceId={id}", 400),
        (Method::GET, "/api/locks?resourceType=%ff%fe&resourceId={id}", 400),
        (Method::PUT, "/api/locks/7/heartbeat", 404),
        (Method::PUT, "/api/locks/%00%ff/heartbeat", 404),
        (Method::DELETE, "/api/locks/7", 404),
        (Method::GET, "/api/locks/7/8/9", 404),
        (Method::GET, "/api/lock", 404),
        (Method::GET, "/", 404),
        (Method::DELETE, "/api/locks", 405),
        (Method::GET, "/api/locks/{id}/heartbeat", 405),
        (Method::PATCH, "/api/locks/{id}", 405),
    ];
    for (method, path, status) in cases {
        let path = path.replace("{id}", &id.to_string());
        let kind = match status {
            400 => "/problems/invalid-request",
            404 => "/problems/not-found",
            _ => "/problems/method-not-allowed",
        };
        let answer = kari.http.send(kari.http.request(method.clone(), &path)).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.text());
        answer.assert_problem(status, kind);
    }
}

#[actix_web::test]
async fn i8_a_beacon_is_answered_whatever_it_carries() {
    let world = World::create().await;
    let app = world.start("a").await;
    let beacon = async |path: &str, body: String| {
        app.http.send(app.http.request(Method::POST, path).body(body)).await
    };
    for id in ["7", "%00", "%ff", &"a".repeat(4_000)] {
        let path = format!("/api/locks/{id}?_method=DELETE");
        assert_empty(&beacon(&path, "{".to_owned()).await, 204);
    }
    let huge = beacon(&format!("/api/locks/{}", Uuid::new_v4()), "x".repeat(1 << 20)).await;
    huge.assert_problem(413, "/problems/too-large");
}
