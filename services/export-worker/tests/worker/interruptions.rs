//! Workers that are killed, stopped, or believed dead in the middle of a job.

use domain::export::{ExportField, JobStatus};

use super::bench::Bench;

#[actix_rt::test]
async fn i5_a_killed_workers_job_is_done_by_another() {
    let (mut bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let mut victim = bench.process("victim", &[]);
    bench.hold_up().await;
    let id = bench.order(&actor, &ExportField::DEFAULT).await;
    bench.wait_for(id, JobStatus::Processing).await;
    victim.kill();
    bench.let_go().await;

    bench.start_relay();
    let worker = bench.worker("heir").await;
    let job = bench.wait_for(id, JobStatus::Completed).await;
    assert_eq!(job.attempts, 2);
    assert_eq!(bench.workbook(&job).len(), 2);
    worker.shut_down().await.unwrap();
}

#[actix_rt::test]
async fn i5_a_crash_between_result_and_acknowledgement_replaces_the_result() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let id = bench.accept(&actor, &ExportField::DEFAULT).await;
    // The first worker had stored a document, and perhaps not all of it, when it died.
    let object = bench.blobs.path().join(format!("exports/{id}.xlsx"));
    std::fs::create_dir_all(object.parent().unwrap()).unwrap();
    std::fs::write(&object, "half a document").unwrap();
    bench
        .execute(
            "UPDATE export_jobs SET status = 'processing', attempts = 1, claimed_by = 'dead',
                 lease_until = now() - interval '1 second'",
        )
        .await;
    bench.publish(id).await;

    let worker = bench.worker("one").await;
    let job = bench.wait_for(id, JobStatus::Completed).await;
    worker.shut_down().await.unwrap();
    assert_eq!(job.attempts, 2);
    assert_eq!(bench.workbook(&job).len(), 2);
    assert_eq!(std::fs::read_dir(object.parent().unwrap()).unwrap().count(), 1);
}

#[actix_rt::test]
async fn i5_a_job_in_work_elsewhere_is_left_alone_and_not_forgotten() {
    let (mut bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let id = bench.accept(&actor, &ExportField::DEFAULT).await;
    bench
        .execute(
            "UPDATE export_jobs SET status = 'processing', attempts = 1, claimed_by = 'other',
                 lease_until = now() + interval '2 seconds'",
        )
        .await;
    bench.publish(id).await;
    let worker = bench.worker("one").await;
    // The message is taken and acknowledged, but the job stays the other worker's …
    bench.wait_for_messages(queue::EXPORT_QUEUE, 0).await;
    // … until that one's lease is over and the relay publishes the job again.
    bench.start_relay();
    let job = bench.wait_for(id, JobStatus::Completed).await;
    assert_eq!(job.attempts, 2);
    worker.shut_down().await.unwrap();
}

#[actix_rt::test]
async fn i5_a_worker_that_lost_its_claim_cannot_end_the_job() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let worker = bench.worker("slow").await;
    bench.hold_up().await;
    let id = bench.order(&actor, &ExportField::DEFAULT).await;
    bench.wait_for(id, JobStatus::Processing).await;
    // Another worker took the job over, which the slow one does not know yet.
    bench
        .execute(
            "UPDATE export_jobs SET attempts = 2, claimed_by = 'heir',
                 lease_until = now() + interval '1 hour'",
        )
        .await;
    bench.let_go().await;
    worker.shut_down().await.unwrap();
    let job = bench.job(id).await;
    assert_eq!((job.status, job.attempts), (JobStatus::Processing, 2));
    assert!(job.result.is_none());
}

#[actix_rt::test]
async fn i5_sigterm_lets_a_running_job_finish() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let mut process = bench.process("leaving", &[]);
    bench.hold_up().await;
    let id = bench.order(&actor, &ExportField::DEFAULT).await;
    bench.wait_for(id, JobStatus::Processing).await;
    let (code, ()) = tokio::join!(process.terminate(), bench.let_go());
    assert_eq!(code, Some(0));
    assert_eq!(bench.job(id).await.status, JobStatus::Completed);
    bench.wait_for_messages(queue::EXPORT_QUEUE, 0).await;
}

#[actix_rt::test]
async fn i5_sigterm_gives_back_what_the_grace_period_is_too_short_for() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let mut process = bench.process("leaving", &[("SHUTDOWN_GRACE_SECS", "0")]);
    bench.hold_up().await;
    let id = bench.order(&actor, &ExportField::DEFAULT).await;
    bench.wait_for(id, JobStatus::Processing).await;
    assert_eq!(process.terminate().await, Some(0));
    bench.let_go().await;
    let job = bench.job(id).await;
    assert_eq!((job.status, job.attempts), (JobStatus::Queued, 0), "an attempt was counted");

    // No relay: the message itself went back to the queue.
    let worker = bench.worker("heir").await;
    let job = bench.wait_for(id, JobStatus::Completed).await;
    assert_eq!(job.attempts, 1);
    worker.shut_down().await.unwrap();
}
