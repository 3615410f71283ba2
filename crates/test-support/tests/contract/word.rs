//! Word documents (contract 16 and E76; documents.md 4 to 6.3).

use reqwest::Method;
use serde_json::{Value, json};
use test_support::portal::{User, anonymous, id_of, unknown_id};
use test_support::{Answer, Word};

const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const LIST_ORDER: &str = "/api/export/department-list/word";
const CASES_ORDER: &str = "/api/export/cases/word";

async fn fin() -> User {
    User::sign_in("fin.sd1@test.no").await
}

async fn admin() -> User {
    User::sign_in("admin@test.no").await
}

fn case_path(case: &Value) -> String {
    format!("/api/cases/{}/export/word", id_of(case))
}

/// The document in an answer.
fn word(answer: &Answer) -> Word {
    assert_eq!(answer.assert_status(200).header("content-type"), WORD);
    Word::read(&answer.body)
}

/// The demo's case of a ministry with tracked changes and comments (seed-data 4.4).
async fn tracked_case(reader: &User, department: &str) -> Value {
    let path = format!("/api/cases?departmentId={department}&status=under_vurdering_fin");
    let cases = reader.http.get(&path).await.assert_status(200).json();
    for case in cases.as_array().expect("a list") {
        let page = reader.http.get(&format!("/api/cases/{}", id_of(case))).await;
        let page = page.assert_status(200).json();
        let document = page["currentContent"]["contentJson"].as_str().unwrap_or_default();
        if document.contains("formatChange") {
            return page;
        }
    }
    panic!("no case with tracked changes");
}

/// A case whose document holds these blocks as its justification.
async fn case_with(author: &User, blocks: Value) -> Value {
    let case = author.create_case("Sak til Word").await;
    let section = json!({
        "type": "caseSection",
        "attrs": { "fieldKey": "justification", "label": "Begrunnelse", "required": true },
        "content": [
            { "type": "sectionTitle", "content": [{ "type": "text", "text": "Begrunnelse" }] },
            { "type": "sectionContent", "content": blocks },
        ],
    });
    let document = json!({ "type": "caseDocument", "content": [section] }).to_string();
    let path = format!("/api/cases/{}/document", id_of(&case));
    author.http.put(&path, &json!({ "contentJson": document })).await.assert_status(200);
    case
}

fn paragraph(text: &str) -> Value {
    json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] })
}

fn numbered(start: u32, items: &[&str]) -> Value {
    let item = |text: &&str| json!({ "type": "listItem", "content": [paragraph(text)] });
    let items: Vec<_> = items.iter().map(item).collect();
    json!({ "type": "orderedList", "attrs": { "start": start }, "content": items })
}

/// A demo list of August with its cases.
async fn august_list(reader: &User, department: &str) -> Value {
    let round = reader.august_round().await;
    let path = format!("/api/department-lists?departmentId={department}&budgetRoundId={round}");
    let lists = reader.http.get(&path).await.assert_status(200).json();
    lists[0].clone()
}

fn list_path(list: &Value) -> String {
    format!("/api/department-lists/{}/export/word", id_of(list))
}

async fn list_document(department: &str) -> Word {
    let fin = fin().await;
    let list = august_list(&fin, department).await;
    word(&fin.http.get(&list_path(&list)).await)
}

/// Waits for an ordered document and downloads it by its link.
async fn ordered(user: &User, accepted: &Answer) -> (Value, Answer) {
    let job = accepted.assert_status(202).json();
    let last = user.watch_export(id_of(&job)).await.pop().expect("a last state");
    assert_eq!(last["status"], "completed", "{last}");
    let link = last["resultUrl"].as_str().expect("a link");
    let download = anonymous().get(link).await;
    (last, download)
}

#[tokio::test]
async fn e52_a_case_is_an_attachment_named_after_it() {
    let fag = User::fag("kld").await;
    let case = fag.create_case("Økt vern av våtmark").await;
    let answer = fag.http.get(&case_path(&case)).await;
    word(&answer);
    let disposition = answer.header("content-disposition");
    assert!(disposition.starts_with("attachment; "), "{disposition}");
    assert!(disposition.contains("filename=\"Sak_Oekt_vern_av_vaatmark.docx\""), "{disposition}");
    assert!(disposition.contains("filename*=UTF-8''Sak_%C3%98kt_vern_av_v"), "{disposition}");
    assert_eq!(answer.header("cache-control"), "private, no-store");
}

#[tokio::test]
async fn e52_the_document_begins_with_the_name_and_what_is_known_of_the_case() {
    let fag = User::fag("kld").await;
    let case = fag.create_case("Nye turstier").await;
    let document = word(&fag.http.get(&case_path(&case)).await);
    let paragraphs = document.paragraphs();
    assert_eq!(paragraphs[0], ("Heading1".to_owned(), "Nye turstier".to_owned()));
    let facts = document.in_style("Sakopplysning");
    for fact in [
        "DepartementKlima- og miljødepartementet",
        "BudsjettrundeAUG2026",
        "Kapittel/postkap. 1400, post 21",
        "SakstypeSatsingsforslag",
        "StatusUtkast",
        "FAGs forslag (1 000 kr)12\u{a0}500",
    ] {
        assert!(facts.iter().any(|found| found == fact), "{fact} in {facts:?}");
    }
}

#[tokio::test]
async fn e52_d22_without_a_document_the_flat_fields_stand_under_their_types_headings() {
    let fag = User::fag("kld").await;
    let case = fag.create_case("Uten dokument").await;
    let document = word(&fag.http.get(&case_path(&case)).await);
    assert_eq!(
        document.in_style("Heading2"),
        ["Forslag til omtale i materialet", "Begrunnelse for forslaget"]
    );
    let lines = document.lines();
    assert!(lines.contains(&"Bevilgningen foreslås økt.".to_owned()), "{lines:?}");
}

#[tokio::test]
async fn e52_tracked_changes_are_words_own_revisions() {
    let fin = fin().await;
    let case = tracked_case(&fin, "SD").await;
    let document = word(&fin.http.get(&case_path(&case)).await);
    let part = "word/document.xml";
    assert_eq!(document.texts_in(part, "ins", "t"), ["kan", " med milepæler"]);
    assert_eq!(document.texts_in(part, "del", "delText"), ["bør"]);
    assert_eq!(document.count("rPrChange"), 1);
    for revision in ["ins", "del", "rPrChange"] {
        let authors = document.values(part, revision, "author");
        assert!(authors.iter().all(|author| author.contains(' ')), "{authors:?}");
        let dates = document.values(part, revision, "date");
        assert!(dates.iter().all(|date| date.len() == 20 && date.ends_with('Z')), "{dates:?}");
    }
}

#[tokio::test]
async fn e52_comments_come_with_their_ranges_replies_and_state() {
    let fin = fin().await;
    let case = tracked_case(&fin, "SD").await;
    let document = word(&fin.http.get(&case_path(&case)).await);
    let comments = document.texts_in("word/comments.xml", "comment", "t");
    assert_eq!(comments.len(), 3);
    let place = |begin: &str| comments.iter().position(|text| text.starts_with(begin));
    let (asked, answered) = (place("Kan departementet dokumentere"), place("Tallene ettersendes"));
    assert!(asked.is_some() && asked < answered, "{comments:?}");
    let ids = document.values("word/comments.xml", "comment", "id");
    for mark in ["commentRangeStart", "commentRangeEnd", "commentReference"] {
        let mut marked = document.values("word/document.xml", mark, "id");
        marked.sort();
        assert_eq!(marked, ids, "{mark}");
    }
    let threads = document.part("word/commentsExtended.xml");
    assert_eq!(threads.matches("w15:paraIdParent=").count(), 1, "{threads}");
    assert_eq!(threads.matches("w15:done=\"1\"").count(), 1, "{threads}");
}

#[tokio::test]
async fn e52_i6_a_ministry_gets_no_fin_section_while_fins_text_is_hidden() {
    let (fin, fag) = (fin().await, User::fag("sd").await);
    let case = tracked_case(&fin, "SD").await;
    let text = case["currentContent"]["finAssessment"].as_str().expect("a text").to_owned();
    let first = text.lines().next().expect("a line").to_owned();
    let whole = word(&fin.http.get(&case_path(&case)).await);
    assert!(whole.lines().contains(&first));
    assert!(whole.in_style("Heading2").contains(&"FINs vurdering".to_owned()));
    let masked = word(&fag.http.get(&case_path(&case)).await);
    assert!(!masked.part("word/document.xml").contains(&first));
    let headings = masked.in_style("Heading2");
    assert!(!headings.contains(&"FINs vurdering".to_owned()), "{headings:?}");
    assert!(headings.len() >= 2, "{headings:?}");
}

#[tokio::test]
async fn e52_numbered_lists_restart_and_honour_their_start() {
    let fag = User::fag("kld").await;
    let blocks = json!([numbered(1, &["en", "to"]), paragraph("og"), numbered(4, &["fire"])]);
    let case = case_with(&fag, blocks).await;
    let document = word(&fag.http.get(&case_path(&case)).await);
    let used = document.values("word/document.xml", "numId", "val");
    assert_eq!(used[0], used[1]);
    assert_ne!(used[0], used[2]);
    let starts = document.values("word/numbering.xml", "startOverride", "val");
    assert_eq!(starts, ["1", "4"]);
}

#[tokio::test]
async fn e52_blocks_and_marks_of_the_editor_are_words_own() {
    let fag = User::fag("kld").await;
    let link = json!([{ "type": "link", "attrs": { "href": "https://www.regjeringen.no" } }]);
    let blocks = json!([
        { "type": "paragraph", "content": [
            { "type": "text", "text": "fet", "marks": [{ "type": "bold" }] },
            { "type": "hardBreak" },
            { "type": "text", "text": "lenke", "marks": link },
        ] },
        { "type": "blockquote", "content": [paragraph("sitat")] },
        { "type": "codeBlock", "content": [{ "type": "text", "text": "x = 1" }] },
        { "type": "horizontalRule" },
        { "type": "ukjent", "content": [paragraph("bevart")] },
    ]);
    let case = case_with(&fag, blocks).await;
    let document = word(&fag.http.get(&case_path(&case)).await);
    assert_eq!((document.count("hyperlink"), document.count("br")), (1, 1));
    assert_eq!(document.in_style("Quote"), ["sitat"]);
    assert_eq!(document.in_style("Kodeblokk"), ["x = 1"]);
    assert_eq!(document.count("pBdr"), 1);
    assert!(document.lines().contains(&"bevart".to_owned()));
    let relations = document.part("word/_rels/document.xml.rels");
    assert!(relations.contains("Target=\"https://www.regjeringen.no/\" TargetMode=\"External\""));
}

#[tokio::test]
async fn e52_i8_text_that_xml_cannot_carry_makes_a_sound_document() {
    let fag = User::fag("kld").await;
    let case = case_with(&fag, json!([paragraph("a\u{1}<w:p>\u{b}&\u{ffff}b")])).await;
    let document = word(&fag.http.get(&case_path(&case)).await);
    assert!(document.lines().contains(&"a<w:p>&b".to_owned()), "{:?}", document.lines());
}

#[tokio::test]
async fn e52_a_script_is_never_a_link() {
    let fag = User::fag("kld").await;
    let link = json!([{ "type": "link", "attrs": { "href": "javascript:alert(1)" } }]);
    let text = json!({ "type": "text", "text": "lenke", "marks": link });
    let case = case_with(&fag, json!([{ "type": "paragraph", "content": [text] }])).await;
    let document = word(&fag.http.get(&case_path(&case)).await);
    assert_eq!(document.count("hyperlink"), 0);
    assert!(!document.part("word/_rels/document.xml.rels").contains("javascript"));
}

#[tokio::test]
async fn e52_d26_another_ministrys_case_is_refused() {
    let case = User::fag("kld").await.create_case("Vår egen").await;
    let answer = User::fag("kd").await.http.get(&case_path(&case)).await;
    answer.assert_problem(403, "/problems/forbidden");
}

#[tokio::test]
async fn e52_an_unknown_case_is_404_and_a_nameless_caller_401() {
    let path = format!("/api/cases/{}/export/word", unknown_id());
    User::fag("kld").await.http.get(&path).await.assert_problem(404, "/problems/not-found");
    anonymous().get(&path).await.assert_problem(401, "/problems/unauthenticated");
}

#[tokio::test]
async fn e53_an_order_is_accepted_and_becomes_a_document_to_download() {
    let fin = fin().await;
    let list = august_list(&fin, "SD").await;
    let accepted = fin.http.post(LIST_ORDER, &json!({ "departmentListId": id_of(&list) })).await;
    let view = accepted.assert_status(202).json();
    assert_eq!((&view["id"], &view["status"]), (&view["jobId"], &json!("queued")));
    let location = format!("/api/export/jobs/{}", id_of(&view));
    assert_eq!(accepted.header("location"), location);
    let (job, download) = ordered(&fin, &accepted).await;
    assert_eq!(job["jobType"], "department_list_word");
    assert_eq!(job["fileName"], "Depliste_SD_AUG2026.docx");
    let document = word(&download);
    assert_eq!(document.in_style("Deplisteoverskrift1"), ["Samferdselsdepartementet"]);
    assert!(download.header("content-disposition").contains("Depliste_SD_AUG2026.docx"));
}

#[tokio::test]
async fn e53_d08_the_doubled_path_reaches_the_same_handler() {
    let fin = fin().await;
    let list = august_list(&fin, "HOD").await;
    let body = json!({ "departmentListId": id_of(&list) });
    let accepted = fin.http.post("/api/api/export/department-list/word", &body).await;
    let (job, _) = ordered(&fin, &accepted).await;
    let path = format!("/api/api/export/jobs/{}", id_of(&job));
    assert_eq!(fin.http.get(&path).await.assert_status(200).json()["status"], "completed");
}

#[tokio::test]
async fn e53_the_same_key_is_the_same_job() {
    let fin = fin().await;
    let list = august_list(&fin, "KD").await;
    let key = unknown_id();
    let order = async |list: &str| {
        let request = fin.http.request(Method::POST, LIST_ORDER).header("Idempotency-Key", &key);
        fin.http.send(request.json(&json!({ "departmentListId": list }))).await
    };
    let first = order(id_of(&list)).await.assert_status(202).json();
    let second = order(id_of(&list)).await.assert_status(202).json();
    assert_eq!(first["jobId"], second["jobId"]);
    let other = august_list(&fin, "HOD").await;
    order(id_of(&other)).await.assert_problem(409, "/problems/conflict");
}

#[tokio::test]
async fn e53_an_unknown_list_is_404_and_a_ministry_does_not_learn_that() {
    let body = json!({ "departmentListId": unknown_id() });
    for user in [fin().await, admin().await] {
        user.http.post(LIST_ORDER, &body).await.assert_problem(404, "/problems/not-found");
    }
    let refused = User::fag("sd").await.http.post(LIST_ORDER, &body).await;
    refused.assert_problem(403, "/problems/forbidden");
}

#[tokio::test]
async fn e53_d15_a_ministry_is_refused_and_an_administrator_is_not() {
    let list = august_list(&fin().await, "SD").await;
    let body = json!({ "departmentListId": id_of(&list) });
    let refused = User::fag("sd").await.http.post(LIST_ORDER, &body).await;
    refused.assert_problem(403, "/problems/forbidden");
    admin().await.http.post(LIST_ORDER, &body).await.assert_status(202);
}

#[tokio::test]
async fn e53_what_is_no_id_is_400_and_pointed_at() {
    let fin = fin().await;
    for body in
        [json!({}), json!({ "departmentListId": null }), json!({ "departmentListId": "SD" })]
    {
        let problem = fin.http.post(LIST_ORDER, &body).await;
        let problem = problem.assert_problem(400, "/problems/invalid-request");
        let pointer = problem["errors"][0]["pointer"].as_str().unwrap_or_default();
        assert!(pointer == "/departmentListId" || pointer.is_empty(), "{problem}");
    }
}

#[tokio::test]
async fn e53_i6_a_job_is_its_orderers_own() {
    let fin = fin().await;
    let list = august_list(&fin, "SD").await;
    let accepted = fin.http.post(LIST_ORDER, &json!({ "departmentListId": id_of(&list) })).await;
    let path = accepted.assert_status(202).header("location").to_owned();
    let other = User::sign_in("fin.kld@test.no").await;
    other.http.get(&path).await.assert_problem(404, "/problems/not-found");
}

fn case_list_order() -> Value {
    json!({
        "filters": { "departmentId": "SD", "status": "under_vurdering_fin" },
        "fields": ["departmentCode", "amount", "caseName", "justification", "finAssessment"],
    })
}

#[tokio::test]
async fn e55_an_order_becomes_a_list_with_the_chosen_fields() {
    let fin = fin().await;
    let accepted = fin.http.post(CASES_ORDER, &case_list_order()).await;
    let (job, download) = ordered(&fin, &accepted).await;
    assert_eq!(job["jobType"], "case_list_word");
    assert_eq!(job["fileName"], "Saker_SD.docx");
    let document = word(&download);
    assert_eq!(document.in_style("Heading1"), ["Saksliste – SD – Under vurdering (FIN)"]);
    let lines = document.lines();
    let line = lines.iter().find(|line| line.starts_with("Departement: SD")).expect("a line");
    assert!(line.contains("  |  FAGs forslag (1 000 kr): "), "{line}");
    let labels = document.in_style("Ledetekst");
    assert_eq!(labels[..2], ["Begrunnelse", "FINs vurdering"]);
}

#[tokio::test]
async fn e55_a_small_list_is_made_at_once_on_request() {
    let fin = fin().await;
    let answer = fin.http.post(&format!("{CASES_ORDER}?sync=true"), &case_list_order()).await;
    let document = word(&answer);
    assert!(answer.header("content-disposition").contains("filename=\"Saker_SD.docx\""));
    let path = "/api/cases?departmentId=SD&status=under_vurdering_fin";
    let listed: Vec<Value> = fin.http.get(path).await.assert_status(200).parse();
    let names: Vec<&str> = listed.iter().filter_map(|case| case["caseName"].as_str()).collect();
    assert_eq!(document.in_style("Heading2"), names);
}

#[tokio::test]
async fn e55_an_accept_of_words_media_type_asks_for_it_at_once() {
    let fin = fin().await;
    let request = fin.http.request(Method::POST, CASES_ORDER).header("accept", WORD);
    word(&fin.http.send(request.json(&case_list_order())).await);
    let ordinary = fin.http.request(Method::POST, CASES_ORDER).header("accept", "application/json");
    fin.http.send(ordinary.json(&case_list_order())).await.assert_status(202);
}

#[tokio::test]
async fn e55_i6_fins_text_is_not_in_a_ministrys_list() {
    let order = json!({
        "filters": { "status": "under_vurdering_fin" }, "fields": ["caseName", "finAssessment"],
    });
    let (fag, fin) = (User::fag("sd").await, fin().await);
    let path = format!("{CASES_ORDER}?sync=true");
    let labels =
        async |user: &User| word(&user.http.post(&path, &order).await).in_style("Ledetekst").len();
    assert_eq!(labels(&fag).await, 0);
    assert!(labels(&fin).await > 0);
}

#[tokio::test]
async fn e55_an_empty_list_says_so() {
    let fin = fin().await;
    let order = json!({ "filters": { "search": unknown_id() } });
    let document = word(&fin.http.post(&format!("{CASES_ORDER}?sync=true"), &order).await);
    assert!(document.lines().contains(&"Ingen saker.".to_owned()));
}

#[tokio::test]
async fn e55_an_unknown_field_is_refused_and_pointed_at() {
    let answer = fin().await.http.post(CASES_ORDER, &json!({ "fields": ["caseName", "x"] })).await;
    let problem = answer.assert_problem(400, "/problems/invalid-request");
    assert_eq!(problem["errors"][0]["pointer"], "/fields/1");
}

#[tokio::test]
async fn e55_a_nameless_caller_is_401() {
    let answer = anonymous().post(CASES_ORDER, &json!({})).await;
    answer.assert_problem(401, "/problems/unauthenticated");
}

#[tokio::test]
async fn e76_a_list_is_an_attachment_named_after_ministry_and_day() {
    let fin = fin().await;
    let list = august_list(&fin, "SD").await;
    let answer = fin.http.get(&list_path(&list)).await;
    word(&answer);
    let disposition = answer.header("content-disposition");
    let (_, name) = disposition.split_once("filename=\"").expect("a name");
    let (name, _) = name.split_once('"').expect("an end");
    let day = name.strip_prefix("Departementsliste_SD_").and_then(|n| n.strip_suffix(".docx"));
    assert!(day.is_some_and(|day| day.len() == 8 && day.parse::<u32>().is_ok()), "{disposition}");
}

#[tokio::test]
async fn e76_the_ministry_is_the_first_heading_and_the_classification_follows_in_its_frame() {
    let document = list_document("SD").await;
    let paragraphs = document.paragraphs();
    assert_eq!(paragraphs[0].0, "Deplisteoverskrift1");
    assert_eq!(paragraphs[0].1, "Samferdselsdepartementet");
    assert_eq!(paragraphs[1].0, "Deplistetittel-ramme");
    assert!(paragraphs[1].1.starts_with("STRENGT FORTROLIG"), "{paragraphs:?}");
}

#[tokio::test]
async fn e76_headings_follow_the_template_and_word_counts_them() {
    let document = list_document("SD").await;
    assert_eq!(
        document.in_style("Deplisteoverskrift2"),
        [
            "Innledning og hovedprioriteringer",
            "Forslag til 2027-budsjettet",
            "Andre viktige beslutninger",
            "Omtalesaker",
        ]
    );
    let sections = document.in_style("Deplisteoverskrift3");
    assert_eq!(sections[..2], ["Innsparingstiltak", "Satsingsforslag"]);
    let levels = document.values("word/numbering.xml", "lvlText", "val");
    assert_eq!(levels[..3], ["%1", "%1.%2", "%1.%2.%3"]);
    assert!(document.lines().iter().all(|line| !line.starts_with("1.1")), "a typed number");
}

#[tokio::test]
async fn e76_every_case_of_the_list_is_printed_once() {
    let fin = fin().await;
    let list = august_list(&fin, "SD").await;
    let page = fin.http.get(&format!("/api/department-lists/{}", id_of(&list))).await;
    let mut expected = Vec::new();
    collect_names(&page.assert_status(200).json()["sections"], &mut expected);
    let document = word(&fin.http.get(&list_path(&list)).await);
    let paragraphs = document.paragraphs();
    for name in &expected {
        let headings = paragraphs.iter().filter(|(style, text)| {
            (style == "Overskrift7" || style == "Deplisteoverskrift3") && text.ends_with(name)
        });
        assert_eq!(headings.count(), 1, "{name}");
    }
    assert_eq!(expected.len(), 7);
}

fn collect_names(sections: &Value, names: &mut Vec<String>) {
    for section in sections.as_array().expect("sections") {
        for entry in section["caseEntries"].as_array().expect("entries") {
            names.push(entry["caseName"].as_str().expect("a name").to_owned());
        }
        collect_names(&section["children"], names);
    }
}

#[tokio::test]
async fn e76_initiatives_have_an_introduction_a_table_with_sums_and_subgroups() {
    let document = list_document("SD").await;
    let lines = document.lines();
    let intro = lines.iter().find(|line| line.starts_with("Det tilrås satsinger")).expect("intro");
    assert!(intro.contains(" mill. kroner for Samferdselsdepartementet."), "{intro}");
    assert_eq!(
        document.in_style("Deplistetabell-tittel"),
        ["Oppsummering satsingsforslag (1 000 kr)"]
    );
    let cells = document.in_style("Tabelltekst");
    assert_eq!(cells[..4], ["Nr.", "Sak", "SDs forslag", "FINs tilråding"]);
    assert!(cells.contains(&"Sum".to_owned()), "{cells:?}");
    assert_eq!(document.count("tblHeader"), 1);
    let groups = document.in_style("Overskrift5");
    assert_eq!(groups[..2], ["A-listen (innsparing)", "B-listen (innsparing)"]);
}

#[tokio::test]
async fn e76_amounts_of_a_case_are_given_in_millions() {
    let document = list_document("SD").await;
    let lines = document.lines();
    for label in ["SDs forslag: ", "FINs tilråding: "] {
        let found = lines.iter().find(|line| line.starts_with(label)).expect(label);
        assert!(found.ends_with(" mill. kroner") && found.contains(','), "{found}");
    }
}

#[tokio::test]
async fn e76_conclusions_are_lettered_by_word_and_restart_for_each_case() {
    let document = list_document("SD").await;
    let conclusions = document.in_style("Konklusjonbokstavert");
    assert!(conclusions.len() >= 2, "{conclusions:?}");
    assert!(conclusions.iter().all(|text| !text.starts_with("a)")), "a typed letter");
    assert!(document.part("word/numbering.xml").contains("w:val=\"%1)\""));
    let leads = document.in_style("Ledetekst");
    assert!(leads.contains(&"Konklusjon:".to_owned()), "{leads:?}");
}

#[tokio::test]
async fn e76_text_that_replaces_a_cases_own_is_printed_in_its_place() {
    let fin = fin().await;
    let list = august_list(&fin, "NFD").await;
    let page = fin.http.get(&format!("/api/department-lists/{}", id_of(&list))).await.json();
    let entry = first_entry(&page["sections"]).expect("an entry");
    let path = format!("/api/department-lists/{}/case-entries/{}", id_of(&list), id_of(&entry));
    let own = json!({ "type": "doc", "content": [paragraph("Bare dette.")] }).to_string();
    fin.http.put(&path, &json!({ "overrideContent": own })).await.assert_status(200);
    let document = word(&fin.http.get(&list_path(&list)).await);
    let paragraphs = document.paragraphs();
    let name = entry["caseName"].as_str().expect("a name");
    let is_heading = |(style, text): &(String, String)| {
        (style == "Overskrift7" || style == "Deplisteoverskrift3") && text.ends_with(name)
    };
    let heading = paragraphs.iter().position(is_heading).expect("its heading");
    let below: Vec<&str> =
        paragraphs[heading + 1..].iter().take(3).map(|(_, text)| text.as_str()).collect();
    assert!(below.contains(&"Bare dette."), "{below:?}");
}

fn first_entry(sections: &Value) -> Option<Value> {
    sections.as_array()?.iter().find_map(|section| {
        section["caseEntries"].get(0).cloned().or_else(|| first_entry(&section["children"]))
    })
}

#[tokio::test]
async fn e76_d15_a_ministry_is_refused_and_an_administrator_is_not() {
    let list = august_list(&fin().await, "SD").await;
    let path = list_path(&list);
    User::fag("sd").await.http.get(&path).await.assert_problem(403, "/problems/forbidden");
    word(&admin().await.http.get(&path).await);
}

#[tokio::test]
async fn e76_an_unknown_list_is_404_and_a_nameless_caller_401() {
    let path = format!("/api/department-lists/{}/export/word", unknown_id());
    fin().await.http.get(&path).await.assert_problem(404, "/problems/not-found");
    anonymous().get(&path).await.assert_problem(401, "/problems/unauthenticated");
}

#[tokio::test]
async fn e76_the_document_is_nb_no_on_a4_with_pages_that_count_themselves() {
    let document = list_document("SD").await;
    assert!(document.part("docProps/core.xml").contains("<dc:language>nb-NO</dc:language>"));
    assert!(document.part("docProps/core.xml").contains("<dc:title>Departementsliste – "));
    assert_eq!(document.values("word/document.xml", "pgSz", "w"), ["11906"]);
    assert_eq!(document.values("word/footer1.xml", "fldSimple", "instr"), [" PAGE ", " NUMPAGES "]);
}
