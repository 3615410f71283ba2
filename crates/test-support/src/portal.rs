//! The portal as a user meets it: one address, a sign-in, and what is done with it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use tokio::time::Instant;
use uuid::Uuid;

use crate::http::{Answer, Http};
use crate::stack::Stack;

/// Password of every demo user.
pub const PASSWORD: &str = "Test1234!";

/// Pause between two looks at something that is about to happen.
const GLANCE: Duration = Duration::from_millis(5);

/// The gateway, asked without a token.
#[must_use]
pub fn anonymous() -> Http {
    Http::anonymous(Stack::load().gateway_url.as_str())
}

/// A signed-in user.
#[derive(Clone, Debug)]
pub struct User {
    /// The gateway, asked by this user.
    pub http: Http,
    /// The bearer token of [`Self::http`].
    pub token: String,
    /// What the sign-in said of them (contract 2.1).
    pub profile: Value,
}

impl User {
    /// Signs in with the demo password.
    pub async fn sign_in(email: &str) -> Self {
        let credentials = json!({ "email": email, "password": PASSWORD });
        let answer = anonymous().post("/api/auth/login", &credentials).await;
        let mut answer = answer.assert_status(200).json();
        let token = answer["token"].as_str().expect("a token").to_owned();
        let http = anonymous().with_token(&token);
        Self { http, token, profile: answer["user"].take() }
    }

    /// The case handler of a ministry.
    pub async fn fag(department_code: &str) -> Self {
        Self::sign_in(&format!("fag.{department_code}@test.no")).await
    }

    /// Creates a case of the caller's department in the open August round.
    pub async fn create_case(&self, name: &str) -> Value {
        let case = json!({
            "budgetRoundId": self.august_round().await,
            "caseName": name,
            "caseType": "satsingsforslag",
            "chapter": "1400",
            "post": "21",
            "amount": 12_500,
            "proposalText": "Bevilgningen foreslås økt.",
            "justification": "Oppgaven har vokst.",
        });
        self.http.post("/api/cases", &case).await.assert_status(201).json()
    }

    /// Id of the round that is open in August.
    pub async fn august_round(&self) -> String {
        let rounds = self.http.get("/api/budget-rounds").await.assert_status(200).json();
        let rounds = rounds.as_array().expect("a list of rounds");
        let august = rounds.iter().find(|round| round["name"] == "AUG2026").expect("AUG2026");
        id_of(august).to_owned()
    }

    /// Asks for the lock of a case.
    pub async fn lock(&self, case: &str) -> Answer {
        self.http.post("/api/locks", &json!({ "resourceType": "case", "resourceId": case })).await
    }

    /// Saves one text of a case, started from `version`.
    pub async fn save(&self, case: &str, version: &Value, text: &str) -> Answer {
        let body = json!({ "justification": text, "expectedVersion": version });
        self.http.put(&format!("/api/cases/{case}/content"), &body).await
    }

    /// Orders an export of the case list, and returns the job's id.
    pub async fn order_export(&self, body: &Value) -> String {
        let accepted = self.http.post("/api/export/cases/excel", body).await;
        let job = accepted.assert_status(202).json();
        assert_eq!(job["status"], "queued");
        assert_eq!(job["id"], job["jobId"]);
        let id = id_of(&job).to_owned();
        assert_eq!(accepted.header("location"), format!("/api/export/jobs/{id}"));
        id
    }

    /// Looks at a job until it is over, and returns every state that was seen, first to last.
    pub async fn watch_export(&self, job: &str) -> Vec<Value> {
        let deadline = Instant::now() + Duration::from_mins(1);
        let mut seen: Vec<Value> = Vec::new();
        loop {
            let answer = self.http.get(&format!("/api/export/jobs/{job}")).await;
            let state = answer.assert_status(200).json();
            let is_over = state["status"] == "completed" || state["status"] == "failed";
            if seen.last().is_none_or(|last| last["status"] != state["status"]) {
                seen.push(state);
            }
            if is_over {
                return seen;
            }
            assert!(Instant::now() < deadline, "the export does not end: {seen:?}");
            tokio::time::sleep(GLANCE).await;
        }
    }
}

/// The `id` of an object.
#[must_use]
pub fn id_of(object: &Value) -> &str {
    object["id"].as_str().expect("an id")
}

/// Fails unless `answer` is a refusal as every client can read it (style guide, section 4): in the
/// 4xx range, with the whole problem document, and no word about what runs behind it.
#[track_caller]
pub fn assert_refused(answer: &Answer, request: &str) {
    let text = answer.text();
    assert!(answer.status.is_client_error(), "{request}: {} {text}", answer.status);
    assert_problem_document(answer, request);
}

/// Fails unless the body is a whole problem document that tells nothing of the machinery.
#[track_caller]
pub fn assert_problem_document(answer: &Answer, request: &str) {
    let text = answer.text();
    let media_type = answer.header("content-type");
    assert_eq!(media_type, "application/problem+json", "{request}: {text}");
    let problem = answer.json();
    let slug = problem["type"].as_str().and_then(|kind| kind.strip_prefix("/problems/"));
    assert!(slug.is_some_and(|slug| !slug.is_empty()), "{request}: {text}");
    assert_eq!(problem["status"], answer.status.as_u16(), "{request}: {text}");
    for member in ["title", "detail", "message", "instance"] {
        let is_given = problem[member].as_str().is_some_and(|value| !value.is_empty());
        assert!(is_given, "{request}: no {member} in {text}");
    }
    assert_eq!(problem["detail"], problem["message"], "{request}");
    let tells =
        ["diesel", "postgres", "sql", "panicked", ".rs", "serde", "line 1", "redis", "amqp"];
    for word in tells {
        assert!(!text.to_lowercase().contains(word), "{request}: tells of {word}: {text}");
    }
}

/// Sends a body as it is, under the name of JSON.
pub async fn send_raw(http: &Http, method: &Method, path: &str, body: Vec<u8>) -> Answer {
    let request = http.request(method.clone(), path);
    http.send(request.header("content-type", "application/json").body(body)).await
}

/// An id that nothing has.
#[must_use]
pub fn unknown_id() -> String {
    Uuid::new_v4().to_string()
}
