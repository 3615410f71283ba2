//! Signing in at an external issuer: a real OpenID Connect provider, which
//! `cargo xtask test identity` installs. Every forgery stands beside the same token made honestly,
//! which is let in.

mod provider;

use std::time::{Duration, Instant};

use chrono::Utc;
use edge::config::{AuthConfig, Vars};
use edge::problem::ProblemType;
use edge::token::TokenVerifier;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use test_support::{Actor, Answer, Http};

use self::provider::Provider;
use crate::app::{TestApp, TestAppBuilder, assert_problem};

const KARI: &str = "kari@kld.dep.no";
/// How long the service may take to notice a change at the issuer.
const DEADLINE: Duration = Duration::from_secs(30);

fn at(builder: TestAppBuilder, issuer: &str) -> TestAppBuilder {
    builder.var("OIDC_ISSUER_URL", issuer).var("OIDC_AUDIENCE", "portal")
}

/// A portal whose people sign in at `provider`, and Kari, who is one of them.
async fn portal(provider: &Provider) -> TestApp {
    let app = at(TestApp::builder(), &provider.issuer()).spawn().await;
    add_user(&app, &Actor::fag("KLD").named("Kari Nordmann"), KARI).await;
    app
}

async fn add_user(app: &TestApp, actor: &Actor, email: &str) {
    app.seed.actor(actor).await;
    let update = "UPDATE users SET email = $2 WHERE id = $1";
    app.seed.client().execute(update, &[actor.id().as_uuid(), &email]).await.unwrap();
}

async fn exchange(http: &Http, id_token: &str) -> Answer {
    http.post("/api/auth/oidc", &json!({ "idToken": id_token })).await
}

/// Claims of an ID token for Kari, but for one.
fn claims_with(provider: &Provider, name: &str, value: Value) -> Value {
    let now = Utc::now().timestamp();
    let mut claims = json!({
        "iss": provider.issuer(), "aud": "portal", "sub": "kari", "email": KARI,
        "email_verified": true, "iat": now, "exp": now + 600, "jti": uuid::Uuid::new_v4(),
    });
    claims[name] = value;
    claims
}

/// An honest token, which the provider might have made itself.
fn honest(provider: &Provider, kid: &str) -> String {
    provider.sign(&provider.header(kid), kid, &claims_with(provider, "sub", json!("kari")))
}

/// Exchanges fresh tokens signed with `kid` until the answer is `status`.
async fn wait_for(app: &TestApp, provider: &Provider, kid: &str, status: u16) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = exchange(&app.http, &honest(provider, kid)).await;
        if answer.status == status {
            return answer;
        }
        assert!(begun.elapsed() < DEADLINE, "key {kid} is still answered {}", answer.text());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[actix_rt::test]
async fn who_signs_in_at_the_issuer_gets_a_token_of_ours_and_only_once() {
    let provider = Provider::start("RS256", &["one"]);
    let app = portal(&provider).await;
    let id_token = provider.sign_in("portal", "Kari@KLD.dep.no").await;

    let signed_in = exchange(&app.http, &id_token).await.assert_status(200).json();
    assert_eq!(signed_in["user"]["email"], KARI);
    let token = signed_in["token"].as_str().unwrap();
    let me = app.http.with_token(token).get("/api/auth/me").await;
    assert_eq!(me.assert_status(200).json(), signed_in["user"]);

    // What locks-api does with it.
    let keys = format!("{}/api/auth/jwks.json", app.http.base());
    let auth = AuthConfig::from_vars(&Vars::default());
    let identity = TokenVerifier::remote(keys, &auth).unwrap().verify(token).await.unwrap();
    assert_eq!(identity.email, KARI);

    // Neither the issuer's token opens the API, nor does it sign in twice, here or at a twin.
    app.http.with_token(&id_token).get("/api/auth/me").await.assert_status(401);
    let twin = at(app.twin(), &provider.issuer()).spawn().await;
    for http in [&app.http, &twin.http] {
        let again =
            assert_problem(&exchange(http, &id_token).await, ProblemType::WRONG_CREDENTIALS);
        assert!(again["message"].as_str().unwrap().contains("brukt"), "{again}");
    }
}

#[actix_rt::test]
async fn every_kind_of_signature_that_is_accepted_is_read() {
    for algorithm in ["PS256", "ES256", "EdDSA"] {
        let provider = Provider::start(algorithm, &["one"]);
        let app = portal(&provider).await;
        let id_token = provider.sign_in("portal", KARI).await;
        let header = jsonwebtoken::decode_header(&id_token).unwrap();
        assert_eq!(header.alg, algorithm.parse().unwrap());
        exchange(&app.http, &id_token).await.assert_status(200);
    }
}

#[actix_rt::test]
async fn the_issuer_is_then_the_only_way_in() {
    let provider = Provider::start("RS256", &["one"]);
    let app = portal(&provider).await;
    let told = app.http.get("/api/auth/oidc").await.assert_status(200).json();
    assert_eq!(told, json!({ "issuer": provider.issuer(), "clientId": "portal" }));
    for body in [
        json!({ "email": KARI, "password": "Test1234!" }),
        json!({ "email": KARI }),
        json!({ "email": "ingen@kld.dep.no", "password": "Test1234!" }),
    ] {
        let answer = app.http.post("/api/auth/login", &body).await;
        let problem = assert_problem(&answer, ProblemType::FORBIDDEN);
        assert!(problem["message"].as_str().unwrap().contains("arbeidskonto"), "{problem}");
    }
}

#[actix_rt::test]
async fn who_is_no_active_user_stays_outside() {
    let provider = Provider::start("RS256", &["one"]);
    let app = portal(&provider).await;
    add_user(&app, &Actor::fag("KD"), "per@kd.dep.no").await;
    add_user(&app, &Actor::fag("UD"), "unverified.ola@ud.dep.no").await;
    let update = "UPDATE users SET is_active = false WHERE email = 'per@kd.dep.no'";
    app.seed.client().execute(update, &[]).await.unwrap();
    for (login, kind) in [
        ("ingen@kld.dep.no", ProblemType::FORBIDDEN),
        ("per@kd.dep.no", ProblemType::FORBIDDEN),
        ("unverified.ola@ud.dep.no", ProblemType::WRONG_CREDENTIALS),
    ] {
        let id_token = provider.sign_in("portal", login).await;
        assert_problem(&exchange(&app.http, &id_token).await, kind);
    }
    // An issuer that gives the address itself need not have verified it.
    let entra = at(app.twin(), &provider.issuer()).var("OIDC_EMAIL_CLAIM", "preferred_username");
    let entra = entra.spawn().await;
    let id_token = provider.sign_in("portal", "unverified.ola@ud.dep.no").await;
    exchange(&entra.http, &id_token).await.assert_status(200);
}

type Forgery = (&'static str, String);

/// Honest claims under signatures that are not the issuer's, by what is wrong with them.
async fn forged_signatures(provider: &Provider) -> Vec<Forgery> {
    let own = provider.header("one");
    let good = claims_with(provider, "sub", json!("kari"));
    let under = |header: Header| provider.sign(&header, "one", &good);
    let hmac = Header { alg: Algorithm::HS256, ..own.clone() };
    let by_secret = |secret: &str| {
        jsonwebtoken::encode(&hmac, &good, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
    };
    let published = Http::anonymous(provider.issuer()).get("/jwks").await.json();
    let modulus = published["keys"][0]["n"].as_str().unwrap();
    let token = under(own.clone());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (_, claims) = signed.split_once('.').unwrap();
    let none = "eyJhbGciOiJub25lIiwia2lkIjoib25lIn0";
    let other = provider.sign(&own, "one", &claims_with(provider, "email", json!("s@fin.no")));
    let (other_signed, _) = other.rsplit_once('.').unwrap();
    vec![
        ("alg none", format!("{none}.{claims}.")),
        ("alg none, signature kept", format!("{none}.{claims}.{signature}")),
        ("HMAC with the public key", by_secret(&provider.key("one", "publicPem"))),
        ("HMAC with the published modulus", by_secret(modulus)),
        ("not the key's algorithm", under(Header { alg: Algorithm::PS256, ..own.clone() })),
        ("not an accepted algorithm", under(Header { alg: Algorithm::RS512, ..own.clone() })),
        ("claims changed after signing", format!("{other_signed}.{signature}")),
        ("unknown key", under(Header { kid: Some("ukjent".to_owned()), ..own.clone() })),
        ("no key", under(Header { kid: None, ..own.clone() })),
        ("another key under this one's name", provider.sign(&own, "two", &good)),
        ("a token of ours", Actor::admin().token()),
        ("no token", "tull".to_owned()),
    ]
}

/// What the issuer did sign, and must not sign anybody in here, by what is wrong with it.
async fn misused_tokens(provider: &Provider) -> Vec<Forgery> {
    let signed = |name, value| {
        provider.sign(&provider.header("one"), "one", &claims_with(provider, name, value))
    };
    let now = Utc::now().timestamp();
    vec![
        ("another client's", provider.sign_in("another", KARI).await),
        ("another audience", signed("aud", json!("another"))),
        ("another issuer", signed("iss", json!(provider.other_name()))),
        ("expired", signed("exp", json!(now - 60))),
        ("no expiry", signed("exp", Value::Null)),
        ("not valid yet", signed("nbf", json!(now + 120))),
        ("issued an hour ago", signed("iat", json!(now - 3600))),
        ("an address not verified", signed("email_verified", json!(false))),
        ("no address", signed("email", Value::Null)),
    ]
}

#[actix_rt::test]
async fn a_forged_id_token_signs_nobody_in() {
    // Both keys were made, and only the first is published.
    let mut provider = Provider::start("RS256", &["one", "two"]);
    provider.restart(&["one"]);
    let app = portal(&provider).await;
    exchange(&app.http, &honest(&provider, "one")).await.assert_status(200);
    let forged = forged_signatures(&provider).await;
    for (how, token) in forged.into_iter().chain(misused_tokens(&provider).await) {
        let answer = exchange(&app.http, &token).await;
        assert_eq!(answer.status, 401, "{how}: {}", answer.text());
        assert_problem(&answer, ProblemType::WRONG_CREDENTIALS);
    }
    exchange(&app.http, &honest(&provider, "one")).await.assert_status(200);
}

#[actix_rt::test]
async fn forged_key_ids_are_no_load_on_the_issuer() {
    let provider = Provider::start("ES256", &["one"]);
    let app = portal(&provider).await;
    let begun = Instant::now();
    for number in 0..100 {
        let header = Header { kid: Some(format!("ukjent-{number}")), ..provider.header("one") };
        let claims = claims_with(&provider, "sub", json!("kari"));
        exchange(&app.http, &provider.sign(&header, "one", &claims)).await.assert_status(401);
    }
    let allowed = 1 + u32::try_from(begun.elapsed().as_secs() / 5).unwrap();
    assert!((1..=allowed).contains(&provider.fetches().await), "{allowed}");
}

#[actix_rt::test]
async fn keys_rotate_without_anybody_doing_anything() {
    let mut provider = Provider::start("ES256", &["one"]);
    let app = at(TestApp::builder(), &provider.issuer()).var("OIDC_KEYS_MAX_AGE_SECS", "1");
    let app = app.spawn().await;
    add_user(&app, &Actor::fag("KLD"), KARI).await;
    exchange(&app.http, &provider.sign_in("portal", KARI).await).await.assert_status(200);

    // A new key signs, and the old one is still published: both are let in.
    provider.restart(&["two", "one"]);
    wait_for(&app, &provider, "two", 200).await;
    let by_two = provider.sign_in("portal", KARI).await;
    assert_eq!(jsonwebtoken::decode_header(&by_two).unwrap().kid.as_deref(), Some("two"));
    exchange(&app.http, &by_two).await.assert_status(200);
    exchange(&app.http, &honest(&provider, "one")).await.assert_status(200);

    // The old key is withdrawn: what it signed is worth nothing from then on.
    provider.restart(&["two"]);
    let refused = wait_for(&app, &provider, "one", 401).await;
    assert_problem(&refused, ProblemType::WRONG_CREDENTIALS);
    exchange(&app.http, &honest(&provider, "two")).await.assert_status(200);
}

#[actix_rt::test]
async fn an_issuer_that_is_down_keeps_out_only_whom_nobody_can_tell() {
    let mut provider = Provider::start("ES256", &["one", "two"]);
    provider.restart(&["one"]);
    let app = at(TestApp::builder(), &provider.issuer()).var("OIDC_KEYS_MAX_AGE_SECS", "1");
    let app = app.spawn().await;
    add_user(&app, &Actor::fag("KLD"), KARI).await;
    provider.stop();
    // Nothing is known yet.
    let answer = exchange(&app.http, &honest(&provider, "one")).await;
    assert_problem(&answer, ProblemType::UNAVAILABLE);
    assert!(!answer.header("retry-after").is_empty());

    provider.restart(&["one"]);
    wait_for(&app, &provider, "one", 200).await;
    provider.stop();
    // Past the age at which keys are asked for anew, and past the pause after an answer.
    let unknown = wait_for(&app, &provider, "two", 503).await;
    assert_problem(&unknown, ProblemType::UNAVAILABLE);
    exchange(&app.http, &honest(&provider, "one")).await.assert_status(200);
}

#[actix_rt::test]
async fn an_issuer_under_another_name_is_not_believed() {
    let provider = Provider::start("ES256", &["one"]);
    let app = at(TestApp::builder(), &provider.other_name()).spawn().await;
    add_user(&app, &Actor::fag("KLD"), KARI).await;
    let claims = claims_with(&provider, "iss", json!(provider.other_name()));
    let id_token = provider.sign(&provider.header("one"), "one", &claims);
    assert_problem(&exchange(&app.http, &id_token).await, ProblemType::UNAVAILABLE);
}

#[actix_rt::test]
async fn forged_tokens_are_counted_by_where_they_come_from_and_honest_ones_are_not() {
    let provider = Provider::start("ES256", &["one"]);
    let builder = at(TestApp::builder(), &provider.issuer());
    let app = builder.var("RATE_LIMIT_SIGN_IN_ADDRESS_PER_5_MINUTES", "3").spawn().await;
    add_user(&app, &Actor::fag("KLD"), KARI).await;
    for _ in 0..8 {
        exchange(&app.http, &honest(&provider, "one")).await.assert_status(200);
    }
    for _ in 0..3 {
        exchange(&app.http, "tull").await.assert_status(401);
    }
    let refused = exchange(&app.http, &honest(&provider, "one")).await;
    assert_problem(&refused, ProblemType::RATE_LIMITED);
    assert!(!refused.header("retry-after").is_empty());
}
