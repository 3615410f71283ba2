//! I3 through the gateway: many callers, one lock.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use test_support::{Actor, Answer, Http};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use test_support::portal::{anonymous, unknown_id};

const RACERS: usize = 30;
const ROUNDS: usize = 25;

/// Somebody who wants the lock. Tokens carry all that locks-api knows of them.
#[derive(Clone)]
struct Racer {
    name: String,
    http: Http,
}

impl Racer {
    fn new(number: usize) -> Self {
        let name = format!("Bruker {number}");
        let actor = Actor::fag("LMD").named(&name);
        Self { name, http: anonymous().by(&actor) }
    }

    async fn acquire(&self, resource: &str) -> Answer {
        let body = json!({ "resourceType": "department_list", "resourceId": resource });
        self.http.post("/api/locks", &body).await
    }

    async fn look(&self, resource: &str) -> Answer {
        let query = format!("resourceType=department_list&resourceId={resource}");
        self.http.get(&format!("/api/locks?{query}")).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i3_of_thirty_racing_clients_one_gets_the_lock_in_every_round() {
    let racers: Vec<Racer> = (0..RACERS).map(Racer::new).collect();
    let resource = unknown_id();
    let mut last_token = 0;
    for round in 0..ROUNDS {
        let answers = race(&racers, &resource).await;
        let (won, lost): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|(_, answer)| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, RACERS - 1), "round {round}");
        let (winner, lock) = &won[0];
        let lock = lock.json();
        for (_, refusal) in &lost {
            let refusal = refusal.assert_problem(409, "/problems/lock-held");
            assert_eq!(refusal["lockedByName"], winner.name.as_str(), "round {round}");
            assert_eq!(refusal["expiresAt"], lock["expiresAt"], "round {round}");
        }
        let token = lock["lockToken"].as_i64().expect("a token");
        assert!(token > last_token, "round {round}: {token} after {last_token}");
        last_token = token;

        assert_only_the_holder_sees_the_id(winner, &lost[0].0, &lock).await;
        release(winner, &lock, round).await;
    }
}

/// All at once, as far as a machine can.
async fn race(racers: &[Racer], resource: &str) -> Vec<(Racer, Answer)> {
    let start = Arc::new(Barrier::new(racers.len()));
    let mut running = JoinSet::new();
    for racer in racers.iter().cloned() {
        let (start, resource) = (Arc::clone(&start), resource.to_owned());
        running.spawn(async move {
            start.wait().await;
            let answer = racer.acquire(&resource).await;
            (racer, answer)
        });
    }
    running.join_all().await
}

async fn assert_only_the_holder_sees_the_id(holder: &Racer, other: &Racer, lock: &Value) {
    let resource = lock["resourceId"].as_str().expect("an id");
    let own = holder.look(resource).await.assert_status(200).json();
    assert_eq!((&own["id"], &own["lockToken"]), (&lock["id"], &lock["lockToken"]));
    let theirs = other.look(resource).await.assert_status(200).json();
    assert_eq!(theirs["id"], "00000000-0000-0000-0000-000000000000");
    assert_eq!((&theirs["lockToken"], &theirs["lockedBy"]), (&Value::Null, &lock["lockedBy"]));
}

/// In turn by the holder's request and by their closing page, which sends no token (E51).
async fn release(holder: &Racer, lock: &Value, round: usize) {
    let path = format!("/api/locks/{}", lock["id"].as_str().expect("an id"));
    if round.is_multiple_of(2) {
        holder.http.delete(&path).await.assert_status(200);
    } else {
        let beacon = anonymous().request(Method::POST, &format!("{path}?_method=DELETE"));
        let beacon = beacon.json(&json!({ "_method": "DELETE" }));
        anonymous().send(beacon).await.assert_status(204);
    }
    let resource = lock["resourceId"].as_str().expect("an id");
    holder.look(resource).await.assert_status(204);
    // A tab that slept learns that its lock is gone.
    holder.http.put(&format!("{path}/heartbeat"), &json!({})).await.assert_status(404);
}

#[tokio::test]
async fn a_heartbeat_keeps_the_lock_for_its_holder_and_nobody_else() {
    let (holder, other) = (Racer::new(101), Racer::new(102));
    let resource = unknown_id();
    let lock = holder.acquire(&resource).await.assert_status(200).json();
    let path = format!("/api/locks/{}", lock["id"].as_str().expect("an id"));
    let heartbeat = format!("{path}/heartbeat");

    let renewed = holder.http.send(holder.http.request(Method::PUT, &heartbeat)).await;
    assert!(renewed.assert_status(200).body.is_empty());
    let after = holder.look(&resource).await.json();
    assert_eq!(after["lockedAt"], lock["lockedAt"]);
    assert!(after["expiresAt"].as_str() > lock["expiresAt"].as_str(), "{after}");

    let foreign = other.http.send(other.http.request(Method::PUT, &heartbeat)).await;
    foreign.assert_problem(404, "/problems/not-found");
    other.http.delete(&path).await.assert_problem(403, "/problems/forbidden");
    // The same user in another tab gets the same lock.
    let again = holder.acquire(&resource).await.assert_status(200).json();
    assert_eq!((&again["id"], &again["lockToken"]), (&lock["id"], &lock["lockToken"]));
}
