//! The table of contents of the API: one line for each resource.

pub mod locks;

use edge::openapi::Api;
use utoipa_actix_web::service_config::ServiceConfig;

/// The API as it presents itself at `/api/locks/docs`.
pub const API: Api = Api {
    title: "Statsbudsjettportalen: låser",
    description: "Hvem som redigerer en sak eller en departementsliste. Feil er \
                  RFC 9457-dokumenter med en norsk `message`.",
    base: "/api/locks",
    configure,
};

/// Registers every route. Through utoipa, so that the OpenAPI document misses none.
pub fn configure(config: &mut ServiceConfig<'_>) {
    locks::configure(config);
}
