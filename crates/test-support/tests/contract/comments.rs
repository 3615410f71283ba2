//! Comments (contract 12).

use serde_json::{Value, json};
use test_support::Answer;
use test_support::portal::{User, id_of, unknown_id};

use crate::arrange::{assert_keys, assert_time, column, events_of};

/// A user with a case of their own.
struct Desk {
    user: User,
    case: String,
}

impl Desk {
    async fn new() -> Self {
        let user = User::fag("ud").await;
        let case = id_of(&user.create_case("Sak med merknader i margen").await).to_owned();
        Self { user, case }
    }

    fn path(&self) -> String {
        format!("/api/cases/{}/comments", self.case)
    }

    async fn post(&self, body: &Value) -> Answer {
        self.user.http.post(&self.path(), body).await
    }

    /// Comments, and returns the comment.
    async fn comment(&self, text: &str) -> Value {
        let body =
            json!({ "commentText": text, "anchorText": "12,5 mill.", "commentId": "merke-7" });
        self.post(&body).await.assert_status(200).json()
    }

    async fn reply(&self, to: &Value, text: &str) -> Answer {
        let path = format!("{}/{}/replies", self.path(), id_of(to));
        self.user.http.post(&path, &json!({ "commentText": text })).await
    }

    async fn patch(&self, comment: &str, action: &str) -> Answer {
        // As the client sends it: a PATCH without a body.
        let path = format!("{}/{comment}/{action}", self.path());
        self.user.http.send(self.user.http.request(reqwest::Method::PATCH, &path)).await
    }

    async fn delete(&self, comment: &str) -> Answer {
        self.user.http.delete(&format!("{}/{comment}", self.path())).await
    }

    async fn list(&self) -> Vec<Value> {
        self.user.http.get(&self.path()).await.assert_status(200).parse()
    }
}

const KEYS: [&str; 13] = [
    "anchorText",
    "authorId",
    "authorName",
    "caseId",
    "commentId",
    "commentText",
    "createdAt",
    "id",
    "parentCommentId",
    "replies",
    "resolvedAt",
    "resolvedByName",
    "status",
];

#[tokio::test]
async fn e35_a_case_without_comments_has_an_empty_list() {
    assert_eq!(Desk::new().await.list().await, Vec::<Value>::new());
}

#[tokio::test]
async fn e35_comments_come_oldest_first() {
    let desk = Desk::new().await;
    for text in ["Først", "Så", "Sist"] {
        desk.comment(text).await;
    }
    assert_eq!(column(&desk.list().await, "commentText"), ["Først", "Så", "Sist"]);
}

#[tokio::test]
async fn e35_replies_stand_under_their_comment_oldest_first() {
    let desk = Desk::new().await;
    let (one, other) = (desk.comment("En").await, desk.comment("To").await);
    for (to, text) in [(&one, "a"), (&other, "x"), (&one, "b"), (&one, "c")] {
        desk.reply(to, text).await.assert_status(200);
    }
    let list = desk.list().await;
    assert_eq!(list.len(), 2, "replies are no roots");
    let replies = |at: usize| list[at]["replies"].as_array().expect("replies").clone();
    assert_eq!(column(&replies(0), "commentText"), ["a", "b", "c"]);
    assert_eq!(column(&replies(1), "commentText"), ["x"]);
}

#[tokio::test]
async fn e35_comments_and_replies_have_exactly_the_contracts_keys() {
    let desk = Desk::new().await;
    let comment = desk.comment("Se her").await;
    desk.reply(&comment, "Enig").await;
    let list = desk.list().await;
    assert_keys(&list[0], KEYS);
    assert_keys(&list[0]["replies"][0], KEYS);
}

#[tokio::test]
async fn e35_a_reply_has_an_empty_list_of_replies() {
    let desk = Desk::new().await;
    let comment = desk.comment("Se her").await;
    desk.reply(&comment, "Enig").await;
    assert_eq!(desk.list().await[0]["replies"][0]["replies"], json!([]));
}

#[tokio::test]
async fn e35_of_a_case_that_does_not_exist_is_not_found() {
    let user = User::fag("ud").await;
    let answer = user.http.get(&format!("/api/cases/{}/comments", unknown_id())).await;
    answer.assert_problem(404, "/problems/not-found");
    user.http.get("/api/cases/7/comments").await.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn e35_d26_another_ministry_reads_no_comments() {
    let desk = Desk::new().await;
    let stranger = User::fag("bfd").await;
    stranger.http.get(&desk.path()).await.assert_problem(403, "/problems/forbidden");
}

#[tokio::test]
async fn e36_a_comment_is_open_and_its_author_is_the_caller() {
    let desk = Desk::new().await;
    let comment = desk.comment("Stemmer tallet?").await;
    assert_keys(&comment, KEYS);
    assert_eq!(comment["status"], "open");
    assert_eq!(comment["authorId"], desk.user.profile["id"]);
    assert_eq!(comment["authorName"], desk.user.profile["fullName"]);
    assert_eq!(comment["caseId"], desk.case);
    assert_time(&comment["createdAt"]);
    for key in ["parentCommentId", "resolvedAt", "resolvedByName"] {
        assert_eq!(comment[key], Value::Null, "{key}");
    }
    assert_eq!(comment["replies"], json!([]));
}

#[tokio::test]
async fn e36_texts_are_kept_as_they_were_sent() {
    let desk = Desk::new().await;
    let body = json!({
        "commentText": "  Linje én\nLinje to: «æøå» 🦌 ",
        "anchorText": " tall ",
        "commentId": "0b7f9a52-7a35-4a6e-9d3b-6e1d4a3e9f10",
    });
    let comment = desk.post(&body).await.assert_status(200).json();
    for key in ["commentText", "anchorText", "commentId"] {
        assert_eq!(comment[key], body[key], "{key}");
    }
    assert_eq!(desk.list().await, [comment]);
}

#[tokio::test]
async fn e36_the_marked_text_may_be_absent_or_null() {
    let desk = Desk::new().await;
    for body in [
        json!({ "commentText": "a", "commentId": "m" }),
        json!({ "commentText": "a", "commentId": "m", "anchorText": null }),
    ] {
        let comment = desk.post(&body).await.assert_status(200).json();
        assert_eq!(comment["anchorText"], Value::Null);
    }
}

#[tokio::test]
async fn e36_names_of_properties_are_read_in_any_case() {
    let desk = Desk::new().await;
    let body = json!({ "CommentText": "a", "COMMENTID": "m", "ukjent": 1 });
    assert_eq!(desk.post(&body).await.assert_status(200).json()["commentId"], "m");
}

#[tokio::test]
async fn e36_a_mark_has_a_name_of_at_most_50_characters() {
    let desk = Desk::new().await;
    let named = |mark: String| json!({ "commentText": "a", "commentId": mark });
    desk.post(&named("å".repeat(50))).await.assert_status(200);
    let refused = desk.post(&named("å".repeat(51))).await;
    let problem = refused.assert_problem(400, "/problems/invalid-request");
    assert_eq!(problem["errors"][0]["pointer"], "/commentId");
}

#[tokio::test]
async fn e36_text_and_mark_are_required() {
    let desk = Desk::new().await;
    for (body, pointer) in [
        (json!({ "commentId": "m" }), "/commentText"),
        (json!({ "commentText": "", "commentId": "m" }), "/commentText"),
        (json!({ "commentText": " \n", "commentId": "m" }), "/commentText"),
        (json!({ "commentText": null, "commentId": "m" }), "/commentText"),
        (json!({ "commentText": 7, "commentId": "m" }), "/commentText"),
        (json!({ "commentText": "a" }), "/commentId"),
        (json!({ "commentText": "a", "commentId": "" }), "/commentId"),
        (json!({ "commentText": "a\u{0}", "commentId": "m" }), "/commentText"),
    ] {
        let problem = desk.post(&body).await.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
    assert!(desk.list().await.is_empty());
}

#[tokio::test]
async fn e36_a_comment_changes_neither_version_nor_log() {
    let desk = Desk::new().await;
    let path = format!("/api/cases/{}", desk.case);
    let before = desk.user.http.get(&path).await.json();
    desk.comment("Se her").await;
    assert_eq!(desk.user.http.get(&path).await.json(), before);
    assert_eq!(events_of(&desk.user, &desk.case).await.len(), 1, "created");
}

#[tokio::test]
async fn e36_on_a_case_that_does_not_exist_is_not_found() {
    let user = User::fag("ud").await;
    let body = json!({ "commentText": "a", "commentId": "m" });
    let answer = user.http.post(&format!("/api/cases/{}/comments", unknown_id()), &body).await;
    answer.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn e36_d26_another_ministry_does_not_comment() {
    let desk = Desk::new().await;
    let stranger = User::fag("bfd").await;
    let body = json!({ "commentText": "a", "commentId": "m" });
    stranger.http.post(&desk.path(), &body).await.assert_problem(403, "/problems/forbidden");
    assert!(desk.list().await.is_empty());
}

#[tokio::test]
async fn e37_a_reply_takes_mark_and_marked_text_from_its_comment() {
    let desk = Desk::new().await;
    let comment = desk.comment("Stemmer tallet?").await;
    let reply = desk.reply(&comment, "Ja").await.assert_status(200).json();
    assert_keys(&reply, KEYS);
    assert_eq!(reply["parentCommentId"], comment["id"]);
    assert_eq!(reply["commentId"], comment["commentId"]);
    assert_eq!(reply["anchorText"], comment["anchorText"]);
    assert_eq!(reply["status"], "open");
    assert_eq!(reply["commentText"], "Ja");
}

#[tokio::test]
async fn e37_a_reply_to_a_reply_joins_the_thread() {
    let desk = Desk::new().await;
    let comment = desk.comment("Stemmer tallet?").await;
    let reply = desk.reply(&comment, "Ja").await.json();
    let second = desk.reply(&reply, "Sikkert?").await.assert_status(200).json();
    assert_eq!(second["parentCommentId"], comment["id"], "one level of replies");
    let replies = desk.list().await[0]["replies"].as_array().expect("replies").clone();
    assert_eq!(column(&replies, "commentText"), ["Ja", "Sikkert?"]);
}

#[tokio::test]
async fn e37_a_reply_needs_a_text() {
    let desk = Desk::new().await;
    let comment = desk.comment("Stemmer tallet?").await;
    let problem = desk.reply(&comment, " ").await.assert_problem(400, "/problems/invalid-request");
    assert_eq!(problem["errors"][0]["pointer"], "/commentText");
}

#[tokio::test]
async fn e37_to_a_comment_of_no_or_another_case_is_not_found() {
    let (desk, other) = (Desk::new().await, Desk::new().await);
    let foreign = other.comment("I en annen sak").await;
    for to in [json!({ "id": unknown_id() }), foreign] {
        desk.reply(&to, "Ja").await.assert_problem(404, "/problems/not-found");
    }
}

#[tokio::test]
async fn e38_resolving_names_who_and_when() {
    let desk = Desk::new().await;
    let comment = desk.comment("Stemmer tallet?").await;
    let answer = desk.patch(id_of(&comment), "resolve").await.assert_status(200).json();
    assert_keys(&answer, ["message"]);
    let resolved = &desk.list().await[0];
    assert_eq!(resolved["status"], "resolved");
    assert_time(&resolved["resolvedAt"]);
    assert_eq!(resolved["resolvedByName"], desk.user.profile["fullName"]);
}

#[tokio::test]
async fn e38_anybody_with_the_case_resolves_a_comment() {
    let desk = Desk::new().await;
    let comment = desk.comment("Stemmer tallet?").await;
    let colleague = User::sign_in("unddir.ud@test.no").await;
    let path = format!("{}/{}/resolve", desk.path(), id_of(&comment));
    colleague.http.patch(&path, &json!({})).await.assert_status(200);
    assert_eq!(desk.list().await[0]["resolvedByName"], colleague.profile["fullName"]);
}

#[tokio::test]
async fn e38_a_comment_of_another_case_is_not_found() {
    let (desk, other) = (Desk::new().await, Desk::new().await);
    let foreign = other.comment("I en annen sak").await;
    for comment in [id_of(&foreign), &unknown_id(), "merke-7"] {
        desk.patch(comment, "resolve").await.assert_problem(404, "/problems/not-found");
    }
    assert_eq!(other.list().await[0]["status"], "open");
}

#[tokio::test]
async fn e39_reopening_forgets_who_resolved() {
    let desk = Desk::new().await;
    let comment = desk.comment("Stemmer tallet?").await;
    desk.patch(id_of(&comment), "resolve").await.assert_status(200);
    let answer = desk.patch(id_of(&comment), "reopen").await.assert_status(200).json();
    assert_keys(&answer, ["message"]);
    assert_eq!(desk.list().await, [comment]);
}

#[tokio::test]
async fn e39_a_comment_of_another_case_is_not_found() {
    let (desk, other) = (Desk::new().await, Desk::new().await);
    let foreign = other.comment("I en annen sak").await;
    other.patch(id_of(&foreign), "resolve").await.assert_status(200);
    for comment in [id_of(&foreign), &unknown_id()] {
        desk.patch(comment, "reopen").await.assert_problem(404, "/problems/not-found");
    }
    assert_eq!(other.list().await[0]["status"], "resolved");
}

#[tokio::test]
async fn e40_replies_go_with_their_comment_and_others_stay() {
    let desk = Desk::new().await;
    let (comment, other) = (desk.comment("En").await, desk.comment("To").await);
    desk.reply(&comment, "Svar").await.assert_status(200);
    let answer = desk.delete(id_of(&comment)).await.assert_status(200).json();
    assert_keys(&answer, ["message"]);
    assert_eq!(desk.list().await, [other]);
}

#[tokio::test]
async fn e40_a_reply_is_deleted_alone() {
    let desk = Desk::new().await;
    let comment = desk.comment("En").await;
    let reply = desk.reply(&comment, "Svar").await.json();
    desk.delete(id_of(&reply)).await.assert_status(200);
    assert_eq!(desk.list().await, [comment]);
}

#[tokio::test]
async fn e40_only_the_author_deletes() {
    let desk = Desk::new().await;
    let comment = desk.comment("Min").await;
    let path = format!("{}/{}", desk.path(), id_of(&comment));
    for other in ["depraad.ud@test.no", "admin@test.no"] {
        let other = User::sign_in(other).await;
        other.http.delete(&path).await.assert_problem(403, "/problems/forbidden");
    }
    assert_eq!(desk.list().await, [comment]);
}

#[tokio::test]
async fn e40_what_is_gone_is_not_found() {
    let desk = Desk::new().await;
    let comment = desk.comment("Min").await;
    desk.delete(id_of(&comment)).await.assert_status(200);
    desk.delete(id_of(&comment)).await.assert_problem(404, "/problems/not-found");
}

#[tokio::test]
async fn e40_a_comment_of_another_case_is_not_found() {
    let (desk, other) = (Desk::new().await, Desk::new().await);
    let mine_elsewhere = other.comment("Min, i en annen sak").await;
    desk.delete(id_of(&mine_elsewhere)).await.assert_problem(404, "/problems/not-found");
    assert_eq!(other.list().await.len(), 1);
}
