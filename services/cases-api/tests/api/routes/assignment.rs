//! E29 to E31: who may hand a case over, to whom, and where it stands on FIN's lists.

use domain::permission::{can_be_handler, can_change_handler, can_place_case};
use domain::role::{Role, Side};
use domain::status::Status;
use domain::visibility::{CaseFacts, can_open};
use edge::problem::ProblemType;
use futures_util::future::join_all;
use serde_json::{Value, json};
use test_support::{Actor, Answer, Http, SeededCase};
use uuid::Uuid;

use crate::app::{TestApp, assert_problem};
use crate::stored::stored;

/// Somebody of every role at KLD and at FIN, and a stranger from KD.
fn everybody() -> Vec<Actor> {
    let home = |role: Role| if role.is_fag() { "KLD" } else { "FIN" };
    let mut everybody = Role::ALL.map(|role| Actor::new(role, home(role))).to_vec();
    everybody.push(Actor::fag_lead("KD"));
    everybody
}

async fn assign(caller: &Http, case: &SeededCase, side: Side, to: &Actor) -> Answer {
    let verb = if side == Side::Fag { "assign" } else { "fin-assign" };
    let path = format!("/api/cases/{}/{verb}", case.id);
    caller.patch(&path, &json!({ "newAssignedTo": to.id() })).await
}

async fn place(caller: &Http, case: &SeededCase, body: &Value) -> Answer {
    caller.patch(&format!("/api/cases/{}/list-placement", case.id), body).await
}

async fn set_handlers(app: &TestApp, case: &SeededCase, fag: Option<&Actor>, fin: Option<&Actor>) {
    let id = |actor: Option<&Actor>| actor.map(|actor| *actor.id().as_uuid());
    let update = "UPDATE cases SET assigned_to = $2, fin_assigned_to = $3 WHERE id = $1";
    let (client, fag, fin) = (app.seed.client(), id(fag), id(fin));
    client.execute(update, &[case.id.as_uuid(), &fag, &fin]).await.unwrap();
}

#[actix_rt::test]
async fn i6_every_role_hands_over_places_and_is_refused_as_the_rules_say() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let (owner, new_fag, new_fin) =
        (Actor::fag("KLD"), Actor::fag("KLD").named("Ny"), Actor::fin().named("Ny"));
    app.seed.actor(&new_fag).await;
    app.seed.actor(&new_fin).await;
    for status in [Status::Draft, Status::UnderVurderingFin] {
        let case = app.seed.case(&round, &owner).status(status).insert().await;
        for actor in everybody() {
            let caller = app.by(&actor).await;
            let viewer = edge::actor::Actor(actor.identity.clone()).viewer();
            for is_handler in [false, true] {
                for (side, new) in [(Side::Fag, &new_fag), (Side::Fin, &new_fin)] {
                    let mine = is_handler.then_some(&actor);
                    let (fag, fin) = if side == Side::Fag { (mine, None) } else { (None, mine) };
                    set_handlers(&app, &case, fag, fin).await;
                    let facts = CaseFacts {
                        department_id: case.department_id,
                        status,
                        assigned_to: fag.map(Actor::id),
                        fin_assigned_to: fin.map(Actor::id),
                        is_opinion_assignee: false,
                        round_closed: false,
                    };
                    let opens = can_open(&viewer, &facts);
                    let placed = place(&caller, &case, &json!({ "priorityNumber": 1 })).await;
                    let may_place = opens && can_place_case(viewer.role);
                    assert_permitted(&placed, may_place, &actor, status);
                    let assigned = assign(&caller, &case, side, new).await;
                    let may_assign = opens && can_change_handler(&viewer, &facts, side);
                    assert_permitted(&assigned, may_assign, &actor, status);
                }
            }
        }
    }
}

#[track_caller]
fn assert_permitted(answer: &Answer, may: bool, actor: &Actor, status: Status) {
    let role = actor.identity.role;
    if may {
        assert_eq!(answer.status, 200, "{role} in {status}: {}", answer.text());
    } else {
        assert_eq!(answer.status, 403, "{role} in {status}: {}", answer.text());
        assert_problem(answer, ProblemType::FORBIDDEN);
    }
}

#[actix_rt::test]
async fn a_case_goes_to_active_users_of_its_ministry_and_of_fin_alone() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).status(Status::SendtTilFin).insert().await;
    let admin = app.by(&Actor::admin()).await;
    for candidate in everybody() {
        let identity = &candidate.identity;
        app.seed.actor(&candidate).await;
        let facts = CaseFacts {
            department_id: case.department_id,
            status: Status::SendtTilFin,
            assigned_to: None,
            fin_assigned_to: None,
            is_opinion_assignee: false,
            round_closed: false,
        };
        for side in Side::ALL {
            let answer = assign(&admin, &case, side, &candidate).await;
            if can_be_handler(identity.role, identity.department_id, &facts, side) {
                answer.assert_status(200);
            } else {
                let problem = assert_problem(&answer, ProblemType::INVALID_REQUEST);
                assert_eq!(problem["errors"][0]["pointer"], "/newAssignedTo", "{problem}");
            }
        }
    }
    let before = stored(&app, &case).await;
    let (gone, nobody) = (Actor::fag("KLD").named("Sluttet"), Actor::fag("KLD").named("Ingen"));
    app.seed.actor(&gone).await;
    let leave = "UPDATE users SET is_active = false WHERE id = $1";
    app.seed.client().execute(leave, &[gone.id().as_uuid()]).await.unwrap();
    for candidate in [gone, nobody] {
        let answer = assign(&admin, &case, Side::Fag, &candidate).await;
        assert_problem(&answer, ProblemType::INVALID_REQUEST);
    }
    assert_eq!(stored(&app, &case).await, before);
}

#[actix_rt::test]
async fn i1_a_handler_hands_over_once_however_often_it_is_tried_at_the_same_time() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let caller = app.by(&owner).await;
    let successors: Vec<Actor> =
        (0..6).map(|number| Actor::fag("KLD").named(&format!("Kollega {number}"))).collect();
    for successor in &successors {
        app.seed.actor(successor).await;
    }
    for _ in 0..5 {
        let case = app.seed.case(&round, &owner).insert().await;
        let attempts = successors.iter().map(|to| assign(&caller, &case, Side::Fag, to));
        let mut won = Vec::new();
        for answer in join_all(attempts).await {
            if answer.status == 200 {
                won.push(answer.json()["assignedTo"].clone());
            } else {
                assert_problem(&answer, ProblemType::FORBIDDEN);
            }
        }
        assert_eq!(won.len(), 1, "whoever is not the handler any more hands nothing over");
        let now = stored(&app, &case).await;
        assert_eq!(now["case"]["assigned_to"], won[0]);
        assert_eq!(now["events"].as_array().unwrap().len(), 2);
        assert_eq!(now["events"][1]["event_data"]["from"], json!(owner.id()));
    }
}

#[actix_rt::test]
async fn a_placement_follows_the_case_into_its_department_lists_and_touches_only_those() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let (owner, fin) = (Actor::fag("KLD"), Actor::fin());
    let case = app.seed.case(&round, &owner).status(Status::SendtTilFin).insert().await;
    let other = app.seed.case(&round, &owner).status(Status::SendtTilFin).insert().await;
    let caller = app.by(&fin).await;
    let with_both = department_list(&app, &fin, "KLD", &round, &[&case, &other]).await;
    let without = department_list(&app, &fin, "KD", &round, &[&other]).await;
    let before = [list_row(&app, with_both).await, list_row(&app, without).await];

    let answer = place(&caller, &case, &json!({ "finListPlacement": "b_list" })).await;
    assert_eq!(
        answer.assert_status(200).json(),
        json!({ "finListPlacement": "b_list", "priorityNumber": null })
    );
    let after = list_row(&app, with_both).await;
    assert_eq!(
        after["subgroups"],
        json!({ case.id.to_string(): "b_list", other.id.to_string(): "a_list" })
    );
    assert!(after["updated_at"].as_str() > before[0]["updated_at"].as_str());
    assert_eq!(list_row(&app, without).await, before[1]);

    place(&caller, &case, &json!({ "priorityNumber": 2 })).await.assert_status(200);
    assert_eq!(list_row(&app, with_both).await, after, "a priority is no subgroup");
    place(&caller, &case, &json!({ "finListPlacement": null })).await.assert_status(200);
    let cleared = list_row(&app, with_both).await;
    assert_eq!(cleared["subgroups"][case.id.to_string()], Value::Null);
}

/// A list of one section with these cases on the A list.
async fn department_list(
    app: &TestApp,
    creator: &Actor,
    department: &str,
    round: &test_support::SeededRound,
    cases: &[&SeededCase],
) -> Uuid {
    let (department, client) = (app.seed.department(department).await, app.seed.client());
    let [template, template_section, list, section] = [(); 4].map(|()| Uuid::new_v4());
    let creator = creator.id();
    let template_row = "INSERT INTO department_list_templates
            (id, name, budget_round_type, created_by) VALUES ($1, 'Mal', 'august', $2)";
    client.execute(template_row, &[&template, creator.as_uuid()]).await.unwrap();
    let section_row = "INSERT INTO department_list_template_sections
            (id, template_id, title_template, heading_style, section_type, sort_order)
        VALUES ($1, $2, 'Satsinger', 'Deplisteoverskrift3', 'case_group', 1)";
    client.execute(section_row, &[&template_section, &template]).await.unwrap();
    let list_row = "INSERT INTO department_lists
            (id, template_id, budget_round_id, department_id, created_by)
        VALUES ($1, $2, $3, $4, $5)";
    let (round, department) = (round.id.as_uuid(), department.as_uuid());
    client
        .execute(list_row, &[&list, &template, round, department, creator.as_uuid()])
        .await
        .unwrap();
    let instance_row = "INSERT INTO department_list_sections
            (id, department_list_id, template_section_id, sort_order) VALUES ($1, $2, $3, 1)";
    client.execute(instance_row, &[&section, &list, &template_section]).await.unwrap();
    let entry_row = "INSERT INTO department_list_case_entries
            (department_list_id, section_id, case_id, subgroup, sort_order)
        VALUES ($1, $2, $3, 'a_list', 1)";
    for case in cases {
        client.execute(entry_row, &[&list, &section, case.id.as_uuid()]).await.unwrap();
    }
    list
}

async fn list_row(app: &TestApp, list: Uuid) -> Value {
    let read = "SELECT to_jsonb(department_lists) || jsonb_build_object('subgroups',
            (SELECT jsonb_object_agg(case_id, subgroup) FROM department_list_case_entries
             WHERE department_list_id = department_lists.id))
        FROM department_lists WHERE id = $1";
    app.seed.client().query_one(read, &[&list]).await.unwrap().get(0)
}

#[actix_rt::test]
async fn i8_hostile_assignments_and_placements_are_refused_and_leave_no_trace() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).status(Status::SendtTilFin).insert().await;
    let before = stored(&app, &case).await;
    let admin = app.by(&Actor::admin()).await;
    for body in [json!({}), json!({ "newAssignedTo": null }), json!({ "newAssignedTo": "meg" })] {
        for verb in ["assign", "fin-assign"] {
            let answer = admin.patch(&format!("/api/cases/{}/{verb}", case.id), &body).await;
            let problem = assert_problem(&answer, ProblemType::INVALID_REQUEST);
            assert_eq!(problem["errors"][0]["pointer"], "/newAssignedTo", "{problem}");
        }
    }
    for (pointer, body) in [
        ("/finListPlacement", json!({ "finListPlacement": "c_list" })),
        ("/finListPlacement", json!({ "finListPlacement": "" })),
        ("/finListPlacement", json!({ "finListPlacement": 1 })),
        ("/priorityNumber", json!({ "priorityNumber": 2_147_483_648_u32 })),
        ("/priorityNumber", json!({ "priorityNumber": 1.5 })),
        ("/priorityNumber", json!({ "priorityNumber": "1" })),
    ] {
        let problem =
            assert_problem(&place(&admin, &case, &body).await, ProblemType::INVALID_REQUEST);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    assert_eq!(stored(&app, &case).await, before);
}
