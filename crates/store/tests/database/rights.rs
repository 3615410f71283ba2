//! Each service's database role can do its work and nothing else.

use std::fmt::Write as _;

use test_support::{Actor, Seed, ServiceRole, TestDatabase};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use ServiceRole::{CasesApi, ExportWorker, LocksApi};

/// The whole matrix as a reviewed snapshot, so that a right that a later migration gives away by accident
/// shows up as a diff.
#[tokio::test]
async fn rights_of_every_service_are_reviewed() {
    let database = TestDatabase::create().await;
    let owner = database.owner().await;
    let tables = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
                  AND relkind IN ('r', 'S') ORDER BY relkind, relname";
    let tables: Vec<String> =
        owner.query(tables, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    let mut matrix = String::new();
    for role in ["portal_cases_api", "portal_export_worker", "portal_locks_api"] {
        writeln!(matrix, "{role}").unwrap();
        for table in &tables {
            let rights = rights_on(&owner, role, table).await;
            if !rights.is_empty() {
                writeln!(matrix, "    {table}: {rights}").unwrap();
            }
        }
    }
    insta::assert_snapshot!(matrix);
}

/// Rights on a whole table, or the columns to which a right is limited.
async fn rights_on(owner: &Client, role: &str, table: &str) -> String {
    let query = "
        SELECT coalesce(string_agg(privilege || columns, ', ' ORDER BY privilege), '')
        FROM (
            SELECT privilege_type AS privilege, '' AS columns
            FROM pg_class, aclexplode(relacl)
            WHERE relname = $2 AND relnamespace = 'public'::regnamespace AND grantee = $1::text::regrole
            UNION ALL
            SELECT privilege_type, ' (' || string_agg(attname, ', ' ORDER BY attnum) || ')'
            FROM pg_attribute, aclexplode(attacl)
            WHERE attrelid = $2::text::regclass AND grantee = $1::text::regrole
            GROUP BY privilege_type
        ) AS granted";
    owner.query_one(query, &[&role, &table]).await.unwrap().get(0)
}

#[tokio::test]
async fn what_a_service_does_not_own_is_refused() {
    let database = database_with_a_case().await;
    let refused = [
        (CasesApi, "SELECT * FROM resource_locks"),
        (CasesApi, "DELETE FROM resource_locks"),
        (CasesApi, "UPDATE case_contents SET version = 2"),
        (CasesApi, "DELETE FROM case_contents"),
        (CasesApi, "UPDATE case_events SET event_type = 'x'"),
        (CasesApi, "DELETE FROM case_events"),
        (CasesApi, "DELETE FROM users"),
        (CasesApi, "UPDATE submissions SET is_supplement = true"),
        (CasesApi, "UPDATE export_jobs SET parameters = '{}'"),
        (CasesApi, "DELETE FROM export_jobs"),
        (CasesApi, "TRUNCATE cases"),
        (CasesApi, "CREATE TABLE mine (id INTEGER)"),
        (CasesApi, "SELECT * FROM __diesel_schema_migrations"),
        (LocksApi, "SELECT id FROM users"),
        (LocksApi, "SELECT id FROM cases"),
        (LocksApi, "SELECT id FROM export_jobs"),
        (LocksApi, "SELECT setval('resource_lock_fencing_token', 1)"),
        (ExportWorker, "SELECT password_hash FROM users"),
        (ExportWorker, "UPDATE cases SET case_name = 'x'"),
        (
            ExportWorker,
            "INSERT INTO export_jobs (job_type, requested_by, parameters) SELECT 'case_list_excel', id, '{}' FROM users",
        ),
        (ExportWorker, "UPDATE export_jobs SET requested_by = NULL"),
        (ExportWorker, "UPDATE export_jobs SET published_at = now()"),
        (ExportWorker, "SELECT * FROM resource_locks"),
        (ExportWorker, "DELETE FROM case_comments"),
    ];
    for (role, statement) in refused {
        let outcome = database.client_for(role).await.batch_execute(statement).await;
        let error = outcome.expect_err(statement);
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{statement}: {error:?}");
    }
}

#[tokio::test]
async fn what_a_service_owns_works() {
    let database = database_with_a_case().await;
    let allowed = [
        (CasesApi, "SELECT password_hash FROM users"),
        (CasesApi, "UPDATE cases SET updated_at = now()"),
        (
            CasesApi,
            "INSERT INTO case_events (case_id, event_type, user_id) SELECT id, 'updated', created_by FROM cases",
        ),
        (
            CasesApi,
            "INSERT INTO export_jobs (job_type, requested_by, parameters) SELECT 'case_list_excel', id, '{}' FROM users LIMIT 1",
        ),
        (
            CasesApi,
            "UPDATE export_jobs SET published_at = now() WHERE id IN (SELECT id FROM export_jobs FOR UPDATE SKIP LOCKED)",
        ),
        (
            LocksApi,
            "INSERT INTO resource_locks (resource_type, resource_id, locked_by, locked_by_name, expires_at) VALUES ('case', gen_random_uuid(), gen_random_uuid(), 'Kari', now() + interval '5 min')",
        ),
        (
            LocksApi,
            "UPDATE resource_locks SET fencing_token = nextval('resource_lock_fencing_token')",
        ),
        (LocksApi, "DELETE FROM resource_locks"),
        (
            ExportWorker,
            "SELECT cases.case_name, users.full_name FROM cases JOIN users ON users.id = cases.assigned_to",
        ),
        (
            ExportWorker,
            "UPDATE export_jobs SET status = 'processing', attempts = attempts + 1, claimed_by = 'w', lease_until = now()",
        ),
    ];
    for (role, statement) in allowed {
        let outcome = database.client_for(role).await.batch_execute(statement).await;
        outcome.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
}

#[tokio::test]
async fn not_even_the_owner_changes_history() {
    let database = database_with_a_case().await;
    let owner = database.owner().await;
    for statement in [
        "UPDATE case_contents SET proposal_text = 'noe annet'",
        "UPDATE case_events SET created_at = now()",
        "DELETE FROM case_events",
    ] {
        let error = owner.batch_execute(statement).await.expect_err(statement);
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{statement}");
    }
    // Deleting the case itself takes its history along (contract 1.24).
    owner.batch_execute("DELETE FROM cases").await.unwrap();
    let left = "SELECT (SELECT count(*) FROM case_events) + (SELECT count(*) FROM case_contents)";
    assert_eq!(owner.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0);
}

/// A session `SET` would leak to the next client of a pooled connection, so limits come with the role.
#[tokio::test]
async fn limits_come_with_the_role_through_the_pooler() {
    let database = TestDatabase::create().await;
    for (role, statement_timeout, idle_timeout) in
        [(CasesApi, "10s", "10s"), (LocksApi, "10s", "10s"), (ExportWorker, "1min", "1min")]
    {
        let client = database.client_for(role).await;
        let limits = "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),
                      current_setting('idle_in_transaction_session_timeout'), current_setting('jit')";
        let row = client.query_one(limits, &[]).await.unwrap();
        let found: [String; 4] = [row.get(0), row.get(1), row.get(2), row.get(3)];
        assert_eq!(found, [statement_timeout, "5s", idle_timeout, "off"], "{role:?}");
    }
}

async fn database_with_a_case() -> TestDatabase {
    let database = TestDatabase::create().await;
    let seed = Seed::new(&database).await;
    let round = seed.round("AUG2026").insert().await;
    seed.case(&round, &Actor::fag("KLD")).insert().await;
    database
}
