//! E54 and E57 to E59, and the outbox relay behind them.

use std::io::Cursor;
use std::time::{Duration, Instant};

use calamine::{Data, Reader as _, Xlsx};
use domain::status::Status;
use edge::problem::ProblemType;
use queue::{BrokerConfig, Consumer, Outcome};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::{Actor, Broker, ChaosProxy, Http};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::{TestApp, assert_problem};

const ORDER: &str = "/api/export/cases/excel";
const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const DEADLINE: Duration = Duration::from_secs(30);

/// Orders the default list and returns the path of the job.
async fn order(http: &Http) -> String {
    let answer = http.post(ORDER, &json!({})).await;
    answer.assert_status(202).header("location").to_owned()
}

/// Ends every job as the worker does, with `content` as its document.
async fn complete(app: &TestApp, content: &str) {
    let done = "UPDATE export_jobs SET status = 'completed', completed_at = now(), percent = 100,
                    result_key = 'exports/' || id || '.xlsx', result_bytes = $1,
                    result_file_name = 'Saker_KLD_Høst2026.xlsx'
                RETURNING id";
    let bytes = i64::try_from(content.len()).unwrap();
    for row in app.seed.client().query(done, &[&bytes]).await.unwrap() {
        let id: Uuid = row.get(0);
        std::fs::create_dir_all(app.blobs.join("exports")).unwrap();
        std::fs::write(app.blobs.join(format!("exports/{id}.xlsx")), content).unwrap();
    }
}

fn cells(workbook: &[u8]) -> Vec<Vec<Data>> {
    let mut book = Xlsx::new(Cursor::new(workbook.to_vec())).unwrap();
    book.worksheet_range("Saker").unwrap().rows().map(<[Data]>::to_vec).collect()
}

/// The ids of the jobs that arrive in the queue at `amqp_url`.
fn arrivals(amqp_url: &str) -> (mpsc::UnboundedReceiver<Uuid>, CancellationToken) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let broker = BrokerConfig { url: amqp_url.into(), connection_name: "exports test".to_owned() };
    let consumer = Consumer::new(broker, 3, Duration::from_secs(1));
    actix_rt::spawn(consumer.run(stop.clone(), move |delivered| {
        let sender = sender.clone();
        async move {
            let _ = sender.send(delivered.message.job_id);
            Outcome::Done
        }
    }));
    (receiver, stop)
}

async fn next(arrivals: &mut mpsc::UnboundedReceiver<Uuid>) -> Uuid {
    tokio::time::timeout(DEADLINE, arrivals.recv()).await.expect("a message in time").unwrap()
}

fn id_in(path: &str) -> Uuid {
    path.rsplit('/').next().unwrap().parse().unwrap()
}

#[actix_rt::test]
async fn an_order_is_accepted_at_once_and_can_be_followed() {
    let app = TestApp::spawn().await;
    let fag = app.by(&Actor::fag("KLD")).await;
    let body = json!({
        "filters": { "departmentId": "kld", "budgetRoundId": "None", "status": "" },
        "fields": ["caseName", "chapter", "post", "amount", "status"],
    });
    let accepted = fag.post(ORDER, &body).await;
    let view = accepted.assert_status(202).json();
    assert_eq!(view["jobId"], view["id"]);
    assert_eq!(view["status"], "queued");
    let path = accepted.header("location");
    assert_eq!(path, format!("/api/export/jobs/{}", view["id"].as_str().unwrap()));

    let job = fag.get(path).await.assert_status(200).json();
    for key in ["resultUrl", "downloadUrl", "errorMessage", "startedAt", "completedAt"] {
        assert_eq!(job.get(key), Some(&Value::Null), "{key}");
    }
    assert_eq!(job["jobType"], "case_list_excel");
    assert_eq!(job["status"], "queued");
    assert_eq!(job["percent"], 0);
    assert!(job["createdAt"].as_str().unwrap().ends_with('Z'));
    assert_eq!(fag.get("/api/export/jobs").await.json(), json!([job]));
}

#[actix_rt::test]
async fn the_client_polls_until_the_document_is_there() {
    let app = TestApp::spawn().await;
    let fag = app.by(&Actor::fag("KLD")).await;
    let path = order(&fag).await;
    // With a live lease, as a worker's claim has: the relay takes back a job whose lease is over.
    let step = "UPDATE export_jobs SET status = 'processing', started_at = now(), percent = 45,
                    step = 'Skriver regnearket', published_at = now(), attempts = 1,
                    claimed_by = 'test', lease_until = now() + interval '1 hour'";
    app.seed.client().execute(step, &[]).await.unwrap();
    let job = fag.get(&path).await.json();
    assert_eq!((&job["status"], &job["percent"]), (&json!("processing"), &json!(45)));
    assert_eq!(job["step"], "Skriver regnearket");

    complete(&app, "regneark").await;
    let job = fag.get(&path).await.json();
    assert_eq!(job["status"], "completed");
    assert_eq!(job["resultUrl"], job["downloadUrl"]);
    assert_eq!(job["fileName"], "Saker_KLD_Høst2026.xlsx");
}

/// A worker that was last seen so long ago.
async fn worker_seen(app: &TestApp, ago: &str) {
    let seen = format!(
        "INSERT INTO export_workers VALUES ('w', now() - interval '{ago}')
         ON CONFLICT (instance_id) DO UPDATE SET seen_at = excluded.seen_at"
    );
    app.seed.client().batch_execute(&seen).await.unwrap();
}

#[actix_rt::test]
async fn who_waits_sees_the_place_in_the_queue_and_when_nobody_serves_it() {
    let app = TestApp::spawn().await;
    let (fag, other) = (app.by(&Actor::fag("KLD")).await, app.by(&Actor::fag("KD")).await);
    worker_seen(&app, "20 seconds").await;
    let (_, path) = (order(&other).await, order(&fag).await);
    let job = fag.get(&path).await.json();
    assert_eq!((&job["queuePosition"], &job["stalled"]), (&json!(2), &json!(false)));
    assert_eq!(job["step"], "Nummer 2 i køen");
    assert_eq!(fag.get("/api/export/jobs").await.json(), json!([job]));

    worker_seen(&app, "40 seconds").await;
    let job = fag.get(&path).await.json();
    assert_eq!((&job["queuePosition"], &job["stalled"]), (&json!(2), &json!(true)));
    let said = job["step"].as_str().unwrap();
    assert!(said.starts_with("Eksporttjenesten er ikke i gang akkurat nå."), "{said}");
    assert_eq!(job["status"], "queued", "the contract knows no other word for it");

    // Those in front get on, and the next one is first.
    let taken = "UPDATE export_jobs SET status = 'processing', published_at = now(), attempts = 1,
                     lease_until = now() + interval '1 hour'
                 WHERE created_at = (SELECT min(created_at) FROM export_jobs)";
    app.seed.client().execute(taken, &[]).await.unwrap();
    assert_eq!(fag.get(&path).await.json()["queuePosition"], 1);
}

#[actix_rt::test]
async fn a_job_can_be_cancelled_until_it_has_ended_and_tried_again_after() {
    let app = TestApp::spawn().await;
    let fag = app.by(&Actor::fag("KLD")).await;
    let path = order(&fag).await;
    let cancel = format!("{path}/cancel");
    let colleague = app.by(&Actor::fag("KLD").named("Kollega")).await;
    assert_problem(&colleague.post(&cancel, &json!({})).await, ProblemType::NOT_FOUND);

    let first = fag.post(&cancel, &json!({})).await.assert_status(200).json();
    assert_eq!((&first["status"], &first["cancelled"]), (&json!("failed"), &json!(true)));
    assert_eq!(first["errorMessage"], "Eksporten ble avbrutt.");
    assert!(first["completedAt"].is_string() && first["queuePosition"].is_null(), "{first}");
    // A double click on the button is no error.
    assert_eq!(fag.post(&cancel, &json!({})).await.assert_status(200).json(), first);

    fag.post(&format!("{path}/retry"), &json!({})).await.assert_status(202);
    let again = fag.get(&path).await.json();
    assert_eq!((&again["status"], &again["cancelled"]), (&json!("queued"), &json!(false)));
    complete(&app, "regneark").await;
    assert_problem(&fag.post(&cancel, &json!({})).await, ProblemType::CONFLICT);
}

#[actix_rt::test]
async fn an_order_that_cannot_be_carried_out_is_refused_and_leaves_no_job() {
    let app = TestApp::spawn().await;
    let fag = app.by(&Actor::fag("KLD")).await;
    for (body, pointer) in [
        (json!({ "fields": ["caseName", "passord"] }), "/fields/1"),
        (json!({ "fields": vec!["caseName"; 40] }), "/fields"),
        (json!({ "fields": "caseName" }), "/fields"),
        (json!({ "filters": { "budgetRoundId": "snart" } }), "/filters/budgetRoundId"),
        (json!({ "filters": { "caseIds": ["7"] } }), "/filters/caseIds/0"),
        (json!({ "filters": { "myDepartments": "ja" } }), "/filters/myDepartments"),
        (json!({ "filters": { "search": "å".repeat(201) } }), "/filters/search"),
        (json!({ "filters": { "case_type": "a".repeat(201) } }), "/filters/caseType"),
    ] {
        let answer = fag.post(ORDER, &body).await;
        let problem = assert_problem(&answer, ProblemType::INVALID_REQUEST);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let bad_json = fag.request(Method::POST, ORDER).header("content-type", "application/json");
    assert_problem(&fag.send(bad_json.body("{")).await, ProblemType::INVALID_JSON);
    assert_eq!(fag.get("/api/export/jobs").await.json(), json!([]));
}

#[actix_rt::test]
async fn filters_are_read_in_both_spellings() {
    let app = TestApp::spawn().await;
    let admin = app.by(&Actor::admin()).await;
    let round = app.seed.round("AUG2026").insert().await;
    app.seed.case(&round, &Actor::fag("KLD")).named("Skogvern").insert().await;
    app.seed.case(&round, &Actor::fag("KLD")).named("Rassikring").insert().await;
    app.seed.case(&round, &Actor::fag("KD")).named("Skole").insert().await;
    let names = async |filters: Value| {
        let body = json!({ "filters": filters, "fields": ["caseName"] });
        let answer = admin.post(&format!("{ORDER}?sync=true"), &body).await;
        let rows = cells(&answer.assert_status(200).body);
        let mut names: Vec<_> = rows[1..].iter().map(|row| row[0].to_string()).collect();
        names.sort();
        names
    };
    assert_eq!(names(json!({ "departmentId": "kld" })).await, ["Rassikring", "Skogvern"]);
    assert_eq!(names(json!({ "department_id": "KD", "search": "SKO" })).await, ["Skole"]);
    assert_eq!(names(json!({ "budget_round_id": round.id, "search": "sko" })).await.len(), 2);
    assert_eq!(names(json!({ "departmentId": "FINNES-IKKE" })).await.len(), 0);
    assert_eq!(names(json!({ "case_type": "ukjent" })).await.len(), 0);
    assert_eq!(names(json!({ "caseIds": [Uuid::new_v4()] })).await.len(), 0);
    assert_eq!(names(json!({ "caseIds": [] })).await.len(), 3);
}

#[actix_rt::test]
async fn a_small_list_is_made_at_once_when_asked_for() {
    let app = TestApp::spawn().await;
    let actor = Actor::fag("KLD");
    let fag = app.by(&actor).await;
    let round = app.seed.round("AUG2026").insert().await;
    let case = app.seed.case(&round, &actor).named("Økt skogvern").fin_text("FINs syn");
    case.status(Status::SendtTilFin).insert().await;
    app.seed.case(&round, &Actor::fag("KD")).named("Annet departement").insert().await;

    let body = json!({
        "filters": { "budgetRoundId": round.id }, "fields": ["caseName", "finAssessment"],
    });
    let asked = fag.request(Method::POST, ORDER).header("accept", WORKBOOK).json(&body);
    let answer = fag.send(asked).await;
    answer.assert_status(200);
    assert_eq!(answer.header("content-type"), WORKBOOK);
    assert!(answer.header("content-disposition").contains("Saker_KLD_AUG2026.xlsx"));
    // I6: neither another ministry's case nor FIN's text before the government has the case.
    let rows = cells(&answer.body);
    assert_eq!(rows[0], [text("Saksnavn"), text("FINs vurdering")]);
    assert_eq!(rows[1], [text("Økt skogvern"), Data::Empty]);
    assert_eq!(rows.len(), 2);
    assert_eq!(fag.get("/api/export/jobs").await.json(), json!([]));
}

fn text(value: &str) -> Data {
    Data::String(value.to_owned())
}

#[actix_rt::test]
async fn a_large_list_is_ordered_even_when_it_was_wanted_at_once() {
    let app = TestApp::spawn().await;
    let actor = Actor::fag("KLD");
    let fag = app.by(&actor).await;
    let round = app.seed.round("AUG2026").insert().await;
    app.seed.case(&round, &actor).insert().await;
    let copies = "INSERT INTO cases (budget_round_id, department_id, case_name, case_type, status,
                      created_by, version, origin)
                  SELECT budget_round_id, department_id, case_name, case_type, status, created_by,
                      version, origin
                  FROM cases, generate_series(1, 1000)";
    app.seed.client().execute(copies, &[]).await.unwrap();
    fag.post(&format!("{ORDER}?sync=true"), &json!({})).await.assert_status(202);
}

#[actix_rt::test]
async fn the_same_idempotency_key_is_the_same_job() {
    let app = TestApp::spawn().await;
    let (fag, other) = (app.by(&Actor::fag("KLD")).await, app.by(&Actor::fag("KD")).await);
    let send = async |http: &Http, key: &str, fields: Value| {
        let body = json!({ "fields": fields });
        let request = http.request(Method::POST, ORDER).header("Idempotency-Key", key);
        http.send(request.json(&body)).await
    };
    let first = send(&fag, "k1", json!(["caseName"])).await.assert_status(202).json();
    let again = send(&fag, "k1", json!(["caseName"])).await.assert_status(202).json();
    assert_eq!(first, again);
    let reused = send(&fag, "k1", json!(["status"])).await;
    assert_problem(&reused, ProblemType::CONFLICT);
    // Keys are each user's own.
    let others = send(&other, "k1", json!(["caseName"])).await.assert_status(202).json();
    assert_ne!(first["id"], others["id"]);
    let too_long = send(&fag, &"k".repeat(201), json!([])).await;
    assert_problem(&too_long, ProblemType::INVALID_REQUEST);
}

#[actix_rt::test]
async fn i6_a_job_exists_only_for_its_requester_and_the_administrator() {
    let app = TestApp::spawn().await;
    let fag = app.by(&Actor::fag("KLD")).await;
    let path = order(&fag).await;
    complete(&app, "regneark").await;
    let colleague = app.by(&Actor::fag("KLD").named("Kollega")).await;
    for stranger in [&colleague, &app.by(&Actor::fin_lead()).await] {
        assert_problem(&stranger.get(&path).await, ProblemType::NOT_FOUND);
        let download = stranger.get(&format!("{path}/download")).await;
        assert_problem(&download, ProblemType::NOT_FOUND);
        let retry = stranger.post(&format!("{path}/retry"), &json!({})).await;
        assert_problem(&retry, ProblemType::NOT_FOUND);
        assert_eq!(stranger.get("/api/export/jobs").await.json(), json!([]));
    }
    let admin = app.by(&Actor::admin()).await;
    admin.get(&path).await.assert_status(200);
    admin.get(&format!("{path}/download")).await.assert_status(200);
    assert_problem(&app.http.get(&path).await, ProblemType::UNAUTHENTICATED);
    assert_problem(&app.http.post(ORDER, &json!({})).await, ProblemType::UNAUTHENTICATED);
    let unknown = format!("/api/export/jobs/{}", Uuid::new_v4());
    assert_problem(&fag.get(&unknown).await, ProblemType::NOT_FOUND);
    assert_problem(&fag.get("/api/export/jobs/7").await, ProblemType::NOT_FOUND);
}

#[actix_rt::test]
async fn a_document_is_downloaded_by_its_link_alone() {
    let app = TestApp::spawn().await;
    let fag = app.by(&Actor::fag("KLD")).await;
    let path = order(&fag).await;
    complete(&app, "et regneark").await;
    let link = fag.get(&path).await.json()["resultUrl"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("{path}/download?token=")), "{link}");

    let answer = app.http.get(&link).await;
    answer.assert_status(200);
    assert_eq!(answer.text(), "et regneark");
    assert_eq!(answer.header("content-type"), WORKBOOK);
    assert_eq!(answer.header("content-length"), "11");
    let disposition = answer.header("content-disposition");
    assert!(disposition.starts_with("attachment;"), "{disposition}");
    assert!(disposition.contains("filename*=UTF-8''Saker_KLD_H%C3%B8st2026.xlsx"), "{disposition}");
    // And with the requester's own token.
    fag.get(&format!("{path}/download")).await.assert_status(200);
}

#[actix_rt::test]
async fn i6_a_link_opens_one_document_and_no_other_door() {
    let app = TestApp::builder().var("DOWNLOAD_TOKEN_TTL_SECS", "3600").spawn().await;
    let actor = Actor::fag("KLD");
    let fag = app.by(&actor).await;
    let (path, other) = (order(&fag).await, order(&fag).await);
    complete(&app, "et regneark").await;
    let link = fag.get(&path).await.json()["resultUrl"].as_str().unwrap().to_owned();
    let token = link.rsplit_once('=').unwrap().1;

    let elsewhere = app.http.get(&format!("{other}/download?token={token}")).await;
    assert_problem(&elsewhere, ProblemType::UNAUTHENTICATED);
    let (head, _signature) = token.rsplit_once('.').unwrap();
    for forged in [format!("{head}.AAAA"), actor.token(), "x".to_owned()] {
        let answer = app.http.get(&format!("{path}/download?token={forged}")).await;
        assert_problem(&answer, ProblemType::UNAUTHENTICATED);
    }
    let no_proof = app.http.get(&format!("{path}/download")).await;
    assert_problem(&no_proof, ProblemType::UNAUTHENTICATED);
    let as_bearer = app.http.with_token(token).get("/api/export/jobs").await;
    assert_problem(&as_bearer, ProblemType::UNAUTHENTICATED);
}

#[actix_rt::test]
async fn what_is_not_there_yet_or_not_any_more_is_said() {
    let app = TestApp::spawn().await;
    let fag = app.by(&Actor::fag("KLD")).await;
    let path = order(&fag).await;
    let download = format!("{path}/download");
    let problem = assert_problem(&fag.get(&download).await, ProblemType::CONFLICT);
    assert_eq!(problem["exportStatus"], "queued");

    complete(&app, "et regneark").await;
    std::fs::remove_dir_all(app.blobs.join("exports")).unwrap();
    assert_problem(&fag.get(&download).await, ProblemType::GONE);
    let removed = "UPDATE export_jobs SET result_key = NULL";
    app.seed.client().execute(removed, &[]).await.unwrap();
    assert_problem(&fag.get(&download).await, ProblemType::GONE);
    let job = fag.get(&path).await.json();
    assert_eq!((&job["status"], &job["resultUrl"]), (&json!("completed"), &Value::Null));
    assert_eq!(job["step"], "Dokumentet er slettet. Bestill eksporten på nytt.");
}

#[actix_rt::test]
async fn a_failed_job_shows_why_and_can_be_tried_again() {
    let app = TestApp::spawn().await;
    let fag = app.by(&Actor::fag("KLD")).await;
    let path = order(&fag).await;
    let retry = format!("{path}/retry");
    assert_problem(&fag.post(&retry, &json!({})).await, ProblemType::CONFLICT);
    let fail = "UPDATE export_jobs SET status = 'failed', attempts = 5, completed_at = now(),
                    published_at = now(), error_message = 'Eksporten mislyktes.'";
    app.seed.client().execute(fail, &[]).await.unwrap();
    let job = fag.get(&path).await.json();
    assert_eq!(job["errorMessage"], "Eksporten mislyktes.");

    let accepted = fag.post(&retry, &json!({})).await;
    assert_eq!(accepted.assert_status(202).json()["status"], "queued");
    let row = "SELECT attempts, published_at IS NULL AND error_message IS NULL FROM export_jobs";
    let row = app.seed.client().query_one(row, &[]).await.unwrap();
    assert_eq!((row.get::<_, i32>(0), row.get::<_, bool>(1)), (0, true));
}

#[actix_rt::test]
async fn i5_an_accepted_order_reaches_the_queue_and_is_marked_published() {
    let app = TestApp::builder().with_broker().spawn().await;
    let (mut arrivals, stop) = arrivals(&app.broker.as_ref().unwrap().amqp_url());
    let fag = app.by(&Actor::fag("KLD")).await;
    let path = order(&fag).await;
    assert_eq!(next(&mut arrivals).await, id_in(&path));
    wait_until(&app, "SELECT count(*) FROM export_jobs WHERE published_at IS NOT NULL", 1).await;
    stop.cancel();
}

#[actix_rt::test]
async fn i5_an_order_accepted_while_the_broker_is_away_is_published_when_it_returns() {
    let broker = Broker::vhost().await;
    let (_, server) = broker.amqp_url().rsplit_once('@').map(split_owned).unwrap();
    let proxy = ChaosProxy::start(server.split('/').next().unwrap()).await;
    proxy.reset();
    let url = proxy.instead_of(&broker.amqp_url());
    let app = TestApp::builder().var("AMQP_URL", &url).spawn().await;
    let fag = app.by(&Actor::fag("KLD")).await;
    let paths = [order(&fag).await, order(&fag).await, order(&fag).await];
    let unpublished = "SELECT count(*) FROM export_jobs WHERE published_at IS NULL";
    wait_until(&app, unpublished, 3).await;

    proxy.pass();
    let (mut arrivals, stop) = arrivals(&broker.amqp_url());
    for path in &paths {
        assert_eq!(next(&mut arrivals).await, id_in(path), "not in the order of the orders");
    }
    wait_until(&app, unpublished, 0).await;
    stop.cancel();
}

fn split_owned((left, right): (&str, &str)) -> (String, String) {
    (left.to_owned(), right.to_owned())
}

#[actix_rt::test]
async fn i5_what_the_queue_or_a_worker_has_lost_is_published_again() {
    let app = TestApp::builder().with_broker().spawn().await;
    let fag = app.by(&Actor::fag("KLD")).await;
    let (abandoned, forgotten) = (order(&fag).await, order(&fag).await);
    let running = order(&fag).await;
    wait_until(&app, "SELECT count(*) FROM export_jobs WHERE published_at IS NOT NULL", 3).await;
    let lost = "UPDATE export_jobs SET
                    status = CASE WHEN id = $2 THEN 'queued' ELSE 'processing' END,
                    published_at = now() - interval '1 hour',
                    claimed_by = 'worker',
                    lease_until = now() + CASE WHEN id = $1 THEN interval '-1 second'
                                               ELSE interval '1 hour' END";
    let ids = [id_in(&abandoned), id_in(&forgotten)];
    app.seed.client().execute(lost, &[&ids[0], &ids[1]]).await.unwrap();

    let again = "SELECT count(*) FROM export_jobs
                 WHERE published_at > now() - interval '5 minutes' AND status = 'queued'";
    wait_until(&app, again, 2).await;
    let status = fag.get(&running).await.json()["status"].clone();
    assert_eq!(status, "processing", "a job in work was taken from its worker");
}

async fn wait_until(app: &TestApp, count: &str, wanted: i64) {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let found: i64 = app.seed.client().query_one(count, &[]).await.unwrap().get(0);
        if found == wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{count}: {found}, not {wanted}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
