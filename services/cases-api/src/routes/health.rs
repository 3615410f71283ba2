//! The public health report (E89). Probes of the orchestrator use the admin port instead.

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use edge::observe::OwnBody;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::AppState;
use crate::health::{self, Check, Health};

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(get_health);
}

/// State of the service and of what it stands on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
struct HealthView {
    /// `ok`, or `degraded` when any part is down.
    #[schema(example = "ok")]
    status: &'static str,
    timestamp: DateTime<Utc>,
    #[schema(example = "demo")]
    environment: &'static str,
    checks: ChecksView,
}

/// What each part answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthChecks)]
struct ChecksView {
    database: CheckView,
    redis: CheckView,
    rabbitmq: CheckView,
}

/// What one part answered, and after how long.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HealthCheck)]
struct CheckView {
    /// `ok`; otherwise `error` for the database and `unavailable` for the others.
    #[schema(example = "ok")]
    status: &'static str,
    response_time_ms: u64,
    /// What it means for users when the part is down.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

impl CheckView {
    fn new(check: Check, down: &'static str, message: &'static str) -> Self {
        Self {
            status: if check.is_up { "ok" } else { down },
            response_time_ms: u64::try_from(check.response_time.as_millis()).unwrap_or(u64::MAX),
            message: (!check.is_up).then_some(message),
        }
    }
}

impl From<Health> for ChecksView {
    fn from(health: Health) -> Self {
        Self {
            database: CheckView::new(health.database, "error", "Databasen svarer ikke."),
            redis: CheckView::new(
                health.redis,
                "unavailable",
                "Hurtiglageret svarer ikke. Portalen virker, men er tregere.",
            ),
            rabbitmq: CheckView::new(
                health.broker,
                "unavailable",
                "Meldingskøen svarer ikke. Bestilte eksporter venter.",
            ),
        }
    }
}

/// Health with response times.
#[utoipa::path(
    tag = "health",
    security(()),
    responses(
        (status = 200, description = "The database answers", body = HealthView),
        (status = 503, description = "The database does not answer", body = HealthView),
    )
)]
#[get("/api/health")]
async fn get_health(state: web::Data<AppState>) -> HttpResponse {
    let health = health::check(&state).await;
    let view = HealthView {
        status: if health.is_all_up() { "ok" } else { "degraded" },
        timestamp: Utc::now(),
        environment: state.environment.as_str(),
        checks: ChecksView::from(health),
    };
    let now_only = (header::CACHE_CONTROL, "no-store");
    if health.database.is_up {
        return HttpResponse::Ok().insert_header(now_only).json(view);
    }
    let mut response = HttpResponse::ServiceUnavailable().insert_header(now_only).json(view);
    response.extensions_mut().insert(OwnBody);
    response
}
