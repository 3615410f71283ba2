//! What every user of the portal does alike, as `locust/portal_load/person.py` describes it: opening
//! cases, holding a lock, saving with the version that was read, and waiting for an export.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use hyper::{Method, StatusCode};
use rand::seq::IndexedRandom as _;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::behaviour::{Action, Kind};
use crate::names;
use crate::portal::{Answer, Portal, Question};
use crate::world::{Account, PASSWORD, SignedIn, World};

/// Which side somebody works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Fag,
    Fin,
}

/// A row of the overview.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ListedCase {
    pub(crate) id: String,
    pub(crate) status: String,
}

/// A case on the screen, as it was when it was read.
#[derive(Clone, Debug)]
pub(crate) struct OpenCase {
    pub(crate) id: String,
    pub(crate) status: String,
    version: i64,
    pub(crate) content_json: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CaseBody {
    id: String,
    status: String,
    version: i64,
    current_content: Option<ContentBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContentBody {
    version: i64,
    content_json: Option<String>,
}

/// A lease this person holds.
#[derive(Clone, Debug)]
pub(crate) struct Lock {
    pub(crate) id: String,
    token: Option<i64>,
    resource_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LockBody {
    id: String,
    lock_token: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderedJob {
    job_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Job {
    status: String,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    result_url: Option<String>,
}

/// Somebody at a screen.
pub(crate) struct Person {
    pub(crate) portal: Portal,
    pub(crate) world: Arc<World>,
    pub(crate) account: Account,
    pub(crate) side: Side,
    pub(crate) cases: Vec<ListedCase>,
    pub(crate) open: Option<OpenCase>,
    pub(crate) lock: Option<Lock>,
    /// Ids of the departments' lists, by code.
    pub(crate) department_lists: HashMap<&'static str, String>,
}

impl Person {
    pub(crate) fn new(portal: Portal, world: Arc<World>, account: Account, side: Side) -> Self {
        Self {
            portal,
            world,
            account,
            side,
            cases: Vec::new(),
            open: None,
            lock: None,
            department_lists: HashMap::new(),
        }
    }

    /// What people of this side do.
    pub(crate) fn kind(&self) -> &Kind {
        match self.side {
            Side::Fag => &self.world.behaviour.fag,
            Side::Fin => &self.world.behaviour.fin,
        }
    }

    pub(crate) async fn act(&mut self, action: Action) {
        match action {
            Action::ViewList => self.view_list().await,
            Action::OpenCase => self.open_case().await,
            Action::SaveCase | Action::SaveAssessment => {
                self.save().await;
            }
            Action::SubmitCase => self.submit_case().await,
            Action::ExportList => self.export_list().await,
            Action::Heartbeat => self.heartbeat().await,
            Action::OpenDepartmentList => self.open_department_list().await,
            Action::EditDepartmentList => self.edit_department_list().await,
            Action::ExportDepartmentList => self.export_department_list().await,
        }
    }

    pub(crate) async fn sign_in(&mut self) -> bool {
        let body = json!({"email": self.account.email, "password": PASSWORD});
        let question = Question::new(Method::POST, "/api/auth/login", names::SIGN_IN).body(body);
        let answer = self.portal.send(question).await;
        match answer.json::<SignedIn>() {
            Some(signed_in) => self.portal.authenticate(&signed_in.token),
            None => return false,
        }
        true
    }

    /// Closes the page.
    pub(crate) async fn leave(&mut self) {
        self.open = None;
        self.release().await;
    }

    /// A request of this person's, who waits a little when told that they ask too much.
    pub(crate) async fn ask(&mut self, question: Question) -> Answer {
        let answer = self.portal.send(question).await;
        if answer.is(StatusCode::TOO_MANY_REQUESTS) {
            let longest = self.world.behaviour.habits.longest_rate_pause_seconds;
            let longest = Duration::from_secs_f64(longest);
            sleep(answer.retry_after.clamp(Duration::from_secs(1), longest)).await;
        }
        answer
    }

    // --- the overview ------------------------------------------------------------------------

    async fn view_list(&mut self) {
        let (path, name) = match self.side {
            Side::Fag => (self.ministry_list_path(), names::LIST_FAG),
            Side::Fin => (self.fin_list_path(), names::LIST_FIN),
        };
        if let Some(cases) = self.ask(Question::get(path, name)).await.json() {
            self.cases = cases;
        }
    }

    /// A case of the overview in one of these statuses, or in any.
    pub(crate) async fn some_case(&mut self, statuses: Option<&[&str]>) -> Option<ListedCase> {
        if self.cases.is_empty() {
            self.view_list().await;
        }
        let is_wanted = |case: &&ListedCase| {
            statuses.is_none_or(|statuses| statuses.contains(&case.status.as_str()))
        };
        let fitting: Vec<&ListedCase> = self.cases.iter().filter(is_wanted).collect();
        fitting.choose(&mut rand::rng()).map(|case| (*case).clone())
    }

    // --- a case ------------------------------------------------------------------------------

    /// Opens any case; one that may be edited is locked at once, as the client does.
    async fn open_case(&mut self) {
        let case = self.some_case(self.openable()).await;
        if let Some(case) = case {
            self.open(&case.id).await;
        }
    }

    /// Whether the case is on the screen, and the lock taken if there is anything to edit.
    async fn open(&mut self, case_id: &str) -> bool {
        self.release().await;
        self.open = self.read(case_id).await;
        match &self.open {
            None => false,
            Some(case) => !self.may_edit(case) || self.take_lock("case", case_id).await,
        }
    }

    fn may_edit(&self, case: &OpenCase) -> bool {
        self.editable().contains(&case.status.as_str())
    }

    async fn read(&mut self, case_id: &str) -> Option<OpenCase> {
        let name = match self.side {
            Side::Fag => names::CASE_FAG,
            Side::Fin => names::CASE_FIN,
        };
        let answer = self.ask(Question::get(format!("/api/cases/{case_id}"), name)).await;
        let body: CaseBody = answer.json()?;
        let content_json = body.current_content.and_then(|content| content.content_json);
        Some(OpenCase { id: body.id, status: body.status, version: body.version, content_json })
    }

    /// The case on the screen if it may be edited, else another one.
    async fn case_to_edit(&mut self) -> Option<OpenCase> {
        if let Some(case) = self.open.clone().filter(|case| self.may_edit(case)) {
            if self.lock.is_none() {
                self.take_lock("case", &case.id).await;
            }
            return Some(case);
        }
        for _ in 0..self.world.behaviour.habits.lock_attempts {
            let case = self.some_case(Some(self.editable())).await?;
            if self.open(&case.id).await {
                break;
            }
        }
        // The status may have changed since the overview was read.
        self.open.clone().filter(|case| self.may_edit(case))
    }

    /// Saves a case. A conflict is met as people meet it: read the dialog, reload, make the edit
    /// again, save.
    pub(crate) async fn save(&mut self) -> bool {
        let Some(mut case) = self.case_to_edit().await else { return false };
        for _ in 0..self.world.behaviour.habits.save_attempts {
            let answer = self.save_once(&case).await;
            if let Some(saved) = answer.json::<ContentBody>() {
                case.version = saved.version;
                case.content_json = saved.content_json;
                self.open = Some(case);
                return true;
            }
            if !answer.is(StatusCode::CONFLICT) {
                return false;
            }
            sleep(self.world.behaviour.habits.conflict_pause()).await;
            if answer.problem() == "lock-held" {
                self.lock = None;
            }
            self.open = self.read(&case.id).await;
            match self.open.clone().filter(|case| self.may_edit(case)) {
                Some(reloaded) => case = reloaded,
                None => return false,
            }
        }
        false
    }

    async fn save_once(&mut self, case: &OpenCase) -> Answer {
        let (path, name, mut body) = match self.side {
            Side::Fag => self.document(case),
            Side::Fin => Self::assessment(case),
        };
        body["expectedVersion"] = Value::from(case.version);
        if let Some(lock) = self.lock.as_ref().filter(|lock| lock.resource_id == case.id) {
            body["lockToken"] = Value::from(lock.token);
        }
        let question = Question::new(Method::PUT, path, name).body(body);
        self.ask(question.expecting(StatusCode::CONFLICT, "409 saved by another")).await
    }

    // --- locks -------------------------------------------------------------------------------

    pub(crate) async fn take_lock(&mut self, resource_type: &str, resource_id: &str) -> bool {
        let body = json!({"resourceType": resource_type, "resourceId": resource_id});
        let question = Question::new(Method::POST, "/api/locks", names::LOCK)
            .body(body)
            .expecting(StatusCode::CONFLICT, "409 held by another");
        let Some(lock) = self.ask(question).await.json::<LockBody>() else { return false };
        let resource_id = resource_id.to_owned();
        self.lock = Some(Lock { id: lock.id, token: lock.lock_token, resource_id });
        true
    }

    /// Background traffic of a page that holds a lock (requirement: only then).
    async fn heartbeat(&mut self) {
        let Some(lock) = &self.lock else { return };
        let path = format!("/api/locks/{}/heartbeat", lock.id);
        let question = Question::new(Method::PUT, path, names::HEARTBEAT)
            .expecting(StatusCode::NOT_FOUND, "404 lock is gone");
        if self.ask(question).await.is(StatusCode::NOT_FOUND) {
            // Another tab of the same account has let it go: read-only from now on.
            self.lock = None;
        }
    }

    /// As a page does that is left: a beacon, which carries no token (contract E51).
    pub(crate) async fn release(&mut self) {
        let Some(lock) = self.lock.take() else { return };
        let path = format!("/api/locks/{}?_method=DELETE", lock.id);
        let question = Question::new(Method::POST, path, names::RELEASE)
            .body(json!({"_method": "DELETE"}))
            .anonymous();
        self.portal.send(question).await;
    }

    // --- exports -----------------------------------------------------------------------------

    /// Orders an export and works on while the page waits for it.
    pub(crate) async fn order(&mut self, path: &str, name: &'static str, body: Value) {
        let question = Question::new(Method::POST, path, name).body(body);
        if let Some(job) = self.ask(question).await.json::<OrderedJob>() {
            let habits = &self.world.behaviour.habits;
            let polls = habits.export_patience_seconds / habits.export_poll_seconds;
            let pause = Duration::from_secs(habits.export_poll_seconds);
            tokio::spawn(await_export(self.portal.beside(), job.job_id, polls, pause));
        }
    }
}

/// Polls until the document is there, and fetches it.
async fn await_export(mut portal: Portal, job_id: String, polls: u64, pause: Duration) {
    for _ in 0..polls {
        sleep(pause).await;
        let path = format!("/api/export/jobs/{job_id}");
        let Some(job) = portal.send(Question::get(path, names::EXPORT_JOB)).await.json::<Job>()
        else {
            continue;
        };
        match (job.status.as_str(), job.started_at, job.completed_at, job.result_url) {
            ("completed", Some(started), Some(completed), Some(url)) => {
                let since =
                    |moment: DateTime<Utc>| (moment - job.created_at).to_std().unwrap_or_default();
                portal.report(names::QUEUE_TIME, since(started), None);
                portal.report(names::WHOLE_TIME, since(completed), None);
                // A plain link, which carries no token of its own (contract E59).
                portal.send(Question::get(url, names::DOWNLOAD).anonymous()).await;
                return;
            }
            ("failed", ..) => {
                portal.report(names::WHOLE_TIME, Duration::ZERO, Some("the export failed"));
                return;
            }
            _ => {}
        }
    }
    let patience = pause.saturating_mul(u32::try_from(polls).unwrap_or(u32::MAX));
    portal.report(names::WHOLE_TIME, patience, Some("the export is not finished"));
}
