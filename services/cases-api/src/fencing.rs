//! Refuses a save whose lock has been overtaken (architecture 3).
//!
//! An editor that slept past its lease must not overwrite whoever took the lock after it. locks-api
//! knows; if it does not answer at once, the version check alone decides, as it does for the many
//! saves that carry no token (D-28).

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header;
use domain::ids::CaseId;
use domain::lock::{FencingToken, ResourceType};
use edge::ApiError;
use edge::outgoing;
use edge::problem::{Problem, ProblemType};
use serde::Deserialize;
use serde_json::json;
use telemetry::metric;

/// Longest wait for locks-api (architecture 3).
const TIMEOUT: Duration = Duration::from_millis(200);

/// Asks locks-api about fencing tokens.
pub(crate) struct Fencing {
    client: reqwest::Client,
    /// Where tokens are checked; `None` when there is no locks-api to ask.
    verify: Option<String>,
}

/// What locks-api says of a token.
#[derive(Debug, Deserialize)]
struct TokenCheck {
    current: bool,
    latest: Option<Tenure>,
}

/// The latest holding of a lock.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tenure {
    locked_by_name: String,
}

impl Fencing {
    /// A client of the locks-api at `url`.
    ///
    /// # Errors
    ///
    /// When the HTTP client cannot be built.
    pub(crate) fn new(url: Option<&str>) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder().timeout(TIMEOUT).no_proxy().build()?;
        let verify = url.map(|url| format!("{}/api/locks/verify", url.trim_end_matches('/')));
        Ok(Self { client, verify })
    }

    /// Lets a save pass whose token, if it has one, still stands; asks in the name of the caller.
    ///
    /// # Errors
    ///
    /// [`ProblemType::LOCK_OVERTAKEN`].
    pub(crate) async fn admit(
        &self,
        request: &HttpRequest,
        case: CaseId,
        token: Option<FencingToken>,
    ) -> Result<(), ApiError> {
        let (Some(token), Some(url)) = (token, &self.verify) else { return Ok(()) };
        let check = match self.ask(url, request, case, token).await {
            Ok(check) => check,
            Err(error) => {
                metrics::counter!(metric::LOCK_TOKEN_CHECKS, "outcome" => "unanswered")
                    .increment(1);
                tracing::warn!(error = %error.without_url(), "lock token not checked");
                return Ok(());
            }
        };
        if check.current {
            metrics::counter!(metric::LOCK_TOKEN_CHECKS, "outcome" => "current").increment(1);
            return Ok(());
        }
        metrics::counter!(metric::LOCK_TOKEN_CHECKS, "outcome" => "overtaken").increment(1);
        Err(overtaken(check.latest.map(|tenure| tenure.locked_by_name)))
    }

    async fn ask(
        &self,
        url: &str,
        request: &HttpRequest,
        case: CaseId,
        token: FencingToken,
    ) -> reqwest::Result<TokenCheck> {
        let kind = ResourceType::Case;
        let question = json!({ "resourceType": kind, "resourceId": case, "lockToken": token });
        let mut headers = reqwest::header::HeaderMap::new();
        if let Some(caller) = request.headers().get(header::AUTHORIZATION)
            && let Ok(caller) = reqwest::header::HeaderValue::from_bytes(caller.as_bytes())
        {
            headers.insert(reqwest::header::AUTHORIZATION, caller);
        }
        let question = self.client.post(url).headers(headers).json(&question).build()?;
        outgoing::send(&self.client, question).await?.error_for_status()?.json().await
    }
}

fn overtaken(holder: Option<String>) -> ApiError {
    let problem = Problem::new(ProblemType::LOCK_OVERTAKEN);
    match holder {
        None => problem.into(),
        Some(name) => problem
            .with_message(format!(
                "{name} har overtatt redigeringen av saken. Endringene dine er ikke lagret."
            ))
            .with("lockedByName", name)
            .into(),
    }
}
