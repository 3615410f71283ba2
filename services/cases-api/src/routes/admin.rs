//! Administration of the demo environment (E90).

use actix_web::{post, web};
use chrono::{DateTime, Utc};
use edge::ApiError;
use edge::actor::Permitted;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::AppState;
use crate::permission::Administer;
use crate::reset;

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(reset_database);
}

/// The data is that of the demo again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DatabaseReset)]
struct DatabaseResetView {
    message: &'static str,
    /// When it was done.
    timestamp: DateTime<Utc>,
}

/// Wipes everything and loads the demo data again. Only where the environment is for demonstration
/// or development.
#[utoipa::path(
    tag = "admin",
    responses(
        (status = 200, description = "The database holds the demo data", body = DatabaseResetView),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found: this environment has no reset"),
        (status = 409, description = "/problems/conflict: another reset is in progress"),
        (status = 500, description = "/problems/internal: nothing has changed"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/admin/reset-database")]
async fn reset_database(
    state: web::Data<AppState>,
    _admin: Permitted<Administer>,
) -> Result<web::Json<DatabaseResetView>, ApiError> {
    reset::reset_database(&state).await?;
    let message = "Databasen er tilbakestilt til demodataene.";
    Ok(web::Json(DatabaseResetView { message, timestamp: Utc::now() }))
}
