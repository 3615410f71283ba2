//! What the issuer's signature does not say, rule by rule. Signatures, keys and rotation are proven
//! against a real issuer, by the suite `identity`.

use std::time::Duration;

use edge::config::{RedisConfig, Vars};
use serde_json::json;

use super::*;

const NOW: i64 = 1_800_000_000;

fn oidc(email_claim: &str) -> Oidc {
    edge::tls::install();
    let vars = Vars::from_pairs([("REDIS_URL", "redis://127.0.0.1:1")]);
    let config = OidcConfig {
        issuer: "https://issuer.example".to_owned(),
        audience: "portal".to_owned(),
        email_claim: email_claim.to_owned(),
        keys_max_age: Duration::from_mins(10),
    };
    Oidc::new(config, Redis::open(&RedisConfig::from_vars(&vars).unwrap()).unwrap()).unwrap()
}

fn accept(email_claim: &str, changes: &Value) -> Result<Verified, Refusal> {
    let mut claims = json!({
        "aud": "portal", "iat": NOW, "exp": NOW + 3600,
        "email": "kari@kld.dep.no", "email_verified": true, "preferred_username": "kari@dep.no",
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    oidc(email_claim).accept("head.claims.signature", &serde_json::from_value(claims).unwrap(), NOW)
}

#[actix_rt::test]
async fn a_token_of_another_client_is_refused_although_it_names_us_too() {
    for (changes, is_ours) in [
        (json!({}), true),
        (json!({ "azp": "portal" }), true),
        (json!({ "aud": ["portal"] }), true),
        (json!({ "aud": ["portal", "other"], "azp": "portal" }), true),
        (json!({ "aud": ["portal", "other"] }), false),
        (json!({ "aud": ["portal", "other"], "azp": "other" }), false),
        (json!({ "azp": "other" }), false),
    ] {
        let accepted = accept("email", &changes);
        let refused = matches!(accepted, Err(Refusal::AuthorizedParty));
        assert_eq!((accepted.is_ok(), refused), (is_ours, !is_ours), "{changes}");
    }
}

#[actix_rt::test]
async fn a_token_is_exchanged_within_minutes_of_its_issue() {
    for (issued, is_fresh) in [(-630, true), (-631, false), (30, true), (31, false)] {
        let accepted = accept("email", &json!({ "iat": NOW + issued }));
        let refused = matches!(accepted, Err(Refusal::Age));
        assert_eq!((accepted.is_ok(), refused), (is_fresh, !is_fresh), "{issued}");
    }
}

#[actix_rt::test]
async fn an_address_counts_only_if_the_issuer_vouches_for_it() {
    let email = |claim, changes| accept(claim, &changes).map(|verified| verified.email);
    assert_eq!(email("email", json!({})).unwrap(), "kari@kld.dep.no");
    for verified in [json!(null), json!(false), json!("true"), json!(1)] {
        let refused = email("email", json!({ "email_verified": verified }));
        assert!(matches!(refused, Err(Refusal::Address)), "{verified}");
    }
    let given_by_the_issuer = email("preferred_username", json!({ "email_verified": false }));
    assert_eq!(given_by_the_issuer.unwrap(), "kari@dep.no");
    for address in [json!(null), json!(7), json!(" "), json!(["kari@dep.no"])] {
        let refused = email("preferred_username", json!({ "preferred_username": address }));
        assert!(matches!(refused, Err(Refusal::Address)), "{address}");
    }
}

#[actix_rt::test]
async fn a_token_is_remembered_for_as_long_as_it_would_be_accepted() {
    let over_at = |changes| accept("email", &changes).unwrap().over_at;
    assert_eq!(over_at(json!({})), NOW + 631);
    assert_eq!(over_at(json!({ "exp": NOW + 60 })), NOW + 91);
}

#[actix_rt::test]
async fn another_spelling_of_the_signature_is_the_same_token() {
    let id = |token| {
        let claims = json!({ "aud": "portal", "iat": NOW, "exp": NOW, "u": "a@b.no" });
        oidc("u").accept(token, &serde_json::from_value(claims).unwrap(), NOW).unwrap().id
    };
    assert_eq!(id("head.claims.signature"), id("head.claims.other"));
    assert_ne!(id("head.claims.signature"), id("head.others.signature"));
}
