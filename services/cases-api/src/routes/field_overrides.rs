//! Field overrides of budget rounds (E07, E08).

use actix_web::{get, put, web};
use chrono::{DateTime, Utc};
use domain::ids::BudgetRoundId;
use edge::ApiError;
use edge::actor::{Actor, Permitted};
use edge::json::Json;
use serde::{Deserialize, Serialize};
use store::field_overrides::FieldOverride;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::app::AppState;
use crate::field_overrides;
use crate::permission::Administer;

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_field_overrides).service(set_field_override);
}

/// The FIN fields of a case type in a round (contract 2.17).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoundFieldOverride)]
struct FieldOverrideView {
    id: Uuid,
    budget_round_id: BudgetRoundId,
    #[schema(example = "satsingsforslag")]
    case_type_code: String,
    #[schema(example = json!(["finAssessment", "finVerbal"]))]
    fin_field_keys: Vec<String>,
    updated_at: DateTime<Utc>,
}

impl From<FieldOverride> for FieldOverrideView {
    fn from(stored: FieldOverride) -> Self {
        Self {
            id: stored.id,
            budget_round_id: stored.budget_round_id,
            case_type_code: stored.case_type_code,
            fin_field_keys: stored.fin_field_keys,
            updated_at: stored.updated_at,
        }
    }
}

/// The FIN fields of one case type.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SetFieldOverrideRequest {
    /// Code of a case type, active or not.
    #[schema(max_length = 50, pattern = r"\S", example = "satsingsforslag")]
    case_type_code: String,
    /// Keys of the content fields that count as FIN's; each at most once.
    #[schema(
        value_type = BTreeSet<FinFieldKey>,
        max_items = 50,
        example = json!(["finAssessment", "finVerbal"])
    )]
    fin_field_keys: Vec<String>,
}

/// What a key of a content field looks like.
#[derive(ToSchema)]
#[schema(value_type = String, max_length = 50, pattern = r"\S")]
#[expect(dead_code, reason = "describes the items of a list, which utoipa cannot do in place")]
struct FinFieldKey(String);

/// The field overrides of a round, by case type.
#[utoipa::path(
    tag = "budget-rounds",
    params(("id" = Uuid, Path, description = "Budget round")),
    responses(
        (status = 200, description = "Field overrides", body = [FieldOverrideView]),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/budget-rounds/{id}/field-overrides")]
async fn list_field_overrides(
    state: web::Data<AppState>,
    _actor: Actor,
    id: web::Path<BudgetRoundId>,
) -> Result<web::Json<Vec<FieldOverrideView>>, ApiError> {
    let mut conn = state.db().await?;
    let stored = field_overrides::list_field_overrides(&mut conn, *id).await?;
    Ok(web::Json(stored.into_iter().map(FieldOverrideView::from).collect()))
}

/// Sets which fields of a case type are FIN's in an open round, in place of those set before.
#[utoipa::path(
    tag = "budget-rounds",
    params(("id" = Uuid, Path, description = "Budget round")),
    request_body = SetFieldOverrideRequest,
    responses(
        (status = 200, description = "The field override", body = FieldOverrideView),
        (status = 400,
            description = "/problems/invalid-request, /problems/round-closed, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[put("/api/budget-rounds/{id}/field-overrides")]
async fn set_field_override(
    state: web::Data<AppState>,
    _admin: Permitted<Administer>,
    id: web::Path<BudgetRoundId>,
    body: Json<SetFieldOverrideRequest>,
) -> Result<web::Json<FieldOverrideView>, ApiError> {
    let SetFieldOverrideRequest { case_type_code, fin_field_keys } = body.into_inner();
    let mut conn = state.db().await?;
    let stored =
        field_overrides::set_field_override(&mut conn, *id, &case_type_code, &fin_field_keys)
            .await?;
    Ok(web::Json(FieldOverrideView::from(stored)))
}
