//! What becomes of an ID token when its exchange fails on our side. The issuer here is two
//! documents; a real one is met in `identity`.

use std::future::ready;
use std::net::TcpListener;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use chrono::Utc;
use edge::config::{AuthConfig, Vars};
use edge::token::TokenIssuer;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;
use test_support::{Actor, Stack};

use crate::app::TestApp;

const KARI: &str = "kari@kld.dep.no";

/// Publishes a key at an address of its own; returns the address and an ID token for Kari.
fn issuer() -> (String, String) {
    let pem = std::fs::read(&Stack::load().signing_key_file).unwrap();
    let auth = AuthConfig::from_vars(&Vars::default());
    let keys = TokenIssuer::from_pem(&pem, auth, Duration::from_hours(1)).unwrap().jwks();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());

    let now = Utc::now().timestamp();
    let claims = json!({
        "iss": address, "aud": "portal", "sub": "kari", "email": KARI, "email_verified": true,
        "iat": now, "exp": now + 600,
    });
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid.clone_from(&keys.keys[0].common.key_id);
    let key = EncodingKey::from_ed_pem(&pem).unwrap();
    let id_token = jsonwebtoken::encode(&header, &claims, &key).unwrap();

    let discovery = json!({ "issuer": address, "jwks_uri": format!("{address}/keys") });
    let app = move || {
        let answer = |body: serde_json::Value| move || ready(HttpResponse::Ok().json(body.clone()));
        App::new()
            .route("/.well-known/openid-configuration", web::get().to(answer(discovery.clone())))
            .route("/keys", web::get().to(answer(serde_json::to_value(&keys).unwrap())))
    };
    let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap();
    actix_rt::spawn(server.run());
    (address, id_token)
}

#[actix_rt::test]
async fn i7_an_exchange_that_fails_on_our_side_does_not_use_the_id_token_up() {
    let (address, id_token) = issuer();
    let app = TestApp::builder()
        .var("OIDC_ISSUER_URL", &address)
        .var("OIDC_AUDIENCE", "portal")
        .spawn()
        .await;
    let kari = Actor::fag("KLD").named("Kari Nordmann");
    app.seed.actor(&kari).await;
    let update = "UPDATE users SET email = $2 WHERE id = $1";
    app.seed.client().execute(update, &[kari.id().as_uuid(), &KARI]).await.unwrap();
    let exchange = async || app.http.post("/api/auth/oidc", &json!({ "idToken": id_token })).await;

    // The address can be looked up, and the user with their department cannot be loaded.
    let fault = "REVOKE SELECT ON departments FROM portal_cases_api";
    app.seed.client().batch_execute(fault).await.unwrap();
    assert!(exchange().await.status.is_server_error());
    let mended = "GRANT SELECT ON departments TO portal_cases_api";
    app.seed.client().batch_execute(mended).await.unwrap();

    exchange().await.assert_status(200);
    exchange().await.assert_status(401);
}
