//! The table of contents of the API: one line for each resource.

pub mod auth;
pub mod case_types;
pub mod cases;
pub mod content;
pub mod departments;
pub mod exports;
pub mod health;
pub mod rounds;
pub mod status;

use edge::openapi::Api;
use utoipa_actix_web::service_config::ServiceConfig;

/// The API as it presents itself at `/api/docs`.
pub const API: Api = Api {
    title: "Statsbudsjettportalen: saker",
    description: "Saker, innhold, status, eksport og grunndata. Feil er RFC 9457-dokumenter med \
                  en norsk `message`.",
    base: "/api",
    configure,
};

/// Registers every route. Through utoipa, so that the OpenAPI document misses none.
pub fn configure(config: &mut ServiceConfig<'_>) {
    auth::configure(config);
    departments::configure(config);
    rounds::configure(config);
    case_types::configure(config);
    cases::configure(config);
    content::configure(config);
    status::configure(config);
    exports::configure(config);
    health::configure(config);
}
