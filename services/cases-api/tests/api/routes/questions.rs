//! E41 to E44 beyond the wire: who asks and answers, what an answer may hold, and what is logged.

use domain::role::Role;
use domain::status::Status;
use edge::problem::ProblemType;
use futures_util::future::join_all;
use serde_json::{Value, json};
use test_support::{Actor, Http, SeededCase};
use uuid::Uuid;

use crate::app::{TestApp, assert_problem};
use crate::stored::stored;

async fn ask(fin: &Http, case: &SeededCase) -> String {
    let body = json!({ "questionText": "Hva er kostnaden?" });
    let asked = fin.post(&format!("/api/cases/{}/questions", case.id), &body).await;
    asked.assert_status(201).json()["id"].as_str().unwrap().to_owned()
}

fn answer_to(question: &str) -> String {
    format!("/api/questions/{question}/answer")
}

#[actix_rt::test]
async fn every_role_asks_and_answers_as_the_contract_says() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).status(Status::UnderVurderingFin).insert().await;
    let question = ask(&app.by(&Actor::fin()).await, &case).await;
    let asking = json!({ "questionText": "Hvorfor?" });
    let answering = json!({ "answerText": "Derfor." });
    let list = format!("/api/cases/{}/questions", case.id);
    for role in Role::ALL {
        let insider = app.by(&Actor::new(role, if role.is_fag() { "KLD" } else { "FIN" })).await;
        insider.get(&list).await.assert_status(200);
        let may_ask = if role.is_fag() { 403 } else { 201 };
        insider.post(&list, &asking).await.assert_status(may_ask);
        let may_answer = if role.is_fin() { 403 } else { 200 };
        insider.patch(&answer_to(&question), &answering).await.assert_status(may_answer);
        if role.is_fag() {
            let outsider = app.by(&Actor::new(role, "KD")).await;
            outsider.get(&list).await.assert_status(403);
            outsider.post(&list, &asking).await.assert_status(403);
            outsider.patch(&answer_to(&question), &answering).await.assert_status(403);
        }
    }
    // Being asked for an opinion opens the case, but does not make one of its ministry.
    let asked = Actor::fag("SD");
    app.seed.pending_opinion(&case, "uttalelse", &owner, &asked).await;
    let asked = app.by(&asked).await;
    asked.get(&list).await.assert_status(200);
    asked.patch(&answer_to(&question), &answering).await.assert_status(403);
}

#[actix_rt::test]
async fn i6_fin_asks_nothing_about_a_case_it_does_not_see() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let case = app.seed.case(&round, &Actor::fag("KLD")).status(Status::GodkjentPol).insert().await;
    let before = stored(&app, &case).await;
    let list = format!("/api/cases/{}/questions", case.id);
    let fin = app.by(&Actor::fin()).await;
    assert_problem(&fin.get(&list).await, ProblemType::FORBIDDEN);
    let asked = fin.post(&list, &json!({ "questionText": "Kommer det noe?" })).await;
    assert_problem(&asked, ProblemType::FORBIDDEN);
    assert_eq!(stored(&app, &case).await, before);
}

#[actix_rt::test]
async fn i8_an_answer_holds_only_what_the_database_can_hold() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).status(Status::UnderVurderingFin).insert().await;
    let question = ask(&app.by(&Actor::fin()).await, &case).await;
    let fag = app.by(&owner).await;
    let before = stored(&app, &case).await;
    let nested =
        |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    for (document, kind) in [
        ("", ProblemType::INVALID_DOCUMENT),
        ("ikke json", ProblemType::INVALID_DOCUMENT),
        ("[]", ProblemType::INVALID_DOCUMENT),
        ("7", ProblemType::INVALID_DOCUMENT),
        ("null", ProblemType::INVALID_DOCUMENT),
        (r#"{"a":1e400}"#, ProblemType::INVALID_DOCUMENT),
        (r#"{"a":"\ud800"}"#, ProblemType::INVALID_DOCUMENT),
        (r#"{"a":"\u0000"}"#, ProblemType::INVALID_DOCUMENT),
        (r#"{"\u0000":1}"#, ProblemType::INVALID_DOCUMENT),
        (&nested(65), ProblemType::INVALID_DOCUMENT),
        (&nested(100_000), ProblemType::INVALID_DOCUMENT),
        (&huge, ProblemType::TOO_LARGE),
    ] {
        let body = json!({ "answerText": "Svar", "answerJson": document });
        let problem = assert_problem(&fag.patch(&answer_to(&question), &body).await, kind);
        assert_eq!(problem["errors"][0]["pointer"], "/answerJson", "{document:.30}");
    }
    for text in [json!(" \n"), json!(null), json!("\u{0}"), json!(7), json!("å".repeat(100_001))] {
        let refused = fag.patch(&answer_to(&question), &json!({ "answerText": text })).await;
        assert_problem(&refused, ProblemType::INVALID_REQUEST);
    }
    assert_eq!(stored(&app, &case).await, before, "no event of a refused answer");
    let body = json!({ "answerText": "å".repeat(100_000), "answerJson": nested(64) });
    fag.patch(&answer_to(&question), &body).await.assert_status(200);
}

#[actix_rt::test]
async fn every_answer_is_logged_and_the_last_one_stands_whole() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    let case = app.seed.case(&round, &owner).status(Status::UnderVurderingFin).insert().await;
    let question = ask(&app.by(&Actor::fin()).await, &case).await;
    let fag = app.by(&owner).await;
    let answers = (0..8).map(|number| {
        let text = number.to_string();
        let body = json!({ "answerText": text, "answerJson": json!({ "a": text }).to_string() });
        let (fag, path) = (&fag, answer_to(&question));
        async move { fag.patch(&path, &body).await }
    });
    for answer in join_all(answers).await {
        answer.assert_status(200);
    }
    let list: Vec<Value> = fag.get(&format!("/api/cases/{}/questions", case.id)).await.parse();
    let document: Value = serde_json::from_str(list[0]["answerJson"].as_str().unwrap()).unwrap();
    assert_eq!(document["a"], list[0]["answerText"]);
    let now = stored(&app, &case).await;
    let answered = |event: &&Value| event["event_type"] == "question_answered";
    let events: Vec<_> = now["events"].as_array().unwrap().iter().filter(answered).collect();
    assert_eq!(events.len(), 8);
    assert!(events.iter().all(|event| event["event_data"] == json!({ "question_id": question })));
}

#[actix_rt::test]
async fn only_handlers_have_pending_questions() {
    let app = TestApp::spawn().await;
    let round = app.seed.round("AUG2027").insert().await;
    let (owner, handler) = (Actor::fag("KLD"), Actor::fin().named("Behandler"));
    let case = app.seed.case(&round, &owner).status(Status::UnderVurderingFin);
    let case = case.named("Flomvern").fin_handler(&handler).insert().await;
    let question = ask(&app.by(&Actor::fin_lead()).await, &case).await;
    for actor in [&owner, &handler] {
        let mine: Vec<Value> = app.by(actor).await.get("/api/questions/my-pending").await.parse();
        assert_eq!(mine.len(), 1);
        assert_eq!((&mine[0]["id"], &mine[0]["caseName"]), (&json!(question), &json!("Flomvern")));
    }
    for actor in [Actor::fag_lead("KLD"), Actor::fin_lead(), Actor::admin()] {
        let mine: Vec<Value> = app.by(&actor).await.get("/api/questions/my-pending").await.parse();
        assert!(mine.is_empty(), "{mine:?}");
    }
    let fag = app.by(&owner).await;
    fag.patch(&answer_to(&question), &json!({ "answerText": "Svar" })).await.assert_status(200);
    for actor in [&owner, &handler] {
        let mine: Vec<Value> = app.by(actor).await.get("/api/questions/my-pending").await.parse();
        assert!(mine.is_empty(), "{mine:?}");
    }
    let unknown = answer_to(&Uuid::new_v4().to_string());
    let missing = fag.patch(&unknown, &json!({ "answerText": "Svar" })).await;
    assert_problem(&missing, ProblemType::NOT_FOUND);
}
