//! What can go wrong between an order and its document: each ends in a state with a Norwegian
//! sentence or in a document, and the worker takes the next order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::export::{DepartmentListParameters, ExportField, JobStatus, JobType};
use domain::ids::DepartmentListId;
use domain::status::Status;
use domain::visibility::Viewer;
use serde_json::{Value, json};
use test_support::{Actor, SeededCase, SeededList, Word};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::bench::Bench;

const PAGES: [JobType; 2] = [JobType::DepartmentListWord, JobType::DepartmentListPdf];

/// A list of a ministry with one case that has this document, and somebody at FIN.
async fn bench_with_list(document: Value) -> (Bench, Actor, SeededCase, SeededList) {
    let bench = Bench::new().await;
    let (fag, fin) = (Actor::fag("KLD"), Actor::fin());
    let round = bench.seed.round("AUG2026").insert().await;
    let case = bench.seed.case(&round, &fag).named("Rein luft").status(Status::UnderVurderingFin);
    let case = case.document(document).insert().await;
    let list = bench.seed.printed_list(&round, &fag, &[&case]).await;
    bench.seed.actor(&fin).await;
    (bench, fin, case, list)
}

fn order_for(actor: &Actor, list: DepartmentListId) -> Value {
    let who = &actor.identity;
    let viewer = Viewer { user_id: who.user_id, role: who.role, department_id: who.department_id };
    serde_json::to_value(DepartmentListParameters { department_list_id: list, viewer }).unwrap()
}

/// A case's document whose only section holds these blocks.
fn document(blocks: &Value) -> Value {
    json!({ "type": "caseDocument", "content": [{
        "type": "caseSection", "attrs": { "fieldKey": "proposalText" },
        "content": [{ "type": "sectionContent", "content": blocks }],
    }] })
}

#[actix_rt::test]
async fn a_case_that_is_deleted_after_the_order_is_not_in_the_document() {
    let (bench, fin, case, list) = bench_with_list(document(&json!([]))).await;
    let mut ordered = Vec::new();
    for job_type in PAGES {
        ordered.push(bench.accept_as(&fin, job_type, order_for(&fin, list.id)).await);
    }
    ordered.push(bench.accept(&fin, &[ExportField::CaseName]).await);
    bench
        .execute(&format!(
            "ALTER TABLE case_contents DISABLE TRIGGER USER;
             UPDATE cases SET latest_content_id = NULL WHERE id = '{0}';
             DELETE FROM cases WHERE id = '{0}'",
            case.id
        ))
        .await;
    let worker = bench.worker("one").await;
    for id in &ordered {
        bench.publish(*id).await;
        let job = bench.wait_for(*id, JobStatus::Completed).await;
        assert_eq!((job.attempts, job.percent), (1, 100));
    }
    let word = bench.job(ordered[0]).await.result.unwrap().key;
    let word = Word::read(&std::fs::read(bench.blobs.path().join(word)).unwrap());
    assert!(!word.lines().contains(&"Rein luft".to_owned()), "{:?}", word.lines());
    let workbook = bench.workbook(&bench.job(ordered[2]).await);
    assert_eq!(workbook.len(), 1, "only the header row is left");
    worker.shut_down().await.unwrap();
}

#[actix_rt::test]
async fn what_is_stored_as_a_document_and_is_none_costs_its_case_the_layout_only() {
    let deep = (0..200).fold(
        json!({ "type": "text", "text": "dypt" }),
        |inner, _| json!({ "type": "blockquote", "content": [inner] }),
    );
    let broken = [
        json!([]),
        json!("Bare tekst"),
        json!({ "type": "caseDocument", "content": "tekst" }),
        json!({ "type": "doc", "content": [{ "type": 7, "text": [] }] }),
        json!({ "type": "caseDocument", "content": [null, { "type": "caseSection", "attrs": 1 }] }),
        document(
            &json!([{ "type": "paragraph", "content": [{ "type": "text", "marks": "fet" }] }]),
        ),
        document(&json!([deep])),
    ];
    let (bench, fin, case, list) = bench_with_list(document(&json!([]))).await;
    let worker = bench.worker("one").await;
    for stored in broken {
        let text = stored.to_string().replace('\'', "''");
        bench
            .execute(&format!(
                "ALTER TABLE case_contents DISABLE TRIGGER USER;
                 UPDATE case_contents SET content_json = '{text}' WHERE case_id = '{}'",
                case.id
            ))
            .await;
        for job_type in PAGES {
            let id = bench.accept_as(&fin, job_type, order_for(&fin, list.id)).await;
            bench.publish(id).await;
            let job = bench.wait_for(id, JobStatus::Completed).await;
            assert_eq!(job.attempts, 1, "{text}");
        }
    }
    bench.assert_alive(&fin).await;
    worker.shut_down().await.unwrap();
}

#[actix_rt::test]
async fn a_document_of_five_thousand_nodes_is_printed_whole() {
    let paragraph = |number| json!({ "type": "paragraph", "content": [{ "type": "text", "text": format!("Ledd {number}") }] });
    let blocks: Vec<Value> = (1..=2_500).map(paragraph).collect();
    let (bench, fin, _, list) = bench_with_list(document(&json!(blocks))).await;
    let worker = bench.worker("one").await;
    for job_type in PAGES {
        let id = bench.accept_as(&fin, job_type, order_for(&fin, list.id)).await;
        bench.publish(id).await;
        let job = bench.wait_for(id, JobStatus::Completed).await;
        let file = std::fs::read(bench.blobs.path().join(job.result.unwrap().key)).unwrap();
        let last = match job_type {
            JobType::DepartmentListWord => Word::read(&file).lines().contains(&"Ledd 2500".into()),
            _ => test_support::Pdf::read(&file).text().contains("Ledd 2500"),
        };
        assert!(last, "{job_type:?}");
    }
    bench.assert_alive(&fin).await;
    worker.shut_down().await.unwrap();
}

#[actix_rt::test]
async fn a_document_that_takes_too_long_is_stopped_with_a_reason() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let worker = bench.worker_with("one", &[("EXPORT_TIMEOUT_SECS", "1")]).await;
    bench.hold_up().await;
    let id = bench.order(&actor, &[ExportField::BudgetRoundName]).await;
    let job = bench.wait_for(id, JobStatus::Failed).await;
    bench.let_go().await;
    assert_eq!(job.attempts, 1, "once more would take as long");
    let said = job.error_message.unwrap();
    assert!(said.starts_with("Eksporten tok for lang tid og ble stoppet."), "{said}");
    bench.assert_alive(&actor).await;
    worker.shut_down().await.unwrap();
}

#[actix_rt::test]
async fn a_job_that_its_owner_cancels_is_left_by_the_worker() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let worker = bench.worker("one").await;
    bench.hold_up().await;
    let running = bench.order(&actor, &[ExportField::BudgetRoundName]).await;
    bench.wait_for(running, JobStatus::Processing).await;
    assert!(bench.cancel(running).await);
    let waiting = bench.accept(&actor, &[ExportField::CaseName]).await;
    assert!(bench.cancel(waiting).await);
    bench.let_go().await;
    bench.publish(waiting).await;
    bench.wait_for_messages(queue::EXPORT_QUEUE, 0).await;
    bench.assert_alive(&actor).await;
    worker.shut_down().await.unwrap();
    for id in [running, waiting] {
        let job = bench.job(id).await;
        assert_eq!(job.status, JobStatus::Failed);
        assert_eq!(job.error_message.as_deref(), Some("Avbrutt."));
        assert!(job.result.is_none() && job.cancelled_at.is_some(), "{job:?}");
        assert!(!bench.cancel(id).await, "it has ended already");
    }
}

/// An object store that takes everything, or says that it is full.
async fn object_store(is_full: Arc<AtomicBool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    actix_rt::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let is_full = is_full.load(Ordering::Acquire);
            actix_rt::spawn(async move {
                let mut request = vec![0; 64 * 1024];
                let _ = stream.read(&mut request).await;
                let answer = if is_full {
                    "HTTP/1.1 507 Insufficient Storage\r\ncontent-length: 0\r\n\r\n"
                } else {
                    "HTTP/1.1 200 OK\r\netag: \"1\"\r\ncontent-length: 0\r\n\r\n"
                };
                // Whatever is left of the request is read, or closing would look like a reset.
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
                while stream.read(&mut request).await.is_ok_and(|read| read > 0) {}
            });
        }
    });
    format!("http://{address}")
}

#[actix_rt::test]
async fn a_full_store_fails_the_job_with_a_reason_and_not_the_worker() {
    let (mut bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let is_full = Arc::new(AtomicBool::new(true));
    let endpoint = object_store(Arc::clone(&is_full)).await;
    let mut process = bench.process(
        "one",
        &[
            ("BLOB_STORE_URL", "s3://results/portal"),
            ("AWS_ENDPOINT", &endpoint),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "eu-north-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("EXPORT_MAX_ATTEMPTS", "2"),
        ],
    );
    bench.start_relay();
    let id = bench.accept(&actor, &[ExportField::CaseName]).await;
    let job = bench.wait_for(id, JobStatus::Failed).await;
    assert_eq!(job.attempts, 2);
    let said = job.error_message.unwrap();
    assert!(said.starts_with("Dokumentet ble laget, men kunne ikke lagres."), "{said}");

    is_full.store(false, Ordering::Release);
    bench.assert_alive(&actor).await;
    assert_eq!(process.terminate().await, Some(0));
}

#[actix_rt::test]
async fn a_worker_shows_that_it_is_there_while_orders_can_reach_it() {
    let (bench, _actor, _round) = Bench::with_cases(&[]).await;
    let cut_off = bench.worker_with("cut off", &[("AMQP_URL", "amqp://127.0.0.1:1")]).await;
    let worker = bench.worker("there").await;
    let seen = "SELECT instance_id FROM export_workers WHERE seen_at > now() - interval '30 s'";
    let names = async || {
        let rows = bench.seed.client().query(seen, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect::<Vec<String>>()
    };
    while names().await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(names().await, ["there"]);
    worker.shut_down().await.unwrap();
    cut_off.shut_down().await.unwrap();
}
