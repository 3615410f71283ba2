//! Lists as PDF (contract 16: E56; documents.md 5.11 and 6.4).

use reqwest::Method;
use reqwest::header::ACCEPT;
use serde_json::{Value, json};
use test_support::portal::{User, anonymous, id_of, unknown_id};
use test_support::{Answer, Pdf};

const CASES_ORDER: &str = "/api/export/cases/pdf";
const LIST_ORDER: &str = "/api/export/department-list/pdf";
const PDF: &str = "application/pdf";

async fn fin() -> User {
    User::sign_in("fin.sd1@test.no").await
}

/// The demo list of a ministry in the open August round.
async fn august_list(reader: &User, department: &str) -> Value {
    let round = reader.august_round().await;
    let path = format!("/api/department-lists?departmentId={department}&budgetRoundId={round}");
    reader.http.get(&path).await.assert_status(200).json()[0].clone()
}

/// Waits for an ordered document and downloads it by its link.
async fn ordered(user: &User, accepted: &Answer) -> (Value, Answer) {
    let job = accepted.assert_status(202).json();
    let last = user.watch_export(id_of(&job)).await.pop().expect("a last state");
    assert_eq!(last["status"], "completed", "{last}");
    let link = last["resultUrl"].as_str().expect("a link");
    (last.clone(), anonymous().get(link).await)
}

async fn cases(user: &User, order: &Value) -> (Value, Pdf) {
    let accepted = user.http.post(CASES_ORDER, order).await;
    let (job, file) = ordered(user, &accepted).await;
    assert_eq!(file.assert_status(200).header("content-type"), PDF);
    (job, Pdf::read(&file.body))
}

async fn department_list(department: &str) -> (Value, Pdf) {
    let fin = fin().await;
    let list = august_list(&fin, department).await;
    let order = json!({ "departmentListId": id_of(&list) });
    let (job, file) = ordered(&fin, &fin.http.post(LIST_ORDER, &order).await).await;
    assert_eq!(file.assert_status(200).header("content-type"), PDF);
    (job, Pdf::read(&file.body))
}

#[tokio::test]
async fn e56_an_order_is_accepted_as_e54s_is() {
    let user = User::fag("kld").await;
    let answer = user.http.post(CASES_ORDER, &json!({})).await;
    let accepted = answer.assert_status(202).json();
    let keys: Vec<&String> = accepted.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["id", "jobId", "status"]);
    assert_eq!((&accepted["id"], &accepted["status"]), (&accepted["jobId"], &json!("queued")));
    assert_eq!(answer.header("location"), format!("/api/export/jobs/{}", id_of(&accepted)));
}

#[tokio::test]
async fn e56_orders_need_a_token() {
    for path in [CASES_ORDER, LIST_ORDER] {
        anonymous().post(path, &json!({})).await.assert_problem(401, "/problems/unauthenticated");
    }
}

#[tokio::test]
async fn e56_a_pdf_is_never_made_while_the_client_waits() {
    let user = User::fag("kld").await;
    let path = format!("{CASES_ORDER}?sync=true");
    let request = user.http.request(Method::POST, &path).header(ACCEPT, PDF).json(&json!({}));
    user.http.send(request).await.assert_status(202);
}

#[tokio::test]
async fn e56_the_case_list_is_an_attachment_named_after_the_ministry() {
    let user = User::fag("kld").await;
    let accepted = user.http.post(CASES_ORDER, &json!({})).await;
    let (job, file) = ordered(&user, &accepted).await;
    assert_eq!(job["jobType"], "case_list_pdf");
    assert_eq!(job["fileName"], "Saker_KLD.pdf");
    let disposition = file.header("content-disposition");
    assert!(disposition.starts_with("attachment"), "{disposition}");
    assert!(disposition.contains("filename=\"Saker_KLD.pdf\""), "{disposition}");
}

#[tokio::test]
async fn e56_the_case_list_has_a_heading_for_every_case_and_its_fields() {
    let user = User::fag("kld").await;
    let (one, two) = (user.create_case("Æsops ørn").await, user.create_case("Ålesunds øyer").await);
    let (_, pdf) = cases(
        &user,
        &json!({
            "filters": { "caseIds": [id_of(&one), id_of(&two)] },
            "fields": ["caseName", "status", "amount", "proposalText"],
        }),
    )
    .await;
    let outline = pdf.outline();
    assert_eq!(outline[1..], ["Ålesunds øyer", "Æsops ørn"]);
    let text = pdf.text();
    assert_eq!(text.matches("Bevilgningen foreslås økt.").count(), 2, "{text}");
    assert!(text.contains("Status: Utkast"), "{text}");
}

#[tokio::test]
async fn e56_the_case_list_says_its_title_language_and_pages() {
    let user = User::fag("kld").await;
    let (_, pdf) = cases(&user, &json!({ "filters": { "departmentId": "kld" } })).await;
    assert!(pdf.title().starts_with("Saksliste"), "{}", pdf.title());
    assert_eq!(pdf.language(), "nb-NO");
    let pages = pdf.pages();
    for (page, number) in pages.iter().zip(1..) {
        assert!(page.contains(&format!("Side {number} av {}", pages.len())), "{page}");
    }
}

#[tokio::test]
async fn e56_fonts_are_embedded_subsets_of_the_stand_in_for_calibri() {
    let (_, pdf) = cases(&User::fag("kld").await, &json!({})).await;
    let fonts = pdf.embedded_fonts();
    assert!(!fonts.is_empty());
    assert!(fonts.iter().all(|font| font.contains("+Carlito-")), "{fonts:?}");
}

#[tokio::test]
async fn e56_an_empty_list_says_so() {
    let user = User::fag("kld").await;
    let (_, pdf) = cases(&user, &json!({ "filters": { "departmentId": "XYZ" } })).await;
    assert!(pdf.text().contains("Ingen saker."), "{}", pdf.text());
}

#[tokio::test]
async fn e56_text_of_any_kind_is_only_text() {
    let user = User::fag("kld").await;
    let case = user.create_case("(\\) Tj ET endstream 😀 <b>").await;
    let (_, pdf) = cases(&user, &json!({ "filters": { "caseIds": [id_of(&case)] } })).await;
    assert!(pdf.text().contains("(\\) Tj ET endstream □ <b>"), "{}", pdf.text());
}

#[tokio::test]
async fn e56_an_unknown_field_is_refused_and_pointed_at() {
    let user = User::fag("kld").await;
    let answer = user.http.post(CASES_ORDER, &json!({ "fields": ["passord"] })).await;
    let problem = answer.assert_problem(400, "/problems/invalid-request");
    assert_eq!(problem["errors"][0]["pointer"], "/fields/0");
}

#[tokio::test]
async fn e56_i6_fins_text_is_not_for_the_ministry() {
    let fields = json!({
        "fields": ["caseName", "finAssessment"],
        "filters": { "departmentId": "sd", "status": "under_vurdering_fin" },
    });
    let label = "FINs vurdering";
    let (_, for_fin) = cases(&fin().await, &fields).await;
    assert!(for_fin.text().contains(label), "{}", for_fin.text());
    let (_, for_fag) = cases(&User::fag("sd").await, &fields).await;
    assert!(!for_fag.text().contains(label), "{}", for_fag.text());
}

#[tokio::test]
async fn e56_one_key_does_not_order_two_formats() {
    let user = User::fag("kld").await;
    let key = unknown_id();
    let order = async |path: &str| {
        let request = user.http.request(Method::POST, path).header("Idempotency-Key", &key);
        user.http.send(request.json(&json!({}))).await
    };
    let first = order(CASES_ORDER).await.assert_status(202).json();
    let again = order(CASES_ORDER).await.assert_status(202).json();
    assert_eq!(first["id"], again["id"]);
    order("/api/export/cases/excel").await.assert_problem(409, "/problems/conflict");
}

#[tokio::test]
async fn e56_a_department_list_is_made_for_fin() {
    let (job, pdf) = department_list("SD").await;
    assert_eq!(job["jobType"], "department_list_pdf");
    assert_eq!(job["fileName"], "Depliste_SD_AUG2026.pdf");
    let expected = "Departementsliste – Samferdselsdepartementet – AUG2026";
    assert_eq!((pdf.title(), pdf.language()), (expected.to_owned(), "nb-NO".to_owned()));
}

#[tokio::test]
async fn e56_headings_of_a_department_list_are_numbered_in_the_outline() {
    let (_, pdf) = department_list("SD").await;
    let outline = pdf.outline();
    assert!(outline[0].starts_with("1 "), "{outline:?}");
    assert!(outline.iter().any(|title| title.starts_with("1.1 ")), "{outline:?}");
    assert!(outline.iter().any(|title| title.starts_with("1.2 ")), "{outline:?}");
}

#[tokio::test]
async fn e56_a_department_list_says_what_its_word_document_says() {
    let fin = fin().await;
    let list = august_list(&fin, "SD").await;
    let path = format!("/api/department-lists/{}", id_of(&list));
    let page = fin.http.get(&path).await.assert_status(200).json();
    let (_, pdf) = department_list("SD").await;
    let text = pdf.text();
    let entries = case_names(&page["sections"]);
    assert!(!entries.is_empty());
    for name in entries {
        let words = name.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&words), "{words} is not in {text}");
    }
}

/// Names of all cases in sections, at any depth.
fn case_names(sections: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for section in sections.as_array().expect("sections") {
        for entry in section["caseEntries"].as_array().expect("entries") {
            names.push(entry["caseName"].as_str().expect("a name").to_owned());
        }
        names.extend(case_names(&section["children"]));
    }
    names
}

#[tokio::test]
async fn e56_an_administrator_may_order_a_department_list() {
    let admin = User::sign_in("admin@test.no").await;
    let list = august_list(&admin, "SD").await;
    let order = json!({ "departmentListId": id_of(&list) });
    admin.http.post(LIST_ORDER, &order).await.assert_status(202);
}

#[tokio::test]
async fn e56_a_ministry_may_not_order_a_department_list() {
    let list = august_list(&fin().await, "SD").await;
    let order = json!({ "departmentListId": id_of(&list) });
    for email in ["fag.sd@test.no", "depraad.sd@test.no"] {
        let answer = User::sign_in(email).await.http.post(LIST_ORDER, &order).await;
        answer.assert_problem(403, "/problems/forbidden");
    }
}

#[tokio::test]
async fn e56_an_unknown_department_list_is_not_found() {
    let order = json!({ "departmentListId": unknown_id() });
    let answer = fin().await.http.post(LIST_ORDER, &order).await;
    answer.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn e56_a_department_list_without_a_usable_id_is_refused() {
    let fin = fin().await;
    for body in [json!({}), json!({ "departmentListId": null }), json!({ "departmentListId": "x" })]
    {
        let answer = fin.http.post(LIST_ORDER, &body).await;
        answer.assert_problem(400, "/problems/invalid-request");
    }
}

#[tokio::test]
async fn e56_d08_the_doubled_path_orders_too() {
    let fin = fin().await;
    let list = august_list(&fin, "SD").await;
    let order = json!({ "departmentListId": id_of(&list) });
    fin.http.post(&format!("/api{LIST_ORDER}"), &order).await.assert_status(202);
    fin.http.post(&format!("/api{CASES_ORDER}"), &json!({})).await.assert_status(202);
}
