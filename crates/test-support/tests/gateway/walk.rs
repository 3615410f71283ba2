//! The portal's main job, start to end, as the issue and the README tell it.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use serde_json::{Value, json};

use test_support::portal::{User, anonymous, id_of};

/// The ministry of this test; no other test changes its cases, so its list stands still.
const DEPARTMENT: &str = "kld";

/// Columns of an export that names none, and their headers (contract, documents 6.2).
const COLUMNS: [(&str, &str); 10] = [
    ("caseName", "Saksnavn"),
    ("departmentCode", "Departement"),
    ("chapter", "Kapittel"),
    ("post", "Post"),
    ("amount", "FAGs forslag (1 000 kr)"),
    ("finAmount", "FINs tilråding (1 000 kr)"),
    ("govAmount", "Regjeringens vedtak (1 000 kr)"),
    ("caseType", "Sakstype"),
    ("status", "Status"),
    ("assignedToName", "Ansvarlig saksbehandler"),
];

#[tokio::test]
async fn the_main_job_works_from_sign_in_to_the_opened_workbook() {
    let berit = User::fag(DEPARTMENT).await;
    assert_eq!(berit.profile["departmentCode"], "KLD");
    let created = berit.create_case("Styrking av meteorologisk beredskap").await;
    let id = id_of(&created);

    let round = berit.august_round().await;
    let list = case_list(&berit, &round).await;
    let row = list.iter().find(|row| row["id"] == id).expect("the new case in the list");
    assert_eq!(row["status"], "draft");

    let case = berit.http.get(&format!("/api/cases/{id}")).await.assert_status(200).json();
    assert_eq!(case["version"], 1);
    assert_eq!(case["currentContent"]["justification"], "Oppgaven har vokst.");

    let lock = berit.lock(id).await.assert_status(200).json();
    assert_eq!(lock["lockedBy"], berit.profile["id"]);

    save_and_lose_a_race(&berit, id).await;

    let jon = User::sign_in("budsjett.kld@test.no").await;
    let refusal = jon.lock(id).await.assert_problem(409, "/problems/lock-held");
    assert_eq!(refusal["lockedByName"], berit.profile["fullName"]);
    assert_eq!(refusal["lockedBy"], berit.profile["id"]);
    assert_eq!(refusal["lockedAt"], lock["lockedAt"]);
    // The lock's id would let its reader release it (D-12).
    assert_eq!(refusal["id"], "00000000-0000-0000-0000-000000000000");

    let workbook = export(&berit, &round).await;
    let list = case_list(&berit, &round).await;
    assert!(list.iter().any(|row| row["id"] == id && row["version"] == 2), "the save is not seen");
    assert_same(&workbook, &list);
}

async fn case_list(user: &User, round: &str) -> Vec<Value> {
    // As the client spells it once, as the requirement does another time (D-04, D-05).
    let camel = format!("/api/cases?budgetRoundId={round}&departmentId={DEPARTMENT}");
    let snake = format!("/api/cases?budget_round_id={round}&department_id={DEPARTMENT}");
    let list = user.http.get(&camel).await.assert_status(200).json();
    assert_eq!(user.http.get(&snake).await.assert_status(200).json(), list);
    let list = list.as_array().expect("a list").clone();
    assert!(list.iter().all(|case| case["departmentCode"] == "KLD"));
    list
}

/// I1: the first save is stored; the second, which started from the same version, leaves nothing.
async fn save_and_lose_a_race(user: &User, case: &str) {
    let saved = user.save(case, &json!(1), "Kostnaden er oppdatert.").await;
    let saved = saved.assert_status(200).json();
    assert_eq!((&saved["version"], &saved["createdBy"]), (&json!(2), &user.profile["id"]));

    let refused = user.save(case, &json!(1), "For sent.").await;
    let refused = refused.assert_problem(409, "/problems/version-conflict");
    assert_eq!((&refused["currentVersion"], &refused["yourVersion"]), (&json!(2), &json!(1)));

    let stored = user.http.get(&format!("/api/cases/{case}")).await.assert_status(200).json();
    assert_eq!(stored["version"], 2);
    assert_eq!(stored["currentContent"]["justification"], "Kostnaden er oppdatert.");
    let versions = user.http.get(&format!("/api/cases/{case}/content")).await;
    let versions: Vec<Value> = versions.assert_status(200).parse();
    let numbers: Vec<_> = versions.iter().map(|version| &version["version"]).collect();
    assert_eq!(numbers, [&json!(2), &json!(1)]);
}

/// Orders the department's list, follows the job, and downloads what it made.
async fn export(user: &User, round: &str) -> Vec<u8> {
    let filters = json!({ "departmentId": DEPARTMENT, "budgetRoundId": round });
    let job = user.order_export(&json!({ "filters": filters })).await;
    let seen = user.watch_export(&job).await;
    let done = seen.last().expect("at least one state");
    assert_eq!(done["status"], "completed", "{done}");
    assert_in_order(&seen);

    // A browser follows a plain link, with no header (E59).
    let url = done["resultUrl"].as_str().expect("a link");
    assert_eq!(done["resultUrl"], done["downloadUrl"]);
    let download = anonymous().get(url).await;
    download.assert_status(200);
    let disposition = download.header("content-disposition");
    assert!(
        disposition.starts_with("attachment") && disposition.contains(".xlsx"),
        "{disposition}"
    );
    // Without the signature the document is the requester's alone.
    let bare = url.split('?').next().expect("a path");
    anonymous().get(bare).await.assert_problem(401, "/problems/unauthenticated");
    assert_eq!(user.http.get(bare).await.assert_status(200).body, download.body);
    download.body
}

/// Every job goes through `queued` and `processing`, even if nobody looked in time.
fn assert_in_order(seen: &[Value]) {
    let order = ["queued", "processing", "completed"];
    let places = seen.iter().map(|state| order.iter().position(|name| state["status"] == *name));
    assert!(places.is_sorted(), "{seen:?}");
    let done = &seen[seen.len() - 1];
    let times = ["createdAt", "startedAt", "completedAt"].map(|at| done[at].as_str());
    assert!(times.iter().all(Option::is_some) && times.is_sorted(), "{done}");
}

fn assert_same(workbook: &[u8], list: &[Value]) {
    let mut workbook = Xlsx::new(Cursor::new(workbook)).expect("an xlsx workbook");
    let sheet = workbook.worksheet_range_at(0).expect("a sheet").expect("that can be read");
    let mut rows = sheet.rows();
    let headers: Vec<_> = rows.next().expect("headers").iter().map(ToString::to_string).collect();
    assert_eq!(headers, COLUMNS.map(|(_, header)| header));
    assert_eq!(rows.len(), list.len());
    for (row, case) in rows.zip(list) {
        for ((key, _), cell) in COLUMNS.iter().zip(row) {
            match (&case[key], cell) {
                // Codes are shown by their labels, which are the business of render's own tests.
                (_, Data::String(label)) if matches!(*key, "status" | "caseType") => {
                    assert!(!label.is_empty());
                }
                (Value::Null, cell) => assert_eq!(*cell, Data::Empty, "{key} of {case}"),
                (Value::Number(number), Data::Float(value)) => {
                    assert_eq!(number.as_f64(), Some(*value), "{key} of {case}");
                }
                (Value::String(text), Data::String(value)) => assert_eq!(text, value, "{key}"),
                (expected, found) => panic!("{key} of {case}: {expected} became {found:?}"),
            }
        }
    }
}
