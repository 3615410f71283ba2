//! The list cache: fast, and never older than an answered save (I4), with and without Redis.

use std::time::{Duration, Instant};

use bb8_redis::redis::{Client, cmd};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::{Actor, Answer, ChaosProxy, Http, SeededCase, ServiceRole, Stack};

use crate::app::{TestApp, TestAppBuilder};

/// Longest wait for a state that must come.
const DEADLINE: Duration = Duration::from_secs(20);
const FILLS: &str = "portal_list_cache_fills_total";
const MISSED: &str = "portal_list_cache_reads_total{served=\"miss\"}";

/// The list of a case's round, and what it says of the case.
async fn listed(reader: &Http, case: &SeededCase) -> Value {
    let list = reader.get(&format!("/api/cases?budgetRoundId={}", case.round_id)).await;
    let list = list.assert_status(200).json();
    let found = list.as_array().unwrap().iter().find(|item| item["id"] == case.id.to_string());
    found.unwrap().clone()
}

async fn save(writer: &Http, case: &SeededCase, amount: i64) -> Answer {
    let body = json!({ "amount": amount, "justification": format!("Beløpet er {amount}.") });
    writer.put(&format!("/api/cases/{}/content", case.id), &body).await
}

/// A case of KLD, and its owner.
async fn case_of_kld(app: &TestApp) -> (SeededCase, Actor) {
    app.seed.reference_data().await;
    let round = app.seed.round("AUG2027").insert().await;
    let owner = Actor::fag("KLD");
    (app.seed.case(&round, &owner).insert().await, owner)
}

#[actix_rt::test]
async fn i4_a_save_is_in_the_next_list_of_every_process() {
    let first = TestApp::spawn().await;
    let second = first.twin().spawn().await;
    let (case, owner) = case_of_kld(&first).await;
    let (here, there) = (first.by(&owner).await, second.http.by(&owner));
    for amount in 1..=40 {
        assert_eq!(listed(&there, &case).await["amount"], listed(&here, &case).await["amount"]);
        let (writer, other) = if amount % 2 == 0 { (&here, &there) } else { (&there, &here) };
        save(writer, &case, amount).await.assert_status(200);
        assert_eq!(listed(other, &case).await["amount"], amount);
        assert_eq!(listed(writer, &case).await["amount"], amount);
    }
}

#[actix_rt::test]
async fn i4_a_fill_that_a_save_overtakes_is_seen_by_nobody_after_the_save() {
    let first = TestApp::spawn().await;
    let (case, owner) = case_of_kld(&first).await;
    let here = first.by(&owner).await;
    let pooler = &Stack::load().pgbouncer;
    let proxy = ChaosProxy::start(&format!("{}:{}", pooler.host, pooler.port)).await;
    let slow = first.twin();
    let url = first.database().url_at(ServiceRole::CasesApi, &proxy.address().to_string());
    let slow = slow.var("DATABASE_URL", &url).var("DB_ACQUIRE_TIMEOUT_MS", "20000").spawn().await;
    let there = slow.http.by(&owner);
    // Its connections are open, its directory is read.
    listed(&there, &case).await;
    for amount in 1..=10 {
        save(&here, &case, 1000 + amount).await.assert_status(200);
        proxy.stall();
        let reading = {
            let (there, case) = (there.clone(), case.clone());
            actix_rt::spawn(async move { listed(&there, &case).await })
        };
        // The fill has its lease, so that nobody else reads the page for it.
        tokio::time::sleep(Duration::from_millis(20)).await;
        save(&here, &case, amount).await.assert_status(200);
        proxy.pass();
        assert_eq!(listed(&here, &case).await["amount"], amount);
        reading.await.unwrap();
        assert_eq!(listed(&here, &case).await["amount"], amount);
        assert_eq!(listed(&there, &case).await["amount"], amount);
    }
}

#[actix_rt::test]
async fn many_readers_of_a_cold_page_in_two_processes_cost_one_query() {
    let first = TestApp::spawn().await;
    let second = first.twin().spawn().await;
    let (case, owner) = case_of_kld(&first).await;
    let readers = [first.by(&owner).await, second.http.by(&owner)];
    let reads = (0..200).map(|number| listed(&readers[number % 2], &case));
    let lists = join_all(reads).await;
    assert!(lists.iter().all(|item| item["version"] == 1));
    // Both processes of this test count into one registry.
    assert_eq!(first.counter(FILLS).await, 1);
}

#[actix_rt::test]
async fn a_page_in_demand_is_read_again_before_it_ends_and_nobody_waits() {
    // Redis is waited for longer than usual: a machine that is late is not what is tested.
    let patient = TestApp::builder().var("REDIS_TIMEOUT_MS", "200");
    let app = patient.var("LIST_CACHE_TTL_MS", "1200").spawn().await;
    let (case, owner) = case_of_kld(&app).await;
    let reader = app.by(&owner).await;
    listed(&reader, &case).await;
    assert_eq!((app.counter(FILLS).await, app.counter(MISSED).await), (1, 1));
    let begun = Instant::now();
    while app.counter(FILLS).await < 4 {
        listed(&reader, &case).await;
        assert!(begun.elapsed() < DEADLINE, "the page was not read again");
    }
    // Looking ahead does not read more often than the page's time to live.
    assert!(begun.elapsed() >= Duration::from_millis(3 * 1200 - 200), "{:?}", begun.elapsed());
    assert_eq!(app.counter(MISSED).await, 1, "a reader waited for a page in demand");
}

/// Waits until pages have been read so often.
async fn filled(app: &TestApp, times: u64) {
    let begun = Instant::now();
    while app.counter(FILLS).await < times {
        assert!(begun.elapsed() < DEADLINE, "the page was not read again");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[actix_rt::test]
async fn after_a_save_a_page_in_demand_is_read_again_before_anybody_asks() {
    let app = TestApp::spawn().await;
    let (case, owner) = case_of_kld(&app).await;
    let fag = app.by(&owner).await;
    listed(&fag, &case).await;
    for amount in 1..=5 {
        save(&fag, &case, amount).await.assert_status(200);
        filled(&app, 1 + u64::try_from(amount).unwrap()).await;
        assert_eq!(listed(&fag, &case).await["amount"], amount);
    }
    assert_eq!(app.counter(MISSED).await, 1, "a reader waited for a page in demand");
}

#[actix_rt::test]
async fn a_change_that_nobody_told_of_is_seen_when_the_page_has_ended() {
    let app = TestApp::builder().var("LIST_CACHE_TTL_MS", "1000").spawn().await;
    let (case, owner) = case_of_kld(&app).await;
    let fag = app.by(&owner).await;
    assert_ne!(listed(&fag, &case).await["caseName"], "Nytt navn");
    // As a process does that is killed between commit and answer.
    let rename = "UPDATE cases SET case_name = 'Nytt navn' WHERE id = $1";
    app.seed.client().execute(rename, &[case.id.as_uuid()]).await.unwrap();
    let begun = Instant::now();
    while listed(&fag, &case).await["caseName"] != "Nytt navn" {
        assert!(begun.elapsed() < DEADLINE, "the old list is shown for ever");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[actix_rt::test]
async fn a_page_whose_reader_has_died_keeps_nobody_waiting_for_long() {
    let patient = TestApp::builder().var("REDIS_TIMEOUT_MS", "200");
    let app = patient.spawn().await;
    let (case, owner) = case_of_kld(&app).await;
    let fag = app.by(&owner).await;
    let page = format!("cases:list:{}:{}", case.round_id, owner.identity.department_id);
    // Its lease is left, and ends while this process waits for the page.
    let redis = Client::open(Stack::load().redis_url.as_str()).unwrap();
    let mut redis = redis.get_multiplexed_async_connection().await.unwrap();
    let lease = format!("{}{page}:fill", app.redis_prefix());
    let leave = cmd("SET").arg(lease).arg("another process").arg("PX").arg(300).to_owned();
    leave.exec_async(&mut redis).await.unwrap();
    assert_eq!(listed(&fag, &case).await["version"], 1);
    assert_eq!(listed(&fag, &case).await["version"], 1);
    assert_eq!(app.counter(FILLS).await, 1, "what was read instead is kept");
}

#[actix_rt::test]
async fn a_page_that_nobody_reads_any_more_is_left_alone() {
    let app = TestApp::builder().var("LIST_CACHE_TTL_MS", "100").spawn().await;
    let (case, owner) = case_of_kld(&app).await;
    let fag = app.by(&owner).await;
    let begun = Instant::now();
    listed(&fag, &case).await;
    let mut fills = 0;
    while fills != app.counter(FILLS).await {
        assert!(begun.elapsed() < DEADLINE, "a forgotten page is read for ever");
        fills = app.counter(FILLS).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    save(&fag, &case, 7).await.assert_status(200);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(app.counter(FILLS).await, fills, "a save has a forgotten page read again");
}

#[actix_rt::test]
async fn i7_lists_are_right_while_redis_is_away_and_when_it_is_back() {
    let stack = Stack::load();
    let address = stack.redis_url.trim_start_matches("redis://").split('/').next().unwrap();
    let proxy = ChaosProxy::start(address).await;
    let url = proxy.instead_of(&stack.redis_url);
    let faulty =
        |builder: TestAppBuilder| builder.var("REDIS_URL", &url).var("REDIS_TIMEOUT_MS", "40");
    let app = faulty(TestApp::builder()).spawn().await;
    let twin = faulty(app.twin()).spawn().await;
    let (case, owner) = case_of_kld(&app).await;
    let (here, there) = (app.by(&owner).await, twin.http.by(&owner));
    let mut amount = 0;
    for fault in [ChaosProxy::reset, ChaosProxy::stall] {
        listed(&there, &case).await;
        fault(&proxy);
        for _ in 0..5 {
            amount += 1;
            save(&here, &case, amount).await.assert_status(200);
            assert_eq!(listed(&here, &case).await["amount"], amount);
            assert_eq!(listed(&there, &case).await["amount"], amount);
        }
        proxy.pass();
        // Until the process knows again that Redis is well, and long after.
        let back = Instant::now();
        while back.elapsed() < Duration::from_secs(2) {
            amount += 1;
            save(&here, &case, amount).await.assert_status(200);
            assert_eq!(listed(&here, &case).await["amount"], amount);
        }
    }
}

#[actix_rt::test]
async fn a_list_that_the_client_has_is_not_sent_again() {
    let app = TestApp::spawn().await;
    let (case, owner) = case_of_kld(&app).await;
    let fag = app.by(&owner).await;
    let path = format!("/api/cases?budgetRoundId={}", case.round_id);
    let first = fag.get(&path).await;
    let tag = first.assert_status(200).header("etag").to_owned();
    assert!(tag.starts_with("W/\"") && tag.len() > 8, "{tag}");
    assert_eq!(first.header("cache-control"), "private, no-cache");

    let again = || fag.send(fag.request(Method::GET, &path).header("if-none-match", &tag));
    let known = again().await;
    assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));
    assert_eq!(known.header("etag"), tag);

    save(&fag, &case, 7).await.assert_status(200);
    let changed = again().await;
    assert_ne!(changed.assert_status(200).header("etag"), tag);
}

#[actix_rt::test]
async fn a_list_is_sent_as_small_as_the_client_can_read_it() {
    let app = TestApp::spawn().await;
    let (case, owner) = case_of_kld(&app).await;
    let round = test_support::SeededRound { id: case.round_id, name: String::new() };
    for number in 0..33 {
        app.seed.case(&round, &owner).named(&format!("Sak {number}")).insert().await;
    }
    let fag = app.by(&owner).await;
    let path = format!("/api/cases?budgetRoundId={}", case.round_id);
    let plain = fag.get(&path).await.assert_status(200).body.len();
    for (accepted, used) in
        [("gzip", "gzip"), ("gzip, deflate, br", "br"), ("br;q=0, gzip", "gzip")]
    {
        let request = fag.request(Method::GET, &path).header("accept-encoding", accepted);
        let answer = fag.send(request).await;
        assert_eq!(answer.assert_status(200).header("content-encoding"), used, "{accepted}");
        assert_eq!(answer.header("vary"), "Accept-Encoding");
        assert!(answer.body.len() * 4 <= plain, "{used}: {} of {plain}", answer.body.len());
    }
    let unpacked = fag.request(Method::GET, &path).header("accept-encoding", "identity");
    assert_eq!(fag.send(unpacked).await.header("content-encoding"), "");
}

#[actix_rt::test]
async fn i6_the_cached_list_and_the_query_agree_for_every_role_and_filter() {
    let app = TestApp::spawn().await;
    app.seed.reference_data().await;
    let round = app.seed.round("AUG2027").insert().await;
    for creator in [Actor::fag("KLD"), Actor::fag("KD")] {
        for (number, status) in domain::status::Status::ALL.into_iter().enumerate() {
            let case = app.seed.case(&round, &creator).status(status);
            let kind = if number % 2 == 0 { "andre_saker" } else { "budsjettiltak" };
            case.case_type(kind).named(&format!("Sak {number} om ÅPNE data")).insert().await;
        }
    }
    let fin_of_kd = Actor::fin();
    app.by(&fin_of_kd).await;
    app.seed.portfolio(&fin_of_kd, &["KD"]).await;
    let actors =
        [Actor::fag("KLD"), Actor::budget_unit("KD"), fin_of_kd, Actor::fin_lead(), Actor::admin()];
    let filters = [
        "",
        "status=sendt_til_fin",
        "status=finnes_ikke",
        "case_type=andre_saker",
        "search=%C3%A5pne",
        "search=1%20om",
        "search=%25",
        "departmentId=kd",
        "department_id=KLD",
        "departmentId=xyz",
        "my_departments=false",
        "myDepartments=true",
        "division=Budsjettavdelingen",
        "division=Ingen",
    ];
    for actor in actors {
        let caller = app.by(&actor).await;
        for filter in filters {
            for path in ["/api/cases", "/api/cases/list"] {
                let all = caller.get(&format!("{path}?{filter}")).await.assert_status(200).json();
                let cached = format!("{path}?{filter}&budget_round_id={}", round.id);
                let cached = caller.get(&cached).await.assert_status(200).json();
                assert_eq!(cached, all, "{path}?{filter} as {}", actor.identity.role.as_str());
            }
        }
    }
}
