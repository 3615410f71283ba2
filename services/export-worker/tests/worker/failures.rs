//! What happens when the work itself fails.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use domain::export::{ExportField, JobStatus};

use super::bench::Bench;

#[actix_rt::test]
async fn i5_a_job_that_never_succeeds_is_failed_after_five_attempts() {
    let (mut bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    // A file where the store's folder should be: nothing can be stored.
    fs::write(bench.blobs.path().join("exports"), "in the way").unwrap();
    bench.start_relay();
    let worker = bench.worker("one").await;
    let id = bench.accept(&actor, &ExportField::DEFAULT).await;

    let job = bench.wait_for(id, JobStatus::Failed).await;
    assert_eq!(job.attempts, 5);
    assert!(job.completed_at.is_some());
    let said = job.error_message.unwrap();
    assert!(said.starts_with("Dokumentet ble laget, men kunne ikke lagres."), "{said}");
    bench.wait_for_messages(queue::EXPORT_DEAD_LETTERS, 1).await;
    bench.wait_for_messages(queue::EXPORT_QUEUE, 0).await;
    worker.shut_down().await.unwrap();
}

#[actix_rt::test]
async fn i5_a_failure_that_passes_ends_with_a_document() {
    let (mut bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let obstacle = bench.blobs.path().join("exports");
    fs::write(&obstacle, "in the way").unwrap();
    bench.start_relay();
    let worker = bench.worker_with("one", &[("EXPORT_RETRY_PAUSE_MS", "300")]).await;
    let id = bench.accept(&actor, &ExportField::DEFAULT).await;
    while bench.job(id).await.attempts < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    fs::remove_file(obstacle).unwrap();

    let job = bench.wait_for(id, JobStatus::Completed).await;
    assert!((2..=5).contains(&job.attempts), "{job:?}");
    assert_eq!(bench.workbook(&job).len(), 2);
    worker.shut_down().await.unwrap();
}

#[actix_rt::test]
async fn i5_a_job_whose_workers_all_died_is_failed_not_tried_for_ever() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let id = bench.accept(&actor, &ExportField::DEFAULT).await;
    bench
        .execute(
            "UPDATE export_jobs SET status = 'processing', attempts = 5, claimed_by = 'dead',
                 lease_until = now() - interval '1 second'",
        )
        .await;
    bench.publish(id).await;
    let worker = bench.worker("one").await;
    let job = bench.wait_for(id, JobStatus::Failed).await;
    assert_eq!(job.attempts, 5);
    assert!(job.error_message.is_some());
    bench.wait_for_messages(queue::EXPORT_DEAD_LETTERS, 1).await;
    worker.shut_down().await.unwrap();
}

#[actix_rt::test]
async fn documents_are_removed_when_their_time_is_over() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let worker = bench.worker("one").await;
    let old = bench.order(&actor, &ExportField::DEFAULT).await;
    let young = bench.order(&actor, &ExportField::DEFAULT).await;
    let old = bench.wait_for(old, JobStatus::Completed).await;
    let young = bench.wait_for(young, JobStatus::Completed).await;
    // What a job left behind that was cancelled while its document was being stored.
    let orphan = bench.blobs.path().join("exports/orphan.docx");
    fs::write(&orphan, "ingen rad nevner meg").unwrap();
    let long_ago = SystemTime::now() - Duration::from_hours(9 * 24);
    File::options().write(true).open(&orphan).unwrap().set_modified(long_ago).unwrap();
    worker.shut_down().await.unwrap();
    bench
        .execute(&format!(
            "UPDATE export_jobs SET completed_at = now() - interval '8 days' WHERE id = '{}'",
            old.id
        ))
        .await;

    let worker = bench.worker("two").await;
    while bench.job(old.id).await.result.is_some() || orphan.exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    worker.shut_down().await.unwrap();
    assert!(!bench.blobs.path().join(old.result.unwrap().key).exists());
    assert!(bench.blobs.path().join(young.result.unwrap().key).exists());
}
