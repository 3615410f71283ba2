//! The SQL against the domain's model: any order of operations, decided alike (invariant I3).
//!
//! proptest makes up histories of three users, two instances and two resources; `domain::lock` says
//! what each step must answer, and the statements of `store::locks` must answer the same, through
//! PgBouncer, as the role of the service. Time is moved by moving the rows: `Wait` takes so much
//! off their deadlines. All times are multiples of 10 s, so that the run's own milliseconds never
//! matter.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::ids::{LockId, UserId};
use domain::lock::{self, AcquireRequest, Acquired, FencingToken, Lease, Released, ResourceType};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};
use proptest_state_machine::ReferenceStateMachine;
use store::locks::{Acquisition, LockClaim, LockedResource, Release};
use store::pool::{Pool, PoolConfig};
use test_support::{ServiceRole, TestDatabase};
use uuid::Uuid;

const LEASE: Duration = Duration::from_mins(5);
/// Not a multiple of 10 s: nothing is exactly this old.
const RETENTION: Duration = Duration::from_secs(65);
const RESOURCES: usize = 2;

#[derive(Clone, Debug)]
enum Step {
    Acquire {
        user: u128,
        resource: usize,
        instance: usize,
    },
    /// `lock` counts back from the latest one granted.
    Heartbeat {
        user: u128,
        lock: usize,
        instance: usize,
    },
    /// Without a user it is the beacon of a closing page.
    Release {
        user: Option<u128>,
        lock: usize,
    },
    HandBack {
        instance: usize,
    },
    Sweep,
    Wait {
        seconds: i64,
    },
}

/// What the model answers to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Granted(LockId),
    Renewed(LockId),
    Refused(LockId),
    Heartbeat(bool),
    Released(Released),
    Nothing,
}

/// The model's world; ids and tokens of locks are numbers of its own.
#[derive(Clone, Debug)]
struct Model {
    now: i64,
    slots: [Option<Slot>; RESOURCES],
    granted: Vec<LockId>,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    lease: Lease,
    instance: usize,
}

impl Model {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + self.now, 0).unwrap()
    }

    /// The lock that many grants ago; before the first, an id that nothing has.
    fn lock(&self, back: usize) -> LockId {
        self.granted.iter().rev().nth(back).copied().unwrap_or(LockId::nil())
    }

    fn slot_of(&mut self, id: LockId) -> Option<&mut Option<Slot>> {
        self.slots.iter_mut().find(|slot| slot.is_some_and(|slot| slot.lease.lock_id == id))
    }

    fn acquire(&mut self, user: u128, resource: usize, instance: usize) -> Outcome {
        let number = self.granted.len() + 1;
        let request = AcquireRequest {
            caller: UserId::from(Uuid::from_u128(user)),
            new_id: LockId::from(Uuid::from_u128(number.try_into().unwrap())),
            new_token: FencingToken::new(number.try_into().unwrap()),
            now: self.now(),
            lease: LEASE,
        };
        let current = self.slots[resource].map(|slot| slot.lease);
        match lock::acquire(current.as_ref(), &request) {
            Acquired::Granted(lease) => {
                self.slots[resource] = Some(Slot { lease, instance });
                self.granted.push(lease.lock_id);
                Outcome::Granted(lease.lock_id)
            }
            Acquired::Renewed(lease) => {
                self.slots[resource] = Some(Slot { lease, instance });
                Outcome::Renewed(lease.lock_id)
            }
            Acquired::Refused(lease) => Outcome::Refused(lease.lock_id),
        }
    }

    fn heartbeat(&mut self, user: u128, id: LockId, instance: usize) -> Outcome {
        let (now, user) = (self.now(), UserId::from(Uuid::from_u128(user)));
        let Some(slot) = self.slot_of(id) else { return Outcome::Heartbeat(false) };
        let current = slot.map(|slot| slot.lease);
        let renewed = lock::heartbeat(current.as_ref(), id, user, now, LEASE);
        if let Some(lease) = renewed {
            *slot = Some(Slot { lease, instance });
        }
        Outcome::Heartbeat(renewed.is_some())
    }

    fn release(&mut self, user: Option<u128>, id: LockId) -> Outcome {
        let (now, user) = (self.now(), user.map(|user| UserId::from(Uuid::from_u128(user))));
        let Some(slot) = self.slot_of(id) else {
            return Outcome::Released(Released::AlreadyGone);
        };
        let current = slot.map(|slot| slot.lease);
        let released = lock::release(current.as_ref(), id, user, now);
        if released == Released::Released {
            *slot = None;
        }
        Outcome::Released(released)
    }

    fn hand_back(&mut self, instance: usize) {
        for slot in self.slots.iter_mut().flatten() {
            slot.lease.handed_back |= slot.instance == instance;
        }
    }
}

struct Clients;

impl ReferenceStateMachine for Clients {
    type State = Model;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Model> {
        let slots = [None; RESOURCES];
        Just(Model { now: 0, slots, granted: Vec::new(), outcome: Outcome::Nothing }).boxed()
    }

    fn transitions(_: &Model) -> BoxedStrategy<Step> {
        let user = || select(vec![1_u128, 2, 3]);
        prop_oneof![
            5 => (user(), 0..RESOURCES, 0..2_usize)
                .prop_map(|(user, resource, instance)| Step::Acquire { user, resource, instance }),
            4 => (user(), 0..4_usize, 0..2_usize)
                .prop_map(|(user, lock, instance)| Step::Heartbeat { user, lock, instance }),
            2 => (proptest::option::of(user()), 0..4_usize)
                .prop_map(|(user, lock)| Step::Release { user, lock }),
            1 => (0..2_usize).prop_map(|instance| Step::HandBack { instance }),
            1 => Just(Step::Sweep),
            2 => (1..40_i64).prop_map(|tens| Step::Wait { seconds: tens * 10 }),
        ]
        .boxed()
    }

    fn apply(mut model: Model, step: &Step) -> Model {
        model.outcome = match *step {
            Step::Acquire { user, resource, instance } => model.acquire(user, resource, instance),
            Step::Heartbeat { user, lock, instance } => {
                model.heartbeat(user, model.lock(lock), instance)
            }
            Step::Release { user, lock } => model.release(user, model.lock(lock)),
            Step::HandBack { instance } => {
                model.hand_back(instance);
                Outcome::Nothing
            }
            Step::Wait { seconds } => {
                model.now += seconds;
                Outcome::Nothing
            }
            // Invisible to clients: what is swept is over anyway.
            Step::Sweep => Outcome::Nothing,
        };
        model
    }
}

/// The database's side of one history: which real locks stand for the model's.
struct Replay<'a> {
    pool: &'a Pool,
    owner: &'a tokio_postgres::Client,
    /// Users, resources and instances of this history alone.
    salt: Uuid,
    locks: HashMap<LockId, (LockId, FencingToken)>,
    highest: [Option<FencingToken>; RESOURCES],
}

impl Replay<'_> {
    fn resource(&self, number: usize) -> LockedResource {
        let kind = ResourceType::ALL[number % ResourceType::ALL.len()];
        LockedResource { kind, id: self.salt }
    }

    fn user(&self, number: u128) -> UserId {
        Uuid::from_u128(self.salt.as_u128() ^ number).into()
    }

    fn instance(&self, number: usize) -> String {
        format!("{}-{number}", self.salt)
    }

    fn real(&self, model_id: LockId) -> LockId {
        self.locks.get(&model_id).map_or(LockId::nil(), |(id, _)| *id)
    }

    async fn step(&mut self, before: &Model, step: &Step, after: &Model) -> TestCaseResult {
        let mut conn = self.pool.get().await.unwrap();
        match *step {
            Step::Acquire { user, resource, instance } => {
                let instance = self.instance(instance);
                let claim = LockClaim {
                    user_id: self.user(user),
                    user_name: "Kari Nordmann",
                    instance: &instance,
                    lease: LEASE,
                };
                let answer =
                    store::locks::acquire_lock(&mut conn, self.resource(resource), &claim).await;
                let answer = answer.unwrap().expect("nobody else is here");
                self.check_acquisition(resource, &answer, after.outcome)?;
            }
            Step::Heartbeat { user, lock, instance } => {
                let (id, instance) = (self.real(before.lock(lock)), self.instance(instance));
                let user = self.user(user);
                let renewed = store::locks::renew_lock(&mut conn, id, user, &instance, LEASE);
                prop_assert_eq!(
                    Outcome::Heartbeat(renewed.await.unwrap().is_some()),
                    after.outcome
                );
            }
            Step::Release { user: Some(user), lock } => {
                let (id, user) = (self.real(before.lock(lock)), self.user(user));
                let released = store::locks::release_lock(&mut conn, id, user).await.unwrap();
                let forbidden = after.outcome == Outcome::Released(Released::Forbidden);
                prop_assert_eq!(released == Release::NotHolder, forbidden);
            }
            Step::Release { user: None, lock } => {
                let id = self.real(before.lock(lock));
                let ended = store::locks::release_lock_by_capability(&mut conn, id).await.unwrap();
                let expected = after.outcome == Outcome::Released(Released::Released);
                prop_assert_eq!(ended.is_some(), expected);
            }
            Step::HandBack { instance } => {
                store::locks::hand_back_locks(&mut conn, &self.instance(instance)).await.unwrap();
            }
            Step::Sweep => {
                store::locks::delete_dead_locks(&mut conn, RETENTION).await.unwrap();
            }
            Step::Wait { seconds } => {
                let sql = format!(
                    "update resource_locks set expires_at = expires_at - interval '{seconds} s' \
                     where resource_id = '{}'",
                    self.salt
                );
                self.owner.batch_execute(&sql).await.unwrap();
            }
        }
        self.check_who_holds(&mut conn, after).await
    }

    fn check_acquisition(
        &mut self,
        resource: usize,
        answer: &Acquisition,
        expected: Outcome,
    ) -> TestCaseResult {
        match (answer, expected) {
            (Acquisition::Granted(lock), Outcome::Granted(id)) => {
                prop_assert!(Some(lock.fencing_token) > self.highest[resource], "token must grow");
                prop_assert!(self.locks.values().all(|(other, _)| *other != lock.id));
                self.highest[resource] = Some(lock.fencing_token);
                self.locks.insert(id, (lock.id, lock.fencing_token));
            }
            (Acquisition::Granted(lock), Outcome::Renewed(id))
            | (Acquisition::HeldBy(lock), Outcome::Refused(id)) => {
                prop_assert_eq!((lock.id, lock.fencing_token), self.locks[&id]);
            }
            (answer, expected) => prop_assert!(false, "{answer:?} instead of {expected:?}"),
        }
        Ok(())
    }

    async fn check_who_holds(
        &self,
        conn: &mut store::pool::PooledConnection<'_>,
        model: &Model,
    ) -> TestCaseResult {
        for (number, slot) in model.slots.iter().enumerate() {
            let live = store::locks::find_live_lock(conn, self.resource(number)).await.unwrap();
            let expected = slot.map(|slot| slot.lease).filter(|lease| lease.is_live(model.now()));
            prop_assert_eq!(
                live.map(|lock| (lock.id, lock.fencing_token)),
                expected.map(|lease| self.locks[&lease.lock_id])
            );
        }
        Ok(())
    }
}

#[test]
fn i3_the_database_decides_as_the_domains_model_does_in_any_order() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (database, pool, owner) = runtime.block_on(async {
        let database = TestDatabase::create().await;
        let config = PoolConfig {
            url: database.url_for(ServiceRole::LocksApi).into(),
            max_size: 1,
            acquire_timeout: Duration::from_secs(5),
        };
        let pool = store::pool::connect(&config).await.unwrap();
        let owner = database.owner().await;
        (database, pool, owner)
    });
    let config = Config { cases: 64, source_file: Some(file!()), ..Config::default() };

    let outcome =
        TestRunner::new(config).run(&Clients::sequential_strategy(1..40), |(initial, steps, _)| {
            let salt = Uuid::new_v4();
            let (locks, highest) = (HashMap::new(), [None; RESOURCES]);
            let mut replay = Replay { pool: &pool, owner: &owner, salt, locks, highest };
            runtime.block_on(async {
                let mut before = initial;
                for step in &steps {
                    let after = Clients::apply(before.clone(), step);
                    replay.step(&before, step, &after).await?;
                    before = after;
                }
                Ok(())
            })
        });

    drop((owner, pool, database));
    outcome.unwrap();
}
