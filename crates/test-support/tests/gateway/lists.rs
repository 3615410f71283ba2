//! Lists of cases: small, without documents, and never older than the last save.

use serde_json::{Value, json};

use test_support::portal::{User, id_of};

/// Largest size of a case in a list, in bytes of uncompressed JSON. Only on the average: the
/// longest name alone may take most of it.
const MAX_CASE_BYTES: usize = 1200;

/// Keys that only the two array members of the older client type have (D-06).
const FULL_ONLY: [&str; 2] = ["currentContent", "opinions"];

#[tokio::test]
async fn no_list_carries_documents_or_more_than_its_bytes_for_a_case() {
    let mut longest = 0;
    for email in ["fag.sd@test.no", "depraad.sd@test.no", "fin.sd1@test.no", "admin@test.no"] {
        let user = User::sign_in(email).await;
        let lists = [
            "/api/cases",
            "/api/cases?myDepartments=false",
            "/api/cases/history",
            "/api/cases/my-cases",
        ];
        for path in lists {
            let cases = list(&user, path).await;
            longest = longest.max(cases.len());
            for case in &cases {
                for key in FULL_ONLY {
                    assert_eq!(case.get(key), Some(&Value::Null), "{path}: {case}");
                }
            }
        }
        for case in list(&user, "/api/cases/list").await {
            assert!(FULL_ONLY.iter().all(|key| case.get(key).is_none()), "{case}");
        }
    }
    // An empty list proves nothing: the administrator sees the demo data whole.
    assert!(longest >= 640, "{longest} cases");
}

/// Reads a list, and checks that it is small and carries no text.
async fn list(user: &User, path: &str) -> Vec<Value> {
    let answer = user.http.get(path).await;
    let cases: Vec<Value> = answer.assert_status(200).parse();
    let text = answer.text();
    for word in ["contentJson", "proposalText", "justification", "finAssessment"] {
        assert!(!text.contains(word), "{path} as {}: {word}", user.profile["email"]);
    }
    assert!(text.len() <= cases.len().max(1) * MAX_CASE_BYTES, "{path}: {} bytes", text.len());
    cases
}

#[tokio::test]
async fn i4_a_list_shows_a_save_at_once_and_does_not_grow_by_it() {
    let writer = User::fag("ud").await;
    let reader = User::sign_in("budsjett.ud@test.no").await;
    let case = writer.create_case("Sak med et langt dokument").await;
    let id = id_of(&case);
    let text = "Tiltaket videreføres med økt innsats. ".repeat(3_000);
    for version in 1..=20 {
        let body = json!({
            "contentJson": document(&text),
            "amount": 1000 * version,
            "expectedVersion": version,
        });
        let saved = writer.http.put(&format!("/api/cases/{id}/document"), &body).await;
        assert_eq!(saved.assert_status(200).json()["version"], version + 1);

        let cases = list(&reader, "/api/cases?departmentId=ud").await;
        let shown = cases.iter().find(|shown| shown["id"] == id).expect("the case in the list");
        assert!(shown.to_string().len() <= MAX_CASE_BYTES, "{shown}");
        assert_eq!(
            (&shown["version"], &shown["amount"]),
            (&json!(version + 1), &json!(1000 * version))
        );
        // Newest change first.
        let updated: Vec<_> = cases.iter().map(|case| case["updatedAt"].as_str()).collect();
        assert!(updated.is_sorted_by(|newer, older| newer >= older), "{updated:?}");
    }
    let open = reader.http.get(&format!("/api/cases/{id}")).await.assert_status(200).json();
    assert_eq!(open["currentContent"]["justification"], text.trim_end());
}

/// A document with one section (contract, documents 1).
fn document(text: &str) -> String {
    let section = json!({
        "type": "caseSection",
        "attrs": { "fieldKey": "justification" },
        "content": [
            { "type": "sectionTitle", "content": [{ "type": "text", "text": "Begrunnelse" }] },
            { "type": "sectionContent", "content": [
                { "type": "paragraph", "content": [{ "type": "text", "text": text.trim_end() }] },
            ] },
        ],
    });
    json!({ "type": "caseDocument", "content": [section] }).to_string()
}
