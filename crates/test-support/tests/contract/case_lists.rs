//! Lists of cases: the case list, history, own cases and own tasks (contract 7, E14 to E18).

use serde_json::{Value, json};
use test_support::portal::{User, anonymous, id_of, unknown_id};

use crate::case_flow::{
    LIST_ITEM_KEYS, OPINION_KEYS, admin, assert_time, budget_case_keys, case_in, draft, keys, read,
    save_content,
};

/// Statuses in which FIN sees a case (domain contract 2.3).
const FIN_VISIBLE: [&str; 7] = [
    "sendt_til_fin",
    "under_vurdering_fin",
    "returnert_til_fag",
    "avvist_av_fin",
    "ferdigbehandlet_fin",
    "sendt_til_regjeringen",
    "regjeringsbehandlet",
];

async fn list(user: &User, path: &str) -> Vec<Value> {
    user.http.get(path).await.assert_status(200).parse()
}

/// The different values of one member, sorted.
fn values<'a>(cases: &'a [Value], key: &str) -> Vec<&'a str> {
    let mut values: Vec<_> = cases.iter().filter_map(|case| case[key].as_str()).collect();
    values.sort_unstable();
    values.dedup();
    values
}

fn holds(cases: &[Value], id: &str) -> bool {
    cases.iter().any(|case| id_of(case) == id)
}

#[track_caller]
fn assert_newest_change_first(cases: &[Value]) {
    let times: Vec<_> = cases.iter().map(|case| case["updatedAt"].as_str()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
}

#[tokio::test]
async fn e14_an_item_has_exactly_the_contracts_keys_and_no_content() {
    let user = User::fag("fd").await;
    for case in list(&user, "/api/cases").await {
        assert_eq!(keys(&case), budget_case_keys());
        assert_eq!((&case["currentContent"], &case["opinions"]), (&Value::Null, &Value::Null));
        assert_time(&case["updatedAt"]);
    }
}

#[tokio::test]
async fn e14_the_newest_change_comes_first() {
    let user = User::fag("fd").await;
    let (first, second) = (draft(&user).await, draft(&user).await);
    save_content(&user, &first, &json!({ "comment": "x" })).await.assert_status(200);
    let cases = list(&user, "/api/cases").await;
    assert_newest_change_first(&cases);
    let place = |id: &str| cases.iter().position(|case| id_of(case) == id);
    assert!(place(&first) < place(&second) && place(&first).is_some());
}

#[tokio::test]
async fn e14_a_ministry_sees_its_own_cases_in_every_status() {
    let user = User::fag("fd").await;
    let cases = list(&user, "/api/cases").await;
    assert_eq!(values(&cases, "departmentCode"), ["FD"]);
    let statuses = values(&cases, "status");
    for status in ["draft", "klarert", "under_vurdering_fin", "regjeringsbehandlet"] {
        assert!(statuses.contains(&status), "{status} of {statuses:?}");
    }
}

#[tokio::test]
async fn e14_a_ministry_that_asks_for_another_gets_an_empty_list() {
    let user = User::fag("fd").await;
    assert!(list(&user, "/api/cases?department_id=hod").await.is_empty());
}

#[tokio::test]
async fn e14_fin_sees_fin_visible_statuses_of_its_portfolio_unless_told_otherwise() {
    let fin = User::sign_in("fin.fd1@test.no").await;
    for path in ["/api/cases", "/api/cases?my_departments=true", "/api/cases?myDepartments=true"] {
        let cases = list(&fin, path).await;
        assert_eq!(values(&cases, "departmentCode"), ["FD"], "{path}");
        assert!(values(&cases, "status").iter().all(|status| FIN_VISIBLE.contains(status)));
    }
    for path in ["/api/cases?my_departments=false", "/api/cases?myDepartments=false"] {
        assert!(values(&list(&fin, path).await, "departmentCode").len() > 10, "{path}");
    }
    let other = list(&fin, "/api/cases?department_id=hod").await;
    assert_eq!(values(&other, "departmentCode"), ["HOD"], "a named department lifts the filter");
}

#[tokio::test]
async fn e14_fin_without_a_portfolio_sees_every_department() {
    let fin = User::sign_in("saksbehandler1@fin.dep.no").await;
    let cases = list(&fin, "/api/cases").await;
    assert!(values(&cases, "departmentCode").len() >= 16);
    assert!(values(&cases, "status").iter().all(|status| FIN_VISIBLE.contains(status)));
}

#[tokio::test]
async fn e14_the_administrator_sees_everything() {
    let cases = list(&admin().await, "/api/cases").await;
    assert!(values(&cases, "departmentCode").len() >= 16);
    assert!(values(&cases, "status").contains(&"draft"));
}

#[tokio::test]
async fn e14_d05_both_spellings_of_every_parameter_are_read() {
    let admin = admin().await;
    let round = admin.august_round().await;
    for (snake, camel) in [
        (format!("budget_round_id={round}"), format!("budgetRoundId={round}")),
        ("department_id=jd".into(), "departmentId=jd".into()),
        ("case_type=andre_saker".into(), "caseType=andre_saker".into()),
        ("my_departments=false".into(), "myDepartments=false".into()),
    ] {
        // Other tests add cases meanwhile; the seeded ones stand still.
        let ids = async |query: &str| {
            let cases = list(&admin, &format!("/api/cases?{query}&status=klarert")).await;
            let ids: Vec<_> = cases.iter().map(|case| id_of(case).to_owned()).collect();
            ids
        };
        let (one, other) = (ids(&snake).await, ids(&camel).await);
        assert!(!one.is_empty() && one == other, "{snake} and {camel}");
    }
}

#[tokio::test]
async fn e14_d05_the_camel_case_spelling_wins() {
    let admin = admin().await;
    let cases = list(&admin, "/api/cases?departmentId=jd&department_id=hod").await;
    assert_eq!(values(&cases, "departmentCode"), ["JD"]);
}

#[tokio::test]
async fn e14_d04_a_department_is_named_by_id_by_code_or_by_alias() {
    let admin = admin().await;
    let user = User::fag("dfd").await;
    let id = user.profile["departmentId"].as_str().expect("an id");
    for name in [id, &id.to_uppercase(), "dfd", "DFD", "did", "Did"] {
        let cases = list(&admin, &format!("/api/cases?departmentId={name}")).await;
        assert_eq!(values(&cases, "departmentCode"), ["DFD"], "{name}");
    }
}

#[tokio::test]
async fn e14_d04_an_unknown_department_has_no_cases() {
    let admin = admin().await;
    for name in ["xyz", &unknown_id(), "';--"] {
        let query = form_urlencoded(&[("departmentId", name)]);
        assert!(list(&admin, &format!("/api/cases?{query}")).await.is_empty(), "{name}");
    }
}

fn form_urlencoded(pairs: &[(&str, &str)]) -> String {
    let address = reqwest::Url::parse_with_params("http://portal", pairs).expect("an address");
    address.query().expect("a query").to_owned()
}

#[tokio::test]
async fn e14_four_words_mean_that_a_parameter_is_absent() {
    let user = User::fag("fd").await;
    for query in [
        "budgetRoundId=None&departmentId=undefined",
        "budget_round_id=&department_id=null",
        "status=&search=&division=None&case_type=null&my_departments=",
        "",
    ] {
        let cases = list(&user, &format!("/api/cases?{query}")).await;
        assert!(cases.len() >= 52, "{query}: {}", cases.len());
    }
}

#[tokio::test]
async fn e14_values_that_cannot_be_read_are_400() {
    let user = User::fag("fd").await;
    for query in ["budgetRoundId=abc", "budget_round_id=1", "myDepartments=ja", "search=%00"] {
        let answer = user.http.get(&format!("/api/cases?{query}")).await;
        answer.assert_problem(400, "/problems/invalid-request");
    }
}

#[tokio::test]
async fn e14_an_unknown_round_has_no_cases() {
    let user = User::fag("fd").await;
    let path = format!("/api/cases?budgetRoundId={}", unknown_id());
    assert!(list(&user, &path).await.is_empty());
}

#[tokio::test]
async fn e14_status_and_case_type_match_exactly() {
    let user = User::fag("fd").await;
    let path = "/api/cases?status=klarert&case_type=budsjettiltak";
    let cases = list(&user, path).await;
    assert_eq!(values(&cases, "status"), ["klarert"]);
    assert_eq!(values(&cases, "caseType"), ["budsjettiltak"]);
    assert!(list(&user, "/api/cases?status=Klarert").await.is_empty());
    assert!(list(&user, "/api/cases?caseType=budsjett").await.is_empty());
}

#[tokio::test]
async fn e14_search_finds_a_part_of_the_name_in_any_letter_case() {
    let user = User::fag("fd").await;
    let name = "Økt ÅRSVERK 100 % for sjøredning";
    let id = id_of(&user.create_case(name).await).to_owned();
    for part in ["økt årsverk", "SJØREDNING", "100 %", name] {
        let query = form_urlencoded(&[("search", part)]);
        assert!(holds(&list(&user, &format!("/api/cases?{query}")).await, &id), "{part}");
    }
    for part in ["100 _", "%sjøredning%", "øktårsverk"] {
        let query = form_urlencoded(&[("search", part)]);
        assert!(!holds(&list(&user, &format!("/api/cases?{query}")).await, &id), "{part}");
    }
}

#[tokio::test]
async fn e14_division_matches_exactly() {
    let user = User::fag("fd").await;
    let division = user.profile["division"].as_str().expect("a division");
    let id = draft(&user).await;
    let query = form_urlencoded(&[("division", division)]);
    let cases = list(&user, &format!("/api/cases?{query}")).await;
    assert_eq!(values(&cases, "responsibleDivision"), [division]);
    assert!(holds(&cases, &id));
    let query = form_urlencoded(&[("division", &division.to_uppercase())]);
    assert!(list(&user, &format!("/api/cases?{query}")).await.is_empty());
}

#[tokio::test]
async fn e14_without_a_token_every_list_is_401() {
    for path in ["", "/list", "/history", "/my-cases", "/my-tasks"] {
        let answer = anonymous().get(&format!("/api/cases{path}")).await;
        answer.assert_problem(401, "/problems/unauthenticated");
    }
}

#[tokio::test]
async fn e15_the_light_list_holds_the_same_cases_without_two_keys() {
    let user = User::fag("fd").await;
    let query = "budget_round_id=None&status=klarert";
    let light = list(&user, &format!("/api/cases/list?{query}")).await;
    let mut full = list(&user, &format!("/api/cases?{query}")).await;
    for case in &mut full {
        let members = case.as_object_mut().expect("an object");
        members.remove("currentContent");
        members.remove("opinions");
    }
    assert_eq!(light, full);
    assert_eq!(keys(&light[0]), LIST_ITEM_KEYS);
}

#[tokio::test]
async fn e16_history_is_the_cases_of_closed_rounds() {
    let user = User::fag("hod").await;
    let rounds: Vec<Value> = list(&user, "/api/budget-rounds").await;
    let closed: Vec<&str> =
        rounds.iter().filter(|round| round["status"] == "closed").map(id_of).collect();
    let cases = list(&user, "/api/cases/history").await;
    assert!(cases.len() >= 10);
    assert!(values(&cases, "budgetRoundId").iter().all(|round| closed.contains(round)));
    assert_eq!(values(&cases, "departmentCode"), ["HOD"]);
    assert_newest_change_first(&cases);
    assert_eq!(keys(&cases[0]), budget_case_keys());
}

#[tokio::test]
async fn e16_budget_units_secretaries_general_fin_and_admin_see_every_department() {
    for email in
        ["budsjett.hod@test.no", "depraad.hod@test.no", "fin.hod1@test.no", "admin@test.no"]
    {
        let cases = list(&User::sign_in(email).await, "/api/cases/history").await;
        assert!(values(&cases, "departmentCode").len() >= 16, "{email}");
    }
    let director = User::sign_in("avddir.hod@test.no").await;
    let cases = list(&director, "/api/cases/history").await;
    assert_eq!(values(&cases, "departmentCode"), ["HOD"]);
}

#[tokio::test]
async fn e16_chapter_and_post_match_exactly() {
    let user = User::fag("hod").await;
    let all = list(&user, "/api/cases/history").await;
    let known = all.iter().find(|case| case["chapter"].is_string()).expect("a case of a chapter");
    let (chapter, post) = (known["chapter"].as_str(), known["post"].as_str());
    let (chapter, post) = (chapter.expect("a chapter"), post.expect("an item"));
    let found = list(&user, &format!("/api/cases/history?chapter={chapter}&post={post}")).await;
    assert_eq!((values(&found, "chapter"), values(&found, "post")), (vec![chapter], vec![post]));
    let part = &chapter[..chapter.len() - 1];
    let other = list(&user, &format!("/api/cases/history?chapter={part}")).await;
    assert!(other.iter().all(|case| case["chapter"] == *part));
}

#[tokio::test]
async fn e16_d23_year_matches_the_round_or_the_creation() {
    let user = User::fag("hod").await;
    let all = list(&user, "/api/cases/history").await.len();
    assert_eq!(list(&user, "/api/cases/history?year=2026").await.len(), all);
    let created = list(&user, "/api/cases/history?year=2025").await;
    assert!(!created.is_empty(), "seeded cases were created in December 2025 and later");
    assert!(created.iter().all(|case| case["createdAt"].as_str() < Some("2026")));
    assert!(list(&user, "/api/cases/history?year=1999").await.is_empty());
    let wrong = user.http.get("/api/cases/history?year=nylig").await;
    wrong.assert_problem(400, "/problems/invalid-request");
}

#[tokio::test]
async fn e16_history_is_narrowed_by_department() {
    let admin = admin().await;
    for query in ["department_id=hod", "departmentId=HOD"] {
        let cases = list(&admin, &format!("/api/cases/history?{query}")).await;
        assert_eq!(values(&cases, "departmentCode"), ["HOD"]);
    }
}

#[tokio::test]
async fn e17_my_cases_are_those_a_ministrys_user_handles() {
    let (user, colleague) = (User::fag("fd").await, User::sign_in("budsjett.fd@test.no").await);
    let id = draft(&user).await;
    let mine = list(&user, "/api/cases/my-cases").await;
    assert!(holds(&mine, &id));
    assert_eq!(values(&mine, "assignedTo"), [id_of(&user.profile)]);
    assert!(!holds(&list(&colleague, "/api/cases/my-cases").await, &id));
    assert_newest_change_first(&mine);
}

#[tokio::test]
async fn e17_my_cases_at_fin_are_those_i_handle_there() {
    let fin = User::sign_in("fin.fd1@test.no").await;
    let id = case_in(&User::fag("fd").await, "sendt_til_fin").await;
    let mine = list(&fin, "/api/cases/my-cases").await;
    assert!(holds(&mine, &id), "the department's first handler takes it");
    assert_eq!(values(&mine, "finAssignedTo"), [id_of(&fin.profile)]);
}

#[tokio::test]
async fn e17_a_leader_at_fin_has_the_whole_portfolio() {
    let lead = User::sign_in("unddir.statsforv2@fin.test.no").await;
    let mine = list(&lead, "/api/cases/my-cases").await;
    assert_eq!(values(&mine, "departmentCode"), ["FD", "JD"]);
    assert!(values(&mine, "status").iter().all(|status| FIN_VISIBLE.contains(status)));
}

#[tokio::test]
async fn e17_my_cases_are_narrowed_by_round_in_both_spellings() {
    let user = User::fag("fd").await;
    let id = draft(&user).await;
    let round = user.august_round().await;
    for name in ["budget_round_id", "budgetRoundId"] {
        let mine = list(&user, &format!("/api/cases/my-cases?{name}={round}")).await;
        assert!(holds(&mine, &id));
        assert_eq!(values(&mine, "budgetRoundId"), [round.as_str()]);
        let none = list(&user, &format!("/api/cases/my-cases?{name}={}", unknown_id())).await;
        assert!(none.is_empty());
    }
}

#[tokio::test]
async fn e18_my_tasks_are_pending_requests_newest_first() {
    let (owner, asked) = (User::fag("dfd").await, User::sign_in("ekspsjef.dfd@test.no").await);
    let mut ids = Vec::new();
    for kind in ["uttalelse", "godkjenning"] {
        let id = draft(&owner).await;
        let body = json!({ "assignedTo": asked.profile["id"], "type": kind });
        let path = format!("/api/cases/{id}/opinions");
        let opinion = owner.http.post(&path, &body).await.assert_status(200).json();
        ids.insert(0, id_of(&opinion).to_owned());
    }
    let tasks = list(&asked, "/api/cases/my-tasks").await;
    let times: Vec<_> = tasks.iter().map(|task| task["createdAt"].as_str()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
    let listed: Vec<_> =
        tasks.iter().map(id_of).filter(|id| ids.iter().any(|one| one == id)).collect();
    assert_eq!(listed, ids);
    for task in &tasks {
        assert_eq!(keys(task), OPINION_KEYS);
        assert_eq!(task["status"], "pending");
        assert_eq!(task["assignedTo"], asked.profile["id"]);
        assert!(!task["requestedByName"].as_str().expect("a name").is_empty());
    }
}

#[tokio::test]
async fn e18_an_answered_request_is_no_task_any_more() {
    let (owner, asked) = (User::fag("dfd").await, User::sign_in("unddir.dfd@test.no").await);
    let id = draft(&owner).await;
    let body = json!({ "assignedTo": asked.profile["id"] });
    let opinion = owner.http.post(&format!("/api/cases/{id}/opinions"), &body).await.json();
    let opinion = id_of(&opinion);
    assert!(holds(&list(&asked, "/api/cases/my-tasks").await, opinion));
    let path = format!("/api/cases/opinions/{opinion}");
    asked.http.patch(&path, &json!({ "status": "declined" })).await.assert_status(200);
    assert!(!holds(&list(&asked, "/api/cases/my-tasks").await, opinion));
    assert_eq!(read(&owner, &id).await["opinions"][0]["status"], "declined");
}
