//! The claim of an export job in SQL decides as the domain's model does.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::export::{ClaimDecision, JobFacts, JobStatus};
use store::export_jobs::lease::{Claim, claim};
use store::pool::PoolConfig;
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

#[tokio::test]
async fn i5_a_claim_is_decided_as_in_the_domain() {
    let database = TestDatabase::create().await;
    let seed = Seed::new(&database).await;
    let user = seed.actor(&Actor::fag("KLD")).await;
    let config = PoolConfig {
        url: database.url_for(ServiceRole::ExportWorker).into(),
        max_size: 1,
        acquire_timeout: Duration::from_secs(5),
    };
    let pool = store::pool::connect(&config).await.unwrap();
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
                    Claim::Mine(job) => Kind::Claimed { attempt: job.attempts },
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
