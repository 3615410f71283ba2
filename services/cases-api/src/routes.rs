//! The table of contents of the API: one line for each resource.

pub mod admin;
pub mod assignment;
pub mod auth;
pub mod case_types;
pub mod cases;
pub mod comments;
pub mod conclusions;
pub mod content;
pub mod department_lists;
pub mod departments;
pub mod documents;
pub mod events;
pub mod exports;
pub mod field_overrides;
pub mod figures;
pub mod health;
mod message;
pub mod opinions;
pub mod questions;
pub mod rounds;
pub mod status;
pub mod submissions;
pub mod templates;
pub mod uploads;

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
    // First, since routes are tried in this order, and the case list is what is asked for most.
    cases::configure(config);
    // The address of opinions under `/api/cases/` must win over `{id}` in those that follow.
    opinions::configure(config);
    auth::configure(config);
    departments::configure(config);
    rounds::configure(config);
    field_overrides::configure(config);
    case_types::configure(config);
    content::configure(config);
    status::configure(config);
    assignment::configure(config);
    comments::configure(config);
    questions::configure(config);
    conclusions::configure(config);
    submissions::configure(config);
    events::configure(config);
    exports::configure(config);
    documents::configure(config);
    templates::configure(config);
    department_lists::configure(config);
    admin::configure(config);
    figures::configure(config);
    uploads::configure(config);
    health::configure(config);
}
