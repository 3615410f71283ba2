//! The claim of an export job in SQL decides as the domain's model does, and ends with its name.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::export::{ClaimDecision, JobFacts, JobStatus, JobType};
use domain::ids::UserId;
use store::export_jobs::lease::{
    Claim, Tenure, claim, complete, fail, find_claimed, give_back, report_progress, retry_after,
};
use store::export_jobs::{
    ExportJob, NewExportJob, StoredResult, cancel, find_export_job, insert_queued, requeue_failed,
};
use store::pool::{Pool, PoolConfig};
use test_support::{Actor, Seed, ServiceRole, TestDatabase};
use uuid::Uuid;

const LEASE: Duration = Duration::from_mins(2);
const MAX_ATTEMPTS: i32 = 5;

/// A decision without the values that differ from run to run.
#[derive(Debug, PartialEq)]
enum Kind {
    Claimed { attempt: i32 },
    HeldByOther,
    Finished,
    Exhausted,
}

fn decided(job: &JobFacts, now: DateTime<Utc>) -> Kind {
    match domain::export::claim(job, now, LEASE, MAX_ATTEMPTS.unsigned_abs()) {
        ClaimDecision::Claim { attempt, .. } => {
            Kind::Claimed { attempt: i32::try_from(attempt).unwrap() }
        }
        ClaimDecision::HeldByOther => Kind::HeldByOther,
        ClaimDecision::Finished => Kind::Finished,
        ClaimDecision::Exhausted => Kind::Exhausted,
    }
}

async fn pool_as(database: &TestDatabase, role: ServiceRole) -> Pool {
    let config = PoolConfig {
        url: database.url_for(role).into(),
        max_size: 1,
        acquire_timeout: Duration::from_secs(5),
    };
    store::pool::connect(&config).await.unwrap()
}

/// Orders a job as `cases-api` does, whose pool this is.
async fn order(cases_api: &Pool, user: UserId) -> ExportJob {
    let order = NewExportJob {
        id: Uuid::new_v4().into(),
        job_type: JobType::CaseListExcel,
        requested_by: user,
        parameters: serde_json::json!({}),
        idempotency_key: None,
        trace_parent: None,
    };
    insert_queued(&mut cases_api.get().await.unwrap(), &order).await.unwrap()
}

async fn claim_as(worker: &Pool, job: &ExportJob, name: &str) -> Tenure {
    let mut conn = worker.get().await.unwrap();
    match claim(&mut conn, job.id, name, LEASE, MAX_ATTEMPTS).await.unwrap() {
        Claim::Mine(_, tenure) => tenure,
        refused => panic!("{refused:?}"),
    }
}

fn a_result() -> StoredResult {
    StoredResult { key: "exports/x.xlsx".into(), bytes: 1, file_name: "Saker.xlsx".into() }
}

#[tokio::test]
async fn i5_an_older_claim_of_the_same_worker_writes_nothing_after_cancel_and_retry() {
    let database = TestDatabase::create().await;
    let user = Seed::new(&database).await.actor(&Actor::fag("KLD")).await;
    let cases_api = pool_as(&database, ServiceRole::CasesApi).await;
    let worker = pool_as(&database, ServiceRole::ExportWorker).await;
    let job = order(&cases_api, user).await;
    let old = claim_as(&worker, &job, "worker-1").await;
    {
        let mut owner = cases_api.get().await.unwrap();
        cancel(&mut owner, job.id, "Avbrutt.").await.unwrap().unwrap();
        requeue_failed(&mut owner, job.id).await.unwrap().unwrap();
    }
    let new = claim_as(&worker, &job, "worker-1").await;
    assert_eq!(new.attempt, old.attempt, "the attempts begin anew");

    let mut conn = worker.get().await.unwrap();
    let before = find_export_job(&mut conn, job.id).await.unwrap();
    assert!(!report_progress(&mut conn, &old, LEASE, 40, "Skriver").await.unwrap());
    assert!(!complete(&mut conn, &old, &a_result(), "/x").await.unwrap());
    assert!(!fail(&mut conn, &old, "Mislyktes.").await.unwrap());
    assert!(!retry_after(&mut conn, &old, LEASE, "Venter").await.unwrap());
    assert!(!give_back(&mut conn, &old).await.unwrap());
    assert_eq!(find_claimed(&mut conn, &old).await.unwrap(), None);
    assert_eq!(find_export_job(&mut conn, job.id).await.unwrap(), before);
    assert!(complete(&mut conn, &new, &a_result(), "/x").await.unwrap());
}

#[tokio::test]
async fn i5_a_job_completed_twice_by_one_claim_is_completed_both_times() {
    let database = TestDatabase::create().await;
    let user = Seed::new(&database).await.actor(&Actor::fag("KLD")).await;
    let cases_api = pool_as(&database, ServiceRole::CasesApi).await;
    let worker = pool_as(&database, ServiceRole::ExportWorker).await;
    let job = order(&cases_api, user).await;
    let tenure = claim_as(&worker, &job, "worker-1").await;
    let mut conn = worker.get().await.unwrap();
    // As a worker does that got no answer the first time.
    for _time in 0..2 {
        assert!(complete(&mut conn, &tenure, &a_result(), "/x").await.unwrap());
    }
}

#[tokio::test]
async fn i5_a_claim_is_decided_as_in_the_domain() {
    let database = TestDatabase::create().await;
    let seed = Seed::new(&database).await;
    let user = seed.actor(&Actor::fag("KLD")).await;
    let pool = pool_as(&database, ServiceRole::ExportWorker).await;
    let mut conn = pool.get().await.unwrap();
    let now = Utc::now();
    for status in JobStatus::ALL {
        for attempts in [0, 4, 5] {
            for lease_ends in
                [None, Some(now - TimeDelta::hours(1)), Some(now + TimeDelta::hours(1))]
            {
                let id = Uuid::new_v4();
                let insert =
                    "INSERT INTO export_jobs (id, job_type, status, requested_by, parameters,
                                  completed_at, attempts, claimed_by, lease_until)
                              VALUES ($1, 'case_list_excel', $2, $3, '{}', now(), $4, 'other', $5)";
                let values: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
                    [&id, &status.as_str(), user.as_uuid(), &attempts, &lease_ends];
                seed.client().execute(insert, &values).await.unwrap();

                let claimed = claim(&mut conn, id.into(), "me", LEASE, MAX_ATTEMPTS).await.unwrap();
                let facts = JobFacts {
                    status,
                    attempts: u32::try_from(attempts).unwrap(),
                    lease_expires_at: lease_ends,
                };
                let found = match claimed {
                    Claim::Mine(job, _) => Kind::Claimed { attempt: job.attempts },
                    Claim::HeldByOther => Kind::HeldByOther,
                    Claim::Finished => Kind::Finished,
                    Claim::Exhausted => Kind::Exhausted,
                    Claim::Missing => panic!("the job was inserted"),
                };
                assert_eq!(found, decided(&facts, now), "{facts:?}");
            }
        }
    }
    let missing = claim(&mut conn, Uuid::new_v4().into(), "me", LEASE, MAX_ATTEMPTS).await;
    assert_eq!(missing.unwrap(), Claim::Missing);
}
