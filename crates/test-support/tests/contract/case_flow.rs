//! Cases of a test's own, taken to where the test needs them, and what every answer about a case
//! must look like.

use serde_json::{Value, json};
use test_support::Answer;
use test_support::portal::{User, id_of};

/// The main way of a case (domain contract 4.1), which the administrator may go from end to end.
const MAIN_WAY: [&str; 10] = [
    "draft",
    "under_arbeid",
    "til_avklaring",
    "klarert",
    "godkjent_pol",
    "sendt_til_fin",
    "under_vurdering_fin",
    "ferdigbehandlet_fin",
    "sendt_til_regjeringen",
    "regjeringsbehandlet",
];
/// Statuses beside the main way, both one step from this one.
const SIDE_STATUSES: [&str; 2] = ["returnert_til_fag", "avvist_av_fin"];
const BEFORE_SIDE_STATUSES: &str = "under_vurdering_fin";

/// Contract 2.5 without the two members that only `BudgetCase` has.
pub(crate) const LIST_ITEM_KEYS: [&str; 25] = [
    "amount",
    "assignedTo",
    "assignedToName",
    "budgetRoundId",
    "caseName",
    "caseType",
    "chapter",
    "createdAt",
    "createdBy",
    "createdByName",
    "departmentCode",
    "departmentId",
    "finAmount",
    "finAssignedTo",
    "finAssignedToName",
    "finListPlacement",
    "govAmount",
    "id",
    "origin",
    "post",
    "priorityNumber",
    "responsibleDivision",
    "status",
    "updatedAt",
    "version",
];
/// Contract 2.6.
pub(crate) const CONTENT_KEYS: [&str; 24] = [
    "amount",
    "benefitPlan",
    "caseName",
    "chapter",
    "comment",
    "contentJson",
    "createdAt",
    "createdBy",
    "createdByName",
    "finAmount",
    "finAssessment",
    "finRConclusion",
    "finVerbal",
    "goalIndicator",
    "govAmount",
    "id",
    "justification",
    "post",
    "proposalText",
    "socioeconomicAnalysis",
    "status",
    "trackChangesActive",
    "verbalConclusion",
    "version",
];
/// Contract 2.7.
pub(crate) const OPINION_KEYS: [&str; 14] = [
    "assignedTo",
    "assignedToName",
    "caseId",
    "createdAt",
    "forwardedFromId",
    "id",
    "opinionText",
    "originalOpinionId",
    "requestComment",
    "requestedBy",
    "requestedByName",
    "resolvedAt",
    "status",
    "type",
];

/// The names of an object's members, sorted.
#[track_caller]
pub(crate) fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// The keys of `BudgetCase`, sorted.
pub(crate) fn budget_case_keys() -> Vec<&'static str> {
    let mut keys = LIST_ITEM_KEYS.to_vec();
    keys.extend(["currentContent", "opinions"]);
    keys.sort_unstable();
    keys
}

/// Fails unless this is a time as contract 1.1 writes it.
#[track_caller]
pub(crate) fn assert_time(value: &Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no time"));
    assert!(text.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(text).is_ok(), "{text}");
}

/// The administrator.
pub(crate) async fn admin() -> User {
    User::sign_in("admin@test.no").await
}

/// A draft of the caller's, and its id.
pub(crate) async fn draft(owner: &User) -> String {
    let name = std::thread::current().name().unwrap_or("kontraktstest").to_owned();
    id_of(&owner.create_case(&name).await).to_owned()
}

/// A case of the caller's that has arrived at `status`.
pub(crate) async fn case_in(owner: &User, status: &str) -> String {
    let id = draft(owner).await;
    let admin = admin().await;
    let is_beside = SIDE_STATUSES.contains(&status);
    let last = if is_beside { BEFORE_SIDE_STATUSES } else { status };
    let steps = MAIN_WAY.iter().position(|step| *step == last).expect("a status of the contract");
    for step in MAIN_WAY.iter().take(steps + 1).skip(1) {
        change_status(&admin, &id, step).await.assert_status(200);
    }
    if is_beside {
        change_status(&admin, &id, status).await.assert_status(200);
    }
    id
}

/// Asks for another status, with a reason.
pub(crate) async fn change_status(user: &User, case: &str, status: &str) -> Answer {
    let body = json!({ "status": status, "reason": "Kontraktstest", "comment": "Merknad" });
    user.http.patch(&format!("/api/cases/{case}/status"), &body).await
}

/// The case as `user` reads it.
pub(crate) async fn read(user: &User, case: &str) -> Value {
    user.http.get(&format!("/api/cases/{case}")).await.assert_status(200).json()
}

/// The event log of a case as `user` reads it, newest first.
pub(crate) async fn events(user: &User, case: &str) -> Vec<Value> {
    user.http.get(&format!("/api/cases/{case}/events")).await.assert_status(200).parse()
}

/// The newest event of a case: its type, and its data, which travel as JSON text (contract 2.8).
pub(crate) async fn newest_event(user: &User, case: &str) -> (String, Value) {
    let newest = events(user, case).await.swap_remove(0);
    let kind = newest["eventType"].as_str().expect("a type").to_owned();
    let data = newest["eventData"].as_str().expect("data as text");
    (kind, serde_json::from_str(data).expect("JSON"))
}

/// A save of flat texts.
pub(crate) async fn save_content(user: &User, case: &str, body: &Value) -> Answer {
    user.http.post(&format!("/api/cases/{case}/content"), body).await
}

/// A save of a document.
pub(crate) async fn save_document(user: &User, case: &str, body: &Value) -> Answer {
    user.http.put(&format!("/api/cases/{case}/document"), body).await
}

/// A document of the editor with one section of one paragraph for each field.
pub(crate) fn document(sections: &[(&str, &str)]) -> Value {
    let blocks: Vec<Value> =
        sections.iter().map(|(field, text)| section(field, &[paragraph(text)])).collect();
    json!({ "type": "caseDocument", "content": blocks })
}

/// A section of a document with these blocks.
pub(crate) fn section(field: &str, blocks: &[Value]) -> Value {
    json!({
        "type": "caseSection", "attrs": { "fieldKey": field }, "content": [
            { "type": "sectionTitle", "content": [{ "type": "text", "text": field }] },
            { "type": "sectionContent", "content": blocks },
        ],
    })
}

/// A paragraph of one plain text.
pub(crate) fn paragraph(text: &str) -> Value {
    json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] })
}

/// The body of a document save.
pub(crate) fn document_body(document: &Value) -> Value {
    json!({ "contentJson": document.to_string() })
}

/// A document from its text on the wire.
#[track_caller]
pub(crate) fn parse_document(content: &Value) -> Value {
    let text = content["contentJson"].as_str().expect("a document as text");
    serde_json::from_str(text).expect("JSON")
}

/// The field keys of a document's sections, in order.
pub(crate) fn field_keys(document: &Value) -> Vec<&str> {
    let blocks = document["content"].as_array().expect("blocks");
    blocks.iter().filter_map(|block| block["attrs"]["fieldKey"].as_str()).collect()
}

/// What a save may not change when it is refused: version, content and log of a case.
pub(crate) async fn trace(user: &User, case: &str) -> Value {
    json!({ "case": read(user, case).await, "events": events(user, case).await })
}
