//! How often somebody may fail to sign in: by the address they claim, and from where they are.
//!
//! An attempt on an account is counted before it is made, so that a thousand at once are not a
//! thousand guesses, and given back when it was no failure. From where it comes is counted only when
//! it has failed: a whole ministry may sign in from one address at the same moment, and must not be
//! in its own way. Whether an account exists makes no difference.

use std::net::IpAddr;

use domain::department::canonical_email;
use edge::rate_limit::{Bucket, RateLimiter};
use uuid::Uuid;

use crate::auth::AuthError;
use crate::client_address::network_of;

/// What an attempt is counted against. Names are digests: Redis need not know who signs in.
#[derive(Debug)]
pub(crate) struct Attempt {
    address: Option<Uuid>,
    account: Option<Uuid>,
}

impl Attempt {
    /// One that guesses at an account's password.
    pub(crate) fn as_account(email: &str, from: IpAddr) -> Self {
        Self { account: Some(digest(&canonical_email(email))), ..Self::from_address(from) }
    }

    /// One that shows something no account can be read from before it is verified.
    pub(crate) fn from_address(from: IpAddr) -> Self {
        Self { address: Some(digest(&network_of(from).to_string())), account: None }
    }

    /// One that guesses at nothing, because nothing is secret.
    pub(crate) const fn uncounted() -> Self {
        Self { address: None, account: None }
    }

    /// Makes the attempt, unless too many have failed before it.
    pub(crate) async fn make<T>(
        self,
        limiter: &RateLimiter,
        sign_in: impl Future<Output = Result<T, AuthError>>,
    ) -> Result<T, AuthError> {
        if let Some(address) = self.address {
            limiter.check(Bucket::SignInAddress, address).await?;
        }
        if let Some(account) = self.account {
            limiter.take(Bucket::SignInAccount, account).await?;
        }
        let outcome = sign_in.await;
        if outcome.as_ref().is_err_and(AuthError::is_failed_attempt) {
            if let Some(address) = self.address {
                // Too late to refuse this one; the next one is.
                let _ = limiter.take(Bucket::SignInAddress, address).await;
            }
        } else if let Some(account) = self.account {
            limiter.give_back(Bucket::SignInAccount, account).await;
        }
        outcome
    }
}

fn digest(name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}
