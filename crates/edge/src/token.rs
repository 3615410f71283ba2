//! Access tokens: EdDSA JWTs, issued by cases-api, verified by every service without a call.
//!
//! A verifier knows keys by `kid`, from the local signing key or from the issuer's JWKS, and
//! accepts exactly one algorithm: a token cannot choose how it is checked, which closes `none`
//! and HMAC-with-the-public-key forgeries (architecture, section 8).
//!
//! Checking an Ed25519 signature costs more than the rest of a small request, and a client sends
//! the same token all day, so tokens that were found good are remembered, by their whole text and
//! for as long as the keys stand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::ids::{DepartmentId, UserId};
use domain::role::Role;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::config::AuthConfig;
use crate::outgoing;

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
    kid: String,
    /// What others may check with: the key's own public half, then of those that are also accepted.
    published: Vec<Jwk>,
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
        let (kid, public) = public_half(&key)?;
        Ok(Self { key, kid, published: vec![public], config, lifetime })
    }

    /// Also accepts what another key has signed: the next one before it takes this one's place, or
    /// the last one for as long as its tokens live. So nobody is signed out by a new key.
    ///
    /// # Errors
    /// When the PEM is not an Ed25519 key.
    pub fn also_accepting(mut self, pem: &[u8]) -> Result<Self, jsonwebtoken::errors::Error> {
        let (kid, public) = public_half(&EncodingKey::from_ed_pem(pem)?)?;
        // The same key under both names would be published twice.
        if kid != self.kid {
            self.published.push(public);
        }
        Ok(self)
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
        JwkSet { keys: self.published.clone() }
    }
}

fn public_half(key: &EncodingKey) -> Result<(String, Jwk), jsonwebtoken::errors::Error> {
    let mut public = Jwk::from_encoding_key(key, Algorithm::EdDSA)?;
    let kid = public.thumbprint(ThumbprintHash::SHA256)?;
    public.common.key_id = Some(kid.clone());
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    public.common.key_algorithm = Some(KeyAlgorithm::EdDSA);
    Ok((kid, public))
}

/// Tokens remembered at most, least useful forgotten first: a working day's users, in a few MiB.
const REMEMBERED_TOKENS: usize = 4096;

/// The issuer's keys, and the tokens that were found good under them: in one value, so that other
/// keys always begin with an empty memory.
struct Keyring {
    /// As they were published.
    jwks: JwkSet,
    keys: HashMap<String, DecodingKey>,
    verified: Cache<String, Verified>,
}

/// What a good token says.
#[derive(Clone)]
struct Verified {
    identity: Identity,
    /// Seconds since 1970.
    expires_at: i64,
}

impl Keyring {
    /// Ed25519 keys of a set by id; others are left out, since no token of theirs is accepted.
    fn new(jwks: JwkSet) -> Self {
        let keys = jwks
            .keys
            .iter()
            .filter(|jwk| jwk.common.key_algorithm == Some(KeyAlgorithm::EdDSA))
            .filter_map(|jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?)))
            .collect();
        Self { jwks, keys, verified: Cache::new(REMEMBERED_TOKENS) }
    }

    /// A token that was found good before may have expired since.
    fn recall(&self, token: &str, now: i64) -> Option<Result<Identity, TokenError>> {
        let Verified { identity, expires_at } = self.verified.get(token)?;
        if now <= expires_at.saturating_add_unsigned(LEEWAY_SECS) {
            return Some(Ok(identity));
        }
        self.verified.remove(token);
        Some(Err(TokenError::Invalid(ErrorKind::ExpiredSignature.into())))
    }

    fn check(&self, token: &str, validation: &Validation) -> Result<Identity, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(TokenError::Invalid)?;
        if header.alg != Algorithm::EdDSA {
            return Err(TokenError::Invalid(ErrorKind::InvalidAlgorithm.into()));
        }
        let key = header.kid.and_then(|kid| self.keys.get(&kid)).ok_or(TokenError::UnknownKey)?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, validation)
            .map_err(TokenError::Invalid)?
            .claims;
        let verified = Verified { identity: claims.identity.clone(), expires_at: claims.exp };
        self.verified.insert(token.to_owned(), verified);
        Ok(claims.identity)
    }
}

/// Where keys come from when a token names one that is not known, and where they are asked for
/// again, because one that the issuer has withdrawn must not be trusted until the next restart.
struct Remote {
    url: String,
    client: reqwest::Client,
    /// When known keys are asked for again; before, nobody needs to.
    refresh_at: Mutex<Instant>,
    /// Until when the issuer is left alone; also keeps callers from asking twice at once.
    quiet_until: tokio::sync::Mutex<Option<Instant>>,
}

/// An unknown `kid` makes one request to the issuer at most this often, so that forged tokens
/// cannot be turned into load on the issuer.
const REFETCH_INTERVAL: Duration = Duration::from_secs(5);
/// How soon a failed request to the issuer is repeated.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// For how long keys are trusted without asking again, and after how long a refresh that failed, or
/// is under way, is repeated.
const MAX_AGE: Duration = Duration::from_mins(5);
const REFRESH_RETRY: Duration = Duration::from_secs(30);
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);
/// Clocks of two machines may differ by this much.
const LEEWAY_SECS: u64 = 5;

/// Checks tokens against the issuer's published keys.
#[derive(Clone)]
pub struct TokenVerifier {
    keyring: Arc<RwLock<Arc<Keyring>>>,
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
        Self::new(issuer.jwks(), None, &issuer.config)
    }

    /// A verifier that fetches the issuer's JWKS when it first needs it, so that a service starts
    /// without its issuer.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn remote(jwks_url: String, config: &AuthConfig) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder().timeout(FETCH_TIMEOUT).build()?;
        let remote = Remote {
            url: jwks_url,
            client,
            refresh_at: Mutex::new(Instant::now()),
            quiet_until: tokio::sync::Mutex::new(None),
        };
        Ok(Self::new(JwkSet { keys: Vec::new() }, Some(Arc::new(remote)), config))
    }

    fn new(jwks: JwkSet, remote: Option<Arc<Remote>>, config: &AuthConfig) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&config.issuer]);
        validation.set_audience(&[&config.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = LEEWAY_SECS;
        Self {
            keyring: Arc::new(RwLock::new(Arc::new(Keyring::new(jwks)))),
            remote,
            validation: Arc::new(validation),
        }
    }

    /// Checks signature, issuer, audience and expiry. Waits for the issuer only when the token's
    /// key is not known.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        self.refresh_beside();
        match self.verify_with_known_keys(token) {
            Err(TokenError::UnknownKey) => {
                self.fetch_keys().await?;
                self.verify_with_known_keys(token)
            }
            decided => decided,
        }
    }

    fn verify_with_known_keys(&self, token: &str) -> Result<Identity, TokenError> {
        let keyring = self.keyring();
        keyring
            .recall(token, Utc::now().timestamp())
            .unwrap_or_else(|| keyring.check(token, &self.validation))
    }

    fn keyring(&self) -> Arc<Keyring> {
        Arc::clone(&self.keyring.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn trust(&self, jwks: JwkSet) {
        if self.keyring().jwks == jwks {
            return; // What was found good under the same keys still is.
        }
        let keyring = Arc::new(Keyring::new(jwks));
        *self.keyring.write().unwrap_or_else(PoisonError::into_inner) = keyring;
    }

    /// Has keys that were asked for long ago asked for again, by nobody who waits for it. While the
    /// issuer does not answer, what is known goes on working.
    fn refresh_beside(&self) {
        let Some(remote) = &self.remote else { return };
        if self.keyring().keys.is_empty() || !remote.begin_refresh(Instant::now()) {
            return;
        }
        let this = self.clone();
        tokio::spawn(async move { this.fetch_keys().await });
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
                remote.refresh_at(Instant::now() + MAX_AGE);
                self.trust(jwks);
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
        if self.keyring().keys.is_empty() {
            return Err(TokenError::KeysUnavailable);
        }
        Ok(())
    }
}

impl Remote {
    /// Whether it is time to ask again, and the caller's to do so: the next is not told so at once.
    fn begin_refresh(&self, now: Instant) -> bool {
        let mut refresh_at = self.refresh_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = *refresh_at <= now;
        if is_due {
            *refresh_at = now + REFRESH_RETRY;
        }
        is_due
    }

    fn refresh_at(&self, at: Instant) {
        *self.refresh_at.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    async fn fetch(&self) -> Result<JwkSet, reqwest::Error> {
        let request = self.client.get(&self.url).build()?;
        outgoing::send(&self.client, request).await?.error_for_status()?.json().await
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use actix_web::{App, HttpResponse, HttpServer, web};
    use futures_util::FutureExt as _;

    use super::*;

    const PEM: [&str; 2] = [
        "-----BEGIN PRIVATE KEY-----\n\
         MC4CAQAwBQYDK2VwBCIEIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\n\
         -----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n\
         MC4CAQAwBQYDK2VwBCIEIEJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC\n\
         -----END PRIVATE KEY-----\n",
    ];

    fn issuer(pem: &str) -> TokenIssuer {
        let config = AuthConfig { issuer: "i".to_owned(), audience: "a".to_owned() };
        TokenIssuer::from_pem(pem.as_bytes(), config, Duration::from_hours(1)).unwrap()
    }

    fn token_of(issuer: &TokenIssuer) -> String {
        let identity = Identity {
            user_id: UserId::nil(),
            name: "Kari Nordmann".to_owned(),
            email: "kari@kld.dep.no".to_owned(),
            role: Role::SaksbehandlerFag,
            department_id: DepartmentId::nil(),
            department_code: "KLD".to_owned(),
            division: None,
            job_title: None,
            leader_level: None,
        };
        issuer.issue(&identity, Utc::now()).unwrap()
    }

    #[tokio::test]
    async fn a_remembered_token_says_the_same_until_it_expires() {
        let issuer = issuer(PEM[0]);
        let (verifier, token) = (TokenVerifier::local(&issuer), token_of(&issuer));
        assert!(verifier.keyring().recall(&token, 0).is_none());

        let first = verifier.verify(&token).await.unwrap();
        let expiry = verifier.keyring().verified.get(&token).unwrap().expires_at;

        assert_eq!(verifier.verify(&token).await.unwrap(), first);
        let leeway = i64::try_from(LEEWAY_SECS).unwrap();
        let recall = |now| verifier.keyring().recall(&token, now);
        assert!(matches!(recall(expiry + leeway), Some(Ok(identity)) if identity == first));
        assert!(matches!(recall(expiry + leeway + 1), Some(Err(TokenError::Invalid(_)))));
        assert!(recall(expiry).is_none(), "an expired token is forgotten");
    }

    #[tokio::test]
    async fn the_claims_of_a_remembered_token_open_nothing_under_another_signature() {
        let (genuine, other) = (issuer(PEM[0]), issuer(PEM[1]));
        let (verifier, token) = (TokenVerifier::local(&genuine), token_of(&genuine));
        verifier.verify(&token).await.unwrap();
        let (claims, signature) = token.rsplit_once('.').unwrap();
        let (_, other_signature) = token_of(&other).rsplit_once('.').map(own).unwrap();

        for signature in [&other_signature, "", &signature[1..], &format!("{signature}=")] {
            let forged = format!("{claims}.{signature}");
            assert!(matches!(verifier.verify(&forged).await, Err(TokenError::Invalid(_))));
        }
        verifier.verify(&token).await.unwrap();
    }

    fn own((head, tail): (&str, &str)) -> (String, String) {
        (head.to_owned(), tail.to_owned())
    }

    #[tokio::test]
    async fn other_keys_begin_with_an_empty_memory() {
        let (old, new) = (issuer(PEM[0]), issuer(PEM[1]));
        let (verifier, token) = (TokenVerifier::local(&old), token_of(&old));
        verifier.verify(&token).await.unwrap();

        verifier.trust(new.jwks());

        assert!(matches!(verifier.verify(&token).await, Err(TokenError::UnknownKey)));
        verifier.verify(&token_of(&new)).await.unwrap();
    }

    /// An issuer that publishes what it is told to, and how often it was asked.
    struct Published {
        jwks: Mutex<Option<JwkSet>>,
        asked: AtomicUsize,
    }

    fn publish(jwks: JwkSet) -> (Arc<Published>, TokenVerifier) {
        crate::tls::install();
        let published =
            Arc::new(Published { jwks: Mutex::new(Some(jwks)), asked: AtomicUsize::new(0) });
        let shared = Arc::clone(&published);
        let app = move || {
            let shared = Arc::clone(&shared);
            let answer = move || {
                shared.asked.fetch_add(1, Ordering::Relaxed);
                let jwks = shared.jwks.lock().unwrap().clone();
                ready(jwks.map_or_else(
                    || HttpResponse::ServiceUnavailable().finish(),
                    |jwks| HttpResponse::Ok().json(jwks),
                ))
            };
            App::new().route("/jwks.json", web::get().to(answer))
        };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap();
        actix_rt::spawn(server.run());
        let config = AuthConfig { issuer: "i".to_owned(), audience: "a".to_owned() };
        (published, TokenVerifier::remote(url, &config).unwrap())
    }

    impl TokenVerifier {
        /// As if so long had passed since the keys were asked for.
        fn age_keys(&self) {
            let remote = self.remote.as_ref().unwrap();
            remote.refresh_at(Instant::now());
            *remote.quiet_until.try_lock().unwrap() = None;
        }

        /// Waits for a refresh that is under way, or about to begin.
        async fn refreshed(&self, published: &Published, asked: usize) {
            let deadline = Instant::now() + Duration::from_secs(10);
            while published.asked.load(Ordering::Relaxed) < asked {
                assert!(Instant::now() < deadline, "the issuer was not asked again");
                tokio::task::yield_now().await;
            }
            drop(self.remote.as_ref().unwrap().quiet_until.lock().await);
        }
    }

    #[actix_rt::test]
    async fn a_key_that_its_issuer_has_withdrawn_is_not_trusted_for_long() {
        let (old, new) = (issuer(PEM[0]), issuer(PEM[1]));
        let (published, verifier) = publish(old.jwks());
        let token = token_of(&old);
        verifier.verify(&token).await.unwrap();
        *published.jwks.lock().unwrap() = Some(new.jwks());
        verifier.verify(&token).await.unwrap();
        assert_eq!(published.asked.load(Ordering::Relaxed), 1, "young keys are not asked for");

        verifier.age_keys();
        // This one does not wait for the answer, and the next ones do not ask again.
        for _request in 0..3 {
            assert!(verifier.verify(&token).now_or_never().is_some_and(|known| known.is_ok()));
        }
        verifier.refreshed(&published, 2).await;

        assert!(matches!(verifier.verify(&token).await, Err(TokenError::UnknownKey)));
        verifier.verify(&token_of(&new)).await.unwrap();
        assert_eq!(published.asked.load(Ordering::Relaxed), 2);
    }

    #[actix_rt::test]
    async fn i7_known_keys_go_on_working_while_their_issuer_is_away() {
        let issuer = issuer(PEM[0]);
        let (published, verifier) = publish(issuer.jwks());
        let token = token_of(&issuer);
        verifier.verify(&token).await.unwrap();
        *published.jwks.lock().unwrap() = None;
        for asked in 2..4 {
            verifier.age_keys();
            verifier.verify(&token).await.unwrap();
            verifier.refreshed(&published, asked).await;
        }
        verifier.verify(&token).await.unwrap();
    }

    #[actix_rt::test]
    async fn the_same_keys_asked_for_again_keep_what_was_found_good() {
        let issuer = issuer(PEM[0]);
        let (published, verifier) = publish(issuer.jwks());
        let token = token_of(&issuer);
        verifier.verify(&token).await.unwrap();
        verifier.age_keys();
        verifier.verify(&token).await.unwrap();
        verifier.refreshed(&published, 2).await;
        assert!(verifier.keyring().recall(&token, Utc::now().timestamp()).is_some());
    }

    /// Each step of a change of keys, among pods that have taken it and pods that have not.
    #[tokio::test]
    async fn a_new_key_signs_nobody_out() {
        let both = |signing: usize, other: usize| {
            issuer(PEM[signing]).also_accepting(PEM[other].as_bytes()).unwrap()
        };
        let steps = [issuer(PEM[0]), both(0, 1), both(1, 0), issuer(PEM[1])];
        let last_of_old = token_of(&steps[1]);
        for pair in steps.windows(2) {
            for (signer, checker) in [(&pair[0], &pair[1]), (&pair[1], &pair[0])] {
                TokenVerifier::local(checker).verify(&token_of(signer)).await.unwrap();
            }
        }
        let refused = TokenVerifier::local(&steps[3]).verify(&last_of_old).await;
        assert!(matches!(refused, Err(TokenError::UnknownKey)));
    }

    #[test]
    fn a_key_is_published_once() {
        let same = issuer(PEM[0]).also_accepting(PEM[0].as_bytes()).unwrap();
        assert_eq!(same.jwks().keys.len(), 1);
    }
}
