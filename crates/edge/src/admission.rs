//! How many requests a process works on at once (architecture 8), and for how long.
//!
//! Without a bound, a process that is offered more than it can do takes everything in, does a
//! little of each, and answers nobody in time; with its memory full of requests it is not even well
//! soon after. With one, what is taken in is answered in bounded time, at the rate of which the
//! process is capable, and the rest is told at once to come back.
//!
//! A place is held until the answer begins, so that streams of events, which hardly ever end, take
//! none. The health report is answered however busy the process is.
//!
//! A server that is halted but not gone answers nothing and closes nothing. What waits for it is
//! given up in the end: its client hears that it should come back, its place is free for others,
//! and a transaction it had not begun to commit is rolled back, as the pool closes its connection.

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError as _};
use telemetry::metric;
use tokio::sync::Semaphore;

use crate::error::ApiError;
use crate::problem::{Problem, ProblemType};

/// When a refused client may come back: soon, since places are free again within milliseconds.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Ends the address of the health report.
const HEALTH: &str = "/health";

/// The places of a process, and how long one may be held. Clones share the places.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    places: Arc<Semaphore>,
    time_limit: Duration,
}

impl Admission {
    /// So many requests at once, none of them for longer than `time_limit`.
    pub(crate) fn new(places: usize, time_limit: Duration) -> Self {
        metrics::counter!(metric::HTTP_REFUSALS).increment(0);
        let places = Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Self { places, time_limit }
    }

    /// Lets a request in, or answers it 503.
    ///
    /// # Errors
    /// 503 when the answer does not begin in time; nobody has the request by then, and an answer
    /// of this layer's own would need it. Those of the middleware inside.
    pub(crate) async fn admit<B: MessageBody + 'static>(
        self,
        request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let place = self.places.try_acquire();
        if place.is_err() && !request.path().ends_with(HEALTH) {
            metrics::counter!(metric::HTTP_REFUSALS).increment(1);
            return Ok(request.into_response(refusal().error_response()));
        }
        let Ok(answer) = tokio::time::timeout(self.time_limit, next.call(request)).await else {
            tracing::error!(limit_s = self.time_limit.as_secs(), "request was given up");
            return Err(refusal().into());
        };
        answer.map(ServiceResponse::map_into_boxed_body)
    }
}

/// Without a cause, which would be a line in the log for each refusal: the metric counts them, and
/// writing is work that a process at its limit has no time for.
fn refusal() -> ApiError {
    Problem::new(ProblemType::UNAVAILABLE).with_retry_after(RETRY_AFTER).into()
}

#[cfg(test)]
mod tests {
    use actix_web::http::{StatusCode, header};
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_service, init_service, try_call_service};
    use actix_web::{App, HttpResponse, web};
    use tokio::sync::Notify;

    use super::*;

    #[actix_rt::test]
    async fn a_full_process_refuses_at_once_answers_health_and_is_well_again_afterwards() {
        let admission = Admission::new(1, Duration::from_mins(1));
        let finish = Arc::new(Notify::new());
        let held = Arc::clone(&finish);
        let slow = move || {
            let held = Arc::clone(&held);
            async move {
                held.notified().await;
                HttpResponse::Ok().finish()
            }
        };
        let app = App::new()
            .route("/slow", web::get().to(slow))
            .route("/quick", web::get().to(HttpResponse::Ok))
            .route("/api/health", web::get().to(HttpResponse::Ok))
            .wrap(from_fn(move |request, next| admission.clone().admit(request, next)));
        let app = init_service(app).await;
        let get = |path: &str| TestRequest::get().uri(path).to_request();

        let mut occupied = Box::pin(call_service(&app, get("/slow")));
        assert!(futures_util::poll!(&mut occupied).is_pending());

        let refused = call_service(&app, get("/quick")).await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        let retry_after = refused.headers().get(header::RETRY_AFTER).unwrap();
        assert_eq!(retry_after, "1");
        assert_eq!(call_service(&app, get("/api/health")).await.status(), StatusCode::OK);

        finish.notify_one();
        assert_eq!(occupied.await.status(), StatusCode::OK);
        assert_eq!(call_service(&app, get("/quick")).await.status(), StatusCode::OK);
    }

    #[actix_rt::test]
    async fn i7_a_request_that_waits_in_vain_is_given_up_and_its_place_is_free_again() {
        let admission = Admission::new(1, Duration::from_millis(20));
        let app = App::new()
            .route("/stuck", web::get().to(std::future::pending::<HttpResponse>))
            .route("/quick", web::get().to(HttpResponse::Ok))
            .wrap(from_fn(move |request, next| admission.clone().admit(request, next)));
        let app = init_service(app).await;
        let get = |path: &str| TestRequest::get().uri(path).to_request();

        let given_up = try_call_service(&app, get("/stuck")).await.unwrap_err().error_response();
        assert_eq!(given_up.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(given_up.headers().contains_key(header::RETRY_AFTER));
        assert_eq!(call_service(&app, get("/quick")).await.status(), StatusCode::OK);
    }
}
