//! How often somebody may fail to sign in: by the address they claim, and from where they are.
//!
//! An attempt is counted before it is made, so that a thousand at once are not a thousand guesses,
//! and given back when it was no failure: people who sign in are never in each other's way, also
//! when a whole ministry comes from one address. Whether an account exists makes no difference.

use std::net::IpAddr;

use domain::department::canonical_email;
use edge::rate_limit::{Bucket, RateLimiter};
use uuid::Uuid;

use crate::auth::AuthError;
use crate::client_address::network_of;

/// What an attempt is counted against. Names are digests: Redis need not know who signs in.
#[derive(Debug)]
pub(crate) struct Attempt(Vec<(Bucket, Uuid)>);

impl Attempt {
    /// One that guesses at an account's password.
    pub(crate) fn as_account(email: &str, from: IpAddr) -> Self {
        let Self(mut counted) = Self::from_address(from);
        counted.push((Bucket::SignInAccount, digest(&canonical_email(email))));
        Self(counted)
    }

    /// One that shows something no account can be read from before it is verified.
    pub(crate) fn from_address(from: IpAddr) -> Self {
        Self(vec![(Bucket::SignInAddress, digest(&network_of(from).to_string()))])
    }

    /// One that guesses at nothing, because nothing is secret.
    pub(crate) const fn uncounted() -> Self {
        Self(Vec::new())
    }

    /// Makes the attempt, unless too many have failed before it.
    pub(crate) async fn make<T>(
        self,
        limiter: &RateLimiter,
        sign_in: impl Future<Output = Result<T, AuthError>>,
    ) -> Result<T, AuthError> {
        for (index, (bucket, subject)) in self.0.iter().enumerate() {
            if let Err(used_up) = limiter.take(*bucket, *subject).await {
                give_back(limiter, &self.0[..index]).await;
                return Err(AuthError::TooManyAttempts(used_up));
            }
        }
        let outcome = sign_in.await;
        if !outcome.as_ref().is_err_and(AuthError::is_failed_attempt) {
            give_back(limiter, &self.0).await;
        }
        outcome
    }
}

async fn give_back(limiter: &RateLimiter, counted: &[(Bucket, Uuid)]) {
    for (bucket, subject) in counted {
        limiter.give_back(*bucket, *subject).await;
    }
}

fn digest(name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}
