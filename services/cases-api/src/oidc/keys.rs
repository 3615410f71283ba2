//! The issuer's public keys, found as OpenID Connect Discovery says and kept for a while.
//!
//! Rotation needs nobody: a key that is not known is asked for, and what the issuer has withdrawn
//! is forgotten with the next answer. Forged key ids cannot be turned into load on the issuer,
//! because it is asked once in some seconds at most. While it is down, what is known goes on
//! working.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use edge::outgoing;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, PublicKeyUse};
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::config::is_safe_address;

/// How soon the issuer is asked again after it has answered.
const REFETCH_INTERVAL: Duration = Duration::from_secs(5);
/// How soon the issuer is asked again after it has failed.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
const FETCH_TIMEOUT: Duration = Duration::from_secs(3);

/// Why the issuer's keys are not known.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// It failed a moment ago and is left alone.
    #[error("the issuer failed a moment ago")]
    Resting,
    /// It does not answer as it should.
    #[error("the issuer did not answer as it should")]
    Fetch(#[from] reqwest::Error),
    /// What is there calls itself something else than what was configured.
    #[error("another issuer answers at the issuer's address")]
    OtherIssuer,
    /// It keeps its keys where anybody on the way could replace them.
    #[error("the issuer's keys are not at an https address")]
    UnsafeAddress,
}

/// One key of the issuer.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) decoding: DecodingKey,
    /// The only algorithm it is used with, where the issuer says so.
    pub(super) algorithm: Option<KeyAlgorithm>,
}

struct Known {
    keys: HashMap<String, Key>,
    until: Instant,
}

/// When the issuer was asked last, and whether it answered.
#[derive(Clone, Copy)]
struct LastFetch {
    at: Instant,
    succeeded: bool,
}

pub(super) struct IssuerKeys {
    client: reqwest::Client,
    issuer: String,
    max_age: Duration,
    known: RwLock<Arc<Known>>,
    /// Also keeps callers from asking twice at once.
    last: Mutex<Option<LastFetch>>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

/// Read key by key: one of a kind that nobody here knows must not hide the others.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl IssuerKeys {
    pub(super) fn new(issuer: &str, max_age: Duration) -> reqwest::Result<Self> {
        // Redirects would let whoever answers choose whom we believe.
        let client =
            reqwest::Client::builder().timeout(FETCH_TIMEOUT).redirect(Policy::none()).build()?;
        let nothing = Known { keys: HashMap::new(), until: Instant::now() };
        Ok(Self {
            client,
            issuer: issuer.to_owned(),
            max_age,
            known: RwLock::new(Arc::new(nothing)),
            last: Mutex::new(None),
        })
    }

    /// The key called `kid`; `None` when the issuer has no such key.
    pub(super) async fn find(&self, kid: &str) -> Result<Option<Key>, KeysError> {
        let known = self.known();
        if known.until > Instant::now()
            && let Some(key) = known.keys.get(kid)
        {
            return Ok(Some(key.clone()));
        }
        let refreshed = self.refresh().await;
        match self.known().keys.get(kid) {
            Some(key) => Ok(Some(key.clone())),
            None => refreshed.map(|()| None),
        }
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn refresh(&self) -> Result<(), KeysError> {
        let mut last = self.last.lock().await;
        if let Some(LastFetch { at, succeeded }) = *last {
            let pause = if succeeded { REFETCH_INTERVAL } else { RETRY_INTERVAL };
            if at.elapsed() < pause {
                return if succeeded { Ok(()) } else { Err(KeysError::Resting) };
            }
        }
        let fetched = self.fetch().await;
        *last = Some(LastFetch { at: Instant::now(), succeeded: fetched.is_ok() });
        let known = Known { keys: fetched?, until: Instant::now() + self.max_age };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
        Ok(())
    }

    async fn fetch(&self) -> Result<HashMap<String, Key>, KeysError> {
        let base = self.issuer.trim_end_matches('/');
        let discovery: Discovery =
            self.get(&format!("{base}/.well-known/openid-configuration")).await?;
        if discovery.issuer != self.issuer {
            return Err(KeysError::OtherIssuer);
        }
        if !is_safe_address(&discovery.jwks_uri) {
            return Err(KeysError::UnsafeAddress);
        }
        let set: KeySet = self.get(&discovery.jwks_uri).await?;
        Ok(set.keys.into_iter().filter_map(usable).collect())
    }

    async fn get<T: DeserializeOwned>(&self, url: &str) -> reqwest::Result<T> {
        let request = self.client.get(url).build()?;
        outgoing::send(&self.client, request).await?.error_for_status()?.json().await
    }
}

/// A key that signs, and whose secret half is not what was published.
fn usable(key: Value) -> Option<(String, Key)> {
    let jwk: Jwk = serde_json::from_value(key).ok()?;
    let signs = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    if !signs || matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_)) {
        return None;
    }
    let decoding = DecodingKey::from_jwk(&jwk).ok()?;
    Some((jwk.common.key_id?, Key { decoding, algorithm: jwk.common.key_algorithm }))
}
