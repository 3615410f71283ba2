//! E77 to E87, as far as they promise more than the wire shows: turns taken, statements counted,
//! texts withheld.

use std::collections::BTreeSet;

use domain::list_template::SectionType;
use domain::status::Status;
use edge::problem::ProblemType;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use test_support::{
    Actor, Http, SectionSeed, SeededCase, SeededList, SeededRound, SeededTemplate, Stack,
    recorded_statements,
};

use crate::app::{TestApp, assert_problem};

/// Position of the group that takes `satsingsforslag`.
const GROUP: usize = 1;
/// Position of a section that clients are not shown.
const STRUCTURAL: usize = 3;

/// A list of KLD, its round, and who owns its cases.
struct Scene {
    app: TestApp,
    fin: Http,
    owner: Actor,
    round: SeededRound,
    template: SeededTemplate,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::spawn().await;
        let owner = Actor::fag("KLD");
        let round = app.seed.round("AUG2027").insert().await;
        let sections = [
            SectionSeed::new(SectionType::DepartmentHeader, "{department_name}"),
            SectionSeed::new(SectionType::CaseGroup, "Satsingsforslag")
                .inside(0)
                .config(json!({ "case_type_filter": "satsingsforslag" })),
            SectionSeed::new(SectionType::SummarySection, "Omtalesaker")
                .inside(0)
                .config(json!({ "case_type_filter": "andre_saker" })),
            SectionSeed::new(SectionType::CaseEntryTemplate, "{case_name}").inside(1),
        ];
        let template = app.seed.template(&Actor::admin(), &sections).await;
        let fin = app.by(&Actor::fin()).await;
        Self { app, fin, owner, round, template }
    }

    async fn list(&self) -> SeededList {
        self.app.seed.list(&self.template, &self.round, "KLD").await
    }

    async fn case(&self, status: Status) -> SeededCase {
        self.app.seed.case(&self.round, &self.owner).status(status).insert().await
    }

    async fn assessed(&self, number: usize) -> Vec<SeededCase> {
        let mut cases = Vec::new();
        for _ in 0..number {
            cases.push(self.case(Status::UnderVurderingFin).await);
        }
        cases
    }

    /// Case and place of every entry of a list.
    async fn stored(&self, list: &SeededList) -> Vec<(String, i32)> {
        let select = "SELECT case_id::text, sort_order FROM department_list_case_entries
                      WHERE department_list_id = $1 ORDER BY sort_order";
        let rows = self.app.seed.client().query(select, &[list.id.as_uuid()]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }
}

#[actix_rt::test]
async fn simultaneous_automatic_placements_place_each_case_once() {
    let scene = Scene::new().await;
    for number in [1, 12] {
        scene.assessed(number).await;
        let list = scene.list().await;
        let path = format!("/api/department-lists/{}/auto-place", list.id);
        let body = json!({});
        let answers = join_all((0..8).map(|_| scene.fin.post(&path, &body))).await;
        let placed: Vec<u64> = answers
            .iter()
            .map(|answer| answer.assert_status(200).json()["placed"].as_u64().unwrap())
            .collect();
        let stored = scene.stored(&list).await;
        assert_eq!(placed.iter().filter(|placed| **placed > 0).count(), 1, "{placed:?}");
        assert_eq!(placed.iter().sum::<u64>(), u64::try_from(stored.len()).unwrap());
        let places: Vec<i32> = stored.iter().map(|(_, place)| *place).collect();
        assert!(places.iter().copied().eq((1..).take(stored.len())), "{places:?}");
        let cases: BTreeSet<_> = stored.iter().map(|(case, _)| case).collect();
        assert_eq!(cases.len(), stored.len());
        let delete = scene.fin.delete(&format!("/api/department-lists/{}", list.id)).await;
        delete.assert_status(204);
    }
}

#[actix_rt::test]
async fn a_case_placed_by_rule_and_by_hand_at_once_is_in_the_list_once() {
    let scene = Scene::new().await;
    let list = scene.list().await;
    for _ in 0..6 {
        let case = scene.case(Status::FerdigbehandletFin).await;
        let by_hand = json!({
            "sectionId": list.sections[GROUP], "caseId": case.id, "sortOrder": 1,
        });
        let base = format!("/api/department-lists/{}", list.id);
        let (hand, rule) = (format!("{base}/case-entries"), format!("{base}/auto-place"));
        let (one, all) = (format!("{base}/place-case/{}", case.id), json!({}));
        let (by_hand, (by_rule, alone)) = join(
            scene.fin.post(&hand, &by_hand),
            join(scene.fin.post(&rule, &all), scene.fin.post(&one, &all)),
        )
        .await;
        assert!([201, 409].contains(&by_hand.status.as_u16()), "{}", by_hand.text());
        assert!([200, 400].contains(&alone.status.as_u16()), "{}", alone.text());
        let successes = u64::from(by_hand.status == 201)
            + u64::from(alone.status == 200)
            + by_rule.assert_status(200).json()["placed"].as_u64().unwrap();
        assert_eq!(successes, 1);
    }
    assert_eq!(scene.stored(&list).await.len(), 6);
}

#[actix_rt::test]
async fn of_simultaneous_creations_one_makes_the_list_and_the_others_leave_no_trace() {
    let scene = Scene::new().await;
    scene.app.seed.department("KLD").await;
    let body = json!({
        "templateId": scene.template.id, "budgetRoundId": scene.round.id, "departmentId": "kld",
    });
    let answers = join_all((0..8).map(|_| scene.fin.post("/api/department-lists", &body))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(made.len(), 1);
    for answer in refused {
        assert_problem(answer, ProblemType::CONFLICT);
    }
    let count = "SELECT count(*) FROM department_list_sections";
    let sections: i64 = scene.app.seed.client().query_one(count, &[]).await.unwrap().get(0);
    assert_eq!(usize::try_from(sections).unwrap(), scene.template.sections.len());
}

#[actix_rt::test]
async fn editing_an_entry_and_moving_its_case_never_wait_for_each_other_in_a_circle() {
    let scene = Scene::new().await;
    let list = scene.list().await;
    let case = scene.assessed(1).await.remove(0);
    let entry = scene.app.seed.list_entry(&list, GROUP, &case, 1).await;
    let edit = format!("/api/department-lists/{}/case-entries/{entry}", list.id);
    let place = format!("/api/cases/{}/list-placement", case.id);
    for round in 0..40 {
        let moved = json!({ "finListPlacement": if round % 2 == 0 { "a_list" } else { "b_list" } });
        let renumbered = json!({ "sortOrder": round });
        let (edited, placed) =
            join(scene.fin.put(&edit, &renumbered), scene.fin.patch(&place, &moved)).await;
        edited.assert_status(200);
        placed.assert_status(200);
    }
    let read = "SELECT subgroup, sort_order FROM department_list_case_entries";
    let row = scene.app.seed.client().query_one(read, &[]).await.unwrap();
    assert_eq!((row.get::<_, String>(0), row.get::<_, i32>(1)), ("b_list".to_owned(), 39));
}

async fn statements(scene: &Scene) -> i64 {
    let role = &Stack::load().roles.cases_api.user;
    recorded_statements(scene.app.seed.client(), role).await
}

#[actix_rt::test]
async fn a_list_is_read_with_three_statements_whatever_is_in_it() {
    let scene = Scene::new().await;
    let list = scene.list().await;
    let path = format!("/api/department-lists/{}", list.id);
    let mut shown = 0;
    for more in [1, 39] {
        for case in scene.assessed(more).await {
            shown += 1;
            scene.app.seed.list_entry(&list, GROUP, &case, shown).await;
        }
        // The smallest of some reads: a new connection asks about the server, and the service
        // looks now and then whether the database is there.
        let mut fewest = i64::MAX;
        let mut answer = json!(null);
        for _ in 0..5 {
            let before = statements(&scene).await;
            answer = scene.fin.get(&path).await.assert_status(200).json();
            fewest = fewest.min(statements(&scene).await - before);
        }
        assert_eq!(fewest, 3);
        let group = &answer["sections"][0]["children"][0];
        assert_eq!(group["caseEntries"].as_array().unwrap().len(), usize::try_from(shown).unwrap());
    }
}

#[actix_rt::test]
async fn placing_sends_as_many_statements_for_one_case_and_for_forty() {
    let scene = Scene::new().await;
    let list = scene.list().await;
    let path = format!("/api/department-lists/{}/auto-place", list.id);
    scene.fin.post(&path, &json!({})).await.assert_status(200);
    let mut sent = Vec::new();
    for number in [1, 40] {
        scene.assessed(number).await;
        let before = statements(&scene).await;
        let answer = scene.fin.post(&path, &json!({})).await.assert_status(200).json();
        assert_eq!(answer["placed"], number);
        sent.push(statements(&scene).await - before);
    }
    // The service looks now and then whether the database is there.
    assert!(sent[1].abs_diff(sent[0]) <= 2, "{sent:?}");
}

#[actix_rt::test]
async fn i6_a_case_that_its_ministry_takes_back_keeps_its_entry_but_not_its_texts() {
    let scene = Scene::new().await;
    let list = scene.list().await;
    let case = scene.app.seed.case(&scene.round, &scene.owner).fin_text("Vurdert");
    let case = case.status(Status::UnderVurderingFin).insert().await;
    scene.app.seed.list_entry(&list, GROUP, &case, 1).await;
    let path = format!("/api/department-lists/{}", list.id);
    let admin = scene.app.by(&Actor::admin()).await;
    let before = entry(&scene.fin, &path).await;
    assert_eq!(before["proposalText"], "Forslag, versjon 1");
    assert_eq!(before["finVerbal"], "Vurdert");

    let back = "UPDATE cases SET status = 'klarert' WHERE id = $1";
    scene.app.seed.client().execute(back, &[case.id.as_uuid()]).await.unwrap();
    let hidden = entry(&scene.fin, &path).await;
    assert_eq!(hidden["id"], before["id"]);
    assert_eq!(hidden["caseName"], before["caseName"]);
    for key in ["proposalText", "finAssessment", "finVerbal", "finRConclusion", "amount"] {
        assert_eq!(hidden[key], Value::Null, "{key}");
    }
    assert_eq!(entry(&admin, &path).await, before);

    let handler = "UPDATE cases SET fin_assigned_to = $2 WHERE id = $1";
    let values = [case.id.as_uuid(), &Actor::fin().id().into()];
    scene.app.seed.client().execute(handler, &[values[0], values[1]]).await.unwrap();
    assert_eq!(entry(&scene.fin, &path).await, before, "who may open the case sees it");
}

async fn entry(caller: &Http, path: &str) -> Value {
    let mut list = caller.get(path).await.assert_status(200).json();
    list["sections"][0]["children"][0]["caseEntries"][0].take()
}

#[actix_rt::test]
async fn no_case_is_put_into_a_section_that_clients_never_see() {
    let scene = Scene::new().await;
    let list = scene.list().await;
    let case = scene.case(Status::UnderVurderingFin).await;
    let body = json!({
        "sectionId": list.sections[STRUCTURAL], "caseId": case.id, "sortOrder": 1,
    });
    let path = format!("/api/department-lists/{}/case-entries", list.id);
    let problem = assert_problem(&scene.fin.post(&path, &body).await, ProblemType::INVALID_REQUEST);
    assert_eq!(problem["errors"][0]["pointer"], "/sectionId");
    assert!(scene.stored(&list).await.is_empty());
}

#[actix_rt::test]
async fn i8_places_and_titles_at_their_limits_are_no_reason_to_fail() {
    let scene = Scene::new().await;
    let list = scene.list().await;
    let first = scene.assessed(1).await.remove(0);
    scene.app.seed.list_entry(&list, GROUP, &first, i32::MAX).await;
    scene.assessed(2).await;
    let path = format!("/api/department-lists/{}/auto-place", list.id);
    let answer = scene.fin.post(&path, &json!({})).await.assert_status(200).json();
    assert_eq!(answer["placed"], 2);

    let long = "UPDATE department_list_template_sections SET title_template = repeat($1, 29)";
    let client = scene.app.seed.client();
    client.execute(long, &[&"{department_name}"]).await.unwrap();
    scene.app.seed.department("HOD").await;
    let body = json!({
        "templateId": scene.template.id, "budgetRoundId": scene.round.id, "departmentId": "HOD",
    });
    let created = scene.fin.post("/api/department-lists", &body).await;
    let title = created.assert_status(201).json()["sections"][0]["title"].clone();
    assert_eq!(title.as_str().unwrap().chars().count(), 500);
}

#[actix_rt::test]
async fn every_role_outside_fin_and_administration_is_refused_everywhere() {
    let scene = Scene::new().await;
    let list = scene.list().await;
    let case = scene.case(Status::UnderVurderingFin).await;
    let entry = scene.app.seed.list_entry(&list, GROUP, &case, 1).await;
    let base = format!("/api/department-lists/{}", list.id);
    let requests = [
        ("GET", "/api/department-lists".to_owned()),
        ("GET", base.clone()),
        ("DELETE", base.clone()),
        ("PUT", format!("{base}/status")),
        ("PUT", format!("{base}/sections/{}", list.sections[GROUP])),
        ("POST", format!("{base}/case-entries")),
        ("PUT", format!("{base}/case-entries/{entry}")),
        ("DELETE", format!("{base}/case-entries/{entry}")),
        ("POST", format!("{base}/auto-place")),
        ("POST", format!("{base}/place-case/{}", case.id)),
    ];
    let body = json!({
        "status": "draft", "sectionId": list.sections[GROUP], "caseId": case.id, "sortOrder": 1,
    });
    for role in domain::role::Role::ALL.into_iter().filter(|role| role.is_fag()) {
        let caller = scene.app.by(&Actor::new(role, "KLD")).await;
        for (method, path) in &requests {
            let request = caller.request(method.parse().unwrap(), path).json(&body);
            assert_problem(&caller.send(request).await, ProblemType::FORBIDDEN);
        }
    }
}
