//! The authenticated caller as a handler argument: authorization cannot be forgotten when the
//! handler does not compile without it.

use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use domain::role::Role;
use domain::visibility::Viewer;

use crate::error::ApiError;
use crate::problem::{Problem, ProblemType};
use crate::token::{Identity, TokenError, TokenVerifier};

/// The caller, proven by a bearer token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor(pub Identity);

impl Actor {
    /// The caller as the domain's rules see them.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        Viewer { user_id: self.user_id, role: self.role, department_id: self.department_id }
    }
}

impl Deref for Actor {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.0
    }
}

impl FromRequest for Actor {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let verifier = request.app_data::<web::Data<TokenVerifier>>().cloned();
        let token = bearer_token(request).map(str::to_owned);
        Box::pin(async move {
            let token = token.ok_or_else(|| ApiError::of(ProblemType::UNAUTHENTICATED))?;
            let verifier = verifier
                .ok_or_else(|| ApiError::internal("no TokenVerifier in the application data"))?;
            verifier.verify(&token).await.map(Self).map_err(|error| match error {
                TokenError::Invalid(_) | TokenError::UnknownKey => {
                    ApiError::of(ProblemType::UNAUTHENTICATED)
                }
                TokenError::KeysUnavailable => ApiError::unavailable(error),
            })
        })
    }
}

/// Something that a role alone permits or forbids, whatever it is done to.
pub trait RoleRule: 'static {
    /// What the client is told when its role is not enough, in Norwegian.
    const REFUSAL: &'static str;

    /// Whether the role may do it.
    fn permits(role: Role) -> bool;
}

/// The caller, whose role permits `R`.
///
/// As an argument before the body it answers 403 before anything is read or looked up, so that a
/// refused caller learns nothing about what exists.
#[derive(Clone, Debug)]
pub struct Permitted<R> {
    /// The caller.
    pub actor: Actor,
    rule: PhantomData<R>,
}

impl<R: RoleRule> FromRequest for Permitted<R> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let actor = Actor::from_request(request, payload);
        Box::pin(async move {
            let actor = actor.await?;
            if R::permits(actor.role) {
                Ok(Self { actor, rule: PhantomData })
            } else {
                Err(Problem::new(ProblemType::FORBIDDEN).with_message(R::REFUSAL).into())
            }
        })
    }
}

/// The token of an `Authorization: Bearer` header; the scheme's case does not matter (RFC 9110).
fn bearer_token(request: &HttpRequest) -> Option<&str> {
    let (scheme, token) =
        request.headers().get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
