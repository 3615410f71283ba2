//! The seed against a real database: what the contract promises about it, asked in SQL, so that a
//! change of schema or of the loader shows here and not in the first demonstration.
#![expect(clippy::expect_used, reason = "test code: a failed set-up is a failed test")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use store::seed::{BudgetLines, DEMO_PASSWORD, Scale, SeedError, SeedOptions, run};
use test_support::TestDatabase;
use tokio_postgres::Client;

async fn seeded(options: &SeedOptions) -> (TestDatabase, Client) {
    let database = TestDatabase::create().await;
    let mut client = database.owner().await;
    run(&mut client, options).await.expect("the seed run succeeds");
    (database, client)
}

async fn number(client: &Client, query: &str) -> i64 {
    client.query_one(query, &[]).await.expect("the query runs").get(0)
}

/// Rows of every table, to see that nothing was added or lost.
async fn row_counts(client: &Client) -> BTreeMap<String, i64> {
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
    let mut counts = BTreeMap::new();
    for row in client.query(tables, &[]).await.expect("the catalogue is readable") {
        let table: String = row.get(0);
        let count = number(client, &format!("SELECT count(*) FROM {table}")).await;
        counts.insert(table, count);
    }
    counts
}

/// Cases that break invariant I2: a pointer elsewhere than at the highest version, or a gap.
const BROKEN_POINTERS: &str = "
    SELECT count(*)
    FROM cases
    LEFT JOIN LATERAL (
        SELECT max(version) AS newest, count(*) AS versions FROM case_contents WHERE case_id = cases.id
    ) AS stored ON TRUE
    LEFT JOIN case_contents AS latest ON latest.id = cases.latest_content_id
    WHERE (latest.case_id, latest.version, stored.newest, stored.versions)
        IS DISTINCT FROM (cases.id, cases.version, cases.version, cases.version::bigint)";

/// Entries that automatic placement (domain 7.2) would not have made, or that it would have made and
/// are missing.
const MISPLACED_ENTRIES: &str = "
    WITH expected AS (
        SELECT DISTINCT ON (lists.id, cases.id)
            lists.id AS list_id, cases.id AS case_id, sections.id AS section_id,
            cases.fin_list_placement AS subgroup
        FROM department_lists AS lists
        JOIN cases USING (budget_round_id, department_id)
        JOIN department_list_sections AS sections ON sections.department_list_id = lists.id
        JOIN department_list_template_sections AS template ON template.id = sections.template_section_id
        WHERE cases.status IN ('under_vurdering_fin', 'ferdigbehandlet_fin')
          AND template.section_type IN ('case_group', 'decisions_section', 'summary_section')
          AND template.config ->> 'case_type_filter' = cases.case_type
        ORDER BY lists.id, cases.id, sections.sort_order
    ),
    actual AS (
        SELECT department_list_id AS list_id, case_id, section_id, subgroup
        FROM department_list_case_entries
    )
    SELECT count(*) FROM (
        (SELECT * FROM expected EXCEPT SELECT * FROM actual)
        UNION ALL
        (SELECT * FROM actual EXCEPT SELECT * FROM expected)
    ) AS difference";

/// Entries whose order in their section is not: priority ascending with nulls last, then name, then id.
const DISORDERED_ENTRIES: &str = r#"
    SELECT count(*) FROM (
        SELECT entries.sort_order, row_number() OVER (
            PARTITION BY entries.section_id
            ORDER BY cases.priority_number NULLS LAST, cases.case_name COLLATE "C", cases.id
        ) AS expected
        FROM department_list_case_entries AS entries
        JOIN cases ON cases.id = entries.case_id
    ) AS ordered
    WHERE sort_order <> expected"#;

async fn assert_consistent(client: &Client) {
    assert_eq!(number(client, BROKEN_POINTERS).await, 0, "I2: pointers and versions");
    assert_eq!(number(client, MISPLACED_ENTRIES).await, 0, "automatic placement");
    assert_eq!(number(client, DISORDERED_ENTRIES).await, 0, "order of entries");
    let without_creation = "
        SELECT count(*) FROM cases WHERE NOT EXISTS (
            SELECT FROM case_events WHERE case_id = cases.id AND event_type = 'created')";
    assert_eq!(number(client, without_creation).await, 0, "every case was created by someone");
    let contradicting = "
        SELECT count(*) FROM cases JOIN LATERAL (
            SELECT event_data ->> 'to' AS status FROM case_events
            WHERE case_id = cases.id AND event_type = 'status_changed'
            ORDER BY created_at DESC LIMIT 1
        ) AS newest ON TRUE WHERE newest.status <> cases.status";
    assert_eq!(number(client, contradicting).await, 0, "the log ends in the case's status");
}

#[tokio::test]
async fn the_demo_has_the_contracts_rows() {
    let (_database, client) = seeded(&SeedOptions::default()).await;
    let counts = row_counts(&client).await;
    let expected = [
        ("departments", 17),
        ("users", 131 + 33),
        ("user_department_assignments", 87),
        ("budget_rounds", 4),
        ("case_type_definitions", 4),
        ("cases", 640 + 192),
        ("submissions", 32),
        ("department_list_templates", 2),
        ("department_list_template_sections", 21 + 16),
        ("department_lists", 10),
        ("department_list_sections", 5 * (21 + 16)),
        ("department_list_case_entries", 5 * 7),
        ("resource_locks", 0),
        ("export_jobs", 0),
    ];
    for (table, rows) in expected {
        assert_eq!(counts[table], rows, "{table}");
    }
    let of_base = |table: &str| {
        format!(
            "SELECT count(*) FROM {table} JOIN cases ON cases.id = case_id
             JOIN budget_rounds AS rounds ON rounds.id = budget_round_id
             WHERE rounds.name IN ('AUG2026', 'MARS2026')"
        )
    };
    assert_eq!(number(&client, &of_base("case_contents")).await, 1_712);
    assert_eq!(number(&client, &of_base("case_events")).await, 1_984);
    assert_eq!(number(&client, &of_base("questions")).await, 960);
    assert_consistent(&client).await;
}

#[tokio::test]
async fn every_demo_user_signs_in_with_the_demo_password() {
    use argon2::PasswordVerifier;
    let (_database, client) = seeded(&SeedOptions::default()).await;
    let hashes = client
        .query("SELECT DISTINCT password_hash FROM users WHERE is_active", &[])
        .await
        .expect("users are readable");
    assert_eq!(hashes.len(), 1, "one hash for all, and nobody without");
    let hash: String = hashes[0].get(0);
    argon2::Argon2::default()
        .verify_password(DEMO_PASSWORD.as_bytes(), hash.as_str())
        .expect("the hash is one of the demo password");
}

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let (_database, mut client) = seeded(&SeedOptions::default()).await;
    let before = row_counts(&client).await;
    let report = run(&mut client, &SeedOptions::default()).await.expect("the second run succeeds");
    assert!(report.is_unchanged());
    assert_eq!(report.skipped, ["demo"]);
    assert_eq!(row_counts(&client).await, before);
}

#[tokio::test]
async fn two_databases_get_the_same_rows() {
    let fingerprint = "
        SELECT md5(string_agg(md5(row_to_json(cases)::text || row_to_json(contents)::text), ''
                              ORDER BY contents.id))
        FROM cases JOIN case_contents AS contents ON contents.case_id = cases.id";
    let mut fingerprints = Vec::new();
    for _ in 0..2 {
        let (_database, client) = seeded(&SeedOptions::default()).await;
        let row = client.query_one(fingerprint, &[]).await.expect("the query runs");
        fingerprints.push(row.get::<_, String>(0));
    }
    assert_eq!(fingerprints[0], fingerprints[1]);
}

#[tokio::test]
async fn a_load_run_adds_its_set_once_per_label() {
    let options = SeedOptions { scale: Scale::Load, ..SeedOptions::default() };
    let (_database, mut client) = seeded(&options).await;
    let in_round = "FROM cases JOIN budget_rounds AS rounds ON rounds.id = budget_round_id
                    WHERE rounds.name = 'LAST2026'";
    assert_eq!(number(&client, &format!("SELECT count(*) {in_round}")).await, 500);
    assert_consistent(&client).await;
    let sizes = "
        SELECT count(*) FROM department_lists AS lists
        JOIN budget_rounds AS rounds ON rounds.id = budget_round_id
        WHERE rounds.name = 'LAST2026' AND (
            SELECT count(*) FROM department_list_case_entries WHERE department_list_id = lists.id
        ) BETWEEN 20 AND 40";
    assert_eq!(number(&client, sizes).await, 15);

    let again = run(&mut client, &options).await.expect("the second run succeeds");
    assert!(again.is_unchanged());
    let labelled = SeedOptions { label: Some("b".to_owned()), ..options };
    let other = run(&mut client, &labelled).await.expect("another label is another set");
    assert_eq!((other.rows("cases"), other.rows("users")), (500, 0));
    assert_consistent(&client).await;
}

#[tokio::test]
async fn accounts_for_load_tests_are_added_up_to_the_wanted_number() {
    let options = SeedOptions { accounts: 20, ..SeedOptions::default() };
    let (_database, mut client) = seeded(&options).await;
    let accounts = "SELECT count(*) FROM users WHERE email LIKE 'last%.last.test.no'";
    assert_eq!(number(&client, accounts).await, 20);

    let again = run(&mut client, &options).await.expect("the second run succeeds");
    assert!(again.is_unchanged());
    let more = SeedOptions { accounts: 50, ..SeedOptions::default() };
    let report = run(&mut client, &more).await.expect("more accounts are added");
    assert_eq!((report.rows("users"), report.rows("user_department_assignments")), (30, 9));
    assert_eq!(number(&client, accounts).await, 50);
}

#[tokio::test]
async fn a_refused_run_leaves_no_trace() {
    let database = TestDatabase::create().await;
    let mut client = database.owner().await;
    // Every row up to the lists goes in; then the run fails.
    client
        .batch_execute("ALTER TABLE department_list_case_entries ADD CHECK (sort_order > 99)")
        .await
        .expect("the table can be altered");
    let error = run(&mut client, &SeedOptions::default()).await.expect_err("the check refuses");
    assert!(matches!(error, SeedError::Copy { table: "department_list_case_entries", .. }));
    assert_eq!(number(&client, "SELECT count(*) FROM departments").await, 0);

    let label = Some("en merkelapp med mellomrom".to_owned());
    let options = SeedOptions { label, ..SeedOptions::default() };
    assert!(matches!(run(&mut client, &options).await, Err(SeedError::Label)));
}

/// The public budget of 2026, which lies beside the repository.
fn budget_lines() -> BudgetLines {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = root.join("../shared/data/gul-bok-2026.csv");
    BudgetLines::read(&file).expect("the budget-line file lies in ../shared/data")
}

#[tokio::test]
async fn cases_can_be_made_from_real_budget_lines() {
    let options = SeedOptions { lines: Some(budget_lines()), ..SeedOptions::default() };
    let (_database, client) = seeded(&options).await;
    assert_eq!(number(&client, "SELECT count(*) FROM cases").await, 832);
    let first = client
        .query_one(
            "SELECT case_name, chapter, post, amount FROM cases
             JOIN departments ON departments.id = department_id
             WHERE code = 'JD' AND chapter IS NOT NULL
             ORDER BY chapter::int, post::int LIMIT 1",
            &[],
        )
        .await
        .expect("JD has cases");
    let (name, chapter): (String, String) = (first.get(0), first.get(1));
    assert!(name.contains(": "), "chapter and item: {name}");
    assert!(!chapter.is_empty() && first.get::<_, i64>(3) > 0);
    assert_consistent(&client).await;
}

#[tokio::test]
async fn a_budget_file_that_is_missing_is_named() {
    let error = BudgetLines::read("finnes/ikke.csv".as_ref()).expect_err("there is no such file");
    assert!(error.to_string().contains("ikke.csv"));
}
