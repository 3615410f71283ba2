//! Signing in (contract 3: E01, E02) and what its token opens.

use serde_json::{Value, json};
use test_support::Answer;
use test_support::portal::{PASSWORD, User, anonymous};

use crate::shape::{admin, assert_id, assert_invalid, assert_problem, keys};

/// Every key of a user (contract 2.1), in alphabetical order.
const USER: [&str; 12] = [
    "assignedDepartments",
    "departmentCode",
    "departmentId",
    "departmentName",
    "division",
    "email",
    "fullName",
    "id",
    "jobTitle",
    "leaderLevel",
    "role",
    "section",
];

async fn login(body: &Value) -> Answer {
    anonymous().post("/api/auth/login", body).await
}

#[tokio::test]
async fn e01_a_sign_in_answers_a_token_and_the_user_and_nothing_else() {
    let answer = login(&json!({ "email": "fag.kld@test.no", "password": PASSWORD })).await;
    let signed_in = answer.assert_status(200).json();
    assert_eq!(keys(&signed_in), ["token", "user"]);
    assert!(signed_in["token"].as_str().is_some_and(|token| token.split('.').count() == 3));
    assert_eq!(keys(&signed_in["user"]), USER);
}

#[tokio::test]
async fn e01_a_case_handler_of_a_ministry_is_told_who_they_are() {
    let user = User::fag("kld").await.profile;
    assert_id(&user["id"]);
    assert_id(&user["departmentId"]);
    assert_eq!(user["email"], "fag.kld@test.no");
    assert_eq!(user["departmentCode"], "KLD");
    assert_eq!(user["departmentName"], "Klima- og miljødepartementet");
    assert_eq!(user["role"], "saksbehandler_fag");
    assert_eq!(user["leaderLevel"], Value::Null);
    assert!(user["division"].is_string() && user["jobTitle"].is_string(), "{user}");
}

#[tokio::test]
async fn e01_who_has_no_portfolio_has_null_and_not_an_empty_list() {
    for email in ["fag.kld@test.no", "admin@test.no", "saksbehandler1@fin.dep.no"] {
        let user = User::sign_in(email).await.profile;
        assert_eq!(user["assignedDepartments"], Value::Null, "{email}");
    }
}

#[tokio::test]
async fn e01_a_portfolio_names_its_departments_the_primary_one_first() {
    let user = User::sign_in("avddir.naering@fin.test.no").await.profile;
    let assigned = user["assignedDepartments"].as_array().expect("a portfolio");
    assert!(assigned.len() > 1);
    for department in assigned {
        assert_eq!(
            keys(department),
            ["departmentCode", "departmentId", "departmentName", "isPrimary"]
        );
        assert_id(&department["departmentId"]);
        assert!(department["isPrimary"].is_boolean());
    }
    let primary = assigned.iter().position(|one| one["isPrimary"] == true);
    assert!(primary.is_none_or(|position| position == 0), "{user}");
}

#[tokio::test]
async fn e01_a_leader_of_fin_has_rank_and_role() {
    let user = User::sign_in("avddir.naering@fin.test.no").await.profile;
    assert_eq!(user["role"], "avdelingsdirektor_fin");
    assert_eq!(user["leaderLevel"], "avdelingsdirektor");
    assert_eq!(user["departmentCode"], "FIN");
}

#[tokio::test]
async fn d01_an_address_alone_signs_in_where_the_demo_login_is_on() {
    for body in [
        json!({ "email": "fag.kd@test.no" }),
        json!({ "email": "fag.kd@test.no", "password": null }),
    ] {
        let signed_in = login(&body).await.assert_status(200).json();
        assert_eq!(signed_in["user"]["email"], "fag.kd@test.no");
    }
}

#[tokio::test]
async fn d01_a_password_that_is_given_must_be_right() {
    for password in ["feil", "", "test1234!"] {
        let answer = login(&json!({ "email": "fag.kd@test.no", "password": password })).await;
        assert_problem(&answer, 401, "wrong-credentials");
    }
}

#[tokio::test]
async fn e01_an_unknown_address_is_404() {
    let answer = login(&json!({ "email": "ingen@test.no", "password": PASSWORD })).await;
    assert_problem(&answer, 404, "not-found");
}

#[tokio::test]
async fn e01_a_missing_address_is_400_with_a_pointer() {
    for body in [json!({}), json!({ "password": PASSWORD })] {
        assert_invalid(&login(&body).await, &["/email"]);
    }
    assert_invalid(&login(&json!({ "email": " " })).await, &["/email"]);
}

#[tokio::test]
async fn e01_an_address_that_is_no_text_is_400() {
    for email in [json!(7), json!(null), json!([]), json!({})] {
        assert_invalid(&login(&json!({ "email": email })).await, &["/email"]);
    }
}

#[tokio::test]
async fn e01_the_address_is_read_in_any_letter_case() {
    let answer = login(&json!({ "email": "FAG.KLD@Test.NO", "password": PASSWORD })).await;
    assert_eq!(answer.assert_status(200).json()["user"]["email"], "fag.kld@test.no");
}

#[tokio::test]
async fn e01_property_names_are_read_in_any_letter_case_and_unknown_ones_ignored() {
    let body = json!({ "Email": "fag.kld@test.no", "PASSWORD": PASSWORD, "remember": true });
    login(&body).await.assert_status(200);
}

#[tokio::test]
async fn d02_users_of_both_sets_sign_in_with_the_same_password() {
    for (email, role) in [
        ("budsjett1@kld.dep.no", "budsjettenhet_fag"),
        ("saksbehandler1@kld.dep.no", "saksbehandler_fag"),
        ("saksbehandler1@fin.dep.no", "saksbehandler_fin"),
        ("admin@fin.dep.no", "administrator"),
    ] {
        assert_eq!(User::sign_in(email).await.profile["role"], role, "{email}");
    }
}

#[tokio::test]
async fn d03_a_ministry_is_reached_under_its_old_and_its_present_domain() {
    for (script, present, code) in
        [("did", "dfd", "DFD"), ("eid", "ed", "ED"), ("ofd", "kdd", "KDD")]
    {
        let old = User::sign_in(&format!("budsjett1@{script}.dep.no")).await.profile;
        let new = User::sign_in(&format!("budsjett1@{present}.dep.no")).await.profile;
        assert_eq!(old["id"], new["id"]);
        assert_eq!(old["departmentCode"], code);
    }
}

#[tokio::test]
async fn e01_a_password_never_comes_back() {
    let answer = login(&json!({ "email": "admin@test.no", "password": PASSWORD })).await;
    let text = answer.assert_status(200).text();
    assert!(!text.contains(PASSWORD) && !text.to_lowercase().contains("hash"), "{text}");
}

#[tokio::test]
async fn e01_the_body_must_be_json() {
    let request = anonymous().request(reqwest::Method::POST, "/api/auth/login");
    let answer = anonymous().send(request.body("email=fag.kld@test.no")).await;
    assert_problem(&answer, 415, "unsupported-media-type");
}

#[tokio::test]
async fn e02_a_caller_is_told_who_they_are_as_at_sign_in() {
    let user = admin().await;
    let me = user.http.get("/api/auth/me").await.assert_status(200).json();
    assert_eq!(me, user.profile);
}

#[tokio::test]
async fn e02_without_a_token_nobody_is_anybody() {
    assert_problem(&anonymous().get("/api/auth/me").await, 401, "unauthenticated");
}

#[tokio::test]
async fn e02_a_token_that_was_changed_is_no_token() {
    let user = User::fag("kld").await;
    let (claims, _) = user.token.rsplit_once('.').expect("a JWT");
    for token in [format!("{claims}.AAAA"), user.token.to_uppercase(), "x".to_owned()] {
        let answer = anonymous().with_token(token).get("/api/auth/me").await;
        assert_problem(&answer, 401, "unauthenticated");
    }
}

#[tokio::test]
async fn an_external_issuer_is_nowhere_unless_somebody_configured_one() {
    let issuer = anonymous().get("/api/auth/oidc").await;
    let exchange = anonymous().post("/api/auth/oidc", &json!({ "idToken": "tull" })).await;
    for answer in [issuer, exchange] {
        assert_problem(&answer, 404, "not-found");
        assert!(answer.text().contains("arbeidskonto"), "{}", answer.text());
    }
    for body in [json!({}), json!({ "idToken": "" }), json!({ "idToken": null })] {
        assert_invalid(&anonymous().post("/api/auth/oidc", &body).await, &["/idToken"]);
    }
}
