//! Migrations against a database of their own.

use std::path::PathBuf;
use std::process::Command;

use store::migrations::{MigrationError, Migrator};
use test_support::TestDatabase;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn every_migration_can_be_reverted_and_applied_again_without_a_trace() {
    let database = TestDatabase::create_empty().await;
    let mut migrator = Migrator::connect(&database.owner_url()).await.unwrap();
    let names: Vec<_> = migrator.status().unwrap().into_iter().map(|one| one.name).collect();
    for name in &names {
        let before = schema_dump(&database);
        apply_one(&mut migrator, name);
        let after = schema_dump(&database);
        assert_ne!(before, after, "{name} changes something");
        assert_eq!(migrator.down().unwrap().as_ref(), Some(name));
        assert_eq!(schema_dump(&database), before, "{name} is undone by its down.sql");
        apply_one(&mut migrator, name);
        assert_eq!(schema_dump(&database), after, "{name} applies again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_migrations_go_down_to_nothing_and_up_again() {
    let database = TestDatabase::create_empty().await;
    let mut migrator = Migrator::connect(&database.owner_url()).await.unwrap();
    let applied = migrator.up().unwrap();
    let complete = schema_dump(&database);
    let mut reverted = Vec::new();
    while let Some(name) = migrator.down().unwrap() {
        reverted.push(name);
    }
    reverted.reverse();
    assert_eq!(reverted, applied);
    let left = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace
                AND relname NOT LIKE '__diesel_schema_migrations%'";
    let left: i64 = database.owner().await.query_one(left, &[]).await.unwrap().get(0);
    assert_eq!(left, 0, "nothing but diesel's own table is left");
    migrator.up().unwrap();
    assert_eq!(schema_dump(&database), complete);
    assert_eq!(migrator.up().unwrap(), Vec::<String>::new(), "a second run has nothing to do");
}

#[tokio::test(flavor = "multi_thread")]
async fn i2_back_fill_points_every_existing_case_to_its_highest_version() {
    let database = TestDatabase::create_empty().await;
    let mut migrator = Migrator::connect(&database.owner_url()).await.unwrap();
    migrator.up_while(|name| !name.ends_with("add_latest_content_id")).unwrap();
    let owner = database.owner().await;
    owner
        .batch_execute(
            "INSERT INTO departments (id, code, name) VALUES ('00000000-0000-0000-0000-00000000000d', 'KLD', 'Klima- og miljødepartementet');
             INSERT INTO users (id, email, full_name, department_id, role)
                 VALUES ('00000000-0000-0000-0000-0000000000aa', 'kari@test.no', 'Kari', '00000000-0000-0000-0000-00000000000d', 'saksbehandler_fag');
             INSERT INTO budget_rounds (id, name, type, year) VALUES ('00000000-0000-0000-0000-00000000000b', 'AUG2026', 'august', 2027);",
        )
        .await
        .unwrap();
    // The order of insertion must not matter, nor may a case without contents stop the migration.
    let histories: [&[i32]; 4] = [&[1], &[3, 1, 2], &[10, 9, 2, 1, 3, 4, 5, 6, 7, 8], &[]];
    let mut newest = Vec::new();
    for versions in histories {
        let case = Uuid::new_v4();
        let insert = "INSERT INTO cases (id, budget_round_id, department_id, case_name, case_type, created_by)
                      SELECT $1, budget_rounds.id, departments.id, 'Sak', 'budsjettiltak', users.id
                      FROM budget_rounds, departments, users";
        owner.execute(insert, &[&case]).await.unwrap();
        let mut expected = None;
        for version in versions {
            let content = Uuid::new_v4();
            let insert = "INSERT INTO case_contents (id, case_id, version, created_by) SELECT $1, $2, $3, id FROM users";
            owner.execute(insert, &[&content, &case, version]).await.unwrap();
            if Some(version) == versions.iter().max() {
                expected = Some(content);
            }
        }
        newest.push((case, expected));
    }

    migrator.up().unwrap();

    for (case, expected) in newest {
        let pointer = "SELECT latest_content_id FROM cases WHERE id = $1";
        let found: Option<Uuid> = owner.query_one(pointer, &[&case]).await.unwrap().get(0);
        assert_eq!(found, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_never_migrate_at_the_same_time() {
    let database = TestDatabase::create_empty().await;
    let first = Migrator::connect(&database.owner_url()).await.unwrap();
    let second = Migrator::connect(&database.owner_url()).await;
    assert!(matches!(second, Err(MigrationError::Locked)));
    drop(first);
    // The server notices the end of the first session a moment later.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while Migrator::connect(&database.owner_url()).await.is_err() {
        assert!(std::time::Instant::now() < deadline, "the lock outlived its session");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn apply_one(migrator: &mut Migrator, name: &str) {
    let applied = migrator.up_while(|next| next == name).unwrap();
    assert_eq!(applied, [name]);
}

/// The schema as `pg_dump` writes it, rights included, without the lines that differ between two dumps.
fn schema_dump(database: &TestDatabase) -> String {
    let output = Command::new(pg_dump())
        .args(["--schema-only", "--no-owner", "--dbname", &database.owner_url()])
        .output()
        .expect("pg_dump starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    // Newer versions protect a dump by a random key, named at its start and at its end.
    text.lines()
        .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The newest `pg_dump` of this machine: it reads servers of its own version and of older ones.
fn pg_dump() -> PathBuf {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = installed
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())))
        .max();
    newest.map_or_else(|| PathBuf::from("pg_dump"), |(_, path)| path.join("bin/pg_dump"))
}
