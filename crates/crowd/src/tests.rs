//! The crowd's habits against a portal that is made up: proportions, conflicts, locks, failures.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use actix_web::web::{self, Data, Json, Path};
use actix_web::{App, HttpResponse, HttpServer};
use serde_json::{Value, json};

use crate::behaviour::{Action, Behaviour, draw};
use crate::names;
use crate::person::{Person, Side};
use crate::portal::{Portal, Question};
use crate::recorder::Recorder;
use crate::world::{Account, World};
use crowd::connection::Host;

/// One case, its lock, and what was asked.
struct MadeUp {
    version: i64,
    /// Saves by somebody else that come before ours.
    other_saves: u32,
    is_locked: bool,
    saves: Vec<Value>,
    locks: u32,
    releases: u32,
}

type Shared = Data<Mutex<MadeUp>>;

async fn list() -> HttpResponse {
    HttpResponse::Ok().json(json!([{"id": "c", "status": "under_arbeid"}]))
}

async fn case(portal: Shared) -> HttpResponse {
    let portal = portal.lock().expect("the portal is whole");
    HttpResponse::Ok().json(json!({
        "id": "c", "status": "under_arbeid", "version": portal.version, "currentContent": null,
    }))
}

async fn save(portal: Shared, body: Json<Value>) -> HttpResponse {
    let mut portal = portal.lock().expect("the portal is whole");
    portal.saves.push(body.0.clone());
    if portal.other_saves > 0 {
        portal.other_saves -= 1;
        portal.version += 1;
    }
    if body["expectedVersion"] != portal.version {
        return HttpResponse::Conflict().json(json!({"type": "/problems/version-conflict"}));
    }
    portal.version += 1;
    HttpResponse::Ok().json(json!({"version": portal.version, "contentJson": null}))
}

async fn lock(portal: Shared) -> HttpResponse {
    let mut portal = portal.lock().expect("the portal is whole");
    portal.locks += 1;
    if portal.is_locked {
        return HttpResponse::Conflict().json(json!({"type": "/problems/lock-held"}));
    }
    HttpResponse::Ok().json(json!({"id": "l", "lockToken": 7}))
}

async fn release(portal: Shared) -> HttpResponse {
    portal.lock().expect("the portal is whole").releases += 1;
    HttpResponse::NoContent().finish()
}

async fn status(code: Path<u16>) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(*code).expect("a status");
    HttpResponse::build(status).json(json!({"type": "/problems/forbidden"}))
}

/// A running portal and one person of a ministry in front of it.
struct Scene {
    portal: Shared,
    recorder: Arc<Recorder>,
    person: Person,
    server: actix_web::dev::ServerHandle,
}

impl Scene {
    fn new(portal: MadeUp) -> Self {
        let portal = Data::new(Mutex::new(portal));
        let same = portal.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(same.clone())
                .route("/api/cases", web::get().to(list))
                .route("/api/cases/c", web::get().to(case))
                .route("/api/cases/c/document", web::put().to(save))
                .route("/api/locks", web::post().to(lock))
                .route("/api/locks/l", web::post().to(release))
                .route("/status/{code}", web::get().to(status))
        })
        .workers(1)
        .bind(("127.0.0.1", 0))
        .expect("a port is free");
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let recorder = Arc::new(Recorder::default());
        let host = Host::parse(&format!("http://{address}")).expect("an address");
        let account = Account { email: "a@kld".to_owned(), department: "kld".to_owned() };
        let mut behaviour = Behaviour::load().expect("the behaviour is readable");
        behaviour.habits.forget_pauses();
        let world = Arc::new(World {
            round_id: "r".to_owned(),
            behaviour,
            fag: vec![account.clone()],
            fin: vec![account.clone()],
        });
        let person =
            Person::new(Portal::new(host, Arc::clone(&recorder)), world, account, Side::Fag);
        Self { portal, recorder, person, server: handle }
    }

    fn names(&self) -> Vec<String> {
        let (requests, _) = self.recorder.describe();
        let requests = requests.as_array().cloned().unwrap_or_default();
        requests.iter().map(|one| one["name"].as_str().unwrap_or_default().to_owned()).collect()
    }

    fn errors(&self) -> Vec<String> {
        let (_, errors) = self.recorder.describe();
        let errors = errors.as_array().cloned().unwrap_or_default();
        errors.iter().map(|one| one["error"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

fn calm() -> MadeUp {
    MadeUp { version: 3, other_saves: 0, is_locked: false, saves: vec![], locks: 0, releases: 0 }
}

#[actix_web::test]
async fn a_save_carries_version_and_lock_token() {
    let mut scene = Scene::new(calm());
    assert!(scene.person.save().await);
    assert!(scene.person.save().await);
    scene.person.leave().await;
    {
        let portal = scene.portal.lock().unwrap();
        let sent = |key: &str| portal.saves.iter().map(|one| one[key].clone()).collect::<Vec<_>>();
        assert_eq!(sent("expectedVersion"), [json!(3), json!(4)]);
        assert_eq!(sent("lockToken"), [json!(7), json!(7)]);
        assert_eq!((portal.locks, portal.releases), (1, 1));
    }
    assert_eq!(scene.errors(), Vec::<String>::new());
    scene.server.stop(false).await;
}

#[actix_web::test]
async fn a_conflict_is_met_by_reading_again_and_is_no_failure() {
    let mut scene = Scene::new(MadeUp { other_saves: 2, ..calm() });
    assert!(scene.person.save().await);
    assert_eq!(scene.portal.lock().unwrap().saves.len(), 3);
    assert_eq!(scene.errors(), Vec::<String>::new());
    let conflict = format!("{}{}409 saved by another", names::SAVE_FAG, names::REFUSED);
    assert!(scene.names().contains(&conflict), "{:?}", scene.names());
    scene.server.stop(false).await;
}

#[actix_web::test]
async fn whoever_meets_conflict_after_conflict_gives_up() {
    let mut scene = Scene::new(MadeUp { other_saves: 99, ..calm() });
    assert!(!scene.person.save().await);
    assert_eq!(scene.portal.lock().unwrap().saves.len(), 4);
    scene.server.stop(false).await;
}

#[actix_web::test]
async fn whoever_finds_every_case_locked_works_without_the_lock() {
    let mut scene = Scene::new(MadeUp { is_locked: true, ..calm() });
    assert!(scene.person.save().await);
    {
        let portal = scene.portal.lock().unwrap();
        assert_eq!(portal.locks, 2);
        assert_eq!(portal.saves[0].get("lockToken"), None);
    }
    scene.server.stop(false).await;
}

#[actix_web::test]
async fn failures_are_told_apart() {
    let mut scene = Scene::new(calm());
    for code in [200, 429, 403, 503] {
        let question = Question::get(format!("/status/{code}"), names::STATUS);
        scene.person.portal.send(question).await;
    }
    assert_eq!(scene.errors(), ["5xx 503", "unexpected 403 forbidden"]);
    let limited = format!("{}{}429 rate limit", names::STATUS, names::REFUSED);
    assert_eq!(scene.names(), [names::STATUS, &limited]);
    scene.server.stop(false).await;
    let question = Question::get("/status/200", names::STATUS);
    let gone = scene.person.portal.beside().send(question).await;
    assert_eq!(gone.status, None);
    assert!(scene.errors().iter().any(|error| error.starts_with("5xx no answer")));
}

#[test]
fn actions_are_drawn_as_often_as_the_requirement_says() {
    const DRAWS: u32 = 20_000;
    let behaviour = Behaviour::load().unwrap();
    for kind in [&behaviour.fag, &behaviour.fin] {
        assert_eq!(kind.actions.values().sum::<u32>(), 100);
        let mut drawn: BTreeMap<Action, u32> = BTreeMap::new();
        for _ in 0..DRAWS {
            *drawn.entry(draw(&kind.actions).unwrap()).or_default() += 1;
        }
        for (action, percent) in &kind.actions {
            let share = 100.0 * f64::from(drawn[action]) / f64::from(DRAWS);
            // Five standard deviations of a share of one half, the widest there is.
            assert!((share - f64::from(*percent)).abs() < 1.8, "{action:?}: {share} %");
        }
    }
}

#[test]
fn names_are_those_that_locust_uses() {
    let theirs = include_str!("../../../locust/portal_load/names.py");
    for name in names::ALL {
        assert!(theirs.contains(&format!("\"{name}\"")), "{name}");
    }
}
