//! Somebody in the Ministry of Finance: assesses cases and writes the departments' lists.

use hyper::Method;
use rand::seq::IndexedRandom as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::behaviour::{FinList, draw};
use crate::documents::edit_rich_text;
use crate::fag;
use crate::names;
use crate::person::{OpenCase, Person, Side};
use crate::portal::Question;
use crate::world::DEPARTMENTS;

/// What FIN has begun with. A case that was just sent may be taken back by the ministry at any
/// moment, and would then be refused.
const BEGUN: [&str; 2] = ["under_vurdering_fin", "ferdigbehandlet_fin"];
/// Sections of a list that hold text of its own.
const WRITABLE_SECTIONS: [&str; 2] = ["freetext", "fixed_content"];

#[derive(Deserialize)]
struct Listed {
    id: String,
}

#[derive(Deserialize)]
struct DepartmentList {
    sections: Vec<Section>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Section {
    id: String,
    #[serde(rename = "sectionType")]
    kind: String,
    content_json: Option<String>,
    children: Vec<Section>,
}

impl Person {
    /// Statuses of cases that this person opens; `None` is any.
    pub(crate) const fn openable(&self) -> Option<&'static [&'static str]> {
        match self.side {
            Side::Fag => None,
            Side::Fin => Some(&BEGUN),
        }
    }

    /// Statuses of cases that this person edits.
    pub(crate) const fn editable(&self) -> &'static [&'static str] {
        match self.side {
            Side::Fag => &fag::EDITABLE,
            Side::Fin => &BEGUN,
        }
    }

    pub(crate) fn fin_list_path(&self) -> String {
        let mut path = format!("/api/cases?budgetRoundId={}", self.world.round_id);
        match draw(&self.world.behaviour.fin_lists) {
            Some(FinList::Department) => {
                path.push_str("&departmentId=");
                path.push_str(some_department());
            }
            Some(FinList::Everything) => path.push_str("&myDepartments=false"),
            Some(FinList::Portfolio) | None => {}
        }
        path
    }

    /// The save of FIN's assessment.
    pub(crate) fn assessment(case: &OpenCase) -> (String, &'static str, Value) {
        let number = rand::random_range(0..10_000);
        let text = format!("FIN tilrår forslaget. Vurdert på nytt ({number}).");
        let path = format!("/api/cases/{}/content", case.id);
        (path, names::SAVE_FIN, json!({"finAssessment": text}))
    }

    pub(crate) async fn open_department_list(&mut self) {
        if let Some(found) = self.department_list().await {
            self.read_list(&found).await;
        }
    }

    /// Writes in a list. Lists have no version check, so only the lock's holder writes.
    pub(crate) async fn edit_department_list(&mut self) {
        let Some(found) = self.department_list().await else { return };
        self.leave().await;
        if !self.take_lock("department_list", &found).await {
            return;
        }
        if let Some(section) = self.read_list(&found).await.and_then(some_writable) {
            let number = rand::random_range(0..10_000);
            let text = format!("{} har gått gjennom teksten ({number}).", self.account.email);
            let content = edit_rich_text(section.content_json.as_deref(), &text);
            let path = format!("/api/department-lists/{found}/sections/{}", section.id);
            let question = Question::new(Method::PUT, path, names::SECTION)
                .body(json!({"contentJson": content}));
            self.ask(question).await;
        }
        self.release().await;
    }

    pub(crate) async fn export_department_list(&mut self) {
        if let Some(found) = self.department_list().await {
            let body = json!({"departmentListId": found});
            self.order("/api/export/department-list/word", names::EXPORT_DEPARTMENT_LIST, body)
                .await;
        }
    }

    /// The list of any department, which is looked up once.
    async fn department_list(&mut self) -> Option<String> {
        let code = some_department();
        if let Some(known) = self.department_lists.get(code) {
            return Some(known.clone());
        }
        let round = &self.world.round_id;
        let path = format!("/api/department-lists?budgetRoundId={round}&departmentId={code}");
        let answer = self.ask(Question::get(path, names::DEPARTMENT_LISTS)).await;
        let id = answer.json::<Vec<Listed>>()?.into_iter().next()?.id;
        self.department_lists.insert(code, id.clone());
        Some(id)
    }

    async fn read_list(&mut self, list_id: &str) -> Option<Vec<Section>> {
        let path = format!("/api/department-lists/{list_id}");
        let answer = self.ask(Question::get(path, names::DEPARTMENT_LIST)).await;
        answer.json::<DepartmentList>().map(|list| list.sections)
    }
}

fn some_department() -> &'static str {
    DEPARTMENTS.choose(&mut rand::rng()).copied().unwrap_or(DEPARTMENTS[0])
}

fn some_writable(sections: Vec<Section>) -> Option<Section> {
    let mut writable = Vec::new();
    let mut rest = sections;
    while let Some(section) = rest.pop() {
        rest.extend(section.children.clone());
        if WRITABLE_SECTIONS.contains(&section.kind.as_str()) {
            writable.push(section);
        }
    }
    writable.choose(&mut rand::rng()).cloned()
}
