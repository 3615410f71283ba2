//! Budget rounds: reading (E05, E06).

use actix_web::{get, web};
use chrono::{DateTime, Utc};
use domain::ids::BudgetRoundId;
use edge::ApiError;
use edge::actor::Actor;
use serde::Serialize;
use store::rounds::{self, BudgetRound};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::AppState;
use crate::error::{not_found, store_failure};

/// Adds the handlers of this resource.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_budget_rounds).service(get_budget_round);
}

/// A budget round (contract 2.3).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BudgetRound)]
struct BudgetRoundView {
    id: BudgetRoundId,
    #[schema(example = "AUG2026")]
    name: String,
    #[serde(rename = "type")]
    #[schema(example = "august")]
    kind: String,
    year: i32,
    /// `open` or `closed`.
    #[schema(example = "open")]
    status: String,
    #[schema(required)]
    deadline: Option<DateTime<Utc>>,
    #[schema(required)]
    closed_at: Option<DateTime<Utc>>,
    /// Every case of the round, also those the caller may not see.
    case_count: i64,
}

impl From<BudgetRound> for BudgetRoundView {
    fn from(round: BudgetRound) -> Self {
        Self {
            id: round.id,
            name: round.name,
            kind: round.kind,
            year: round.year,
            status: round.status,
            deadline: round.deadline,
            closed_at: round.closed_at,
            case_count: round.case_count,
        }
    }
}

/// All budget rounds, newest year first, then by name.
#[utoipa::path(
    tag = "budget-rounds",
    responses(
        (status = 200, description = "Budget rounds", body = [BudgetRoundView]),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/budget-rounds")]
async fn list_budget_rounds(
    state: web::Data<AppState>,
    _actor: Actor,
) -> Result<web::Json<Vec<BudgetRoundView>>, ApiError> {
    let mut conn = state.db().await?;
    let rounds = rounds::list_rounds(&mut conn).await.map_err(store_failure)?;
    Ok(web::Json(rounds.into_iter().map(BudgetRoundView::from).collect()))
}

/// One budget round.
#[utoipa::path(
    tag = "budget-rounds",
    params(("id" = Uuid, Path, description = "Budget round")),
    responses(
        (status = 200, description = "The budget round", body = BudgetRoundView),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/budget-rounds/{id}")]
async fn get_budget_round(
    state: web::Data<AppState>,
    _actor: Actor,
    id: web::Path<BudgetRoundId>,
) -> Result<web::Json<BudgetRoundView>, ApiError> {
    let mut conn = state.db().await?;
    let round = rounds::find_round(&mut conn, *id).await.map_err(store_failure)?;
    let round = round.ok_or_else(|| not_found("Fant ikke budsjettrunden."))?;
    Ok(web::Json(BudgetRoundView::from(round)))
}
