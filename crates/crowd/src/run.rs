//! A run: everybody signs in, a short warm-up, then the time that counts, then everybody leaves.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, sleep_until, timeout};

use crate::Arguments;
use crate::behaviour::{Behaviour, draw};
use crate::person::{Person, Side};
use crate::portal::Portal;
use crate::recorder::Recorder;
use crate::world::{self, World};
use crowd::connection::Host;

/// Between two attempts of somebody who cannot sign in.
const SIGN_IN_PAUSE: Duration = Duration::from_secs(3);
/// How long everybody may take to sign in, beyond what their pace takes.
const SIGN_IN_PATIENCE: Duration = Duration::from_mins(2);
/// How long leaving may take: locks are released, answers under way are read.
const FAREWELL: Duration = Duration::from_secs(30);
const PROGRESS: Duration = Duration::from_secs(10);

/// Runs the crowd and writes `result.json`.
pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let host = Host::parse(&arguments.host)?;
    let recorder = Arc::new(Recorder::default());
    let mut scout = Portal::new(host.clone(), Arc::clone(&recorder));
    let world = world::explore(&mut scout, &arguments.round, Behaviour::load()?).await?;
    let accounts = world.fag.len() + world.fin.len();
    println!("{} users, {accounts} accounts", arguments.users);
    let crowd =
        Crowd { host, recorder, world: Arc::new(world), present: Arc::new(AtomicU32::new(0)) };
    let (close, closing) = watch::channel(false);
    let mut people = JoinSet::new();
    crowd.gather(&arguments, &closing, &mut people).await;
    crowd.wait_for_everybody(arguments.users).await?;
    sleep(Duration::from_secs(crowd.world.behaviour.habits.warm_up_seconds)).await;
    let result = crowd.measure(&arguments).await;
    // Nobody listens any more only if everybody has gone already.
    let _ = close.send(true);
    let _ = timeout(FAREWELL, async { while people.join_next().await.is_some() {} }).await;
    let file = arguments.output.join("result.json");
    fs::write(&file, serde_json::to_vec(&result?)?).with_context(|| format!("{}", file.display()))
}

struct Crowd {
    host: Host,
    recorder: Arc<Recorder>,
    world: Arc<World>,
    /// How many have signed in.
    present: Arc<AtomicU32>,
}

impl Crowd {
    /// Lets the users in, at the pace that was asked for.
    async fn gather(
        &self,
        arguments: &Arguments,
        closing: &watch::Receiver<bool>,
        people: &mut JoinSet<()>,
    ) {
        let mut pace = interval(Duration::from_secs(1) / arguments.sign_ins);
        for nth in 0..arguments.users {
            pace.tick().await;
            let person = self.person(nth);
            people.spawn(live(person, Arc::clone(&self.present), closing.clone()));
        }
    }

    /// The `nth` person. Sides come in turn, so that any first so many keep the shares.
    fn person(&self, nth: u32) -> Person {
        let share = u64::from(self.world.behaviour.fag.share);
        let fag_before = |count: u32| u64::from(count) * share / 100;
        let is_fag = fag_before(nth + 1) > fag_before(nth);
        let (side, accounts, index) = if is_fag {
            (Side::Fag, &self.world.fag, fag_before(nth))
        } else {
            (Side::Fin, &self.world.fin, u64::from(nth) - fag_before(nth))
        };
        let index = usize::try_from(index).unwrap_or_default() % accounts.len();
        let portal = Portal::new(self.host.clone(), Arc::clone(&self.recorder));
        Person::new(portal, Arc::clone(&self.world), accounts[index].clone(), side)
    }

    async fn wait_for_everybody(&self, users: u32) -> Result<()> {
        let begun = Instant::now();
        while self.present.load(Ordering::Relaxed) < users {
            let present = self.present.load(Ordering::Relaxed);
            ensure!(
                begun.elapsed() < SIGN_IN_PATIENCE,
                "only {present} of {users} users could sign in"
            );
            sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// The time that counts.
    async fn measure(&self, arguments: &Arguments) -> Result<Value> {
        println!("everybody is there: measuring for {} minutes", arguments.minutes);
        let date = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let (from, end) = (now()?, Duration::try_from_secs_f64(arguments.minutes * 60.0)?);
        let end = Instant::now() + end;
        self.recorder.reset();
        let mut progress = interval(PROGRESS);
        progress.tick().await;
        loop {
            tokio::select! {
                () = sleep_until(end) => break,
                _ = progress.tick() => println!("  {} requests", self.recorder.count()),
            }
        }
        let (requests, errors) = self.recorder.describe();
        Ok(json!({
            "scenario": "users",
            "users": arguments.users,
            "conditions": arguments.conditions,
            "generator": concat!("crowd ", env!("CARGO_PKG_VERSION")),
            "date": date,
            "from": from,
            "to": now()?,
            "requests": requests,
            "errors": errors,
            "lock_rounds": [],
        }))
    }
}

/// A person from signing in to leaving.
async fn live(mut person: Person, present: Arc<AtomicU32>, mut closing: watch::Receiver<bool>) {
    while !person.sign_in().await {
        sleep(SIGN_IN_PAUSE).await;
    }
    present.fetch_add(1, Ordering::Relaxed);
    while !*closing.borrow() {
        if let Some(action) = draw(&person.kind().actions) {
            person.act(action).await;
        }
        tokio::select! {
            () = sleep(person.kind().think()) => {}
            _ = closing.changed() => {}
        }
    }
    person.leave().await;
}

fn now() -> Result<f64> {
    Ok(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs_f64())
}
