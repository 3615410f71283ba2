//! E01–E03, JWKS, and what is not a token.

use std::sync::OnceLock;

use argon2::Argon2;
use argon2::password_hash::PasswordHasher as _;
use edge::problem::ProblemType;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use test_support::{Actor, Answer};

use crate::app::{TestApp, assert_problem};

const PASSWORD: &str = "Test1234!";

/// Hashed once: a hash takes as long as a sign-in.
fn password_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| Argon2::default().hash_password(PASSWORD.as_bytes()).unwrap().to_string())
}

async fn production_like() -> TestApp {
    TestApp::spawn().await
}

async fn demo() -> TestApp {
    TestApp::builder().var("DEMO_LOGIN", "true").spawn().await
}

/// A user who signs in with `email` and [`PASSWORD`].
async fn add_user(app: &TestApp, actor: &Actor, email: &str) {
    app.seed.actor(actor).await;
    let update = "UPDATE users SET email = $2, password_hash = $3 WHERE id = $1";
    let client = app.seed.client();
    client.execute(update, &[actor.id().as_uuid(), &email, &password_hash()]).await.unwrap();
}

async fn deactivate(app: &TestApp, email: &str) {
    let update = "UPDATE users SET is_active = false WHERE email = $1";
    app.seed.client().execute(update, &[&email]).await.unwrap();
}

async fn login(app: &TestApp, body: Value) -> Answer {
    app.http.post("/api/auth/login", &body).await
}

#[actix_rt::test]
async fn a_password_signs_in_and_the_token_opens_the_api() {
    let app = production_like().await;
    let kari = Actor::fag("KLD").named("Kari Nordmann");
    add_user(&app, &kari, "kari@kld.dep.no").await;
    let answer = login(&app, json!({ "email": "kari@kld.dep.no", "password": PASSWORD })).await;
    let signed_in = answer.assert_status(200).json();
    assert_eq!(
        signed_in["user"],
        json!({
            "id": kari.id(), "email": "kari@kld.dep.no", "fullName": "Kari Nordmann",
            "departmentId": kari.identity.department_id, "departmentCode": "KLD",
            "departmentName": "Klima- og miljødepartementet", "role": "saksbehandler_fag",
            "division": "Budsjettavdelingen", "section": null, "jobTitle": null,
            "leaderLevel": null, "assignedDepartments": null,
        })
    );
    let http = app.http.with_token(signed_in["token"].as_str().unwrap());
    assert_eq!(http.get("/api/auth/me").await.assert_status(200).json(), signed_in["user"]);
}

#[actix_rt::test]
async fn an_address_is_read_in_any_case_and_under_its_ministrys_present_domain() {
    let app = production_like().await;
    add_user(&app, &Actor::budget_unit("DFD"), "budsjett1@did.dep.no").await;
    for email in ["Budsjett1@DID.dep.no", " budsjett1@dfd.dep.no "] {
        let answer = login(&app, json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(answer.assert_status(200).json()["user"]["departmentCode"], "DFD");
    }
    let answer =
        login(&app, json!({ "EMAIL": "budsjett1@did.dep.no", "Password": PASSWORD })).await;
    answer.assert_status(200);
}

#[actix_rt::test]
async fn a_portfolio_is_shown_primary_first() {
    let app = production_like().await;
    let fin = Actor::fin();
    add_user(&app, &fin, "fin@fin.dep.no").await;
    app.seed.portfolio(&fin, &["KLD", "UD", "ED"]).await;
    let answer = login(&app, json!({ "email": "fin@fin.dep.no", "password": PASSWORD })).await;
    let signed_in = answer.assert_status(200).json();
    let assigned = signed_in["user"]["assignedDepartments"].as_array().unwrap();
    let shown: Vec<_> =
        assigned.iter().map(|one| (&one["departmentCode"], &one["isPrimary"])).collect();
    assert_eq!(
        shown,
        [
            (&json!("KLD"), &json!(true)),
            (&json!("ED"), &json!(false)),
            (&json!("UD"), &json!(false))
        ]
    );
    assert_eq!(assigned[0]["departmentName"], "Klima- og miljødepartementet");
    assert!(assigned[0]["departmentId"].is_string());
}

#[actix_rt::test]
async fn outside_demo_a_stranger_cannot_tell_who_exists() {
    let app = production_like().await;
    add_user(&app, &Actor::fag("KLD"), "kari@kld.dep.no").await;
    add_user(&app, &Actor::fag("KD"), "per@kd.dep.no").await;
    deactivate(&app, "per@kd.dep.no").await;
    let mut told = Vec::new();
    for body in [
        json!({ "email": "kari@kld.dep.no", "password": "feil" }),
        json!({ "email": "kari@kld.dep.no", "password": "" }),
        json!({ "email": "kari@kld.dep.no" }),
        json!({ "email": "kari@kld.dep.no", "password": null }),
        json!({ "email": "ingen@kld.dep.no", "password": PASSWORD }),
        json!({ "email": "ingen@kld.dep.no" }),
        json!({ "email": "per@kd.dep.no", "password": "feil" }),
    ] {
        let mut problem = assert_problem(&login(&app, body).await, ProblemType::WRONG_CREDENTIALS);
        problem["instance"] = Value::Null;
        told.push(problem);
    }
    assert!(told.iter().all(|problem| *problem == told[0]), "{told:?}");
}

#[actix_rt::test]
async fn inactive_users_are_rejected() {
    for app in [production_like().await, demo().await] {
        add_user(&app, &Actor::fag("KD"), "per@kd.dep.no").await;
        deactivate(&app, "per@kd.dep.no").await;
        let answer = login(&app, json!({ "email": "per@kd.dep.no", "password": PASSWORD })).await;
        let problem = assert_problem(&answer, ProblemType::WRONG_CREDENTIALS);
        assert_eq!(problem["message"], "Brukeren er ikke aktiv.");
    }
}

#[actix_rt::test]
async fn d01_in_demo_an_address_is_enough_but_a_given_password_must_match() {
    let app = demo().await;
    add_user(&app, &Actor::fag("KLD"), "kari@kld.dep.no").await;
    login(&app, json!({ "email": "kari@kld.dep.no" })).await.assert_status(200);
    login(&app, json!({ "email": "kari@kld.dep.no", "password": null })).await.assert_status(200);
    let wrong = login(&app, json!({ "email": "kari@kld.dep.no", "password": "feil" })).await;
    assert_problem(&wrong, ProblemType::WRONG_CREDENTIALS);
    for body in [
        json!({ "email": "ingen@kld.dep.no" }),
        json!({ "email": "ingen@kld.dep.no", "password": PASSWORD }),
    ] {
        assert_problem(&login(&app, body).await, ProblemType::NOT_FOUND);
    }
}

#[actix_rt::test]
async fn i8_a_login_without_a_usable_address_is_an_ordinary_problem() {
    let app = production_like().await;
    for (body, pointer) in [
        (json!({}), "/email"),
        (json!({ "email": null }), "/email"),
        (json!({ "email": "  " }), "/email"),
        (json!({ "email": 7 }), "/email"),
        (json!({ "email": "a\u{0}b" }), "/email"),
        (json!({ "email": "a@b.no", "password": 7 }), "/password"),
    ] {
        let problem =
            assert_problem(&login(&app, body.clone()).await, ProblemType::INVALID_REQUEST);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
    let long = "å".repeat(100_000);
    let answer = login(&app, json!({ "email": long, "password": long })).await;
    assert_problem(&answer, ProblemType::WRONG_CREDENTIALS);
}

#[actix_rt::test]
async fn many_sign_ins_at_once_are_all_answered() {
    let app = production_like().await;
    add_user(&app, &Actor::fag("KLD"), "kari@kld.dep.no").await;
    let body = json!({ "email": "kari@kld.dep.no", "password": PASSWORD });
    let sign_ins = (0..12).map(|_| login(&app, body.clone()));
    for answer in futures_util::future::join_all(sign_ins).await {
        answer.assert_status(200);
    }
}

#[actix_rt::test]
async fn me_is_gone_when_the_user_is() {
    let app = production_like().await;
    let answer = app.http.by(&Actor::fag("KLD")).get("/api/auth/me").await;
    assert_problem(&answer, ProblemType::NOT_FOUND);
}

#[actix_rt::test]
async fn active_users_of_all_departments_are_listed_and_never_their_hash() {
    let app = production_like().await;
    add_user(&app, &Actor::fin().named("Berit"), "b@fin.dep.no").await;
    add_user(&app, &Actor::fag("KLD").named("Arne"), "a@kld.dep.no").await;
    add_user(&app, &Actor::fag("KD").named("Per"), "per@kd.dep.no").await;
    deactivate(&app, "per@kd.dep.no").await;
    app.seed.portfolio(&Actor::fin().named("Berit"), &["KLD"]).await;
    let answer = app.http.by(&Actor::fag("KLD").named("Arne")).get("/api/auth/users").await;
    let users = answer.assert_status(200).json();
    let names: Vec<_> = users.as_array().unwrap().iter().map(|user| &user["fullName"]).collect();
    assert_eq!(names, ["Arne", "Berit"]);
    assert_eq!(users[0]["assignedDepartments"], Value::Null);
    assert_eq!(users[1]["assignedDepartments"][0]["departmentCode"], "KLD");
    assert!(!answer.text().contains("argon2"), "{}", answer.text());
}

#[actix_rt::test]
async fn the_published_keys_verify_tokens_and_hold_nothing_private() {
    let app = production_like().await;
    let answer = app.http.get("/api/auth/jwks.json").await;
    assert!(answer.header("cache-control").contains("max-age=300"));
    let keys = answer.assert_status(200).json();
    assert_eq!(keys["keys"][0]["kty"], "OKP");
    assert_eq!(keys["keys"][0]["crv"], "Ed25519");
    assert_eq!(keys["keys"][0]["alg"], "EdDSA");
    assert!(keys["keys"][0].get("d").is_none(), "the private part");
    let token = Actor::fag("KLD").token();
    let header = jsonwebtoken::decode_header(&token).unwrap();
    let set: JwkSet = answer.parse();
    assert!(set.find(&header.kid.unwrap()).is_some());
}

/// Claims that would be accepted, were they signed as they must be.
fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = json!({
        "iss": "statsbudsjettportalen", "aud": "statsbudsjettportalen",
        "exp": 4_000_000_000_u64, "iat": 1_700_000_000,
        "jti": "00000000-0000-4000-8000-000000000001",
        "sub": "00000000-0000-4000-8000-000000000002", "name": "Falsk", "email": "f@test.no",
        "role": "administrator", "department_id": "00000000-0000-4000-8000-000000000003",
        "department_code": "FIN",
    });
    claims[name] = value;
    claims
}

/// Signs `claims` with the stack's own key under a header of the caller's choice.
fn signed(header: &Header, claims: &Value) -> String {
    let pem = std::fs::read(&test_support::Stack::load().signing_key_file).unwrap();
    let key = EncodingKey::from_ed_pem(&pem).unwrap();
    jsonwebtoken::encode(header, claims, &key).unwrap()
}

fn own_header() -> Header {
    jsonwebtoken::decode_header(Actor::admin().token()).unwrap()
}

#[actix_rt::test]
async fn what_is_not_a_valid_token_is_401_however_it_was_made() {
    let app = production_like().await;
    let public_key = app.http.get("/api/auth/jwks.json").await.text();
    let admin = Actor::admin();
    let good = claims_with("role", json!("administrator"));
    let hmac = Header { alg: Algorithm::HS256, ..own_header() };
    let point = app.http.get("/api/auth/jwks.json").await.json()["keys"][0]["x"].clone();
    let by_secret = |secret: &str| {
        let key = EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&hmac, &good, &key).unwrap()
    };
    let unknown_key = Header { kid: Some("ukjent".to_owned()), ..own_header() };
    let no_key = Header { kid: None, ..own_header() };
    let (head, rest) =
        admin.token().split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let none_head = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let unsigned = rest.split('.').next().unwrap();
    for (how, token) in [
        ("expired", admin.expired_token()),
        ("claims changed after signing", Actor::fag("KLD").forged_token()),
        ("alg none, signature kept", format!("{none_head}.{rest}")),
        ("alg none, no signature", format!("{none_head}.{unsigned}.")),
        ("signature cut off", format!("{head}.{unsigned}.")),
        ("HMAC with the published keys", by_secret(&public_key)),
        ("HMAC with the public key's point", by_secret(point.as_str().unwrap())),
        ("unknown key id", signed(&unknown_key, &good)),
        ("no key id", signed(&no_key, &good)),
        ("another audience", signed(&own_header(), &claims_with("aud", json!("andre")))),
        ("another issuer", signed(&own_header(), &claims_with("iss", json!("andre")))),
        ("no expiry", signed(&own_header(), &claims_with("exp", Value::Null))),
        ("an unknown role", signed(&own_header(), &claims_with("role", json!("konge")))),
        ("no token at all", "tull".to_owned()),
    ] {
        let answer = app.http.with_token(&token).get("/api/auth/me").await;
        assert_eq!(answer.status, 401, "{how}: {}", answer.text());
        assert_problem(&answer, ProblemType::UNAUTHENTICATED);
    }
    // The same claims, signed as they must be, are let in: the list above fails for its reasons.
    let accepted = app.http.with_token(signed(&own_header(), &good)).get("/api/departments").await;
    accepted.assert_status(200);
}
