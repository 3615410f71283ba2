//! Signing in: from an e-mail address and a password, or from the ID token of an external issuer, to
//! a token of ours. Where there is such an issuer it is the only way in.
//!
//! Outside demo mode an unknown address and a wrong password cannot be told apart, neither by
//! the answer nor by how long it takes; otherwise the login would list who works here. In demo
//! mode the addresses are public anyway, and the client expects 404 for an unknown one (E01).

use chrono::{DateTime, Utc};
use domain::department::canonical_email;
use domain::ids::UserId;
use edge::rate_limit::UsedUp;
use edge::token::Identity;
use secrecy::SecretString;
use store::StoreError;
use store::pool::PooledConnection;
use store::users::{self, User};

use crate::app::AppState;
use crate::oidc::OidcError;
use crate::passwords::PasswordError;

/// Why somebody could not sign in.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Nobody has this address; said in demo mode only.
    #[error("no user has this address")]
    UnknownEmail,
    /// The address and the password do not belong together.
    #[error("wrong address or password")]
    WrongCredentials,
    /// The user has been deactivated.
    #[error("user is not active")]
    Inactive,
    /// Too many attempts have failed before this one.
    #[error("too many failed attempts")]
    TooManyAttempts(#[from] UsedUp),
    /// An external issuer signs people in, not we.
    #[error("sign-in is at an external issuer")]
    SignInElsewhere,
    /// There is no external issuer.
    #[error("there is no external issuer")]
    NoIssuer,
    /// The issuer knows who it is, and they have no business here.
    #[error("user of the issuer is no active user of ours")]
    NoAccess,
    /// The external issuer's word could not be taken.
    #[error("ID token was not exchanged")]
    Oidc(#[from] OidcError),
    /// The users could not be read.
    #[error("user could not be loaded")]
    Store(#[from] StoreError),
    /// The password could not be checked.
    #[error("password could not be checked")]
    Password(#[from] PasswordError),
    /// The token could not be signed.
    #[error("token could not be signed")]
    Token(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl AuthError {
    /// Whether the caller has tried something that was wrong: what a guesser does.
    #[must_use]
    pub fn is_failed_attempt(&self) -> bool {
        match self {
            Self::UnknownEmail
            | Self::WrongCredentials
            | Self::Inactive
            | Self::Oidc(OidcError::Invalid(_) | OidcError::Spent) => true,
            Self::TooManyAttempts(_)
            | Self::SignInElsewhere
            | Self::NoIssuer
            | Self::NoAccess
            | Self::Oidc(OidcError::KeysUnavailable(_))
            | Self::Store(_)
            | Self::Password(_)
            | Self::Token(_) => false,
        }
    }
}

/// A signed-in user and the token that proves it.
pub struct SignedIn {
    /// The token, opaque to the client.
    pub token: String,
    /// Who signed in.
    pub user: User,
}

/// Signs in the user with `email`.
///
/// A password that is given must match; none is enough only in demo mode (D-01).
///
/// # Errors
/// [`AuthError`].
pub async fn sign_in(
    state: &AppState,
    email: &str,
    password: Option<SecretString>,
    now: DateTime<Utc>,
) -> Result<SignedIn, AuthError> {
    if state.oidc.is_some() {
        return Err(AuthError::SignInElsewhere);
    }
    if password.is_none() && !state.demo_login {
        return Err(AuthError::WrongCredentials);
    }
    let found = {
        // The connection goes back before the password check, which takes longer than all else.
        let mut conn = state.pool.get().await?;
        users::find_credentials(&mut conn, &canonical_email(email)).await?
    };
    if found.is_none() && state.demo_login {
        return Err(AuthError::UnknownEmail);
    }
    if let Some(password) = password {
        let hash = found.as_ref().and_then(|found| found.password_hash.clone());
        if !state.passwords.matches(password, hash).await? {
            return Err(AuthError::WrongCredentials);
        }
    }
    let found = found.ok_or(AuthError::WrongCredentials)?;
    if !found.is_active {
        return Err(AuthError::Inactive);
    }
    let mut conn = state.pool.get().await?;
    issue_token(state, &mut conn, found.user_id, now).await
}

/// Signs in whom an ID token of the external issuer names.
///
/// # Errors
/// [`AuthError`].
pub async fn sign_in_with_id_token(
    state: &AppState,
    id_token: &str,
    now: DateTime<Utc>,
) -> Result<SignedIn, AuthError> {
    let oidc = state.oidc.as_ref().ok_or(AuthError::NoIssuer)?;
    let verified = oidc.verify(id_token, now).await?;
    let signed_in = {
        let mut conn = state.pool.get().await?;
        let email = canonical_email(&verified.email);
        let found = users::find_credentials(&mut conn, &email).await?;
        let found = found.filter(|found| found.is_active).ok_or(AuthError::NoAccess)?;
        issue_token(state, &mut conn, found.user_id, now).await?
    };
    // Last of all that can go wrong: who is told to come back needs the ID token once more.
    oidc.spend(&verified, now).await?;
    Ok(signed_in)
}

async fn issue_token(
    state: &AppState,
    conn: &mut PooledConnection<'_>,
    id: UserId,
    now: DateTime<Utc>,
) -> Result<SignedIn, AuthError> {
    let user = users::get_user(conn, id).await?;
    let token = state
        .issuer
        .issue(&identity(&user), now)
        .map_err(|error| AuthError::Token(error.into()))?;
    Ok(SignedIn { token, user })
}

fn identity(user: &User) -> Identity {
    Identity {
        user_id: user.id,
        name: user.full_name.clone(),
        email: user.email.clone(),
        role: user.role,
        department_id: user.department.id,
        department_code: user.department.code.clone(),
        division: user.division.clone(),
        job_title: user.job_title.clone(),
        leader_level: user.leader_level.clone(),
    }
}
