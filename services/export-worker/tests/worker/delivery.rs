//! From the queue to the finished document, once, and never more than a few at a time.

use domain::export::{ExportField, JobStatus};
use test_support::Actor;
use uuid::Uuid;

use super::bench::Bench;

#[actix_rt::test]
async fn i5_an_order_becomes_a_document() {
    let (bench, actor, _round) = Bench::with_cases(&["Økt skogvern", "Rassikring"]).await;
    let worker = bench.worker("one").await;
    let id = bench.order(&actor, &ExportField::DEFAULT).await;

    let job = bench.wait_for(id, JobStatus::Completed).await;
    assert_eq!((job.percent, job.attempts), (100, 1));
    assert!(job.started_at.unwrap() >= job.created_at);
    assert!(job.completed_at.unwrap() >= job.started_at.unwrap());
    let result = job.result.clone().unwrap();
    assert_eq!(result.file_name, "Saker_KLD.xlsx");
    assert_eq!(result.key, format!("exports/{id}.xlsx"));
    let size = std::fs::metadata(bench.blobs.path().join(&result.key)).unwrap().len();
    assert_eq!(result.bytes, i64::try_from(size).unwrap());
    assert_eq!(bench.workbook(&job).len(), 3);

    worker.shut_down().await.unwrap();
    bench.wait_for_messages(queue::EXPORT_QUEUE, 0).await;
}

#[actix_rt::test]
async fn i5_a_message_delivered_many_times_is_done_once() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let id = bench.accept(&actor, &ExportField::DEFAULT).await;
    for _ in 0..6 {
        bench.publish(id).await;
    }
    let workers = [bench.worker("one").await, bench.worker("two").await];
    bench.wait_for(id, JobStatus::Completed).await;
    bench.wait_for_messages(queue::EXPORT_QUEUE, 0).await;
    for worker in workers {
        worker.shut_down().await.unwrap();
    }
    let job = bench.job(id).await;
    assert_eq!((job.status, job.attempts), (JobStatus::Completed, 1));
    bench.wait_for_messages(queue::EXPORT_DEAD_LETTERS, 0).await;
}

#[actix_rt::test]
async fn i5_a_message_that_comes_after_the_end_changes_nothing() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let worker = bench.worker("one").await;
    let id = bench.order(&actor, &ExportField::DEFAULT).await;
    let done = bench.wait_for(id, JobStatus::Completed).await;

    // As after a crash between the end of the job and the acknowledgement of its message.
    bench.publish(id).await;
    bench.wait_for_messages(queue::EXPORT_QUEUE, 0).await;
    worker.shut_down().await.unwrap();
    assert_eq!(bench.job(id).await, done);
}

#[actix_rt::test]
async fn poison_goes_to_the_dead_letters_and_work_goes_on() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let worker = bench.worker("one").await;
    let first = bench.order(&actor, &ExportField::DEFAULT).await;
    bench.wait_for(first, JobStatus::Completed).await;

    // One that is no message at all, and one about a job that never was.
    bench.broker.publish(queue::EXPORT_EXCHANGE, queue::EXPORT_QUEUE, "not a message").await;
    bench.publish(Uuid::new_v4().into()).await;
    let second = bench.order(&actor, &ExportField::DEFAULT).await;
    bench.wait_for(second, JobStatus::Completed).await;

    bench.wait_for_messages(queue::EXPORT_DEAD_LETTERS, 2).await;
    bench.wait_for_messages(queue::EXPORT_QUEUE, 0).await;
    worker.shut_down().await.unwrap();
}

#[actix_rt::test]
async fn a_worker_runs_three_jobs_at_a_time_and_no_more() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    // Writes down, with every claim, how many jobs are then in work.
    bench
        .execute(
            "CREATE TABLE claims (jobs bigint NOT NULL);
             GRANT INSERT ON claims TO portal_export_worker;
             CREATE FUNCTION note_claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 INSERT INTO claims SELECT count(*) FROM export_jobs WHERE status = 'processing';
                 RETURN NULL;
             END $$;
             CREATE TRIGGER note_claim AFTER UPDATE OF attempts ON export_jobs
                 FOR EACH ROW EXECUTE FUNCTION note_claim()",
        )
        .await;
    let mut ids = Vec::new();
    for _ in 0..7 {
        ids.push(bench.order(&actor, &ExportField::DEFAULT).await);
    }
    bench.hold_up().await;
    let worker = bench.worker("one").await;
    for id in &ids[..3] {
        bench.wait_for(*id, JobStatus::Processing).await;
    }
    bench.let_go().await;
    for id in ids {
        bench.wait_for(id, JobStatus::Completed).await;
    }
    worker.shut_down().await.unwrap();
    let row = bench.seed.client().query_one("SELECT max(jobs) FROM claims", &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 3);
}

#[actix_rt::test]
async fn progress_grows_until_the_job_is_done() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    // Seconds of work, so that reports come in between however fast the machine is.
    bench.multiply_cases(20_000).await;
    bench
        .execute(
            "CREATE TABLE reports (id serial, percent smallint NOT NULL, step text);
             GRANT INSERT ON reports TO portal_export_worker;
             GRANT USAGE ON reports_id_seq TO portal_export_worker;
             CREATE FUNCTION note_report() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 INSERT INTO reports (percent, step) VALUES (NEW.percent, NEW.step);
                 RETURN NULL;
             END $$;
             CREATE TRIGGER note_report AFTER UPDATE OF percent ON export_jobs
                 FOR EACH ROW EXECUTE FUNCTION note_report()",
        )
        .await;
    let worker = bench.worker("one").await;
    let fields: Vec<_> = ExportField::all().collect();
    let id = bench.order(&actor, &fields).await;
    let job = bench.wait_for(id, JobStatus::Completed).await;
    worker.shut_down().await.unwrap();

    assert_eq!(bench.workbook(&job).len(), 20_002);
    let rows = bench.seed.client().query("SELECT percent FROM reports ORDER BY id", &[]).await;
    let percents: Vec<i16> = rows.unwrap().iter().map(|row| row.get(0)).collect();
    assert!(percents.is_sorted(), "{percents:?}");
    assert_eq!(percents.last(), Some(&100));
    assert!(percents.iter().any(|percent| (1..100).contains(percent)), "{percents:?}");
}

#[actix_rt::test]
async fn i7_the_worker_takes_orders_again_after_the_broker_was_away() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let worker = bench.worker("one").await;
    let first = bench.order(&actor, &ExportField::DEFAULT).await;
    bench.wait_for(first, JobStatus::Completed).await;

    bench.broker.close_connections().await;
    let mut bench = bench;
    bench.start_relay();
    let second = bench.accept(&Actor::fag("KLD"), &ExportField::DEFAULT).await;
    bench.wait_for(second, JobStatus::Completed).await;
    worker.shut_down().await.unwrap();
}
