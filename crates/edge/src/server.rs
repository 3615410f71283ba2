//! The HTTP server around a service's routes, the same for every service.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_router::ResourceDef;
use actix_web::dev::{Server, ServerHandle};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, ResponseError as _, web};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;
use utoipa_actix_web::AppExt as _;
use utoipa_swagger_ui::{Config as SwaggerConfig, SwaggerUi};

use crate::admission::Admission;
use crate::config::HttpConfig;
use crate::door::Door;
use crate::error::ApiError;
use crate::observe::observe;
use crate::openapi::Api;
use crate::problem::{Problem, ProblemType};

/// Longest wait for the head of a request, so that slow clients cannot hold connections open.
const REQUEST_HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer than the gateway keeps its idle connections, so that the gateway is the one to close:
/// otherwise a request could meet a connection that is just being closed.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// A server that has begun to serve, and the port it can close before it stops.
pub struct PublicServer {
    server: Server,
    door: Door,
}

impl PublicServer {
    /// What closes this server in order.
    pub(crate) fn split(self) -> (Server, Exit) {
        let exit = Exit { handle: self.server.handle(), door: self.door };
        (self.server, exit)
    }
}

/// Ends a public server.
pub(crate) struct Exit {
    handle: ServerHandle,
    door: Door,
}

impl Exit {
    /// Closes the port so that no request is lost, and waits for those that run.
    pub(crate) async fn leave(self) {
        self.door.close(&self.handle).await;
        self.handle.stop(true).await;
    }
}

/// Starts serving `api` on `listener`. `share` puts the service's state into the application.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(
    listener: TcpListener,
    http: &HttpConfig,
    api: Api,
    share: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> std::io::Result<PublicServer> {
    crate::metrics::install();
    let door = Door::of(&listener)?;
    let closing = door.closing();
    let document = api.document();
    let routes = Arc::new(RouteTable::new(&document));
    let admission = Admission::new(http.most_requests, http.request_timeout);
    let app = move || {
        let admission = admission.clone();
        let routes = Arc::clone(&routes);
        App::new()
            .into_utoipa_app()
            .configure(api.configure)
            .into_app()
            .configure(share.clone())
            .configure(|config| serve_document(config, api, document.clone()))
            .app_data(web::Data::from(Arc::clone(&routes)))
            .app_data(
                web::PathConfig::default()
                    .error_handler(|_, _| ApiError::of(ProblemType::NOT_FOUND).into()),
            )
            .default_service(web::to(no_such_route))
            .wrap(from_fn(move |request, next| admission.clone().admit(request, next)))
            // Outermost, so that refusals are seen too.
            .wrap(from_fn(move |request, next| observe(Arc::clone(&routes), request, next)))
            .wrap(from_fn({
                let closing = closing.clone();
                move |request, next| closing.clone().mark(request, next)
            }))
    };
    let server = HttpServer::new(app)
        .workers(http.workers)
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(REQUEST_HEAD_TIMEOUT)
        // The body of a stream follows its head; held back until the head is acknowledged, as TCP
        // would have it, a document or an event comes 40 ms late.
        .tcp_nodelay(true)
        .shutdown_timeout(http.shutdown_grace.as_secs())
        // The service decides the order of its shutdown; actix would stop accepting at once.
        .disable_signals()
        .listen(listener)?
        .run();
    Ok(PublicServer { server, door })
}

fn serve_document(config: &mut web::ServiceConfig, api: Api, document: OpenApi) {
    let page = format!("{}/docs", api.base);
    let start = format!("{page}/");
    config
        .service(
            SwaggerUi::new(format!("{page}/{{_:.*}}"))
                // Otherwise it would show our document to a validator on the internet.
                .config(SwaggerConfig::default().validator_url("none"))
                .url(format!("{}/openapi.json", api.base), document),
        )
        .route(
            &page,
            web::get().to(move || {
                let target = HeaderValue::from_str(&start);
                async move {
                    let mut response = HttpResponse::PermanentRedirect();
                    if let Ok(target) = target {
                        response.insert_header((header::LOCATION, target));
                    }
                    response.finish()
                }
            }),
        );
}

/// Which addresses there are and which methods they have; tells 405 from 404.
pub(crate) struct RouteTable(Vec<(ResourceDef, Vec<&'static str>)>);

impl RouteTable {
    fn new(document: &OpenApi) -> Self {
        let routes = document.paths.paths.iter();
        Self(routes.map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item))).collect())
    }

    /// The template of an address, for a request that never came back from routing.
    pub(crate) fn template(&self, path: &str) -> Option<&str> {
        let (resource, _) = self.0.iter().find(|(resource, _)| resource.is_match(path))?;
        resource.pattern()
    }

    fn allowed(&self, path: &str) -> Option<String> {
        let mut allowed: Vec<_> = self
            .0
            .iter()
            .filter(|(resource, _)| resource.is_match(path))
            .flat_map(|(_, methods)| methods.iter().copied())
            .collect();
        allowed.sort_unstable();
        allowed.dedup();
        (!allowed.is_empty()).then(|| allowed.join(", "))
    }
}

fn methods(item: &PathItem) -> Vec<&'static str> {
    [
        ("GET", item.get.is_some()),
        ("POST", item.post.is_some()),
        ("PUT", item.put.is_some()),
        ("PATCH", item.patch.is_some()),
        ("DELETE", item.delete.is_some()),
    ]
    .into_iter()
    .filter_map(|(method, is_there)| is_there.then_some(method))
    .collect()
}

async fn no_such_route(request: HttpRequest, routes: web::Data<RouteTable>) -> HttpResponse {
    let problem = match routes.allowed(request.path()) {
        Some(methods) if request.method() == Method::OPTIONS => {
            return HttpResponse::NoContent().insert_header((header::ALLOW, methods)).finish();
        }
        Some(methods) => Problem::new(ProblemType::METHOD_NOT_ALLOWED).with_allow(methods),
        None => Problem::new(ProblemType::NOT_FOUND).with_message("Adressen finnes ikke."),
    };
    ApiError::from(problem).error_response()
}
