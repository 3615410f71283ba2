//! E60 to E64 beyond the wire: who may, and replacing under contention.

use domain::role::Role;
use domain::status::Status;
use futures_util::future::join_all;
use serde_json::{Value, json};
use test_support::{Actor, Http, SeededCase};
use uuid::Uuid;

use crate::app::TestApp;

fn at(case: &SeededCase) -> String {
    format!("/api/cases/{}/conclusions", case.id)
}

/// Every operation on conclusions of a case, with the status that each is answered.
async fn every_status(caller: &Http, case: &SeededCase, conclusion: &str) -> Vec<u16> {
    let (list, one) = (at(case), format!("{}/{conclusion}", at(case)));
    let body = json!({ "text": "Bevilges", "sortOrder": 1 });
    let answers = [
        caller.get(&list).await,
        caller.post(&list, &body).await,
        caller.put(&one, &body).await,
        caller.delete(&one).await,
        caller.put(&list, &json!([body])).await,
    ];
    answers.iter().map(|answer| answer.status.as_u16()).collect()
}

#[actix_rt::test]
async fn i6_conclusions_are_read_by_who_opens_the_case_and_written_by_fin_alone() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let at_fin = app.seed.case(&round, &owner).status(Status::UnderVurderingFin).insert().await;
    let pre_fin = app.seed.case(&round, &owner).status(Status::Klarert).insert().await;
    let unknown = Uuid::new_v4().to_string();
    for role in Role::ALL {
        let insider = Actor::new(role, if role.is_fag() { "KLD" } else { "FIN" });
        let caller = app.by(&insider).await;
        let expected =
            if role.is_fag() { [200, 403, 403, 403, 403] } else { [200, 201, 404, 404, 200] };
        assert_eq!(every_status(&caller, &at_fin, &unknown).await, expected, "{role}");
        if role.is_fin() {
            assert_eq!(every_status(&caller, &pre_fin, &unknown).await, [403; 5], "{role}");
        }
        if role.is_fag() {
            let outsider = app.by(&Actor::new(role, "KD")).await;
            assert_eq!(every_status(&outsider, &at_fin, &unknown).await, [403; 5], "{role}");
        }
    }
}

#[actix_rt::test]
async fn of_simultaneous_replacements_one_stands_whole() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).status(Status::UnderVurderingFin).insert().await;
    let fin = app.by(&Actor::fin()).await;
    for _ in 0..5 {
        let replacements = (0..8).map(|writer| {
            let all: Vec<_> = (1..=3)
                .map(|place| json!({ "text": format!("Av {writer}"), "sortOrder": place }))
                .collect();
            let (fin, path) = (&fin, at(&case));
            async move { fin.put(&path, &all).await }
        });
        for answer in join_all(replacements).await {
            answer.assert_status(200);
        }
        let left: Vec<Value> = fin.get(&at(&case)).await.parse();
        assert_eq!(left.len(), 3, "{left:?}");
        assert!(left.iter().all(|one| one["text"] == left[0]["text"]), "{left:?}");
    }
}

#[actix_rt::test]
async fn conclusions_of_one_place_keep_the_order_of_writing() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).status(Status::UnderVurderingFin).insert().await;
    let fin = app.by(&Actor::fin()).await;
    let texts: Vec<_> = (0..200).map(|number| format!("Punkt {number}")).collect();
    let all: Vec<_> = texts.iter().map(|text| json!({ "text": text, "sortOrder": 7 })).collect();
    for answer in [fin.put(&at(&case), &all).await, fin.get(&at(&case)).await] {
        let rows: Vec<Value> = answer.assert_status(200).parse();
        assert_eq!(rows.iter().map(|row| row["text"].clone()).collect::<Vec<_>>(), texts);
    }
}
