//! Questions (contract 13).

use serde_json::{Value, json};
use test_support::Answer;
use test_support::portal::{User, id_of, unknown_id};

use crate::arrange::{assert_keys, assert_time, budget_unit, case_at, column, events_of};

/// A case at the Ministry of Finance, its ministry, and who asks.
struct Desk {
    fag: User,
    fin: User,
    case: String,
}

impl Desk {
    async fn new() -> Self {
        let fag = budget_unit("jd").await;
        let case = case_at(&fag, "sendt_til_fin").await;
        Self { fag, fin: User::sign_in("fin.jd1@test.no").await, case }
    }

    fn path(&self) -> String {
        format!("/api/cases/{}/questions", self.case)
    }

    async fn ask(&self, text: &str) -> Value {
        let body = json!({ "questionText": text });
        self.fin.http.post(&self.path(), &body).await.assert_status(201).json()
    }

    async fn answer(&self, question: &Value, body: &Value) -> Answer {
        self.fag.http.patch(&answer_to(id_of(question)), body).await
    }

    async fn list(&self) -> Vec<Value> {
        self.fag.http.get(&self.path()).await.assert_status(200).parse()
    }
}

fn answer_to(question: &str) -> String {
    format!("/api/questions/{question}/answer")
}

async fn pending(user: &User) -> Vec<Value> {
    user.http.get("/api/questions/my-pending").await.assert_status(200).parse()
}

const KEYS: [&str; 11] = [
    "answerJson",
    "answerText",
    "answeredAt",
    "answeredBy",
    "answeredByName",
    "askedBy",
    "askedByName",
    "caseId",
    "createdAt",
    "id",
    "questionText",
];

const DOCUMENT: &str = r#"{"type":"doc","content":[{"type":"paragraph","content":[{"type":"text","text":"Fordi æøå"}]}]}"#;

#[tokio::test]
async fn e41_a_case_without_questions_has_an_empty_list() {
    assert_eq!(Desk::new().await.list().await, Vec::<Value>::new());
}

#[tokio::test]
async fn e41_questions_come_oldest_first_with_exactly_the_contracts_keys() {
    let desk = Desk::new().await;
    for text in ["Først?", "Så?", "Sist?"] {
        desk.ask(text).await;
    }
    let list = desk.list().await;
    assert_eq!(column(&list, "questionText"), ["Først?", "Så?", "Sist?"]);
    for question in &list {
        assert_keys(question, KEYS);
    }
}

#[tokio::test]
async fn e41_of_a_case_that_does_not_exist_is_not_found() {
    let user = User::fag("jd").await;
    let answer = user.http.get(&format!("/api/cases/{}/questions", unknown_id())).await;
    answer.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn e41_d26_another_ministry_reads_no_questions() {
    let desk = Desk::new().await;
    let stranger = User::fag("bfd").await;
    stranger.http.get(&desk.path()).await.assert_problem(403, "/problems/forbidden");
}

#[tokio::test]
async fn e42_a_question_names_its_asker_and_has_no_answer() {
    let desk = Desk::new().await;
    let question = desk.ask("Hva er kostnaden?\n\nPer år?").await;
    assert_keys(&question, KEYS);
    assert_eq!(question["caseId"], desk.case);
    assert_eq!(question["questionText"], "Hva er kostnaden?\n\nPer år?");
    assert_eq!(question["askedBy"], desk.fin.profile["id"]);
    assert_eq!(question["askedByName"], desk.fin.profile["fullName"]);
    assert_time(&question["createdAt"]);
    for key in ["answerText", "answerJson", "answeredBy", "answeredByName", "answeredAt"] {
        assert_eq!(question[key], Value::Null, "{key}");
    }
    assert_eq!(desk.list().await, [question]);
}

#[tokio::test]
async fn e42_a_question_is_logged_with_its_id() {
    let desk = Desk::new().await;
    let question = desk.ask("Hvorfor?").await;
    let expected = ("question_asked".to_owned(), json!({ "question_id": question["id"] }));
    assert_eq!(events_of(&desk.fin, &desk.case).await[0], expected);
}

#[tokio::test]
async fn e42_a_question_changes_neither_status_nor_version() {
    let desk = Desk::new().await;
    let path = format!("/api/cases/{}", desk.case);
    let before = desk.fin.http.get(&path).await.json();
    desk.ask("Hvorfor?").await;
    assert_eq!(desk.fin.http.get(&path).await.json(), before);
}

#[tokio::test]
async fn e42_an_administrator_asks_too() {
    let desk = Desk::new().await;
    let admin = User::sign_in("admin@test.no").await;
    let body = json!({ "questionText": "Hvorfor?" });
    admin.http.post(&desk.path(), &body).await.assert_status(201);
}

#[tokio::test]
async fn e42_a_ministry_asks_nothing_not_even_about_its_own_case() {
    let desk = Desk::new().await;
    let body = json!({ "questionText": "Hvorfor?" });
    for email in ["fag.jd@test.no", "depraad.jd@test.no", "fag.bfd@test.no"] {
        let user = User::sign_in(email).await;
        user.http.post(&desk.path(), &body).await.assert_problem(403, "/problems/forbidden");
    }
    assert!(desk.list().await.is_empty());
}

#[tokio::test]
async fn e42_d26_fin_asks_nothing_about_a_case_that_has_not_been_sent() {
    let fag = budget_unit("jd").await;
    let case = case_at(&fag, "godkjent_pol").await;
    let fin = User::sign_in("fin.jd1@test.no").await;
    let path = format!("/api/cases/{case}/questions");
    let body = json!({ "questionText": "Hvorfor?" });
    fin.http.post(&path, &body).await.assert_problem(403, "/problems/forbidden");
    fin.http.get(&path).await.assert_problem(403, "/problems/forbidden");
}

#[tokio::test]
async fn e42_a_question_needs_a_text() {
    let desk = Desk::new().await;
    for text in [json!(""), json!("  \n"), json!(null), json!(7), json!("a\u{0}")] {
        let refused = desk.fin.http.post(&desk.path(), &json!({ "questionText": text })).await;
        let problem = refused.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], "/questionText", "{text}");
    }
    assert!(desk.list().await.is_empty());
}

#[tokio::test]
async fn e42_about_a_case_that_does_not_exist_is_not_found_for_every_role() {
    let path = format!("/api/cases/{}/questions", unknown_id());
    for email in ["fin.jd1@test.no", "fag.jd@test.no", "admin@test.no"] {
        let user = User::sign_in(email).await;
        let answer = user.http.post(&path, &json!({ "questionText": "Hvorfor?" })).await;
        answer.assert_problem(404, "/problems/not-found");
    }
}

#[tokio::test]
async fn e43_an_answer_names_who_gave_it_and_when() {
    let desk = Desk::new().await;
    let question = desk.ask("Hvorfor?").await;
    let body = json!({ "answerText": "Fordi æøå", "answerJson": DOCUMENT });
    let answered = desk.answer(&question, &body).await.assert_status(200).json();
    assert_keys(&answered, KEYS);
    assert_eq!(answered["id"], question["id"]);
    assert_eq!(answered["questionText"], "Hvorfor?");
    assert_eq!(answered["askedByName"], desk.fin.profile["fullName"]);
    assert_eq!(answered["answerText"], "Fordi æøå");
    assert_eq!(answered["answeredBy"], desk.fag.profile["id"]);
    assert_eq!(answered["answeredByName"], desk.fag.profile["fullName"]);
    assert_time(&answered["answeredAt"]);
    assert_eq!(desk.list().await, [answered]);
}

#[tokio::test]
async fn e43_the_document_of_an_answer_is_json_text() {
    let desk = Desk::new().await;
    let question = desk.ask("Hvorfor?").await;
    let body = json!({ "answerText": "Fordi", "answerJson": DOCUMENT });
    let answered = desk.answer(&question, &body).await.assert_status(200).json();
    let text = answered["answerJson"].as_str().expect("JSON text, not an object");
    let (got, sent): (Value, Value) =
        (serde_json::from_str(text).expect("JSON"), serde_json::from_str(DOCUMENT).expect("JSON"));
    assert_eq!(got, sent);
}

#[tokio::test]
async fn e43_an_answer_may_be_plain_text_alone() {
    let desk = Desk::new().await;
    for body in [json!({ "answerText": "a" }), json!({ "answerText": "a", "answerJson": null })] {
        let question = desk.ask("Hvorfor?").await;
        let answered = desk.answer(&question, &body).await.assert_status(200).json();
        assert_eq!(answered["answerJson"], Value::Null);
    }
}

#[tokio::test]
async fn e43_a_second_answer_takes_the_place_of_the_first_whole() {
    let desk = Desk::new().await;
    let question = desk.ask("Hvorfor?").await;
    let first = json!({ "answerText": "Fordi", "answerJson": DOCUMENT });
    desk.answer(&question, &first).await.assert_status(200);
    let colleague = User::fag("jd").await;
    let path = answer_to(id_of(&question));
    colleague.http.patch(&path, &json!({ "answerText": "Nei" })).await.assert_status(200);
    let now = &desk.list().await[0];
    assert_eq!((&now["answerText"], &now["answerJson"]), (&json!("Nei"), &Value::Null));
    assert_eq!(now["answeredBy"], colleague.profile["id"]);
}

#[tokio::test]
async fn e43_every_answer_is_logged_with_the_questions_id() {
    let desk = Desk::new().await;
    let question = desk.ask("Hvorfor?").await;
    for text in ["Fordi", "Nei"] {
        desk.answer(&question, &json!({ "answerText": text })).await.assert_status(200);
    }
    let expected = ("question_answered".to_owned(), json!({ "question_id": question["id"] }));
    assert_eq!(events_of(&desk.fag, &desk.case).await[..2], [expected.clone(), expected]);
}

#[tokio::test]
async fn e43_fin_and_other_ministries_do_not_answer() {
    let desk = Desk::new().await;
    let question = desk.ask("Hvorfor?").await;
    for email in ["fin.jd1@test.no", "depraad.fin@test.no", "fag.bfd@test.no"] {
        let user = User::sign_in(email).await;
        let refused =
            user.http.patch(&answer_to(id_of(&question)), &json!({ "answerText": "a" })).await;
        refused.assert_problem(403, "/problems/forbidden");
    }
    assert_eq!(desk.list().await, [question]);
}

#[tokio::test]
async fn e43_an_administrator_answers() {
    let desk = Desk::new().await;
    let question = desk.ask("Hvorfor?").await;
    let admin = User::sign_in("admin@test.no").await;
    let body = json!({ "answerText": "Fordi" });
    admin.http.patch(&answer_to(id_of(&question)), &body).await.assert_status(200);
}

#[tokio::test]
async fn e43_an_answer_needs_a_text_even_with_a_document() {
    let desk = Desk::new().await;
    let question = desk.ask("Hvorfor?").await;
    for text in [json!(""), json!(" "), json!(null)] {
        let body = json!({ "answerText": text, "answerJson": DOCUMENT });
        let problem =
            desk.answer(&question, &body).await.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], "/answerText");
    }
    assert_eq!(desk.list().await, [question]);
}

#[tokio::test]
async fn e43_a_document_that_is_none_is_refused() {
    let desk = Desk::new().await;
    let question = desk.ask("Hvorfor?").await;
    for document in ["ikke json", "[1]", "{\"a\":\"\\u0000\"}"] {
        let body = json!({ "answerText": "a", "answerJson": document });
        let problem =
            desk.answer(&question, &body).await.assert_problem(400, "/problems/invalid-document");
        assert_eq!(problem["errors"][0]["pointer"], "/answerJson");
    }
    let object = json!({ "answerText": "a", "answerJson": { "type": "doc" } });
    desk.answer(&question, &object).await.assert_problem(400, "/problems/invalid-request");
    assert_eq!(desk.list().await, [question]);
}

#[tokio::test]
async fn e43_a_question_that_does_not_exist_is_not_found() {
    let user = User::fag("jd").await;
    for id in [unknown_id(), "7".to_owned()] {
        let answer = user.http.patch(&answer_to(&id), &json!({ "answerText": "a" })).await;
        answer.assert_problem(404, "/problems/not-found");
    }
}

#[tokio::test]
async fn e44_both_handlers_have_the_question_until_it_is_answered() {
    let desk = Desk::new().await;
    let question = desk.ask("Hvorfor?").await;
    let has_it = async |user: &User| {
        pending(user).await.iter().any(|pending| pending["id"] == question["id"])
    };
    // The budget unit created the case, and the first case handler got it at the ministry.
    assert!(has_it(&desk.fag).await && has_it(&desk.fin).await);
    assert!(!has_it(&User::fag("jd").await).await, "not a handler of this case");
    desk.answer(&question, &json!({ "answerText": "Fordi" })).await.assert_status(200);
    assert!(!has_it(&desk.fag).await && !has_it(&desk.fin).await);
}

#[tokio::test]
async fn e44_pending_questions_carry_the_name_of_their_case_and_exactly_the_contracts_keys() {
    let desk = Desk::new().await;
    let question = desk.ask("Hvorfor?").await;
    let pending = pending(&desk.fag).await;
    let found = pending.iter().find(|pending| pending["id"] == question["id"]).expect("pending");
    assert_keys(
        found,
        ["askedBy", "askedByName", "caseId", "caseName", "createdAt", "id", "questionText"],
    );
    assert_eq!(found["caseName"], "Styrket innsats mot ras og flom");
    for key in ["askedBy", "askedByName", "caseId", "createdAt", "questionText"] {
        assert_eq!(found[key], question[key], "{key}");
    }
}

#[tokio::test]
async fn e44_the_newest_question_comes_first() {
    let desk = Desk::new().await;
    let (older, newer) = (desk.ask("Først?").await, desk.ask("Sist?").await);
    let pending = pending(&desk.fin).await;
    let times = column(&pending, "createdAt");
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
    let place = |question: &Value| pending.iter().position(|one| one["id"] == question["id"]);
    assert!(place(&newer) < place(&older));
}

#[tokio::test]
async fn e44_who_handles_no_case_has_an_empty_list() {
    let user = User::sign_in("depraad.jd@test.no").await;
    assert_eq!(pending(&user).await, Vec::<Value>::new());
}
