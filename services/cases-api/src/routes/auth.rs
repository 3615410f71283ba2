//! Signing in, here or at an external issuer, and users (E01–E03), and the public keys that tokens
//! are verified with.

use actix_web::http::header::{CacheControl, CacheDirective};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::Utc;
use domain::ids::{DepartmentId, UserId};
use domain::role::Role;
use edge::ApiError;
use edge::actor::Actor;
use edge::json::Json;
use edge::problem::Problem;
use edge::rate_limit::RateLimiter;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use store::users::{self, AssignedDepartment, User};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::AppState;
use crate::attempts::Attempt;
use crate::auth::{self, AuthError, SignedIn};
use crate::client_address::client_address;
use crate::error::{not_found, store_failure};

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(login).service(get_oidc_issuer).service(exchange_id_token);
    config.service(get_current_user).service(list_users).service(get_jwks);
}

/// Who wants to sign in.
#[derive(Debug, Deserialize, ToSchema)]
struct LoginRequest {
    /// Sign-in address, in any letter case.
    #[schema(example = "fag.kld@test.no", pattern = r"\S")]
    email: String,
    /// Required unless the demo login is on.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<SecretString>,
}

/// The proof of a sign-in at the external issuer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct IdTokenRequest {
    /// ID token (JWT) that the issuer gave to this client within the last ten minutes.
    #[schema(value_type = String, pattern = r"\S")]
    id_token: SecretString,
}

/// Where people sign in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OidcIssuer)]
struct OidcIssuerView {
    /// Issuer; its `/.well-known/openid-configuration` says the rest.
    issuer: String,
    /// Name of the portal's client there.
    client_id: String,
}

/// The proof of a sign-in.
#[derive(Debug, Serialize, ToSchema)]
struct LoginResponse {
    /// Bearer token. Opaque to clients.
    token: String,
    user: UserView,
}

/// A user (contract 2.1).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
struct UserView {
    id: UserId,
    email: String,
    full_name: String,
    department_id: DepartmentId,
    department_code: String,
    department_name: String,
    role: Role,
    /// Avdeling.
    #[schema(required)]
    division: Option<String>,
    /// Seksjon.
    #[schema(required)]
    section: Option<String>,
    #[schema(required)]
    job_title: Option<String>,
    #[schema(required)]
    leader_level: Option<String>,
    /// FIN portfolio, the primary department first; `null` rather than empty when there is none.
    #[schema(required)]
    assigned_departments: Option<Vec<AssignedDepartmentView>>,
}

/// A department in a FIN user's portfolio.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AssignedDepartment)]
struct AssignedDepartmentView {
    department_id: DepartmentId,
    department_code: String,
    department_name: String,
    is_primary: bool,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        let assigned: Vec<_> =
            user.assignments.into_iter().map(AssignedDepartmentView::from).collect();
        Self {
            id: user.id,
            email: user.email,
            full_name: user.full_name,
            department_id: user.department.id,
            department_code: user.department.code,
            department_name: user.department.name,
            role: user.role,
            division: user.division,
            section: user.section,
            job_title: user.job_title,
            leader_level: user.leader_level,
            assigned_departments: (!assigned.is_empty()).then_some(assigned),
        }
    }
}

impl From<AssignedDepartment> for AssignedDepartmentView {
    fn from(assigned: AssignedDepartment) -> Self {
        Self {
            department_id: assigned.department.id,
            department_code: assigned.department.code,
            department_name: assigned.department.name,
            is_primary: assigned.is_primary,
        }
    }
}

impl From<SignedIn> for LoginResponse {
    fn from(signed_in: SignedIn) -> Self {
        Self { token: signed_in.token, user: UserView::from(signed_in.user) }
    }
}

/// Sign in.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body = LoginRequest,
    responses(
        (status = 200, description = "Signed in", body = LoginResponse),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/wrong-credentials"),
        (status = 403, description = "/problems/forbidden: people sign in at an external issuer"),
        (status = 404, description = "/problems/not-found: unknown address, said only while the demo login is on"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 429, description = "/problems/rate-limited: too many attempts have failed"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/auth/login")]
async fn login(
    state: web::Data<AppState>,
    limiter: web::Data<RateLimiter>,
    request: HttpRequest,
    body: Json<LoginRequest>,
) -> Result<web::Json<LoginResponse>, ApiError> {
    let LoginRequest { email, password } = body.into_inner();
    if email.trim().is_empty() {
        return Err(Problem::invalid("/email", "Du må oppgi en e-postadresse.").into());
    }
    let attempt = if password.is_none() && state.demo_login {
        Attempt::uncounted()
    } else {
        Attempt::as_account(&email, client_address(&request, state.trusted_proxies))
    };
    let sign_in = auth::sign_in(&state, &email, password, Utc::now());
    Ok(web::Json(LoginResponse::from(attempt.make(&limiter, sign_in).await?)))
}

/// Where people sign in, when it is at an external issuer (OpenID Connect).
#[utoipa::path(
    tag = "auth",
    security(()),
    responses(
        (status = 200, description = "The issuer", body = OidcIssuerView),
        (status = 404, description = "/problems/not-found: people sign in here"),
    )
)]
#[get("/api/auth/oidc")]
async fn get_oidc_issuer(
    state: web::Data<AppState>,
) -> Result<web::Json<OidcIssuerView>, ApiError> {
    let oidc = state.oidc.as_ref().ok_or(AuthError::NoIssuer)?;
    let config = oidc.config();
    Ok(web::Json(OidcIssuerView {
        issuer: config.issuer.clone(),
        client_id: config.audience.clone(),
    }))
}

/// Exchanges an ID token of the external issuer, which works once.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body = IdTokenRequest,
    responses(
        (status = 200, description = "Signed in", body = LoginResponse),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/wrong-credentials: not valid, or used before"),
        (status = 403, description = "/problems/forbidden: no active user has this address"),
        (status = 404, description = "/problems/not-found: people sign in here"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 429, description = "/problems/rate-limited: too many attempts have failed"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/auth/oidc")]
async fn exchange_id_token(
    state: web::Data<AppState>,
    limiter: web::Data<RateLimiter>,
    request: HttpRequest,
    body: Json<IdTokenRequest>,
) -> Result<web::Json<LoginResponse>, ApiError> {
    let IdTokenRequest { id_token } = body.into_inner();
    if id_token.expose_secret().trim().is_empty() {
        return Err(Problem::invalid("/idToken", "Du må oppgi et ID-token.").into());
    }
    let attempt = Attempt::from_address(client_address(&request, state.trusted_proxies));
    let sign_in = auth::sign_in_with_id_token(&state, id_token.expose_secret(), Utc::now());
    Ok(web::Json(LoginResponse::from(attempt.make(&limiter, sign_in).await?)))
}

/// The caller as stored now, which may be newer than the token.
#[utoipa::path(
    tag = "auth",
    responses(
        (status = 200, description = "The caller", body = UserView),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 404, description = "/problems/not-found: the user no longer exists"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/auth/me")]
async fn get_current_user(
    state: web::Data<AppState>,
    actor: Actor,
) -> Result<web::Json<UserView>, ApiError> {
    let mut conn = state.db().await?;
    let user = users::find_user(&mut conn, actor.user_id).await.map_err(store_failure)?;
    let user = user.ok_or_else(|| not_found("Brukeren finnes ikke lenger."))?;
    Ok(web::Json(UserView::from(user)))
}

/// Active users of all departments, by name.
#[utoipa::path(
    tag = "auth",
    responses(
        (status = 200, description = "Active users", body = [UserView]),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/auth/users")]
async fn list_users(
    state: web::Data<AppState>,
    _actor: Actor,
) -> Result<web::Json<Vec<UserView>>, ApiError> {
    let mut conn = state.db().await?;
    let users = users::list_active_users(&mut conn).await.map_err(store_failure)?;
    Ok(web::Json(users.into_iter().map(UserView::from).collect()))
}

/// How long other services may keep the keys: shorter than a planned change of key takes.
const JWKS_MAX_AGE_SECS: u32 = 300;

/// The keys that tokens are verified with (RFC 7517).
#[utoipa::path(
    tag = "auth",
    security(()),
    responses((status = 200, description = "JSON Web Key Set", body = Object))
)]
#[get("/api/auth/jwks.json")]
async fn get_jwks(state: web::Data<AppState>) -> HttpResponse {
    let keep = [CacheDirective::Public, CacheDirective::MaxAge(JWKS_MAX_AGE_SECS)];
    HttpResponse::Ok().insert_header(CacheControl(keep.to_vec())).json(state.issuer.jwks())
}
