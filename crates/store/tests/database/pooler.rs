//! Our statements through PgBouncer in transaction mode, many clients on few server connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::ids::{CaseId, UserId};
use store::StoreError;
use store::case_lists::{CaseQuery, CaseScope, list_cases};
use store::comments::{NewComment, insert_comment};
use store::contents::{find_case_detail, list_versions};
use store::events::list_events;
use store::pool::{Pool, PoolConfig, PoolerError, check_pooler};
use store::transaction::transaction;
use test_support::{Actor, ChaosProxy, Seed, ServiceRole, Stack, TestDatabase};
use tokio_postgres::{NoTls, SimpleQueryMessage};

const CLIENTS: usize = 64;
const STATEMENTS: u64 = 10_000;
/// `max_db_connections` of the requirement.
const MOST_SERVER_CONNECTIONS: u64 = 50;

fn config(url: String, max_size: u32) -> PoolConfig {
    PoolConfig { url: url.into(), max_size, acquire_timeout: Duration::from_secs(2) }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_clients_share_at_most_fifty_server_connections_without_losing_a_statement() {
    let database = TestDatabase::create().await;
    let seed = Seed::new(&database).await;
    let (round, actor) = (seed.round("AUG2026").insert().await, Actor::fag("KLD"));
    let mut cases = Vec::new();
    for _ in 0..8 {
        cases.push(seed.case(&round, &actor).versions(3).insert().await.id);
    }
    let cases: Arc<[CaseId]> = cases.into();
    let url = database.url_for(ServiceRole::CasesApi);
    let pool = store::pool::connect(&config(url, u32::try_from(CLIENTS).unwrap())).await.unwrap();
    let (done, most) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let watcher = tokio::spawn(watch_servers(
        database.name().to_owned(),
        Arc::clone(&done),
        Arc::clone(&most),
    ));

    let next = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (pool, cases, next) = (pool.clone(), Arc::clone(&cases), Arc::clone(&next));
            let user = actor.id();
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= STATEMENTS {
                        return Ok::<_, StoreError>(());
                    }
                    one_statement(&pool, &cases, user, number).await?;
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap().unwrap();
    }

    done.store(true, Ordering::Relaxed);
    watcher.await.unwrap();
    let most = most.load(Ordering::Relaxed);
    assert!((1..=MOST_SERVER_CONNECTIONS).contains(&most), "{most} server connections");
    println!("{STATEMENTS} statements of {CLIENTS} clients over {most} server connections");
    let comments = "SELECT count(*) FROM case_comments";
    let comments: i64 = seed.client().query_one(comments, &[]).await.unwrap().get(0);
    assert_eq!(comments, 2_000, "each fifth statement wrote exactly once");
}

/// A mix of what the services do: lists, details, histories, and writes in transactions.
async fn one_statement(
    pool: &Pool,
    cases: &[CaseId],
    user: UserId,
    number: u64,
) -> Result<(), StoreError> {
    let case = cases[usize::try_from(number).unwrap() % cases.len()];
    let mut conn = pool.get().await?;
    match number % 5 {
        0 => {
            let listed = list_cases(&mut conn, &CaseQuery::new(CaseScope::Everything)).await?;
            assert_eq!(listed.len(), cases.len());
        }
        1 => assert!(find_case_detail(&mut conn, case).await?.is_some()),
        2 => assert_eq!(list_versions(&mut conn, case).await?.len(), 3),
        3 => assert!(!list_events(&mut conn, case).await?.is_empty()),
        _ => {
            let comment = NewComment {
                case,
                mark: format!("merke-{number}"),
                text: "Se her".to_owned(),
                anchor_text: None,
                parent: None,
                author: user,
            };
            transaction(&mut conn, async |conn| insert_comment(conn, &comment).await).await?;
        }
    }
    Ok(())
}

/// Samples PgBouncer's own count of server connections of one database until told to stop.
async fn watch_servers(database: String, done: Arc<AtomicBool>, most: Arc<AtomicU64>) {
    let url = Stack::load().pooler_console_url();
    let (console, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    while !done.load(Ordering::Relaxed) {
        let servers = console.simple_query("SHOW SERVERS").await.unwrap();
        let ours = servers.iter().filter(|message| {
            matches!(message, SimpleQueryMessage::Row(row) if row.get("database") == Some(&database))
        });
        most.fetch_max(u64::try_from(ours.count()).unwrap(), Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_pooler_of_the_stack_is_fit_for_every_service() {
    let database = TestDatabase::create().await;
    for role in [ServiceRole::CasesApi, ServiceRole::LocksApi, ServiceRole::ExportWorker] {
        check_pooler(&config(database.url_for(role), 1)).await.unwrap();
    }
}

#[tokio::test]
async fn postgresql_itself_is_not_taken_for_a_pooler() {
    let database = TestDatabase::create().await;
    let outcome = check_pooler(&config(database.owner_url(), 1)).await;
    assert!(matches!(outcome, Err(PoolerError::Console(_))), "{outcome:?}");
}

#[tokio::test]
async fn i7_a_lost_pooler_is_unavailable_within_the_limit_and_comes_back_by_itself() {
    let database = TestDatabase::create().await;
    let pooler = &Stack::load().pgbouncer;
    let proxy = ChaosProxy::start(&format!("{}:{}", pooler.host, pooler.port)).await;
    let url = proxy.instead_of(&database.url_for(ServiceRole::CasesApi));
    let limit = Duration::from_millis(500);
    let config = PoolConfig { url: url.into(), max_size: 4, acquire_timeout: limit };
    let pool = store::pool::connect(&config).await.unwrap();
    pool.ping().await.unwrap();

    proxy.reset();
    let asked_at = Instant::now();
    let outcome = pool.ping().await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    assert!(asked_at.elapsed() < limit * 3, "{:?}", asked_at.elapsed());

    proxy.pass();
    let deadline = Instant::now() + Duration::from_secs(10);
    while pool.ping().await.is_err() {
        assert!(Instant::now() < deadline, "the pool did not recover");
    }
}

#[tokio::test]
async fn an_exhausted_pool_refuses_instead_of_waiting_for_ever() {
    let database = TestDatabase::create().await;
    let url = database.url_for(ServiceRole::CasesApi);
    let limit = Duration::from_millis(200);
    let config = PoolConfig { url: url.into(), max_size: 1, acquire_timeout: limit };
    let pool = store::pool::connect(&config).await.unwrap();
    let held = pool.get().await.unwrap();
    assert!(matches!(pool.get().await, Err(StoreError::Unavailable(_))));
    assert_eq!(pool.usage().timed_out, 1);
    drop(held);
    pool.ping().await.unwrap();
}
