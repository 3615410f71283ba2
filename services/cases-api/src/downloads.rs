//! Links that download a finished export without a header (E59).
//!
//! A browser follows a plain link with no `Authorization`, so the link itself must prove that it was
//! given to somebody who may have the document. It carries a token that opens exactly one job's
//! result, for a while. Signed with the key every pod has, and for an audience of its own, so that
//! neither kind of token can be used as the other.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::ids::ExportJobId;
use edge::token::TokenIssuer;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

const AUDIENCE: &str = "export-download";

#[derive(Serialize, Deserialize)]
struct Claims {
    aud: String,
    sub: ExportJobId,
    exp: i64,
}

/// Makes and checks download links.
pub struct DownloadLinks {
    signing: EncodingKey,
    verifying: Vec<DecodingKey>,
    validation: Validation,
    lifetime: Duration,
}

impl DownloadLinks {
    /// Links that work for `lifetime`, signed with the Ed25519 key in `pem`, whose public half
    /// `issuer` publishes.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub fn new(pem: &[u8], issuer: &TokenIssuer, lifetime: Duration) -> Result<Self, Error> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "aud", "sub"]);
        let published = issuer.jwks();
        let verifying = published.keys.iter().map(DecodingKey::from_jwk);
        Ok(Self {
            signing: EncodingKey::from_ed_pem(pem)?,
            verifying: verifying.collect::<Result<_, _>>()?,
            validation,
            lifetime,
        })
    }

    /// The relative address that downloads the result of `job`.
    ///
    /// # Errors
    /// When signing fails, which a key that loaded does not do.
    pub fn link(&self, job: ExportJobId, now: DateTime<Utc>) -> Result<String, Error> {
        let lifetime = i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            aud: AUDIENCE.to_owned(),
            sub: job,
            exp: now.timestamp().saturating_add(lifetime),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &self.signing)?;
        Ok(format!("/api/export/jobs/{job}/download?token={token}"))
    }

    /// Checks that `token` was made for `job` and still works.
    ///
    /// # Errors
    /// When it is forged, expired or another job's.
    pub fn verify(&self, token: &str, job: ExportJobId) -> Result<(), Error> {
        let mut refusal = Error::from(ErrorKind::InvalidSignature);
        for key in &self.verifying {
            match jsonwebtoken::decode::<Claims>(token, key, &self.validation) {
                Ok(token) if token.claims.sub == job => return Ok(()),
                Ok(_) => return Err(ErrorKind::InvalidSubject.into()),
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }
}
