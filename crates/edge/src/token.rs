//! Access tokens: EdDSA JWTs, issued by cases-api, verified by every service without a call.
//!
//! A verifier knows keys by `kid`, from the local signing key or from the issuer's JWKS, and
//! accepts exactly one algorithm: a token cannot choose how it is checked, which closes `none`
//! and HMAC-with-the-public-key forgeries (architecture, section 8).

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::ids::{DepartmentId, UserId};
use domain::role::Role;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::config::AuthConfig;

/// Who the caller is, as far as services need it without asking the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The user.
    #[serde(rename = "sub")]
    pub user_id: UserId,
    /// Full name, shown to others as lock holder.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Role that every rule is decided by.
    pub role: Role,
    /// Home department.
    pub department_id: DepartmentId,
    /// Code of the home department.
    pub department_code: String,
    /// Division (avdeling).
    #[serde(default)]
    pub division: Option<String>,
    /// Job title.
    #[serde(default)]
    pub job_title: Option<String>,
    /// Leader level, wire value.
    #[serde(default)]
    pub leader_level: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    exp: i64,
    iat: i64,
    jti: Uuid,
    #[serde(flatten)]
    identity: Identity,
}

/// Why a token is not accepted. Callers answer 401 to all but [`TokenError::KeysUnavailable`].
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Malformed, forged, expired or meant for someone else.
    #[error("token is not valid")]
    Invalid(#[source] jsonwebtoken::errors::Error),
    /// Signed by a key that the issuer does not publish.
    #[error("token was signed by an unknown key")]
    UnknownKey,
    /// The issuer's keys cannot be fetched, so nothing can be decided.
    #[error("the issuer's keys are not available")]
    KeysUnavailable,
}

/// Signs tokens with the issuer's private key.
pub struct TokenIssuer {
    key: EncodingKey,
    public: Jwk,
    kid: String,
    config: AuthConfig,
    lifetime: Duration,
}

impl std::fmt::Debug for TokenIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenIssuer").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl TokenIssuer {
    /// Reads an Ed25519 private key in PKCS#8 PEM. The key id is its RFC 7638 thumbprint, so it
    /// is the same in every replica that has the same key.
    ///
    /// # Errors
    /// When the PEM is not an Ed25519 key.
    pub fn from_pem(
        pem: &[u8],
        config: AuthConfig,
        lifetime: Duration,
    ) -> Result<Self, jsonwebtoken::errors::Error> {
        let key = EncodingKey::from_ed_pem(pem)?;
        let mut public = Jwk::from_encoding_key(&key, Algorithm::EdDSA)?;
        let kid = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        public.common.key_algorithm = Some(KeyAlgorithm::EdDSA);
        Ok(Self { key, public, kid, config, lifetime })
    }

    /// Signs a token for `identity`, valid from `now`.
    ///
    /// # Errors
    /// When signing fails, which a key that loaded does not do.
    pub fn issue(
        &self,
        identity: &Identity,
        now: DateTime<Utc>,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let lifetime = i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: self.config.issuer.clone(),
            aud: self.config.audience.clone(),
            exp: now.timestamp().saturating_add(lifetime),
            iat: now.timestamp(),
            jti: Uuid::new_v4(),
            identity: identity.clone(),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, &claims, &self.key)
    }

    /// The public keys, as `GET /api/auth/jwks.json` publishes them.
    #[must_use]
    pub fn jwks(&self) -> JwkSet {
        JwkSet { keys: vec![self.public.clone()] }
    }
}

type Keys = HashMap<String, DecodingKey>;

/// Where keys come from when a token names one that is not known.
struct Remote {
    url: String,
    client: reqwest::Client,
    /// Until when the issuer is left alone; also keeps callers from asking twice at once.
    quiet_until: tokio::sync::Mutex<Option<Instant>>,
}

/// An unknown `kid` makes one request to the issuer at most this often, so that forged tokens
/// cannot be turned into load on the issuer.
const REFETCH_INTERVAL: Duration = Duration::from_secs(5);
/// How soon a failed request to the issuer is repeated.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);
/// Clocks of two machines may differ by this much.
const LEEWAY_SECS: u64 = 5;

/// Checks tokens against the issuer's published keys.
#[derive(Clone)]
pub struct TokenVerifier {
    keys: Arc<RwLock<Arc<Keys>>>,
    remote: Option<Arc<Remote>>,
    validation: Arc<Validation>,
}

impl std::fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenVerifier").finish_non_exhaustive()
    }
}

impl TokenVerifier {
    /// A verifier in the issuer's own process.
    #[must_use]
    pub fn local(issuer: &TokenIssuer) -> Self {
        Self::new(decoding_keys(&issuer.jwks()), None, &issuer.config)
    }

    /// A verifier that fetches the issuer's JWKS when it first needs it, so that a service starts
    /// without its issuer.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn remote(jwks_url: String, config: &AuthConfig) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder().timeout(FETCH_TIMEOUT).build()?;
        let remote = Remote { url: jwks_url, client, quiet_until: tokio::sync::Mutex::new(None) };
        Ok(Self::new(Keys::new(), Some(Arc::new(remote)), config))
    }

    fn new(keys: Keys, remote: Option<Arc<Remote>>, config: &AuthConfig) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&config.issuer]);
        validation.set_audience(&[&config.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = LEEWAY_SECS;
        Self {
            keys: Arc::new(RwLock::new(Arc::new(keys))),
            remote,
            validation: Arc::new(validation),
        }
    }

    /// Checks signature, issuer, audience and expiry.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        match self.verify_with_known_keys(token) {
            Err(TokenError::UnknownKey) => {
                self.fetch_keys().await?;
                self.verify_with_known_keys(token)
            }
            decided => decided,
        }
    }

    fn verify_with_known_keys(&self, token: &str) -> Result<Identity, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(TokenError::Invalid)?;
        if header.alg != Algorithm::EdDSA {
            return Err(TokenError::Invalid(ErrorKind::InvalidAlgorithm.into()));
        }
        let keys = Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner));
        let key = header.kid.and_then(|kid| keys.get(&kid)).ok_or(TokenError::UnknownKey)?;
        jsonwebtoken::decode::<Claims>(token, key, &self.validation)
            .map(|token| token.claims.identity)
            .map_err(TokenError::Invalid)
    }

    async fn fetch_keys(&self) -> Result<(), TokenError> {
        let Some(remote) = &self.remote else { return Ok(()) };
        let mut quiet_until = remote.quiet_until.lock().await;
        if quiet_until.is_some_and(|until| Instant::now() < until) {
            return self.undecided_without_keys();
        }
        match remote.fetch().await {
            Ok(jwks) => {
                *quiet_until = Some(Instant::now() + REFETCH_INTERVAL);
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) =
                    Arc::new(decoding_keys(&jwks));
                Ok(())
            }
            Err(error) => {
                tracing::warn!(error.chain = %crate::error::chain(&error), "JWKS not available");
                *quiet_until = Some(Instant::now() + RETRY_INTERVAL);
                self.undecided_without_keys()
            }
        }
    }

    /// With keys at hand an unknown `kid` is the caller's fault, whether or not the issuer
    /// answers: a forged token must not become a 503 (I8). Without any, nothing can be decided.
    fn undecided_without_keys(&self) -> Result<(), TokenError> {
        if self.keys.read().unwrap_or_else(PoisonError::into_inner).is_empty() {
            return Err(TokenError::KeysUnavailable);
        }
        Ok(())
    }
}

impl Remote {
    async fn fetch(&self) -> Result<JwkSet, reqwest::Error> {
        self.client.get(&self.url).send().await?.error_for_status()?.json().await
    }
}

/// Ed25519 keys of a set by id; others are left out, since no token of theirs is accepted.
fn decoding_keys(jwks: &JwkSet) -> Keys {
    jwks.keys
        .iter()
        .filter(|jwk| jwk.common.key_algorithm == Some(KeyAlgorithm::EdDSA))
        .filter_map(|jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?)))
        .collect()
}
