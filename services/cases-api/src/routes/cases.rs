//! Cases: lists, one case, its log, new ones, and changes to one (E14 to E22).

pub(crate) mod update;
pub(crate) mod views;

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use domain::case_list::CaseListFilters;
use domain::content::{ContentField, FlatFields};
use domain::ids::{BudgetRoundId, CaseId, DepartmentId};
use domain::money::ThousandNok;
use edge::ApiError;
use edge::actor::Actor;
use edge::json::Json;
use edge::query::Params;
use edge::rate_limit::{Lists, Uncounted};
use serde::Deserialize;
use store::opinions;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use self::views::{BudgetCaseView, CaseEventView, CaseListItemView, CaseOpinionView};
use crate::app::AppState;
use crate::cases::{self, HistoryInput, NewCaseInput};
use crate::error::store_failure;
use crate::list_cache::Form;

/// Adds the handlers of this resource. The named lists come before `{id}`, which would match them.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_cases)
        .service(list_case_items)
        .service(list_history)
        .service(list_my_cases)
        .service(list_my_tasks)
        .service(create_case)
        .service(get_case)
        .service(update::update_case)
        .service(list_case_events);
}

/// A new case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreateCaseRequest {
    budget_round_id: BudgetRoundId,
    /// At most 500 characters, not all of them blank.
    #[schema(max_length = 500, pattern = r"\S")]
    case_name: String,
    /// Code of an active case type.
    #[schema(example = "satsingsforslag")]
    case_type: String,
    /// At most 10 characters.
    #[schema(max_length = 10)]
    chapter: Option<String>,
    /// At most 10 characters.
    #[schema(max_length = 10)]
    post: Option<String>,
    /// The ministry's proposal in 1 000 NOK.
    amount: Option<ThousandNok>,
    /// Id or code; heeded when the caller is outside the ministries (D-18).
    department_id: Option<String>,
    proposal_text: Option<String>,
    justification: Option<String>,
    verbal_conclusion: Option<String>,
    socioeconomic_analysis: Option<String>,
    goal_indicator: Option<String>,
    benefit_plan: Option<String>,
    comment: Option<String>,
}

impl From<CreateCaseRequest> for NewCaseInput {
    fn from(body: CreateCaseRequest) -> Self {
        let texts = [
            (ContentField::ProposalText, body.proposal_text),
            (ContentField::Justification, body.justification),
            (ContentField::VerbalConclusion, body.verbal_conclusion),
            (ContentField::SocioeconomicAnalysis, body.socioeconomic_analysis),
            (ContentField::GoalIndicator, body.goal_indicator),
            (ContentField::BenefitPlan, body.benefit_plan),
            (ContentField::Comment, body.comment),
        ];
        Self {
            budget_round_id: body.budget_round_id,
            case_name: body.case_name,
            case_type: body.case_type,
            chapter: body.chapter,
            post: body.post,
            amount: body.amount,
            department: body.department_id,
            texts: FlatFields::default().with(&texts),
        }
    }
}

/// The cases the caller sees, newest change first. `currentContent` and `opinions` are `null`.
#[utoipa::path(
    tag = "cases",
    params(
        ("budgetRoundId" = Option<Uuid>, Query, description = "Only this round"),
        ("departmentId" = Option<String>, Query, description = "Id or code of a department"),
        ("status" = Option<String>, Query, description = "Exact status"),
        ("caseType" = Option<String>, Query, description = "Exact case type"),
        ("search" = Option<String>, Query, description = "Part of the name, in any letter case"),
        ("division" = Option<String>, Query, description = "Exact responsible division"),
        ("myDepartments" = Option<bool>, Query,
            description = "FIN: only assigned departments; default true"),
    ),
    responses(
        (status = 200, description = "Cases", body = [BudgetCaseView]),
        (status = 400, description = "/problems/invalid-request"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 429, description = "/problems/rate-limited"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/cases")]
async fn list_cases(
    state: web::Data<AppState>,
    caller: Uncounted<Lists>,
    params: Params,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let filters = case_list_filters(&state, &params).await?;
    let list = cases::list_cases(&state, &caller, filters, Form::Full).await?;
    Ok(state.lists.respond(&list, &request))
}

/// As `GET /api/cases`, without `currentContent` and `opinions`.
#[utoipa::path(
    tag = "cases",
    params(
        ("budgetRoundId" = Option<Uuid>, Query, description = "Only this round"),
        ("departmentId" = Option<String>, Query, description = "Id or code of a department"),
        ("status" = Option<String>, Query, description = "Exact status"),
        ("caseType" = Option<String>, Query, description = "Exact case type"),
        ("search" = Option<String>, Query, description = "Part of the name, in any letter case"),
        ("division" = Option<String>, Query, description = "Exact responsible division"),
        ("myDepartments" = Option<bool>, Query,
            description = "FIN: only assigned departments; default true"),
    ),
    responses(
        (status = 200, description = "Cases", body = [CaseListItemView]),
        (status = 400, description = "/problems/invalid-request"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 429, description = "/problems/rate-limited"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/cases/list")]
async fn list_case_items(
    state: web::Data<AppState>,
    caller: Uncounted<Lists>,
    params: Params,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let filters = case_list_filters(&state, &params).await?;
    let list = cases::list_cases(&state, &caller, filters, Form::Light).await?;
    Ok(state.lists.respond(&list, &request))
}

/// Cases of closed rounds, newest change first.
#[utoipa::path(
    tag = "cases",
    params(
        ("chapter" = Option<String>, Query, description = "Exact budget chapter"),
        ("post" = Option<String>, Query, description = "Exact budget item"),
        ("departmentId" = Option<String>, Query, description = "Id or code of a department"),
        ("year" = Option<i32>, Query, description = "Year of the round or of the creation"),
    ),
    responses(
        (status = 200, description = "Cases", body = [BudgetCaseView]),
        (status = 400, description = "/problems/invalid-request"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/cases/history")]
async fn list_history(
    state: web::Data<AppState>,
    actor: Actor,
    params: Params,
) -> Result<web::Json<Vec<BudgetCaseView>>, ApiError> {
    let input = HistoryInput {
        chapter: params.text("chapter").map(str::to_owned),
        post: params.text("post").map(str::to_owned),
        year: params.parsed("year")?,
        department_id: department(&state, &params).await?,
    };
    let mut conn = state.db().await?;
    let rows = cases::list_history(&mut conn, &state.directory, &actor, input)
        .await
        .map_err(store_failure)?;
    Ok(web::Json(rows.into_iter().map(BudgetCaseView::from).collect()))
}

/// The cases that are the caller's own work, newest change first.
#[utoipa::path(
    tag = "cases",
    params(("budgetRoundId" = Option<Uuid>, Query, description = "Only this round")),
    responses(
        (status = 200, description = "Cases", body = [BudgetCaseView]),
        (status = 400, description = "/problems/invalid-request"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/cases/my-cases")]
async fn list_my_cases(
    state: web::Data<AppState>,
    actor: Actor,
    params: Params,
) -> Result<web::Json<Vec<BudgetCaseView>>, ApiError> {
    let round = params.parsed("budgetRoundId")?;
    let mut conn = state.db().await?;
    let rows = cases::list_my_cases(&mut conn, &state.directory, &actor, round)
        .await
        .map_err(store_failure)?;
    Ok(web::Json(rows.into_iter().map(BudgetCaseView::from).collect()))
}

/// The opinions and approvals that the caller has yet to give, newest first.
#[utoipa::path(
    tag = "cases",
    responses(
        (status = 200, description = "Pending opinions", body = [CaseOpinionView]),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/cases/my-tasks")]
async fn list_my_tasks(
    state: web::Data<AppState>,
    actor: Actor,
) -> Result<web::Json<Vec<CaseOpinionView>>, ApiError> {
    let mut conn = state.db().await?;
    let pending = opinions::list_pending_opinions(&mut conn, actor.user_id);
    let pending = pending.await.map_err(store_failure)?;
    Ok(web::Json(pending.into_iter().map(CaseOpinionView::from).collect()))
}

/// Creates a case in the caller's department.
#[utoipa::path(
    tag = "cases",
    request_body = CreateCaseRequest,
    responses(
        (status = 201, description = "The new case", body = BudgetCaseView,
            headers(("Location" = String, description = "Address of the case"))),
        (status = 400, description = "/problems/invalid-request, /problems/invalid-json"),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 413, description = "/problems/too-large"),
        (status = 415, description = "/problems/unsupported-media-type"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[post("/api/cases")]
async fn create_case(
    state: web::Data<AppState>,
    actor: Actor,
    body: Json<CreateCaseRequest>,
) -> Result<HttpResponse, ApiError> {
    let mut conn = state.db().await?;
    let id =
        cases::create_case(&mut conn, &state.changes, &actor, body.into_inner().into()).await?;
    let page = cases::get_case(&mut conn, &actor, id).await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/cases/{id}")))
        .json(BudgetCaseView::from(page)))
}

/// One case with its newest content and its opinions.
#[utoipa::path(
    tag = "cases",
    params(("id" = Uuid, Path, description = "Case")),
    responses(
        (status = 200, description = "The case", body = BudgetCaseView),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/cases/{id}")]
async fn get_case(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<CaseId>,
) -> Result<web::Json<BudgetCaseView>, ApiError> {
    let mut conn = state.db().await?;
    let page = cases::get_case(&mut conn, &actor, *id).await?;
    Ok(web::Json(BudgetCaseView::from(page)))
}

/// What has happened to a case, newest first.
#[utoipa::path(
    tag = "cases",
    params(("id" = Uuid, Path, description = "Case")),
    responses(
        (status = 200, description = "Events", body = [CaseEventView]),
        (status = 401, description = "/problems/unauthenticated"),
        (status = 403, description = "/problems/forbidden"),
        (status = 404, description = "/problems/not-found"),
        (status = 503, description = "/problems/unavailable"),
    )
)]
#[get("/api/cases/{id}/events")]
async fn list_case_events(
    state: web::Data<AppState>,
    actor: Actor,
    id: web::Path<CaseId>,
) -> Result<web::Json<Vec<CaseEventView>>, ApiError> {
    let mut conn = state.db().await?;
    let events = cases::list_case_events(&mut conn, &actor, *id).await?;
    Ok(web::Json(events.into_iter().map(CaseEventView::from).collect()))
}

/// Reads the filters of E14.
async fn case_list_filters(state: &AppState, params: &Params) -> Result<CaseListFilters, ApiError> {
    let text = |name| params.text(name).map(str::to_owned);
    Ok(CaseListFilters {
        budget_round_id: params.parsed("budgetRoundId")?,
        status: text("status"),
        case_type: text("caseType"),
        search: text("search"),
        division: text("division"),
        my_departments: params.flag("myDepartments")?,
        case_ids: Vec::new(),
        department_id: department(state, params).await?,
    })
}

/// Reads a department given by id or code (D-04). An unknown code is a department without cases.
pub(super) async fn department(
    state: &AppState,
    params: &Params,
) -> Result<Option<DepartmentId>, ApiError> {
    let Some(named) = params.text("departmentId") else { return Ok(None) };
    let directory = state.directory.current().await.map_err(store_failure)?;
    Ok(Some(directory.find_department_id(named).unwrap_or_else(DepartmentId::nil)))
}
