//! The event stream (architecture 7).

use actix_web::http::header::{CACHE_CONTROL, HeaderName};
use actix_web::{FromRequest as _, HttpRequest, HttpResponse, get, post, web};
use edge::ApiError;
use edge::actor::Actor;
use edge::problem::{Problem, ProblemType};
use edge::query::Params;
use futures_util::StreamExt as _;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::app::AppState;
use crate::tickets::{self, Ticket};

/// What the browser last saw, as it says itself when it comes back.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells proxies not to hold parts of the stream back.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(create_ticket).service(stream_events);
}

/// Opens one event stream, once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EventTicket)]
struct EventTicketView {
    /// For `GET /api/events?ticket=`.
    ticket: Ticket,
    /// How long it can be used.
    expires_in_seconds: u64,
}

/// Makes a ticket for the event stream, because a browser's `EventSource` sends no header.
#[utoipa::path(
    tag = "events",
    responses(
        (status = 201, description = "A ticket that works once", body = EventTicketView),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/events/ticket")]
async fn create_ticket(state: web::Data<AppState>, actor: Actor) -> Result<HttpResponse, ApiError> {
    let ticket = tickets::issue(&state.redis, &actor).await.map_err(ApiError::unavailable)?;
    Ok(HttpResponse::Created()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(EventTicketView { ticket, expires_in_seconds: tickets::TIME_TO_LIVE.as_secs() }))
}

/// What happens, as server-sent events: `case.saved`, `lock.taken`, `lock.released`,
/// `export.progress`, and `resync` when events may have been missed.
///
/// Only what the caller may open. The stream ends within the hour; a client comes back with the id
/// it saw last.
#[utoipa::path(
    tag = "events",
    params(
        ("ticket" = Option<String>, Query, description = "In the place of a bearer token"),
        ("lastEventId" = Option<String>, Query, description = "As the header `Last-Event-ID`"),
    ),
    responses(
        (status = 200, description = "The stream", content_type = "text/event-stream", body = String),
        (status = 400, description = "/problems/invalid-request"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 429, description = "/problems/rate-limited: too many streams of one user"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/events")]
async fn stream_events(
    state: web::Data<AppState>,
    request: HttpRequest,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    let caller = match params.text("ticket") {
        Some(ticket) => tickets::redeem(&state.redis, ticket)
            .await
            .map_err(ApiError::unavailable)?
            .ok_or_else(|| ApiError::of(ProblemType::UNAUTHENTICATED))?,
        None => Actor::extract(&request).await?,
    };
    let header = request.headers().get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
    let last_seen = header.or_else(|| params.text("lastEventId"));
    // An id that is none is one that is not known.
    let last_seen = last_seen.map(|id| id.parse().unwrap_or(Uuid::nil()));
    let events = state.events.join(caller.viewer(), last_seen).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((ACCEL_BUFFERING, "no"))
        .streaming(events.map(Ok::<_, std::convert::Infallible>)))
}

impl From<crate::events::Refused> for ApiError {
    fn from(refused: crate::events::Refused) -> Self {
        match refused {
            crate::events::Refused::NoRoom => Self::unavailable(refused),
            crate::events::Refused::TooMany => Problem::new(ProblemType::RATE_LIMITED)
                .with_message("Du har for mange åpne vinduer. Lukk noen og prøv igjen.")
                .into(),
        }
    }
}
