//! What the requests are aimed at: a case in each phase with everything that hangs on a case, and
//! one of everything else.

use serde_json::{Value, json};
use test_support::Http;
use test_support::portal::{id_of, unknown_id};

use super::callers::{ADMIN, ASSIGNEE, Caller, FAG_HANDLER, FIN_HANDLER, OWN, REQUESTER};

pub(super) const PRE_FIN: &str = "before FIN";
pub(super) const AT_FIN: &str = "at FIN";
pub(super) const RETURNED: &str = "returned";
pub(super) const GOVERNMENT: &str = "government";
pub(super) const CLOSED: &str = "closed round";
pub(super) const PHASES: [&str; 5] = [AT_FIN, PRE_FIN, RETURNED, GOVERNMENT, CLOSED];

/// Steps of the workflow up to `under_vurdering_fin` (domain 4.1), which an administrator may take.
const TO_FIN: [&str; 6] = [
    "under_arbeid",
    "til_avklaring",
    "klarert",
    "godkjent_pol",
    "sendt_til_fin",
    "under_vurdering_fin",
];

/// A case, and what hangs on it.
#[derive(Debug)]
pub(super) struct Fixture {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) assigned_to: String,
    pub(super) fin_assigned_to: String,
    /// Written by the administrator, and nobody's to delete but theirs.
    pub(super) comment: String,
    pub(super) question: String,
    pub(super) conclusion: String,
}

/// Everything that exists for the checks.
#[derive(Debug)]
pub(super) struct World {
    cases: Vec<(&'static str, Fixture)>,
    pub(super) round: String,
    pub(super) closed_round: String,
    pub(super) case_type: String,
    /// Asked of [`ASSIGNEE`] on the case at FIN.
    pub(super) opinion: String,
    pub(super) assignee: String,
    /// Ordered by [`REQUESTER`].
    pub(super) job: String,
    pub(super) requester: String,
    pub(super) template: String,
    pub(super) template_section: String,
    pub(super) list: String,
    pub(super) list_section: String,
    pub(super) list_entry: String,
    /// Is the id of nothing.
    pub(super) nothing: String,
}

impl World {
    pub(super) fn case(&self, phase: &str) -> &Fixture {
        let found = self.cases.iter().find(|(name, _)| *name == phase);
        &found.expect("every phase has a case").1
    }

    pub(super) async fn build(callers: &[Caller]) -> Self {
        let by_email = |email: &str| {
            let found = callers.iter().find(|caller| caller.name.starts_with(email));
            found.expect("a caller with this address")
        };
        let admin = &callers.iter().find(|caller| caller.role == ADMIN).expect("an admin").http;
        let rounds = list(admin, "/api/budget-rounds").await;
        let round = id_named(&rounds, "AUG2026");
        let builder = Builder {
            admin,
            round: &round,
            fag_handler: &by_email(FAG_HANDLER).id,
            fin_handler: &by_email(FIN_HANDLER).id,
        };
        let mut cases = Vec::new();
        for phase in PHASES {
            cases.push((phase, builder.case(phase).await));
        }
        let at_fin = cases[0].1.id.clone();
        let assignee = by_email(ASSIGNEE).id.clone();
        let asked = json!({ "assignedTo": assignee, "type": "uttalelse" });
        let opinion = post(admin, &format!("/api/cases/{at_fin}/opinions"), &asked).await;
        let requester = by_email(REQUESTER);
        let order = json!({ "filters": { "caseIds": [at_fin] } });
        let job = post(&requester.http, "/api/export/cases/excel", &order).await;
        let templates = list(admin, "/api/department-list-templates").await;
        let template = templates.first().expect("a template");
        let department_list = builder.department_list(id_of(template)).await;
        let section = &department_list["sections"][0];
        let entry = json!({ "sectionId": id_of(section), "caseId": at_fin, "sortOrder": 1 });
        let list_id = id_of(&department_list);
        let entries = format!("/api/department-lists/{list_id}/case-entries");
        let entry = post(admin, &entries, &entry).await;
        Self {
            closed_round: id_named(&rounds, "MARS2026"),
            case_type: id_of(&list(admin, "/api/case-types").await[0]).to_owned(),
            opinion: id_of(&opinion).to_owned(),
            job: id_of(&job).to_owned(),
            template: id_of(template).to_owned(),
            template_section: id_of(&template["sections"][0]).to_owned(),
            list: list_id.to_owned(),
            list_section: id_of(section).to_owned(),
            list_entry: id_of(&entry).to_owned(),
            requester: requester.id.clone(),
            nothing: unknown_id(),
            cases,
            round,
            assignee,
        }
    }
}

/// Makes things as an administrator.
struct Builder<'a> {
    admin: &'a Http,
    round: &'a str,
    fag_handler: &'a str,
    fin_handler: &'a str,
}

impl Builder<'_> {
    async fn case(&self, phase: &'static str) -> Fixture {
        let id = match phase {
            CLOSED => self.closed_case().await,
            _ => self.open_case(phase).await,
        };
        let path = format!("/api/cases/{id}");
        let comment = json!({ "commentText": "Se her.", "commentId": unknown_id() });
        let comment = post(self.admin, &format!("{path}/comments"), &comment).await;
        let question = json!({ "questionText": "Hva koster det?" });
        let question = post(self.admin, &format!("{path}/questions"), &question).await;
        let conclusion = json!({ "text": "Forslaget støttes.", "sortOrder": 1 });
        let conclusion = post(self.admin, &format!("{path}/conclusions"), &conclusion).await;
        let case = self.admin.get(&path).await.assert_status(200).json();
        let text = |key: &str| case[key].as_str().unwrap_or_default().to_owned();
        Fixture {
            status: text("status"),
            assigned_to: text("assignedTo"),
            fin_assigned_to: text("finAssignedTo"),
            comment: id_of(&comment).to_owned(),
            question: id_of(&question).to_owned(),
            conclusion: id_of(&conclusion).to_owned(),
            id,
        }
    }

    async fn open_case(&self, phase: &str) -> String {
        let case = json!({
            "budgetRoundId": self.round, "departmentId": OWN, "caseType": "andre_saker",
            "caseName": format!("Sak som alle prøver seg på ({phase})"),
        });
        let case = post(self.admin, "/api/cases", &case).await;
        let path = format!("/api/cases/{}", id_of(&case));
        self.assign(&format!("{path}/assign"), self.fag_handler).await;
        let (walk, last): (&[&str], &[&str]) = match phase {
            PRE_FIN => (&TO_FIN[..4], &[]),
            RETURNED => (&TO_FIN, &["returnert_til_fag"]),
            GOVERNMENT => (&TO_FIN, &["ferdigbehandlet_fin", "sendt_til_regjeringen"]),
            _ => (&TO_FIN, &[]),
        };
        for status in walk.iter().chain(last) {
            let step = json!({ "status": status, "reason": "Må ses på igjen." });
            self.admin.patch(&format!("{path}/status"), &step).await.assert_status(200);
        }
        if phase != PRE_FIN {
            self.assign(&format!("{path}/fin-assign"), self.fin_handler).await;
        }
        id_of(&case).to_owned()
    }

    async fn assign(&self, path: &str, user: &str) {
        self.admin.patch(path, &json!({ "newAssignedTo": user })).await.assert_status(200);
    }

    /// One of a round that was closed long ago, which nobody was ever asked about.
    async fn closed_case(&self) -> String {
        let history = list(self.admin, &format!("/api/cases/history?departmentId={OWN}")).await;
        for case in history.iter().filter(|case| case["status"] == "regjeringsbehandlet") {
            let path = format!("/api/cases/{}", id_of(case));
            let whole = self.admin.get(&path).await.assert_status(200).json();
            if whole["opinions"].as_array().is_some_and(Vec::is_empty) {
                return id_of(case).to_owned();
            }
        }
        panic!("no closed case of {OWN}");
    }

    /// The ministry's list in the open round; whoever was here before may have made it.
    async fn department_list(&self, template: &str) -> Value {
        let query = format!("budgetRoundId={}&departmentId={OWN}", self.round);
        let lists = list(self.admin, &format!("/api/department-lists?{query}")).await;
        for old in &lists {
            let path = format!("/api/department-lists/{}", id_of(old));
            self.admin.delete(&path).await.assert_status(204);
        }
        let departments = list(self.admin, "/api/departments").await;
        let own = departments.iter().find(|one| one["code"] == OWN).expect("the ministry");
        let body = json!({
            "templateId": template, "budgetRoundId": self.round, "departmentId": id_of(own),
        });
        post(self.admin, "/api/department-lists", &body).await
    }
}

async fn list(http: &Http, path: &str) -> Vec<Value> {
    http.get(path).await.assert_status(200).parse()
}

/// Makes something and returns it.
async fn post(http: &Http, path: &str, body: &Value) -> Value {
    let answer = http.post(path, body).await;
    assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text());
    answer.json()
}

fn id_named(things: &[Value], name: &str) -> String {
    let found = things.iter().find(|one| one["name"] == name);
    id_of(found.unwrap_or_else(|| panic!("no {name}"))).to_owned()
}
