//! Department lists (contract 20), E77 to E87.
//!
//! The demo's lists are only read. A ministry has one list in a round, so a test that writes makes a
//! [`ScratchList`] for whichever ministry has none, and deletes it in the end; until then that
//! ministry and round are the test's own.

mod creating;
mod deleting;
mod entries;
mod placing;
mod reading;
mod sections;
mod status;

use std::time::Duration;

use serde_json::{Value, json};
use test_support::Answer;
use test_support::portal::{User, id_of};
use tokio::time::Instant;

/// Ministries without a list in the demo.
const MINISTRIES: [&str; 10] =
    ["BFD", "DFD", "ED", "FD", "JD", "KDD", "KUD", "LMD", "UD", "FIN-FAG"];

/// Longest wait for another test to give back a ministry.
const PATIENCE: Duration = Duration::from_mins(1);

/// Case worker in the Ministry of Finance.
async fn fin() -> User {
    User::sign_in("fin.lmd@test.no").await
}

async fn admin() -> User {
    User::sign_in("admin@test.no").await
}

/// The demo's list of AID in August, which has cases and is never written to.
async fn demo_list(user: &User) -> Value {
    let lists = lists(user, "?department_id=aid").await;
    let round = user.august_round().await;
    let list = lists.iter().find(|list| list["budgetRoundId"] == round.as_str());
    read(user, id_of(list.expect("a list of AID in August"))).await
}

async fn lists(user: &User, query: &str) -> Vec<Value> {
    user.http.get(&format!("/api/department-lists{query}")).await.assert_status(200).parse()
}

async fn read(user: &User, list: &str) -> Value {
    user.http.get(&format!("/api/department-lists/{list}")).await.assert_status(200).json()
}

/// Every section of a list that is shown, in document order.
fn sections(list: &Value) -> Vec<&Value> {
    let mut waiting: Vec<&Value> = array(&list["sections"]).iter().rev().collect();
    let mut found = Vec::new();
    while let Some(section) = waiting.pop() {
        found.push(section);
        waiting.extend(array(&section["children"]).iter().rev());
    }
    found
}

/// The first section of this kind.
fn section<'a>(list: &'a Value, kind: &str) -> &'a Value {
    let found = sections(list).into_iter().find(|section| section["sectionType"] == kind);
    found.unwrap_or_else(|| panic!("no {kind} in {list}"))
}

/// Every entry of a list.
fn entries(list: &Value) -> Vec<&Value> {
    sections(list).into_iter().flat_map(|section| array(&section["caseEntries"])).collect()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("not an array: {value}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// Fails unless the answer is a 400 that points at this member of the body.
#[track_caller]
fn assert_points_at(answer: &Answer, pointer: &str) {
    let problem = answer.assert_problem(400, "/problems/invalid-request");
    assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
}

/// A list of the test's own.
struct ScratchList {
    fin: User,
    id: String,
    department: String,
    round: String,
    created: Answer,
}

impl ScratchList {
    /// Makes a list of some ministry in August, out of the demo's template for August.
    async fn make() -> Self {
        let fin = fin().await;
        let template = text(&demo_list(&fin).await["templateId"]).to_owned();
        Self::make_of(fin, &template).await
    }

    /// Makes a list of some ministry in August out of any template.
    async fn make_of(fin: User, template: &str) -> Self {
        let round = fin.august_round().await;
        let deadline = Instant::now() + PATIENCE;
        loop {
            for department in MINISTRIES {
                let body = json!({
                    "templateId": template, "budgetRoundId": round, "departmentId": department,
                });
                let created = fin.http.post("/api/department-lists", &body).await;
                if created.status == 201 {
                    let id = id_of(&created.json()).to_owned();
                    let department = department.to_owned();
                    return Self { fin, id, department, round, created };
                }
                created.assert_problem(409, "/problems/conflict");
            }
            assert!(Instant::now() < deadline, "no ministry is without a list");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// A path below the list.
    fn path(&self, rest: &str) -> String {
        format!("/api/department-lists/{}{rest}", self.id)
    }

    async fn read(&self) -> Value {
        read(&self.fin, &self.id).await
    }

    /// The cases of the list's ministry and round that FIN sees in this status.
    async fn cases(&self, status: &str) -> Vec<Value> {
        let (department, round) = (&self.department, &self.round);
        let query = format!("departmentId={department}&budgetRoundId={round}&status={status}");
        self.fin.http.get(&format!("/api/cases?{query}")).await.assert_status(200).parse()
    }

    /// The cases that may be placed.
    async fn placeable(&self) -> Vec<Value> {
        let mut cases = self.cases("under_vurdering_fin").await;
        cases.extend(self.cases("ferdigbehandlet_fin").await);
        cases
    }

    /// A new case of the list's ministry and round, sent to FIN and taken up there.
    async fn new_case(&self, case_type: &str) -> Value {
        let admin = admin().await;
        let body = json!({
            "budgetRoundId": self.round, "departmentId": self.department, "caseName": "Ny sak",
            "caseType": case_type, "amount": 12_000, "proposalText": "Bevilgningen foreslås økt.",
        });
        let case = admin.http.post("/api/cases", &body).await.assert_status(201).json();
        let path = format!("/api/cases/{}/status", id_of(&case));
        for status in [
            "under_arbeid",
            "til_avklaring",
            "klarert",
            "godkjent_pol",
            "sendt_til_fin",
            "under_vurdering_fin",
        ] {
            let step = admin.http.patch(&path, &json!({ "status": status })).await;
            step.assert_status(200);
        }
        case
    }

    async fn auto_place(&self) -> u64 {
        let answer = self.fin.http.post(&self.path("/auto-place"), &json!({})).await;
        answer.assert_status(200).json()["placed"].as_u64().expect("a number")
    }

    /// Puts a case into the first section of this kind by hand.
    async fn add(&self, case: &Value, kind: &str) -> Value {
        let list = self.read().await;
        let body = json!({
            "sectionId": section(&list, kind)["id"], "caseId": case["id"], "sortOrder": 1,
        });
        let answer = self.fin.http.post(&self.path("/case-entries"), &body).await;
        answer.assert_status(201).json()
    }

    async fn delete(self) {
        self.fin.http.delete(&self.path("")).await.assert_status(204);
    }
}
