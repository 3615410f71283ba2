//! E14 to E21.

use domain::case_list::{CaseListFacts, CaseListFilters};
use domain::role::Role;
use domain::status::Status;
use edge::problem::ProblemType;
use serde_json::{Value, json};
use test_support::{Actor, Answer, SeededCase};
use uuid::Uuid;

use crate::app::{TestApp, assert_problem};

/// Ids of the cases in a list, as sent.
fn ids(answer: &Answer) -> Vec<String> {
    let list = answer.assert_status(200).json();
    let id = |case: &Value| case["id"].as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(id).collect()
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

/// Somebody of every role, at KLD or at FIN.
fn everybody() -> Vec<Actor> {
    let department = |role: Role| if role.is_fag() { "KLD" } else { "FIN" };
    Role::ALL.map(|role| Actor::new(role, department(role))).to_vec()
}

/// A case in every status at KLD and at KD.
async fn cases_in_every_status(app: &TestApp) -> Vec<(SeededCase, Status)> {
    let round = app.seed.round("AUG2027").insert().await;
    let mut cases = Vec::new();
    for creator in [Actor::fag("KLD"), Actor::fag("KD")] {
        for (number, status) in Status::ALL.into_iter().enumerate() {
            let case = app.seed.case(&round, &creator).status(status);
            let case_type = if number % 2 == 0 { "andre_saker" } else { "budsjettiltak" };
            let name = format!("Sak {number} om Åpne data");
            cases.push((case.case_type(case_type).named(&name).insert().await, status));
        }
    }
    cases
}

#[actix_rt::test]
async fn i6_the_list_in_sql_and_the_rules_of_the_domain_agree_for_every_role() {
    let app = TestApp::spawn().await;
    let cases = cases_in_every_status(&app).await;
    let kld = app.seed.department("KLD").await;
    let filters = [
        ("", CaseListFilters::default()),
        (
            "?status=sendt_til_fin",
            CaseListFilters { status: Some("sendt_til_fin".into()), ..CaseListFilters::default() },
        ),
        (
            "?department_id=kld&case_type=andre_saker",
            CaseListFilters {
                department_id: Some(kld),
                case_type: Some("andre_saker".into()),
                ..CaseListFilters::default()
            },
        ),
        (
            "?search=3+OM+%C3%85PNE&myDepartments=false",
            CaseListFilters {
                search: Some("3 om åpne".into()),
                my_departments: Some(false),
                ..CaseListFilters::default()
            },
        ),
    ];
    // Before the first list: portfolios follow the staff register, and are read every few minutes.
    for actor in everybody().iter().filter(|actor| actor.identity.role.is_fin()) {
        app.seed.portfolio(actor, &["KD"]).await;
    }
    for actor in everybody() {
        let caller = app.by(&actor).await;
        let portfolio = [app.seed.department("KD").await];
        for (query, filters) in &filters {
            let listed = ids(&caller.get(&format!("/api/cases{query}")).await);
            let all =
                app.seed.client().query("SELECT id, case_name, case_type FROM cases", &[]).await;
            let mut expected = Vec::new();
            for row in all.unwrap() {
                let id: Uuid = row.get(0);
                let (case, status) =
                    cases.iter().find(|(case, _)| *case.id.as_uuid() == id).unwrap();
                let facts = CaseListFacts {
                    id: case.id,
                    budget_round_id: case.round_id,
                    department_id: case.department_id,
                    status: *status,
                    case_name: row.get(1),
                    case_type: row.get(2),
                    responsible_division: Some("Budsjettavdelingen"),
                };
                if filters.matches(&viewer(&actor), &portfolio, &facts) {
                    expected.push(id.to_string());
                }
            }
            assert_eq!(sorted(listed), sorted(expected), "{} {query}", actor.identity.role);
        }
    }
}

fn viewer(actor: &Actor) -> domain::visibility::Viewer {
    edge::actor::Actor(actor.identity.clone()).viewer()
}

#[actix_rt::test]
async fn a_list_item_has_every_documented_key_and_no_content() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let (fag, fin) = (Actor::fag("KLD"), Actor::fin());
    let case = app.seed.case(&round, &fag).status(Status::SendtTilFin).fin_handler(&fin);
    let case = case.document(json!({ "type": "caseDocument", "content": [] })).insert().await;
    let answer = app.by(&fag).await.get("/api/cases").await;
    let mut item = answer.assert_status(200).json()[0].take();
    assert!(!answer.text().contains("contentJson"));
    assert!(answer.body.len() <= 1200, "{} bytes", answer.body.len());
    for time in ["createdAt", "updatedAt"] {
        assert!(item[time].as_str().unwrap().ends_with('Z'), "{item}");
        item[time].take();
    }
    assert_eq!(
        item,
        json!({
            "id": case.id, "budgetRoundId": round.id, "departmentId": case.department_id,
            "departmentCode": "KLD", "caseName": "Økt bevilgning til testformål",
            "chapter": "700", "post": "01", "amount": 12000, "finAmount": null, "govAmount": null,
            "caseType": "satsingsforslag", "status": "sendt_til_fin",
            "assignedTo": fag.id(), "assignedToName": fag.identity.name,
            "finAssignedTo": fin.id(), "finAssignedToName": fin.identity.name,
            "createdBy": fag.id(), "createdByName": fag.identity.name, "origin": "fag",
            "responsibleDivision": "Budsjettavdelingen", "finListPlacement": null,
            "priorityNumber": null, "version": 1, "createdAt": null, "updatedAt": null,
            "currentContent": null, "opinions": null,
        })
    );
    let light = app.by(&fag).await.get("/api/cases/list").await.assert_status(200).json();
    let keys = light[0].as_object().unwrap();
    assert_eq!(keys.len(), 25);
    assert!(!keys.contains_key("currentContent") && !keys.contains_key("opinions"));
}

#[actix_rt::test]
async fn both_spellings_codes_ids_and_the_words_for_nothing_are_understood() {
    let app = TestApp::spawn().await;
    let (here, elsewhere) =
        (app.seed.round("AUG2027").insert().await, app.seed.round("RNB2027").insert().await);
    let case = app.seed.case(&here, &Actor::fag("KLD")).insert().await;
    app.seed.case(&elsewhere, &Actor::fag("KLD")).insert().await;
    app.seed.case(&elsewhere, &Actor::fag("KD")).insert().await;
    let admin = app.by(&Actor::admin()).await;
    for query in [
        format!("budgetRoundId={}", here.id),
        format!("budget_round_id={}", here.id.to_string().to_uppercase()),
        format!("budgetRoundId={}&budget_round_id={}", here.id, elsewhere.id),
        format!("budgetRoundId={}&departmentId=kld", here.id),
        format!("budgetRoundId={}&department_id={}", here.id, case.department_id),
    ] {
        let listed = ids(&admin.get(&format!("/api/cases?{query}")).await);
        assert_eq!(listed, [case.id.to_string()], "{query}");
    }
    for query in ["budgetRoundId=None&departmentId=&status=null&caseType=undefined", ""] {
        assert_eq!(ids(&admin.get(&format!("/api/cases?{query}")).await).len(), 3, "{query}");
    }
    let nobody = Uuid::new_v4();
    for query in [format!("departmentId={nobody}"), "departmentId=xyz".into(), "status=x".into()] {
        assert!(ids(&admin.get(&format!("/api/cases?{query}")).await).is_empty(), "{query}");
    }
}

#[actix_rt::test]
async fn i8_hostile_filters_are_refused_or_find_nothing() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    app.seed.case(&round, &Actor::fag("KLD")).named("100 % dekning").insert().await;
    app.seed.case(&round, &Actor::fag("KLD")).named("1000 dekning").insert().await;
    let fag = app.by(&Actor::fag("KLD")).await;
    let refused = [
        "cases?budgetRoundId=abc",
        "cases?myDepartments=kanskje",
        "cases?search=%00",
        "cases/history?year=20x6",
        "cases/history?year=99999999999",
        "cases/my-cases?budget_round_id=1",
    ];
    for path in refused {
        assert_problem(&fag.get(&format!("/api/{path}")).await, ProblemType::INVALID_REQUEST);
    }
    let long = "x".repeat(6000);
    for path in [
        format!("cases?search={long}"),
        format!("cases?status={long}"),
        "cases?departmentId=%F0%9F%92%A3'%3B--".to_owned(),
        "cases/history?year=-2147483648".to_owned(),
        "cases/history?year=2147483647".to_owned(),
        "cases/history?year=262142".to_owned(),
        "cases?division=%25".to_owned(),
        "cases?search=_".to_owned(),
    ] {
        assert!(ids(&fag.get(&format!("/api/{path}")).await).is_empty(), "{path:.60}");
    }
    // A percent sign means itself, not "anything".
    assert_eq!(ids(&fag.get("/api/cases?search=100%20%25").await).len(), 1);
}

#[actix_rt::test]
async fn a_list_is_sorted_by_change_and_a_fin_user_sees_the_portfolio_first() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let mut cases = Vec::new();
    for department in ["KLD", "KD", "SD"] {
        let creator = Actor::fag(department);
        let case = app.seed.case(&round, &creator).status(Status::SendtTilFin).insert().await;
        cases.push(case.id.to_string());
    }
    let touched = "UPDATE cases SET updated_at = now() + interval '1 minute' WHERE id = $1";
    let oldest: Uuid = cases[0].parse().unwrap();
    app.seed.client().execute(touched, &[&oldest]).await.unwrap();
    let newest_first = [cases[0].clone(), cases[2].clone(), cases[1].clone()];
    let without = app.by(&Actor::fin().named("Uten portefølje")).await;
    let fin = Actor::fin();
    let with = app.by(&fin).await;
    app.seed.portfolio(&fin, &["KD", "SD"]).await;
    assert_eq!(ids(&without.get("/api/cases").await), newest_first, "no portfolio, no filter");
    let own = [cases[2].clone(), cases[1].clone()];
    for query in ["", "?my_departments=true", "?departmentId=None"] {
        assert_eq!(ids(&with.get(&format!("/api/cases{query}")).await), own, "{query}");
    }
    assert_eq!(ids(&with.get("/api/cases?myDepartments=false").await).len(), 3);
    let elsewhere = with.get("/api/cases?departmentId=KLD&myDepartments=true").await;
    assert_eq!(ids(&elsewhere), [cases[0].clone()]);
}

#[actix_rt::test]
async fn history_shows_closed_rounds_by_round_year_or_year_of_creation() {
    let app = TestApp::spawn().await;
    let open = app.seed.round("AUG2027").insert().await;
    let closed = app.seed.round("AUG2025").year(2025).closed().insert().await;
    let (kld, kd) = (Actor::fag("KLD"), Actor::fag("KD"));
    let now_open = app.seed.case(&open, &kld).insert().await;
    let in_2024 = "2024-06-01T12:00:00Z".parse().unwrap();
    let old = app.seed.case(&closed, &kld).created_at(in_2024).insert().await;
    let other = app.seed.case(&closed, &kd).insert().await;
    let own = app.by(&kld).await;
    for query in ["", "?year=2025", "?year=2024", "?chapter=700&post=01", "?department_id=KLD"] {
        let listed = ids(&own.get(&format!("/api/cases/history{query}")).await);
        assert_eq!(listed, [old.id.to_string()], "{query}");
    }
    for query in ["?year=2023", "?chapter=70", "?departmentId=KD"] {
        assert!(ids(&own.get(&format!("/api/cases/history{query}")).await).is_empty(), "{query}");
    }
    let secretary = Actor::new(Role::DepartementsraadFag, "KLD");
    for actor in [Actor::budget_unit("KLD"), secretary, Actor::fin(), Actor::admin()] {
        let listed = ids(&app.by(&actor).await.get("/api/cases/history").await);
        assert_eq!(listed, [other.id.to_string(), old.id.to_string()], "{}", actor.identity.role);
        assert!(!listed.contains(&now_open.id.to_string()));
    }
}

#[actix_rt::test]
async fn my_cases_are_the_handlers_own_and_a_fin_leaders_portfolio() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let (kld, fin, lead) = (Actor::fag("KLD"), Actor::fin(), Actor::fin_lead());
    let draft = app.seed.case(&round, &kld).insert().await;
    let sent = app.seed.case(&round, &kld).status(Status::SendtTilFin);
    let sent = sent.fin_handler(&fin).insert().await;
    app.seed.case(&round, &Actor::fag("KD")).status(Status::SendtTilFin).insert().await;
    app.seed.portfolio(&lead, &["KLD"]).await;
    let all = |answer: Answer| sorted(ids(&answer));
    let path = format!("/api/cases/my-cases?budget_round_id={}", round.id);
    let both = sorted(vec![draft.id.to_string(), sent.id.to_string()]);
    assert_eq!(all(app.by(&kld).await.get(&path).await), both);
    assert_eq!(all(app.by(&fin).await.get(&path).await), [sent.id.to_string()]);
    assert_eq!(all(app.by(&lead).await.get(&path).await), [sent.id.to_string()]);
    assert!(ids(&app.by(&Actor::admin()).await.get(&path).await).is_empty());
    let elsewhere = format!("/api/cases/my-cases?budgetRoundId={}", Uuid::new_v4());
    assert!(ids(&app.by(&kld).await.get(&elsewhere).await).is_empty());
}

#[actix_rt::test]
async fn my_tasks_are_the_pending_opinions_asked_of_me() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let (kld, kd) = (Actor::fag("KLD"), Actor::fag("KD"));
    let case = app.seed.case(&round, &kld).insert().await;
    let asked = app.seed.pending_opinion(&case, "godkjenning", &kld, &kd).await;
    let answered = app.seed.pending_opinion(&case, "uttalelse", &kld, &kd).await;
    let answer = "UPDATE case_opinions SET status = 'given', resolved_at = now() WHERE id = $1";
    app.seed.client().execute(answer, &[&answered]).await.unwrap();
    let mut tasks = app.by(&kd).await.get("/api/cases/my-tasks").await.assert_status(200).json();
    tasks[0]["createdAt"].take();
    assert_eq!(
        tasks,
        json!([{
            "id": asked, "caseId": case.id, "type": "godkjenning", "requestedBy": kld.id(),
            "requestedByName": kld.identity.name, "assignedTo": kd.id(),
            "assignedToName": kd.identity.name, "status": "pending", "opinionText": null,
            "requestComment": null, "forwardedFromId": null, "originalOpinionId": null,
            "createdAt": null, "resolvedAt": null,
        }])
    );
    assert_eq!(app.by(&kld).await.get("/api/cases/my-tasks").await.json(), json!([]));
}

#[actix_rt::test]
async fn a_case_page_carries_its_newest_content_and_all_opinions() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let (kld, kd) = (Actor::fag("KLD"), Actor::fag("KD"));
    let document = json!({ "type": "caseDocument", "content": [] });
    let case = app.seed.case(&round, &kld).versions(3).document(document).insert().await;
    let path = format!("/api/cases/{}", case.id);
    let page = app.by(&kld).await.get(&path).await.assert_status(200).json();
    assert_eq!(page["version"], 3);
    assert_eq!(page["opinions"], json!([]));
    let content = &page["currentContent"];
    assert_eq!(content["version"], 3);
    assert_eq!(content["id"], json!(case.content_ids[2]));
    assert_eq!(content["proposalText"], "Forslag, versjon 3");
    assert_eq!(content["createdByName"], kld.identity.name);
    assert_eq!(content["trackChangesActive"], false);
    let document: Value = serde_json::from_str(content["contentJson"].as_str().unwrap()).unwrap();
    assert_eq!(document["type"], "caseDocument");

    app.seed.pending_opinion(&case, "uttalelse", &kld, &kd).await;
    let page = app.by(&kd).await.get(&path).await.assert_status(200).json();
    assert_eq!(page["opinions"][0]["assignedToName"], kd.identity.name);
}

#[actix_rt::test]
async fn i6_a_case_opens_for_those_the_contract_names_and_nobody_else() {
    let app = TestApp::spawn().await;
    let open = app.seed.round("AUG2027").insert().await;
    let closed = app.seed.round("AUG2025").closed().insert().await;
    let owner = Actor::fag("KLD");
    let draft = app.seed.case(&open, &owner).insert().await;
    let sent = app.seed.case(&open, &owner).status(Status::SendtTilFin).insert().await;
    let past = app.seed.case(&closed, &owner).insert().await;
    let handled = app.seed.case(&open, &owner).fin_handler(&Actor::fin()).insert().await;
    // Columns: a draft, one at FIN, one of a closed round, a draft whose FIN handler is Actor::fin().
    let cases = [&draft, &sent, &past, &handled];
    let rights = [
        (owner.clone(), [true, true, true, true]),
        (Actor::fag_lead("KLD"), [true, true, true, true]),
        (Actor::fag("KD"), [false, false, false, false]),
        (Actor::fag_lead("KD"), [false, false, false, false]),
        (Actor::budget_unit("KD"), [false, false, true, false]),
        (Actor::new(Role::DepartementsraadFag, "KD"), [false, false, true, false]),
        (Actor::fin(), [false, true, true, true]),
        (Actor::fin_lead(), [false, true, true, false]),
        (Actor::admin(), [true, true, true, true]),
    ];
    for (actor, may_open) in rights {
        let caller = app.by(&actor).await;
        for (case, may_open) in cases.into_iter().zip(may_open) {
            for path in ["", "/events", "/content", "/content/1"] {
                let answer = caller.get(&format!("/api/cases/{}{path}", case.id)).await;
                if may_open {
                    answer.assert_status(200);
                } else {
                    assert_problem(&answer, ProblemType::FORBIDDEN);
                }
            }
        }
    }
    // Being asked for an opinion opens the case, and having answered keeps it open.
    let asked = Actor::fag("KD");
    let opinion = app.seed.pending_opinion(&draft, "uttalelse", &owner, &asked).await;
    let path = format!("/api/cases/{}/events", draft.id);
    app.by(&asked).await.get(&path).await.assert_status(200);
    let answer = "UPDATE case_opinions SET status = 'given', resolved_at = now() WHERE id = $1";
    app.seed.client().execute(answer, &[&opinion]).await.unwrap();
    app.by(&asked).await.get(&path).await.assert_status(200);
}

#[actix_rt::test]
async fn i8_an_unknown_case_and_an_id_that_is_none_are_not_found() {
    let app = TestApp::spawn().await;
    let admin = app.by(&Actor::admin()).await;
    for id in [Uuid::new_v4().to_string(), "...".into(), "%00".into(), "1".into()] {
        for path in ["", "/events", "/content", "/content/1"] {
            let answer = admin.get(&format!("/api/cases/{id}{path}")).await;
            assert_problem(&answer, ProblemType::NOT_FOUND);
        }
    }
}

#[actix_rt::test]
async fn i6_fin_text_reaches_a_ministry_only_when_the_government_has_the_case() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag_lead("KLD");
    let section = json!({
        "type": "caseSection", "attrs": { "fieldKey": "finAssessment" }, "content": [
            { "type": "sectionTitle", "content": [{ "type": "text", "text": "FINs vurdering" }] },
            { "type": "sectionContent", "content": [{
                "type": "paragraph", "content": [{ "type": "text", "text": "HEMMELIG" }],
            }] },
        ],
    });
    let document = json!({ "type": "caseDocument", "content": [section] });
    for status in Status::ALL {
        let case = app.seed.case(&round, &owner).status(status).fin_text("HEMMELIG");
        let case = case.document(document.clone()).insert().await;
        let shown = matches!(status, Status::SendtTilRegjeringen | Status::Regjeringsbehandlet);
        for path in ["", "/content", "/content/1"] {
            let path = format!("/api/cases/{}{path}", case.id);
            let answer = app.by(&owner).await.get(&path).await;
            let text = answer.assert_status(200).text();
            assert_eq!(text.contains("HEMMELIG"), shown, "{status} {path}");
            let admin = app.by(&Actor::admin()).await.get(&path).await;
            assert!(admin.assert_status(200).text().contains("HEMMELIG"), "{status} {path}");
        }
    }
}

#[actix_rt::test]
async fn fin_gets_a_section_to_write_in_for_each_of_its_fields() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).status(Status::UnderVurderingFin);
    let case = case.fin_text("Vurdert").document(json!({ "type": "caseDocument", "content": [] }));
    let case = case.insert().await;
    let bare = app.seed.case(&round, &owner).status(Status::UnderVurderingFin).insert().await;
    let path = format!("/api/cases/{}", case.id);
    let content_json = |page: Value| page["currentContent"]["contentJson"].clone();
    let document = content_json(app.by(&Actor::fin()).await.get(&path).await.json());
    for key in ["finAssessment", "finVerbal", "finRConclusion", "Vurdert"] {
        assert!(document.as_str().unwrap().contains(key), "{key}");
    }
    let document = content_json(app.by(&owner).await.get(&path).await.json());
    assert!(!document.as_str().unwrap().contains("fin"), "{document}");
    let path = format!("/api/cases/{}", bare.id);
    assert!(content_json(app.by(&Actor::fin()).await.get(&path).await.json()).is_null());
}

#[actix_rt::test]
async fn events_are_newest_first_under_the_names_the_client_has_labels_for() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).insert().await;
    for kind in ["updated", "document_saved", "sent_to_fin", "fin_responsible_changed"] {
        let event = "INSERT INTO case_events (case_id, event_type, event_data, user_id)
                     VALUES ($1, $2, jsonb_build_object('to', 'x'), $3)";
        let who = owner.id();
        app.seed.client().execute(event, &[case.id.as_uuid(), &kind, who.as_uuid()]).await.unwrap();
    }
    let path = format!("/api/cases/{}/events", case.id);
    let events = app.by(&owner).await.get(&path).await.assert_status(200).json();
    let kinds: Vec<_> =
        events.as_array().unwrap().iter().map(|event| event["eventType"].as_str()).collect();
    let expected =
        ["fin_responsible_changed", "submitted", "content_updated", "content_updated", "created"];
    assert_eq!(kinds, expected.map(Some));
    assert_eq!(events[0]["eventData"], r#"{"to": "x"}"#, "JSON text, not an object");
    assert_eq!(events[0]["userName"], owner.identity.name);
    assert_eq!(events[0]["userId"], json!(owner.id()));
}

#[actix_rt::test]
async fn a_new_case_belongs_to_its_creator_with_version_1_and_an_event() {
    let app = TestApp::spawn().await;
    app.seed.reference_data().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let fag = app.by(&owner).await;
    let body = json!({
        "budgetRoundId": round.id, "CASENAME": " Ny sak på Ås ", "caseType": "satsingsforslag",
        "chapter": "1400", "post": "21", "amount": "-12000", "proposalText": "Forslag",
        "justification": "", "departmentId": "KD", "ukjent": true,
    });
    let answer = fag.post("/api/cases", &body).await;
    let case = answer.assert_status(201).json();
    let path = answer.header("location");
    assert_eq!(path, format!("/api/cases/{}", case["id"].as_str().unwrap()));
    assert_eq!(case["caseName"], "Ny sak på Ås");
    assert_eq!(case["departmentCode"], "KLD", "a ministry creates cases of its own only");
    assert_eq!(case["status"], "draft");
    assert_eq!(case["amount"], -12000);
    assert_eq!(case["origin"], "fag");
    assert_eq!(case["responsibleDivision"], "Budsjettavdelingen");
    assert_eq!(case["assignedTo"], json!(owner.id()));
    assert_eq!(case["createdBy"], json!(owner.id()));
    assert_eq!(case["version"], 1);
    assert_eq!(case["opinions"], json!([]));
    let content = &case["currentContent"];
    assert_eq!(content["version"], 1);
    assert_eq!(content["status"], "draft");
    assert_eq!(content["proposalText"], "Forslag");
    assert!(content["justification"].is_null() && content["contentJson"].is_null());
    assert_eq!(fag.get(path).await.assert_status(200).json(), case);
    let events = fag.get(&format!("{path}/events")).await.json();
    let about: Value = serde_json::from_str(events[0]["eventData"].as_str().unwrap()).unwrap();
    assert_eq!(about, json!({ "case_name": "Ny sak på Ås", "case_type": "satsingsforslag" }));
    assert_eq!(events[0]["eventType"], "created");
}

#[actix_rt::test]
async fn fin_and_admin_create_cases_of_their_own_or_for_a_ministry() {
    let app = TestApp::spawn().await;
    app.seed.reference_data().await;
    let round = app.seed.round("AUG2027").insert().await;
    let kd = app.seed.department("KD").await;
    let body = |department: Value| {
        json!({
            "budgetRoundId": round.id, "caseName": "Sak", "caseType": "andre_saker",
            "departmentId": department,
        })
    };
    for actor in [Actor::fin(), Actor::admin()] {
        let caller = app.by(&actor).await;
        for (department, code) in [(json!(null), "FIN"), (json!("kd"), "KD"), (json!(kd), "KD")] {
            let case = caller.post("/api/cases", &body(department)).await.assert_status(201).json();
            assert_eq!(case["departmentCode"], code);
            assert_eq!(case["origin"], "fin");
        }
        for unknown in [json!("xyz"), json!(Uuid::new_v4())] {
            let answer = caller.post("/api/cases", &body(unknown)).await;
            let problem = assert_problem(&answer, ProblemType::INVALID_REQUEST);
            assert_eq!(problem["errors"][0]["pointer"], "/departmentId");
        }
    }
}

#[actix_rt::test]
async fn i1_a_refused_case_is_told_what_is_wrong_and_leaves_no_trace() {
    let app = TestApp::spawn().await;
    app.seed.reference_data().await;
    let round = app.seed.round("AUG2027").insert().await;
    let closed = app.seed.round("AUG2025").closed().insert().await;
    let inactive = "UPDATE case_type_definitions SET is_active = false WHERE code = 'andre_saker'";
    app.seed.client().execute(inactive, &[]).await.unwrap();
    let fag = app.by(&Actor::fag("KLD")).await;
    for (pointer, key, value) in [
        ("/budgetRoundId", "budgetRoundId", json!(Uuid::new_v4())),
        ("/budgetRoundId", "budgetRoundId", json!("abc")),
        ("/budgetRoundId", "budgetRoundId", json!(closed.id)),
        ("/caseType", "caseType", json!("ukjent")),
        ("/caseType", "caseType", json!("andre_saker")),
        ("/caseType", "caseType", json!("x".repeat(31))),
        ("/caseName", "caseName", json!("  ")),
        ("/caseName", "caseName", json!("x".repeat(501))),
        ("/caseName", "caseName", json!(null)),
        ("/caseName", "caseName", json!("a\u{0}b")),
        ("/chapter", "chapter", json!("12345678901")),
        ("/post", "post", json!("12345678901")),
        ("/amount", "amount", json!(1.5)),
        ("/amount", "amount", json!("tolv")),
        ("/amount", "amount", json!(9_223_372_036_854_775_808_u64)),
        ("/proposalText", "proposalText", json!("\u{0}")),
    ] {
        let mut body = json!({
            "budgetRoundId": round.id, "caseName": "Sak", "caseType": "budsjettiltak",
        });
        body[key] = value;
        let answer = fag.post("/api/cases", &body).await;
        let problem = assert_problem(&answer, ProblemType::INVALID_REQUEST);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let missing = fag.post("/api/cases", &json!({})).await;
    assert_problem(&missing, ProblemType::INVALID_REQUEST);
    let rows = app.seed.client().query("SELECT id FROM cases", &[]).await.unwrap();
    assert!(rows.is_empty());
}
