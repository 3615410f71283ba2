//! Signing in at an external OpenID Connect issuer, such as Entra ID (architecture 8).
//!
//! The issuer says who somebody is; what they may do, and the token that every service verifies,
//! stay ours. So an ID token is looked at once, here, and no other service knows the issuer. The
//! token's kind of signature is chosen by us and by the issuer's key, never by the token alone.

mod keys;
mod spent;

use chrono::{DateTime, Utc};
use edge::redis::Redis;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use self::keys::IssuerKeys;
pub use self::keys::KeysError;
use self::spent::SpentTokens;
use crate::config::OidcConfig;

/// Kinds of signatures that are looked at: public keys only, so that nothing published can sign.
const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];
/// Clocks of the issuer and of this machine may differ by this much.
const LEEWAY_SECS: u64 = 30;
/// A sign-in takes seconds; an ID token that lay about longer was found somewhere.
const MAX_AGE_SECS: i64 = 600;
/// The claim that users may write themselves at many issuers, which say whether they checked it.
const SELF_DECLARED: &str = "email";

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// Malformed, forged, expired or meant for someone else.
    #[error("ID token is not valid")]
    Invalid(#[from] Refusal),
    /// The token has been exchanged before.
    #[error("ID token has been used")]
    Spent,
    /// The issuer cannot be asked for its keys, so nothing can be decided.
    #[error("the issuer's keys are not available")]
    KeysUnavailable(#[from] KeysError),
}

/// What is wrong with an ID token.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Form, signature, issuer, audience or time.
    #[error("it does not stand up")]
    Token(#[from] jsonwebtoken::errors::Error),
    /// Its kind of signature is none that we look at, or not the key's.
    #[error("it is signed in a way that is not accepted")]
    Algorithm,
    /// The issuer publishes no such key.
    #[error("it was signed by an unknown key")]
    UnknownKey,
    /// It was given to another client, which has shown it to us.
    #[error("it was issued to another client")]
    AuthorizedParty,
    /// It was issued too long ago, or will be.
    #[error("it is too old or from the future")]
    Age,
    /// The claim with the address is missing, or the issuer does not vouch for it.
    #[error("it has no address that the issuer vouches for")]
    Address,
}

/// Who an ID token was issued to.
#[derive(Debug)]
pub struct Verified {
    /// Sign-in address, as the issuer spells it.
    pub email: String,
    id: Uuid,
    /// Seconds since 1970 from which on the token is refused for its age.
    over_at: i64,
}

#[derive(Deserialize)]
struct Claims {
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Exchanges the ID tokens of one issuer.
pub struct Oidc {
    config: OidcConfig,
    keys: IssuerKeys,
    spent: SpentTokens,
}

impl Oidc {
    /// Prepares to ask the issuer, without asking it yet.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn new(config: OidcConfig, redis: Redis) -> reqwest::Result<Self> {
        let keys = IssuerKeys::new(&config.issuer, config.keys_max_age)?;
        Ok(Self { config, keys, spent: SpentTokens::new(redis) })
    }

    /// The issuer, and our name there.
    #[must_use]
    pub fn config(&self) -> &OidcConfig {
        &self.config
    }

    /// Checks an ID token.
    ///
    /// # Errors
    /// [`OidcError`].
    pub async fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Verified, OidcError> {
        let header = jsonwebtoken::decode_header(token).map_err(Refusal::from)?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(Refusal::Algorithm.into());
        }
        let kid = header.kid.as_deref().ok_or(Refusal::UnknownKey)?;
        let key = self.keys.find(kid).await?.ok_or(Refusal::UnknownKey)?;
        if key.algorithm.is_some_and(|algorithm| algorithm != header.alg.into()) {
            return Err(Refusal::Algorithm.into());
        }
        let claims =
            jsonwebtoken::decode::<Claims>(token, &key.decoding, &self.validation(&header))
                .map_err(Refusal::from)?
                .claims;
        Ok(self.accept(token, &claims, now.timestamp())?)
    }

    /// Uses a token up.
    ///
    /// # Errors
    /// [`OidcError::Spent`] when somebody has done so before.
    pub async fn spend(&self, token: &Verified, now: DateTime<Utc>) -> Result<(), OidcError> {
        if self.spent.spend(token.id, token.over_at, now.timestamp()).await {
            Ok(())
        } else {
            Err(OidcError::Spent)
        }
    }

    fn validation(&self, header: &Header) -> Validation {
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.config.issuer]);
        validation.set_audience(&[&self.config.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY_SECS;
        validation
    }

    /// What a signature cannot say (OpenID Connect Core, 3.1.3.7).
    fn accept(&self, token: &str, claims: &Claims, now: i64) -> Result<Verified, Refusal> {
        let is_shared = matches!(&claims.aud, Audience::Several(all) if all.len() > 1);
        let is_ours = match (&claims.azp, &claims.aud) {
            (Some(party), _) => *party == self.config.audience,
            (None, Audience::One(one)) => *one == self.config.audience,
            (None, Audience::Several(_)) => !is_shared,
        };
        if !is_ours {
            return Err(Refusal::AuthorizedParty);
        }
        let leeway = i64::try_from(LEEWAY_SECS).unwrap_or_default();
        let age = now.saturating_sub(claims.iat);
        if age > MAX_AGE_SECS.saturating_add(leeway) || age < leeway.saturating_neg() {
            return Err(Refusal::Age);
        }
        let email = self.address(&claims.others).ok_or(Refusal::Address)?;
        let over_at = claims.exp.min(claims.iat.saturating_add(MAX_AGE_SECS));
        // The signature is left out: some kinds can be written in two ways. What was signed cannot.
        let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
        Ok(Verified {
            email,
            id: Uuid::new_v5(&Uuid::NAMESPACE_URL, signed.as_bytes()),
            over_at: over_at.saturating_add(leeway).saturating_add(1),
        })
    }

    fn address(&self, claims: &Map<String, Value>) -> Option<String> {
        let name = self.config.email_claim.as_str();
        let is_vouched_for = name != SELF_DECLARED
            || claims.get("email_verified").is_some_and(|verified| *verified == true);
        let address = claims.get(name)?.as_str()?;
        (is_vouched_for && !address.trim().is_empty()).then(|| address.to_owned())
    }
}

#[cfg(test)]
mod tests;
