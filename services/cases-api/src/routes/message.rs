//! The answer of a request that has nothing to show but that it succeeded.

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;

/// A sentence in Norwegian that may be shown to the user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub(super) struct MessageView {
    message: &'static str,
}

impl MessageView {
    /// Says that it is done.
    pub(super) fn json(message: &'static str) -> web::Json<Self> {
        web::Json(Self { message })
    }
}
