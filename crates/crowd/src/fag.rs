//! Somebody in a ministry: writes cases and sends them to the Ministry of Finance.

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::documents::edit_case_document;
use crate::names;
use crate::person::{ListedCase, OpenCase, Person};
use crate::portal::Question;

/// What the ministry edits. It may also edit approved cases; these go to and fro between approval
/// and submission here, so that whoever edited one would be refused as often as not.
pub(crate) const EDITABLE: [&str; 5] =
    ["draft", "under_arbeid", "til_avklaring", "klarert", "returnert_til_fag"];
const APPROVED: &str = "godkjent_pol";
const SENT: &str = "sendt_til_fin";

impl Person {
    pub(crate) fn ministry_list_path(&self) -> String {
        let (department, round) = (&self.account.department, &self.world.round_id);
        format!("/api/cases?departmentId={department}&budgetRoundId={round}")
    }

    /// The save of the ministry's editor.
    pub(crate) fn document(&self, case: &OpenCase) -> (String, &'static str, Value) {
        let number = rand::random_range(0..10_000);
        let text = format!("{} har gått gjennom saken ({number}).", self.account.email);
        let document = edit_case_document(case.content_json.as_deref(), &case.id, &text);
        let path = format!("/api/cases/{}/document", case.id);
        (path, names::SAVE_FAG, json!({"contentJson": document}))
    }

    /// Sends an approved case to FIN. When there is none left, one that waits at FIN is taken back
    /// first, as the ministry may: so a run of any length has something to send.
    pub(crate) async fn submit_case(&mut self) {
        let case = match self.some_case(Some(&[APPROVED])).await {
            Some(case) => Some(case),
            None => self.take_back().await,
        };
        let Some(case) = case else { return };
        let body = json!({
            "budgetRoundId": self.world.round_id, "caseIds": [case.id], "isSupplement": true,
        });
        let question = Question::new(Method::POST, "/api/submissions", names::SUBMIT)
            .body(body)
            .expecting(StatusCode::BAD_REQUEST, "400 sent by another");
        let answer = self.ask(question).await;
        if answer.is_ok() || answer.is(StatusCode::BAD_REQUEST) {
            self.remember(&case, SENT);
        }
    }

    async fn take_back(&mut self) -> Option<ListedCase> {
        let case = self.some_case(Some(&[SENT])).await?;
        let path = format!("/api/cases/{}/status", case.id);
        let question = Question::new(Method::PATCH, path, names::STATUS)
            .body(json!({"status": APPROVED}))
            .expecting(StatusCode::BAD_REQUEST, "400 moved by another");
        let answer = self.ask(question).await;
        if answer.is_ok() || answer.is(StatusCode::BAD_REQUEST) {
            self.remember(&case, APPROVED);
        }
        answer.is_ok().then_some(case)
    }

    fn remember(&mut self, case: &ListedCase, status: &str) {
        for listed in self.cases.iter_mut().filter(|listed| listed.id == case.id) {
            status.clone_into(&mut listed.status);
        }
    }

    pub(crate) async fn export_list(&mut self) {
        let body = json!({
            "filters": {
                "departmentId": self.account.department,
                "budgetRoundId": self.world.round_id,
            },
            "fields": ["caseName", "chapter", "post", "amount", "status"],
        });
        self.order("/api/export/cases/excel", names::EXPORT_CASES, body).await;
    }
}
