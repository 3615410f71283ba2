//! The outermost middleware: request id, root span, request metrics, and the guarantee that every
//! failing answer is a problem document.

use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, ResponseError as _};
use telemetry::propagation::{self, Extractor};
use telemetry::request::Request;
use uuid::Uuid;

use crate::delivery::deliver;
use crate::error::ApiError;
use crate::metrics::{RequestTimer, method_label};
use crate::problem::{MEDIA_TYPE, Problem, ProblemType};
use crate::rate_limit::Standing;
use crate::server::RouteTable;

/// Header that names a request in every log on its way.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a user can quote to the operators: the trace id, or the request id when nothing traces.
#[must_use]
pub fn instance() -> String {
    propagation::current_trace_id().or_else(telemetry::request::current_id).unwrap_or_default()
}

/// Put into the extensions of a failing answer that has a documented body of its own, so that it
/// is not replaced by a problem. Only the health report has one (E89).
#[derive(Clone, Copy, Debug)]
pub struct OwnBody;

/// Wraps a request; install with `actix_web::middleware::from_fn`.
///
/// # Errors
/// Those of the middleware inside, with the answer in them.
pub(crate) async fn observe<B: MessageBody + 'static>(
    routes: Arc<RouteTable>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let method = method_label(request.method());
    let timer = RequestTimer::start(method);
    let known = {
        let headers = request.headers();
        Request::new(method, request.path(), request_id(headers), &HeaderCarrier(headers))
    };
    // Only other middleware returns errors, handlers and extractors answer themselves. An error has
    // no request any more, as routing wants the only handle, so its answer has to travel as one.
    let work = async {
        match next.call(request).await {
            Ok(response) => Ok(deliver(as_problem(response.map_into_boxed_body()))),
            Err(error) => Err(error.error_response()),
        }
    };
    let answered = |route: Option<&str>, status: StatusCode| {
        let route = route.unwrap_or("unmatched");
        known.answered(route, status.as_u16());
        timer.stop(route, status);
    };
    let request_id = HeaderValue::from_str(known.id());
    match known.run(work).await {
        Ok(mut response) => {
            answered(response.request().match_pattern().as_deref(), response.status());
            let standing = response.request().extensions().get::<Standing>().copied();
            if let Some(standing) = standing {
                standing.describe(response.headers_mut());
            }
            if let Ok(id) = request_id {
                response.headers_mut().insert(REQUEST_ID, id);
            }
            Ok(response)
        }
        Err(mut response) => {
            answered(routes.template(known.path()), response.status());
            if let Ok(id) = request_id {
                response.headers_mut().insert(REQUEST_ID, id);
            }
            Err(InternalError::from_response("answered without its request", response).into())
        }
    }
}

/// A caller's id is kept when it is harmless in a log line; otherwise a new one is made.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    match given {
        Some(id) if is_plain(id) => id.to_owned(),
        _ => Uuid::now_v7().to_string(),
    }
}

const MAX_REQUEST_ID_CHARS: usize = 64;

fn is_plain(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_REQUEST_ID_CHARS
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

struct HeaderCarrier<'a>(&'a HeaderMap);

impl Extractor for HeaderCarrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

/// Replaces a failing answer that the framework made by a problem with the same status.
fn as_problem(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let is_failure = status.is_client_error() || status.is_server_error();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let has_own_body = response.response().extensions().contains::<OwnBody>();
    if !is_failure || has_own_body || content_type.is_some_and(|value| value == MEDIA_TYPE) {
        return response;
    }
    let error = if status.is_server_error() {
        ApiError::internal(format!("answered {status} without a problem document"))
    } else {
        Problem::new(ProblemType::for_status(status)).into()
    };
    let (request, _) = response.into_parts();
    ServiceResponse::new(request, error.error_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_that_could_forge_a_log_line_is_replaced() {
        for (given, kept) in [("abc-123", true), ("a b", false), ("a\u{e5}", false), ("", false)] {
            assert_eq!(is_plain(given), kept, "{given:?}");
        }
        assert!(!is_plain(&"a".repeat(65)));
    }
}
