//! Handlers and list placement (contract 10, E29 to E31).

use serde_json::{Value, json};
use test_support::Answer;
use test_support::portal::{User, id_of, unknown_id};

use crate::case_flow::{
    admin, assert_time, case_in, draft, events, keys, newest_event, read, save_content, trace,
};

async fn assign(user: &User, case: &str, to: &User) -> Answer {
    let body = json!({ "newAssignedTo": to.profile["id"] });
    user.http.patch(&format!("/api/cases/{case}/assign"), &body).await
}

async fn fin_assign(user: &User, case: &str, to: &User) -> Answer {
    let body = json!({ "newAssignedTo": to.profile["id"] });
    user.http.patch(&format!("/api/cases/{case}/fin-assign"), &body).await
}

async fn place(user: &User, case: &str, body: &Value) -> Answer {
    user.http.patch(&format!("/api/cases/{case}/list-placement"), body).await
}

#[tokio::test]
async fn e29_handing_over_answers_with_the_new_handler() {
    let (owner, next) = (User::fag("ed").await, User::sign_in("budsjett.ed@test.no").await);
    let id = draft(&owner).await;
    let answer = assign(&owner, &id, &next).await.assert_status(200).json();
    assert_eq!(keys(&answer), ["assignedTo", "assignedToName", "message"]);
    assert_eq!(answer["assignedTo"], next.profile["id"]);
    assert_eq!(answer["assignedToName"], next.profile["fullName"]);
    let page = read(&owner, &id).await;
    assert_eq!(page["assignedTo"], next.profile["id"]);
    assert_eq!(page["assignedToName"], next.profile["fullName"]);
}

#[tokio::test]
async fn e29_handing_over_is_logged_and_makes_no_version() {
    let (owner, next) = (User::fag("ed").await, User::sign_in("unddir.ed@test.no").await);
    let id = draft(&owner).await;
    assign(&owner, &id, &next).await.assert_status(200);
    let expected = json!({
        "from": owner.profile["id"], "to": next.profile["id"],
        "new_name": next.profile["fullName"],
    });
    assert_eq!(newest_event(&owner, &id).await, ("responsible_changed".to_owned(), expected));
    let page = read(&owner, &id).await;
    assert_eq!(page["version"], 1);
    assert!(page["updatedAt"].as_str() > page["createdAt"].as_str());
}

#[tokio::test]
async fn e29_d14_the_new_handler_has_the_case_at_once() {
    let (owner, next) = (User::fag("ed").await, User::sign_in("avddir.ed@test.no").await);
    let id = draft(&owner).await;
    let mine = async |user: &User| -> bool {
        let cases: Vec<Value> = user.http.get("/api/cases/my-cases").await.parse();
        cases.iter().any(|case| id_of(case) == id)
    };
    assert_eq!((mine(&owner).await, mine(&next).await), (true, false));
    assign(&owner, &id, &next).await.assert_status(200);
    assert_eq!((mine(&owner).await, mine(&next).await), (false, true));
}

#[tokio::test]
async fn e29_leaders_fins_leaders_and_the_administrator_hand_over_too() {
    let owner = User::fag("ed").await;
    let id = case_in(&owner, "sendt_til_fin").await;
    for email in [
        "budsjett.ed@test.no",
        "depraad.ed@test.no",
        "unddir.naering1@fin.test.no",
        "depraad.fin@test.no",
        "admin@test.no",
    ] {
        assign(&User::sign_in(email).await, &id, &owner).await.assert_status(200);
    }
}

#[tokio::test]
async fn e29_everybody_else_is_403() {
    let (owner, lead) = (User::fag("ed").await, User::sign_in("budsjett.ed@test.no").await);
    let id = case_in(&owner, "sendt_til_fin").await;
    assign(&owner, &id, &lead).await.assert_status(200);
    let before = trace(&owner, &id).await;
    for email in ["fag.ed@test.no", "fin.ed@test.no", "depraad.fd@test.no"] {
        let user = User::sign_in(email).await;
        assign(&user, &id, &owner).await.assert_problem(403, "/problems/forbidden");
    }
    assert_eq!(trace(&owner, &id).await, before);
}

#[tokio::test]
async fn e29_a_user_who_does_not_exist_or_is_of_another_department_is_400() {
    let (owner, other) = (User::fag("ed").await, User::fag("fd").await);
    let id = draft(&owner).await;
    let problem =
        assign(&owner, &id, &other).await.assert_problem(400, "/problems/invalid-request");
    assert_eq!(problem["errors"][0]["pointer"], "/newAssignedTo", "{problem}");
    let path = format!("/api/cases/{id}/assign");
    for body in
        [json!({ "newAssignedTo": unknown_id() }), json!({ "newAssignedTo": "x" }), json!({})]
    {
        let answer = owner.http.patch(&path, &body).await;
        let problem = answer.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], "/newAssignedTo", "{problem}");
    }
}

#[tokio::test]
async fn e29_e30_e31_an_unknown_case_is_404_before_anything_else() {
    let user = User::fag("ed").await;
    for verb in ["assign", "fin-assign", "list-placement"] {
        let body = json!({ "newAssignedTo": unknown_id(), "priorityNumber": 1 });
        let answer = user.http.patch(&format!("/api/cases/{}/{verb}", unknown_id()), &body).await;
        answer.assert_problem(404, "/problems/not-found");
    }
}

#[tokio::test]
async fn e30_handing_over_at_fin_answers_with_the_new_handler() {
    let (owner, lead) = (User::fag("ed").await, User::sign_in("unddir.naering1@fin.test.no").await);
    let next = User::sign_in("fin.kld@test.no").await;
    let id = case_in(&owner, "sendt_til_fin").await;
    let answer = fin_assign(&lead, &id, &next).await.assert_status(200).json();
    assert_eq!(keys(&answer), ["finAssignedTo", "finAssignedToName", "message"]);
    assert_eq!(answer["finAssignedTo"], next.profile["id"]);
    assert_eq!(answer["finAssignedToName"], next.profile["fullName"]);
    let page = read(&owner, &id).await;
    assert_eq!(page["finAssignedToName"], next.profile["fullName"]);
    assert_eq!(page["assignedTo"], owner.profile["id"], "the ministry's handler stays");
}

#[tokio::test]
async fn e30_handing_over_at_fin_is_logged() {
    let (owner, present) = (User::fag("ed").await, User::sign_in("fin.ed@test.no").await);
    let next = User::sign_in("fin.lmd@test.no").await;
    let id = case_in(&owner, "sendt_til_fin").await;
    fin_assign(&present, &id, &next).await.assert_status(200);
    let expected = json!({
        "from": present.profile["id"], "to": next.profile["id"],
        "new_name": next.profile["fullName"],
    });
    assert_eq!(newest_event(&owner, &id).await, ("fin_responsible_changed".to_owned(), expected));
    // Who has handed the case over is its handler no longer.
    fin_assign(&present, &id, &next).await.assert_problem(403, "/problems/forbidden");
}

#[tokio::test]
async fn e30_only_the_handler_fins_leaders_and_the_administrator_may() {
    let owner = User::fag("ed").await;
    let handler = User::sign_in("fin.ed@test.no").await;
    let id = case_in(&owner, "sendt_til_fin").await;
    for (email, may) in [
        ("fag.ed@test.no", false),
        ("depraad.ed@test.no", false),
        ("fin.kld@test.no", false),
        ("ekspsjef.fin@test.no", true),
        ("admin@test.no", true),
        ("fin.ed@test.no", true),
    ] {
        let answer = fin_assign(&User::sign_in(email).await, &id, &handler).await;
        if may {
            answer.assert_status(200);
        } else {
            answer.assert_problem(403, "/problems/forbidden");
        }
    }
}

#[tokio::test]
async fn e30_a_user_outside_fin_is_400() {
    let (owner, admin) = (User::fag("ed").await, admin().await);
    let id = case_in(&owner, "sendt_til_fin").await;
    for other in [&owner, &admin] {
        let answer = fin_assign(&admin, &id, other).await;
        let problem = answer.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], "/newAssignedTo", "{problem}");
    }
}

#[tokio::test]
async fn e31_a_placement_sticks_and_answers_with_both_values() {
    let (owner, fin) = (User::fag("ed").await, User::sign_in("fin.ed@test.no").await);
    let id = case_in(&owner, "sendt_til_fin").await;
    let answer = place(&fin, &id, &json!({ "finListPlacement": "a_list" })).await;
    let expected = json!({ "finListPlacement": "a_list", "priorityNumber": null });
    assert_eq!(answer.assert_status(200).json(), expected);
    let answer = place(&fin, &id, &json!({ "priorityNumber": 3 })).await;
    let expected = json!({ "finListPlacement": "a_list", "priorityNumber": 3 });
    assert_eq!(answer.assert_status(200).json(), expected);
    let page = read(&owner, &id).await;
    assert_eq!((&page["finListPlacement"], &page["priorityNumber"]), (&json!("a_list"), &json!(3)));
}

#[tokio::test]
async fn e31_d21_null_clears_and_absent_keeps() {
    let (owner, fin) = (User::fag("ed").await, User::sign_in("fin.ed@test.no").await);
    let id = case_in(&owner, "sendt_til_fin").await;
    let both = json!({ "finListPlacement": "b_list", "priorityNumber": 1 });
    place(&fin, &id, &both).await.assert_status(200);
    for (body, expected) in [
        (json!({}), both.clone()),
        (
            json!({ "finListPlacement": null }),
            json!({ "finListPlacement": null, "priorityNumber": 1 }),
        ),
        (
            json!({ "priorityNumber": null }),
            json!({ "finListPlacement": null, "priorityNumber": null }),
        ),
    ] {
        assert_eq!(place(&fin, &id, &body).await.assert_status(200).json(), expected);
        let page = read(&fin, &id).await;
        for key in ["finListPlacement", "priorityNumber"] {
            assert_eq!(page[key], expected[key], "{key}");
        }
    }
}

#[tokio::test]
async fn e31_a_placement_changes_the_case_without_version_or_event() {
    let (owner, fin) = (User::fag("ed").await, User::sign_in("fin.ed@test.no").await);
    let id = case_in(&owner, "sendt_til_fin").await;
    let (before, log) = (read(&fin, &id).await, events(&fin, &id).await);
    place(&fin, &id, &json!({ "priorityNumber": 9 })).await.assert_status(200);
    let after = read(&fin, &id).await;
    assert_eq!(after["version"], before["version"]);
    assert!(after["updatedAt"].as_str() > before["updatedAt"].as_str());
    assert_time(&after["updatedAt"]);
    assert_eq!(events(&fin, &id).await, log);
}

#[tokio::test]
async fn e31_other_properties_are_tolerated_and_keep_their_values() {
    let (owner, fin) = (User::fag("ed").await, User::sign_in("fin.ed@test.no").await);
    let id = case_in(&owner, "sendt_til_fin").await;
    let before = read(&fin, &id).await;
    let body = json!({
        "finListPlacement": "a_list", "caseName": "x", "chapter": "1", "post": "2", "amount": 3,
    });
    place(&fin, &id, &body).await.assert_status(200);
    let after = read(&fin, &id).await;
    for kept in ["caseName", "chapter", "post", "amount", "currentContent"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
}

#[tokio::test]
async fn e31_a_ministry_is_403_and_so_is_fin_before_the_case_is_sent() {
    let (owner, fin) = (User::fag("ed").await, User::sign_in("fin.ed@test.no").await);
    let (sent, own) = (case_in(&owner, "sendt_til_fin").await, draft(&owner).await);
    let body = json!({ "finListPlacement": "a_list" });
    for (user, case) in [(&owner, &sent), (&owner, &own), (&fin, &own)] {
        place(user, case, &body).await.assert_problem(403, "/problems/forbidden");
    }
    place(&admin().await, &own, &body).await.assert_status(200);
}

#[tokio::test]
async fn e31_values_outside_the_contract_are_400() {
    let (owner, fin) = (User::fag("ed").await, User::sign_in("fin.ed@test.no").await);
    let id = case_in(&owner, "sendt_til_fin").await;
    for (field, value) in [
        ("finListPlacement", json!("c_list")),
        ("finListPlacement", json!(1)),
        ("priorityNumber", json!(1.5)),
        ("priorityNumber", json!("høy")),
        ("priorityNumber", json!(3_000_000_000_u32)),
    ] {
        let answer = place(&fin, &id, &json!({ field: value })).await;
        let problem = answer.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"), "{problem}");
    }
}

#[tokio::test]
async fn e31_typing_a_priority_uses_up_no_save_limit() {
    let (owner, fin) = (User::fag("ed").await, User::sign_in("fin.ed@test.no").await);
    let id = case_in(&owner, "sendt_til_fin").await;
    for number in 0..40 {
        place(&fin, &id, &json!({ "priorityNumber": number })).await.assert_status(200);
    }
    save_content(&fin, &id, &json!({ "finVerbal": "x" })).await.assert_status(200);
}
