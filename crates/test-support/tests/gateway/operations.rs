//! Every operation that the served OpenAPI documents name, with all that it reads, so that tests
//! meet a new one as soon as it is there.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Map, Value, json};

use test_support::Http;
use test_support::portal::{User, anonymous, id_of, send_raw, unknown_id};

/// One operation with what it reads.
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// Its address, with the ids of things that exist.
    pub(crate) path: String,
    /// A body that it would take, when it reads one.
    pub(crate) body: Option<Map<String, Value>>,
    /// Names of the properties it reads.
    pub(crate) properties: Vec<String>,
    /// Names of the query parameters it reads.
    pub(crate) parameters: Vec<String>,
    /// Somebody whose body it would read.
    pub(crate) caller: Http,
}

impl Operation {
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Every operation of both services that answers with an end, aimed at a case of this user's own.
pub(crate) async fn operations(user: &User) -> Vec<Operation> {
    let case = user.create_case("Sak som får mye å tåle").await;
    let round = user.august_round().await;
    let admin = User::sign_in("admin@test.no").await;
    let mut found = Vec::new();
    for document in ["/api/openapi.json", "/api/locks/openapi.json"] {
        let document = anonymous().get(document).await.assert_status(200).json();
        for (template, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                if is_endless(operation) {
                    continue;
                }
                let id = if template.contains("/cases/") {
                    id_of(&case).to_owned()
                } else {
                    unknown_id()
                };
                let method = method.to_uppercase().parse().expect("a method");
                let path = with_ids(template, &id);
                let reads_json =
                    operation["requestBody"]["content"].get("application/json").is_some();
                let body = reads_json.then(|| good_body(template, &round));
                let is_refused =
                    body.is_some() && is_refused_unread(&user.http, &method, &path).await;
                found.push(Operation {
                    caller: if is_refused { &admin.http } else { &user.http }.clone(),
                    method,
                    path,
                    body,
                    properties: properties(&document, operation),
                    parameters: parameters(operation),
                });
            }
        }
    }
    assert!(found.iter().filter(|operation| operation.body.is_some()).count() >= 9);
    found
}

/// Whether the answer is a stream of events.
fn is_endless(operation: &Value) -> bool {
    operation["responses"]["200"]["content"].get("text/event-stream").is_some()
}

/// Whether the caller's role alone is refused, so that no body of theirs is ever read.
async fn is_refused_unread(caller: &Http, method: &Method, path: &str) -> bool {
    send_raw(caller, method, path, b"{".to_vec()).await.status == 403
}

/// Fills in the ids of an address; what lies within the case is nothing that exists.
fn with_ids(template: &str, id: &str) -> String {
    let path = template.replace("{version}", "1").replace("{id}", id);
    let segment = |segment: &str| {
        if segment.starts_with('{') { unknown_id() } else { segment.to_owned() }
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// A body that the operation at `template` would take.
fn good_body(template: &str, round: &str) -> Map<String, Value> {
    let document = r#"{"type":"caseDocument","content":[]}"#;
    let body = match template {
        "/api/auth/login" => json!({ "email": "fag.nfd@test.no", "password": "feil" }),
        "/api/cases" => {
            json!({ "budgetRoundId": round, "caseName": "Sak", "caseType": "andre_saker" })
        }
        "/api/cases/{id}/document" => json!({ "contentJson": document }),
        "/api/cases/{id}/comments" => json!({ "commentText": "Se her", "commentId": "merke-1" }),
        "/api/cases/{id}/comments/{dbId}/replies" => json!({ "commentText": "Enig" }),
        "/api/cases/{id}/conclusions" => json!({ "text": "Bevilges", "sortOrder": 1 }),
        "/api/cases/{id}/questions" => json!({ "questionText": "Hvorfor?" }),
        "/api/questions/{id}/answer" => json!({ "answerText": "Derfor" }),
        "/api/submissions" => json!({ "budgetRoundId": round, "caseIds": [unknown_id()] }),
        "/api/cases/{id}/status" => json!({ "status": "under_arbeid" }),
        "/api/locks" => json!({ "resourceType": "case", "resourceId": unknown_id() }),
        "/api/locks/verify" => {
            json!({ "resourceType": "case", "resourceId": unknown_id(), "lockToken": 1 })
        }
        _ => json!({}),
    };
    let Value::Object(body) = body else { unreachable!("written as an object") };
    body
}

/// Properties of the request's schema, those of nested objects too.
fn properties(document: &Value, operation: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut pending = vec![&operation["requestBody"]["content"]["application/json"]["schema"]];
    while let Some(schema) = pending.pop() {
        // A schema may hold itself, as the sections of a template do.
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next())
            && seen.insert(name)
        {
            pending.push(&document["components"]["schemas"][name]);
        }
        pending.extend(schema["oneOf"].as_array().into_iter().flatten());
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            found.push(name.clone());
            pending.push(property);
        }
    }
    found
}

fn parameters(operation: &Value) -> Vec<String> {
    let all = operation["parameters"].as_array().into_iter().flatten();
    let in_query = all.filter(|parameter| parameter["in"] == "query");
    in_query.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)).collect()
}
