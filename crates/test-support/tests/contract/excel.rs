//! The case list as a workbook (contract 16, E54; documents.md 6.1 and 6.2). What becomes of its job
//! is in `export_jobs`.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use reqwest::Method;
use reqwest::header::ACCEPT;
use serde_json::{Value, json};
use test_support::portal::{User, anonymous, id_of, send_raw, unknown_id};

const ORDER: &str = "/api/export/cases/excel";
const AT_ONCE: &str = "/api/export/cases/excel?sync=true";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// All cells of the only sheet, header row included.
fn cells(workbook: &[u8]) -> Vec<Vec<Data>> {
    let mut workbook = Xlsx::new(Cursor::new(workbook)).expect("an xlsx workbook");
    assert_eq!(workbook.sheet_names(), ["Saker"]);
    let range = workbook.worksheet_range("Saker").expect("a sheet");
    range.rows().map(<[Data]>::to_vec).collect()
}

/// The cells of a list that is made at once.
async fn list(user: &User, order: &Value) -> Vec<Vec<Data>> {
    let answer = user.http.post(AT_ONCE, order).await;
    assert_eq!(answer.assert_status(200).header("content-type"), XLSX);
    cells(&answer.body)
}

fn texts(row: &[Data]) -> Vec<String> {
    row.iter().map(ToString::to_string).collect()
}

/// The first column below the header.
fn first_column(rows: &[Vec<Data>]) -> Vec<String> {
    rows[1..].iter().map(|row| row[0].to_string()).collect()
}

/// Names of the cases that filters leave, in the order of the list.
async fn names(user: &User, filters: Value) -> Vec<String> {
    first_column(&list(user, &json!({ "fields": ["caseName"], "filters": filters })).await)
}

/// The one case's row.
async fn row(user: &User, case: &Value, fields: &[&str]) -> Vec<Data> {
    let order = json!({ "fields": fields, "filters": { "caseIds": [id_of(case)] } });
    let rows = list(user, &order).await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    // Cells that are empty at the end of a row are not in the file.
    let mut row = rows[1].clone();
    row.resize(fields.len(), Data::Empty);
    row
}

async fn finished(user: &User) -> Value {
    let job = user.order_export(&json!({ "filters": { "status": "klarert" } })).await;
    let last = user.watch_export(&job).await.pop().expect("a last state");
    assert_eq!(last["status"], "completed", "{last}");
    last
}

fn keys(object: &Value) -> Vec<&String> {
    object.as_object().expect("an object").keys().collect()
}

fn pointer(problem: &Value) -> &str {
    problem["errors"][0]["pointer"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn e54_an_order_is_accepted_with_the_jobs_id_twice_and_queued() {
    let user = User::fag("kld").await;
    let answer = user.http.post(ORDER, &json!({})).await;
    let accepted = answer.assert_status(202).json();
    assert_eq!(keys(&accepted), ["id", "jobId", "status"]);
    assert_eq!(accepted["id"], accepted["jobId"]);
    assert_eq!(accepted["status"], "queued");
    assert_eq!(answer.header("location"), format!("/api/export/jobs/{}", id_of(&accepted)));
}

#[tokio::test]
async fn e54_an_order_needs_a_token() {
    let answer = anonymous().post(ORDER, &json!({})).await;
    answer.assert_problem(401, "/problems/unauthenticated");
}

#[tokio::test]
async fn e54_without_fields_the_columns_are_the_default_ones() {
    let user = User::fag("kld").await;
    for order in [json!({}), json!({ "fields": [] }), json!({ "fields": null })] {
        let rows = list(&user, &order).await;
        let expected = [
            "Saksnavn",
            "Departement",
            "Kapittel",
            "Post",
            "FAGs forslag (1 000 kr)",
            "FINs tilråding (1 000 kr)",
            "Regjeringens vedtak (1 000 kr)",
            "Sakstype",
            "Status",
            "Ansvarlig saksbehandler",
        ];
        assert_eq!(texts(&rows[0]), expected, "{order}");
    }
}

#[tokio::test]
async fn e54_columns_are_exactly_the_fields_in_their_order() {
    let user = User::fag("kld").await;
    let order = json!({ "fields": ["status", "caseName", "version", "origin"] });
    let rows = list(&user, &order).await;
    assert_eq!(texts(&rows[0]), ["Status", "Saksnavn", "Versjon", "Opprinnelse"]);
}

#[tokio::test]
async fn e54_every_field_of_the_contract_has_its_header() {
    let fields = [
        ("departmentName", "Departementsnavn"),
        ("budgetRoundName", "Budsjettrunde"),
        ("finAssignedToName", "FIN-saksbehandler"),
        ("createdByName", "Opprettet av"),
        ("responsibleDivision", "Ansvarlig avdeling"),
        ("finListPlacement", "A/B-liste"),
        ("priorityNumber", "Prioritet"),
        ("createdAt", "Opprettet"),
        ("updatedAt", "Oppdatert"),
        ("socioeconomicAnalysis", "Samfunnsøkonomisk analyse"),
        ("goalIndicator", "Mål og resultatindikator"),
        ("benefitPlan", "Gevinstrealiseringsplan"),
        ("finAssessment", "FINs vurdering"),
        ("finVerbal", "Konklusjon"),
        ("finRConclusion", "Regjeringens konklusjon"),
    ];
    let (keys, headers): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    let rows = list(&User::fag("kld").await, &json!({ "fields": keys })).await;
    assert_eq!(texts(&rows[0]), headers);
}

#[tokio::test]
async fn e54_an_unknown_field_is_refused_and_pointed_at() {
    let user = User::fag("kld").await;
    for field in ["passord", "CaseName", "case_name", ""] {
        let answer = user.http.post(ORDER, &json!({ "fields": ["caseName", field] })).await;
        let problem = answer.assert_problem(400, "/problems/invalid-request");
        assert_eq!(pointer(&problem), "/fields/1", "{problem}");
    }
}

#[tokio::test]
async fn e54_a_body_that_cannot_be_read_is_refused() {
    let user = User::fag("kld").await;
    for body in ["", "{"] {
        let answer = send_raw(&user.http, &Method::POST, ORDER, body.into()).await;
        answer.assert_problem(400, "/problems/invalid-json");
    }
    for body in ["[]", "{\"fields\": 1}", "{\"filters\": {\"caseIds\": [\"x\"]}}"] {
        let answer = send_raw(&user.http, &Method::POST, ORDER, body.into()).await;
        answer.assert_problem(400, "/problems/invalid-request");
    }
}

#[tokio::test]
async fn e54_a_character_that_cannot_be_stored_is_refused() {
    let user = User::fag("kld").await;
    let answer = user.http.post(ORDER, &json!({ "filters": { "search": "a\u{0}b" } })).await;
    assert_eq!(answer.assert_status(400).header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn e54_a_round_that_is_no_uuid_is_refused() {
    let user = User::fag("kld").await;
    let answer = user.http.post(ORDER, &json!({ "filters": { "budgetRoundId": "august" } })).await;
    let problem = answer.assert_problem(400, "/problems/invalid-request");
    assert_eq!(pointer(&problem), "/filters/budgetRoundId");
}

#[tokio::test]
async fn e54_amounts_are_numbers_codes_text_and_days_dates() {
    let user = User::fag("kld").await;
    let case = user.create_case("Typer i regnearket").await;
    let fields = ["amount", "chapter", "post", "version", "createdAt"];
    let row = row(&user, &case, &fields).await;
    assert_eq!(row[0], Data::Float(12_500.0));
    assert_eq!(row[1], Data::String("1400".to_owned()));
    assert_eq!(row[2], Data::String("21".to_owned()));
    assert_eq!(row[3], Data::Float(1.0));
    assert!(matches!(row[4], Data::DateTime(_)), "{:?}", row[4]);
}

#[tokio::test]
async fn e54_what_is_not_set_is_an_empty_cell() {
    let user = User::fag("kld").await;
    let case = user.create_case("Tomme felt").await;
    let fields = ["caseName", "finAmount", "govAmount", "finListPlacement", "priorityNumber"];
    let row = row(&user, &case, &fields).await;
    assert_eq!(row[1..], [Data::Empty, Data::Empty, Data::Empty, Data::Empty]);
}

#[tokio::test]
async fn e54_codes_are_shown_by_their_labels() {
    let user = User::fag("kld").await;
    let case = user.create_case("Etiketter").await;
    let row = row(&user, &case, &["status", "caseType", "origin", "departmentCode"]).await;
    assert_eq!(texts(&row), ["Utkast", "Satsingsforslag", "FAG", "KLD"]);
}

#[tokio::test]
async fn e54_text_that_looks_like_a_formula_is_text() {
    let user = User::fag("kld").await;
    for name in ["=1+1", "+47 22 24 90 90", "-5 prosent", "@SUM(A1:A9)"] {
        let case = user.create_case(name).await;
        let row = row(&user, &case, &["caseName"]).await;
        assert_eq!(row[0], Data::String(name.to_owned()));
    }
}

#[tokio::test]
async fn e54_texts_are_the_newest_ones() {
    let user = User::fag("kld").await;
    let case = user.create_case("Ny tekst").await;
    user.save(id_of(&case), &json!(1), "Ny begrunnelse.\nOver to linjer.").await.assert_status(200);
    let row = row(&user, &case, &["justification", "version"]).await;
    assert_eq!(row[0], Data::String("Ny begrunnelse.\nOver to linjer.".to_owned()));
    assert_eq!(row[1], Data::Float(2.0));
}

#[tokio::test]
async fn e54_rows_are_those_of_the_list_in_its_order() {
    let user = User::fag("kld").await;
    let (first, second) = (user.create_case("Rekke 1").await, user.create_case("Rekke 2").await);
    user.save(id_of(&first), &json!(1), "Endret sist.").await.assert_status(200);
    let ids = json!({ "caseIds": [id_of(&second), id_of(&first)] });
    assert_eq!(names(&user, ids).await, ["Rekke 1", "Rekke 2"]);
}

#[tokio::test]
async fn e54_filters_are_read_in_both_spellings() {
    let fin = User::sign_in("fin.sd1@test.no").await;
    let round = fin.august_round().await;
    let camel = json!({ "departmentId": "sd", "budgetRoundId": round, "myDepartments": false });
    let snake = json!({ "department_id": "sd", "budget_round_id": round, "my_departments": false });
    let found = names(&fin, camel).await;
    assert!(!found.is_empty());
    assert_eq!(names(&fin, snake).await, found);
}

#[tokio::test]
async fn e54_filters_narrow_the_list_as_e14_does() {
    let user = User::fag("kld").await;
    let case = user.create_case("Xylofon i skolen").await;
    assert_eq!(names(&user, json!({ "search": "xylofon" })).await, ["Xylofon i skolen"]);
    let case_ids = |status: &str| json!({ "caseIds": [id_of(&case)], "status": status });
    assert_eq!(names(&user, case_ids("draft")).await.len(), 1);
    assert_eq!(names(&user, case_ids("klarert")).await.len(), 0);
    let by_type = |kind: &str| json!({ "case_ids": [id_of(&case)], "case_type": kind });
    assert_eq!(names(&user, by_type("satsingsforslag")).await.len(), 1);
    assert_eq!(names(&user, by_type("teknisk_justering")).await.len(), 0);
}

#[tokio::test]
async fn e54_words_that_say_nothing_are_no_filters() {
    let user = User::fag("kld").await;
    let case = user.create_case("Uten filter").await;
    let filters = json!({
        "caseIds": [id_of(&case)], "status": "", "caseType": null, "search": "undefined",
        "division": "None", "budgetRoundId": "null",
    });
    assert_eq!(names(&user, filters).await, ["Uten filter"]);
}

#[tokio::test]
async fn e54_an_unknown_department_is_an_empty_list() {
    let user = User::fag("kld").await;
    assert!(names(&user, json!({ "departmentId": "XYZ" })).await.is_empty());
}

#[tokio::test]
async fn e54_i6_a_ministry_gets_its_own_cases_only() {
    let user = User::fag("kld").await;
    let rows = list(&user, &json!({ "fields": ["departmentCode"] })).await;
    assert!(rows.len() > 1);
    assert!(first_column(&rows).iter().all(|code| code == "KLD"));
}

#[tokio::test]
async fn e54_i6_fins_text_is_not_for_the_ministry() {
    let fin = User::sign_in("fin.sd1@test.no").await;
    let fag = User::fag("sd").await;
    let order = |ids: &[String]| {
        let filters = json!({ "caseIds": ids, "status": "under_vurdering_fin" });
        json!({ "fields": ["finAssessment", "caseName"], "filters": filters })
    };
    let path = "/api/cases?departmentId=sd&status=under_vurdering_fin";
    let cases = fin.http.get(path).await.assert_status(200).json();
    let ids: Vec<String> =
        cases.as_array().expect("a list").iter().map(|case| id_of(case).to_owned()).collect();
    let has_text = |rows: &[Vec<Data>]| rows[1..].iter().any(|row| row[0] != Data::Empty);
    assert!(has_text(&list(&fin, &order(&ids)).await), "FIN has written nothing");
    let rows = list(&fag, &order(&ids)).await;
    assert!(rows.len() > 1 && !has_text(&rows), "{rows:?}");
}

#[tokio::test]
async fn e54_a_small_list_is_made_at_once_when_asked_for() {
    let user = User::fag("kld").await;
    let by_parameter = user.http.post(AT_ONCE, &json!({})).await;
    let request = user.http.request(Method::POST, ORDER).header(ACCEPT, XLSX).json(&json!({}));
    let by_header = user.http.send(request).await;
    for answer in [by_parameter, by_header] {
        assert_eq!(answer.assert_status(200).header("content-type"), XLSX);
        assert_eq!(answer.header("cache-control"), "private, no-store");
        assert!(answer.header("content-disposition").contains("filename=\"Saker_KLD.xlsx\""));
    }
}

#[tokio::test]
async fn e54_the_same_key_is_the_same_job_and_never_another_order() {
    let user = User::fag("kld").await;
    let key = unknown_id();
    let order = async |body: Value| {
        let request = user.http.request(Method::POST, ORDER);
        user.http.send(request.header("Idempotency-Key", &key).json(&body)).await
    };
    let first = order(json!({ "fields": ["caseName"] })).await.assert_status(202).json();
    let second = order(json!({ "fields": ["caseName"] })).await.assert_status(202).json();
    assert_eq!(first["id"], second["id"]);
    order(json!({ "fields": ["status"] })).await.assert_problem(409, "/problems/conflict");
}

#[tokio::test]
async fn e57_d08_the_doubled_path_leads_to_the_same_job() {
    let user = User::fag("kld").await;
    let job = finished(&user).await;
    let path = format!("/api/api/export/jobs/{}", id_of(&job));
    assert_eq!(id_of(&user.http.get(&path).await.assert_status(200).json()), id_of(&job));
    user.http.get("/api/api/export/jobs").await.assert_status(200);
}

#[tokio::test]
async fn e57_a_job_that_has_not_failed_is_not_repeated() {
    let user = User::fag("kld").await;
    let job = finished(&user).await;
    let retry = format!("/api/export/jobs/{}/retry", id_of(&job));
    let answer = user.http.post(&retry, &json!({})).await;
    answer.assert_problem(409, "/problems/conflict");
}
